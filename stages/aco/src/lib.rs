//! ACO grain: rates, benchmarks, settlement, replay of published results.

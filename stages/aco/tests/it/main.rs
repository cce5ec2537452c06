//! Integration tests of the ACO grain, one binary.

mod boundaries;
mod cms_examples;
mod expected;
mod marginal;
mod oracles;
mod properties;
#[cfg(feature = "frames")]
mod rates;
mod rates_cases;
mod reforms_refused;
mod refusals;
mod replay;
mod replay_caps;
mod replay_forms;
mod replay_sweep;
mod reruns;
mod run;
mod scenario;
mod settle;
mod sweeps;
mod trend;
mod worked_example;
mod worked_inputs;

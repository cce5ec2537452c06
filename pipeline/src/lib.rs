//! Replays Medicare ACO reconciliations from claims: raw claims in, savings and losses out.

pub mod ingest;
pub mod synth;

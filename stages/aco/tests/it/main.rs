//! Integration tests of the ACO grain, one binary.

mod oracles;
mod rates_cases;
mod settle;

//! The `acoledger` program.
fn main() {}

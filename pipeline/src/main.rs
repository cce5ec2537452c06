//! The `acoledger` program.

fn main() -> std::process::ExitCode {
    acoledger::cli::main()
}

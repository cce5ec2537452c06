//! The `acoledger` program.

/// Decoding takes and gives back buffers at every batch, on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    acoledger::cli::main()
}

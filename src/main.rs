//! The `sip488` program.

fn main() -> sip488::cli::exit::Exit {
    sip488::cli::run()
}

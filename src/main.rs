//! The `sip488` program.
#![forbid(unsafe_code)]

fn main() -> sip488::cli::exit::Exit {
    sip488::cli::run()
}

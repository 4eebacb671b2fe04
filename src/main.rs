//! The `sip488` program.

fn main() {}

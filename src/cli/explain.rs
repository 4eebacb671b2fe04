//! `sip488 explain`.

use std::io::ErrorKind;
use std::io::Write;

use crate::report::explain;
use crate::report::formats;

use super::arguments::Explain;
use super::exit::Exit;

/// Prints the list, or a page.
pub fn run(options: &Explain) -> anyhow::Result<Exit> {
    let text = match &options.case {
        _ if options.formats => formats::table(),
        None => explain::list(),
        Some(name) => explain::page(name)?,
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Whole),
    }
}

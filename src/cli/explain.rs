//! `sip488 explain`.

use crate::report::explain;
use crate::report::formats;

use super::arguments::Explain;
use super::exit::Exit;
use super::stdout::print;

/// Prints the list, or a page.
pub fn run(options: &Explain) -> anyhow::Result<Exit> {
    let text = match &options.case {
        _ if options.formats => formats::table(),
        None => explain::list(),
        Some(name) => explain::page(name)?,
    };
    print(&text)?;
    Ok(Exit::Whole)
}

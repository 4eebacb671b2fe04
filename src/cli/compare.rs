//! `sip488 compare`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::report::columns::Print;
use crate::report::columns::compare::columns;
use crate::report::compare::Compared;
use crate::report::compare::Night;
use crate::report::compare::compare;
use crate::report::compare::is_worse_by;
use crate::report::compare::read;
use crate::report::compare::told;
use crate::report::csv::Table;
use crate::report::dialect::Dialect;
use crate::report::publish::Publication;
use crate::report::time::Zone;

use super::arguments::Compare;
use super::exit::Exit;
use super::stdout::Stdout;

/// Puts two trunk reports beside each other.
pub fn run(options: &Compare) -> anyhow::Result<Exit> {
    let before = nights(&options.before)?;
    let after = nights(&options.after)?;
    let output = options
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let all = compare(&before, &after);
    let table = table(&all)?;
    if let Some(path) = output {
        let mut file = Publication::begin(path)?;
        file.write_all(&table)?;
        file.publish()?;
    } else {
        let mut out = Stdout::new();
        out.table(&table)?;
        out.finish()?;
    }
    let failed = options
        .fail_if_worse
        .is_some_and(|points| is_worse_by(&all, points));
    if !options.quiet {
        let _ = io::stderr().write_all(told(&all).as_bytes());
    }
    Ok(if failed { Exit::Partial } else { Exit::Whole })
}

#[expect(clippy::disallowed_methods, reason = "the reports are read here")]
fn nights(path: &Path) -> anyhow::Result<BTreeMap<(String, String), Night>> {
    let what = || path.display().to_string();
    let bytes = fs::read(path).with_context(what)?;
    read(&bytes).with_context(what)
}

fn table(all: &[Compared]) -> io::Result<Vec<u8>> {
    let zone = Zone::default();
    let print = Print {
        zone: &zone,
        paths: &[],
        dialect: Dialect::default(),
    };
    let (columns, mut out) = (columns(), Vec::new());
    let mut table = Table::begin(&columns, print, &mut out)?;
    for one in all {
        table.row(one)?;
    }
    table.finish()?;
    Ok(out)
}

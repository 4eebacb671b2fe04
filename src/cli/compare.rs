//! `sip488 compare`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::ErrorKind;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::report::columns::Print;
use crate::report::columns::compare::columns;
use crate::report::compare::Became;
use crate::report::compare::Compared;
use crate::report::compare::Night;
use crate::report::compare::compare;
use crate::report::compare::read;
use crate::report::csv::Table;
use crate::report::dialect::Dialect;
use crate::report::escape::table_on_terminal;
use crate::report::escape::terminal;
use crate::report::publish::Publication;
use crate::report::time::Zone;

use super::arguments::Compare;
use super::exit::Exit;

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
    match output {
        Some(path) => {
            let mut file = Publication::begin(path)?;
            file.write_all(&table)?;
            file.publish()?;
        }
        None => print(&table)?,
    }
    let failed = worse_than(&all, options.fail_if_worse);
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

/// A reader that has seen enough closes the pipe: that is no error.
fn print(table: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout();
    let written = if out.is_terminal() {
        out.write_all(table_on_terminal(&String::from_utf8_lossy(table)).as_bytes())
    } else {
        out.write_all(table)
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Whether a trunk got worse by more than so many percentage points, and by more than chance.
fn worse_than(all: &[Compared], points: Option<f64>) -> bool {
    let is_so = |one: &Compared, points: f64| {
        one.became == Became::Worse
            && one
                .rate_488()
                .is_some_and(|moved| moved.value * 100.0 > points)
    };
    points.is_some_and(|points| all.iter().any(|one| is_so(one, points)))
}

/// What became of the trunks, in words.
fn told(all: &[Compared]) -> String {
    let mut told = String::new();
    for (became, words) in [
        (Became::Worse, "got worse"),
        (Became::Better, "got better"),
        (Became::Same, "moved no more than chance does"),
        (
            Became::Few,
            "had under 30 calls on one side and can't be judged",
        ),
        (Became::Came, "came"),
        (Became::Went, "went"),
    ] {
        let these: Vec<&Compared> = all.iter().filter(|one| one.became == became).collect();
        if these.is_empty() {
            continue;
        }
        let trunks = if these.len() == 1 { "trunk" } else { "trunks" };
        told += &["  ", &these.len().to_string(), " ", trunks, " ", words].concat();
        told += if matches!(became, Became::Worse | Became::Better) {
            ":\n"
        } else {
            "\n"
        };
        if matches!(became, Became::Worse | Became::Better) {
            for one in these.iter().take(10) {
                told += &line(one);
            }
            if these.len() > 10 {
                told += &["      and ", &(these.len() - 10).to_string(), " more\n"].concat();
            }
        }
    }
    told
}

fn line(one: &Compared) -> String {
    let Some((moved, (before, after))) = one.rate_488().zip(one.before.zip(one.after)) else {
        return String::new();
    };
    let percent = |night: Night| {
        night
            .rate_488()
            .wilson()
            .map_or(0.0, |rate| rate.value * 100.0)
    };
    format!(
        "      {}: 488 on {:.2} % of {} calls, then {:.2} % of {}; {:+.2} points, between {:+.2} and {:+.2} at 95 %\n",
        terminal(&one.trunk),
        percent(before),
        before.calls,
        percent(after),
        after.calls,
        moved.value * 100.0,
        moved.low * 100.0,
        moved.high * 100.0,
    )
}

//! `sip488 show`: one call as a ladder, with what was found about its refusals.

use std::collections::BTreeSet;
use std::io;
use std::io::IsTerminal;
use std::io::Write;

use anyhow::Context;

use crate::pipeline::Analysis;
use crate::pipeline::Error;
use crate::pipeline::Options;
use crate::pipeline::analyze;
use crate::report::closing::unread;
use crate::report::columns::Print;
use crate::report::dialect::Dialect;
use crate::report::escape::terminal;
use crate::report::ladder::Ladders;
use crate::report::row::Row;
use crate::report::show::Leg;
use crate::report::show::Screen;
use crate::report::show::page;
use crate::report::spill::decode;
use crate::report::spill::encode;
use crate::report::time::Zone;

use super::arguments::Show;
use super::exit::Exit;
use super::progress::Bar;
use super::reading::config;
use super::reading::nothing_read;
use super::reading::options;
use super::reading::style;
use super::stdout::print;
use super::stop::Stop;

/// Columns where nobody says how many there are.
const USUAL_WIDTH: usize = 100;

/// Call-IDs like the one that was not found that are told.
const NEAR: usize = 5;

/// Shows the call.
pub fn run(arguments: &Show) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("signals can't be caught")?;
    stop.exit_of(read_and_show(arguments, &stop))
}

fn read_and_show(arguments: &Show, stop: &Stop) -> anyhow::Result<Exit> {
    let zone = Zone::named(&arguments.time_zone)?;
    let reading = &arguments.reading;
    let config = config(arguments.config.as_deref(), &reading.teams)?;
    let wanted = arguments.call_id.as_bytes();
    let mut options = options(reading, config, stop)?;
    let ids = BTreeSet::from([wanted.to_vec()]);
    let mut analysis = run_of(&mut options, &ids, reading.quiet)?;
    let mut found = Found::in_run(&mut analysis, &ids, wanted)?;
    let others = found.related(wanted)?;
    if !others.is_empty() && analysis.can_be_read_again {
        let ids: BTreeSet<Vec<u8>> = ids.into_iter().chain(others).collect();
        analysis = run_of(&mut options, &ids, reading.quiet)?;
        found = Found::in_run(&mut analysis, &ids, wanted)?;
    }
    if !reading.quiet && !analysis.is_whole {
        let style = style(io::stderr().is_terminal());
        let _ = io::stderr().write_all(unread(&analysis.summary, style).as_bytes());
    }
    if found.calls.is_empty() {
        let _ = writeln!(io::stderr(), "{}", found.missing(&arguments.call_id));
        return Ok(Exit::Partial);
    }
    let paths: Vec<String> = analysis
        .file_names
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let with = Print {
        zone: &zone,
        paths: &paths,
        dialect: Dialect::default(),
    };
    print(&found.pages(wanted, &with, screen(arguments))?)?;
    Ok(if analysis.is_whole {
        Exit::Whole
    } else {
        Exit::Partial
    })
}

/// An analysis whose rows of these calls have their messages.
fn run_of(
    options: &mut Options,
    ids: &BTreeSet<Vec<u8>>,
    is_quiet: bool,
) -> anyhow::Result<Analysis> {
    options.ladders = Ladders::OfCalls(ids.clone());
    let bar = Bar::new(is_quiet);
    let analysis = analyze(options, &bar);
    bar.finish();
    let analysis = analysis?;
    if analysis.is_nothing {
        return Err(nothing_read(&analysis.summary));
    }
    Ok(analysis)
}

/// What a run has of some calls: rows as they are encoded.
#[derive(Debug, Default)]
struct Found {
    calls: Vec<Vec<u8>>,
    rejections: Vec<Vec<u8>>,
    /// Call-IDs that are like the one that is wanted.
    near: BTreeSet<Vec<u8>>,
}

impl Found {
    fn in_run(
        analysis: &mut Analysis,
        ids: &BTreeSet<Vec<u8>>,
        wanted: &[u8],
    ) -> Result<Self, Error> {
        let mut found = Self::default();
        let theirs = |rows: &[Row<'_>]| -> Vec<Vec<u8>> {
            let is_theirs = |row: &&Row<'_>| ids.contains(row.call_id.as_bytes());
            rows.iter().filter(is_theirs).map(encode).collect()
        };
        let near = |rows: &[Row<'_>]| -> Vec<Vec<u8>> {
            let ids = rows.iter().map(|row| row.call_id.as_bytes());
            ids.filter(|id| is_like(id, wanted))
                .map(<[u8]>::to_vec)
                .collect()
        };
        analysis.each_call::<_, Error>(
            |rows| (theirs(rows), near(rows)),
            |(some, near)| {
                found.calls.extend(some);
                found.near.extend(near);
                while found.near.len() > NEAR {
                    found.near.pop_last();
                }
                Ok(())
            },
        )?;
        analysis.each_rejection::<_, Error>(theirs, |some| {
            found.rejections.extend(some);
            Ok(())
        })?;
        Ok(found)
    }

    /// The Call-IDs of the other legs of the wanted call.
    fn related(&self, wanted: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut related = Vec::new();
        for row in &self.calls {
            let row: Row<'_> = decode(row)?;
            if row.call_id.as_bytes() == wanted {
                related.extend(others_of(&row).map(<[u8]>::to_vec));
            }
        }
        Ok(related)
    }

    /// A page for each call of the wanted Call-ID.
    fn pages(&self, wanted: &[u8], print: &Print<'_>, screen: Screen) -> io::Result<String> {
        let mut legs = Vec::new();
        for row in &self.calls {
            legs.push(self.leg(decode(row)?)?);
        }
        let of = |leg: &Leg<'_>| leg.call.call_id.as_bytes() == wanted;
        let pages = legs.iter().filter(|leg| of(leg)).map(|leg| {
            let mut all = vec![leg.clone()];
            let is_other = |other: &&Leg<'_>| {
                others_of(&leg.call).any(|id| id == other.call.call_id.as_bytes())
            };
            all.extend(legs.iter().filter(is_other).cloned());
            page(&all, print, screen)
        });
        Ok(pages.collect::<Vec<_>>().join("\n"))
    }

    fn leg<'f>(&'f self, call: Row<'f>) -> io::Result<Leg<'f>> {
        let mut rejections = Vec::new();
        for row in &self.rejections {
            let row: Row<'f> = decode(row)?;
            if (&row.call_id, &row.caller_tag) == (&call.call_id, &call.caller_tag) {
                rejections.push(row);
            }
        }
        Ok(Leg { call, rejections })
    }

    /// That there is no such call, and which are like it.
    fn missing(&self, wanted: &str) -> String {
        let mut said = format!(
            "sip488: no call with the Call-ID {} is in what was read",
            terminal(wanted)
        );
        for near in &self.near {
            said.push_str("\n  there is ");
            said.push_str(&terminal(&String::from_utf8_lossy(near)));
        }
        said
    }
}

/// The Call-IDs of a row's other legs.
fn others_of<'r>(row: &'r Row<'_>) -> impl Iterator<Item = &'r [u8]> {
    let ids = row.relation.as_ref().map(|of| of.call_ids.as_bytes());
    ids.unwrap_or_default()
        .split(|&byte| byte == b';')
        .filter(|id| !id.is_empty())
}

/// Whether a Call-ID is what somebody may have meant: in other case, or only one's beginning was written.
fn is_like(id: &[u8], wanted: &[u8]) -> bool {
    let begins = |one: &[u8], other: &[u8]| {
        let head = one.get(..other.len());
        !other.is_empty() && head.is_some_and(|head| head.eq_ignore_ascii_case(other))
    };
    let wanted = wanted.trim_ascii();
    begins(id, wanted) || begins(wanted, id)
}

fn screen(arguments: &Show) -> Screen {
    let is_terminal = io::stdout().is_terminal();
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|columns| columns.parse().ok());
    let shown = || {
        let size = console::Term::stdout().size_checked()?;
        Some(usize::from(size.1)).filter(|_| is_terminal)
    };
    Screen {
        width: told.or_else(shown).unwrap_or(USUAL_WIDTH).max(40),
        style: style(is_terminal),
        is_raw: arguments.raw,
    }
}

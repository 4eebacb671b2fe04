//! `sip488 config`: a configuration file is drafted from captures, or looked through.
#![expect(
    clippy::disallowed_methods,
    reason = "the configuration file is read here"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;

use crate::pipeline::Analysis;
use crate::pipeline::Error;
use crate::pipeline::Options;
use crate::pipeline::analyze;
use crate::report::config_draft::Draft;
use crate::report::configuration::concerns;
use crate::report::configuration::understood;
use crate::report::publish::Publication;
use crate::report::row::Row;
use crate::trunk::Teams;
use crate::trunk::config::Concern;
use crate::trunk::config::Severity;
use crate::trunk::config::check::check;
use crate::trunk::config::place_in;

use super::arguments::ConfigCheck;
use super::arguments::ConfigCommand;
use super::arguments::ConfigInit;
use super::exit::Exit;
use super::progress::Bar;
use super::reading;
use super::reading::check_inputs_stay;
use super::reading::config;
use super::reading::nothing_read;
use super::settings;
use super::settings::Fault;
use super::stdout::print;
use super::stop::Stop;

/// Drafts or checks.
pub fn run(command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Check(options) => run_check(options),
        ConfigCommand::Init(options) => run_init(options),
    }
}

/// Tells what is wrong, and what was understood where it can be used.
fn run_check(options: &ConfigCheck) -> anyhow::Result<Exit> {
    let path = &options.file;
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut checked = check(&text);
    let faults = settings::faults(&checked.settings);
    if !faults.is_empty() {
        checked.config = None;
    }
    for Fault { at, what } in faults {
        let (line, column) = place_in(&text, at);
        checked.concerns.push(Concern {
            line,
            column,
            severity: Severity::Error,
            what,
        });
    }
    checked
        .concerns
        .sort_by_key(|concern| (concern.line, concern.column));
    let mut told = concerns(path, &checked.concerns);
    if let Some(config) = &checked.config {
        told.push_str(&understood(config));
    }
    print(&told)?;
    Ok(match (checked.config, checked.concerns.is_empty()) {
        (None, _) => Exit::Nothing,
        (Some(_), false) => Exit::Partial,
        (Some(_), true) => Exit::Whole,
    })
}

/// Reads captures and writes what they tell of trunks.
fn run_init(options: &ConfigInit) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("signals can't be caught")?;
    stop.exit_of(write_draft(options, &stop))
}

fn write_draft(options: &ConfigInit, stop: &Stop) -> anyhow::Result<Exit> {
    let reading = &options.reading;
    let config = config(None, &reading.teams)?;
    let output: Option<&PathBuf> = options.output.as_ref();
    let output = output.filter(|path| path.as_path() != Path::new("-"));
    let mut file = output.map(|path| Publication::begin(path)).transpose()?;
    let run = Options {
        tells_trunk_groups: true,
        ..reading::options(reading, config, stop)?
    };
    let bar = Bar::new(reading.quiet);
    let analysis = analyze(&run, &bar);
    bar.finish();
    let mut analysis = analysis?;
    if analysis.is_nothing {
        return Err(nothing_read(&analysis.summary));
    }
    check_inputs_stay(output.map(PathBuf::as_path).into_iter(), &analysis.inputs)?;
    let draft = draft(&mut analysis, &Teams::new(&run.config))?;
    let text = draft.text(&run.config, analysis.file_names.len());
    match &mut file {
        Some(file) => file.write_all(text.as_bytes())?,
        None => print(&text)?,
    }
    stop.hold()?;
    if let Some(file) = file {
        file.publish()?;
    }
    Ok(if analysis.is_whole {
        Exit::Whole
    } else {
        Exit::Partial
    })
}

fn draft(analysis: &mut Analysis, teams: &Teams) -> Result<Draft, Error> {
    let of_some = |rows: &[Row<'_>]| {
        let mut draft = Draft::default();
        for row in rows {
            draft.add(row, teams);
        }
        draft
    };
    let mut draft = Draft::default();
    analysis.each_call(of_some, |some| {
        draft.join(some);
        Ok::<(), Error>(())
    })?;
    Ok(draft)
}

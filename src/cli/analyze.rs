//! `sip488 analyze`: outputs are begun before the work, and put in place together after it.
#![expect(
    clippy::disallowed_methods,
    reason = "Microsoft's reports are read here"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::pipeline::Options;
use crate::pipeline::analyze;
use crate::pstn_report::PstnReport;
use crate::report::closing::closing;
use crate::report::ladder::Ladders;
use crate::report::time::Zone;
use crate::trunk::Config;

use super::arguments::Analyze;
use super::exit::Exit;
use super::outputs::Outputs;
use super::progress::Bar;
use super::reading::add_teams;
use super::reading::check_inputs_stay;
use super::reading::nothing_read;
use super::reading::options;
use super::reading::place;
use super::reading::redaction_key;
use super::reading::style;
use super::stop::Stop;

/// Reads, tells, writes.
pub fn run(arguments: &Analyze, mut config: Config) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("signals can't be caught")?;
    add_teams(&mut config, &arguments.reading.teams)?;
    stop.exit_of(read_and_write(arguments, config, &stop))
}

fn read_and_write(arguments: &Analyze, config: Config, stop: &Stop) -> anyhow::Result<Exit> {
    let zone = Zone::named(&arguments.time_zone)?;
    let reading = &arguments.reading;
    let options = options(reading, config, stop)?;
    check_outputs(arguments)?;
    check_inputs_stay(written_files(arguments), &files_read(arguments))?;
    let mut outputs = Outputs::begin(arguments)?;
    let options = Options {
        pstn_report: pstn_report(arguments, &options.config)?,
        redaction_key: redaction_key(&arguments.redaction)?,
        ladders: match arguments.html {
            Some(_) => Ladders::OfRejections,
            None => Ladders::None,
        },
        ..options
    };
    let bar = Bar::new(reading.quiet);
    let analysis = analyze(&options, &bar);
    bar.finish();
    let mut analysis = analysis?;
    if analysis.is_nothing {
        return Err(nothing_read(&analysis.summary));
    }
    check_inputs_stay(written_files(arguments), &analysis.inputs)?;
    let trunks = outputs.write(&mut analysis, &zone, stop)?;
    stop.hold()?;
    outputs.publish()?;
    if !reading.quiet {
        let style = style(io::stderr().is_terminal());
        let _ = io::stderr().write_all(closing(&analysis.summary, &trunks, style).as_bytes());
    }
    Ok(if analysis.is_whole {
        Exit::Whole
    } else {
        Exit::Partial
    })
}

/// The reports of `--pstn-report`; none where there is none.
fn pstn_report(arguments: &Analyze, config: &Config) -> anyhow::Result<Option<Arc<PstnReport>>> {
    let mut report = PstnReport::default();
    for path in &arguments.pstn_report {
        let what = || format!("--pstn-report {}", path.display());
        let bytes = fs::read(path).with_context(what)?;
        report.read(&bytes, &config.numbers).with_context(what)?;
    }
    Ok((!arguments.pstn_report.is_empty()).then(|| Arc::new(report)))
}

/// The files that are to be written; for the calls CSV `-` is standard output.
fn written_files(arguments: &Analyze) -> impl Iterator<Item = &Path> {
    let calls = arguments.output.as_ref();
    let others = [
        &arguments.rejections,
        &arguments.trunk_report,
        &arguments.offer_report,
        &arguments.json,
        #[cfg(feature = "xlsx")]
        &arguments.xlsx,
        &arguments.html,
        &arguments.summary,
    ];
    calls
        .filter(|path| path.as_path() != Path::new("-"))
        .into_iter()
        .chain(others.into_iter().flatten())
        .map(PathBuf::as_path)
}

/// The files that are read besides captures and what comes with them.
fn files_read(arguments: &Analyze) -> BTreeSet<PathBuf> {
    let one = [&arguments.config, &arguments.redaction.redact_key];
    let several = arguments
        .reading
        .keylog
        .iter()
        .chain(&arguments.pstn_report);
    one.into_iter().flatten().chain(several).cloned().collect()
}

/// Two results in one file would be one result, and standard output has the calls alone.
pub(super) fn check_outputs(arguments: &Analyze) -> anyhow::Result<()> {
    let mut places = BTreeSet::new();
    for path in written_files(arguments) {
        anyhow::ensure!(
            path != Path::new("-"),
            "-: standard output has the calls CSV; name a file for each other output"
        );
        let is_device = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
        anyhow::ensure!(
            is_device || places.insert(place(path)),
            "{}: named for two outputs; name a file for each",
            path.display()
        );
    }
    Ok(())
}

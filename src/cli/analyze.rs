//! `sip488 analyze`: outputs are begun before the work, and put in place together after it.
#![expect(
    clippy::disallowed_methods,
    reason = "the configuration file and the key logs are read here"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::capture::key_log;
use crate::pipeline::Options;
use crate::pipeline::WINDOW;
use crate::pipeline::analyze;
use crate::pstn_report::PstnReport;
use crate::report::closing::Style;
use crate::report::closing::closing;
use crate::report::escape::terminal;
use crate::report::ladder::Ladders;
use crate::report::summary::RunSummary;
use crate::report::time::Zone;
use crate::transport::tls::KeyLog;
use crate::trunk::Config;

use super::arguments::Analyze;
use super::exit::Exit;
use super::outputs::Outputs;
use super::progress::Bar;
use super::stop::Stop;

/// Reads, tells, writes.
pub fn run(arguments: &Analyze) -> anyhow::Result<Exit> {
    let stop = Stop::on_signals().context("signals can't be caught")?;
    stop.exit_of(read_and_write(arguments, &stop))
}

fn read_and_write(arguments: &Analyze, stop: &Stop) -> anyhow::Result<Exit> {
    let zone = Zone::named(&arguments.time_zone)?;
    let config = config(arguments)?;
    let keys = keys(&arguments.keylog, arguments.quiet)?;
    check_outputs_differ(arguments)?;
    let mut outputs = Outputs::begin(arguments)?;
    let reports = pstn_report(arguments, &config)?;
    let options = Options {
        paths: arguments.paths.clone(),
        config,
        keys,
        threads: threads(arguments.threads),
        window: WINDOW,
        pstn_report: reports,
        tells_trunk_groups: false,
        ladders: match arguments.html {
            Some(_) => Ladders::OfRejections,
            None => Ladders::None,
        },
        stop: Arc::clone(&stop.flag),
    };
    let bar = Bar::new(arguments.quiet);
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
    if !arguments.quiet {
        let _ = io::stderr().write_all(closing(&analysis.summary, &trunks, style()).as_bytes());
    }
    Ok(if analysis.is_whole {
        Exit::Whole
    } else {
        Exit::Partial
    })
}

/// As many threads as wanted, else as there are cores.
pub(super) fn threads(wanted: Option<NonZeroUsize>) -> usize {
    wanted.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        NonZeroUsize::get,
    )
}

fn config(arguments: &Analyze) -> anyhow::Result<Config> {
    let mut config = match &arguments.config {
        None => Config::default(),
        Some(path) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("--config {}", path.display()))?;
            Config::parse(&text).with_context(|| format!("--config {}", path.display()))?
        }
    };
    for value in &arguments.teams {
        config
            .add_teams(value)
            .map_err(|why| anyhow::anyhow!("--teams {why}"))?;
    }
    Ok(config)
}

/// The keys of `--keylog`. One that can't be read is an error now, not after the night is read.
pub(super) fn keys(paths: &[PathBuf], is_quiet: bool) -> anyhow::Result<KeyLog> {
    let mut keys = KeyLog::default();
    for path in paths {
        let text = key_log::read(path).with_context(|| format!("--keylog {}", path.display()))?;
        let count = keys.read(text.as_bytes());
        if count.useful == 0 && !is_quiet {
            let path = terminal(&path.display().to_string());
            let _ = writeln!(
                io::stderr(),
                "sip488: --keylog {path}: no line is one of a TLS key log (such as CLIENT_RANDOM, 64 hexadecimal digits, and a secret)"
            );
        }
    }
    Ok(keys)
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

/// The files that are to be written. `-` is standard output.
fn written_files(arguments: &Analyze) -> impl Iterator<Item = &Path> {
    let outputs = [
        &arguments.output,
        &arguments.rejections,
        &arguments.trunk_report,
        &arguments.offer_report,
        &arguments.json,
        &arguments.html,
        &arguments.summary,
    ];
    outputs
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .filter(|path| *path != Path::new("-"))
}

/// Where a path leads, though there may be no file yet.
fn place(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let here = || Some(fs::canonicalize(parent).ok()?.join(path.file_name()?));
    fs::canonicalize(path)
        .ok()
        .or_else(here)
        .unwrap_or_else(|| path.to_path_buf())
}

/// Two results in one file would be one result.
fn check_outputs_differ(arguments: &Analyze) -> anyhow::Result<()> {
    let mut places = BTreeSet::new();
    for path in written_files(arguments) {
        let is_device = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
        anyhow::ensure!(
            is_device || places.insert(place(path)),
            "{}: named for two outputs; name a file for each",
            path.display()
        );
    }
    Ok(())
}

/// A result must not replace the capture that it was read from.
pub(super) fn check_inputs_stay<'p>(
    outputs: impl Iterator<Item = &'p Path>,
    captures: &BTreeSet<PathBuf>,
) -> anyhow::Result<()> {
    let places: Vec<PathBuf> = outputs.map(place).collect();
    let replaced = captures
        .iter()
        .find(|capture| places.contains(&place(capture)));
    replaced.map_or(Ok(()), |capture| {
        let capture = capture.display();
        Err(anyhow::anyhow!("{capture}: is a capture that was read, and would be replaced; name another file for the output"))
    })
}

/// Why there is no result at all.
pub(super) fn nothing_read(summary: &RunSummary) -> anyhow::Error {
    let mut why = String::from("none of the named paths is a readable capture");
    for file in summary.files.iter().take(10) {
        let reason = file
            .error
            .as_deref()
            .unwrap_or("it is no pcap or pcapng file");
        let _ = write!(why, "\n  {}: {reason}", terminal(&file.path));
    }
    anyhow::Error::msg(why)
}

fn style() -> Style {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !is_unwanted {
        Style::Coloured
    } else {
        Style::Plain
    }
}

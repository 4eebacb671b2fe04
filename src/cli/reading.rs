//! What the commands that read captures have in common: what they read, and with what.
#![expect(
    clippy::disallowed_methods,
    reason = "the configuration file and the key logs are read here"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::capture::key_log;
use crate::pipeline::Options;
use crate::pipeline::WINDOW;
use crate::report::closing::Style;
use crate::report::escape::terminal;
use crate::report::ladder::Ladders;
use crate::report::redact::Key;
use crate::report::redact::LEAST_KEY_FILE;
use crate::report::summary::RunSummary;
use crate::transport::tls::KeyLog;
use crate::trunk::Config;

use super::arguments::Reading;
use super::arguments::Redacted;
use super::stop::Stop;

/// The run that is asked for: nothing but its calls, with no messages and no report of Microsoft's.
pub(super) fn options(reading: &Reading, config: Config, stop: &Stop) -> anyhow::Result<Options> {
    Ok(Options {
        paths: reading.paths.clone(),
        config,
        keys: keys(&reading.keylog, reading.quiet)?,
        threads: threads(reading.threads),
        window: WINDOW,
        pstn_report: None,
        tells_trunk_groups: false,
        ladders: Ladders::None,
        redaction_key: None,
        stop: Arc::clone(&stop.flag),
    })
}

/// As many threads as wanted, else as there are cores.
fn threads(wanted: Option<NonZeroUsize>) -> usize {
    wanted.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        NonZeroUsize::get,
    )
}

/// The configuration: the file's, and what `--teams` adds.
pub(super) fn config(file: Option<&Path>, teams: &[String]) -> anyhow::Result<Config> {
    let mut config = match file {
        None => Config::default(),
        Some(path) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("--config {}", path.display()))?;
            Config::parse(&text).with_context(|| format!("--config {}", path.display()))?
        }
    };
    add_teams(&mut config, teams)?;
    Ok(config)
}

/// What also counts as Teams.
pub(super) fn add_teams(config: &mut Config, teams: &[String]) -> anyhow::Result<()> {
    for value in teams {
        config
            .add_teams(value)
            .map_err(|why| anyhow::anyhow!("--teams {why}"))?;
    }
    Ok(())
}

/// The keys of `--keylog`. One that can't be read is an error now, not after the night is read.
fn keys(paths: &[PathBuf], is_quiet: bool) -> anyhow::Result<KeyLog> {
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

/// A key alone redacts nothing: whoever names one wants more than that.
pub(super) fn check_redaction(redacted: &Redacted) -> anyhow::Result<()> {
    anyhow::ensure!(
        redacted.redact || redacted.redact_key.is_none(),
        "--redact-key: nothing is redacted without --redact"
    );
    Ok(())
}

/// The key of `--redact`: that of the file, else one of its own; none where nothing is redacted.
pub(super) fn redaction_key(redacted: &Redacted) -> anyhow::Result<Option<Key>> {
    check_redaction(redacted)?;
    if !redacted.redact {
        return Ok(None);
    }
    let Some(path) = &redacted.redact_key else {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).context("--redact: the system gives no random bytes")?;
        return Ok(Some(Key::of_bytes(bytes)));
    };
    let what = || format!("--redact-key {}", path.display());
    let bytes = fs::read(path).with_context(what)?;
    let path = path.display();
    let key = Key::of_file(&bytes);
    anyhow::ensure!(
        key.is_some(),
        "--redact-key {path}: has {} bytes, and a key has at least {LEAST_KEY_FILE}; make one with: head -c 32 /dev/urandom > {path}",
        bytes.len()
    );
    Ok(key)
}

/// Where a path leads, though there may be no file yet.
pub(super) fn place(path: &Path) -> PathBuf {
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

/// A result must not replace what it was made of.
pub(super) fn check_inputs_stay<'p>(
    outputs: impl Iterator<Item = &'p Path>,
    inputs: &BTreeSet<PathBuf>,
) -> anyhow::Result<()> {
    let places: Vec<PathBuf> = outputs.map(place).collect();
    let replaced = inputs.iter().find(|input| places.contains(&place(input)));
    replaced.map_or(Ok(()), |input| {
        let input = input.display();
        Err(anyhow::anyhow!(
            "{input}: is read, and would be replaced; name another file for the output"
        ))
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

/// Colours where they are wanted: on a terminal, and `NO_COLOR` is not set.
pub(super) fn style(is_terminal: bool) -> Style {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_terminal && !is_unwanted {
        Style::Coloured
    } else {
        Style::Plain
    }
}

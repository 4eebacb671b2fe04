//! The options that a configuration file gives to a run: `[analyze]` has those of `sip488 analyze`, by the names that the command
//! line knows them by.
#![expect(
    clippy::disallowed_methods,
    reason = "the configuration file is read here"
)]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::Arg;
use clap::ArgAction;
use clap::ArgMatches;
use clap::CommandFactory;
use clap::FromArgMatches;
use clap::ValueHint;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use crate::report::time::Zone;
use crate::trunk::Config;
use crate::trunk::config::Setting;
use crate::trunk::config::SettingValue;
use crate::trunk::config::place_in;

use super::analyze::check_outputs;
use super::arguments::Analyze;
use super::arguments::Arguments;
use super::arguments::Command;
use super::reading::check_redaction;

/// The name of the captures in the file: they have no option.
const PATHS: &str = "paths";

/// A key of `[analyze]` that is of no use.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is: a byte of the text.
    pub at: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// The configuration that the command line names, and the options with those that the file has. What both have is the command
/// line's; of what may be repeated, both count.
pub fn with_file(
    given: &ArgMatches,
    written: &[OsString],
    options: Box<Analyze>,
) -> anyhow::Result<(Box<Analyze>, Config)> {
    let Some(path) = options.config.clone() else {
        return Ok((options, Config::default()));
    };
    let what = || format!("--config {}", path.display());
    let text = fs::read_to_string(&path).with_context(what)?;
    let config = Config::parse(&text).with_context(what)?;
    if let Some(fault) = faults(&config.settings).into_iter().next() {
        let (line, column) = place_in(&text, fault.at);
        let said = format!("line {line}, column {column}: {}", fault.what);
        return Err(anyhow::Error::msg(said)).with_context(what);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let given = given.subcommand().map(|(_, given)| given);
    let mut all: Vec<OsString> = written.iter().take(2).cloned().collect();
    for setting in &config.settings {
        all.extend(words(setting, folder, given));
    }
    all.extend(written.iter().skip(2).cloned());
    let matches = Arguments::command().try_get_matches_from(all);
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches))?;
    let options = match arguments.command {
        Command::Analyze(options) => options,
        _ => options,
    };
    anyhow::ensure!(
        !options.reading.paths.is_empty(),
        "no capture is named: name a PATH, or `{PATHS}` in [analyze] of {}",
        path.display()
    );
    Ok((options, config))
}

/// What is wrong with the options of a file, in its order; where each by itself is right, with all of them together.
pub fn faults(settings: &[Setting]) -> Vec<Fault> {
    let wrong = |setting: &Setting| {
        Some(Fault {
            at: setting.at,
            what: fault(setting)?,
        })
    };
    let faults: Vec<Fault> = settings.iter().filter_map(wrong).collect();
    let (Some(first), []) = (settings.first(), &faults[..]) else {
        return faults;
    };
    let at = first.at;
    let what = unfit_together(settings);
    what.map(|what| Fault { at, what }).into_iter().collect()
}

/// Why no run begins with these options.
fn unfit_together(settings: &[Setting]) -> Option<String> {
    let mut call: Vec<OsString> = vec!["sip488".into(), "analyze".into(), "-".into()];
    call.extend(
        settings
            .iter()
            .flat_map(|setting| words(setting, Path::new(""), None)),
    );
    let matches = Arguments::command().try_get_matches_from(call);
    match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => match arguments.command {
            Command::Analyze(options) => {
                let checked = check_redaction(&options.redaction);
                let checked = checked.and_then(|()| check_outputs(&options));
                checked.err().map(|error| error.to_string())
            }
            _ => None,
        },
        Err(error) => {
            let said = error.to_string();
            let said = said.split("\n\nUsage").next().unwrap_or_default();
            let words: Vec<&str> = said
                .trim_start_matches("error: ")
                .split_whitespace()
                .collect();
            Some(format!("[analyze]: {}", words.join(" ")))
        }
    }
}

fn fault(setting: &Setting) -> Option<String> {
    let name = &setting.name;
    let Some(argument) = argument(name) else {
        let known: Vec<String> = known().iter().map(key_of).collect();
        return Some(format!(
            "unknown key `{name}` in [analyze], expected one of `{}`",
            known.join("`, `")
        ));
    };
    let expected = match (
        is_switch(&argument),
        is_repeatable(&argument),
        &setting.value,
    ) {
        (true, _, SettingValue::Switch(_))
        | (false, _, SettingValue::One(_))
        | (false, true, SettingValue::Several(_)) => None,
        (true, _, _) => Some("true or false"),
        (false, true, _) => Some("text in quotes, or a list of texts"),
        (false, false, _) => Some("text in quotes, or a number"),
    };
    if let Some(expected) = expected {
        return Some(format!("`{name}` is {expected}"));
    }
    judged(setting).or_else(|| unfit_value(setting))
}

/// What the command line says of the value alone.
fn judged(setting: &Setting) -> Option<String> {
    let mut call: Vec<OsString> = vec!["sip488".into(), "analyze".into(), "-".into()];
    call.extend(words(setting, Path::new(""), None));
    let error = Arguments::command().try_get_matches_from(call).err()?;
    let said = error.to_string();
    let first = said.lines().next().unwrap_or_default();
    // That an option needs another, all of them together tell.
    let is_of_another = error.kind() == ErrorKind::MissingRequiredArgument;
    (!is_of_another).then(|| first.trim_start_matches("error: ").to_owned())
}

/// What a run would say of the value.
fn unfit_value(setting: &Setting) -> Option<String> {
    let values = match &setting.value {
        SettingValue::One(value) => std::slice::from_ref(value),
        SettingValue::Several(values) => values,
        SettingValue::Switch(_) => &[],
    };
    let refused = |value: &String| match setting.name.as_str() {
        "time_zone" => Zone::named(value).err().map(|error| error.to_string()),
        "teams" => Config::default().add_teams(value).err(),
        _ => None,
    };
    values.iter().find_map(refused)
}

/// The words of the command line that a key stands for; none where the command line has its own.
fn words(setting: &Setting, folder: &Path, given: Option<&ArgMatches>) -> Vec<OsString> {
    let Some(argument) = argument(&setting.name) else {
        return Vec::new();
    };
    let is_given = given.is_some_and(|given| {
        given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    });
    let is_path = argument.get_value_hint() == ValueHint::AnyPath;
    if is_given && (!is_repeatable(&argument) || setting.name == PATHS) {
        return Vec::new();
    }
    let word = |value: &String| -> OsString {
        let value = if is_path && value != "-" {
            // A name that begins like an option is none in a folder.
            let folder = if folder == Path::new("") {
                Path::new(".")
            } else {
                folder
            };
            folder.join(value).into_os_string()
        } else {
            value.into()
        };
        match argument.get_long() {
            None => value,
            Some(long) => {
                let mut word = OsString::from(format!("--{long}="));
                word.push(value);
                word
            }
        }
    };
    match &setting.value {
        SettingValue::One(value) => vec![word(value)],
        SettingValue::Several(values) => values.iter().map(word).collect(),
        SettingValue::Switch(true) => {
            let long = argument.get_long().unwrap_or_default();
            vec![format!("--{long}").into()]
        }
        SettingValue::Switch(false) => Vec::new(),
    }
}

/// The arguments of `sip488 analyze` that a file may have.
fn known() -> Vec<Arg> {
    let command = Arguments::command();
    let analyze = command.find_subcommand("analyze");
    let arguments = analyze.into_iter().flat_map(clap::Command::get_arguments);
    arguments
        .filter(|argument| argument.get_long() != Some("config"))
        .cloned()
        .collect()
}

fn argument(name: &str) -> Option<Arg> {
    known()
        .into_iter()
        .find(|argument| key_of(argument) == name)
}

/// The key of an argument: its long name, as TOML has names.
fn key_of(argument: &Arg) -> String {
    argument.get_long().unwrap_or(PATHS).replace('-', "_")
}

fn is_switch(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue)
}

fn is_repeatable(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append)
}

#[cfg(test)]
mod tests {
    use super::faults;
    use super::key_of;
    use super::known;
    use crate::trunk::Config;

    fn wrong(analyze: &str) -> Vec<String> {
        let config = Config::parse(&format!("[analyze]\n{analyze}\n")).unwrap();
        faults(&config.settings)
            .into_iter()
            .map(|fault| fault.what)
            .collect()
    }

    #[test]
    fn each_option_has_a_key_but_the_one_that_names_the_file() {
        let keys: Vec<String> = known().iter().map(key_of).collect();
        for key in [
            "paths",
            "output",
            "trunk_report",
            "only_488",
            "keylog",
            "time_zone",
            "threads",
            "quiet",
        ] {
            assert!(keys.contains(&key.to_owned()), "{keys:?}");
        }
        assert!(
            !keys.contains(&"config".to_owned()) && !keys.contains(&"help".to_owned()),
            "{keys:?}"
        );
    }

    #[test]
    fn what_can_be_used_has_no_fault() {
        assert_eq!(
            wrong(
                "paths = [\"/var/captures\"]\noutput = \"a.csv\"\nquiet = true\nexcel = false\nthreads = 2\nkeylog = \"k\"\nteams = [\"192.0.2.1\"]\ndelimiter = \";\""
            ),
            [""; 0]
        );
    }

    #[test]
    fn what_does_not_go_together_is_a_fault() {
        for (keys, said) in [
            ("redact_key = \"k\"", "--redact"),
            (
                "output = \"a.csv\"\nrejections = \"a.csv\"",
                "named for two outputs",
            ),
            ("rejections = \"-\"", "standard output"),
        ] {
            let wrong = wrong(keys);
            assert!(
                wrong.len() == 1 && wrong[0].contains(said),
                "{keys}: {wrong:?}"
            );
        }
        assert_eq!(wrong("redact_key = \"k\"\nredact = true"), [""; 0]);
    }

    #[test]
    fn a_fault_says_what_was_expected() {
        for (key, said) in [
            ("outputs = \"a\"", "unknown key `outputs` in [analyze]"),
            ("config = \"a\"", "unknown key `config`"),
            ("quiet = \"yes\"", "`quiet` is true or false"),
            (
                "output = [\"a\"]",
                "`output` is text in quotes, or a number",
            ),
            (
                "keylog = true",
                "`keylog` is text in quotes, or a list of texts",
            ),
            ("threads = 0", "invalid value '0' for '--threads"),
            ("delimiter = \"x\"", "invalid value 'x' for '--delimiter"),
            ("time_zone = \"Europe/Berln\"", "Berln"),
            ("teams = [\"a b\"]", "`a b` is no address"),
        ] {
            let wrong = wrong(key);
            assert!(
                wrong.len() == 1 && wrong[0].contains(said),
                "{key}: {wrong:?}"
            );
        }
    }
}

//! The command line: arguments, configuration files, exit statuses. No logic.

pub mod analyze;
pub mod arguments;
pub mod compare;
pub mod config;
pub mod exit;
pub mod explain;
#[cfg(feature = "extract")]
pub mod extract;
#[cfg(feature = "manual")]
pub mod manual;
mod outputs;
pub mod progress;
mod reading;
pub mod settings;
#[cfg(feature = "show")]
pub mod show;
mod stdout;
mod stop;

use std::ffi::OsString;
use std::io::Write;

use clap::ArgMatches;
use clap::CommandFactory;
use clap::FromArgMatches;

use crate::report::escape::terminal;

use self::arguments::Arguments;
use self::arguments::Command;
use self::exit::Exit;

/// What `--version` says: the version, and what it was built with.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nbuilt with ",
    env!("SIP488_COMPILER"),
    "\nfor ",
    env!("SIP488_TARGET"),
    ", profile ",
    env!("SIP488_PROFILE"),
    "\nfeatures: ",
    env!("SIP488_FEATURES"),
);

/// Runs the program and says how it ended.
pub fn run() -> Exit {
    let written: Vec<OsString> = std::env::args_os().collect();
    let command = Arguments::command().long_version(VERSION);
    let read = command.try_get_matches_from(&written).and_then(|given| {
        let arguments = Arguments::from_arg_matches(&given)?;
        Ok((given, arguments))
    });
    let done = match read {
        Ok((given, arguments)) => run_command(arguments.command, &given, &written),
        Err(error) => Err(error.into()),
    };
    done.unwrap_or_else(|error| tell(&error))
}

fn run_command(command: Command, given: &ArgMatches, written: &[OsString]) -> anyhow::Result<Exit> {
    match command {
        Command::Analyze(options) => {
            let (options, config) = settings::with_file(given, written, options)?;
            analyze::run(&options, config)
        }
        Command::Compare(options) => compare::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Config(options) => config::run(&options),
        #[cfg(feature = "extract")]
        Command::Extract(options) => extract::run(&options),
        #[cfg(feature = "show")]
        Command::Show(options) => show::run(&options),
        #[cfg(feature = "manual")]
        Command::Completions(options) => manual::completions(&options),
        #[cfg(feature = "manual")]
        Command::Man(options) => manual::page(&options),
    }
}

/// Says what went wrong, and how the program ends.
fn tell(error: &anyhow::Error) -> Exit {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        let _ = error.print();
        // Help and version go to standard output and are no error.
        return if error.use_stderr() {
            Exit::Nothing
        } else {
            Exit::Whole
        };
    }
    let said = format!("sip488: {error:#}");
    let lines: Vec<String> = said.lines().map(terminal).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    Exit::Nothing
}

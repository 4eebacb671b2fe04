//! The command line: arguments, configuration files, exit statuses. No logic.

pub mod analyze;
pub mod arguments;
pub mod compare;
pub mod config;
pub mod exit;
pub mod explain;
#[cfg(feature = "manual")]
pub mod manual;
mod outputs;
pub mod progress;
mod stdout;
mod stop;

use std::io::Write;

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

/// The arguments that the program was started with.
fn arguments() -> Result<Arguments, clap::Error> {
    let command = Arguments::command().long_version(VERSION);
    Arguments::from_arg_matches(&command.try_get_matches()?)
}

/// Runs the program and says how it ended.
pub fn run() -> Exit {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no error.
            let is_error = error.use_stderr();
            let _ = error.print();
            return if is_error { Exit::Nothing } else { Exit::Whole };
        }
    };
    let done = match &arguments.command {
        Command::Analyze(options) => analyze::run(options),
        Command::Compare(options) => compare::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Config(options) => config::run(options),
        #[cfg(feature = "manual")]
        Command::Completions(options) => manual::completions(options),
        #[cfg(feature = "manual")]
        Command::Man(options) => manual::page(options),
    };
    done.unwrap_or_else(|error| {
        let said = format!("sip488: {error:#}");
        let lines: Vec<String> = said.lines().map(terminal).collect();
        let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
        Exit::Nothing
    })
}

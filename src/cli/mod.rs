//! The command line: arguments, configuration files, exit statuses. No logic.

pub mod analyze;
pub mod arguments;
pub mod compare;
pub mod config;
pub mod exit;
pub mod explain;
#[cfg(feature = "extract")]
pub mod extract;
mod outputs;
pub mod progress;
mod reading;
#[cfg(feature = "show")]
pub mod show;
mod stdout;
mod stop;

use std::io::Write;

use clap::Parser;

use crate::report::escape::terminal;

use self::arguments::Arguments;
use self::arguments::Command;
use self::exit::Exit;

/// Runs the program and says how it ended.
pub fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
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
        #[cfg(feature = "extract")]
        Command::Extract(options) => extract::run(options),
        #[cfg(feature = "show")]
        Command::Show(options) => show::run(options),
    };
    done.unwrap_or_else(|error| {
        let said = format!("sip488: {error:#}");
        let lines: Vec<String> = said.lines().map(terminal).collect();
        let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
        Exit::Nothing
    })
}

//! `sip488 man` and `sip488 completions`: what the build made of the definitions of the command line.

use super::arguments::Completions;
use super::arguments::ManualPage;
use super::arguments::Shell;
use super::exit::Exit;
use super::stdout::print;

/// Each page: `sip488-analyze`, and its text for `man`.
const PAGES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Prints the page of a command, or of the program.
pub fn page(options: &ManualPage) -> anyhow::Result<Exit> {
    let words = std::iter::once("sip488").chain(options.command.iter().map(String::as_str));
    let name = words.collect::<Vec<_>>().join("-");
    let page = PAGES.iter().find(|(known, _)| *known == name);
    let Some((_, text)) = page else {
        let known: Vec<&str> = PAGES.iter().map(|(known, _)| *known).collect();
        anyhow::bail!("there is no page {name}; there are {}", known.join(", "));
    };
    print(text)?;
    Ok(Exit::Whole)
}

/// Prints the completions for a shell.
pub fn completions(options: &Completions) -> anyhow::Result<Exit> {
    print(match options.shell {
        Shell::Bash => include_str!(concat!(env!("OUT_DIR"), "/share/sip488.bash")),
        Shell::Zsh => include_str!(concat!(env!("OUT_DIR"), "/share/sip488.zsh")),
        Shell::Fish => include_str!(concat!(env!("OUT_DIR"), "/share/sip488.fish")),
        Shell::Powershell => include_str!(concat!(env!("OUT_DIR"), "/share/sip488.powershell")),
    })?;
    Ok(Exit::Whole)
}

//! What the build makes of the command line's definitions: man pages, completions, and what `--version` says.
#![cfg(feature = "manual")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't run the program has failed"
)]

#[path = "support/place.rs"]
mod place;

use std::process::Command;

use clap::CommandFactory;
use place::Place;
use sip488::cli::arguments::Arguments;

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

fn printed(words: &[&str]) -> String {
    let ran = Place::new().run(words);
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Each command with the words that call it.
fn commands() -> Vec<(Vec<String>, clap::Command)> {
    let mut all = vec![(Vec::new(), Arguments::command())];
    let mut next = 0;
    while let Some((words, command)) = all.get(next).cloned() {
        for inner in command.get_subcommands() {
            let mut words = words.clone();
            words.push(inner.get_name().to_owned());
            all.push((words, inner.clone()));
        }
        next += 1;
    }
    all
}

fn options(command: &clap::Command) -> impl Iterator<Item = &str> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter_map(clap::Arg::get_long)
}

#[test]
fn each_command_has_a_page_with_each_of_its_options() {
    let commands = commands();
    assert!(commands.len() > 6);
    for (words, command) in commands {
        let mut call = vec!["man"];
        call.extend(words.iter().map(String::as_str));
        let page = printed(&call).replace('\\', "");
        assert!(page.contains(".SH SYNOPSIS"), "{words:?}");
        for option in options(&command) {
            assert!(page.contains(&format!("--{option}")), "{words:?}: {option}");
        }
    }
}

#[test]
fn a_page_that_is_not_there_is_told_with_those_that_are() {
    let ran = Place::new().run(&["man", "analyse"]);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(
        said.contains("sip488-analyse") && said.contains("sip488-analyze"),
        "{said}"
    );
}

#[test]
fn each_shell_completes_each_command_and_option() {
    for shell in SHELLS {
        let script = printed(&["completions", shell]);
        for (words, command) in commands() {
            for word in words.iter().map(String::as_str).chain(options(&command)) {
                assert!(script.contains(word), "{shell}: {words:?}: {word}");
            }
        }
    }
}

#[test]
fn bash_takes_its_completions_and_completes_with_them() {
    let script = printed(&["completions", "bash"]);
    let asked = format!(
        "{script}\nCOMP_WORDS=(sip488 analyze --rej); COMP_CWORD=2; _sip488 sip488 --rej analyze; echo \"${{COMPREPLY[@]}}\""
    );
    let Ok(ran) = Command::new("bash").args(["-c", &asked]).output() else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let said = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(
        said.trim(),
        "--rejections",
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn man_takes_each_page_without_a_warning() {
    for (words, _) in commands() {
        let place = Place::new();
        let mut call = vec!["man"];
        call.extend(words.iter().map(String::as_str));
        place.put("page.1", printed(&call).as_bytes());
        let Ok(ran) = Command::new("groff")
            .args(["-man", "-ww", "-Tutf8", "-z"])
            .arg(place.path("page.1"))
            .output()
        else {
            eprintln!("skipped: there is no groff");
            return;
        };
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() && said.is_empty(), "{words:?}: {said}");
    }
}

#[test]
fn the_version_tells_what_the_program_was_built_with() {
    let said = printed(&["--version"]);
    for what in [
        env!("CARGO_PKG_VERSION"),
        "built with rustc ",
        "\nfor ",
        "features: ",
        "manual",
    ] {
        assert!(said.contains(what), "{said}");
    }
    assert_eq!(
        printed(&["-V"]),
        format!("sip488 {}\n", env!("CARGO_PKG_VERSION"))
    );
}

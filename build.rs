//! Made with the program, from the definitions of its command line: man pages and the shells' completions; and what it was
//! built with, for `--version`.
//!
//! They stand in `OUT_DIR`, from where the program has them, and in `share/` beside the program, from where a package takes them.
#![allow(
    clippy::disallowed_methods,
    reason = "what is made with the program is written here"
)]

#[cfg(feature = "manual")]
#[path = "src/cli/arguments.rs"]
#[allow(dead_code, unreachable_pub, reason = "the program uses them")]
mod arguments;

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/cli/arguments.rs");
    let said = |name| env::var(name).unwrap_or_default();
    println!("cargo:rustc-env=SIP488_COMPILER={}", compiler());
    println!("cargo:rustc-env=SIP488_TARGET={}", said("TARGET"));
    println!("cargo:rustc-env=SIP488_PROFILE={}", said("PROFILE"));
    println!("cargo:rustc-env=SIP488_FEATURES={}", features().join(" "));
    #[cfg(feature = "manual")]
    manual::write().expect("the manual can be written where the program is built");
}

/// What the compiler says that it is.
fn compiler() -> String {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(compiler).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|_| "an unknown compiler".to_owned())
}

/// The features that are switched on, in the order of the alphabet.
fn features() -> Vec<String> {
    let mut features: Vec<String> = env::vars()
        .filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()))
        .filter(|name| name != "default")
        .collect();
    features.sort();
    features
}

#[cfg(feature = "manual")]
mod manual {
    use std::env;
    use std::error::Error;
    use std::fs;
    use std::path::Path;
    use std::path::PathBuf;

    use clap::CommandFactory;
    use clap::ValueEnum;
    use clap_complete::Shell;

    use crate::arguments::Arguments;

    /// Writes all of it, and what the program includes of it.
    pub(super) fn write() -> Result<(), Box<dyn Error>> {
        let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
        let share = out.join("share");
        let beside = beside_program(&out)?;
        make_empty(&share)?;
        make_empty(&beside)?;
        clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), &share)?;
        let pages = pages(&share)?;
        for page in &pages {
            let path = share.join(format!("{page}.1"));
            fs::write(&path, with_examples(&fs::read_to_string(&path)?))?;
        }
        write_completions(&share)?;
        fs::write(out.join("pages.rs"), list(&pages))?;
        for entry in fs::read_dir(&share)? {
            let entry = entry?;
            fs::copy(entry.path(), beside.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// `target/release/share`, of `target/release/build/sip488-…/out`.
    fn beside_program(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let profile = out.ancestors().nth(3);
        Ok(profile.ok_or("OUT_DIR is not where it was")?.join("share"))
    }

    /// What an earlier build made, of commands that are no more, goes.
    fn make_empty(folder: &Path) -> Result<(), Box<dyn Error>> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        Ok(fs::create_dir_all(folder)?)
    }

    /// The names of the pages: one for each command, as `git` and others name them, `sip488-analyze`.
    fn pages(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
        let mut pages = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            pages.extend(
                name.to_str()
                    .and_then(|name| name.strip_suffix(".1"))
                    .map(str::to_owned),
            );
        }
        pages.sort();
        Ok(pages)
    }

    /// What stands below the options is no prose: its lines stay lines, under the headings that manuals have.
    fn with_examples(page: &str) -> String {
        let Some((before, extra)) = page.split_once(".SH EXTRA\n") else {
            return page.to_owned();
        };
        let (extra, behind) = extra
            .split_once("\n.SH ")
            .map_or((extra, String::new()), |(extra, behind)| {
                (extra, format!(".SH {behind}"))
            });
        let mut sections = String::new();
        for line in extra.lines() {
            match line {
                "Examples:" => sections.push_str(".SH EXAMPLES\n.nf\n"),
                "Exit status:" => sections.push_str(".fi\n.SH EXIT STATUS\n.nf\n"),
                line => {
                    sections.push_str(line);
                    sections.push('\n');
                }
            }
        }
        format!("{before}{sections}.fi\n{behind}")
    }

    fn write_completions(folder: &Path) -> Result<(), Box<dyn Error>> {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let named = shell.to_possible_value().ok_or("each shell has a name")?;
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "sip488", &mut script);
            fs::write(folder.join(format!("sip488.{}", named.get_name())), script)?;
        }
        Ok(())
    }

    /// The pages as a table of Rust: name and text.
    fn list(pages: &[String]) -> String {
        let entries = pages.iter().map(|name| {
            format!(
                "    (\"{name}\", include_str!(concat!(env!(\"OUT_DIR\"), \"/share/{name}.1\"))),\n"
            )
        });
        format!("[\n{}]\n", entries.collect::<String>())
    }
}

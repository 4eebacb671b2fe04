//! A folder of its own, the program run in it, and what the program said.
#![allow(
    clippy::disallowed_methods,
    dead_code,
    reason = "what the program reads and wrote; each program that includes this uses its own part of it"
)]

use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

/// A folder with captures in it, and the program run there.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, bytes).expect("the file is written");
    }

    /// What is in a file.
    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).expect(name)).expect("UTF-8")
    }

    /// Runs `sip488` with these words in the folder.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    /// `sip488` with these words, to be run in the folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("sip488"));
        command.current_dir(self.0.path()).args(words);
        command
    }

    /// The names of what lies in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("the folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// The exit status.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Standard output.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

/// Standard error.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The rows below the header line.
pub(crate) fn rows(csv: &str) -> usize {
    csv::Reader::from_reader(csv.as_bytes()).records().count()
}

/// "files": what the summary says of each, by the ending of its path.
pub(crate) fn file_status(place: &Place, summary: &str, name: &str) -> Option<String> {
    let summary: serde_json::Value = serde_json::from_str(&place.read(summary)).expect("JSON");
    let files = summary.get("files")?.as_array()?;
    let file = files.iter().find(|file| {
        file["path"]
            .as_str()
            .is_some_and(|path| path.ends_with(name))
    })?;
    file["status"].as_str().map(str::to_owned)
}

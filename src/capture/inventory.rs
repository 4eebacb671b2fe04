//! What there is to read: the captures among the named paths, in order of time, and what is none.
//!
//! A capture is known by its first bytes, never by its name. The order of the named paths changes nothing.
#![expect(clippy::disallowed_methods, reason = "the inventory looks into files")]

mod archive;
mod recognise;

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use walkdir::WalkDir;

use super::Capture;
use super::key_log;
use super::key_log::KeyLogText;
use super::source::file::StoredFile;

/// All that was found.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The captures, ordered by the time of their first record, then by path; those without a record last.
    /// [`Frame::file`](super::record::Frame::file) is an index here.
    pub captures: Vec<Capture>,
    /// What is not read, ordered by path.
    pub others: Vec<SetAside>,
    /// The TLS key logs that were met on the way, in archives too.
    pub key_logs: Vec<KeyLogText>,
}

/// A path that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// As it was named, or as found below what was named.
    pub path: PathBuf,
    /// True where it was named itself, and not only a folder that it is in.
    pub named: bool,
    /// Why it is not read.
    pub status: NotRead,
    /// More about that, for people.
    pub error: Option<String>,
}

/// Why a path is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// It is an archive, and damaged: what could be found in it are captures of their own.
    Damaged,
    /// It is a TLS key log: no capture, but its keys are used.
    KeyLog,
    /// It is something else.
    NotACapture,
    /// The operating system did not let us.
    Unreadable,
    /// There is nothing of that name.
    Missing,
}

/// The name of standard input.
const STANDARD_INPUT: &str = "-";

/// Finds the captures among `paths`: files, folders with all that is below them, `-` for standard input. What is
/// named twice, or can be reached by two names, is read once.
pub fn take(paths: &[PathBuf]) -> Inventory {
    let mut search = Search::default();
    for path in paths {
        search.named(path);
    }
    search.inventory(|| Box::new(io::stdin()))
}

/// What names lead to.
#[derive(Debug, Default)]
struct Search {
    found: BTreeMap<PathBuf, Found>,
    others: BTreeMap<PathBuf, SetAside>,
}

/// One name of a file. Of several, the least is kept: one that was named itself before one in a folder.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    is_below: bool,
    path: PathBuf,
}

impl Search {
    fn named(&mut self, path: &Path) {
        if path.as_os_str() == STANDARD_INPUT {
            self.found(path.to_owned(), path, true);
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.below(path),
            Ok(_) => self.found(identity(path), path, true),
            Err(error) => self.set_aside(path, true, why(&error), error.to_string()),
        }
    }

    /// Everything below a folder, through links too; a link that leads back up is passed over.
    fn below(&mut self, folder: &Path) {
        for entry in WalkDir::new(folder).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if entry.file_type().is_file() => {
                    self.found(identity(entry.path()), entry.path(), false);
                }
                Ok(entry) => {
                    let what = "not a regular file".to_owned();
                    self.set_aside(entry.path(), false, NotRead::NotACapture, what);
                }
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder);
                    let (status, what) = match error.io_error() {
                        Some(error) => (why(error), error.to_string()),
                        None => (NotRead::Unreadable, error.to_string()),
                    };
                    self.set_aside(path, path == folder, status, what);
                }
            }
        }
    }

    fn found(&mut self, identity: PathBuf, path: &Path, named: bool) {
        let found = Found {
            is_below: !named,
            path: path.to_owned(),
        };
        match self.found.get_mut(&identity) {
            Some(known) if *known <= found => {}
            Some(known) => *known = found,
            None => {
                self.found.insert(identity, found);
            }
        }
    }

    fn set_aside(&mut self, path: &Path, named: bool, status: NotRead, error: String) {
        let known = self.others.get(path).is_some_and(|other| other.named);
        let other = SetAside {
            path: path.to_owned(),
            named: named || known,
            status,
            error: Some(error),
        };
        self.others.insert(path.to_owned(), other);
    }

    fn inventory(mut self, stdin: impl FnOnce() -> Input) -> Inventory {
        let mut findings = Findings::default();
        let mut stdin = Some(stdin);
        for Found { is_below, path } in std::mem::take(&mut self.found).into_values() {
            match stdin.take_if(|_| path.as_os_str() == STANDARD_INPUT) {
                Some(stdin) => recognise::input(&path, stdin(), &mut findings),
                None => open(&path, !is_below, &mut findings),
            }
        }
        findings.others.extend(self.others.into_values());
        findings
            .captures
            .sort_by(|one, other| key(one).cmp(&key(other)));
        findings
            .others
            .sort_by(|one, other| one.path.cmp(&other.path));
        Inventory {
            captures: findings.captures,
            others: findings.others,
            key_logs: findings.key_logs,
        }
    }
}

/// Something that is read forwards.
type Input = Box<dyn io::Read + Send + Sync>;

/// What names turned out to be.
#[derive(Debug, Default)]
struct Findings {
    captures: Vec<Capture>,
    others: Vec<SetAside>,
    key_logs: Vec<KeyLogText>,
}

/// Bytes of key logs that are kept: those of a million connections.
const MOST_KEYS: usize = 256 << 20;

impl Findings {
    /// Why something is no capture. Of a key log, `bytes` are kept.
    fn why_not(
        &mut self,
        (status, what): (NotRead, String),
        bytes: impl FnOnce() -> Input,
    ) -> (NotRead, String) {
        if status != NotRead::KeyLog {
            return (status, what);
        }
        let held: usize = self.key_logs.iter().map(|log| log.as_bytes().len()).sum();
        match key_log::read_from(bytes()) {
            Ok(log) if held.saturating_add(log.as_bytes().len()) > MOST_KEYS => {
                let what = format!(
                    "a TLS key log beyond the {} MiB that are read",
                    MOST_KEYS >> 20
                );
                (NotRead::Unreadable, what)
            }
            Ok(log) => {
                self.key_logs.push(log);
                (status, what)
            }
            Err(error) => (NotRead::Unreadable, error.to_string()),
        }
    }

    fn set_aside(&mut self, path: &Path, named: bool, status: NotRead, what: String) {
        self.others.push(SetAside {
            path: path.to_owned(),
            named,
            status,
            error: Some(what),
        });
    }
}

fn open(path: &Path, named: bool, findings: &mut Findings) {
    let mut failed = |error: io::Error| {
        findings.set_aside(path, named, why(&error), error.to_string());
    };
    match fs::metadata(path) {
        Err(error) => failed(error),
        Ok(metadata) if metadata.is_file() => {
            recognise::file(path, named, StoredFile::new(path, &metadata), findings);
        }
        // A pipe is read where a user names it; one that took a file's place in a folder could block for ever.
        Ok(_) if !named => {
            let what = "not a regular file".to_owned();
            findings.set_aside(path, named, NotRead::NotACapture, what);
        }
        Ok(_) => match File::open(path) {
            Err(error) => failed(error),
            Ok(file) => recognise::input(path, Box::new(file), findings),
        },
    }
}

/// Captures without a record come last.
fn key(capture: &Capture) -> (bool, Option<super::record::Nanos>, &Path) {
    (capture.first.is_none(), capture.first, &capture.path)
}

/// By what a file is known under all its names.
fn identity(path: &Path) -> PathBuf {
    // A pipe that a shell made (`<(…)`) has a name that leads nowhere.
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn why(error: &io::Error) -> NotRead {
    match error.kind() {
        io::ErrorKind::NotFound => NotRead::Missing,
        _ => NotRead::Unreadable,
    }
}

#[cfg(test)]
mod tests;

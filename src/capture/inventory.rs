//! What there is to read: the captures among the named paths, in order of time, and what is none.
//!
//! A capture is known by its first bytes, never by its name. The order of the named paths changes nothing.
#![expect(clippy::disallowed_methods, reason = "the inventory looks into files")]

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use walkdir::WalkDir;

use super::Capture;
use super::pcap;
use super::source::Source;
use super::source::file::StoredFile;
use super::source::stream::Stream;

/// All that was found.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The captures, ordered by the time of their first record, then by path; those without a record last.
    /// [`Frame::file`](super::record::Frame::file) is an index here.
    pub captures: Vec<Capture>,
    /// What is not read, ordered by path.
    pub others: Vec<SetAside>,
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

/// What is read, or why not.
type Opened = Result<Capture, (NotRead, String)>;

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
        let mut captures = Vec::new();
        let mut stdin = Some(stdin);
        for Found { is_below, path } in std::mem::take(&mut self.found).into_values() {
            let opened = match stdin.take_if(|_| path.as_os_str() == STANDARD_INPUT) {
                Some(stdin) => recognise(&path, true, Source::Stream(Stream::new(stdin()))),
                None => open(&path, !is_below),
            };
            match opened {
                Ok(capture) => captures.push(capture),
                Err((status, what)) => self.set_aside(&path, !is_below, status, what),
            }
        }
        captures.sort_by(|one, other| key(one).cmp(&key(other)));
        Inventory {
            captures,
            others: self.others.into_values().collect(),
        }
    }
}

/// Something that is read forwards.
type Input = Box<dyn io::Read + Send + Sync>;

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

fn open(path: &Path, named: bool) -> Opened {
    let failed = |error: io::Error| (why(&error), error.to_string());
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_file() {
        return recognise(path, named, Source::File(StoredFile::new(path, &metadata)));
    }
    // A pipe is read where a user names it; one that took a file's place in a folder could block for ever.
    if !named {
        let what = "not a regular file".to_owned();
        return Err((NotRead::NotACapture, what));
    }
    let file = File::open(path).map_err(failed)?;
    recognise(path, named, Source::Stream(Stream::new(Box::new(file))))
}

/// Tells by the first bytes what `source` is.
fn recognise(path: &Path, named: bool, source: Source) -> Opened {
    let mut head = [0; pcap::FILE_HEADER];
    let count = source
        .open()
        .and_then(|reader| {
            let mut count = 0;
            while let Some(rest) = head.get_mut(count..).filter(|rest| !rest.is_empty()) {
                match reader.read_at(count as u64, rest)? {
                    0 => break,
                    more => count = count.saturating_add(more),
                }
            }
            Ok(count)
        })
        .map_err(|error| (why(&error), error.to_string()))?;
    let head = head.get(..count).unwrap_or_default();
    Capture::open(path.to_owned(), named, source, head)
        .ok_or_else(|| (NotRead::NotACapture, what_else(head)))
}

/// What files of other kinds begin with, and what to tell whoever has one.
const OTHER_KINDS: [(&[u8], &str); 7] = [
    (b"\x1f\x8b", "gzip-compressed; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed; decompress it first"),
    (b"\x04\x22\x4d\x18", "lz4-compressed; decompress it first"),
    (b"\xfd7zXZ\0", "xz-compressed; decompress it first"),
    (b"BZh", "bzip2-compressed; decompress it first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (
        b"snoop\0\0\0",
        "snoop capture; convert it with editcap -F pcap",
    ),
];

fn what_else(head: &[u8]) -> String {
    if head.is_empty() {
        return "the file is empty".to_owned();
    }
    if pcap::is_magic(head) {
        return format!(
            "cut in the middle of the pcap file header: {} of {} bytes",
            head.len(),
            pcap::FILE_HEADER
        );
    }
    let known = OTHER_KINDS
        .iter()
        .find(|(magic, _)| head.starts_with(magic));
    known
        .map_or("neither pcap nor pcapng", |(_, what)| what)
        .to_owned()
}

#[cfg(test)]
mod tests;

//! The captures in a tar archive. Each is a capture of its own, named after the archive and the member.
//!
//! A member's name is foreign. It becomes a name in the reports, and is never opened or looked for.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::source::archive::Archive;
use super::super::source::compression::Compression;
use super::super::source::file::StoredFile;
use super::super::source::unpacked::Stretch;
use super::super::tar;
use super::super::tar::Members;
use super::super::tar::Next;
use super::super::tar::ReadAt;
use super::Findings;
use super::NotRead;
use super::SetAside;
use super::recognise::Head;
use super::recognise::Kind;
use super::recognise::capture;
use super::recognise::why_not_inside;

/// Captures of one archive that are read: a ring of years. A small compressed archive could hold any number.
const MOST_CAPTURES: usize = 50_000;

/// Members of one archive that are told of, though they are no captures.
const MOST_OTHERS: usize = 1_000;

/// Damages that are told of one archive.
const MOST_DAMAGES: usize = 8;

/// Takes the captures of an archive that is not compressed: stretches of its file.
pub(super) fn plain(path: &Path, named: bool, file: &StoredFile, findings: &mut Findings) {
    let reader = match file.open() {
        Ok(reader) => reader,
        Err(error) => {
            let what = error.to_string();
            return findings.set_aside(path, named, super::why(&error), what);
        }
    };
    let mut listing = Listing::new(path, named, None);
    listing.take_all(
        &mut |offset, into| reader.read_at(offset, into),
        &|start, len| Stretch::OfFile(file.stretch(start, len)),
    );
    listing.finish(findings);
}

/// Takes the captures of an archive that is compressed as a whole.
pub(super) fn compressed(
    path: &Path,
    named: bool,
    file: StoredFile,
    compression: &'static Compression,
    findings: &mut Findings,
) {
    let archive = Arc::new(Archive::new(file, compression));
    let mut listing = Listing::new(path, named, Some(compression));
    listing.take_all(
        &mut |offset, into| archive.read_at(offset, into),
        &|start, len| {
            let archive = Arc::clone(&archive);
            Stretch::OfArchive {
                archive,
                start,
                len,
            }
        },
    );
    archive.rest(listing.last);
    listing.finish(findings);
}

/// What an archive has been found to hold.
struct Listing<'a> {
    path: &'a Path,
    named: bool,
    compression: Option<&'static Compression>,
    found: Findings,
    /// Files in it.
    files: u64,
    /// Members that are no captures and are not told of one by one.
    untold: u64,
    damage: Vec<String>,
    /// Where its last capture begins.
    last: u64,
}

impl<'a> Listing<'a> {
    fn new(path: &'a Path, named: bool, compression: Option<&'static Compression>) -> Self {
        Self {
            path,
            named,
            compression,
            found: Findings::default(),
            files: 0,
            untold: 0,
            damage: Vec::new(),
            last: 0,
        }
    }

    fn take_all(&mut self, read_at: &mut ReadAt<'_>, stretch: &dyn Fn(u64, u64) -> Stretch) {
        let mut members = Members::default();
        loop {
            match members.next(read_at) {
                Next::End => return,
                Next::Damaged(damage) => self.note(&damage),
                Next::Member(member) => {
                    let stretch = stretch(member.start, member.len);
                    self.take(&member, stretch);
                }
            }
            if self.found.captures.len() >= MOST_CAPTURES {
                let what =
                    format!("more than {MOST_CAPTURES} captures, the rest of which is not read");
                return self.damage.push(what);
            }
        }
    }

    fn take(&mut self, member: &tar::Member, stretch: Stretch) {
        let path = path_of(self.path, &member.name);
        let before = self.found.captures.len();
        match member.kind {
            tar::Kind::Nothing => return,
            tar::Kind::Special => self.set_aside(&path, NotRead::NotACapture, "not a regular file"),
            tar::Kind::Sparse => {
                let what = "stored as a sparse file; unpack the archive first";
                self.set_aside(&path, NotRead::Unreadable, what);
            }
            tar::Kind::File => self.recognise(&path, stretch),
        }
        self.files = self.files.saturating_add(1);
        if self.found.captures.len() > before {
            self.last = member.start;
        }
    }

    fn recognise(&mut self, path: &Path, stretch: Stretch) {
        let head = Head::of_stretch(&stretch);
        let (status, what) = match head.kind() {
            Kind::Capture => {
                let source = stretch.plain();
                return capture(path, self.path, false, source, &head, &mut self.found);
            }
            Kind::Compressed(compression) => {
                let source = stretch.clone().decompressed(compression);
                let inner = Head::of(&source);
                if matches!(inner.kind(), Kind::Capture) {
                    return capture(path, self.path, false, source, &inner, &mut self.found);
                }
                drop(source);
                let why = why_not_inside(compression, &inner);
                self.found.why_not(why, || stretch.bytes(Some(compression)))
            }
            Kind::Archive => {
                let what = "a tar archive inside an archive; unpack it first";
                (NotRead::NotACapture, what.to_owned())
            }
            Kind::Other => self.found.why_not(head.why_not(), || stretch.bytes(None)),
        };
        self.set_aside(path, status, &what);
    }

    fn set_aside(&mut self, path: &Path, status: NotRead, what: &str) {
        if self.found.others.len() < MOST_OTHERS {
            self.found.set_aside(path, false, status, what.to_owned());
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    fn note(&mut self, damage: &tar::Damage) {
        match self.damage.len() {
            ..MOST_DAMAGES => {
                let what = format!("damaged at byte {} ({})", damage.offset, damage.what);
                self.damage.push(what);
            }
            MOST_DAMAGES => self.damage.push("and more".to_owned()),
            _ => {}
        }
    }

    /// Hands everything over. Of an archive without a capture, one line says so; what is damaged is told in any case.
    fn finish(mut self, findings: &mut Findings) {
        let (path, named) = (self.path, self.named);
        let has_none = self.found.captures.is_empty();
        if has_none {
            let is_more = |other: &SetAside| other.status != NotRead::NotACapture;
            self.found.others.retain(is_more);
        }
        let packed = self.compression.map(|compression| compression.name);
        let packed = packed.map_or_else(String::new, |name| format!("{name}-compressed "));
        if !self.damage.is_empty() {
            let what = self.damage.join("; ");
            findings.set_aside(path, named, NotRead::Damaged, what);
        } else if has_none {
            let what = format!(
                "a {packed}tar archive of {} files, none of which is a capture",
                self.files
            );
            findings.set_aside(path, named, NotRead::NotACapture, what);
        } else if self.untold > 0 {
            let what = format!("{} more files in it are not read", self.untold);
            findings.set_aside(path, false, NotRead::NotACapture, what);
        }
        findings.captures.append(&mut self.found.captures);
        findings.others.append(&mut self.found.others);
        findings.key_logs.append(&mut self.found.key_logs);
    }
}

/// The name of a member in the reports: below that of its archive, whatever it claims to be.
fn path_of(archive: &Path, name: &[u8]) -> PathBuf {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    let mut path = OsString::from(archive);
    path.push("/");
    path.push(foreign(name));
    PathBuf::from(path)
}

#[cfg(unix)]
fn foreign(name: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(name)
}

#[cfg(not(unix))]
fn foreign(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

//! A regular file, read by position.
#![expect(clippy::disallowed_methods, reason = "capture/source opens captures")]

use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// A file that was found, or a stretch of one, and how long it was then. What is appended later is not read.
#[derive(Clone, Debug)]
pub(in crate::capture) struct StoredFile {
    path: PathBuf,
    /// Where the stretch begins in the file.
    start: u64,
    /// What of the stretch is there.
    pub(in crate::capture) len: u64,
    /// What should follow, and is not in the file.
    missing: u64,
    identity: Identity,
}

impl StoredFile {
    /// Takes note of a file; `metadata` is its own. The file need not be readable.
    pub(in crate::capture) fn new(path: &Path, metadata: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            start: 0,
            len: metadata.len(),
            missing: 0,
            identity: Identity::of(metadata),
        }
    }

    /// The `len` bytes from `start` on, or those of them that the file has.
    pub(in crate::capture) fn stretch(&self, start: u64, len: u64) -> Self {
        let there = self.len.saturating_sub(start).min(len);
        Self {
            start: self.start.saturating_add(start),
            len: there,
            missing: len.saturating_sub(there),
            ..self.clone()
        }
    }

    /// Opens the file. Fails where it is gone or another file has its name by now: a ring reuses names.
    pub(in crate::capture) fn open(&self) -> io::Result<OpenFile> {
        let file = File::open(&self.path)?;
        if Identity::of(&file.metadata()?) != self.identity {
            return Err(io::Error::other(
                "another file took its name while it was read",
            ));
        }
        Ok(OpenFile {
            file,
            start: self.start,
            len: self.len,
            missing: self.missing,
        })
    }
}

/// Reads a file forwards. It is open only while bytes are read, so that any number can be read side by side.
#[derive(Debug)]
pub(in crate::capture) struct Forwards {
    file: StoredFile,
    at: u64,
    meter: Meter,
}

/// How far a file has been read forwards.
pub(in crate::capture) type Meter = Arc<AtomicU64>;

impl Forwards {
    /// Reads `file` from its first byte, and keeps `meter` at the bytes that were read.
    pub(in crate::capture) fn new(file: StoredFile, meter: Meter) -> Self {
        meter.store(0, Ordering::Relaxed);
        Self { file, at: 0, meter }
    }
}

impl Read for Forwards {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.open()?.read_at(self.at, into)?;
        self.at = self.at.saturating_add(count as u64);
        self.meter.store(self.at, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file while it is being read, by one thread.
#[derive(Debug)]
pub(in crate::capture) struct OpenFile {
    file: File,
    start: u64,
    len: u64,
    missing: u64,
}

impl OpenFile {
    /// Where the file ends; `None` where it ends too early.
    pub(in crate::capture) const fn end(&self) -> Option<u64> {
        match self.missing {
            0 => Some(self.len),
            _ => None,
        }
    }

    /// Reads some bytes at `offset`, none beyond the length that the file had when it was found.
    pub(in crate::capture) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = into.len().min(rest);
        let into = into.get_mut(..wanted).unwrap_or_default();
        if into.is_empty() {
            return self.at_end(offset);
        }
        let place = self.start.saturating_add(offset);
        loop {
            match read_at(&self.file, place, into) {
                Ok(0) => {
                    return Err(io::Error::other(
                        "the file became shorter while it was read",
                    ));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn at_end(&self, offset: u64) -> io::Result<usize> {
        if self.missing > 0 && offset >= self.len {
            return Err(io::Error::other(format!(
                "the archive is cut here, {} bytes before this capture's end: was it copied whole?",
                self.missing
            )));
        }
        Ok(0)
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

/// Every walk opens the file for itself, so the position is its own.
#[cfg(not(unix))]
fn read_at(mut file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    use std::io::Read;
    use std::io::Seek;
    file.seek(io::SeekFrom::Start(offset))?;
    file.read(into)
}

/// What stays the same while a name means the same file; empty where the system does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(Option<(u64, u64)>);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(Some((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn stored(bytes: &[u8]) -> (tempfile::NamedTempFile, StoredFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let stored = StoredFile::new(file.path(), &file.as_file().metadata().unwrap());
        (file, stored)
    }

    #[test]
    fn what_is_appended_later_is_not_read() {
        let (mut file, stored) = stored(b"abcdef");
        file.write_all(b"ghi").unwrap();
        let mut into = [0; 16];
        let reader = stored.open().unwrap();
        assert_eq!(reader.read_at(2, &mut into).unwrap(), 4);
        assert_eq!(reader.read_at(6, &mut into).unwrap(), 0);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_and_no_end() {
        let (file, stored) = stored(b"abcdef");
        file.as_file().set_len(3).unwrap();
        let error = stored.open().unwrap().read_at(3, &mut [0; 3]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the file became shorter while it was read"
        );
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_name_is_not_read() {
        let (file, mut stored) = stored(b"abcdef");
        let (other, _) = self::stored(b"ABCDEF");
        stored.path = other.path().to_owned();
        assert!(stored.open().is_err());
        drop(file);
    }
}

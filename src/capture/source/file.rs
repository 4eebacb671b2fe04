//! A regular file, read by position.
#![expect(clippy::disallowed_methods, reason = "capture/source opens captures")]

use std::fs::File;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// A file that was found, and how long it was then. What is appended later is not read.
#[derive(Debug)]
pub(in crate::capture) struct StoredFile {
    path: PathBuf,
    pub(in crate::capture) len: u64,
    identity: Identity,
}

impl StoredFile {
    /// Takes note of a file; `metadata` is its own. The file need not be readable.
    pub(in crate::capture) fn new(path: &Path, metadata: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            len: metadata.len(),
            identity: Identity::of(metadata),
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
            len: self.len,
        })
    }
}

/// A file while it is being read, by one thread.
#[derive(Debug)]
pub(in crate::capture) struct OpenFile {
    file: File,
    pub(in crate::capture) len: u64,
}

impl OpenFile {
    /// Reads some bytes at `offset`, none beyond the length that the file had when it was found.
    pub(in crate::capture) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = into.len().min(rest);
        let into = into.get_mut(..wanted).unwrap_or_default();
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match read_at(&self.file, offset, into) {
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

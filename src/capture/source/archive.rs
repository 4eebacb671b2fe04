//! A compressed archive, whose members are read forwards from one decoder.
//!
//! Whoever is done with a member leaves the decoder behind for the next. Members that are read in the order of the
//! archive cost one decompression all together; in any other order they cost more and give the same. Nothing is ever
//! written to disk.

use std::fmt;
use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::compression::Compression;
use super::compression::Decoder;
use super::file::Forwards;
use super::file::Meter;
use super::file::StoredFile;

/// How much is decompressed at once of what is passed over.
const PASSED: usize = 16 << 10;

/// An archive that is compressed as a whole.
pub(in crate::capture) struct Archive {
    file: StoredFile,
    compression: &'static Compression,
    /// The decoder that was left behind, the furthest of several.
    left: Mutex<Option<Tape>>,
    /// Where the last member begins that will be read.
    last: AtomicU64,
}

/// A decoder, and how many bytes it has given.
struct Tape {
    decoder: Decoder,
    at: u64,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Archive({:?}, {})", self.file, self.compression.name)
    }
}

impl Archive {
    pub(in crate::capture) fn new(file: StoredFile, compression: &'static Compression) -> Self {
        Self {
            file,
            compression,
            left: Mutex::new(None),
            last: AtomicU64::new(u64::MAX),
        }
    }

    /// Reads some decompressed bytes at `offset`; 0 at the end alone. Cheap where the offsets only grow.
    pub(in crate::capture) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut tape = self.take(offset);
        let count = tape.wind(offset).and_then(|()| tape.read(into));
        self.leave(tape);
        count
    }

    /// Lets go of the decoder, for it needs memory. None will be kept behind `last`, where the last member begins that
    /// will be read.
    pub(in crate::capture) fn rest(&self, last: u64) {
        self.last.store(last, Ordering::Relaxed);
        *self.left() = None;
    }

    /// A decoder that has not passed `offset`.
    fn take(&self, offset: u64) -> Tape {
        let left = self.left().take();
        left.filter(|tape| tape.at <= offset).unwrap_or_else(|| {
            let file = Forwards::new(self.file.clone(), Meter::default());
            Tape {
                decoder: Decoder::new(self.compression, Box::new(file)),
                at: 0,
            }
        })
    }

    fn leave(&self, tape: Tape) {
        if tape.at > self.last.load(Ordering::Relaxed) {
            return;
        }
        let mut left = self.left();
        if left.as_ref().is_none_or(|other| other.at < tape.at) {
            *left = Some(tape);
        }
    }

    // A panic elsewhere leaves a whole tape or none.
    fn left(&self) -> MutexGuard<'_, Option<Tape>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    /// Decodes on to `offset`, or to the end.
    fn wind(&mut self, offset: u64) -> io::Result<()> {
        let mut passed = [0; PASSED];
        while self.at < offset {
            let rest = usize::try_from(offset.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let room = passed.get_mut(..rest.min(PASSED)).unwrap_or_default();
            if self.read(room)? == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl Read for Tape {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(into)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

/// A member, read forwards. Leaves the decoder behind when it is dropped.
pub(super) struct MemberReader {
    archive: Arc<Archive>,
    tape: Option<Tape>,
    at: u64,
    end: u64,
}

impl MemberReader {
    /// The `len` bytes from `start` on of the decompressed archive.
    pub(super) fn new(archive: Arc<Archive>, start: u64, len: u64) -> Self {
        Self {
            archive,
            tape: None,
            at: start,
            end: start.saturating_add(len),
        }
    }
}

impl Read for MemberReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        let room = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let into = into.get_mut(..room).unwrap_or_default();
        if into.is_empty() {
            return Ok(0);
        }
        let archive = &self.archive;
        let tape = self.tape.get_or_insert_with(|| archive.take(self.at));
        tape.wind(self.at)?;
        match tape.read(into)? {
            0 => Err(io::Error::other(format!(
                "the archive is cut here, {left} bytes before this capture's end: was it copied whole?"
            ))),
            count => {
                self.at = self.at.saturating_add(count as u64);
                Ok(count)
            }
        }
    }
}

impl Drop for MemberReader {
    fn drop(&mut self) {
        if let Some(tape) = self.tape.take() {
            self.archive.leave(tape);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::compression::packed;
    use super::*;

    const MEMBER: usize = 50_000;

    /// Three members in a row, each of one byte.
    fn archive() -> (tempfile::NamedTempFile, Arc<Archive>) {
        let bytes = [vec![1; MEMBER], vec![2; MEMBER], vec![3; MEMBER]].concat();
        let packed = packed::gzip(&bytes);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&packed).unwrap();
        let stored = StoredFile::new(file.path(), &file.as_file().metadata().unwrap());
        let archive = Archive::new(stored, Compression::of(&packed).unwrap());
        (file, Arc::new(archive))
    }

    fn member(archive: &Arc<Archive>, number: usize) -> MemberReader {
        MemberReader::new(Arc::clone(archive), (number * MEMBER) as u64, MEMBER as u64)
    }

    fn read(mut member: MemberReader) -> Vec<u8> {
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn members_are_the_same_in_any_order() {
        let (_file, archive) = archive();
        for number in [0, 1, 2, 1, 0, 2, 2, 0] {
            let expected = vec![u8::try_from(number).unwrap() + 1; MEMBER];
            assert_eq!(read(member(&archive, number)), expected);
        }
    }

    #[test]
    fn members_side_by_side_do_not_disturb_each_other() {
        let (_file, archive) = archive();
        let mut members = [2, 0, 1].map(|number: u8| (number, member(&archive, number.into())));
        for _ in 0..50 {
            for (number, member) in &mut members {
                let mut some = [0; 1000];
                member.read_exact(&mut some).unwrap();
                assert_eq!(some, [*number + 1; 1000]);
            }
        }
    }

    #[test]
    fn a_decoder_is_left_for_the_next_member_and_none_behind_the_last() {
        let (_file, archive) = archive();
        let left = || archive.left().as_ref().map(|tape| tape.at);
        archive.rest(MEMBER as u64);
        read(member(&archive, 0));
        assert_eq!(left(), Some(MEMBER as u64));
        let mut next = member(&archive, 1);
        next.read_exact(&mut [0; 10]).unwrap();
        assert_eq!(left(), None);
        read(next);
        assert_eq!(left(), None);
    }

    #[test]
    fn a_member_that_the_archive_ends_in_is_cut() {
        let (_file, archive) = archive();
        let mut beyond = MemberReader::new(Arc::clone(&archive), 100_000, 60_000);
        let mut bytes = Vec::new();
        let error = beyond.read_to_end(&mut bytes).unwrap_err();
        assert_eq!(bytes.len(), 50_000);
        assert_eq!(
            error.to_string(),
            "the archive is cut here, 10000 bytes before this capture's end: was it copied whole?"
        );
    }
}

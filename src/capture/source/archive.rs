//! A compressed archive, whose members are read forwards from one decoder.
//!
//! Whoever is done with a member leaves the decoder behind, for the next member that lies further on. Members that are
//! read in the order of the archive cost one decompression all together. In any other order they give the same, and
//! cost as many as there are members in the longest row that goes backwards, as long as enough decoders may be left:
//! some 30 of 200 members in no order. Nothing is ever written to disk.

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
    /// The decoders that were left behind.
    left: Mutex<Vec<Tape>>,
    /// Where the last member begins that will be read.
    last: AtomicU64,
}

/// A decoder, and how many bytes it has given.
struct Tape {
    decoder: Decoder,
    at: u64,
    /// Bytes that were looked at and come again, before those of the decoder.
    again: Vec<u8>,
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
            left: Mutex::new(Vec::new()),
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

    /// Reads the bytes at `offset`, fewer than there is room for at the end alone, and does not pass them: whoever
    /// reads there next needs no other decoder. How many there are, and why there are no more.
    pub(in crate::capture) fn peek(
        &self,
        offset: u64,
        into: &mut [u8],
    ) -> (usize, Option<io::Error>) {
        let mut tape = self.take(offset);
        let mut count = 0;
        let mut error = tape.wind(offset).err();
        while let Some(rest) = into.get_mut(count..).filter(|rest| !rest.is_empty())
            && error.is_none()
        {
            match tape.read(rest) {
                Ok(0) => break,
                Ok(more) => count = count.saturating_add(more),
                Err(failed) => error = Some(failed),
            }
        }
        tape.put_back(into.get(..count).unwrap_or_default());
        self.leave(tape);
        (count, error)
    }

    /// Lets go of the decoders, for they need memory. None will be kept behind `last`, where the last member begins that
    /// will be read.
    pub(in crate::capture) fn rest(&self, last: u64) {
        self.last.store(last, Ordering::Relaxed);
        self.left().clear();
    }

    /// The decoder that has come closest to `offset` and not passed it.
    fn take(&self, offset: u64) -> Tape {
        let mut left = self.left();
        let before = left
            .iter()
            .enumerate()
            .filter(|(_, tape)| tape.at <= offset);
        match before
            .max_by_key(|(_, tape)| tape.at)
            .map(|(place, _)| place)
        {
            Some(place) => left.swap_remove(place),
            None => Tape::new(&self.file, self.compression),
        }
    }

    fn leave(&self, tape: Tape) {
        if tape.at > self.last.load(Ordering::Relaxed) {
            return;
        }
        let mut left = self.left();
        left.push(tape);
        if left.len() > self.compression.most_left {
            // The one at the beginning is the easiest to have again.
            let least = left.iter().enumerate().min_by_key(|(_, tape)| tape.at);
            if let Some(place) = least.map(|(place, _)| place) {
                left.swap_remove(place);
            }
        }
    }

    // A panic elsewhere leaves whole tapes.
    fn left(&self) -> MutexGuard<'_, Vec<Tape>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    fn new(file: &StoredFile, compression: &'static Compression) -> Self {
        let file = Forwards::new(file.clone(), Meter::default());
        Self {
            decoder: Decoder::new(compression, Box::new(file)),
            at: 0,
            again: Vec::new(),
        }
    }

    /// Makes the bytes that were read last come again.
    fn put_back(&mut self, bytes: &[u8]) {
        self.at = self.at.saturating_sub(bytes.len() as u64);
        self.again.splice(..0, bytes.iter().copied());
    }

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
        let count = if self.again.is_empty() {
            self.decoder.read(into)?
        } else {
            let count = self.again.len().min(into.len());
            for (room, byte) in into.iter_mut().zip(self.again.drain(..count)) {
                *room = byte;
            }
            count
        };
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
        let left = || archive.left().first().map(|tape| tape.at);
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
    fn what_is_looked_at_is_read_again_by_the_same_decoder() {
        let (_file, archive) = archive();
        let second = MEMBER as u64;
        for _ in 0..3 {
            let mut head = [0; 512];
            assert!(matches!(archive.peek(second, &mut head), (512, None)));
            assert_eq!(head, [2; 512]);
        }
        let at = |tape: &Tape| tape.at;
        assert_eq!(archive.left().iter().map(at).collect::<Vec<_>>(), [second]);
        assert_eq!(read(member(&archive, 1)), vec![2; MEMBER]);
        assert_eq!(
            archive.left().iter().map(at).collect::<Vec<_>>(),
            [2 * second]
        );
        let mut end = [0; 512];
        assert!(matches!(
            archive.peek(3 * second - 10, &mut end),
            (10, None)
        ));
    }

    #[test]
    fn several_decoders_are_left_and_not_too_many() {
        let (_file, archive) = archive();
        let mut readers: Vec<MemberReader> = (0..300).map(|_| member(&archive, 0)).collect();
        for (count, reader) in readers.iter_mut().enumerate() {
            reader.read_exact(&mut vec![0; count + 1]).unwrap();
        }
        drop(readers);
        let left: Vec<u64> = archive.left().iter().map(|tape| tape.at).collect();
        assert_eq!(left.len(), archive.compression.most_left);
        assert_eq!(left.iter().max(), Some(&300));
        assert_eq!(archive.take(150).at, 150);
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

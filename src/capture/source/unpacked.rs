//! What can be read forwards as often as one likes: compressed files, and what lies in archives.
//!
//! Nothing is held of what nobody reads: a decoder begins with the first byte that is wanted, keeps what has not been
//! released, and goes when the end is reached. Whoever wants bytes that were released gets a new one.

use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::Ordering;

use super::Source;
use super::archive::Archive;
use super::archive::MemberReader;
use super::compression::Compression;
use super::compression::Decoder;
use super::file::Forwards;
use super::file::Meter;
use super::file::StoredFile;
use super::stream::Stream;

/// Bytes that lie somewhere, compressed or not.
#[derive(Clone, Debug)]
pub(in crate::capture) enum Stretch {
    /// A file, or a part of one.
    OfFile(StoredFile),
    /// `len` bytes from `start` on of a compressed archive.
    OfArchive {
        archive: Arc<Archive>,
        start: u64,
        len: u64,
    },
}

impl Stretch {
    /// The length in bytes.
    pub(in crate::capture) const fn len(&self) -> u64 {
        match self {
            Self::OfFile(file) => file.len,
            Self::OfArchive { len, .. } => *len,
        }
    }

    /// The bytes as they are.
    pub(in crate::capture) fn plain(self) -> Source {
        match self {
            Self::OfFile(file) => Source::File(file),
            Self::OfArchive { .. } => Source::Unpacked(Unpacked::new(self, None)),
        }
    }

    /// The bytes before they were compressed.
    pub(in crate::capture) fn decompressed(self, compression: &'static Compression) -> Source {
        Source::Unpacked(Unpacked::new(self, Some(compression)))
    }

    /// The bytes from the first on, decompressed where `compression` says how.
    pub(in crate::capture) fn bytes(
        &self,
        compression: Option<&'static Compression>,
    ) -> Box<dyn Read + Send + Sync> {
        self.metered(compression, &Meter::default())
    }

    fn metered(
        &self,
        compression: Option<&'static Compression>,
        meter: &Meter,
    ) -> Box<dyn Read + Send + Sync> {
        let stored = self.forwards(meter);
        match compression {
            Some(compression) => Box::new(Decoder::new(compression, stored)),
            None => stored,
        }
    }

    fn forwards(&self, meter: &Meter) -> Box<dyn Read + Send + Sync> {
        match self {
            Self::OfFile(file) => Box::new(Forwards::new(file.clone(), Arc::clone(meter))),
            Self::OfArchive {
                archive,
                start,
                len,
            } => {
                meter.store(0, Ordering::Relaxed);
                let member = MemberReader::new(Arc::clone(archive), *start, *len);
                Box::new(Metered(member, Arc::clone(meter)))
            }
        }
    }
}

/// A member that counts what is read of it.
struct Metered(MemberReader, Meter);

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A source that begins anew where it is asked for what it has let go.
#[derive(Debug)]
pub(in crate::capture) struct Unpacked {
    stretch: Stretch,
    compression: Option<&'static Compression>,
    meter: Meter,
    stream: RwLock<Option<Arc<Stream>>>,
}

impl Unpacked {
    fn new(stretch: Stretch, compression: Option<&'static Compression>) -> Self {
        Self {
            stretch,
            compression,
            meter: Meter::default(),
            stream: RwLock::new(None),
        }
    }

    /// How long it is where it lies: of compressed bytes, how many these are.
    pub(in crate::capture) const fn stored_len(&self) -> u64 {
        self.stretch.len()
    }

    /// How many of [`Unpacked::stored_len`] have been read since it began.
    pub(in crate::capture) fn stored_read(&self) -> u64 {
        self.meter.load(Ordering::Relaxed).min(self.stored_len())
    }

    /// As [`Stream::read_to`].
    pub(in crate::capture) fn read_to(&self, until: u64) -> Result<(u64, bool), u64> {
        self.stream(until).read_to(until)
    }

    /// As [`Stream::read_at`], but that nothing is given up for good.
    pub(in crate::capture) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.stream(offset).read_at(offset, into)
    }

    /// Where it ends, once that is known.
    pub(in crate::capture) fn end(&self) -> Option<u64> {
        self.current()?.end()
    }

    /// Forgets what lies before `before`, until it is asked for again.
    pub(in crate::capture) fn release(&self, before: u64) {
        if let Some(stream) = self.current() {
            stream.release(before);
        }
    }

    /// Lets go of everything, until it is asked for again.
    pub(in crate::capture) fn rest(&self) {
        *self.stream.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn current(&self) -> Option<Arc<Stream>> {
        let stream = self.stream.read().unwrap_or_else(PoisonError::into_inner);
        stream.as_ref().map(Arc::clone)
    }

    /// A stream that still has the byte at `offset`.
    fn stream(&self, offset: u64) -> Arc<Stream> {
        let has_it = |stream: &Arc<Stream>| stream.start() <= offset;
        if let Some(stream) = self.current().filter(has_it) {
            return stream;
        }
        let mut slot = self.stream.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = slot.as_ref().filter(|stream| has_it(stream)) {
            return Arc::clone(stream);
        }
        // Whoever read before is gone before the next begins: an archive has one decoder to leave behind.
        *slot = None;
        let bytes = self.stretch.metered(self.compression, &self.meter);
        let stream = Arc::new(Stream::new(bytes));
        *slot = Some(Arc::clone(&stream));
        stream
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::compression::packed;
    use super::*;

    /// What a compressed file holds, and the file.
    fn unpacked(bytes: &[u8]) -> (tempfile::NamedTempFile, Unpacked) {
        let packed = packed::gzip(bytes);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&packed).unwrap();
        let stored = StoredFile::new(file.path(), &file.as_file().metadata().unwrap());
        let stretch = Stretch::OfFile(stored);
        (file, Unpacked::new(stretch, Compression::of(&packed)))
    }

    fn numbered(len: usize) -> Vec<u8> {
        (0..=250).cycle().take(len).collect()
    }

    #[test]
    fn it_is_read_by_position_and_once_more_when_it_was_released() {
        let bytes = numbered(2_000_000);
        let (_file, unpacked) = unpacked(&bytes);
        let mut into = [0; 100];
        for _ in 0..2 {
            for at in [0, 24, 700_000, 1_999_900] {
                assert_eq!(unpacked.read_at(at as u64, &mut into).unwrap(), 100);
                assert_eq!(into, bytes[at..at + 100]);
                unpacked.release(at as u64);
            }
            assert_eq!(unpacked.read_at(2_000_000, &mut into).unwrap(), 0);
            assert_eq!(unpacked.end(), Some(2_000_000));
            assert_eq!(unpacked.stored_read(), unpacked.stored_len());
            unpacked.release(2_000_000);
            assert_eq!(unpacked.end(), Some(2_000_000));
        }
    }

    #[test]
    fn nothing_is_held_before_it_is_read_and_after_its_end() {
        let (_file, unpacked) = unpacked(&numbered(1000));
        assert!(unpacked.current().is_none());
        unpacked.read_to(u64::MAX >> 32).unwrap();
        assert_eq!(unpacked.current().unwrap().kept_bytes(), 256 << 10);
        unpacked.release(1000);
        assert_eq!(unpacked.current().unwrap().kept_bytes(), 0);
        unpacked.read_at(0, &mut [0; 10]).unwrap();
        unpacked.rest();
        assert!(unpacked.current().is_none());
    }

    #[test]
    fn a_file_whose_name_another_took_meanwhile_is_not_read() {
        let (file, unpacked) = unpacked(&numbered(1000));
        let path = file.path().to_owned();
        let (other, _) = self::unpacked(&numbered(2000));
        std::fs::rename(other.path(), path).unwrap();
        let error = unpacked.read_at(0, &mut [0; 10]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "another file took its name while it was read"
        );
    }
}

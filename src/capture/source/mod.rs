//! Where the bytes of a capture come from: a file on disk, what is compressed or lies in an archive there, or something
//! that can be read only once.
//!
//! Files are read by position and never mapped: a ring that is still being written may shrink or vanish under the
//! reader, and a mapping would end the program there. A file is open only while it is being read, so a ring of any
//! length needs few descriptors.

pub(super) mod archive;
pub(super) mod compression;
pub(super) mod file;
pub(super) mod stream;
pub(super) mod unpacked;
pub(super) mod window;

use std::io;

use self::file::OpenFile;
use self::file::StoredFile;
use self::stream::Stream;
use self::unpacked::Unpacked;

/// What a capture is read from.
#[derive(Debug)]
pub(super) enum Source {
    /// A regular file, or a stretch of one.
    File(StoredFile),
    /// What is decompressed, or lies in a compressed archive.
    Unpacked(Unpacked),
    /// Standard input, or a named pipe.
    Stream(Stream),
}

impl Source {
    /// Makes the source readable for one walk. Fails where the file is gone, is another one by now, or may not be read.
    pub(super) fn open(&self) -> io::Result<Reader<'_>> {
        match self {
            Self::File(file) => Ok(Reader::File(file.open()?)),
            Self::Unpacked(unpacked) => Ok(Reader::Unpacked(unpacked)),
            Self::Stream(stream) => Ok(Reader::Stream(stream)),
        }
    }

    /// Says that nothing before `before` will be read again.
    pub(super) fn release(&self, before: u64) {
        match self {
            Self::File(_) => {}
            Self::Unpacked(unpacked) => unpacked.release(before),
            Self::Stream(stream) => stream.release(before),
        }
    }

    /// Lets go of what reading needs, where it can begin anew.
    pub(super) fn rest(&self) {
        if let Self::Unpacked(unpacked) = self {
            unpacked.rest();
        }
    }
}

/// A source while it is being read.
#[derive(Debug)]
pub(super) enum Reader<'s> {
    /// A regular file, as long as it was when it was found.
    File(OpenFile),
    /// What is decompressed while it is read.
    Unpacked(&'s Unpacked),
    /// What can be read only once.
    Stream(&'s Stream),
}

impl Reader<'_> {
    /// Reads some bytes at `offset`; 0 at the end alone. Fails as the operating system says, or where a file ends
    /// before the length that it had when it was found.
    pub(super) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_at(offset, into),
            Self::Unpacked(unpacked) => unpacked.read_at(offset, into),
            Self::Stream(stream) => stream.read_at(offset, into),
        }
    }

    /// Where the source ends, in bytes, as far as that is known.
    pub(super) fn end(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.end(),
            Self::Unpacked(unpacked) => unpacked.end(),
            Self::Stream(stream) => stream.end(),
        }
    }

    /// Says that nothing before `before` will be read again.
    pub(super) fn release(&self, before: u64) {
        match self {
            Self::File(_) => {}
            Self::Unpacked(unpacked) => unpacked.release(before),
            Self::Stream(stream) => stream.release(before),
        }
    }
}

//! The stretch of a source that a walk has in memory.

use std::io;

use super::Reader;

/// How much of a source is read at first: many a search and a damaged stretch ends after a few records.
const FIRST: usize = 16 << 10;

/// How much of a source is read at once in the end: it fits the second-level cache, so the walk over it finds it
/// there. A whole record is held even where it is longer.
pub(in crate::capture) const BUFFER: usize = 256 << 10;

/// A buffer that slides over a source and carries the unread tail along.
#[derive(Debug)]
pub(in crate::capture) struct Window<'s> {
    reader: Reader<'s>,
    /// How much is read at once: twice as much each time, up to `most`.
    buffer: usize,
    most: usize,
    /// Beyond this, no more is read at once than is needed.
    until: u64,
    bytes: Vec<u8>,
    /// The offset of the first byte that is held.
    start: u64,
    held: usize,
}

impl<'s> Window<'s> {
    /// A window that reads up to `most` bytes at once, and ahead up to `until`.
    pub(in crate::capture) fn new(reader: Reader<'s>, most: usize, until: u64) -> Self {
        Self {
            reader,
            buffer: FIRST,
            most,
            until,
            bytes: Vec::new(),
            start: 0,
            held: 0,
        }
    }

    /// The same with a buffer that served before, so that it need not be made. It is filled at once as far as it goes.
    pub(in crate::capture) fn reading_into(self, bytes: Vec<u8>) -> Self {
        Self {
            buffer: bytes.len().clamp(self.buffer, self.most.max(self.buffer)),
            bytes,
            ..self
        }
    }

    /// Gives the buffer back. It is no longer than it needs to be for records of the usual length.
    pub(in crate::capture) fn take_buffer(&mut self) -> Vec<u8> {
        self.held = 0;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(self.most);
        bytes.shrink_to(self.most);
        bytes
    }

    /// Moves on so that `need` bytes from `offset` on are held, and gives all that are held from there: fewer than
    /// `need` only where the source ends. Fails as [`Reader::read_at`] does.
    pub(in crate::capture) fn hold(&mut self, offset: u64, need: usize) -> io::Result<&[u8]> {
        if self.from(offset).len() < need {
            self.refill(offset, need)?;
        }
        Ok(self.from(offset))
    }

    /// Copies the bytes at `offset` and tells how many there are, without moving on.
    pub(in crate::capture) fn peek(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if let Some(bytes) = self.from(offset).get(..into.len()) {
            into.copy_from_slice(bytes);
            return Ok(into.len());
        }
        let mut count = 0;
        while let Some(rest) = into.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match self
                .reader
                .read_at(offset.saturating_add(count as u64), rest)?
            {
                0 => break,
                more => count = count.saturating_add(more),
            }
        }
        Ok(count)
    }

    /// Where the source ends, as far as that is known.
    pub(in crate::capture) fn end(&self) -> Option<u64> {
        self.reader.end()
    }

    /// Says that nothing before `before` will be read again, by anyone.
    pub(in crate::capture) fn release(&self, before: u64) {
        self.reader.release(before);
    }

    /// What is held from `offset` on.
    #[inline]
    fn from(&self, offset: u64) -> &[u8] {
        let passed = offset
            .checked_sub(self.start)
            .and_then(|passed| usize::try_from(passed).ok());
        passed
            .and_then(|passed| self.bytes.get(passed..self.held))
            .unwrap_or_default()
    }

    fn refill(&mut self, offset: u64, need: usize) -> io::Result<()> {
        let carried = self.from(offset).len();
        let passed = self.held.saturating_sub(carried);
        self.bytes.copy_within(passed..self.held, 0);
        self.start = offset;
        self.held = carried;
        let ahead = usize::try_from(self.until.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut wanted = ahead.min(self.buffer).max(need);
        self.buffer = self.buffer.saturating_mul(2).min(self.most);
        if let Some(end) = self.reader.end() {
            let rest = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
            wanted = wanted.min(rest);
        }
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        while self.held < need.min(wanted) {
            let room = self.bytes.get_mut(self.held..wanted).unwrap_or_default();
            let at = self.start.saturating_add(self.held as u64);
            match self.reader.read_at(at, room)? {
                0 => break,
                count => self.held = self.held.saturating_add(count),
            }
        }
        Ok(())
    }
}

//! What can be read only once, forwards: standard input and named pipes.
//!
//! What was read is kept in blocks until it is released, so that several walks can read it by position as they would
//! a file.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::io::Read;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;

/// The unit in which bytes are kept and forgotten. Each capture that is read as a stream holds one at least, so it is
/// no longer than what a walk reads at once.
const BLOCK: usize = 256 << 10;
/// [`BLOCK`] as a length in a file.
const BLOCK_LEN: u64 = 256 << 10;

/// How many bytes are kept at most: several windows of 64 MiB for each of 32 threads, and no more than a machine has.
pub(in crate::capture) const MOST_HELD: u64 = 4 << 30;

/// Input that is read forwards and kept until it is released.
pub(in crate::capture) struct Stream {
    kept: RwLock<Kept>,
}

struct Kept {
    input: Box<dyn Read + Send + Sync>,
    blocks: VecDeque<Box<[u8]>>,
    /// The offset of the first kept block, a multiple of [`BLOCK`] as long as one is kept.
    start: u64,
    /// How far the input has been read.
    read: u64,
    /// Set once nothing more will come.
    over: Option<Over>,
}

#[derive(Clone, Debug)]
enum Over {
    End,
    Failed(String),
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        write!(
            formatter,
            "Stream({}..{}, over: {:?})",
            kept.start, kept.read, kept.over
        )
    }
}

impl Stream {
    /// A stream that reads `input` from its first byte.
    pub(in crate::capture) fn new(input: Box<dyn Read + Send + Sync>) -> Self {
        let kept = Kept {
            input,
            blocks: VecDeque::new(),
            start: 0,
            read: 0,
            over: None,
        };
        Self {
            kept: RwLock::new(kept),
        }
    }

    /// Reads on until the bytes before `until` are kept, or nothing more comes: then `Ok` with how far it went and
    /// whether that is the end. Fails where more would have to be kept than [`MOST_HELD`].
    pub(in crate::capture) fn read_to(&self, until: u64) -> Result<(u64, bool), u64> {
        let mut kept = self.kept_mut();
        if until.saturating_sub(kept.start) > MOST_HELD {
            return Err(kept.start);
        }
        while kept.read < until && kept.over.is_none() {
            kept.read_on();
        }
        Ok((
            kept.read.min(until),
            kept.over.is_some() && kept.read <= until,
        ))
    }

    /// Copies some kept bytes at `offset`, and reads on where they have not been read yet; 0 at the end alone.
    pub(in crate::capture) fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let kept = self.kept();
            if offset < kept.start {
                return Err(io::Error::other("these bytes were given up already"));
            }
            if offset < kept.read {
                return Ok(kept.copy(offset, into));
            }
            match &kept.over {
                Some(Over::End) => return Ok(0),
                Some(Over::Failed(what)) => return Err(io::Error::other(what.clone())),
                None => {}
            }
            drop(kept);
            let mut kept = self.kept_mut();
            if kept.read <= offset && kept.over.is_none() {
                if kept.read.saturating_sub(kept.start) >= MOST_HELD {
                    return Err(io::Error::other("too much of the input would be kept"));
                }
                kept.read_on();
            }
        }
    }

    /// Where the input ends, once that is known. Where reading fails is no end.
    pub(in crate::capture) fn end(&self) -> Option<u64> {
        let kept = self.kept();
        matches!(kept.over, Some(Over::End)).then_some(kept.read)
    }

    /// The first byte that has not been forgotten.
    pub(in crate::capture) fn start(&self) -> u64 {
        self.kept().start
    }

    /// Forgets what lies before `before`, by whole blocks; and all where nothing more comes.
    pub(in crate::capture) fn release(&self, before: u64) {
        let kept = self.kept();
        let is_all = kept.over.is_some() && kept.read <= before;
        if !is_all && before < kept.start.saturating_add(BLOCK_LEN) {
            return;
        }
        drop(kept);
        let mut kept = self.kept_mut();
        if is_all {
            kept.blocks = VecDeque::new();
            kept.start = kept.read;
        }
        while kept.start.saturating_add(BLOCK_LEN) <= before.min(kept.read) {
            if kept.blocks.pop_front().is_none() {
                break;
            }
            kept.start = kept.start.saturating_add(BLOCK_LEN);
        }
    }

    // A panic elsewhere leaves whole blocks behind: what they hold is still right.
    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_mut(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// One read from the input, into the room that is left in the last block.
    fn read_on(&mut self) {
        let (index, within) = place(self.read.saturating_sub(self.start));
        if index == self.blocks.len() {
            self.blocks.push_back(vec![0; BLOCK].into_boxed_slice());
        }
        let block = self.blocks.get_mut(index);
        let room = block.and_then(|block| block.get_mut(within..));
        match self.input.read(room.unwrap_or_default()) {
            Ok(0) => self.over = Some(Over::End),
            Ok(count) => self.read = self.read.saturating_add(count as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.over = Some(Over::Failed(error.to_string())),
        }
        if self.over.is_some() {
            // A decoder and its window go with the input.
            self.input = Box::new(io::empty());
        }
    }

    fn copy(&self, offset: u64, mut into: &mut [u8]) -> usize {
        let most = usize::try_from(self.read.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = into.len().min(most);
        into = into.get_mut(..wanted).unwrap_or_default();
        let (first, mut within) = place(offset.saturating_sub(self.start));
        for block in self.blocks.range(first.min(self.blocks.len())..) {
            let part = block.get(within..).unwrap_or_default();
            let count = part.len().min(into.len());
            let (head, rest) = into.split_at_mut(count);
            head.copy_from_slice(part.get(..count).unwrap_or_default());
            into = rest;
            within = 0;
            if into.is_empty() {
                break;
            }
        }
        wanted.saturating_sub(into.len())
    }
}

/// Which block, and where in it, `kept` bytes after the first kept one.
fn place(kept: u64) -> (usize, usize) {
    let index = usize::try_from(kept / BLOCK_LEN).unwrap_or(usize::MAX);
    let within = usize::try_from(kept % BLOCK_LEN).unwrap_or(0);
    (index, within)
}

#[cfg(test)]
impl Stream {
    /// How much memory its blocks have.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept().blocks.len() * BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in reads of at most 1,000, then fails.
    struct Failing(io::Cursor<Vec<u8>>);

    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = into.len().min(1000);
            match self.0.read(&mut into[..count])? {
                0 => Err(io::Error::other("the cable was pulled")),
                count => Ok(count),
            }
        }
    }

    fn numbered(len: usize) -> Vec<u8> {
        (0..=250).cycle().take(len).collect()
    }

    #[test]
    fn bytes_can_be_read_by_position_and_across_blocks() {
        let bytes = numbered(3 * BLOCK + 500);
        let stream = Stream::new(Box::new(io::Cursor::new(bytes.clone())));
        assert_eq!(
            stream.read_to(u64::from(u32::MAX)),
            Ok((bytes.len() as u64, true))
        );
        let mut into = vec![0; BLOCK + 100];
        assert_eq!(
            stream.read_at(BLOCK_LEN - 50, &mut into).unwrap(),
            BLOCK + 100
        );
        assert_eq!(into, bytes[BLOCK - 50..2 * BLOCK + 50]);
        assert_eq!(
            stream.read_at(bytes.len() as u64 - 3, &mut into).unwrap(),
            3
        );
        assert_eq!(stream.read_at(bytes.len() as u64, &mut into).unwrap(), 0);
    }

    #[test]
    fn released_bytes_are_forgotten_by_whole_blocks_and_said_to_be() {
        let stream = Stream::new(Box::new(io::Cursor::new(numbered(3 * BLOCK))));
        stream.read_to(3 * BLOCK_LEN).unwrap();
        stream.release(2 * BLOCK_LEN - 1);
        assert!(stream.read_at(BLOCK_LEN - 1, &mut [0; 4]).is_err());
        assert_eq!(stream.read_at(BLOCK_LEN, &mut [0; 4]).unwrap(), 4);
        assert_eq!(stream.kept().blocks.len(), 2);
    }

    #[test]
    fn what_came_before_an_error_is_read_and_then_the_error() {
        let stream = Stream::new(Box::new(Failing(io::Cursor::new(numbered(2500)))));
        assert_eq!(stream.read_to(5000), Ok((2500, true)));
        assert_eq!(stream.read_at(2000, &mut [0; 1000]).unwrap(), 500);
        let error = stream.read_at(2500, &mut [0; 10]).unwrap_err();
        assert_eq!(error.to_string(), "the cable was pulled");
    }

    #[test]
    fn an_error_is_no_end_and_nothing_is_kept_when_all_before_it_is_released() {
        let stream = Stream::new(Box::new(Failing(io::Cursor::new(numbered(2500)))));
        stream.read_to(5000).unwrap();
        assert_eq!((stream.end(), stream.kept_bytes()), (None, BLOCK));
        stream.release(2500);
        assert_eq!((stream.start(), stream.kept_bytes()), (2500, 0));
        assert!(stream.read_at(2500, &mut [0; 10]).is_err());
    }

    #[test]
    fn more_than_the_bound_is_refused_and_nothing_is_read() {
        let stream = Stream::new(Box::new(io::repeat(0)));
        assert_eq!(stream.read_to(MOST_HELD + 1), Err(0));
        assert_eq!(stream.read_to(10).unwrap().0, 10);
    }
}

//! What a decoder reads from.

use std::fmt;
use std::io;
use std::io::Read;

use super::Progress;

/// How much is read at once: the file is opened anew for each, and this is many times what that costs.
const BUFFER: usize = 64 << 10;

/// Compressed bytes, read forwards, with a look at what comes. Knows where it is and why it can't go on.
pub(super) struct Input {
    bytes: Box<dyn Read + Send + Sync>,
    held: Box<[u8]>,
    /// The bytes of `held` that have not been consumed.
    start: usize,
    end: usize,
    passed: u64,
    is_over: bool,
    is_wanting: bool,
    error: Option<io::Error>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}, over: {}", self.passed, self.is_over)
    }
}

impl Input {
    pub(super) fn new(bytes: Box<dyn Read + Send + Sync>) -> Self {
        Self {
            bytes,
            held: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            passed: 0,
            is_over: false,
            is_wanting: false,
            error: None,
        }
    }

    /// How many bytes were consumed.
    pub(super) const fn passed(&self) -> u64 {
        self.passed
    }

    /// True where more was wanted than there is.
    pub(super) const fn is_wanting(&self) -> bool {
        self.is_wanting
    }

    /// Why nothing more could be read, where that was the operating system's word.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// The next bytes, at least one; none at the end alone.
    pub(super) fn fill(&mut self) -> Result<&[u8], String> {
        if let Err(error) = self.peek(1).map(|_| ()) {
            let what = error.to_string();
            self.error = Some(error);
            return Err(what);
        }
        self.is_wanting |= self.held().is_empty();
        Ok(self.held())
    }

    /// The next bytes, `count` of them or more; fewer at the end alone. `count` is [`BUFFER`] at most.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.held().len() < count && !self.is_over {
            self.held.copy_within(self.start..self.end, 0);
            self.end = self.end.saturating_sub(self.start);
            self.start = 0;
        }
        while self.held().len() < count && !self.is_over {
            let room = self.held.get_mut(self.end..).unwrap_or_default();
            match self.bytes.read(room) {
                Ok(0) => self.is_over = true,
                Ok(more) => self.end = self.end.saturating_add(more).min(BUFFER),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.held())
    }

    /// The next `N` bytes, which are consumed.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut taken = [0; N];
        self.read_exact(&mut taken)
            .map_err(|error| error.to_string())?;
        Ok(taken)
    }

    /// Says that `count` of the next bytes are done with.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.held().len());
        self.start = self.start.saturating_add(count);
        self.passed = self.passed.saturating_add(count as u64);
    }

    /// Passes over what a skippable frame holds, of which `left` bytes are left.
    pub(super) fn skip(&mut self, left: &mut u32) -> Result<Progress, String> {
        if *left == 0 {
            return Ok(Progress::Over);
        }
        let held = self.fill()?.len();
        if held == 0 {
            return Err("its end is missing".to_owned());
        }
        let count = held.min(usize::try_from(*left).unwrap_or(usize::MAX));
        self.consume(count);
        *left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(Progress::More)
    }

    fn held(&self) -> &[u8] {
        self.held.get(self.start..self.end).unwrap_or_default()
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let held = self.fill().map_err(io::Error::other)?;
        let count = held.len().min(into.len());
        if let (Some(room), Some(next)) = (into.get_mut(..count), held.get(..count)) {
            room.copy_from_slice(next);
        }
        self.consume(count);
        Ok(count)
    }
}

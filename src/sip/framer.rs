//! One direction of a byte stream to messages (RFC 3261 §18.3).
//!
//! A message is handed out as soon as its last byte is there, straight from the bytes that were fed
//! where nothing of it had to be kept. What is kept is one beginning of a message, never more than
//! [`MAX_MESSAGE`] and what was fed last. After damage the framer goes on at the next line that is
//! a start line.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;
use memchr::memrchr;

use super::framing::ContentLength;
use super::framing::MAX_HEAD;
use super::framing::MAX_MESSAGE;
use super::framing::Wholeness;
use super::framing::header_values;
use super::framing::skip_blanks;
use super::head::Head;
use super::header::HeaderName;
use super::start_line::is_familiar_start_line;
use super::start_line::is_start_line;
use super::start_line::may_become_start_line;

/// Bytes that are kept of a line that may still become a start line. It holds any Request-URI that
/// was ever seen.
const MAX_START_LINE: usize = 8 * 1024;

/// Capacity that the buffer may keep while it is empty, so that thousands of idle connections cost
/// little.
const MAX_IDLE_CAPACITY: usize = 16 * 1024;

/// What every start line has.
static VERSION: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"SIP/2.0"));

/// Cuts one direction of a byte stream into messages.
#[derive(Debug)]
pub struct Framer {
    /// The beginning of a message that is not whole yet.
    buffer: Vec<u8>,
    wait: Wait,
    /// False where bytes before the next ones are missing or were dropped inside a line.
    is_at_line_start: bool,
    has_seen_sip: bool,
    skipped: u64,
    lost: u64,
}

/// What the bytes at hand are waiting for. Offsets count from the beginning of the message.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// The end of a start line.
    StartLine,
    /// The blank line after the headers; the lines before `searched` were looked at, the start line alone or more.
    HeadEnd { searched: usize, is_begun: bool },
    /// The last byte of the body; the lines before `searched` were looked at.
    Body {
        end: usize,
        searched: usize,
        may_hold_sip: bool,
    },
}

/// What is to be done with the bytes at hand.
enum Step {
    /// The first bytes are a message.
    Emit(usize, Wholeness),
    /// The first bytes are no part of a message.
    Drop(usize),
    /// The first bytes keep the flow alive.
    Pass(usize),
    /// Look again: more is known now.
    Again,
    /// More bytes are needed.
    More,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            wait: Wait::StartLine,
            is_at_line_start: true,
            has_seen_sip: false,
            skipped: 0,
            lost: 0,
        }
    }
}

impl Framer {
    /// Takes the next bytes of the stream and hands out each message that they complete.
    ///
    /// Without a Content-Length there is no body, but where what follows is neither a line end nor a
    /// start line, the body is what there is of these bytes, up to the next start line. A body that
    /// holds a start line where it should not is ended there.
    pub fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8], Wholeness)) {
        if self.buffer.is_empty() {
            let used = self.advance(bytes, each);
            self.buffer
                .extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(bytes);
            let used = self.advance(&buffer, each);
            buffer.drain(..used.min(buffer.len()));
            self.buffer = buffer;
        }
        if self.buffer.is_empty() && self.buffer.capacity() > MAX_IDLE_CAPACITY {
            self.buffer = Vec::new();
        }
    }

    /// Says that `bytes` bytes of the stream are missing here. What was begun is handed out as cut
    /// where it has a Call-ID; the framer goes on at the next start line.
    pub fn lose(&mut self, bytes: u64, each: &mut impl FnMut(&[u8], Wholeness)) {
        self.finish(each);
        self.lost = self.lost.saturating_add(bytes);
        self.is_at_line_start = false;
    }

    /// Says that the stream ends. What was begun is handed out as cut where it has a Call-ID.
    pub fn finish(&mut self, each: &mut impl FnMut(&[u8], Wholeness)) {
        let rest = std::mem::take(&mut self.buffer);
        let is_begun = !matches!(self.wait, Wait::StartLine);
        self.wait = Wait::StartLine;
        if is_begun && has_call_id(&rest) {
            each(&rest, Wholeness::Cut);
        } else {
            self.skip(rest.len());
        }
    }

    /// True where nothing is begun: what was fed ended with a message, or was none.
    pub fn is_between_messages(&self) -> bool {
        self.buffer.is_empty()
    }

    /// True once a start line was seen.
    pub fn has_seen_sip(&self) -> bool {
        self.has_seen_sip
    }

    /// Bytes that were there and are part of no message, keep-alives not counted.
    pub fn skipped_bytes(&self) -> u64 {
        self.skipped
    }

    /// Bytes that [`Framer::lose`] was told of.
    pub fn lost_bytes(&self) -> u64 {
        self.lost
    }

    fn skip(&mut self, bytes: usize) {
        self.skipped = self
            .skipped
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Hands out what is whole in `bytes`, and says how many of them are done with.
    fn advance(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8], Wholeness)) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let step = match self.wait {
                Wait::StartLine => self.step_start_line(rest),
                Wait::HeadEnd { searched, is_begun } => self.step_head(rest, searched, is_begun),
                Wait::Body {
                    end,
                    searched,
                    may_hold_sip,
                } => self.step_body(rest, end, searched, may_hold_sip),
            };
            let done = match step {
                Step::Again => 0,
                Step::More => break,
                Step::Pass(length) => length,
                Step::Drop(length) => {
                    self.skip(length);
                    self.wait = Wait::StartLine;
                    length
                }
                Step::Emit(length, wholeness) => {
                    each(rest.get(..length).unwrap_or(rest), wholeness);
                    self.wait = Wait::StartLine;
                    self.is_at_line_start = true;
                    length
                }
            };
            at += done;
        }
        at.min(bytes.len())
    }

    /// Between messages: keep-alives, then a start line.
    fn step_start_line(&mut self, rest: &[u8]) -> Step {
        let blanks = rest.len() - skip_blanks(rest).len();
        if blanks > 0 {
            let ends_line = rest
                .get(..blanks)
                .is_some_and(|blanks| memchr(b'\n', blanks).is_some());
            self.is_at_line_start |= ends_line;
            return Step::Pass(blanks);
        }
        let Some(end) = memchr(b'\n', rest) else {
            return self.keep_or_drop(rest, 0);
        };
        let line = rest.get(..end).unwrap_or_default();
        let begins = if self.is_at_line_start {
            is_start_line(line)
        } else {
            is_familiar_start_line(line)
        };
        if begins && end <= MAX_HEAD {
            self.has_seen_sip = true;
            self.wait = Wait::HeadEnd {
                searched: end + 1,
                is_begun: false,
            };
            return Step::Again;
        }
        self.resynchronise(rest, end + 1)
    }

    /// Drops all before the next start line at or after `from`, the beginning of a line.
    fn resynchronise(&mut self, rest: &[u8], from: usize) -> Step {
        if let Some(start) = find_start_line(rest, from, rest.len()) {
            self.is_at_line_start = true;
            return Step::Drop(start);
        }
        let last = memrchr(b'\n', rest)
            .map_or(from, |end| end + 1)
            .max(from)
            .min(rest.len());
        self.is_at_line_start = true;
        self.keep_or_drop(rest, last)
    }

    /// Drops all before `line`, the beginning of a line that has no end yet, and the line too unless
    /// it may become a start line.
    fn keep_or_drop(&mut self, rest: &[u8], line: usize) -> Step {
        let tail = rest.get(line..).unwrap_or_default();
        if tail.is_empty() || (tail.len() <= MAX_START_LINE && may_become_start_line(tail)) {
            return if line == 0 {
                Step::More
            } else {
                Step::Drop(line)
            };
        }
        self.is_at_line_start = false;
        Step::Drop(rest.len())
    }

    /// A start line is there: the headers.
    fn step_head(&mut self, rest: &[u8], searched: usize, is_begun: bool) -> Step {
        let read = match Head::read(rest, searched) {
            Head::Whole { end, .. } if is_begun => Head::at_leisure(rest, end),
            read => read,
        };
        let (head, length, may_hold_sip) = match read {
            // The message before it was never ended.
            Head::StartLine(start) => {
                let begun = rest.get(..start).unwrap_or_default();
                return if has_call_id(begun) {
                    Step::Emit(start, Wholeness::Cut)
                } else {
                    Step::Drop(start)
                };
            }
            Head::Open if rest.len() > MAX_HEAD => return self.resynchronise(rest, searched),
            Head::Open => {
                let line = memrchr(b'\n', rest).map_or(searched, |end| end + 1);
                self.wait = Wait::HeadEnd {
                    searched: line,
                    is_begun: true,
                };
                return Step::More;
            }
            Head::Whole { end, .. } if end > MAX_HEAD => {
                return self.resynchronise(rest, searched);
            }
            Head::Whole {
                end,
                length,
                may_hold_sip,
            } => (end, length, may_hold_sip),
        };
        match length {
            ContentLength::Bytes(length) => {
                let end = usize::try_from(length)
                    .unwrap_or(usize::MAX)
                    .saturating_add(head);
                if end > MAX_MESSAGE {
                    return self.resynchronise(rest, head);
                }
                self.wait = Wait::Body {
                    end,
                    searched: head,
                    may_hold_sip,
                };
                Step::Again
            }
            // Of several lengths none can be believed; what follows shows the end.
            ContentLength::Absent | ContentLength::Unreadable | ContentLength::Conflict => {
                Step::Emit(end_without_length(rest, head), Wholeness::Whole)
            }
        }
    }

    /// The headers are there: the body.
    fn step_body(&mut self, rest: &[u8], end: usize, searched: usize, may_hold_sip: bool) -> Step {
        // RFC 3261 §18.3 leaves no doubt where the length is true; where it is too great, the next
        // message would be taken for body.
        if !may_hold_sip
            && let Some(start) = find_start_line(rest, searched, end)
            && !is_glued(rest, start, end)
        {
            return Step::Emit(start, Wholeness::Whole);
        }
        if rest.len() >= end {
            return Step::Emit(end, Wholeness::Whole);
        }
        let line = memrchr(b'\n', rest)
            .map_or(searched, |end| end + 1)
            .max(searched);
        self.wait = Wait::Body {
            end,
            searched: line,
            may_hold_sip,
        };
        Step::More
    }
}

/// True where the start line at `start` is the last line of a body, which has no line end, and the
/// true start line that follows it at `end`.
fn is_glued(bytes: &[u8], start: usize, end: usize) -> bool {
    let line_at = |at: usize| {
        let rest = bytes.get(at..)?;
        rest.get(..memchr(b'\n', rest)?)
    };
    let reaches_over = line_at(start).is_some_and(|line| start.saturating_add(line.len()) > end);
    reaches_over
        && (line_at(end).is_some_and(is_familiar_start_line)
            || !line_at(start).is_some_and(is_familiar_start_line))
}

/// Where a message on a stream ends that has no Content-Length: at the end of its head (RFC 3261
/// §18.3), or else, where a body shows, before the next start line in `bytes`.
fn end_without_length(bytes: &[u8], head: usize) -> usize {
    let rest = bytes.get(head..).unwrap_or_default();
    let line_end = memchr(b'\n', rest);
    let line = rest
        .get(..line_end.unwrap_or(rest.len()))
        .unwrap_or_default();
    let is_body = !rest.is_empty()
        && skip_blanks(rest).len() == rest.len()
        && match line_end {
            Some(_) => !is_start_line(line),
            None => !may_become_start_line(line),
        };
    if !is_body {
        return head;
    }
    find_start_line(bytes, head, bytes.len())
        .unwrap_or(bytes.len())
        .min(MAX_MESSAGE)
        .max(head)
}

/// True for the beginning of a message that has a Call-ID: it can be put to a call.
fn has_call_id(begun: &[u8]) -> bool {
    // A last line without its end is left out: half a Call-ID is another call's.
    let lines = memrchr(b'\n', begun)
        .and_then(|end| begun.get(..=end))
        .unwrap_or_default();
    header_values(lines, HeaderName::CallId).any(|value| !value.trim_ascii().is_empty())
}

/// The first line at or after `from` and before `until` that is a whole start line. `from` is the
/// beginning of a line.
fn find_start_line(bytes: &[u8], from: usize, until: usize) -> Option<usize> {
    let mut line = from;
    while line < until {
        let rest = bytes.get(line..)?;
        let found = VERSION.find(rest)?;
        let before = rest.get(..found)?;
        let start = memrchr(b'\n', before).map_or(0, |end| end + 1);
        let length = memchr(b'\n', rest.get(found..)?)? + found;
        if line + start < until && rest.get(start..length).is_some_and(is_start_line) {
            return Some(line + start);
        }
        line += length + 1;
    }
    None
}

#[cfg(test)]
mod tests;

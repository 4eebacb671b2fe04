//! Compressed bytes → the bytes before they were compressed, forwards, in bounded memory.
//!
//! A format is a file here and a line in [`COMPRESSIONS`]. It knows how one of its streams begins and how to decode it
//! ([`Member`]); that a file is several streams in a row, what may stand between them, and what is said of a file that
//! is cut or damaged is the same for all and stands here. The readers that the crates offer are not used: they lose
//! what they decoded in the call that fails, and some take a file that is cut between two blocks for whole.

mod bzip2;
mod gzip;
mod input;
mod lz4;
mod xz;
mod zstd;

use std::fmt;
use std::io;
use std::io::Read;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use self::input::Input;

/// Every format that is read.
pub(in crate::capture) const COMPRESSIONS: &[Compression] =
    &[gzip::GZIP, zstd::ZSTD, lz4::LZ4, xz::XZ, bzip2::BZIP2];

/// So many bytes tell how a file is compressed.
const MAGIC: usize = 10;

/// What a decoder may keep of what it decoded, where a format lets the file choose: what the compressors' strongest
/// usual settings need, and no more than a small machine has.
const MOST_WINDOW: u64 = 128 << 20;

/// Decompressed bytes for each compressed one, at most: several times what captures of silence are compressed to. A file
/// that was made to last for ever has a hundred thousand.
const MOST_EXPANSION: u64 = 1_000;

/// So many decompressed bytes are not counted: a second's work, whatever they were made of.
const NOT_COUNTED: u64 = 1 << 30;

/// A way to compress.
#[derive(Debug)]
pub(in crate::capture) struct Compression {
    /// The name that users know.
    pub(in crate::capture) name: &'static str,
    /// Where the format is described.
    pub(in crate::capture) described_in: &'static str,
    /// True where one of its streams can begin with these bytes.
    begins: fn(&[u8]) -> bool,
    /// A decoder at the beginning of a stream.
    member: fn() -> Box<dyn Member>,
    /// How many decoders are kept for one archive: some tens of MiB, by what a decoder usually needs.
    pub(super) most_left: usize,
}

impl Compression {
    /// The format of a file that begins with `head`.
    pub(in crate::capture) fn of(head: &[u8]) -> Option<&'static Self> {
        COMPRESSIONS
            .iter()
            .find(|compression| (compression.begins)(head))
    }
}

/// One stream of a compressed file: a member of RFC 1952, a frame of RFC 8878.
trait Member: Send + Sync {
    /// Decodes some bytes into `into`: how many there are now, where it fails too, and how it goes on. Gives or takes at
    /// least a byte as long as there is more.
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>);
}

/// How a stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// There may be more of it.
    More,
    /// That was its end, and all that is checked there was right.
    Over,
}

/// A skippable frame (RFC 8878 section 3.1.2), which Zstandard and LZ4 share.
const fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// The decompressed bytes of a file. After an error, the same error again.
pub(in crate::capture) struct Decoder {
    compression: &'static Compression,
    input: Input,
    state: State,
    /// Bytes that were decoded.
    given: u64,
}

enum State {
    /// Before a stream, or before the end.
    Between,
    Inside(Box<dyn Member>),
    /// What is behind can't be read.
    Failed(String),
    Over,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({}, {:?})", self.compression.name, self.input)
    }
}

impl Decoder {
    /// Decodes `input`, which begins as `compression` was recognised by.
    pub(in crate::capture) fn new(
        compression: &'static Compression,
        input: Box<dyn Read + Send + Sync>,
    ) -> Self {
        Self {
            compression,
            input: Input::new(input),
            state: State::Between,
            given: 0,
        }
    }

    /// Takes note of what was decoded; true while that is not beyond all reason.
    fn is_sound(&mut self, count: usize) -> bool {
        self.given = self.given.saturating_add(count as u64);
        let most = self.input.passed().saturating_mul(MOST_EXPANSION);
        self.given <= most.max(NOT_COUNTED)
    }

    /// Goes to the next stream, over the zeros that tapes and block devices leave behind the last.
    fn begin(&mut self) -> io::Result<State> {
        loop {
            let held = self.input.peek(MAGIC)?;
            if held.is_empty() {
                return Ok(State::Over);
            }
            if (self.compression.begins)(held) {
                return Ok(State::Inside((self.compression.member)()));
            }
            match held.iter().take_while(|byte| **byte == 0).count() {
                0 => {
                    let what = format!(
                        "something else follows byte {} of the {} file",
                        self.input.passed(),
                        self.compression.name
                    );
                    return Ok(State::Failed(what));
                }
                zeros => self.input.consume(zeros),
            }
        }
    }

    /// What is told of a stream that can't be decoded.
    fn failure(&mut self, what: &str) -> String {
        let name = self.compression.name;
        let at = self.input.passed();
        match self.input.take_error() {
            Some(error) => error.to_string(),
            None if self.input.is_wanting() => {
                format!("the {name} file is cut at its byte {at}: was it copied whole?")
            }
            None => format!("the {name} file is damaged before its byte {at}: {what}"),
        }
    }
}

impl Read for Decoder {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Over => return Ok(0),
                State::Failed(what) => return Err(io::Error::other(what.clone())),
                State::Between => self.state = self.begin()?,
                State::Inside(member) => {
                    let before = self.input.passed();
                    let input = &mut self.input;
                    // A decoder of foreign bytes that panics has met damage that its author did not think of.
                    let decoded = catch_unwind(AssertUnwindSafe(|| member.decode(input, into)));
                    let (count, outcome) =
                        decoded.unwrap_or_else(|_| (0, Err("the decoder gave up".to_owned())));
                    let is_stuck = count == 0 && self.input.passed() == before;
                    match outcome {
                        Ok(Progress::More) if is_stuck => {
                            self.state = State::Failed(self.failure("the decoder stands still"));
                        }
                        Ok(Progress::More) => {}
                        Ok(Progress::Over) => self.state = State::Between,
                        Err(what) => self.state = State::Failed(self.failure(&what)),
                    }
                    if !self.is_sound(count) {
                        let at = self.input.passed();
                        let name = self.compression.name;
                        self.state = State::Failed(format!(
                            "byte {at} of the {name} file is decompressed to over {MOST_EXPANSION} times as many: no capture is"
                        ));
                    }
                    if count > 0 {
                        return Ok(count);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(in crate::capture) mod packed;

#[cfg(test)]
mod tests;

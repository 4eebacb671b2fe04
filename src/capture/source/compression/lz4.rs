//! LZ4 frames.
//!
//! The frame is read here and not by the crate, whose frame reader takes a file that is cut between two blocks for
//! whole, and gives nothing of a block that is cut: with blocks of 4 MiB, that is often all that there is.

use std::hash::Hasher;

use lz4_flex::block::decompress_into_with_dict;
use twox_hash::XxHash32;

use super::Compression;
use super::Input;
use super::Member;
use super::Progress;
use super::is_skippable;

pub(super) const LZ4: Compression = Compression {
    name: "lz4",
    described_in: "lz4_Frame_format.md",
    begins: |head| head.starts_with(&MAGIC) || is_skippable(head),
    member: || Box::new(Lz4::default()),
    most_left: 8,
};

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// How far back a block may refer: offsets have two bytes.
const HISTORY: usize = 64 << 10;

/// The bits of FLG; the upper two are the version, 01.
const IS_INDEPENDENT: u8 = 1 << 5;
const HAS_BLOCK_CHECKSUMS: u8 = 1 << 4;
const HAS_SIZE: u8 = 1 << 3;
const HAS_CHECKSUM: u8 = 1 << 2;
const HAS_DICTIONARY: u8 = 1;

/// Set in the length of a block that is not compressed.
const IS_PLAIN: u32 = 1 << 31;

#[derive(Default)]
struct Lz4 {
    frame: Option<Frame>,
    /// Bytes that are left of a skippable frame.
    skipped: Option<u32>,
    /// The compressed block.
    packed: Vec<u8>,
    /// What earlier blocks of the frame ended with.
    history: Vec<u8>,
    /// The decompressed block, how long it is, and how much of it has been handed over.
    block: Vec<u8>,
    filled: usize,
    given: usize,
    /// What is wrong behind the block.
    failed: Option<String>,
}

struct Frame {
    flags: u8,
    longest_block: usize,
    checksum: XxHash32,
}

impl Member for Lz4 {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        let rest = self.block().get(self.given..).unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(into), Some(rest)) = (into.get_mut(..count), rest.get(..count)) {
            into.copy_from_slice(rest);
        }
        self.given = self.given.saturating_add(count);
        let outcome = match (count, self.failed.take()) {
            (1.., failed) => {
                self.failed = failed;
                Ok(Progress::More)
            }
            (0, Some(what)) => Err(what),
            (0, None) => self.go_on(input),
        };
        (count, outcome)
    }
}

impl Lz4 {
    fn go_on(&mut self, input: &mut Input) -> Result<Progress, String> {
        if let Some(left) = &mut self.skipped {
            return input.skip(left);
        }
        let Some(mut frame) = self.frame.take() else {
            let magic = input.take::<4>()?;
            if is_skippable(&magic) {
                self.skipped = Some(u32::from_le_bytes(input.take()?));
            } else {
                self.frame = Some(Frame::read(input)?);
            }
            return Ok(Progress::More);
        };
        let len = u32::from_le_bytes(input.take()?);
        if len == 0 {
            return frame.check(input);
        }
        self.keep_history(frame.flags);
        if let Err(what) = self.read_block(&frame, len, input) {
            self.failed = Some(what);
        }
        frame.checksum.write(self.block());
        self.frame = Some(frame);
        Ok(Progress::More)
    }

    /// Puts what the next block may refer to aside.
    fn keep_history(&mut self, flags: u8) {
        if flags & IS_INDEPENDENT == 0 {
            let block = self.block.get(..self.filled).unwrap_or_default();
            let last = block.get(block.len().saturating_sub(HISTORY)..);
            let last = last.unwrap_or_default();
            let beyond = self.history.len().saturating_add(last.len());
            let beyond = beyond.saturating_sub(HISTORY).min(self.history.len());
            self.history.drain(..beyond);
            self.history.extend_from_slice(last);
        }
        self.filled = 0;
        self.given = 0;
    }

    /// Decompresses a block; where it is cut or damaged, as far as it goes.
    fn read_block(&mut self, frame: &Frame, len: u32, input: &mut Input) -> Result<(), String> {
        let is_plain = len & IS_PLAIN != 0;
        let len = usize::try_from(len & !IS_PLAIN).unwrap_or(usize::MAX);
        if len > frame.longest_block {
            return Err(format!("a block of {len} bytes"));
        }
        self.packed.clear();
        let all = take_up_to(input, len, &mut self.packed);
        // A checksum that is missing shows when the next block is wanted.
        if all.is_ok()
            && frame.flags & HAS_BLOCK_CHECKSUMS != 0
            && let Ok(written) = input.take()
            && u32::from_le_bytes(written) != XxHash32::oneshot(0, &self.packed)
        {
            return Err("the checksum of a block is another".to_owned());
        }
        self.block.resize(frame.longest_block, 0);
        if is_plain {
            if let Some(room) = self.block.get_mut(..self.packed.len()) {
                room.copy_from_slice(&self.packed);
                self.filled = self.packed.len();
            }
            return all;
        }
        let (packed, history, block) = (&self.packed, &self.history, &mut self.block);
        if all.is_ok()
            && let Ok(count) = decompress_into_with_dict(packed, block, history)
        {
            self.filled = count.min(block.len());
            return Ok(());
        }
        self.filled = decompress_part(packed, history, block);
        all.and_then(|()| Err("a block that can't be decompressed".to_owned()))
    }

    /// What of the block has been decompressed.
    fn block(&self) -> &[u8] {
        self.block.get(..self.filled).unwrap_or_default()
    }
}

impl Frame {
    /// Reads what follows the magic number.
    fn read(input: &mut Input) -> Result<Self, String> {
        let mut descriptor = Vec::with_capacity(16);
        let [flags, sizes] = input.take()?;
        descriptor.extend([flags, sizes]);
        if flags >> 6 != 1 {
            return Err(format!("version {} of the frame format", flags >> 6));
        }
        if flags & HAS_DICTIONARY != 0 {
            return Err("it needs a dictionary, so decompress it first".to_owned());
        }
        if flags & HAS_SIZE != 0 {
            descriptor.extend(input.take::<8>()?);
        }
        let [written] = input.take()?;
        if written != XxHash32::oneshot(0, &descriptor).to_le_bytes()[1] {
            return Err("the checksum of the frame header is another".to_owned());
        }
        let longest_block = match sizes >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            other => return Err(format!("block size {other}")),
        };
        Ok(Self {
            flags,
            longest_block,
            checksum: XxHash32::with_seed(0),
        })
    }

    fn check(&self, input: &mut Input) -> Result<Progress, String> {
        if self.flags & HAS_CHECKSUM != 0
            && u32::from_le_bytes(input.take()?) != self.checksum.finish_32()
        {
            return Err("the checksum of what was decompressed is another".to_owned());
        }
        Ok(Progress::Over)
    }
}

/// Takes `count` bytes, or as many as there are.
fn take_up_to(input: &mut Input, count: usize, into: &mut Vec<u8>) -> Result<(), String> {
    while into.len() < count {
        let held = input.fill()?;
        if held.is_empty() {
            return Err("its end is missing".to_owned());
        }
        let some = held.len().min(count.saturating_sub(into.len()));
        into.extend_from_slice(held.get(..some).unwrap_or_default());
        input.consume(some);
    }
    Ok(())
}

/// Decompresses the beginning of a block, step by step: how many bytes there are before something is missing or wrong.
fn decompress_part(mut packed: &[u8], history: &[u8], into: &mut [u8]) -> usize {
    let mut count = 0;
    while sequence(&mut packed, history, into, &mut count).is_some() {}
    count
}

/// One sequence: literals, and a copy of what was there before. None where it does not go on.
fn sequence(packed: &mut &[u8], history: &[u8], into: &mut [u8], count: &mut usize) -> Option<()> {
    let token = byte(packed)?;
    let literals = length(token >> 4, packed)?;
    let there = literals.min(packed.len());
    let (some, rest) = packed.split_at(there);
    let end = count.checked_add(there)?;
    into.get_mut(*count..end)?.copy_from_slice(some);
    *count = end;
    *packed = rest;
    if there < literals {
        return None;
    }
    let offset = usize::from(u16::from_le_bytes([byte(packed)?, byte(packed)?]));
    let copied = length(token & 15, packed)?.checked_add(4)?;
    for _ in 0..copied {
        let from = if let Some(from) = count.checked_sub(offset) {
            *into.get(from).filter(|_| offset > 0)?
        } else {
            let back = offset.checked_sub(*count)?;
            *history.get(history.len().checked_sub(back)?)?
        };
        *into.get_mut(*count)? = from;
        *count = count.checked_add(1)?;
    }
    Some(())
}

/// A length of four bits, and what it is longer by.
fn length(bits: u8, packed: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(bits);
    if bits == 15 {
        loop {
            let more = byte(packed)?;
            length = length.checked_add(usize::from(more))?;
            if more != 255 {
                break;
            }
        }
    }
    Some(length)
}

fn byte(packed: &mut &[u8]) -> Option<u8> {
    let (first, rest) = packed.split_first()?;
    *packed = rest;
    Some(*first)
}

//! Paths → records.
//!
//! [`inventory::take`] finds the captures among the named paths and puts them in order; [`Capture::walk`] gives the
//! records of a stretch of one. Any stretch can be walked, by several threads at once: [`Capture::guess`] says where
//! a record may begin in the middle of a capture, and the walk before that place proves it, because it must end at
//! the same [`Position`]. After damage, [`Capture::resume`] says where to read on.
//!
//! This layer never looks into a packet, and never tells by a file's name what is in it. Damage is no error: a walk
//! ends at it and says what was there.
//!
//! In reading order: `record`, `inventory`, `source`, `tar`, `position`, `walk`, `pcap`, `pcapng`, `resync`.

mod byte_order;
pub mod inventory;
pub mod key_log;
mod pcap;
mod pcapng;
mod position;
pub mod record;
mod resync;
mod source;
mod tar;
mod walk;

#[cfg(test)]
mod made;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use self::key_log::KeyLogText;
use self::pcap::FileHeader;
use self::pcap::RecordChain;
use self::pcapng::BlockChain;
use self::pcapng::Blocks;
use self::pcapng::Section;
use self::position::Context;
use self::record::Nanos;
use self::record::Record;
use self::resync::Passed;
use self::source::Source;
use self::source::compression::COMPRESSIONS;
use self::source::window::BUFFER;
use self::source::window::Window;

pub use self::position::Position;
pub use self::walk::Damage;
pub use self::walk::Stopped;
pub use self::walk::Walked;

/// The file formats that are read: captures, archives of them, and how either may be compressed.
pub fn formats() -> impl Iterator<Item = Readable> {
    let compressed = COMPRESSIONS.iter().map(|compression| Readable {
        name: compression.name,
        known_by: "its first bytes, around any of these",
        source: compression.described_in,
    });
    FORMATS.iter().copied().chain(compressed)
}

const FORMATS: &[Readable] = &[
    Readable {
        name: "pcap: micro- and nanoseconds, both byte orders, the modified format",
        known_by: "its magic number",
        source: "draft-ietf-opsawg-pcap",
    },
    Readable {
        name: "pcapng: several sections and interfaces, both byte orders, TLS keys in Decryption Secrets Blocks",
        known_by: "its magic number",
        source: "draft-ietf-opsawg-pcapng",
    },
    Readable {
        name: "tar archive of captures, compressed ones too",
        known_by: "its first header",
        source: "POSIX.1-2017, pax; GNU tar",
    },
];

/// A file format that is read, for people.
#[derive(Clone, Copy, Debug)]
pub struct Readable {
    /// What it is called.
    pub name: &'static str,
    /// By what it is known; never by the file's name.
    pub known_by: &'static str,
    /// Where it is described.
    pub source: &'static str,
}

/// What a capture's format is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The classic format, in all its byte orders and resolutions.
    Pcap,
    /// The block format.
    Pcapng,
}

impl Format {
    /// The name that users know.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }
}

/// Something that holds packets.
#[derive(Debug)]
pub struct Capture {
    /// As it was named, or as found below what was named; `-` for standard input. A capture in an archive has the
    /// archive's path, and below it the name that it has there, which is foreign: [`Capture::file`] is what exists.
    pub path: PathBuf,
    /// True where it was named itself, and not only a folder that it is in.
    pub named: bool,
    /// What its first bytes say it is.
    pub format: Format,
    /// The time of the first record; `None` where there is none, or where it is damaged.
    pub first: Option<Nanos>,
    /// The TLS key logs before the first record; those behind it are met by [`Capture::walk`].
    pub key_logs: Vec<KeyLogText>,
    /// The archive that it is in.
    archive: Option<PathBuf>,
    source: Source,
    start: Position,
}

/// How far the bytes of a capture can be read without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// All bytes before this offset are there.
    pub until: u64,
    /// True where the capture ends there. (A reading error ends it too; the walk that comes there tells.)
    pub is_end: bool,
}

/// Where reading goes on after damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The first record that is read again.
    pub position: Position,
    /// How many bytes lie between the damage and that record.
    pub skipped_bytes: u64,
}

/// Why a capture can't be read as it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// More of a stream would have to be kept in memory than is allowed.
    #[error("{path}: bytes {held_from} to {until} of a stream are too many to be kept at once", path = path.display())]
    TooMuchHeld {
        /// The capture.
        path: PathBuf,
        /// The first byte that has not been released.
        held_from: u64,
        /// What was asked for.
        until: u64,
    },
}

/// Blocks before the first packet are looked at up to here, while the captures are put in order.
const LONGEST_LEAD: u64 = 64 << 20;

impl Capture {
    /// Reads a capture's header; `None` where `head`, its first bytes, is no capture's.
    fn open(path: PathBuf, named: bool, source: Source, head: &[u8]) -> Option<Self> {
        let (format, start) = if pcapng::is_magic(head) {
            let context = Context::Pcapng(Arc::new(Section::before_any()));
            (Format::Pcapng, Position { offset: 0, context })
        } else {
            let context = Context::Pcap(FileHeader::parse(head.first_chunk()?)?);
            let offset = pcap::FIRST_RECORD;
            (Format::Pcap, Position { offset, context })
        };
        let mut capture = Self {
            path,
            named,
            format,
            first: None,
            key_logs: Vec::new(),
            archive: None,
            source,
            start,
        };
        capture.pass_lead();
        capture.source.rest();
        Some(capture)
    }

    /// Says in which file it is.
    fn stored_in(mut self, file: &Path) -> Self {
        self.archive = (self.path != file).then(|| file.to_owned());
        self
    }

    /// The file that it is in: its path, or that of the archive.
    pub fn file(&self) -> &Path {
        self.archive.as_deref().unwrap_or(&self.path)
    }

    /// Moves the start to the first packet, so that what is known there holds for most positions after it.
    fn pass_lead(&mut self) {
        let from = self.start.offset;
        let Ok(reader) = self.source.open() else {
            return;
        };
        let window = &mut Window::new(reader, BUFFER, LONGEST_LEAD);
        let mut key_logs = Vec::new();
        let (start, first) = match &self.start.context {
            Context::Pcap(header) => {
                let mut header = *header;
                let (_, first) = walk::lead(&mut header, window, from, LONGEST_LEAD);
                (self.start.clone(), first)
            }
            Context::Pcapng(section) => {
                let mut blocks = Blocks::new(Arc::clone(section));
                let (offset, first) = walk::lead(&mut blocks, window, from, LONGEST_LEAD);
                key_logs = blocks.key_logs;
                let context = Context::Pcapng(blocks.section);
                (Position { offset, context }, first)
            }
        };
        self.start = start;
        self.first = first;
        self.key_logs = key_logs;
    }

    /// True where it can be read as often as one likes: a file.
    pub const fn can_be_read_again(&self) -> bool {
        !matches!(self.source, Source::Stream(_))
    }

    /// The length in bytes where it is stored, as it was when the capture was found: of a compressed one, that of the
    /// compressed bytes. `None` for what can be read only once.
    #[expect(clippy::len_without_is_empty, reason = "an empty file is no capture")]
    pub fn len(&self) -> Option<u64> {
        match &self.source {
            Source::File(file) => Some(file.len),
            Source::Unpacked(unpacked) => Some(unpacked.stored_len()),
            Source::Stream(_) => None,
        }
    }

    /// How many of [`Capture::len`] bytes have been read by whoever has come to `offset`.
    pub fn read_before(&self, offset: u64) -> u64 {
        match &self.source {
            // One that has not begun may have been read before.
            Source::Unpacked(_) if offset <= self.start.offset => 0,
            Source::Unpacked(unpacked) => unpacked.stored_read(),
            Source::File(_) | Source::Stream(_) => offset,
        }
    }

    /// The first place to walk from: after the file header, and in pcapng after all that comes before the first packet.
    pub fn start(&self) -> Position {
        self.start.clone()
    }

    /// Waits until the bytes before `until` can be read. Of a file they can at once. Fails where more of a stream
    /// would have to be kept than memory should be used for: [`Capture::release`] what was read.
    pub fn available(&self, until: u64) -> Result<Available, CaptureError> {
        let read = match &self.source {
            Source::File(file) => Ok((file.len.min(until), file.len <= until)),
            Source::Unpacked(unpacked) => unpacked.read_to(until),
            Source::Stream(stream) => stream.read_to(until),
        };
        match read {
            Ok((until, is_end)) => Ok(Available { until, is_end }),
            Err(held_from) => Err(CaptureError::TooMuchHeld {
                path: self.path.clone(),
                held_from,
                until,
            }),
        }
    }

    /// Says that nothing before `before` will be asked for again, so that a stream may forget it.
    pub fn release(&self, before: u64) {
        self.source.release(before);
    }

    /// Gives every record that begins in `from.offset..until` to `each`, in order.
    pub fn walk<F: FnMut(Record<'_>)>(&self, from: &Position, until: u64, each: F) -> Walked {
        self.walk_in(&mut Vec::new(), from, until, each)
    }

    /// The same, reading into a buffer that may serve the next walk.
    pub fn walk_in<F: FnMut(Record<'_>)>(
        &self,
        buffer: &mut Vec<u8>,
        from: &Position,
        until: u64,
        each: F,
    ) -> Walked {
        let reader = match self.source.open() {
            Ok(reader) => reader,
            Err(error) => {
                return Walked {
                    end: from.clone(),
                    records: 0,
                    stopped: Stopped::Damaged(Damage {
                        offset: from.offset,
                        what: error.to_string(),
                    }),
                    key_logs: Vec::new(),
                };
            }
        };
        let window = &mut Window::new(reader, BUFFER, until).reading_into(std::mem::take(buffer));
        let mut key_logs = Vec::new();
        let (context, (offset, records, stopped)) = match &from.context {
            Context::Pcap(header) => {
                let mut header = *header;
                let outcome = walk::drive(&mut header, window, from.offset, until, each);
                (from.context.clone(), outcome)
            }
            Context::Pcapng(section) => {
                let mut blocks = Blocks::new(Arc::clone(section));
                let outcome = walk::drive(&mut blocks, window, from.offset, until, each);
                key_logs = blocks.key_logs;
                (Context::Pcapng(blocks.section), outcome)
            }
        };
        *buffer = window.take_buffer();
        Walked {
            end: Position { offset, context },
            records,
            stopped,
            key_logs,
        }
    }

    /// A place at or soon after `at` where a record seems to begin, if what is known at `like` holds there too. It is
    /// right only if a walk that is right ends at an equal position.
    pub fn guess(&self, at: u64, like: &Position) -> Option<Position> {
        let to = at.saturating_add(resync::GUESS_REACH);
        let window = Window::new(self.source.open().ok()?, BUFFER, to);
        self.search(window, at, to, like, Passed::Keep)
    }

    /// The first record after the damaged one that can be believed; `None` where none follows. Depends on nothing but
    /// the capture and the place. Of a stream, all before that record is released.
    pub fn resume(&self, damaged: &Position) -> Option<Resumed> {
        let window = Window::new(self.source.open().ok()?, resync::RESUME_BUFFER, u64::MAX);
        let from = damaged.offset.saturating_add(1);
        let found = self.search(window, from, u64::MAX, damaged, Passed::Release);
        if found.is_none() {
            self.release(u64::MAX);
        }
        let position = found?;
        let skipped_bytes = position.offset.saturating_sub(damaged.offset);
        Some(Resumed {
            position,
            skipped_bytes,
        })
    }

    fn search(
        &self,
        mut window: Window<'_>,
        from: u64,
        to: u64,
        like: &Position,
        passed: Passed,
    ) -> Option<Position> {
        let window = &mut window;
        let offset = match &like.context {
            Context::Pcap(header) => {
                let chain = &mut RecordChain::new(*header, self.first);
                resync::search(chain, window, from, to, passed)
            }
            Context::Pcapng(section) => {
                resync::search(&mut BlockChain::new(section), window, from, to, passed)
            }
        }?;
        Some(Position {
            offset,
            context: like.context.clone(),
        })
    }
}

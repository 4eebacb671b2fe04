//! SCTP packets → user messages (RFC 9260): SIP sends one message in one user message (RFC 4168 §5).
//!
//! Unlike TCP, SCTP keeps the borders of messages, so there is nothing to frame: a message is one DATA chunk, or the
//! fragments of one under successive transmission sequence numbers. With I-DATA chunks (RFC 8260) the fragments of a
//! message have numbers of their own. Messages are delivered as they become whole, whatever their order in the stream:
//! a SIP message stands for itself.
//!
//! Associations are told apart by ports and verification tag alone, since one may use several addresses (RFC 9260
//! §8.5). Everything that is held is bounded; what the bounds give up is counted.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::packet::Sctp;

/// A user message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserMessage<'a> {
    /// The message, or what was captured of it.
    pub bytes: &'a [u8],
    /// True where the snap length cut it.
    pub is_cut: bool,
    /// Where its chunks belong.
    pub places: Places,
}

/// The places of the chunks of a message, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    first: Place,
    /// How far it is to the last.
    reach: u32,
}

impl Places {
    /// Each, in order.
    pub fn all(self) -> impl Iterator<Item = Place> {
        (0..=self.reach).map(move |index| self.first.plus(index))
    }
}

/// Directions of associations that are remembered: SBCs have a few peers, and each costs a kibibyte.
const MAX_DIRECTIONS: usize = 4096;

/// Chunks whose numbers are remembered in each direction, to know them again when they are sent again. A sender has
/// fewer in flight while it signals.
const MAX_SEEN: usize = 64;

/// Fragments held of each direction: a message of the greatest length in fragments of the usual size.
const MAX_FRAGMENTS: usize = 1024;

/// The longest message that is put together: many times the longest SIP message that is sent.
const MAX_MESSAGE: usize = 1 << 20;

/// Fragments of all associations together, in bytes.
const MAX_HELD: usize = 16 << 20;

/// What a held fragment costs besides its bytes.
const OVERHEAD: usize = 96;

/// The associations that are open at once.
#[derive(Debug, Default)]
pub struct Associations {
    directions: BTreeMap<Name, Direction>,
    /// By when it was used last.
    by_use: BTreeMap<u64, Name>,
    uses: u64,
    /// Bytes of fragments.
    held: usize,
    evicted: u64,
}

/// One direction of an association: ports and verification tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    from: u16,
    to: u16,
    tag: u32,
}

impl Associations {
    /// Takes one packet; `deliver` is called for each message that it completes, in the order of the chunks.
    pub fn feed(&mut self, packet: &Sctp<'_>, deliver: &mut impl FnMut(UserMessage<'_>)) {
        let mut chunks = Chunk::all(packet).peekable();
        if chunks.peek().is_none() {
            return;
        }
        let name = Name {
            from: packet.from.port,
            to: packet.to.port,
            tag: packet.verification_tag,
        };
        let direction = self.touch(name);
        let held_before = direction.held;
        let mut given_up = 0;
        for chunk in chunks {
            if direction.seen.is_new(&chunk) {
                given_up += direction.take(&chunk, deliver);
            }
        }
        let held = direction.held;
        self.held = (self.held + held).saturating_sub(held_before);
        self.evicted += given_up;
        self.make_room();
    }

    /// Fragments given up because too much was held, or a message grew too long: SIP that was lost to the bounds.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The direction of that name, now the one used last.
    fn touch(&mut self, name: Name) -> &mut Direction {
        self.uses += 1;
        let uses = self.uses;
        let direction = self.directions.entry(name).or_default();
        self.by_use.remove(&direction.used);
        direction.used = uses;
        self.by_use.insert(uses, name);
        direction
    }

    /// Gives up what was used least recently.
    fn make_room(&mut self) {
        while self.directions.len() > MAX_DIRECTIONS || self.held > MAX_HELD {
            let Some((_, name)) = self.by_use.pop_first() else {
                return;
            };
            if let Some(direction) = self.directions.remove(&name) {
                self.held = self.held.saturating_sub(direction.held);
                self.evicted += direction.fragments.len() as u64;
            }
        }
    }
}

/// The user data of each chunk of a packet that has some, in order.
pub fn user_data<'a>(packet: &Sctp<'a>) -> impl Iterator<Item = &'a [u8]> {
    Chunk::all(packet).map(|chunk| chunk.bytes)
}

/// Where each of these chunks belongs, in the same order.
pub fn places(packet: &Sctp<'_>) -> impl Iterator<Item = Place> {
    Chunk::all(packet).map(|chunk| chunk.place)
}

/// What is remembered of one direction.
#[derive(Debug, Default)]
struct Direction {
    used: u64,
    seen: Seen,
    fragments: BTreeMap<Place, Fragment>,
    /// What the fragments cost, in bytes.
    held: usize,
}

/// Where a fragment belongs: which message, as far as the chunk says, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Of I-DATA, the stream, whether it is unordered, and the message identifier. DATA has its numbers to itself.
    message: Option<(u16, bool, u32)>,
    /// The transmission sequence number; of I-DATA, the fragment sequence number. Both go round.
    number: u32,
}

impl Place {
    const fn plus(self, count: u32) -> Self {
        Self {
            number: self.number.wrapping_add(count),
            ..self
        }
    }
}

#[derive(Debug)]
struct Fragment {
    bytes: Box<[u8]>,
    begins: bool,
    ends: bool,
    is_cut: bool,
    /// Of the first and the last fragment of a run without a hole, how far it is to the other one.
    reach: u32,
}

impl Direction {
    /// Takes a chunk that was not seen before. Returns how many fragments were given up.
    fn take(&mut self, chunk: &Chunk<'_>, deliver: &mut impl FnMut(UserMessage<'_>)) -> u64 {
        if chunk.begins && chunk.ends {
            deliver(UserMessage {
                bytes: chunk.bytes,
                is_cut: chunk.is_cut,
                places: Places {
                    first: chunk.place,
                    reach: 0,
                },
            });
            return 0;
        }
        // Two fragments under one number: the first stays.
        if self.fragments.contains_key(&chunk.place) {
            return 0;
        }
        let given_up = if self.fragments.len() >= MAX_FRAGMENTS {
            self.held = 0;
            let all = std::mem::take(&mut self.fragments);
            all.len() as u64
        } else {
            0
        };
        let (start, end) = self.insert(chunk);
        given_up + self.complete(start, end, deliver)
    }

    /// Puts a fragment in its place. Returns how far its run goes before it and behind it.
    fn insert(&mut self, chunk: &Chunk<'_>) -> (Place, u32) {
        let place = chunk.place;
        let neighbour = |place| self.fragments.get(&place);
        let before = match neighbour(place.plus(u32::MAX)) {
            Some(last) if !chunk.begins && !last.ends => last.reach.saturating_add(1),
            _ => 0,
        };
        let behind = match neighbour(place.plus(1)) {
            Some(first) if !chunk.ends && !first.begins => first.reach.saturating_add(1),
            _ => 0,
        };
        let fragment = Fragment {
            bytes: chunk.bytes.into(),
            begins: chunk.begins,
            ends: chunk.ends,
            is_cut: chunk.is_cut,
            reach: 0,
        };
        self.held += fragment.bytes.len() + OVERHEAD;
        self.fragments.insert(place, fragment);
        let start = place.plus(0_u32.wrapping_sub(before));
        let reach = before.saturating_add(behind);
        for edge in [start, place.plus(behind)] {
            if let Some(fragment) = self.fragments.get_mut(&edge) {
                fragment.reach = reach;
            }
        }
        (start, reach)
    }

    /// Delivers a run that has a beginning and an end. Returns how many fragments were given up.
    fn complete(
        &mut self,
        start: Place,
        reach: u32,
        deliver: &mut impl FnMut(UserMessage<'_>),
    ) -> u64 {
        let is = |place, edge: fn(&Fragment) -> bool| self.fragments.get(&place).is_some_and(edge);
        if !is(start, |first| first.begins) || !is(start.plus(reach), |last| last.ends) {
            return 0;
        }
        let mut message = Vec::new();
        let mut is_cut = false;
        for index in 0..=reach {
            let Some(fragment) = self.fragments.remove(&start.plus(index)) else {
                break;
            };
            self.held = self.held.saturating_sub(fragment.bytes.len() + OVERHEAD);
            // What follows a cut fragment does not follow what was captured of it.
            if !is_cut && message.len() <= MAX_MESSAGE {
                message.extend_from_slice(&fragment.bytes);
            }
            is_cut |= fragment.is_cut;
        }
        if message.len() > MAX_MESSAGE {
            return u64::from(reach) + 1;
        }
        deliver(UserMessage {
            bytes: &message,
            is_cut,
            places: Places {
                first: start,
                reach,
            },
        });
        0
    }
}

/// The chunks that were seen last.
#[derive(Debug, Default)]
struct Seen(VecDeque<(u32, u64)>);

impl Seen {
    /// False for a chunk that was sent again, or captured twice. Synthesised captures may number all their chunks
    /// alike, so the bytes count too.
    fn is_new(&mut self, chunk: &Chunk<'_>) -> bool {
        let known = (chunk.number, FxBuildHasher.hash_one(chunk.bytes));
        if self.0.contains(&known) {
            return false;
        }
        if self.0.len() >= MAX_SEEN {
            self.0.pop_front();
        }
        self.0.push_back(known);
        true
    }
}

/// A chunk with user data.
#[derive(Clone, Copy)]
struct Chunk<'a> {
    /// The transmission sequence number.
    number: u32,
    place: Place,
    begins: bool,
    ends: bool,
    bytes: &'a [u8],
    is_cut: bool,
}

/// Types of chunks with user data (RFC 9260 §3.3.1, RFC 8260 §2.1).
const DATA: u8 = 0;
const I_DATA: u8 = 64;

/// Their flags.
const UNORDERED: u8 = 0x04;
const BEGINNING: u8 = 0x02;
const ENDING: u8 = 0x01;

impl<'a> Chunk<'a> {
    /// The chunks with user data of a packet. A length that makes no sense ends them.
    fn all(packet: &Sctp<'a>) -> impl Iterator<Item = Self> {
        let is_cut = packet.is_cut;
        let mut rest = packet.chunks;
        let next = move || {
            let [kind, flags, high, low, ..] = *rest else {
                return None;
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length < 4 {
                return None;
            }
            let captured = rest.get(..length).unwrap_or(rest);
            let is_cut = is_cut && captured.len() < length;
            // Chunks are padded to four bytes.
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            Some(Self::read(kind, flags, captured, is_cut))
        };
        std::iter::from_fn(next).flatten()
    }

    /// None where it is another type, or has no data.
    fn read(kind: u8, flags: u8, chunk: &'a [u8], is_cut: bool) -> Option<Self> {
        let word = |at: usize| {
            let bytes = chunk.get(at..)?.first_chunk()?;
            Some(u32::from_be_bytes(*bytes))
        };
        let number = word(4)?;
        let (message, fragment, header_len) = match kind {
            DATA => (None, number, 16),
            I_DATA => {
                let [high, low, ..] = *chunk.get(8..)? else {
                    return None;
                };
                let stream = u16::from_be_bytes([high, low]);
                // The first fragment has the protocol where others have their number, and is number 0.
                let fragment = if flags & BEGINNING == 0 { word(16)? } else { 0 };
                let message = (stream, flags & UNORDERED != 0, word(12)?);
                (Some(message), fragment, 20)
            }
            _ => return None,
        };
        let bytes = chunk.get(header_len..).filter(|bytes| !bytes.is_empty())?;
        Some(Self {
            number,
            place: Place {
                message,
                number: fragment,
            },
            begins: flags & BEGINNING != 0,
            ends: flags & ENDING != 0,
            bytes,
            is_cut,
        })
    }
}

#[cfg(test)]
mod tests;

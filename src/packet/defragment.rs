//! Fragments → IP datagrams (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! Fragments may come in any order, several times, and interleaved with those of other datagrams.
//! A fragment that is there already belongs to another copy of the datagram, as a second tap or an
//! `any` interface gives it: the copies are kept apart, so that a datagram captured twice comes
//! out twice, whichever way its fragments are shuffled, and no leftover meets a later datagram.
//! Where fragments overlap, the bytes that came first stay.
//!
//! The state is bounded in datagrams, bytes and time; what is given up is counted.

use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::packet::decode_payload;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Datagrams that are put together at once. A trunk has a handful; a flood of first fragments
/// must not grow memory.
const MAX_DATAGRAMS: usize = 4096;

/// Bytes held for all datagrams, pieces' own cost included: a thousand datagrams of full length.
const MAX_HELD: usize = 64 << 20;

/// How long a datagram waits for its last fragment, in capture time and to both sides of it, since
/// the clock of a capture may jump. RFC 8200 §4.5 and Linux wait 60 and 30 seconds.
const LIFETIME: Nanos = Nanos::from_secs(30);

/// How long a leftover of a datagram that came out waits for the rest of its copy. Taps differ by
/// milliseconds, and the identification is soon used again.
const LEFTOVER_LIFETIME: Nanos = Nanos::from_secs(1);

/// The longest IP datagram (RFC 791 §3.1).
const MAX_DATAGRAM: u32 = 65_535;

/// Pieces of one copy: a full datagram over links of 576 bytes, which every network passes, has 120.
const MAX_PIECES: usize = 512;

/// Copies of one datagram that are put together at once: two taps with an `any` interface each.
const MAX_COPIES: usize = 4;

/// What a piece costs besides its bytes.
const PIECE_OVERHEAD: usize = 96;

/// Puts fragments together.
#[derive(Debug, Default)]
pub struct Defragmenter {
    open: FxHashMap<Key, Entry>,
    /// The keys of `open` in the order in which they were opened; those with another serial are stale.
    order: VecDeque<(u64, Key)>,
    next_serial: u64,
    held: usize,
    evicted: u64,
}

/// What became of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for others.
    Held,
    /// It was the last that was missing.
    Complete(Whole),
    /// It fits no datagram: longer than IP allows, behind the end, or one piece too many.
    Refused,
}

/// A datagram put together; [`Whole::decode`] reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Sender.
    pub source: IpAddr,
    /// Receiver.
    pub destination: IpAddr,
    /// What `payload` is: the protocol number that the fragments gave.
    pub protocol: u8,
    /// What was captured from the beginning on, without a gap.
    pub payload: Vec<u8>,
    /// True where the snap length cut a fragment, so that the end of the payload is missing.
    pub is_cut: bool,
}

impl Whole {
    /// Reads the datagram's payload.
    pub fn decode(&self) -> Packet<'_> {
        decode_payload(
            self.source,
            self.destination,
            self.protocol,
            &self.payload,
            self.is_cut,
        )
    }
}

/// RFC 791 §3.2: what tells the fragments of one datagram from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    protocol: u8,
}

#[derive(Debug)]
struct Entry {
    serial: u64,
    opened: Nanos,
    /// True once a copy came out: what is left are parts of further copies.
    has_completed: bool,
    /// Unfinished copies, oldest first.
    copies: Vec<Partial>,
    held: usize,
}

impl Defragmenter {
    /// Puts one fragment in its place.
    pub fn feed(&mut self, fragment: Fragment<'_>, at: Stamp) -> Outcome {
        if !is_plausible(&fragment) {
            return Outcome::Refused;
        }
        let key = Key {
            source: fragment.source,
            destination: fragment.destination,
            identification: fragment.identification,
            protocol: fragment.protocol,
        };
        if self
            .open
            .get(&key)
            .is_some_and(|entry| entry.is_over(at.time))
        {
            self.give_up(&key);
        }
        let entry = self.open.entry(key).or_insert_with(|| {
            self.next_serial += 1;
            self.order.push_back((self.next_serial, key));
            Entry::new(self.next_serial, at.time)
        });
        let held_before = entry.held;
        let outcome = entry.feed(&fragment);
        self.held = (self.held + entry.held).saturating_sub(held_before);
        if entry.copies.is_empty() {
            self.open.remove(&key);
        }
        self.keep_bounds();
        match outcome {
            Fed::Held => Outcome::Held,
            Fed::Refused => Outcome::Refused,
            Fed::Complete { payload, is_cut } => Outcome::Complete(Whole {
                source: key.source,
                destination: key.destination,
                protocol: key.protocol,
                payload,
                is_cut,
            }),
        }
    }

    /// Gives up what has waited too long at `now`.
    pub fn expire(&mut self, now: Nanos) {
        let over: Vec<Key> = self
            .order
            .iter()
            .filter(|(serial, key)| {
                self.open
                    .get(key)
                    .is_some_and(|entry| entry.serial == *serial && entry.is_over(now))
            })
            .map(|(_, key)| *key)
            .collect();
        for key in over {
            self.give_up(&key);
        }
        self.forget_stale();
    }

    /// Datagrams of which something was captured and given up, because it took too long or the
    /// bounds were reached.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The end of all captures: what is open now is given up, too. Returns all that was.
    pub fn finish(self) -> u64 {
        let open = self.open.values().filter(|entry| !entry.has_completed);
        self.evicted + open.count() as u64
    }

    fn give_up(&mut self, key: &Key) {
        if let Some(entry) = self.open.remove(key) {
            self.held = self.held.saturating_sub(entry.held);
            self.evicted += u64::from(!entry.has_completed);
        }
    }

    /// Evicts the oldest until the bounds hold.
    fn keep_bounds(&mut self) {
        while self.open.len() > MAX_DATAGRAMS || self.held > MAX_HELD {
            let Some((serial, key)) = self.order.pop_front() else {
                break;
            };
            if self
                .open
                .get(&key)
                .is_some_and(|entry| entry.serial == serial)
            {
                self.give_up(&key);
            }
        }
        // Stale keys are dropped once they are the majority, so that each costs a constant.
        if self.order.len() > 2 * self.open.len() + 64 {
            self.forget_stale();
        }
    }

    fn forget_stale(&mut self) {
        let open = &self.open;
        self.order
            .retain(|(serial, key)| open.get(key).is_some_and(|entry| entry.serial == *serial));
    }
}

/// Whether a fragment of this shape can be part of a datagram at all.
fn is_plausible(fragment: &Fragment<'_>) -> bool {
    let Ok(length) = u32::try_from(fragment.payload.len()) else {
        return false;
    };
    // RFC 791 §3.2: every fragment but the last is a multiple of eight bytes long.
    let is_aligned = !fragment.more || fragment.is_cut || length % 8 == 0;
    let brings_something = length > 0 || fragment.is_cut || !fragment.more;
    is_aligned && brings_something && fragment.offset.saturating_add(length) <= MAX_DATAGRAM
}

/// What one entry made of a fragment.
enum Fed {
    Held,
    Refused,
    Complete { payload: Vec<u8>, is_cut: bool },
}

impl Entry {
    fn new(serial: u64, opened: Nanos) -> Self {
        Self {
            serial,
            opened,
            has_completed: false,
            copies: Vec::new(),
            held: 0,
        }
    }

    fn is_over(&self, now: Nanos) -> bool {
        let age = now.since(self.opened).0.saturating_abs();
        age > if self.has_completed {
            LEFTOVER_LIFETIME.0
        } else {
            LIFETIME.0
        }
    }

    fn feed(&mut self, fragment: &Fragment<'_>) -> Fed {
        let index = match self.copies.iter().position(|copy| !copy.has(fragment)) {
            Some(index) => index,
            None if self.copies.len() < MAX_COPIES => {
                self.copies.push(Partial::default());
                self.copies.len() - 1
            }
            None => return Fed::Held,
        };
        let Some(copy) = self.copies.get_mut(index) else {
            return Fed::Refused;
        };
        let held_before = copy.held;
        let is_taken = copy.insert(fragment);
        self.held = (self.held + copy.held).saturating_sub(held_before);
        if !is_taken {
            self.copies.retain(|copy| !copy.pieces.is_empty());
            return Fed::Refused;
        }
        let Some((length, is_cut)) = copy.readable() else {
            return Fed::Held;
        };
        let copy = self.copies.remove(index);
        self.held = self.held.saturating_sub(copy.held);
        self.has_completed = true;
        Fed::Complete {
            payload: copy.into_payload(length),
            is_cut,
        }
    }
}

/// One copy of a datagram, as far as it is there.
#[derive(Debug, Default)]
struct Partial {
    /// By offset; they don't overlap. Only a piece that was cut may be empty.
    pieces: BTreeMap<u32, Piece>,
    /// Where the datagram ends: known once its last fragment is there.
    end: Option<u32>,
    /// Sum of the pieces' lengths.
    filled: usize,
    has_cut: bool,
    held: usize,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    /// True where the snap length cut off what followed.
    is_cut: bool,
}

impl Partial {
    /// Whether the fragment would bring nothing new.
    fn has(&self, fragment: &Fragment<'_>) -> bool {
        if !fragment.more && self.end.is_none() {
            return false;
        }
        if fragment.payload.is_empty() {
            return self.covers(fragment.offset) || !fragment.is_cut;
        }
        let mut is_covered = true;
        self.for_each_gap(fragment, |_, _| is_covered = false);
        is_covered
    }

    /// Takes what is new of the fragment. False where it contradicts what is there.
    fn insert(&mut self, fragment: &Fragment<'_>) -> bool {
        let length = u32::try_from(fragment.payload.len()).unwrap_or(u32::MAX);
        let fragment_end = fragment.offset.saturating_add(length);
        let reaches = self
            .pieces
            .last_key_value()
            .map_or(0, |(start, piece)| start.saturating_add(piece.len()));
        let is_misfit = match self.end {
            Some(end) => fragment_end > end && !self.has_cut,
            None => !fragment.more && reaches > fragment_end && !fragment.is_cut,
        };
        if is_misfit || self.pieces.len() >= MAX_PIECES {
            return false;
        }
        if !fragment.more {
            self.end = Some(self.end.unwrap_or(0).max(fragment_end).max(reaches));
        }
        let mut gaps = Vec::new();
        self.for_each_gap(fragment, |from, to| gaps.push((from, to)));
        if fragment.payload.is_empty() && !self.covers(fragment.offset) {
            gaps.push((fragment.offset, fragment.offset));
        }
        for (from, to) in gaps {
            let range = (from - fragment.offset) as usize..(to - fragment.offset) as usize;
            let bytes = fragment.payload.get(range).unwrap_or_default().to_vec();
            self.filled += bytes.len();
            self.held += bytes.len() + PIECE_OVERHEAD;
            let is_cut = fragment.is_cut && to == fragment_end;
            self.has_cut |= is_cut;
            self.pieces.insert(from, Piece { bytes, is_cut });
        }
        true
    }

    /// Whether a piece begins at `offset` or reaches beyond it.
    fn covers(&self, offset: u32) -> bool {
        self.pieces
            .range(..=offset)
            .next_back()
            .is_some_and(|(start, piece)| {
                *start == offset || start.saturating_add(piece.len()) > offset
            })
    }

    /// Calls `gap` with each stretch of the fragment that no piece covers.
    fn for_each_gap(&self, fragment: &Fragment<'_>, mut gap: impl FnMut(u32, u32)) {
        let length = u32::try_from(fragment.payload.len()).unwrap_or(u32::MAX);
        let end = fragment.offset.saturating_add(length);
        let mut position = fragment.offset;
        if let Some((start, piece)) = self.pieces.range(..=position).next_back() {
            position = position.max(start.saturating_add(piece.len()));
        }
        for (start, piece) in self.pieces.range(fragment.offset..end) {
            if *start > position {
                gap(position, *start);
            }
            position = position.max(start.saturating_add(piece.len()));
        }
        if position < end {
            gap(position, end);
        }
    }

    /// The length of what can be read from the beginning, and whether it is cut; `None` while
    /// fragments are missing. A gap behind a cut piece is what was cut off.
    fn readable(&self) -> Option<(usize, bool)> {
        let end = self.end?;
        if !self.has_cut && self.filled < end as usize {
            return None;
        }
        let mut position = 0;
        let mut first_gap = None;
        let mut is_excused = false;
        for (start, piece) in &self.pieces {
            if *start > position {
                if !is_excused {
                    return None;
                }
                first_gap.get_or_insert(position);
            }
            position = start.saturating_add(piece.len());
            is_excused = piece.is_cut;
        }
        if position < end && !is_excused {
            return None;
        }
        let is_cut = first_gap.is_some() || is_excused;
        Some((first_gap.unwrap_or(position) as usize, is_cut))
    }

    fn into_payload(self, length: usize) -> Vec<u8> {
        let mut payload = Vec::with_capacity(length);
        for piece in self.pieces.into_values() {
            if payload.len() >= length {
                break;
            }
            payload.extend_from_slice(&piece.bytes);
        }
        payload
    }
}

impl Piece {
    fn len(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;

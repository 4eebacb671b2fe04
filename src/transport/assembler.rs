//! One direction of a TCP connection: segments in, bytes in order out (RFC 9293 §3.4).
//!
//! A segment that comes in order is handed on as the slice that it is. Only what comes out of
//! order is copied and held. Positions are 64-bit offsets from the direction's first byte, so the
//! 32-bit sequence numbers may wrap as often as they like.
//!
//! **Overlaps:** the bytes that came first stay. **Start:** behind the SYN where it was captured, else the
//! first payload seen; what lies before either is old. **Holes:** a byte that the receiver has
//! acknowledged was on the wire, so the capture has lost it and it will hardly come: such a hole
//! is given up after [`PATIENCE`] or [`PATIENCE_SEGMENTS`], which leaves time for packets that the
//! capture only reordered. What the snap length cut off is given up as soon as it is acknowledged.

use super::tcp::Event;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use std::collections::BTreeMap;

/// Bytes held behind holes in one direction: more than a receive window of a SIP peer.
const MAX_HELD: usize = 1 << 20;

/// Segments held behind holes in one direction, and cuts remembered.
const MAX_HELD_SEGMENTS: usize = 256;

/// What a held segment costs besides its bytes.
const SEGMENT_OVERHEAD: usize = 96;

/// How long an acknowledged hole is kept open, in capture time and to both sides of it.
const PATIENCE: Nanos = Nanos::from_secs(2);

/// How many segments of the connection an acknowledged hole is kept open for.
const PATIENCE_SEGMENTS: u32 = 64;

/// The farthest that a segment of the same connection can be from where the direction stands: a
/// receive window. Whatever is farther off is another connection whose SYN was not captured.
const MAX_DISTANCE: i64 = 1 << 24;

/// Where the connection stands when the assembler is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The time of the segment at hand.
    pub(super) time: Nanos,
    /// Segments of the connection so far, wrapping.
    pub(super) segments: u32,
    /// False while no acknowledgment of this direction was ever seen: the capture has one
    /// direction only, and waiting for acknowledgments would be for ever.
    pub(super) has_acknowledgments: bool,
}

/// Puts one direction in order.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// Sequence number of the SYN, where it was captured.
    isn: Option<u32>,
    /// True once it is known where the direction starts.
    has_started: bool,
    /// True once payload was seen.
    has_payload: bool,
    /// The sequence number of the next byte to deliver.
    next_sequence: u32,
    /// Its offset.
    next: i64,
    /// Everything before this offset is acknowledged.
    acknowledged: i64,
    /// Where the FIN says that the direction ends.
    fin: Option<i64>,
    backlog: Option<Box<Backlog>>,
    /// The packet whose segment is being placed.
    now: Stamp,
}

/// A segment's payload that waits behind a hole.
#[derive(Debug)]
struct Held {
    /// The packet that brought it.
    at: Stamp,
    bytes: Vec<u8>,
}

/// What is known beyond the first hole; most directions never need one.
#[derive(Debug, Default)]
struct Backlog {
    /// Payload by offset; all behind `next`, none overlapping.
    held: BTreeMap<i64, Held>,
    /// Stretches that the snap length cut off, by offset of their first byte; ends.
    cuts: BTreeMap<i64, i64>,
    /// Bytes in `held`, its overhead included.
    cost: usize,
    /// The holes before an offset that were acknowledged, and since when.
    overdue: Option<Overdue>,
}

#[derive(Clone, Copy, Debug)]
struct Overdue {
    before: i64,
    since: Nanos,
    segments: u32,
}

impl Assembler {
    pub(super) fn isn(&self) -> Option<u32> {
        self.isn
    }

    pub(super) fn has_payload(&self) -> bool {
        self.has_payload
    }

    /// True once the sender said that it has no more data.
    pub(super) fn has_fin(&self) -> bool {
        self.fin.is_some()
    }

    /// True where something is known beyond a hole.
    pub(super) fn is_waiting(&self) -> bool {
        self.backlog.is_some()
    }

    /// What this direction holds, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| {
            backlog.cost + (backlog.cuts.len() + 1) * SEGMENT_OVERHEAD
        })
    }

    /// Whether `sequence` is where the first payload seen begins: then a SYN before it is that of
    /// the same connection, captured late.
    pub(super) fn starts_at(&self, sequence: u32) -> bool {
        self.has_started && self.next_sequence.wrapping_sub(sequence) == modulo_sequence(self.next)
    }

    /// Whether a segment with this sequence number can belong to this direction.
    pub(super) fn is_plausible(&self, sequence: u32) -> bool {
        !self.has_started
            || self.offset_of(sequence).saturating_sub(self.next).abs() <= MAX_DISTANCE
    }

    /// The SYN: the direction begins behind it.
    pub(super) fn open(&mut self, isn: u32) {
        self.isn = Some(isn);
        if !self.has_started {
            self.has_started = true;
            self.next_sequence = isn.wrapping_add(1);
        }
    }

    /// The other side has everything before `sequence`.
    pub(super) fn acknowledge(&mut self, sequence: u32) {
        if self.has_started && self.is_plausible(sequence) {
            self.acknowledged = self.acknowledged.max(self.offset_of(sequence));
        }
    }

    /// The FIN stands behind the `length` bytes from `sequence` on.
    pub(super) fn close(&mut self, sequence: u32, length: u32) {
        // A FIN is all that some mid-stream directions show.
        if self.has_started && self.is_plausible(sequence) {
            self.fin = Some(self.offset_of(sequence).saturating_add(i64::from(length)));
        } else if !self.has_started {
            self.fin = Some(0);
        }
    }

    /// Puts payload in its place; `cut` bytes more were sent behind it. True where some was new.
    pub(super) fn place(
        &mut self,
        sequence: u32,
        payload: &[u8],
        cut: u32,
        emit: &mut impl FnMut(Event<'_>),
    ) -> bool {
        if payload.is_empty() && cut == 0 {
            return false;
        }
        self.has_payload = true;
        if !self.has_started {
            self.has_started = true;
            self.next_sequence = sequence;
        }
        let start = self.offset_of(sequence);
        let end = start.saturating_add(length_of(payload));
        let is_new = if start <= self.next && self.backlog.is_none() {
            // In order and nothing held: the way that nearly every segment goes.
            let new = tail(payload, start, self.next);
            self.deliver(new, emit);
            !new.is_empty()
        } else {
            self.place_beside_backlog(start, payload, emit)
        };
        if cut > 0 {
            self.remember_cut(end, end.saturating_add(i64::from(cut)));
        }
        is_new
    }

    /// Gives up the holes whose time has come.
    pub(super) fn settle(&mut self, moment: Moment, emit: &mut impl FnMut(Event<'_>)) {
        if self.backlog.is_none() {
            return;
        }
        loop {
            self.give_up_cuts(moment, emit);
            let Some(before) = self.overdue_before(moment) else {
                break;
            };
            let from = self.next;
            self.skip_holes_before(before, emit);
            if self.next == from {
                break;
            }
        }
        while self.is_over_bounds() {
            let from = self.next;
            self.skip_first_hole(emit);
            if self.next == from {
                break;
            }
        }
        self.drop_empty_backlog();
    }

    /// Gives up every hole: nothing more is expected.
    pub(super) fn give_up(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        let last_cut = self
            .backlog
            .as_ref()
            .and_then(|backlog| backlog.cuts.values().copied().max());
        self.skip_holes_before(i64::MAX, emit);
        let fin = self.fin.filter(|_| self.has_started);
        if let Some(end) = last_cut.max(fin) {
            self.skip_to(end, emit);
        }
        self.backlog = None;
    }

    fn offset_of(&self, sequence: u32) -> i64 {
        // RFC 9293 §3.4: the nearer way around the circle is meant.
        let distance = sequence.wrapping_sub(self.next_sequence).cast_signed();
        self.next.saturating_add(i64::from(distance))
    }

    /// What segments are placed now belong to this packet.
    pub(super) fn set_now(&mut self, now: Stamp) {
        self.now = now;
    }

    fn deliver(&mut self, bytes: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        if !bytes.is_empty() {
            self.advance(length_of(bytes));
            emit(Event::Bytes(bytes));
        }
    }

    fn skip_to(&mut self, offset: i64, emit: &mut impl FnMut(Event<'_>)) {
        if let Ok(lost @ 1..) = u64::try_from(offset.saturating_sub(self.next)) {
            self.advance(offset.saturating_sub(self.next));
            emit(Event::Lost(lost));
        }
    }

    fn advance(&mut self, length: i64) {
        self.next = self.next.saturating_add(length);
        self.next_sequence = self.next_sequence.wrapping_add(modulo_sequence(length));
    }

    fn place_beside_backlog(
        &mut self,
        start: i64,
        payload: &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let end = start.saturating_add(length_of(payload));
        let mut is_new = false;
        let mut position = start.max(self.next);
        while position < end {
            // The piece up to the next held segment, then over it.
            let (piece_end, behind) = self
                .next_held(position)
                .map_or((end, end), |(held_start, held_end)| {
                    (held_start.max(position).min(end), held_end)
                });
            let piece = tail(head(payload, start, piece_end), start, position);
            if !piece.is_empty() {
                is_new = true;
                if position == self.next {
                    self.deliver(piece, emit);
                    self.deliver_filled(emit);
                } else {
                    self.hold(position, piece);
                }
            }
            position = behind.max(piece_end).max(self.next);
        }
        is_new
    }

    /// The first held segment that ends behind `position`: start and end.
    fn next_held(&self, position: i64) -> Option<(i64, i64)> {
        let held = &self.backlog.as_ref()?.held;
        let before = held
            .range(..=position)
            .next_back()
            .map(|(start, held)| (*start, *start + length_of(&held.bytes)));
        let after = held
            .range(position..)
            .next()
            .map(|(start, held)| (*start, *start + length_of(&held.bytes)));
        before.filter(|(_, end)| *end > position).or(after)
    }

    fn hold(&mut self, offset: i64, bytes: &[u8]) {
        let backlog = self.backlog.get_or_insert_default();
        backlog.cost += bytes.len() + SEGMENT_OVERHEAD;
        let at = self.now;
        backlog.held.insert(
            offset,
            Held {
                at,
                bytes: bytes.to_vec(),
            },
        );
    }

    /// Delivers what is held behind a hole that was just filled: the packet that filled it completes it.
    fn deliver_filled(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        while let Some(held) = self.take_held_at_next() {
            self.deliver(&held.bytes, emit);
        }
    }

    /// Delivers what is held behind a hole that was given up: it belongs to the packets that brought it.
    fn deliver_held(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        while let Some(held) = self.take_held_at_next() {
            self.advance(length_of(&held.bytes));
            emit(Event::Held(&held.bytes, held.at));
        }
    }

    fn take_held_at_next(&mut self) -> Option<Held> {
        let backlog = self.backlog.as_mut()?;
        let first = backlog
            .held
            .first_entry()
            .filter(|first| *first.key() <= self.next)?;
        let held = first.remove();
        let cost = held.bytes.len() + SEGMENT_OVERHEAD;
        backlog.cost = backlog.cost.saturating_sub(cost);
        Some(held)
    }

    fn remember_cut(&mut self, from: i64, to: i64) {
        if to > self.next {
            let end = self
                .backlog
                .get_or_insert_default()
                .cuts
                .entry(from)
                .or_insert(to);
            *end = (*end).max(to);
        }
    }

    /// Gives up the cuts that are due: those at which the direction stands, once acknowledged.
    fn give_up_cuts(&mut self, moment: Moment, emit: &mut impl FnMut(Event<'_>)) {
        while let Some(backlog) = self.backlog.as_mut() {
            let Some(cut) = backlog
                .cuts
                .first_entry()
                .filter(|cut| *cut.key() <= self.next)
            else {
                break;
            };
            let to = *cut.get();
            if moment.has_acknowledgments && self.acknowledged < to && self.next < to {
                break;
            }
            cut.remove();
            let held = self.next_held(self.next).map_or(to, |(start, _)| start);
            self.skip_to(to.min(held), emit);
            self.deliver_held(emit);
        }
    }

    /// The offset before which holes are given up now. Takes note of holes newly acknowledged.
    fn overdue_before(&mut self, moment: Moment) -> Option<i64> {
        let acknowledged = if moment.has_acknowledgments {
            self.acknowledged
        } else {
            i64::MAX
        };
        let next = self.next;
        let backlog = self.backlog.as_mut()?;
        let (first, _) = backlog.held.first_key_value()?;
        if let Some(overdue) = backlog.overdue {
            let waited = moment.time.since(overdue.since).0.saturating_abs();
            let segments = moment.segments.wrapping_sub(overdue.segments);
            if overdue.before > next && waited < PATIENCE.0 && segments < PATIENCE_SEGMENTS {
                return None;
            }
            backlog.overdue = None;
            if overdue.before > next {
                return Some(overdue.before);
            }
        }
        if *first <= acknowledged {
            // Without acknowledgments, what is held by now is all that waiting can be about.
            let last = backlog
                .held
                .last_key_value()
                .map_or(*first, |(start, _)| *start);
            let before = acknowledged.min(last).saturating_add(1);
            backlog.overdue = Some(Overdue {
                before,
                since: moment.time,
                segments: moment.segments,
            });
        }
        None
    }

    fn is_over_bounds(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| {
            backlog.cost > MAX_HELD
                || backlog.held.len() > MAX_HELD_SEGMENTS
                || backlog.cuts.len() > MAX_HELD_SEGMENTS
        })
    }

    /// Gives up the holes that end before `offset`.
    fn skip_holes_before(&mut self, offset: i64, emit: &mut impl FnMut(Event<'_>)) {
        loop {
            self.deliver_held(emit);
            let hole_end = self.next_held(self.next).map(|(start, _)| start);
            let Some(hole_end) = hole_end.filter(|hole_end| *hole_end < offset) else {
                break;
            };
            self.skip_to(hole_end, emit);
        }
        self.forget_old_cuts();
    }

    fn skip_first_hole(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        let held = self.next_held(self.next).map(|(start, _)| start);
        let cut = self
            .backlog
            .as_ref()
            .and_then(|backlog| backlog.cuts.first_key_value());
        let cut = cut.map(|(_, end)| *end);
        if let Some(end) = held.or(cut) {
            self.skip_to(end, emit);
            self.deliver_held(emit);
        }
        self.forget_old_cuts();
    }

    fn forget_old_cuts(&mut self) {
        let next = self.next;
        if let Some(backlog) = self.backlog.as_mut() {
            backlog.cuts.retain(|_, end| *end > next);
        }
    }

    fn drop_empty_backlog(&mut self) {
        self.forget_old_cuts();
        if self
            .backlog
            .as_ref()
            .is_some_and(|backlog| backlog.held.is_empty() && backlog.cuts.is_empty())
        {
            self.backlog = None;
        }
    }
}

/// Sequence numbers are offsets modulo 2³².
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the modulus is meant"
)]
const fn modulo_sequence(offset: i64) -> u32 {
    offset as u32
}

fn length_of(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// The part of a payload at `start` from the offset `from` on.
fn tail(payload: &[u8], start: i64, from: i64) -> &[u8] {
    let skipped = usize::try_from(from.saturating_sub(start)).unwrap_or(0);
    payload.get(skipped..).unwrap_or_default()
}

/// The part of a payload at `start` before the offset `to`.
fn head(payload: &[u8], start: i64, to: i64) -> &[u8] {
    let kept = usize::try_from(to.saturating_sub(start)).unwrap_or(0);
    payload.get(..kept).unwrap_or(payload)
}

#[cfg(test)]
mod tests;

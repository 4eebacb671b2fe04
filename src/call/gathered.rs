//! The messages of one Call-ID, kept small until its calls are over.

use rustc_hash::FxHashMap;

use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Wholeness;

use super::sighting::Glance;
use super::sighting::Marks;
use super::sighting::Seen;
use super::sighting::Sighting;
use super::sighting::Step;
use super::sighting::Tags;
use super::sighting::Transport;
use super::sighting::hash;

/// Quiet after BYE or a refusal until the call is over: 64·T1, as long as anything of the transaction may
/// still be retransmitted (RFC 3261 §17.1.1.2).
pub const QUIET_WHEN_OVER: Nanos = Nanos::from_secs(32);

/// Quiet after an INVITE without final response: far above Timer C (RFC 3261 §16.6, more than 3 minutes).
pub const QUIET_WHEN_RINGING: Nanos = Nanos::from_secs(15 * 60);

/// Quiet in an answered call: without session timers a long call is silent until its BYE.
pub const QUIET_WHEN_ANSWERED: Nanos = Nanos::from_secs(24 * 60 * 60);

/// Different messages kept of one Call-ID. A call of a day with a session refresh each minute and four
/// messages each stays below it; the messages beyond are counted and left out.
pub const MESSAGES_PER_CALL_ID: usize = 20_000;

/// Bytes kept of one Call-ID.
pub const BYTES_PER_CALL_ID: usize = 8 << 20;

/// Room for the text of a call: most have less than ten messages.
const USUAL_TEXT: usize = 4096;

/// First messages of fewer bytes make short calls.
const SHORT: usize = 768;

/// Texts whose room is used again, in one shard.
const SPARE: usize = 32;

/// The most room that is kept for another text.
const SPARE_TEXT: usize = 16 << 10;

/// The shortest text that is worth being packed.
const WORTH_PACKING: usize = 1024;

/// The longest text that is packed: it must be unpacked for each message that comes, and of a call that goes on and on
/// that would cost the square of its length.
const MOST_PACKED: usize = 64 << 10;

/// What the room of a text is a multiple of.
const ROOM: usize = 1024;

/// Pairs of hosts among which that of a message is looked for, before it is noted once more.
const WAYS: usize = 16;

/// The messages of one Call-ID.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The messages, one behind the other; compressed by LZ4 where `packed` is set.
    text: Vec<u8>,
    /// How long the text is, where it is compressed.
    packed: Option<usize>,
    kept: Vec<Kept>,
    /// The few pairs of hosts between which they went.
    ways: Vec<Way>,
    known: FxHashMap<u64, u32>,
    pub(super) last: Nanos,
    pub(super) step: Step,
    /// When to look whether its calls are over.
    pub(super) look_at: Nanos,
    /// True where calls of this Call-ID were closed before.
    pub is_resumed: bool,
}

/// One message. There are many: it is kept small.
#[derive(Debug)]
struct Kept {
    start: u32,
    len: u32,
    way: u32,
    at: Stamp,
    marks: Marks,
    tags: Tags,
    wholeness: Wholeness,
    /// How often it was met, and when last.
    times: u32,
    until: Nanos,
}

/// Between whom, and by what, a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    from: Endpoint,
    to: Endpoint,
    transport: Transport,
}

/// From how many messages on an index finds the earlier sighting of the same bytes.
const INDEX_FROM: usize = 16;

impl Kept {
    fn bytes<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start as usize..)
            .and_then(|rest| rest.get(..self.len as usize))
            .unwrap_or_default()
    }
}

impl Gathered {
    /// No message yet.
    pub(super) fn new(is_resumed: bool) -> Self {
        Self {
            is_resumed,
            look_at: Nanos(i64::MAX),
            ..Self::default()
        }
    }

    /// The messages, each with its earliest place, in the order in which they came first.
    /// They must have been unpacked: [`Calls::unpack`](super::calls::Calls::unpack).
    pub fn seen(&self) -> impl Iterator<Item = Seen<'_>> {
        debug_assert!(self.packed.is_none(), "packed messages can't be read");
        self.kept.iter().filter_map(|kept| {
            let Way {
                from,
                to,
                transport,
            } = *self.ways.get(kept.way as usize)?;
            let sighting = Sighting {
                bytes: kept.bytes(&self.text),
                wholeness: kept.wholeness,
                at: kept.at,
                arrived: kept.at.time,
                from,
                to,
                transport,
            };
            let mut seen = Seen::kept(sighting, &kept.marks, kept.tags);
            (seen.times, seen.until) = (kept.times, kept.until);
            Some(seen)
        })
    }

    /// How many messages were kept.
    pub(super) fn messages(&self) -> usize {
        self.kept.len()
    }

    /// Its calls are over where nothing came until then.
    pub(super) fn quiet_until(&self) -> Nanos {
        let limit = match self.step {
            Step::Open => QUIET_WHEN_RINGING,
            Step::Refused | Step::Ended => QUIET_WHEN_OVER,
            Step::Answered => QUIET_WHEN_ANSWERED,
        };
        self.last.plus(limit)
    }

    /// Bytes that it takes.
    pub(super) fn footprint(&self) -> usize {
        self.text.capacity()
            + self.kept.capacity() * size_of::<Kept>()
            + self.ways.capacity() * size_of::<Way>()
            + self.known.capacity() * 16
            + size_of::<Self>()
    }

    /// Keeps a message, or only its earlier place where the same bytes are kept already: a retransmission,
    /// or the same packet on another tap. False where the bounds leave it out.
    pub(super) fn keep(
        &mut self,
        sighting: &Sighting<'_>,
        glance: &Glance,
        spare: &mut Spare,
    ) -> bool {
        self.unpack(spare);
        self.last = self.last.max(sighting.arrived);
        let way = Way {
            from: sighting.from,
            to: sighting.to,
            transport: sighting.transport,
        };
        if let Some(place) = self.same(sighting.bytes) {
            let way = self.way(way);
            let kept = &mut self.kept[place];
            kept.times = kept.times.saturating_add(1);
            kept.until = kept.until.max(sighting.at.time);
            if sighting.at < kept.at {
                (kept.at, kept.way) = (sighting.at, way);
            }
            kept.wholeness = if kept.wholeness == Wholeness::Whole {
                Wholeness::Whole
            } else {
                sighting.wholeness
            };
            return true;
        }
        let (start, len) = (self.text.len(), sighting.bytes.len());
        if self.kept.len() >= MESSAGES_PER_CALL_ID || start + len > BYTES_PER_CALL_ID {
            return false;
        }
        if self.text.capacity() == 0 {
            self.text = match len {
                // What begins without SDP is mostly short: an attempt that is turned down at once.
                short if short < SHORT => Vec::with_capacity((2 * short).next_multiple_of(ROOM)),
                _ => spare.take(),
            };
        }
        if self.text.capacity() - start < len {
            // A call that grows is soon over: twice the room would mostly stay empty.
            let room = (start + len + start / 4).next_multiple_of(ROOM);
            self.text.reserve_exact(room - start);
        }
        self.text.extend_from_slice(sighting.bytes);
        let kept = Kept {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u32::try_from(len).unwrap_or(u32::MAX),
            way: self.way(way),
            at: sighting.at,
            marks: glance.marks,
            tags: Tags::of(sighting.bytes, &glance.marks),
            wholeness: sighting.wholeness,
            times: 1,
            until: sighting.at.time,
        };
        self.kept.push(kept);
        self.index();
        true
    }

    fn way(&mut self, way: Way) -> u32 {
        let first = self.ways.len().saturating_sub(WAYS);
        let latest = self.ways[first..].iter();
        let known = latest.rev().position(|known| *known == way);
        let place = known.map_or(self.ways.len(), |behind| self.ways.len() - 1 - behind);
        if known.is_none() {
            self.ways.push(way);
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn same(&self, bytes: &[u8]) -> Option<usize> {
        let is_same = |kept: &Kept| kept.bytes(&self.text) == bytes;
        if self.known.is_empty() {
            return self.kept.iter().position(is_same);
        }
        let place = *self.known.get(&hash(bytes))? as usize;
        self.kept.get(place).is_some_and(is_same).then_some(place)
    }

    fn index(&mut self) {
        let from = match self.kept.len() {
            few if few < INDEX_FROM => return,
            _ if self.known.is_empty() => 0,
            many => many - 1,
        };
        for (place, kept) in self.kept.iter().enumerate().skip(from) {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let hash = hash(kept.bytes(&self.text));
            self.known.entry(hash).or_insert(place);
        }
    }

    /// Bytes of room that packing makes less: of a short text, what it does not fill.
    pub(super) fn loose(&self) -> usize {
        match self.text.len() {
            _ if self.packed.is_some() => 0,
            short if short < WORTH_PACKING => self.text.capacity() - short,
            long if long > MOST_PACKED => 0,
            _ => self.text.capacity(),
        }
    }

    #[cfg(test)]
    pub(super) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// Makes it smaller: the messages of a call repeat each other. Its room goes to `spare`.
    pub(super) fn pack(&mut self, spare: &mut Spare) {
        self.kept.shrink_to_fit();
        self.ways.shrink_to_fit();
        if self.packed.is_some() || self.text.len() > MOST_PACKED {
            return;
        }
        if self.text.len() < WORTH_PACKING {
            let tight = self.text.as_slice().to_vec();
            spare.give(std::mem::replace(&mut self.text, tight));
            return;
        }
        // Packed text stays long, and plain text comes and goes: they must not share the allocator's room.
        let most = lz4_flex::block::get_maximum_output_size(self.text.len());
        spare.scratch.resize(most.max(spare.scratch.len()), 0);
        if let Ok(length) = lz4_flex::block::compress_into(&self.text, &mut spare.scratch) {
            self.packed = Some(self.text.len());
            let packed = spare.scratch[..length].to_vec();
            spare.give(std::mem::replace(&mut self.text, packed));
        }
    }

    /// Makes the messages readable again.
    pub(super) fn unpack(&mut self, spare: &mut Spare) {
        let Some(length) = self.packed.take() else {
            return;
        };
        let mut text = spare.take();
        // It is unpacked because there is more to come, but not as much again.
        text.reserve_exact(length.next_multiple_of(ROOM));
        text.resize(length, 0);
        lz4_flex::block::decompress_into(&self.text, &mut text)
            .expect("what was compressed here can be decompressed");
        self.text = text;
    }

    /// When its first message came.
    pub(super) fn first(&self) -> Option<Stamp> {
        self.kept.first().map(|kept| kept.at)
    }

    /// Gives its room to others.
    pub(super) fn give_room(self, spare: &mut Spare) {
        if self.packed.is_none() {
            spare.give(self.text);
        }
    }
}

/// Room of calls that need it no more, for those that come.
#[derive(Debug, Default)]
pub(super) struct Spare {
    texts: Vec<Vec<u8>>,
    scratch: Vec<u8>,
}

impl Spare {
    fn give(&mut self, mut text: Vec<u8>) {
        if self.texts.len() < SPARE && (USUAL_TEXT..=SPARE_TEXT).contains(&text.capacity()) {
            text.clear();
            self.texts.push(text);
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.texts
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(USUAL_TEXT))
    }
}

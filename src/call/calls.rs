//! What is open: the messages of each Call-ID until its calls are over.

use std::hash::Hasher;

use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;
use rustc_hash::FxHasher;

use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Wholeness;

use super::sighting::Glance;
use super::sighting::Seen;
use super::sighting::Sighting;
use super::sighting::Step;
use super::sighting::Transport;

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
pub const BYTES_PER_CALL_ID: usize = 16 << 20;

/// Bytes of open calls in one shard; the calls that were quiet longest are closed beyond it, and counted.
pub const BYTES_PER_SHARD: usize = 24 << 20;

/// Closed Call-IDs remembered in one shard, so that a call that goes on after it was closed is known to.
pub const CLOSED_PER_SHARD: usize = 1 << 20;

/// The messages of one Call-ID.
#[derive(Debug, Default)]
pub struct Gathered {
    bytes: usize,
    kept: Vec<Kept>,
    known: FxHashMap<u64, u32>,
    last: Nanos,
    step: Step,
    /// True where calls of this Call-ID were closed before.
    pub is_resumed: bool,
}

#[derive(Debug)]
struct Kept {
    bytes: Box<[u8]>,
    glance: Glance,
    wholeness: Wholeness,
    at: Stamp,
    from: Endpoint,
    to: Endpoint,
    transport: Transport,
}

/// From how many messages on an index finds the earlier sighting of the same bytes.
const INDEX_FROM: usize = 16;

impl Gathered {
    /// The messages, each with its earliest place, in the order in which they came first.
    pub fn seen(&self) -> impl Iterator<Item = Seen<'_>> {
        self.kept.iter().map(|kept| {
            let &Kept {
                wholeness,
                at,
                from,
                to,
                transport,
                ref glance,
                ..
            } = kept;
            Seen::new(
                Sighting {
                    bytes: &kept.bytes,
                    wholeness,
                    at,
                    arrived: at.time,
                    from,
                    to,
                    transport,
                },
                glance,
            )
        })
    }

    fn is_over(&self, now: Nanos) -> bool {
        let limit = match self.step {
            Step::Open => QUIET_WHEN_RINGING,
            Step::Refused | Step::Ended => QUIET_WHEN_OVER,
            Step::Answered => QUIET_WHEN_ANSWERED,
        };
        now.since(self.last) > limit
    }

    fn footprint(&self) -> usize {
        self.bytes
            + self.kept.capacity() * size_of::<Kept>()
            + self.known.capacity() * 16
            + size_of::<Self>()
    }

    /// Keeps a message, or only its earlier place where the same bytes are kept already: a retransmission,
    /// or the same packet on another tap. False where the bounds leave it out.
    fn keep(&mut self, sighting: &Sighting<'_>, glance: &Glance) -> bool {
        self.last = self.last.max(sighting.arrived);
        if let Some(kept) = self.same(sighting.bytes) {
            if sighting.at < kept.at {
                (kept.at, kept.from, kept.to, kept.transport) =
                    (sighting.at, sighting.from, sighting.to, sighting.transport);
            }
            kept.wholeness = if kept.wholeness == Wholeness::Whole {
                Wholeness::Whole
            } else {
                sighting.wholeness
            };
            return true;
        }
        if self.kept.len() >= MESSAGES_PER_CALL_ID
            || self.bytes + sighting.bytes.len() > BYTES_PER_CALL_ID
        {
            return false;
        }
        let &Sighting {
            wholeness,
            at,
            from,
            to,
            transport,
            bytes,
            ..
        } = sighting;
        self.bytes += bytes.len();
        self.kept.push(Kept {
            bytes: bytes.into(),
            glance: *glance,
            wholeness,
            at,
            from,
            to,
            transport,
        });
        self.index();
        true
    }

    fn same(&mut self, bytes: &[u8]) -> Option<&mut Kept> {
        if self.known.is_empty() {
            return self.kept.iter_mut().find(|kept| *kept.bytes == *bytes);
        }
        let place = *self.known.get(&hash(bytes))? as usize;
        self.kept
            .get_mut(place)
            .filter(|kept| *kept.bytes == *bytes)
    }

    fn index(&mut self) {
        let from = match self.kept.len() {
            few if few < INDEX_FROM => return,
            _ if self.known.is_empty() => 0,
            many => many - 1,
        };
        for (place, kept) in self.kept.iter().enumerate().skip(from) {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            self.known.entry(hash(&kept.bytes)).or_insert(place);
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// The open calls of one shard.
#[derive(Debug, Default)]
pub struct Calls {
    open: FxHashMap<Vec<u8>, Gathered>,
    closed: FxHashSet<u64>,
    footprint: usize,
    /// Messages that the bounds left out.
    pub left_out: u64,
    /// Call-IDs closed because too much was open at once.
    pub evicted: u64,
}

impl Calls {
    /// Takes one message of a call. What had to be closed to make room goes to `out`.
    pub fn feed(
        &mut self,
        call_id: &[u8],
        sighting: &Sighting<'_>,
        glance: &Glance,
        out: &mut Vec<Gathered>,
    ) {
        if !self.open.contains_key(call_id) {
            let is_resumed = self.closed.contains(&hash(call_id));
            let gathered = Gathered {
                is_resumed,
                ..Gathered::default()
            };
            self.footprint += gathered.footprint() + call_id.len();
            self.open.insert(call_id.to_vec(), gathered);
        }
        let Some(gathered) = self.open.get_mut(call_id) else {
            return;
        };
        let before = gathered.footprint();
        if !gathered.keep(sighting, glance) {
            self.left_out += 1;
        }
        gathered.step = gathered.step.max(glance.step);
        self.footprint += gathered.footprint() - before;
        if self.footprint > BYTES_PER_SHARD {
            self.make_room(out);
        }
    }

    /// Closes what has been quiet for longer than its state allows.
    pub fn expire(&mut self, now: Nanos, out: &mut Vec<Gathered>) {
        self.close(|gathered| gathered.is_over(now), out);
    }

    /// Closes the rest.
    pub fn finish(mut self, out: &mut Vec<Gathered>) {
        self.close(|_| true, out);
    }

    /// Closes the half that has been quiet longest.
    fn make_room(&mut self, out: &mut Vec<Gathered>) {
        let mut times: Vec<Nanos> = self.open.values().map(|gathered| gathered.last).collect();
        let middle = times.len() / 2;
        let (_, &mut median, _) = times.select_nth_unstable(middle);
        let before = out.len();
        self.close(|gathered| gathered.last <= median, out);
        self.evicted += (out.len() - before) as u64;
    }

    fn close(&mut self, is_over: impl Fn(&Gathered) -> bool, out: &mut Vec<Gathered>) {
        let first = out.len();
        for (call_id, gathered) in self.open.extract_if(|_, gathered| is_over(gathered)) {
            self.footprint = self
                .footprint
                .saturating_sub(gathered.footprint() + call_id.len());
            if self.closed.len() < CLOSED_PER_SHARD {
                self.closed.insert(hash(&call_id));
            }
            out.push(gathered);
        }
        // The map's order is no order.
        out[first..].sort_by_key(|gathered| gathered.kept.first().map(|kept| kept.at));
    }
}

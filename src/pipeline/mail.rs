//! Messages on their way to their calls, in the order of the capture, whatever brought them.
//!
//! Windows end anywhere, and connections are read beside datagrams. So that neither shows in the rows, each event has
//! a [turn](Turns), and the clock by which calls are found to be over is looked at after so many events, not at the
//! end of a window.

use crate::call::Glance;
use crate::call::Sighting;
use crate::capture::record::Nanos;

/// Shards of connections, and of calls.
pub(super) const SHARDS: usize = 16;

/// Events between two looks at the clock. The clock is the earliest time among them, so that a time stamp here and
/// there that is far ahead closes nothing.
const EVENTS: u64 = 1024;

/// A message on its way to its call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mail<'w> {
    /// The turn of the event that completed it.
    pub turn: u64,
    /// The message.
    pub sighting: Sighting<'w>,
    /// What it is at a glance.
    pub glance: Glance,
}

/// The messages of a window, by the shard that they go to, and the looks at the clock between them.
#[derive(Debug)]
pub(super) struct Post<'w> {
    shards: Vec<Vec<Mail<'w>>>,
    /// In the order of their turns.
    pub ticks: Vec<Tick>,
}

/// A look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// The first turn after it.
    pub before: u64,
    /// The time.
    pub now: Nanos,
}

/// Gives each event of a run its turn.
#[derive(Debug, Default)]
pub(super) struct Turns {
    next: u64,
    /// Since the last look at the clock.
    earliest: Option<Nanos>,
}

impl Turns {
    /// The turn of the next event, whose packet was captured at `time`.
    pub(super) fn take(&mut self, time: Nanos, ticks: &mut Vec<Tick>) -> u64 {
        let turn = self.next;
        self.next += 1;
        let now = self.earliest.map_or(time, |earliest| earliest.min(time));
        self.earliest = Some(now);
        if self.next.is_multiple_of(EVENTS) {
            self.earliest = None;
            let before = self.next;
            ticks.push(Tick { before, now });
        }
        turn
    }
}

impl Default for Post<'_> {
    fn default() -> Self {
        Self {
            shards: boxes(),
            ticks: Vec::new(),
        }
    }
}

impl<'w> Post<'w> {
    /// Brings a message to the shard of its Call-ID; one without belongs to no call.
    pub(super) fn take(&mut self, turn: u64, sighting: Sighting<'w>, glance: Glance) {
        if let Some(hash) = glance.call_hash {
            self.shards[shard_of(hash)].push(Mail {
                turn,
                sighting,
                glance,
            });
        }
    }

    /// The messages of each shard in the order of their turns.
    pub(super) fn in_turn(&mut self) -> &[Vec<Mail<'w>>] {
        for mail in &mut self.shards {
            if !mail.is_sorted_by_key(|mail| mail.turn) {
                mail.sort_by_key(|mail| mail.turn);
            }
        }
        &self.shards
    }
}

/// One for each shard.
pub(super) fn boxes<T>() -> Vec<Vec<T>> {
    (0..SHARDS).map(|_| Vec::new()).collect()
}

/// The high bits: the low ones choose the place in a shard's own maps.
pub(super) fn shard_of(hash: u64) -> usize {
    (hash >> 48) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::EVENTS;
    use super::Nanos;
    use super::Tick;
    use super::Turns;

    #[test]
    fn the_clock_is_the_earliest_time_of_so_many_events() {
        let (mut turns, mut ticks) = (Turns::default(), Vec::new());
        for number in 0..2 * EVENTS {
            // One time stamp in each thousand is years ahead.
            let time = if number % 1000 == 7 { i64::MAX } else { 5 };
            assert_eq!(turns.take(Nanos(time), &mut ticks), number);
        }
        let tick = |before| Tick {
            before,
            now: Nanos(5),
        };
        assert_eq!(ticks, [tick(EVENTS), tick(2 * EVENTS)]);
    }
}

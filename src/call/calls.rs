//! What is open: the messages of each Call-ID until its calls are over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxHashSet;

use crate::capture::record::Nanos;

use super::gathered::Gathered;
use super::gathered::Spare;
use super::sighting::Glance;
use super::sighting::Sighting;
use super::sighting::Step;
use super::sighting::hash;

/// Bytes of open calls in one shard. Beyond it calls that have ended are closed before their time, then those that were
/// quiet longest; they are counted.
pub const BYTES_PER_SHARD: usize = 16 << 20;

/// Bytes of open calls in one shard beyond which those that were quiet longest are packed: that costs time.
const PACK_FROM: usize = 5 << 20;

/// Bytes of text that are always left as they are.
const LOOSE_PER_SHARD: usize = 1 << 20;

/// Closed Call-IDs remembered in one shard at least, so that a call that goes on after it was closed is known to: those
/// closed last, and at most twice as many.
pub const CLOSED_PER_SHARD: usize = 1 << 16;

/// An open Call-ID. Its hash comes with each of its messages, so that neither it nor they must be read to find its place.
#[derive(Debug)]
struct Open {
    hash: u64,
    call_id: Box<[u8]>,
    gathered: Gathered,
}

impl Open {
    fn footprint(&self) -> usize {
        self.gathered.footprint() + self.call_id.len()
    }
}

/// The Call-IDs that were closed last, by their hashes.
#[derive(Debug, Default)]
struct Closed {
    latest: FxHashSet<u64>,
    earlier: FxHashSet<u64>,
}

impl Closed {
    fn note(&mut self, hash: u64) {
        if self.latest.len() >= CLOSED_PER_SHARD {
            self.earlier = std::mem::take(&mut self.latest);
        }
        self.latest.insert(hash);
    }

    fn contains(&self, hash: u64) -> bool {
        self.latest.contains(&hash) || self.earlier.contains(&hash)
    }
}

/// When to look at which Call-IDs, so that not all need to be looked at to find those that are over. Each that is open is
/// in it with [`Gathered::look_at`], which is no later than it can be over; one that was closed before may still be.
type Agenda = BinaryHeap<Reverse<(Nanos, u64)>>;

/// Entries of the agenda that are of use to nobody, beyond which it is made anew.
const STALE: usize = 4096;

/// The open calls of one shard.
#[derive(Debug, Default)]
pub struct Calls {
    open: HashTable<Open>,
    agenda: Agenda,
    closed: Closed,
    footprint: usize,
    /// Bytes of text that is not packed, and how many they were when it was last tried to make them fewer.
    loose: usize,
    tried: usize,
    spare: Spare,
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
        let hash = glance.call_hash.unwrap_or_else(|| hash(call_id));
        let is_same = |open: &Open| *open.call_id == *call_id;
        let open = match self.open.entry(hash, is_same, |open| open.hash) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let open = Open {
                    hash,
                    call_id: call_id.into(),
                    gathered: Gathered::new(self.closed.contains(hash)),
                };
                self.footprint += open.footprint();
                place.insert(open).into_mut()
            }
        };
        let gathered = &mut open.gathered;
        let (before, loose) = (gathered.footprint(), gathered.loose());
        if !gathered.keep(sighting, glance, &mut self.spare) {
            self.left_out += 1;
        }
        gathered.step = gathered.step.max(glance.step);
        if gathered.quiet_until() < gathered.look_at {
            gathered.look_at = gathered.quiet_until();
            self.agenda.push(Reverse((gathered.look_at, hash)));
        }
        self.footprint = self.footprint + gathered.footprint() - before;
        self.loose = self.loose + gathered.loose() - loose;
        if self.footprint > PACK_FROM && self.loose > LOOSE_PER_SHARD.max(2 * self.tried) {
            self.pack();
        }
        if self.footprint > BYTES_PER_SHARD {
            self.make_room(out);
        }
    }

    /// Closes what has been quiet for longer than its state allows.
    pub fn expire(&mut self, now: Nanos, out: &mut Vec<Gathered>) {
        let first = out.len();
        while let Some(&Reverse((time, hash))) = self.agenda.peek()
            && time < now
        {
            self.agenda.pop();
            while let Ok(over) = self.open.find_entry(hash, |open| {
                open.hash == hash && open.gathered.quiet_until() < now
            }) {
                let (over, _) = over.remove();
                self.part_with(&over);
                out.push(over.gathered);
            }
            for open in self.open.iter_hash_mut(hash) {
                if open.hash == hash && open.gathered.look_at == time {
                    open.gathered.look_at = open.gathered.quiet_until();
                    self.agenda
                        .push(Reverse((open.gathered.look_at, open.hash)));
                }
            }
        }
        if self.agenda.len() > 2 * self.open.len() + STALE {
            let look_at = |open: &Open| Reverse((open.gathered.look_at, open.hash));
            self.agenda = self.open.iter().map(look_at).collect();
        }
        // The table's order is no order.
        out[first..].sort_by_key(Gathered::first);
    }

    /// Takes out of the sums what was taken out of the table.
    fn part_with(&mut self, open: &Open) {
        self.footprint = self.footprint.saturating_sub(open.footprint());
        self.loose = self.loose.saturating_sub(open.gathered.loose());
        self.closed.note(open.hash);
    }

    /// How many calls are packed.
    #[cfg(test)]
    pub(super) fn packed(&self) -> usize {
        let is_packed = |open: &&Open| open.gathered.is_packed();
        self.open.iter().filter(is_packed).count()
    }

    /// Makes what was closed readable.
    pub fn unpack(&mut self, closed: &mut Gathered) {
        closed.unpack(&mut self.spare);
    }

    /// Takes back what was closed and told, to use its room again.
    pub fn reuse(&mut self, told: Gathered) {
        told.give_room(&mut self.spare);
    }

    /// Closes the rest.
    pub fn finish(&mut self, out: &mut Vec<Gathered>) {
        self.close(|_| true, out);
    }

    /// Packs text until what is left loose is half of what may be: that of calls that have ended first, as nothing more
    /// is expected of them, then that of those that have been quiet longest.
    fn pack(&mut self) {
        let goes_on = |step| matches!(step, Step::Open | Step::Answered);
        let rank = |gathered: &Gathered| (goes_on(gathered.step), gathered.last);
        let loose = self.open.iter().map(|open| &open.gathered);
        let mut latest: Vec<_> = loose
            .filter(|gathered| gathered.loose() > 0)
            .map(|gathered| (rank(gathered), gathered.loose()))
            .collect();
        latest.sort_unstable_by(|one, other| other.cmp(one));
        let mut left = LOOSE_PER_SHARD / 2;
        let most = latest.into_iter().find_map(|(rank, loose)| {
            left = left.saturating_sub(loose);
            (left == 0).then_some(rank)
        });
        for open in &mut self.open {
            if Some(rank(&open.gathered)) <= most {
                open.gathered.pack(&mut self.spare);
            }
        }
        self.footprint = self.open.iter().map(Open::footprint).sum();
        self.loose = self.open.iter().map(|open| open.gathered.loose()).sum();
        self.tried = self.loose;
    }

    /// Closes half of what is open: what has ended before what goes on, and of those what has been quiet longest.
    fn make_room(&mut self, out: &mut Vec<Gathered>) {
        let rank = |gathered: &Gathered| (gathered.step != Step::Ended, gathered.last);
        let mut ranks: Vec<(bool, Nanos)> =
            self.open.iter().map(|open| rank(&open.gathered)).collect();
        let middle = ranks.len() / 2;
        let (_, &mut median, _) = ranks.select_nth_unstable(middle);
        let before = out.len();
        self.close(|gathered| rank(gathered) <= median, out);
        self.evicted += (out.len() - before) as u64;
    }

    fn close(&mut self, is_over: impl Fn(&Gathered) -> bool, out: &mut Vec<Gathered>) {
        let first = out.len();
        for open in self.open.extract_if(|open| is_over(&open.gathered)) {
            self.footprint = self.footprint.saturating_sub(open.footprint());
            self.loose = self.loose.saturating_sub(open.gathered.loose());
            self.closed.note(open.hash);
            out.push(open.gathered);
        }
        // The table's order is no order.
        out[first..].sort_by_key(Gathered::first);
    }
}

#[cfg(test)]
mod tests;

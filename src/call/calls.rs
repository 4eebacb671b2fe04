//! What is open: the messages of each Call-ID until its calls are over.

use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

use crate::capture::record::Nanos;

use super::gathered::Gathered;
use super::gathered::Spare;
use super::gathered::hash;
use super::sighting::Glance;
use super::sighting::Sighting;
use super::sighting::Step;

/// Bytes of open calls in one shard. Beyond it calls that have ended are closed before their time, and then those that
/// were quiet longest, which are counted.
pub const BYTES_PER_SHARD: usize = 16 << 20;

/// Bytes of text in one shard beyond which the calls that were quiet longest are packed.
const LOOSE_PER_SHARD: usize = 1 << 20;

/// Closed Call-IDs remembered in one shard, so that a call that goes on after it was closed is known to.
pub const CLOSED_PER_SHARD: usize = 1 << 20;

/// The open calls of one shard.
#[derive(Debug, Default)]
pub struct Calls {
    open: FxHashMap<Vec<u8>, Gathered>,
    closed: FxHashSet<u64>,
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
        if !self.open.contains_key(call_id) {
            let gathered = Gathered::new(self.closed.contains(&hash(call_id)));
            self.footprint += gathered.footprint() + call_id.len();
            self.loose += gathered.loose();
            self.open.insert(call_id.to_vec(), gathered);
        }
        let Some(gathered) = self.open.get_mut(call_id) else {
            return;
        };
        let (before, loose) = (gathered.footprint(), gathered.loose());
        if !gathered.keep(sighting, glance, &mut self.spare) {
            self.left_out += 1;
        }
        gathered.step = gathered.step.max(glance.step);
        self.footprint = self.footprint + gathered.footprint() - before;
        self.loose = self.loose + gathered.loose() - loose;
        if self.loose > LOOSE_PER_SHARD.max(2 * self.tried) {
            self.pack();
        }
        if self.footprint > BYTES_PER_SHARD {
            self.make_room(out);
        }
    }

    /// Closes what has been quiet for longer than its state allows.
    pub fn expire(&mut self, now: Nanos, out: &mut Vec<Gathered>) {
        self.close(|gathered| gathered.is_over(now), out);
    }

    /// How many calls are packed.
    #[cfg(test)]
    pub(super) fn packed(&self) -> usize {
        let is_packed = |gathered: &&Gathered| gathered.loose() == 0;
        self.open.values().filter(is_packed).count()
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

    /// Packs the half of the text that has been quiet longest.
    fn pack(&mut self) {
        let loose = self.open.values().filter(|gathered| gathered.loose() > 0);
        let mut times: Vec<Nanos> = loose.map(|gathered| gathered.last).collect();
        let middle = times.len() / 2;
        let (_, &mut median, _) = times.select_nth_unstable(middle);
        let quiet = self
            .open
            .values_mut()
            .filter(|gathered| gathered.last <= median);
        quiet.for_each(|gathered| gathered.pack(&mut self.spare));
        self.footprint = self
            .open
            .iter()
            .map(|(call_id, gathered)| gathered.footprint() + call_id.len())
            .sum();
        self.loose = self.open.values().map(Gathered::loose).sum();
        self.tried = self.loose;
    }

    /// Closes half of what is open: what has ended before what goes on, and of those what has been quiet longest.
    /// What had ended was told in full, and is not missed.
    fn make_room(&mut self, out: &mut Vec<Gathered>) {
        let rank = |gathered: &Gathered| (gathered.step != Step::Ended, gathered.last);
        let mut ranks: Vec<(bool, Nanos)> = self.open.values().map(rank).collect();
        let middle = ranks.len() / 2;
        let (_, &mut median, _) = ranks.select_nth_unstable(middle);
        let before = out.len();
        self.close(|gathered| rank(gathered) <= median, out);
        let went_on = |gathered: &&Gathered| gathered.step != Step::Ended;
        self.evicted += out[before..].iter().filter(went_on).count() as u64;
    }

    fn close(&mut self, is_over: impl Fn(&Gathered) -> bool, out: &mut Vec<Gathered>) {
        let first = out.len();
        for (call_id, gathered) in self.open.extract_if(|_, gathered| is_over(gathered)) {
            self.footprint = self
                .footprint
                .saturating_sub(gathered.footprint() + call_id.len());
            self.loose = self.loose.saturating_sub(gathered.loose());
            if self.closed.len() < CLOSED_PER_SHARD {
                self.closed.insert(hash(&call_id));
            }
            out.push(gathered);
        }
        // The map's order is no order.
        out[first..].sort_by_key(Gathered::first);
    }
}

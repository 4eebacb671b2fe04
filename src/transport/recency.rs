//! Which connection was used least recently, in constant time whatever happens.

/// No slot.
const NONE: u32 = u32::MAX;

/// The kinds of connections, in the order in which they are evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    /// Closed or reset: waiting for stragglers.
    Closed,
    /// No payload was seen: a scan, a flood of SYNs, or a connection just opened.
    Barren,
    /// Carries payload.
    Carrying,
}

impl Queue {
    pub(super) const ALL: [Self; 3] = [Self::Closed, Self::Barren, Self::Carrying];
}

/// Doubly linked queues of slot numbers, least recently used first. A slot is in one queue at most.
#[derive(Debug)]
pub(super) struct Recency {
    links: Vec<Link>,
    ends: [Link; Queue::ALL.len()],
}

/// The neighbours of a slot; of a queue, its last (`before`) and first (`after`).
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

const UNLINKED: Link = Link {
    before: NONE,
    after: NONE,
};

impl Default for Recency {
    fn default() -> Self {
        Self {
            links: Vec::new(),
            ends: [UNLINKED; Queue::ALL.len()],
        }
    }
}

impl Recency {
    /// The least recently used of a queue.
    pub(super) fn oldest(&self, queue: Queue) -> Option<u32> {
        Some(self.ends[queue as usize].after).filter(|slot| *slot != NONE)
    }

    /// Puts a slot that is in no queue behind all others.
    pub(super) fn push(&mut self, queue: Queue, slot: u32) {
        let index = slot as usize;
        if self.links.len() <= index {
            self.links.resize(index + 1, UNLINKED);
        }
        let last = self.ends[queue as usize].before;
        self.links[index] = Link {
            before: last,
            after: NONE,
        };
        self.ends[queue as usize].before = slot;
        self.link_after(queue, last, slot);
    }

    /// Takes a slot out of the queue that it is in.
    pub(super) fn remove(&mut self, queue: Queue, slot: u32) {
        let Link { before, after } = self.links[slot as usize];
        self.link_after(queue, before, after);
        if after == NONE {
            self.ends[queue as usize].before = before;
        } else {
            self.links[after as usize].before = before;
        }
        self.links[slot as usize] = UNLINKED;
    }

    fn link_after(&mut self, queue: Queue, slot: u32, after: u32) {
        if slot == NONE {
            self.ends[queue as usize].after = after;
        } else {
            self.links[slot as usize].after = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use super::Recency;

    fn drain(recency: &mut Recency, queue: Queue) -> Vec<u32> {
        let mut slots = Vec::new();
        while let Some(slot) = recency.oldest(queue) {
            recency.remove(queue, slot);
            slots.push(slot);
        }
        slots
    }

    #[test]
    fn the_least_recently_used_comes_first() {
        let mut recency = Recency::default();
        for slot in 0..5 {
            recency.push(Queue::Carrying, slot);
        }
        for used in [0, 3, 4] {
            recency.remove(Queue::Carrying, used);
            recency.push(Queue::Carrying, used);
        }
        assert_eq!(drain(&mut recency, Queue::Carrying), [1, 2, 0, 3, 4]);
        recency.push(Queue::Carrying, 2);
        assert_eq!(drain(&mut recency, Queue::Carrying), [2]);
    }

    #[test]
    fn a_slot_can_change_its_queue() {
        let mut recency = Recency::default();
        recency.push(Queue::Barren, 7);
        recency.push(Queue::Barren, 8);
        recency.remove(Queue::Barren, 7);
        recency.push(Queue::Closed, 7);
        assert_eq!(drain(&mut recency, Queue::Barren), [8]);
        assert_eq!(drain(&mut recency, Queue::Closed), [7]);
    }
}

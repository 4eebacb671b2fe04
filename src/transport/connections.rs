//! Segments → connections: which segments belong together, and when a connection is over.
//!
//! A connection is the traffic between two endpoints from one SYN to the next. Closing does not
//! end it at once: what was reordered or retransmitted at the end still belongs to it, and it ends
//! when it has been quiet for two minutes. A SYN with another initial sequence number, or
//! payload that cannot belong to the same window, ends it and begins another.
//!
//! Everything depends on the segments alone and their order, not on how often
//! [`Connections::expire`] is called, as long as its time is that of a segment.

use super::assembler::Assembler;
use super::assembler::Moment;
use super::recency::Queue;
use super::recency::Recency;
use super::tcp::ConnectionId;
use super::tcp::Delivery;
use super::tcp::Event;
use super::tcp::Placement;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Segment;
use rustc_hash::FxHashMap;

/// Connections that are followed at once. A trunk has tens; a port scan or a flood of SYNs must not
/// grow memory. There are some shards of them, and with what it carries one costs about 1,500 bytes.
const MAX_CONNECTIONS: usize = 10_000;

/// Bytes held behind holes in all connections.
const MAX_HELD: usize = 16 << 20;

/// How long a connection with payload may be silent. SIP trunks send keep-alives every two
/// minutes at most (RFC 5626 §4.4.1), but TCP's own come only every two hours (RFC 9293 §3.8.4).
const IDLE_LIFETIME: Nanos = Nanos::from_secs(2 * 60 * 60 + 60);

/// How long a connection without payload is remembered: only its SYN's sequence number is lost.
const BARREN_LIFETIME: Nanos = Nanos::from_secs(10 * 60);

/// How long a closed connection waits for stragglers: twice the maximum segment lifetime that
/// systems use in practice.
const CLOSED_LIFETIME: Nanos = Nanos::from_secs(2 * 60);

/// All connections that are open at once.
#[derive(Debug, Default)]
pub struct Connections {
    by_ends: FxHashMap<Ends, u32>,
    slots: Vec<Option<Connection>>,
    vacant: Vec<u32>,
    recency: Recency,
    next_id: u64,
    held: usize,
    evicted: u64,
    lost_bytes: u64,
}

/// The two ends of a connection, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ends(Endpoint, Endpoint);

#[derive(Debug)]
struct Connection {
    id: ConnectionId,
    ends: Ends,
    /// Which of the two directions sent the first segment.
    first: Direction,
    /// What each direction sends.
    directions: [Assembler; 2],
    /// For each direction, whether the other acknowledged anything.
    has_acknowledgments: [bool; 2],
    queue: Queue,
    is_reset: bool,
    last: Nanos,
    segments: u32,
}

/// One of the two directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// From the lesser end.
    Upward = 0,
    /// From the greater end.
    Downward = 1,
}

impl Direction {
    const fn reverse(self) -> Self {
        match self {
            Self::Upward => Self::Downward,
            Self::Downward => Self::Upward,
        }
    }
}

impl Ends {
    fn of(segment: &Segment<'_>) -> (Self, Direction) {
        if segment.from <= segment.to {
            (Self(segment.from, segment.to), Direction::Upward)
        } else {
            (Self(segment.to, segment.from), Direction::Downward)
        }
    }

    const fn sender_and_receiver(self, direction: Direction) -> (Endpoint, Endpoint) {
        match direction {
            Direction::Upward => (self.0, self.1),
            Direction::Downward => (self.1, self.0),
        }
    }
}

impl Connections {
    /// Puts one segment in its place.
    ///
    /// `deliver` is called, in order, for everything that became readable because of it, in either
    /// direction, and for connections that ended because of it.
    pub fn feed(
        &mut self,
        segment: &Segment<'_>,
        at: Stamp,
        deliver: &mut impl FnMut(Delivery<'_>),
    ) -> Placement {
        self.expire(at.time, deliver);
        let (ends, direction) = Ends::of(segment);
        let known = self.by_ends.get(&ends).copied();
        let continued = known.filter(|slot| self.is_of_same_connection(*slot, direction, segment));
        if let Some(replaced) = known.filter(|_| continued.is_none()) {
            self.end(replaced, deliver);
        }
        let slot = continued.unwrap_or_else(|| self.open(ends, direction, at.time, deliver));
        let Some(connection) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else {
            unreachable!("a slot in by_ends holds a connection");
        };
        let held_before = connection.cost();
        connection
            .directions
            .iter_mut()
            .for_each(|sent| sent.set_now(at));
        let is_new = connection.feed(direction, segment, at.time, &mut self.lost_bytes, deliver);
        self.held = self.held.saturating_sub(held_before) + connection.cost();
        if self.held > MAX_HELD {
            // Only what just grew can have passed the bound, so giving that up is enough.
            self.held = self.held.saturating_sub(connection.cost());
            connection.give_up(&mut self.lost_bytes, deliver);
        }
        self.recency.remove(connection.queue, slot);
        connection.queue = connection.rightful_queue();
        self.recency.push(connection.queue, slot);
        Placement {
            connection: connection.id,
            is_new,
            is_waiting: connection.directions[direction as usize].is_waiting(),
        }
    }

    /// Ends the connections that have been quiet for too long at `now`.
    pub fn expire(&mut self, now: Nanos, deliver: &mut impl FnMut(Delivery<'_>)) {
        for queue in Queue::ALL {
            let lifetime = match queue {
                Queue::Closed => CLOSED_LIFETIME,
                Queue::Barren => BARREN_LIFETIME,
                Queue::Carrying => IDLE_LIFETIME,
            };
            while let Some(slot) = self.recency.oldest(queue) {
                let connection = self.slots.get(slot as usize).and_then(Option::as_ref);
                if connection.is_some_and(|connection| now.since(connection.last) <= lifetime) {
                    break;
                }
                self.end(slot, deliver);
            }
        }
    }

    /// Gives up all holes, delivers what is held, and ends every connection in the order of their
    /// numbers. Returns the final [`Connections::lost_bytes`].
    pub fn finish(mut self, deliver: &mut impl FnMut(Delivery<'_>)) -> u64 {
        let mut open: Vec<Connection> = std::mem::take(&mut self.slots)
            .into_iter()
            .flatten()
            .collect();
        open.sort_by_key(|connection| connection.id);
        for mut connection in open {
            connection.end(&mut self.lost_bytes, deliver);
        }
        self.lost_bytes
    }

    /// Connections that were given up because there were too many.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Payload bytes that never came, in all connections so far.
    pub fn lost_bytes(&self) -> u64 {
        self.lost_bytes
    }

    fn is_of_same_connection(
        &self,
        slot: u32,
        direction: Direction,
        segment: &Segment<'_>,
    ) -> bool {
        self.slots
            .get(slot as usize)
            .and_then(Option::as_ref)
            .is_some_and(|connection| connection.is_continued_by(direction, segment))
    }

    fn open(
        &mut self,
        ends: Ends,
        first: Direction,
        time: Nanos,
        deliver: &mut impl FnMut(Delivery<'_>),
    ) -> u32 {
        if self.by_ends.len() >= MAX_CONNECTIONS
            && let Some(oldest) = Queue::ALL
                .iter()
                .find_map(|queue| self.recency.oldest(*queue))
        {
            self.evicted += 1;
            self.end(oldest, deliver);
        }
        let connection = Connection::new(ConnectionId(self.next_id), ends, first, time);
        self.next_id += 1;
        let queue = connection.queue;
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("there are at most MAX_CONNECTIONS slots")
        });
        self.slots[slot as usize] = Some(connection);
        self.by_ends.insert(ends, slot);
        self.recency.push(queue, slot);
        slot
    }

    fn end(&mut self, slot: u32, deliver: &mut impl FnMut(Delivery<'_>)) {
        let Some(mut connection) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        self.recency.remove(connection.queue, slot);
        self.by_ends.remove(&connection.ends);
        self.vacant.push(slot);
        self.held = self.held.saturating_sub(connection.cost());
        connection.end(&mut self.lost_bytes, deliver);
    }
}

impl Connection {
    fn new(id: ConnectionId, ends: Ends, first: Direction, time: Nanos) -> Self {
        Self {
            id,
            ends,
            first,
            directions: Default::default(),
            has_acknowledgments: [false; 2],
            queue: Queue::Barren,
            is_reset: false,
            last: time,
            segments: 0,
        }
    }

    /// Whether a segment between the same ends belongs to this connection, or begins another.
    fn is_continued_by(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        let sender = &self.directions[direction as usize];
        let receiver = &self.directions[direction.reverse() as usize];
        if !segment.flags.syn {
            return segment.flags.rst
                || segment.payload.is_empty()
                || sender.is_plausible(segment.sequence);
        }
        // A SYN says where its direction starts: another start is another connection.
        let is_late = sender.starts_at(segment.sequence.wrapping_add(1));
        match (sender.isn(), segment.acknowledgment) {
            (Some(isn), _) => isn == segment.sequence,
            _ if sender.has_payload() => is_late,
            (None, Some(acknowledged)) => match receiver.isn() {
                Some(isn) => acknowledged == isn.wrapping_add(1),
                None => !receiver.has_payload() || receiver.starts_at(acknowledged),
            },
            (None, None) => !receiver.has_payload(),
        }
    }

    /// Takes a segment that belongs to this connection. True where it brought new payload.
    fn feed(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        time: Nanos,
        lost_bytes: &mut u64,
        deliver: &mut impl FnMut(Delivery<'_>),
    ) -> bool {
        self.last = time;
        self.segments = self.segments.wrapping_add(1);
        if let Some(acknowledgment) = segment.acknowledgment {
            self.has_acknowledgments[direction.reverse() as usize] = true;
            self.directions[direction.reverse() as usize].acknowledge(acknowledgment);
        }
        if segment.flags.rst {
            // RFC 9293 §3.5.3: what a reset carries is a remark for people, not data.
            self.is_reset = true;
            self.give_up(lost_bytes, deliver);
            return false;
        }
        let is_new = self.place(direction, segment, lost_bytes, deliver);
        // Who goes on sending takes no notice of the reset, so it was none.
        self.is_reset &= !is_new;
        if self.directions.iter().all(Assembler::has_fin) {
            self.give_up(lost_bytes, deliver);
        } else {
            self.settle(time, lost_bytes, deliver);
        }
        is_new
    }

    fn place(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        lost_bytes: &mut u64,
        deliver: &mut impl FnMut(Delivery<'_>),
    ) -> bool {
        let mut emit = emitter(
            self.id,
            self.ends.sender_and_receiver(direction),
            lost_bytes,
            deliver,
        );
        let sender = &mut self.directions[direction as usize];
        let mut sequence = segment.sequence;
        if segment.flags.syn {
            sender.open(sequence);
            sequence = sequence.wrapping_add(1);
        }
        let is_new = sender.place(sequence, segment.payload, segment.cut, &mut emit);
        if segment.flags.fin {
            let captured = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
            sender.close(sequence, captured.saturating_add(segment.cut));
        }
        is_new
    }

    fn settle(
        &mut self,
        time: Nanos,
        lost_bytes: &mut u64,
        deliver: &mut impl FnMut(Delivery<'_>),
    ) {
        for direction in [self.first, self.first.reverse()] {
            let moment = Moment {
                time,
                segments: self.segments,
                has_acknowledgments: self.has_acknowledgments[direction as usize],
            };
            let mut emit = emitter(
                self.id,
                self.ends.sender_and_receiver(direction),
                lost_bytes,
                deliver,
            );
            self.directions[direction as usize].settle(moment, &mut emit);
        }
    }

    fn give_up(&mut self, lost_bytes: &mut u64, deliver: &mut impl FnMut(Delivery<'_>)) {
        for direction in [self.first, self.first.reverse()] {
            let mut emit = emitter(
                self.id,
                self.ends.sender_and_receiver(direction),
                lost_bytes,
                deliver,
            );
            self.directions[direction as usize].give_up(&mut emit);
        }
    }

    fn end(&mut self, lost_bytes: &mut u64, deliver: &mut impl FnMut(Delivery<'_>)) {
        self.give_up(lost_bytes, deliver);
        emitter(
            self.id,
            self.ends.sender_and_receiver(self.first),
            lost_bytes,
            deliver,
        )(Event::Ended);
    }

    fn cost(&self) -> usize {
        self.directions.iter().map(Assembler::cost).sum()
    }

    fn rightful_queue(&self) -> Queue {
        if self.is_reset || self.directions.iter().all(Assembler::has_fin) {
            Queue::Closed
        } else if self.directions.iter().any(Assembler::has_payload) {
            Queue::Carrying
        } else {
            Queue::Barren
        }
    }
}

/// Addresses a direction's events, and counts what is lost.
fn emitter<'c>(
    connection: ConnectionId,
    (from, to): (Endpoint, Endpoint),
    lost_bytes: &'c mut u64,
    deliver: &'c mut impl FnMut(Delivery<'_>),
) -> impl FnMut(Event<'_>) + 'c {
    move |event| {
        if let Event::Lost(lost) = event {
            *lost_bytes = lost_bytes.saturating_add(lost);
        }
        deliver(Delivery {
            connection,
            from,
            to,
            event,
        });
    }
}

#[cfg(test)]
mod tests;

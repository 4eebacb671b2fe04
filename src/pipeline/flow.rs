//! TCP segments → SIP messages, and each segment's fate. One shard of the connections.

mod found;
mod inside;
mod seen;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::call::Transport;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Segment;
use crate::sip::Framer;
use crate::transport::ConnectionId;
use crate::transport::Connections;
use crate::transport::Delivery;
use crate::transport::Event;
use crate::transport::Placement;
use crate::transport::tls::KeyLog;
use crate::transport::tls::Session;
use crate::transport::tls::session::Readable;
use crate::transport::wrapping::Wrapping;
use crate::trunk::Teams;

use super::chunk::note_sbc;
use super::ledger::Ledger;

use self::found::Whereabouts;
use self::inside::Inside;
use self::seen::Seen;
use self::seen::likely_client;

pub use self::found::Carriage;
pub use self::found::Found;
pub use self::found::LockedConnection;
pub use self::found::Origin;

/// A segment that a shard is to take.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'w> {
    /// The segment.
    pub segment: Segment<'w>,
    /// Its turn among all events.
    pub turn: u64,
    /// Its frame; of a defragmented one, the frame that completed it.
    pub at: Stamp,
    /// [`Fate::Fragment`] where it came in fragments; else [`Fate::Other`]: its fate unless SIP is found.
    pub unless_sip: Fate,
}

/// Bytes that the wrappings of a shard's connections hold at most: of some hundreds of TLS connections that begin at
/// once, many times what they need.
const MAX_WRAPPED: usize = 16 << 20;

/// What one connection carries, as far as it is known.
#[derive(Debug, Default)]
struct Carried {
    /// By direction: from the smaller endpoint, and from the larger.
    framers: [Framer; 2],
    wrapping: Wrapping,
    /// Bytes that the wrapping held when they were last counted.
    wrapped: usize,
    is_sip: bool,
    has_tls: bool,
    /// Segments whose fate waits for the first SIP message, by the fate they have without one.
    undecided: [u64; 2],
    undecided_cut: u64,
    /// Segments with TLS records whose fate waits for a key.
    undecided_tls: u64,
    encrypted: u64,
    /// The packet that brought each direction's last bytes.
    fed: [Stamp; 2],
    seen: Seen,
    last: Stamp,
}

/// What reading a stream needs besides the stream.
#[derive(Clone, Copy, Debug)]
pub struct With<'s> {
    /// What counts as Teams.
    pub teams: &'s Teams,
    /// The keys of TLS connections.
    pub keys: &'s KeyLog,
}

/// The connections of one shard.
#[derive(Debug, Default)]
pub struct FlowShard {
    connections: Connections,
    /// Boxed, as most connections of a night are none of SIP, and a table that grows moves what it holds.
    carried: FxHashMap<ConnectionId, Box<Carried>>,
    /// Bytes that all wrappings hold.
    wrapped: usize,
}

impl FlowShard {
    /// Takes one segment, and says where it was put.
    pub fn feed(&mut self, arrival: &Arrival<'_>, with: With<'_>, found: &mut Found) -> Placement {
        let Arrival { segment, at, .. } = arrival;
        let carried = &mut self.carried;
        found.completed = false;
        (found.now, found.turn) = (at.time, arrival.turn);
        let placement = self.connections.feed(segment, *at, &mut |delivery| {
            deliver(carried, &delivery, *at, with.keys, found);
        });
        let completed = found.completed;
        self.wrapped = self
            .wrapped
            .saturating_sub(std::mem::take(&mut found.released));
        let carried = self.carried.entry(placement.connection).or_default();
        carried.last = *at;
        carried.seen.note(segment);
        let before = std::mem::replace(&mut carried.wrapped, carried.wrapping.held());
        self.wrapped = (self.wrapped + carried.wrapped).saturating_sub(before);
        if completed {
            note_sbc(&mut found.sbc, segment.from, segment.to, with.teams);
        }
        match carried.fate(arrival, completed) {
            Some(fate) => {
                carried.encrypted += u64::from(fate == Fate::Encrypted);
                found.ledger.count(fate);
            }
            None => carried.wait(arrival),
        }
        if carried.is_sip || carried.has_tls {
            carried.decide(&mut found.ledger);
        }
        if self.wrapped > MAX_WRAPPED {
            found.given_up += self.make_room();
        }
        placement
    }

    /// True where nothing is held of a direction of a connection: what came last ended with a message, or was none.
    pub fn is_between_messages(&self, connection: ConnectionId, direction: usize) -> bool {
        self.carried.get(&connection).is_none_or(|carried| {
            carried.framers[direction].is_between_messages() && carried.wrapping.held() == 0
        })
    }

    /// The TLS session of a connection that is open.
    pub fn session(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        self.carried.get_mut(&connection)?.wrapping.tls()
    }

    /// Takes from those that hold most, until half the room is free: whoever hoards must not starve the others.
    /// Returns how many connections that were.
    fn make_room(&mut self) -> u64 {
        let mut all: Vec<(Reverse<usize>, ConnectionId)> = self
            .carried
            .iter()
            .filter(|(_, carried)| carried.wrapped > 0)
            .map(|(id, carried)| (Reverse(carried.wrapped), *id))
            .collect();
        all.sort_unstable();
        let mut given_up = 0;
        for (_, id) in all {
            if self.wrapped <= MAX_WRAPPED / 2 {
                break;
            }
            if let Some(carried) = self.carried.get_mut(&id) {
                carried.wrapping.give_up();
                let before = std::mem::replace(&mut carried.wrapped, carried.wrapping.held());
                self.wrapped = (self.wrapped + carried.wrapped).saturating_sub(before);
                given_up += 1;
            }
        }
        given_up
    }

    /// Ends everything. Returns how many connections were given up for lack of room.
    pub fn finish(mut self, keys: &KeyLog, found: &mut Found) -> u64 {
        let evicted = self.connections.evicted();
        let carried = &mut self.carried;
        self.connections
            .finish(&mut |delivery| deliver_late(carried, &delivery, keys, found));
        let mut rest: Vec<(ConnectionId, Box<Carried>)> = self.carried.drain().collect();
        rest.sort_by_key(|(connection, _)| *connection);
        for (_, mut carried) in rest {
            carried.decide_at_end(&mut found.ledger);
        }
        evicted
    }
}

/// What comes after the last segment comes at its time.
fn deliver_late(
    carried: &mut FxHashMap<ConnectionId, Box<Carried>>,
    delivery: &Delivery<'_>,
    keys: &KeyLog,
    found: &mut Found,
) {
    let at = carried
        .get(&delivery.connection)
        .map(|carried| carried.last)
        .unwrap_or_default();
    deliver(carried, delivery, at, keys, found);
}

fn deliver(
    all: &mut FxHashMap<ConnectionId, Box<Carried>>,
    delivery: &Delivery<'_>,
    at: Stamp,
    keys: &KeyLog,
    found: &mut Found,
) {
    let Delivery {
        connection,
        from,
        to,
        ref event,
    } = *delivery;
    let carried = all.entry(connection).or_default();
    let direction = usize::from(from > to);
    let ends = (from.min(to), from.max(to));
    match *event {
        Event::Bytes(bytes) => carried.read(bytes, direction, (at, false), ends, keys, found),
        // What a packet brought is that packet's, however late the hole before it was given up.
        Event::Held(bytes, at) => carried.read(bytes, direction, (at, true), ends, keys, found),
        Event::Lost(lost) => carried.lose(lost, direction, ends, found),
        Event::Ended => {
            if let Some(carried) = all.remove(&connection) {
                found.released += carried.wrapped;
                carried.end(ends, found);
            }
        }
    }
}

impl Carried {
    fn read(
        &mut self,
        bytes: &[u8],
        direction: usize,
        (at, is_held): (Stamp, bool),
        ends: (Endpoint, Endpoint),
        keys: &KeyLog,
        found: &mut Found,
    ) {
        self.fed[direction] = at;
        let transport = self.transport();
        let is_plain = self.is_sip && transport == Transport::Tcp;
        let Self {
            framers,
            wrapping,
            is_sip,
            ..
        } = self;
        let mut inside = Inside {
            framers,
            is_sip,
            transport,
            is_held,
            ends,
            found,
        };
        wrapping.feed(direction, bytes, (at, is_plain), keys, &mut |unwrapped| {
            inside.take(unwrapped);
        });
        self.is_sip |= self.has_seen_sip();
        if !is_plain && let Some(session) = self.wrapping.tls() {
            self.has_tls = true;
            if let Some(kin) = session.take_kin() {
                found.families.note(kin);
            }
        }
    }

    fn lose(&mut self, lost: u64, direction: usize, ends: (Endpoint, Endpoint), found: &mut Found) {
        found.lost += if self.is_sip { lost } else { 0 };
        self.seen.has_lost = true;
        let at = self.fed[direction];
        let transport = self.transport();
        let Self {
            framers,
            wrapping,
            is_sip,
            ..
        } = self;
        let is_held = false;
        let mut inside = Inside {
            framers,
            is_sip,
            transport,
            is_held,
            ends,
            found,
        };
        wrapping.lose(direction, lost, at, &mut |unwrapped| inside.take(unwrapped));
    }

    fn end(mut self, ends: (Endpoint, Endpoint), found: &mut Found) {
        let transport = self.transport();
        for (direction, framer) in self.framers.iter_mut().enumerate() {
            let (from, to) = in_direction(direction, ends);
            let at = self.fed[direction];
            if found.has_origins() {
                let carriage = match transport {
                    Transport::Tls => Carriage::Tls,
                    _ => Carriage::Plain,
                };
                found.origin = Some(Origin {
                    ends,
                    direction,
                    carriage,
                });
            }
            let whereabouts = Whereabouts {
                at,
                from,
                to,
                transport,
            };
            framer.finish(&mut |bytes, wholeness| found.keep(bytes, wholeness, whereabouts));
        }
        self.is_sip |= self.has_seen_sip();
        self.decide_at_end(&mut found.ledger);
        if self.encrypted > 0
            && let Some(session) = self.wrapping.tls()
        {
            let mut why = session.locked();
            why.missing = self.seen.refine(why.missing, why.random.is_some());
            let client = why.client.or(self.seen.opened_by);
            let (client, server) =
                in_direction(client.unwrap_or_else(|| likely_client(ends)), ends);
            found.locked.push(LockedConnection {
                client,
                server,
                packets: self.encrypted,
                why,
            });
        }
    }

    /// What carries the messages, whether they are lost, kept or cut.
    const fn transport(&self) -> Transport {
        if self.has_tls {
            Transport::Tls
        } else {
            Transport::Tcp
        }
    }

    fn has_seen_sip(&self) -> bool {
        self.framers.iter().any(Framer::has_seen_sip)
    }

    /// None while the fate waits for what the connection turns out to be.
    fn fate(&mut self, arrival: &Arrival<'_>, completed: bool) -> Option<Fate> {
        match () {
            () if completed => Some(Fate::Sip),
            () if self.is_sip && arrival.segment.cut > 0 => Some(Fate::Truncated),
            () if self.is_sip => Some(Fate::Stream),
            () if self.has_tls && arrival.segment.cut > 0 => Some(Fate::Truncated),
            () if arrival.segment.payload.is_empty() => None,
            () if self.readable() == Readable::No => Some(Fate::Encrypted),
            () => None,
        }
    }

    fn readable(&mut self) -> Readable {
        let session = self.wrapping.tls();
        session.map_or(Readable::Yes, |session| session.readable())
    }

    fn wait(&mut self, arrival: &Arrival<'_>) {
        if self.has_tls && !arrival.segment.payload.is_empty() {
            self.undecided_tls += 1;
        } else if arrival.segment.cut > 0 {
            self.undecided_cut += 1;
        } else {
            self.undecided[usize::from(arrival.unless_sip == Fate::Fragment)] += 1;
        }
    }

    /// Gives the waiting segments their fate, where it is known by now.
    fn decide(&mut self, ledger: &mut Ledger) {
        if self.is_sip {
            self.decide_at_end(ledger);
        } else if self.undecided_tls > 0 && self.readable() == Readable::No {
            let encrypted = std::mem::take(&mut self.undecided_tls);
            self.encrypted += encrypted;
            ledger.add(Fate::Encrypted, encrypted);
        }
    }

    /// Gives the waiting segments their fate.
    fn decide_at_end(&mut self, ledger: &mut Ledger) {
        let [other, fragment] = std::mem::take(&mut self.undecided);
        let cut = std::mem::take(&mut self.undecided_cut);
        let tls = std::mem::take(&mut self.undecided_tls);
        if self.is_sip {
            ledger.add(Fate::Stream, other + fragment + tls);
            ledger.add(Fate::Truncated, cut);
            return;
        }
        let fate_of_cut = if self.has_tls {
            Fate::Truncated
        } else {
            Fate::Other
        };
        ledger.add(fate_of_cut, cut);
        ledger.add(Fate::Other, other);
        ledger.add(Fate::Fragment, fragment);
        if self.readable() == Readable::Yes {
            ledger.add(Fate::Other, tls);
        } else {
            self.encrypted += tls;
            ledger.add(Fate::Encrypted, tls);
        }
    }
}

/// Who sends in a direction, and to whom.
const fn in_direction(
    direction: usize,
    (lesser, greater): (Endpoint, Endpoint),
) -> (Endpoint, Endpoint) {
    if direction == 0 {
        (lesser, greater)
    } else {
        (greater, lesser)
    }
}

#[cfg(test)]
mod tests;

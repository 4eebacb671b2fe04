//! TCP segments → SIP messages, and each segment's fate. One shard of the connections.

use rustc_hash::FxHashMap;

use crate::call::Glance;
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Segment;
use crate::sip::Framer;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::transport::ConnectionId;
use crate::transport::Connections;
use crate::transport::Delivery;
use crate::transport::Event;
use crate::transport::tls::looks_like_tls;
use crate::trunk::SbcAddresses;
use crate::trunk::Teams;

use super::chunk::note_sbc;
use super::ledger::Ledger;
use super::ledger::SipCounts;

/// A segment that a shard is to take.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'w> {
    /// The segment.
    pub segment: Segment<'w>,
    /// Its frame; of a defragmented one, the frame that completed it.
    pub at: Stamp,
    /// [`Fate::Fragment`] where it came in fragments; else [`Fate::Other`]: its fate unless SIP is found.
    pub unless_sip: Fate,
}

/// The messages that a shard found, in the order in which they were complete.
#[derive(Debug, Default)]
pub struct Found {
    bytes: Vec<u8>,
    messages: Vec<Place>,
    /// Fates that are decided.
    pub ledger: Ledger,
    /// What was found.
    pub sip: SipCounts,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// Bytes of SIP connections that never came.
    pub lost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    len: usize,
    wholeness: Wholeness,
    at: Stamp,
    from: Endpoint,
    to: Endpoint,
    glance: Glance,
}

impl Found {
    /// The messages that show a call.
    pub fn sightings(&self) -> impl Iterator<Item = (Sighting<'_>, Glance)> {
        self.messages.iter().map(|place| {
            let bytes = &self.bytes[place.start..place.start + place.len];
            let &Place {
                wholeness,
                at,
                from,
                to,
                glance,
                ..
            } = place;
            (
                Sighting {
                    bytes,
                    wholeness,
                    at,
                    from,
                    to,
                    transport: Transport::Tcp,
                },
                glance,
            )
        })
    }

    fn keep(
        &mut self,
        bytes: &[u8],
        wholeness: Wholeness,
        at: Stamp,
        from: Endpoint,
        to: Endpoint,
    ) {
        let Some(message) = Outline::of(bytes, wholeness) else {
            return;
        };
        let glance = Glance::of(&message);
        if wholeness == Wholeness::Whole {
            self.sip.count(&message);
        }
        if glance.shows_call {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            self.messages.push(Place {
                start,
                len: bytes.len(),
                wholeness,
                at,
                from,
                to,
                glance,
            });
        }
    }
}

/// What one connection carries, as far as it is known.
#[derive(Debug, Default)]
struct Carried {
    /// By direction: from the smaller endpoint, and from the larger.
    framers: [Framer; 2],
    is_sip: bool,
    is_tls: bool,
    /// Segments whose fate waits for the first SIP message, by the fate they have without one.
    undecided: [u64; 2],
    undecided_cut: u64,
    last: Stamp,
}

/// The connections of one shard.
#[derive(Debug, Default)]
pub struct FlowShard {
    connections: Connections,
    carried: FxHashMap<ConnectionId, Carried>,
}

impl FlowShard {
    /// Takes one segment.
    pub fn feed(&mut self, arrival: &Arrival<'_>, teams: &Teams, found: &mut Found) {
        let Arrival { segment, at, .. } = arrival;
        let before = found.sip.messages;
        let carried = &mut self.carried;
        let placement = self.connections.feed(segment, *at, &mut |delivery| {
            deliver(carried, &delivery, *at, found);
        });
        let completed = found.sip.messages > before;
        let carried = self.carried.entry(placement.connection).or_default();
        carried.last = *at;
        if completed {
            note_sbc(&mut found.sbc, segment.from, segment.to, teams);
        }
        let fate = carried.fate(arrival, completed);
        match fate {
            Some(fate) => found.ledger.count(fate),
            None => carried.wait(arrival),
        }
        if carried.is_sip {
            carried.decide(&mut found.ledger);
        }
    }

    /// Ends everything. Returns how many connections were given up for lack of room.
    pub fn finish(mut self, found: &mut Found) -> u64 {
        let evicted = self.connections.evicted();
        let carried = &mut self.carried;
        self.connections
            .finish(&mut |delivery| deliver_late(carried, &delivery, found));
        let mut rest: Vec<(ConnectionId, Carried)> = self.carried.drain().collect();
        rest.sort_by_key(|(connection, _)| *connection);
        for (_, mut carried) in rest {
            carried.decide(&mut found.ledger);
        }
        evicted
    }
}

/// What comes after the last segment comes at its time.
fn deliver_late(
    carried: &mut FxHashMap<ConnectionId, Carried>,
    delivery: &Delivery<'_>,
    found: &mut Found,
) {
    let at = carried
        .get(&delivery.connection)
        .map(|carried| carried.last)
        .unwrap_or_default();
    deliver(carried, delivery, at, found);
}

fn deliver(
    all: &mut FxHashMap<ConnectionId, Carried>,
    delivery: &Delivery<'_>,
    at: Stamp,
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
    match *event {
        Event::Bytes(bytes) => carried.read(bytes, direction, |bytes, wholeness| {
            found.keep(bytes, wholeness, at, from, to);
        }),
        Event::Lost(lost) if !carried.is_tls => {
            found.lost += if carried.is_sip { lost } else { 0 };
            carried.framers[direction].lose(lost, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, at, from, to);
            });
        }
        Event::Lost(_) => {}
        Event::Ended => {
            let Some(mut carried) = all.remove(&connection) else {
                return;
            };
            let at = carried.last;
            for (direction, (from, to)) in
                [(from.min(to), from.max(to)), (from.max(to), from.min(to))]
                    .into_iter()
                    .enumerate()
            {
                carried.framers[direction]
                    .finish(&mut |bytes, wholeness| found.keep(bytes, wholeness, at, from, to));
            }
            carried.is_sip |= carried.has_seen_sip();
            carried.decide(&mut found.ledger);
        }
    }
}

impl Carried {
    fn read(&mut self, bytes: &[u8], direction: usize, mut each: impl FnMut(&[u8], Wholeness)) {
        if !self.is_sip && !self.is_tls {
            self.is_tls = looks_like_tls(bytes);
        }
        if !self.is_tls {
            self.framers[direction].feed(bytes, &mut each);
            self.is_sip |= self.has_seen_sip();
        }
    }

    fn has_seen_sip(&self) -> bool {
        self.framers.iter().any(Framer::has_seen_sip)
    }

    /// None while the fate waits for what the connection turns out to be.
    fn fate(&self, arrival: &Arrival<'_>, completed: bool) -> Option<Fate> {
        match () {
            () if completed => Some(Fate::Sip),
            () if self.is_sip && arrival.segment.cut > 0 => Some(Fate::Truncated),
            () if self.is_sip => Some(Fate::Stream),
            () if self.is_tls && !arrival.segment.payload.is_empty() => Some(Fate::Encrypted),
            () => None,
        }
    }

    fn wait(&mut self, arrival: &Arrival<'_>) {
        if arrival.segment.cut > 0 {
            self.undecided_cut += 1;
        } else {
            self.undecided[usize::from(arrival.unless_sip == Fate::Fragment)] += 1;
        }
    }

    /// Gives the waiting segments their fate.
    fn decide(&mut self, ledger: &mut Ledger) {
        let [other, fragment] = std::mem::take(&mut self.undecided);
        let cut = std::mem::take(&mut self.undecided_cut);
        if self.is_sip {
            ledger.add(Fate::Stream, other + fragment);
            ledger.add(Fate::Truncated, cut);
        } else {
            ledger.add(Fate::Other, other + cut);
            ledger.add(Fate::Fragment, fragment);
        }
    }
}

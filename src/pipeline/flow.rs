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
use crate::transport::tls::KeyLog;
use crate::transport::tls::resumption::Families;
use crate::transport::tls::session::Locked;
use crate::transport::tls::session::Readable;
use crate::transport::wrapping::Piece;
use crate::transport::wrapping::Unwrapped;
use crate::transport::wrapping::Wrapping;
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
    /// Segments counted as [`Fate::Stream`] whose message was complete only when the hole before them was given up.
    pub late: u64,
    /// The packet that was counted last in `late`.
    last_late: Option<Stamp>,
    /// True once the segment at hand completed a message.
    completed: bool,
    /// Connections that were over and could not be read.
    pub locked: Vec<LockedConnection>,
    /// What TLS handshakes told of sessions that go on elsewhere.
    pub families: Families,
}

/// A connection that could not be read.
#[derive(Clone, Debug)]
pub struct LockedConnection {
    /// Who connected, as far as that is known; else who has the smaller address.
    pub client: Endpoint,
    /// Whom to.
    pub server: Endpoint,
    /// Segments with payload.
    pub packets: u64,
    /// What is missing.
    pub why: Locked,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    len: usize,
    wholeness: Wholeness,
    at: Stamp,
    from: Endpoint,
    to: Endpoint,
    transport: Transport,
    glance: Glance,
}

/// Where a message was found.
#[derive(Clone, Copy, Debug)]
struct Whereabouts {
    at: Stamp,
    from: Endpoint,
    to: Endpoint,
    transport: Transport,
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
                transport,
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
                    transport,
                },
                glance,
            )
        })
    }

    fn keep(&mut self, bytes: &[u8], wholeness: Wholeness, whereabouts: Whereabouts) {
        if let Some(message) = Outline::of(bytes, wholeness) {
            self.keep_message(&message, whereabouts);
        }
    }

    fn keep_message(&mut self, message: &Outline<'_>, whereabouts: Whereabouts) {
        let glance = Glance::of(message);
        if message.wholeness == Wholeness::Whole {
            self.sip.count(message);
        }
        if glance.shows_call {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(message.bytes);
            self.messages.push(Place {
                start,
                len: message.bytes.len(),
                wholeness: message.wholeness,
                at: whereabouts.at,
                from: whereabouts.from,
                to: whereabouts.to,
                transport: whereabouts.transport,
                glance,
            });
        }
    }
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
    carried: FxHashMap<ConnectionId, Carried>,
    /// Bytes that all wrappings hold.
    wrapped: usize,
}

impl FlowShard {
    /// Takes one segment.
    pub fn feed(&mut self, arrival: &Arrival<'_>, with: With<'_>, found: &mut Found) {
        let Arrival { segment, at, .. } = arrival;
        let carried = &mut self.carried;
        found.completed = false;
        let placement = self.connections.feed(segment, *at, &mut |delivery| {
            deliver(carried, &delivery, *at, with.keys, found);
        });
        let completed = found.completed;
        let carried = self.carried.entry(placement.connection).or_default();
        carried.last = *at;
        self.wrapped = self.wrapped.saturating_sub(carried.wrapped);
        carried.bound(self.wrapped);
        self.wrapped += carried.wrapped;
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
    }

    /// Ends everything. Returns how many connections were given up for lack of room.
    pub fn finish(mut self, keys: &KeyLog, found: &mut Found) -> u64 {
        let evicted = self.connections.evicted();
        let carried = &mut self.carried;
        self.connections
            .finish(&mut |delivery| deliver_late(carried, &delivery, keys, found));
        let mut rest: Vec<(ConnectionId, Carried)> = self.carried.drain().collect();
        rest.sort_by_key(|(connection, _)| *connection);
        for (_, mut carried) in rest {
            carried.decide_at_end(&mut found.ledger);
        }
        evicted
    }
}

/// What comes after the last segment comes at its time.
fn deliver_late(
    carried: &mut FxHashMap<ConnectionId, Carried>,
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
    all: &mut FxHashMap<ConnectionId, Carried>,
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
        let transport = if self.has_tls {
            Transport::Tls
        } else {
            Transport::Tcp
        };
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
        let at = self.fed[direction];
        let Self {
            framers,
            wrapping,
            is_sip,
            ..
        } = self;
        let transport = Transport::Tcp;
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
        let transport = if self.has_tls {
            Transport::Tls
        } else {
            Transport::Tcp
        };
        for (direction, framer) in self.framers.iter_mut().enumerate() {
            let (from, to) = in_direction(direction, ends);
            let at = self.fed[direction];
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
            let why = session.locked();
            let (client, server) = in_direction(why.client.unwrap_or(0), ends);
            found.locked.push(LockedConnection {
                client,
                server,
                packets: self.encrypted,
                why,
            });
        }
    }

    /// Keeps what the wrapping holds within what is left beside `others`.
    fn bound(&mut self, others: usize) {
        self.wrapped = self.wrapping.held();
        if others + self.wrapped > MAX_WRAPPED {
            self.wrapping.give_up();
            self.wrapped = self.wrapping.held();
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
        ledger.add(Fate::Other, other + cut);
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

/// Where the pieces of a connection go.
struct Inside<'c> {
    framers: &'c mut [Framer; 2],
    is_sip: &'c mut bool,
    transport: Transport,
    /// True where the bytes came in an earlier packet than the one at hand.
    is_held: bool,
    ends: (Endpoint, Endpoint),
    found: &'c mut Found,
}

impl Inside<'_> {
    fn take(&mut self, unwrapped: Unwrapped<'_>) {
        let Unwrapped {
            direction,
            piece,
            at,
            is_late,
        } = unwrapped;
        let (from, to) = in_direction(direction, self.ends);
        let transport = self.transport;
        let whereabouts = Whereabouts {
            at,
            from,
            to,
            transport,
        };
        let found = &mut *self.found;
        let framer = &mut self.framers[direction];
        let before = found.sip.messages;
        match piece {
            Piece::Bytes(bytes) => framer.feed(bytes, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, whereabouts);
            }),
            Piece::Lost(lost) => framer.lose(lost, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, whereabouts);
            }),
            Piece::Message(bytes) => {
                if let Some(message) = Outline::of_datagram(bytes, false) {
                    found.keep_message(&message, whereabouts);
                }
            }
            Piece::Mirrored(_) => {}
        }
        if found.sip.messages == before {
            return;
        }
        *self.is_sip = true;
        if !is_late && !self.is_held {
            found.completed = true;
        } else if found.last_late.replace(at) != Some(at) {
            found.late += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::Arrival;
    use super::FlowShard;
    use super::Found;
    use super::With;
    use crate::capture::record::Frame;
    use crate::capture::record::Nanos;
    use crate::capture::record::Stamp;
    use crate::packet::Endpoint;
    use crate::packet::Fate;
    use crate::packet::Flags;
    use crate::packet::Segment;
    use crate::transport::tls::KeyLog;
    use crate::trunk::Teams;

    fn end(host: u8) -> Endpoint {
        Endpoint {
            address: Ipv4Addr::new(192, 0, 2, host).into(),
            port: 5060,
        }
    }

    fn stamp(number: u64) -> Stamp {
        let time = Nanos::from_secs(i64::try_from(number).unwrap());
        Stamp {
            time,
            frame: Frame { file: 0, number },
        }
    }

    fn segment(sequence: u32, payload: &str) -> Segment<'_> {
        let (from, to) = (end(1), end(2));
        Segment {
            from,
            to,
            sequence,
            acknowledgment: None,
            flags: Flags::default(),
            payload: payload.as_bytes(),
            cut: 0,
        }
    }

    fn invite(call_id: &str) -> String {
        format!(
            "INVITE sip:b@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        )
    }

    #[test]
    fn what_waited_behind_a_hole_keeps_the_frame_that_brought_it() {
        let (first, second, third) = (invite("one"), invite("two"), invite("three"));
        let place = |text: &str| u32::try_from(text.len()).unwrap();
        let (teams, mut found, mut shard) =
            (Teams::default(), Found::default(), FlowShard::default());
        let keys = KeyLog::default();
        // The second half of the first INVITE is not in the capture.
        let behind = 100 + place(&first);
        let segments = [
            (100, &first[..40]),
            (behind, &second),
            (behind + place(&second), &third),
        ];
        for (number, (sequence, payload)) in segments.iter().enumerate() {
            let at = stamp(number as u64 + 1);
            shard.feed(
                &Arrival {
                    segment: segment(*sequence, payload),
                    at,
                    unless_sip: Fate::Other,
                },
                With {
                    teams: &teams,
                    keys: &keys,
                },
                &mut found,
            );
        }
        shard.finish(&keys, &mut found);
        let frames: Vec<u64> = found
            .sightings()
            .map(|(sighting, _)| sighting.at.frame.number)
            .collect();
        assert_eq!(frames, [2, 3]);
        assert_eq!((found.sip.messages, found.late), (2, 2));
    }
}

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
    /// Segments counted as [`Fate::Stream`] whose message was complete only when the hole before them was given up.
    pub late: u64,
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
    /// The packet that brought each direction's last bytes.
    fed: [Stamp; 2],
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
        let carried = &mut self.carried;
        let mut completed = false;
        let placement = self.connections.feed(segment, *at, &mut |delivery| {
            let before = found.sip.messages;
            deliver(carried, &delivery, *at, found);
            completed |= found.sip.messages > before && matches!(delivery.event, Event::Bytes(_));
        });
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
        Event::Bytes(bytes) => {
            carried.fed[direction] = at;
            carried.read(bytes, direction, |bytes, wholeness| {
                found.keep(bytes, wholeness, at, from, to);
            });
        }
        // What a packet brought is that packet's, however late the hole before it was given up.
        Event::Held(bytes, at) => {
            carried.fed[direction] = at;
            let before = found.sip.messages;
            carried.read(bytes, direction, |bytes, wholeness| {
                found.keep(bytes, wholeness, at, from, to);
            });
            found.late += u64::from(found.sip.messages > before);
        }
        Event::Lost(lost) if !carried.is_tls => {
            found.lost += if carried.is_sip { lost } else { 0 };
            let at = carried.fed[direction];
            carried.framers[direction].lose(lost, &mut |bytes, wholeness| {
                found.keep(bytes, wholeness, at, from, to);
            });
        }
        Event::Lost(_) => {}
        Event::Ended => {
            let Some(mut carried) = all.remove(&connection) else {
                return;
            };
            let ends = [(from.min(to), from.max(to)), (from.max(to), from.min(to))];
            for (direction, (from, to)) in ends.into_iter().enumerate() {
                let at = carried.fed[direction];
                carried.framers[direction].finish(&mut |bytes, wholeness| {
                    found.keep(bytes, wholeness, at, from, to);
                });
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::Arrival;
    use super::FlowShard;
    use super::Found;
    use crate::capture::record::Frame;
    use crate::capture::record::Nanos;
    use crate::capture::record::Stamp;
    use crate::packet::Endpoint;
    use crate::packet::Fate;
    use crate::packet::Flags;
    use crate::packet::Segment;
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
                &teams,
                &mut found,
            );
        }
        shard.finish(&mut found);
        let frames: Vec<u64> = found
            .sightings()
            .map(|(sighting, _)| sighting.at.frame.number)
            .collect();
        assert_eq!(frames, [2, 3]);
        assert_eq!((found.sip.messages, found.late), (2, 2));
    }
}

//! What goes on from a window: fragments to datagrams, segments to messages, messages to calls, calls to rows.
//!
//! State is held in a fixed number of shards, whatever the number of threads, so that its bounds and so its results
//! don't depend on it.

use std::hash::BuildHasher;

use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelIterator;
use rayon::iter::IntoParallelRefMutIterator;
use rayon::iter::ParallelIterator;
use rustc_hash::FxBuildHasher;

use crate::call::Calls;
use crate::call::Gathered;
use crate::call::Glance;
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Datagram;
use crate::packet::Fate;
use crate::packet::Packet;
use crate::packet::Segment;
use crate::packet::decode_payload;
use crate::packet::defragment;
use crate::packet::defragment::Defragmenter;
use crate::report::row::Order;
use crate::report::row::Row;
use crate::report::rows::Surroundings;
use crate::report::rows::rows_of;
use crate::report::spill::Batch;
use crate::text::Text;
use crate::trunk::SbcAddresses;
use crate::trunk::TrunkHistory;
use crate::trunk::party::teams_end;

use super::chunk;
use super::chunk::Seen;
use super::flow::Arrival;
use super::flow::FlowShard;
use super::flow::Found;
use super::ledger::Ledger;
use super::ledger::SipCounts;
use super::window::Run;

/// Shards of connections, and of calls.
const SHARDS: usize = 16;

/// Everything that carries over from one window to the next.
#[derive(Debug)]
pub struct Carry<'s> {
    with: Surroundings<'s>,
    defragmenter: Defragmenter,
    flows: Vec<FlowShard>,
    calls: Vec<CallShard>,
    ledger: Ledger,
    sip: SipCounts,
    sbc: SbcAddresses,
    /// Bytes of SIP connections that never came.
    lost: u64,
    /// Segments counted as stream that completed a message after all.
    late: u64,
}

/// The open calls of one shard, and what its closed calls taught.
#[derive(Debug, Default)]
struct CallShard {
    calls: Calls,
    learned: Learned,
}

/// What closed calls tell of their trunks.
#[derive(Debug, Default)]
pub struct Learned {
    /// Offers that were accepted.
    pub history: TrunkHistory,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// Messages that the bounds left out.
    pub messages_left_out: u64,
    /// Call-IDs closed because too much was open at once.
    pub calls_evicted: u64,
    /// Connections given up for lack of room.
    pub connections_evicted: u64,
    /// Bytes of SIP connections that never came.
    pub stream_bytes_lost: u64,
    /// Datagrams that were never whole.
    pub datagrams_evicted: u64,
}

impl Learned {
    fn join(&mut self, other: Self) {
        self.history.join(other.history);
        self.sbc.join(&other.sbc);
        self.messages_left_out += other.messages_left_out;
        self.calls_evicted += other.calls_evicted;
    }
}

/// The rows of calls that are over.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows of the calls CSV.
    pub calls: Batch<Order, Row>,
    /// Rows of the rejections CSV.
    pub rejections: Batch<Order, Row>,
    /// Call-IDs that went on after they were closed.
    pub resumed: Vec<Text>,
}

/// A message on its way to its call.
type Mail<'w> = (Sighting<'w>, Glance);

impl<'s> Carry<'s> {
    /// Nothing seen yet.
    pub fn new(with: Surroundings<'s>) -> Self {
        Self {
            with,
            defragmenter: Defragmenter::default(),
            flows: (0..SHARDS).map(|_| FlowShard::default()).collect(),
            calls: (0..SHARDS).map(|_| CallShard::default()).collect(),
            ledger: Ledger::default(),
            sip: SipCounts::default(),
            sbc: SbcAddresses::default(),
            lost: 0,
            late: 0,
        }
    }

    /// Takes what a window has to go on.
    pub fn advance(&mut self, runs: &[Run]) -> Vec<Rows> {
        let now = runs
            .iter()
            .flat_map(Run::events)
            .map(|event| event.time)
            .min();
        let wholes = self.defragment(runs);
        let (mut mail, arrivals) = self.sort(runs, &wholes);
        let found = self.read_flows(&arrivals);
        for found in &found {
            self.count(found);
            for (sighting, glance) in found.sightings() {
                post(&mut mail, sighting, glance);
            }
        }
        self.advance_calls(&mail, now)
    }

    /// Closes everything.
    pub fn finish(mut self) -> (Vec<Rows>, Learned, Totals) {
        let mut learned = Learned {
            datagrams_evicted: std::mem::take(&mut self.defragmenter).finish(),
            ..Learned::default()
        };
        let mut found: Vec<Found> = (0..SHARDS).map(|_| Found::default()).collect();
        for (flow, found) in std::mem::take(&mut self.flows).into_iter().zip(&mut found) {
            learned.connections_evicted += flow.finish(found);
        }
        let mut mail = boxes();
        for found in &found {
            self.count(found);
            for (sighting, glance) in found.sightings() {
                post(&mut mail, sighting, glance);
            }
        }
        let mut rows = self.advance_calls(&mail, None);
        let with = self.with;
        let shards = std::mem::take(&mut self.calls);
        let last: Vec<(Rows, Learned)> = shards
            .into_par_iter()
            .map(|shard| shard.finish(with))
            .collect();
        for (some, taught) in last {
            rows.push(some);
            learned.join(taught);
        }
        self.ledger.upgrade(Fate::Stream, Fate::Sip, self.late);
        learned.sbc.join(&self.sbc);
        learned.stream_bytes_lost = self.lost;
        (
            rows,
            learned,
            Totals {
                ledger: self.ledger,
                sip: self.sip,
            },
        )
    }

    fn count(&mut self, found: &Found) {
        self.ledger.join(&found.ledger);
        self.sip.join(&found.sip);
        self.sbc.join(&found.sbc);
        self.lost += found.lost;
        self.late += found.late;
    }

    /// Puts fragments together. Serial: fragments are few.
    fn defragment(&mut self, runs: &[Run]) -> Vec<(Stamp, defragment::Whole)> {
        let mut wholes = Vec::new();
        for run in runs {
            for event in run.events() {
                let Seen::Fragment(fragment) = run.verified.chunk().seen(event) else {
                    continue;
                };
                let at = run.verified.stamp(event);
                match self.defragmenter.feed(fragment, at) {
                    defragment::Outcome::Complete(whole) => wholes.push((at, whole)),
                    defragment::Outcome::Held | defragment::Outcome::Refused => {
                        self.ledger.count(Fate::Fragment);
                    }
                }
            }
        }
        wholes
    }

    /// Sorts events by the shard that they go to.
    fn sort<'w>(
        &mut self,
        runs: &'w [Run],
        wholes: &'w [(Stamp, defragment::Whole)],
    ) -> (Vec<Vec<Mail<'w>>>, Vec<Vec<Arrival<'w>>>) {
        let (mut mail, mut arrivals) = (boxes(), boxes());
        let mut wholes = wholes.iter().peekable();
        for run in runs {
            for event in run.events() {
                let at = run.verified.stamp(event);
                match run.verified.chunk().seen(event) {
                    Seen::Message {
                        from,
                        to,
                        bytes,
                        wholeness,
                        glance,
                    } => {
                        post(
                            &mut mail,
                            Sighting {
                                bytes,
                                wholeness,
                                at,
                                from,
                                to,
                                transport: Transport::Udp,
                            },
                            glance,
                        );
                    }
                    Seen::Segment(segment) => arrive(
                        &mut arrivals,
                        Arrival {
                            segment,
                            at,
                            unless_sip: Fate::Other,
                        },
                    ),
                    Seen::Fragment(_) => {
                        if let Some((at, whole)) = wholes.next_if(|(whole_at, _)| *whole_at == at) {
                            self.sort_whole(*at, whole, &mut mail, &mut arrivals);
                        }
                    }
                }
            }
        }
        (mail, arrivals)
    }

    /// A datagram that came in fragments: the fate is that of the fragment that completed it.
    fn sort_whole<'w>(
        &mut self,
        at: Stamp,
        whole: &'w defragment::Whole,
        mail: &mut [Vec<Mail<'w>>],
        arrivals: &mut [Vec<Arrival<'w>>],
    ) {
        match decode_payload(
            whole.source,
            whole.destination,
            whole.protocol,
            &whole.payload,
            whole.is_cut,
        ) {
            Packet::Datagram(datagram) => self.sort_datagram(at, &datagram, mail),
            Packet::Segment(segment) => arrive(
                arrivals,
                Arrival {
                    segment,
                    at,
                    unless_sip: Fate::Fragment,
                },
            ),
            Packet::Done(_) | Packet::Fragment(_) => self.ledger.count(Fate::Fragment),
        }
    }

    fn sort_datagram<'w>(
        &mut self,
        at: Stamp,
        datagram: &Datagram<'w>,
        mail: &mut [Vec<Mail<'w>>],
    ) {
        let Some(found) = chunk::message_in(datagram) else {
            self.ledger.count(Fate::Fragment);
            return;
        };
        self.ledger.count(found.fate);
        if found.fate == Fate::Sip {
            self.sip.count(&found.outline);
        }
        let Datagram { from, to, .. } = *datagram;
        chunk::note_sbc(&mut self.sbc, from, to, self.with.teams);
        if found.glance.shows_call {
            let sighting = Sighting {
                bytes: found.outline.bytes,
                wholeness: found.outline.wholeness,
                at,
                from,
                to,
                transport: Transport::Udp,
            };
            post(mail, sighting, found.glance);
        }
    }

    fn read_flows(&mut self, arrivals: &[Vec<Arrival<'_>>]) -> Vec<Found> {
        let teams = self.with.teams;
        let shards = self.flows.par_iter_mut().zip(arrivals);
        let read = shards.map(|(flow, arrivals)| {
            let mut found = Found::default();
            for arrival in arrivals {
                flow.feed(arrival, teams, &mut found);
            }
            found
        });
        read.collect()
    }

    fn advance_calls(&mut self, mail: &[Vec<Mail<'_>>], now: Option<Nanos>) -> Vec<Rows> {
        let with = self.with;
        let shards = self.calls.par_iter_mut().zip(mail);
        shards
            .map(|(shard, mail)| shard.advance(mail, now, with))
            .collect()
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Totals {
    /// The fates of packets.
    pub ledger: Ledger,
    /// The SIP messages.
    pub sip: SipCounts,
}

impl Totals {
    /// Adds another part's counts.
    pub fn join(&mut self, ledger: &Ledger, sip: &SipCounts) {
        self.ledger.join(ledger);
        self.sip.join(sip);
    }
}

impl CallShard {
    fn advance(&mut self, mail: &[Mail<'_>], now: Option<Nanos>, with: Surroundings<'_>) -> Rows {
        let mut over = Vec::new();
        for (sighting, glance) in mail {
            self.calls
                .feed(glance.call_id(sighting.bytes), sighting, glance, &mut over);
        }
        if let Some(now) = now {
            self.calls.expire(now, &mut over);
        }
        tell(&over, with, &mut self.learned)
    }

    fn finish(mut self, with: Surroundings<'_>) -> (Rows, Learned) {
        let mut over = Vec::new();
        self.learned.messages_left_out = self.calls.left_out;
        self.learned.calls_evicted = self.calls.evicted;
        self.calls.finish(&mut over);
        (tell(&over, with, &mut self.learned), self.learned)
    }
}

/// Tells calls that are over as rows, and learns from them.
fn tell(over: &[Gathered], with: Surroundings<'_>, learned: &mut Learned) -> Rows {
    let mut rows = Rows::default();
    for gathered in over {
        for call in gathered.calls() {
            let Some(told) = rows_of(&call, with, gathered.is_resumed) else {
                continue;
            };
            learned
                .history
                .note(&told.call.trunk, &call, told.parties, with.teams);
            for seen in call.seen() {
                if let Some(end) = teams_end(seen, with.teams) {
                    learned.sbc.note(seen.from.address, seen.to.address, end);
                }
            }
            for rejection in &told.rejections {
                rows.rejections.push(rejection.rejection_order(), rejection);
            }
            if told.call.is_resumed {
                rows.resumed.push(told.call.call_id.clone());
            }
            rows.calls.push(told.call.order(), &told.call);
        }
    }
    rows
}

fn boxes<T>() -> Vec<Vec<T>> {
    (0..SHARDS).map(|_| Vec::new()).collect()
}

/// The high bits: the low ones choose the place in a shard's own maps.
fn shard_of(hash: u64) -> usize {
    (hash >> 48) as usize % SHARDS
}

fn post<'w>(mail: &mut [Vec<Mail<'w>>], sighting: Sighting<'w>, glance: Glance) {
    if let Some(hash) = glance.call_hash {
        mail[shard_of(hash)].push((sighting, glance));
    }
}

fn arrive<'w>(arrivals: &mut [Vec<Arrival<'w>>], arrival: Arrival<'w>) {
    let Segment { from, to, .. } = arrival.segment;
    arrivals[shard_of(FxBuildHasher.hash_one((from.min(to), from.max(to))))].push(arrival);
}

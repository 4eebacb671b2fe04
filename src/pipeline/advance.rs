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
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Carrier;
use crate::packet::Datagram;
use crate::packet::Enclosed;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::packet::Sctp;
use crate::packet::Segment;
use crate::packet::defragment;
use crate::packet::defragment::Defragmenter;
use crate::pairing::Leg;
use crate::pairing::LegId;
use crate::report::rows::Surroundings;
use crate::report::rows::rows_of;
use crate::report::spill::Batch;
use crate::text::Text;
use crate::transport::sctp::Associations;
use crate::transport::tls::KeyLog;
use crate::trunk::SbcAddresses;
use crate::trunk::TrunkHistory;
use crate::trunk::party::teams_end;

use super::chunk;
use super::chunk::Seen;
use super::flow::Arrival;
use super::flow::FlowShard;
use super::flow::Found;
use super::flow::With;
use super::ledger::Ledger;
use super::ledger::SipCounts;
use super::locked::LockedConnections;
use super::mail::Mail;
use super::mail::Post;
use super::mail::SHARDS;
use super::mail::Tick;
use super::mail::Turns;
use super::mail::boxes;
use super::mail::shard_of;
use super::window::Run;

/// Everything that carries over from one window to the next.
#[derive(Debug)]
pub struct Carry<'s> {
    with: Surroundings<'s>,
    keys: &'s KeyLog,
    turns: Turns,
    defragmenter: Defragmenter,
    associations: Associations,
    flows: Vec<FlowShard>,
    calls: Vec<CallShard>,
    ledger: Ledger,
    sip: SipCounts,
    sbc: SbcAddresses,
    /// Bytes of SIP connections that never came.
    lost: u64,
    /// Segments counted as stream that completed a message after all.
    late: u64,
    /// How often what a wrapping held was given up.
    given_up: u64,
    locked: LockedConnections,
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
    /// Fragments of SCTP messages that were given up.
    pub sctp_fragments_evicted: u64,
    /// How often what TLS or another wrapping held was given up for lack of room.
    pub wrappings_given_up: u64,
    /// Key log lines and handshakes beyond what is remembered.
    pub keys_left_out: u64,
    /// Connections that could not be read.
    pub locked: LockedConnections,
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
    pub calls: Batch,
    /// Rows of the rejections CSV, in the order of their calls.
    pub rejections: Batch,
    /// What pairing looks at of each call, in the order of the calls.
    pub legs: Batch,
    /// Calls without Teams.
    pub without_teams: u64,
    /// Call-IDs that went on after they were closed.
    pub resumed: Vec<Text<'static>>,
}

/// Tunnels that fragment fragments, one inside another, at most.
pub(super) const FRAGMENTED_TUNNELS: usize = 4;

/// What several packets made, or a packet besides IP and its ports.
#[derive(Debug)]
enum Completed {
    /// A datagram that came in fragments.
    Whole(defragment::Whole),
    /// Messages that stand in no packet as they are; the fate of the packet that completed them, unless one is SIP.
    Messages(Vec<Loose>, Fate),
}

/// A message with all that a packet would have said of it.
#[derive(Debug)]
struct Loose {
    from: Endpoint,
    to: Endpoint,
    bytes: Vec<u8>,
    is_cut: bool,
    carrier: Carrier,
    sent: Option<Nanos>,
}

impl Completed {
    /// A mirror may send several messages in one packet.
    fn enclosed(first: &Enclosed<'_>) -> Self {
        let all = std::iter::successors(Some(*first), Enclosed::following);
        let messages = all.map(|enclosed| Loose {
            from: enclosed.from,
            to: enclosed.to,
            bytes: enclosed.message().into_owned(),
            is_cut: enclosed.is_cut,
            carrier: enclosed.carrier,
            sent: enclosed.time,
        });
        Self::Messages(messages.collect(), Fate::Fragment)
    }
}

impl<'s> Carry<'s> {
    /// Nothing seen yet.
    pub fn new(with: Surroundings<'s>, keys: &'s KeyLog) -> Self {
        Self {
            with,
            keys,
            turns: Turns::default(),
            defragmenter: Defragmenter::default(),
            associations: Associations::default(),
            flows: (0..SHARDS).map(|_| FlowShard::default()).collect(),
            calls: (0..SHARDS).map(|_| CallShard::default()).collect(),
            ledger: Ledger::default(),
            sip: SipCounts::default(),
            sbc: SbcAddresses::default(),
            lost: 0,
            late: 0,
            given_up: 0,
            locked: LockedConnections::default(),
        }
    }

    /// Takes what a window has to go on.
    pub fn advance(&mut self, runs: &[Run]) -> Vec<Rows> {
        let completed = self.reassemble(runs);
        let (mut post, arrivals) = self.sort(runs, &completed);
        let mut found = self.read_flows(&arrivals);
        for found in &mut found {
            self.count(found);
            for (turn, sighting, glance) in found.sightings() {
                post.take(turn, sighting, glance);
            }
        }
        self.advance_calls(post)
    }

    /// Closes everything.
    pub fn finish(mut self) -> (Vec<Rows>, Learned, Totals) {
        let mut learned = Learned {
            datagrams_evicted: std::mem::take(&mut self.defragmenter).finish(),
            sctp_fragments_evicted: self.associations.evicted(),
            ..Learned::default()
        };
        let mut found: Vec<Found> = (0..SHARDS).map(|_| Found::default()).collect();
        for (flow, found) in std::mem::take(&mut self.flows).into_iter().zip(&mut found) {
            learned.connections_evicted += flow.finish(self.keys, found);
        }
        let mut post = Post::default();
        for found in &mut found {
            self.count(found);
            for (turn, sighting, glance) in found.sightings() {
                post.take(turn, sighting, glance);
            }
        }
        let mut rows = self.advance_calls(post);
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
        learned.wrappings_given_up = self.given_up;
        learned.keys_left_out = self.keys.left_out() + self.locked.left_out();
        learned.locked = self.locked;
        (
            rows,
            learned,
            Totals {
                ledger: self.ledger,
                sip: self.sip,
            },
        )
    }

    fn count(&mut self, found: &mut Found) {
        self.ledger.join(&found.ledger);
        self.sip.join(&found.sip);
        self.sbc.join(&found.sbc);
        self.lost += found.lost;
        self.late += found.late;
        self.given_up += found.given_up;
        let locked = std::mem::take(&mut found.locked);
        self.locked
            .note(locked, std::mem::take(&mut found.families));
    }

    /// Puts together what came in several packets, TCP aside. Serial: fragments and SCTP are few.
    fn reassemble(&mut self, runs: &[Run]) -> Vec<(Stamp, Completed)> {
        let mut all = Vec::new();
        for run in runs {
            for event in run.events() {
                let at = run.verified.stamp(event);
                let completed = match run.verified.chunk().seen(event) {
                    Seen::Fragment(fragment) => self.defragment(fragment, at),
                    Seen::Sctp(sctp) => Some(self.read_sctp(&sctp, Fate::Other)),
                    Seen::Message { .. } | Seen::Segment(_) => continue,
                };
                match completed {
                    Some(completed) => all.push((at, completed)),
                    None => self.ledger.count(Fate::Fragment),
                }
            }
        }
        all
    }

    /// A datagram whose fragments are all there; a tunnel may have carried fragments in fragments.
    fn defragment(&mut self, fragment: Fragment<'_>, at: Stamp) -> Option<Completed> {
        let mut outcome = self.defragmenter.feed(fragment, at);
        for _ in 0..FRAGMENTED_TUNNELS {
            let defragment::Outcome::Complete(whole) = outcome else {
                return None;
            };
            outcome = match whole.decode() {
                Packet::Fragment(inner) => self.defragmenter.feed(inner, at),
                Packet::Sctp(sctp) => return Some(self.read_sctp(&sctp, Fate::Fragment)),
                Packet::Enclosed(enclosed) => return Some(Completed::enclosed(&enclosed)),
                Packet::Datagram(_) | Packet::Segment(_) => return Some(Completed::Whole(whole)),
                Packet::Done(_) => return None,
            };
        }
        None
    }

    fn read_sctp(&mut self, sctp: &Sctp<'_>, unless_sip: Fate) -> Completed {
        let mut messages = Vec::new();
        self.associations.feed(sctp, &mut |message| {
            messages.push(Loose {
                from: sctp.from,
                to: sctp.to,
                bytes: message.bytes.to_vec(),
                is_cut: message.is_cut,
                carrier: Carrier::Sctp,
                sent: None,
            });
        });
        Completed::Messages(messages, unless_sip)
    }

    /// Sorts events by the shard that they go to.
    fn sort<'w>(
        &mut self,
        runs: &'w [Run],
        completed: &'w [(Stamp, Completed)],
    ) -> (Post<'w>, Vec<Vec<Arrival<'w>>>) {
        let (mut post, mut arrivals) = (Post::default(), boxes());
        let mut completed = completed.iter().peekable();
        for run in runs {
            for event in run.events() {
                let at = run.verified.stamp(event);
                let turn = self.turns.take(at.time, &mut post.ticks);
                match run.verified.chunk().seen(event) {
                    Seen::Message {
                        from,
                        to,
                        bytes,
                        wholeness,
                        glance,
                        transport,
                        sent,
                    } => {
                        let sighting = Sighting {
                            bytes,
                            wholeness,
                            at: Stamp { time: sent, ..at },
                            arrived: at.time,
                            from,
                            to,
                            transport,
                        };
                        post.take(turn, sighting, glance);
                    }
                    Seen::Segment(segment) => arrive(
                        &mut arrivals,
                        Arrival {
                            segment,
                            turn,
                            at,
                            unless_sip: Fate::Other,
                        },
                    ),
                    Seen::Fragment(_) | Seen::Sctp(_) => {
                        let of_this = completed.next_if(|(completed_at, _)| *completed_at == at);
                        if let Some((_, completed)) = of_this {
                            self.sort_completed((turn, at), completed, &mut post, &mut arrivals);
                        }
                    }
                }
            }
        }
        (post, arrivals)
    }

    /// What came in several packets: the fate is that of the packet that completed it.
    fn sort_completed<'w>(
        &mut self,
        (turn, at): (u64, Stamp),
        completed: &'w Completed,
        post: &mut Post<'w>,
        arrivals: &mut [Vec<Arrival<'w>>],
    ) {
        let whole = match completed {
            Completed::Whole(whole) => whole,
            Completed::Messages(messages, unless_sip) => {
                let fates = messages
                    .iter()
                    .filter_map(|loose| self.sort_loose((turn, at), loose, post));
                let fate = fates.min().unwrap_or(*unless_sip);
                self.ledger.count(fate);
                return;
            }
        };
        match whole.decode() {
            Packet::Datagram(datagram) => {
                let fate = self.sort_datagram(&datagram, (turn, at, at.time, Transport::Udp), post);
                self.ledger.count(fate.unwrap_or(Fate::Fragment));
            }
            Packet::Segment(segment) => arrive(
                arrivals,
                Arrival {
                    segment,
                    turn,
                    at,
                    unless_sip: Fate::Fragment,
                },
            ),
            _ => self.ledger.count(Fate::Fragment),
        }
    }

    fn sort_loose<'w>(
        &mut self,
        (turn, at): (u64, Stamp),
        loose: &'w Loose,
        post: &mut Post<'w>,
    ) -> Option<Fate> {
        let datagram = Datagram {
            from: loose.from,
            to: loose.to,
            payload: &loose.bytes,
            is_cut: loose.is_cut,
        };
        let arrived = at.time;
        let at = Stamp {
            time: loose.sent.unwrap_or(arrived),
            ..at
        };
        let outline = chunk::message_in(&datagram)?.outline;
        let transport = chunk::transport_of(loose.carrier, &outline);
        self.sort_datagram(&datagram, (turn, at, arrived, transport), post)
    }

    /// None where it is no SIP.
    fn sort_datagram<'w>(
        &mut self,
        datagram: &Datagram<'w>,
        (turn, at, arrived, transport): (u64, Stamp, Nanos, Transport),
        post: &mut Post<'w>,
    ) -> Option<Fate> {
        let found = chunk::message_in(datagram)?;
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
                arrived,
                from,
                to,
                transport,
            };
            post.take(turn, sighting, found.glance);
        }
        Some(found.fate)
    }

    fn read_flows(&mut self, arrivals: &[Vec<Arrival<'_>>]) -> Vec<Found> {
        let with = With {
            teams: self.with.teams,
            keys: self.keys,
        };
        let shards = self.flows.par_iter_mut().zip(arrivals);
        let read = shards.map(|(flow, arrivals)| {
            let bytes = arrivals.iter().map(|arrival| arrival.segment.payload.len());
            let mut found = Found::with_room(bytes.sum());
            for arrival in arrivals {
                flow.feed(arrival, with, &mut found);
            }
            found
        });
        read.collect()
    }

    fn advance_calls(&mut self, mut post: Post<'_>) -> Vec<Rows> {
        let (with, ticks) = (self.with, std::mem::take(&mut post.ticks));
        let shards = self.calls.par_iter_mut().zip(post.in_turn());
        shards
            .map(|(shard, mail)| shard.advance(mail, &ticks, with))
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
    fn advance(&mut self, mail: &[Mail<'_>], ticks: &[Tick], with: Surroundings<'_>) -> Rows {
        let mut over = Vec::new();
        let mut ticks = ticks.iter().peekable();
        for Mail {
            turn,
            sighting,
            glance,
        } in mail
        {
            while let Some(tick) = ticks.next_if(|tick| tick.before <= *turn) {
                self.calls.expire(tick.now, &mut over);
            }
            self.calls
                .feed(glance.call_id(sighting.bytes), sighting, glance, &mut over);
        }
        for tick in ticks {
            self.calls.expire(tick.now, &mut over);
        }
        self.tell(over, with)
    }

    fn finish(mut self, with: Surroundings<'_>) -> (Rows, Learned) {
        let mut over = Vec::new();
        self.learned.messages_left_out = self.calls.left_out;
        self.learned.calls_evicted = self.calls.evicted;
        self.calls.finish(&mut over);
        (self.tell(over, with), self.learned)
    }

    fn tell(&mut self, over: Vec<Gathered>, with: Surroundings<'_>) -> Rows {
        let mut rows = Rows::default();
        for mut gathered in over {
            self.calls.unpack(&mut gathered);
            tell(&gathered, with, &mut self.learned, &mut rows);
            self.calls.reuse(gathered);
        }
        rows
    }
}

/// Tells the calls of a Call-ID as rows, and learns from them.
fn tell(gathered: &Gathered, with: Surroundings<'_>, learned: &mut Learned, rows: &mut Rows) {
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
            let place = |key: &mut Vec<u8>| {
                told.call.order(key);
                rejection.rejection_order(key);
            };
            rows.rejections.push(place, rejection);
        }
        if let Some(numbers) = with.numbers {
            let tap = call.first().map_or(0, |first| first.at.frame.file);
            let leg = Leg::of(LegId(0), &call, told.parties, numbers, tap).unwrap_or_default();
            rows.legs.push(|key| told.call.order(key), &leg);
        }
        rows.without_teams += u64::from(!told.call.has_teams);
        if told.call.is_resumed {
            rows.resumed.push(told.call.call_id.clone().into_owned());
        }
        rows.calls.push(|key| told.call.order(key), &told.call);
    }
}

fn arrive<'w>(arrivals: &mut [Vec<Arrival<'w>>], arrival: Arrival<'w>) {
    let Segment { from, to, .. } = arrival.segment;
    arrivals[shard_of_ends(from, to)].push(arrival);
}

/// The shard of a connection.
pub(super) fn shard_of_ends(from: Endpoint, to: Endpoint) -> usize {
    shard_of(FxBuildHasher.hash_one((from.min(to), from.max(to))))
}

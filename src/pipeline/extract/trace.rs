//! Which packets brought the messages of the wanted calls. They are read as an analysis reads them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::call::Glance;
use crate::capture::record::Frame;
use crate::capture::record::Stamp;
use crate::packet::Datagram;
use crate::packet::Enclosed;
use crate::packet::Encoding;
use crate::packet::Fate;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::packet::Sctp;
use crate::packet::Segment;
use crate::packet::defragment::Defragmenter;
use crate::packet::defragment::Outcome;
use crate::report::extract::overwrite::secrets_of;
use crate::transport::sctp::Associations;
use crate::transport::tls::KeyLog;
use crate::trunk::Teams;

use super::super::advance::FRAGMENTED_TUNNELS;
use super::super::advance::shard_of_ends;
use super::super::chunk::Seen;
use super::super::chunk::message_in;
use super::super::flow::Arrival;
use super::super::flow::Carriage;
use super::super::flow::FlowShard;
use super::super::flow::Found;
use super::super::flow::With;
use super::super::mail::SHARDS;
use super::super::window::Run;
use super::Picks;
use super::pieces::Fragments;
use super::pieces::Piece;
use super::pieces::Pieces;
use super::streams::Streams;
use super::streams::Wanted;

/// What carries over from one window to the next.
pub(super) struct Trace<'s> {
    call_ids: &'s BTreeSet<Vec<u8>>,
    with: With<'s>,
    /// Whether lines of key logs are wanted.
    with_keys: bool,
    turn: u64,
    defragmenter: Defragmenter,
    fragments: Fragments,
    associations: Associations,
    pieces: Pieces,
    flows: Vec<FlowShard>,
    streams: Streams,
    picks: Picks,
}

impl<'s> Trace<'s> {
    /// Nothing seen yet.
    pub(super) fn new(
        call_ids: &'s BTreeSet<Vec<u8>>,
        teams: &'s Teams,
        keys: &'s KeyLog,
        with_keys: bool,
    ) -> Self {
        Self {
            call_ids,
            with: With { teams, keys },
            with_keys,
            turn: 0,
            defragmenter: Defragmenter::default(),
            fragments: Fragments::default(),
            associations: Associations::default(),
            pieces: Pieces::default(),
            flows: (0..SHARDS).map(|_| FlowShard::default()).collect(),
            streams: Streams::default(),
            picks: Picks::default(),
        }
    }

    /// Takes what a window has to go on.
    pub(super) fn advance(&mut self, runs: &[Run]) {
        for run in runs {
            for event in run.events() {
                let at = run.verified.stamp(event);
                self.turn += 1;
                match run.verified.chunk().seen(event) {
                    Seen::Message { bytes, glance, .. } => {
                        if self.is_wanted(bytes, &glance) {
                            self.messages(&[bytes], &[at.frame]);
                        }
                    }
                    Seen::Segment(segment) => self.segment(segment, at, &[at.frame]),
                    Seen::Fragment(fragment) => self.fragment(fragment, at),
                    Seen::Sctp(sctp) => self.sctp(&sctp, &[at.frame]),
                }
            }
        }
    }

    /// Closes everything.
    pub(super) fn finish(mut self) -> Picks {
        for shard in std::mem::take(&mut self.flows) {
            let mut found = Found::with_origins();
            shard.finish(self.with.keys, &mut found);
            self.messages_of_streams(&found, &[]);
        }
        self.streams.finish(&mut self.picks, self.with_keys);
        self.picks
    }

    fn is_wanted(&self, bytes: &[u8], glance: &Glance) -> bool {
        glance.shows_call && self.call_ids.contains(glance.call_id(bytes))
    }

    /// Messages that these packets brought, and nothing else: all of them come, if one is wanted.
    fn messages(&mut self, messages: &[&[u8]], frames: &[Frame]) {
        for &frame in frames {
            self.picks.pick(frame);
            self.picks.know(frame, 0);
        }
        if frames.len() > 1 {
            self.guard_all(messages.iter().copied(), frames);
        }
    }

    /// Remembers the keys of all these messages where the frames are picked.
    fn guard_all<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>, frames: &[Frame]) {
        for message in messages {
            let secrets: Arc<[Vec<u8>]> = secrets_of(message).into();
            for &frame in frames {
                self.picks.guard(frame, &secrets);
            }
        }
    }

    fn is_wanted_datagram(&self, datagram: &Datagram<'_>) -> bool {
        let found = message_in(datagram);
        found.is_some_and(|found| self.is_wanted(found.outline.bytes, &found.glance))
    }

    fn fragment(&mut self, fragment: Fragment<'_>, at: Stamp) {
        self.fragments.add(&fragment, &[at.frame]);
        let mut frames = Vec::new();
        let mut outcome = self.feed_fragment(fragment, at, &mut frames);
        for _ in 0..FRAGMENTED_TUNNELS {
            let Outcome::Complete(whole) = outcome else {
                return;
            };
            outcome = match whole.decode() {
                Packet::Fragment(inner) => {
                    self.fragments.add(&inner, &frames);
                    self.feed_fragment(inner, at, &mut frames)
                }
                Packet::Sctp(sctp) => return self.sctp(&sctp, &frames),
                Packet::Enclosed(enclosed) => return self.enclosed(&enclosed, &frames),
                Packet::Datagram(datagram) => return self.datagram(&datagram, &frames),
                Packet::Segment(segment) => return self.segment(segment, at, &frames),
                Packet::Done(_) => return,
            };
        }
    }

    /// Where it completes a datagram, `frames` are those of its fragments.
    fn feed_fragment(
        &mut self,
        fragment: Fragment<'_>,
        at: Stamp,
        frames: &mut Vec<Frame>,
    ) -> Outcome {
        let outcome = self.defragmenter.feed(fragment, at);
        if matches!(outcome, Outcome::Complete(_)) {
            *frames = self.fragments.take(&fragment);
        }
        outcome
    }

    fn datagram(&mut self, datagram: &Datagram<'_>, frames: &[Frame]) {
        if self.is_wanted_datagram(datagram) {
            self.messages(&[datagram.payload], frames);
        }
    }

    fn enclosed(&mut self, first: &Enclosed<'_>, frames: &[Frame]) {
        let mut is_any_wanted = false;
        let mut messages = Vec::new();
        for enclosed in std::iter::successors(Some(*first), Enclosed::following) {
            let message = enclosed.message();
            let datagram = Datagram {
                from: enclosed.from,
                to: enclosed.to,
                payload: &message,
                is_cut: enclosed.is_cut,
            };
            let is_wanted = self.is_wanted_datagram(&datagram);
            if enclosed.encoding == Encoding::Plain {
                is_any_wanted |= is_wanted;
                messages.push(message);
            } else {
                self.picks.garbled += u64::from(is_wanted);
            }
        }
        if is_any_wanted {
            let messages: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
            self.messages(&messages, frames);
        }
    }

    fn sctp(&mut self, sctp: &Sctp<'_>, frames: &[Frame]) {
        self.pieces.add(sctp, frames);
        let mut messages: Vec<(Vec<u8>, Vec<Piece>)> = Vec::new();
        let pieces = &mut self.pieces;
        self.associations.feed(sctp, &mut |message| {
            messages.push((message.bytes.to_vec(), pieces.take(sctp, message.places)));
        });
        let is_wanted = |(message, _): &&(Vec<u8>, Vec<Piece>)| {
            self.is_wanted_datagram(&Datagram {
                from: sctp.from,
                to: sctp.to,
                payload: message,
                is_cut: sctp.is_cut,
            })
        };
        let wanted: Vec<&(Vec<u8>, Vec<Piece>)> = messages.iter().filter(is_wanted).collect();
        for (message, pieces) in &wanted {
            let secrets: Arc<[Vec<u8>]> = secrets_of(message).into();
            for &Piece { frame, payload } in pieces {
                self.picks.pick(frame);
                self.picks.guard(frame, &secrets);
                self.picks.know(frame, payload);
            }
        }
        // Pieces of others are in these packets too.
        if !wanted.is_empty() {
            let messages = messages.iter().map(|(message, _)| &message[..]);
            self.guard_all(messages, frames);
        }
    }

    fn segment(&mut self, segment: Segment<'_>, at: Stamp, frames: &[Frame]) {
        let mut found = Found::with_origins();
        let shard = shard_of_ends(segment.from, segment.to);
        let Some(flow) = self.flows.get_mut(shard) else {
            return;
        };
        let arrival = Arrival {
            segment,
            turn: self.turn,
            at,
            unless_sip: Fate::Other,
        };
        let placement = flow.feed(&arrival, self.with, &mut found);
        let connection = placement.connection;
        let direction = usize::from(segment.from > segment.to);
        let is_between = flow.is_between_messages(connection, direction);
        let session = flow.session(connection);
        let picks = &mut self.picks;
        self.streams.note(
            (&segment, at, frames),
            placement,
            session,
            self.with.keys,
            picks,
        );
        self.messages_of_streams(&found, frames);
        let picks = &mut self.picks;
        self.streams
            .settle(&segment, placement, is_between, picks, self.with_keys);
    }

    /// Messages that came by connections, completed by these packets or given up behind them.
    fn messages_of_streams(&mut self, found: &Found, frames: &[Frame]) {
        for ((_, sighting, glance), origin) in found.sightings().zip(found.origins()) {
            let is_wanted = self.is_wanted(sighting.bytes, &glance);
            match origin.carriage {
                Carriage::Garbled => self.picks.garbled += u64::from(is_wanted),
                Carriage::Tls if is_wanted => {
                    self.streams.keep_whole(&origin, sighting.at.frame, frames);
                }
                Carriage::Tls => {}
                Carriage::Plain => {
                    let bytes = sighting.bytes;
                    let wanted = is_wanted.then(|| Wanted {
                        bytes,
                        secrets: secrets_of(bytes).into(),
                    });
                    let by = (sighting.at.frame, frames);
                    let picks = &mut self.picks;
                    self.streams.message(&origin, by, wanted.as_ref(), picks);
                }
            }
        }
        // The borders of fragments may cut the keys of each message in the segment.
        if frames.len() > 1 {
            let messages = found.sightings().map(|(_, sighting, _)| sighting.bytes);
            self.guard_all(messages, frames);
        }
    }
}

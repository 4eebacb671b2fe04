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
use crate::transport::sctp::user_data;
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
use super::pieces::Pieces;
use super::streams::Streams;

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
                        self.message(bytes, &glance, &[at.frame]);
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

    /// A message that these packets brought, and nothing else.
    fn message(&mut self, bytes: &[u8], glance: &Glance, frames: &[Frame]) {
        if !self.is_wanted(bytes, glance) {
            return;
        }
        for &frame in frames {
            self.picks.pick(frame);
        }
        if frames.len() > 1 {
            let secrets: Arc<[Vec<u8>]> = secrets_of(bytes).into();
            for &frame in frames {
                self.picks.guard(frame, &secrets);
            }
        }
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
        if let Some(found) = message_in(datagram) {
            self.message(found.outline.bytes, &found.glance, frames);
        }
    }

    fn enclosed(&mut self, first: &Enclosed<'_>, frames: &[Frame]) {
        for enclosed in std::iter::successors(Some(*first), Enclosed::following) {
            let message = enclosed.message();
            let datagram = Datagram {
                from: enclosed.from,
                to: enclosed.to,
                payload: &message,
                is_cut: enclosed.is_cut,
            };
            if enclosed.encoding == Encoding::Plain {
                self.datagram(&datagram, frames);
            } else if let Some(found) = message_in(&datagram) {
                let is_wanted = self.is_wanted(found.outline.bytes, &found.glance);
                self.picks.garbled += u64::from(is_wanted);
            }
        }
    }

    fn sctp(&mut self, sctp: &Sctp<'_>, frames: &[Frame]) {
        let mut messages: Vec<Vec<u8>> = Vec::new();
        self.associations.feed(sctp, &mut |message| {
            messages.push(message.bytes.to_vec());
        });
        for message in &messages {
            let is_whole = user_data(sctp).any(|data| data == message);
            let mut all = frames.to_vec();
            if !is_whole {
                all.extend(self.pieces.frames_of(sctp, message));
                all.sort_unstable();
                all.dedup();
            }
            let datagram = Datagram {
                from: sctp.from,
                to: sctp.to,
                payload: message,
                is_cut: sctp.is_cut,
            };
            self.datagram(&datagram, &all);
        }
        if user_data(sctp).count() > messages.len() {
            self.pieces.add(sctp, frames);
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
                    let secrets: Arc<[Vec<u8>]> = secrets_of(sighting.bytes).into();
                    let by = (sighting.at.frame, frames);
                    let picks = &mut self.picks;
                    self.streams
                        .message(&origin, by, is_wanted, &secrets, picks);
                }
            }
        }
    }
}

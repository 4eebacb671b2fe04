//! Which segments brought the messages of a TCP connection.
//!
//! Of each direction the segments are remembered that came since its last message was whole, and the one that made it
//! whole where it goes on behind it: these, with the one that makes the next whole, hold that. Of TLS no record is read by
//! itself: such a connection is copied whole.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Segment;
use crate::transport::ConnectionId;
use crate::transport::Placement;
use crate::transport::tls::ClientRandom;
use crate::transport::tls::KeyLog;
use crate::transport::tls::Session;

use super::super::flow::Origin;
use super::Picks;

/// Segments of one direction that are remembered while no message is whole: no SIP message has more.
const MOST_PENDING: usize = 1024;

/// The same of all connections; beyond it, those that showed no SIP forget theirs.
const MOST_SPANS: usize = 1 << 20;

/// Connections that are remembered; beyond it, those that showed no SIP are forgotten.
const MOST_TRACKS: usize = 200_000;

/// Picked segments of one direction that are known again when they are sent again.
const RECENT: usize = 64;

/// Segments that open a connection that are remembered: with some sent again.
const OPENING: usize = 8;

/// The ends of a connection, the lesser first.
type Ends = (Endpoint, Endpoint);

/// All connections that are open at once.
#[derive(Debug, Default)]
pub(super) struct Streams {
    tracks: FxHashMap<Ends, Track>,
    /// The connection that the one at hand took the place of.
    replaced: Option<(Ends, Track)>,
    spans: usize,
}

#[derive(Debug)]
struct Track {
    id: ConnectionId,
    first: Nanos,
    last: Nanos,
    opening: Vec<Frame>,
    /// Of segments that came in fragments, the frames; kept of encrypted connections alone.
    in_fragments: Vec<Frame>,
    sides: [Side; 2],
    has_sip: bool,
    is_whole: bool,
    random: Option<ClientRandom>,
    key_lines: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Side {
    pending: Vec<Span>,
    recent: VecDeque<Span>,
    /// Up to where in `pending` the messages of the segment at hand came.
    used: usize,
    has_completed: bool,
    /// Keys of the message that was whole last.
    secrets: Option<Arc<[Vec<u8>]>>,
}

/// A segment with payload.
#[derive(Clone, Copy, Debug)]
struct Span {
    frame: Frame,
    sequence: u32,
    length: u32,
}

impl Span {
    fn of(segment: &Segment<'_>, frame: Frame) -> Self {
        let captured = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        Self {
            frame,
            sequence: segment.sequence.wrapping_add(segment.flags.syn.into()),
            length: captured.saturating_add(segment.cut),
        }
    }

    /// Whether both have a byte in common. Sequence numbers go round (RFC 9293 §3.4).
    const fn overlaps(&self, other: &Self) -> bool {
        other.sequence.wrapping_sub(self.sequence) < self.length
            || self.sequence.wrapping_sub(other.sequence) < other.length
    }
}

impl Track {
    fn new(id: ConnectionId, time: Nanos) -> Self {
        Self {
            id,
            first: time,
            last: time,
            opening: Vec::new(),
            in_fragments: Vec::new(),
            sides: Default::default(),
            has_sip: false,
            is_whole: false,
            random: None,
            key_lines: Vec::new(),
        }
    }

    fn spans(&self) -> usize {
        self.sides.iter().map(|side| side.pending.len()).sum()
    }
}

impl Streams {
    /// Takes a segment that was put in its place, before the messages that it made whole.
    pub(super) fn note(
        &mut self,
        (segment, at, frames): (&Segment<'_>, Stamp, &[Frame]),
        placement: Placement,
        session: Option<&mut Session>,
        keys: &KeyLog,
        picks: &mut Picks,
    ) {
        let (ends, direction) = ends_of(segment);
        let is_other = |track: &&Track| track.id != placement.connection;
        if self.tracks.get(&ends).as_ref().is_some_and(is_other) {
            self.replaced = self.tracks.remove_entry(&ends);
        }
        self.make_room();
        let new = || Track::new(placement.connection, at.time);
        let track = self.tracks.entry(ends).or_insert_with(new);
        (track.first, track.last) = (track.first.min(at.time), track.last.max(at.time));
        if segment.flags.syn && track.opening.len() < OPENING {
            track.opening.extend_from_slice(frames);
        }
        if let Some(session) = session {
            track.listen(session, keys);
            if frames.len() > 1 && track.in_fragments.len() < MOST_SPANS {
                track.in_fragments.extend_from_slice(frames);
            }
            return;
        }
        if segment.payload.is_empty() && segment.cut == 0 {
            return;
        }
        let side = &mut track.sides[direction];
        let spans = frames.iter().map(|&frame| Span::of(segment, frame));
        if !placement.is_new {
            spans.clone().for_each(|span| side.pick_again(span, picks));
            let mut pending = side.pending.iter();
            if !pending.any(|known| known.overlaps(&Span::of(segment, at.frame))) {
                return;
            }
        }
        if side.pending.len() >= MOST_PENDING {
            self.spans -= side.pending.drain(..MOST_PENDING / 2).len();
            side.used = 0;
        }
        self.spans += frames.len();
        side.pending.extend(spans);
    }

    /// Takes a message that these packets made whole, or that was whole with an earlier one, `at`, and came out behind them.
    pub(super) fn message(
        &mut self,
        origin: &Origin,
        (at, frames): (Frame, &[Frame]),
        is_wanted: bool,
        secrets: &Arc<[Vec<u8>]>,
        picks: &mut Picks,
    ) {
        let is_current = frames.contains(&at);
        let Some(track) = self.track(origin.ends, is_current) else {
            return;
        };
        track.has_sip = true;
        if is_wanted {
            track.opening.iter().for_each(|&frame| picks.pick(frame));
        }
        track.sides[origin.direction].message((at, is_current), is_wanted, secrets, picks);
    }

    /// Says that a connection is to be copied whole.
    pub(super) fn keep_whole(&mut self, origin: &Origin, at: Frame, frames: &[Frame]) {
        if let Some(track) = self.track(origin.ends, frames.contains(&at)) {
            track.is_whole = true;
        }
    }

    /// The connection between these ends: the one at hand, or what it took the place of.
    fn track(&mut self, ends: Ends, is_current: bool) -> Option<&mut Track> {
        match &mut self.replaced {
            Some((of, track)) if *of == ends && !is_current => Some(track),
            _ => self.tracks.get_mut(&ends),
        }
    }

    /// Forgets what the messages of a segment are done with.
    pub(super) fn settle(
        &mut self,
        segment: &Segment<'_>,
        placement: Placement,
        is_between_messages: bool,
        picks: &mut Picks,
        with_keys: bool,
    ) {
        if let Some((ends, track)) = self.replaced.take() {
            self.spans -= track.spans();
            track.close(ends, picks, with_keys);
        }
        let (ends, direction) = ends_of(segment);
        let Some(track) = self.tracks.get_mut(&ends) else {
            return;
        };
        let side = &mut track.sides[direction];
        side.used = 0;
        if placement.is_waiting {
            return;
        }
        let has_completed = std::mem::take(&mut side.has_completed);
        if is_between_messages {
            self.spans -= side.pending.drain(..).len();
            side.secrets = None;
        } else if has_completed {
            let last = side.pending.last().map(|last| last.sequence);
            let done = side
                .pending
                .iter()
                .position(|span| Some(span.sequence) == last)
                .unwrap_or(0);
            self.spans -= side.pending.drain(..done).len();
        }
    }

    /// Closes everything.
    pub(super) fn finish(&mut self, picks: &mut Picks, with_keys: bool) {
        let mut rest: Vec<(Ends, Track)> = self.tracks.drain().collect();
        rest.sort_unstable_by_key(|(ends, _)| *ends);
        for (ends, track) in rest {
            track.close(ends, picks, with_keys);
        }
    }

    fn make_room(&mut self) {
        if self.spans > MOST_SPANS {
            let without_sip = self.tracks.values_mut().filter(|track| !track.has_sip);
            for side in without_sip.flat_map(|track| &mut track.sides) {
                side.pending = Vec::new();
            }
            self.spans = self.tracks.values().map(Track::spans).sum();
            if self.spans > MOST_SPANS / 2 {
                for side in self.tracks.values_mut().flat_map(|track| &mut track.sides) {
                    side.pending = Vec::new();
                }
                self.spans = 0;
            }
        }
        if self.tracks.len() > MOST_TRACKS {
            self.tracks
                .retain(|_, track| track.has_sip || track.is_whole);
            self.spans = self.tracks.values().map(Track::spans).sum();
        }
    }
}

impl Track {
    /// Keeps the lines of key logs of each handshake of a session.
    fn listen(&mut self, session: &Session, keys: &KeyLog) {
        if session.random() != self.random || self.key_lines.is_empty() {
            let lines = session.key_log_lines(keys);
            if !lines.is_empty() {
                self.random = session.random();
            }
            for line in lines {
                if !self.key_lines.contains(&line) {
                    self.key_lines.push(line);
                }
            }
        }
    }

    fn close(self, ends: Ends, picks: &mut Picks, with_keys: bool) {
        if !self.is_whole {
            return;
        }
        let spans = picks.connections.entry(ends).or_default();
        spans.push((self.first, self.last));
        for frame in self.in_fragments {
            picks.pick(frame);
        }
        if with_keys {
            for mut line in self.key_lines {
                line.push(b'\n');
                picks.key_lines.insert(line);
            }
        }
    }
}

impl Side {
    fn message(
        &mut self,
        (at, is_current): (Frame, bool),
        is_wanted: bool,
        secrets: &Arc<[Vec<u8>]>,
        picks: &mut Picks,
    ) {
        let until = self.pending.iter().rposition(|span| span.frame == at);
        let (from, to) = match until {
            Some(until) if !is_current => (self.used.min(until), until + 1),
            _ => (self.used.min(self.pending.len()), self.pending.len()),
        };
        let spans = self.pending.get(from..to).unwrap_or_default();
        if let Some(until) = until.filter(|_| !is_current) {
            self.used = until;
        }
        self.has_completed = true;
        if is_wanted {
            for span in spans {
                picks.pick(span.frame);
                if self.recent.len() >= RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(*span);
            }
        }
        for span in spans.iter().filter(|_| spans.len() > 1) {
            picks.guard(span.frame, secrets);
        }
        // The end of the message before stands in the first of them.
        if let (Some(first), Some(before)) = (spans.first(), &self.secrets) {
            picks.guard(first.frame, before);
        }
        self.secrets = Some(Arc::clone(secrets)).filter(|_| spans.len() > 1);
    }

    /// A segment that was sent again is picked where it was picked before.
    fn pick_again(&self, span: Span, picks: &mut Picks) {
        for known in self.recent.iter().filter(|known| known.overlaps(&span)) {
            let secrets = picks.frames.get(&known.frame).cloned().unwrap_or_default();
            picks.pick(span.frame);
            for secrets in secrets {
                picks.guard(span.frame, &secrets);
            }
        }
    }
}

/// The ends of a segment's connection, and which of its directions the segment goes.
fn ends_of(segment: &Segment<'_>) -> (Ends, usize) {
    let Segment { from, to, .. } = *segment;
    ((from.min(to), from.max(to)), usize::from(from > to))
}

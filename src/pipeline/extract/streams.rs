//! Which segments brought the messages of a TCP connection.
//!
//! Of each direction the segments are remembered that came since its last message was whole, and the one that made it
//! whole where it goes on behind it: these, with the one that makes the next whole, hold that. Of TLS no record is read by
//! itself: such a connection is copied whole.
//!
//! A segment may begin within a key of a call that is not wanted, or of a message that was lost. So its first line counts as
//! known only where it stands in a wanted message that the segment belongs to; the keys of that are overwritten in it.

use std::collections::VecDeque;
use std::sync::Arc;

use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Segment;
use crate::report::extract::overwrite::head;
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

/// Bytes of a segment's first line that are remembered, to find it in a message: no message has so many of another's key.
const LONGEST_HEAD: usize = 32;

/// Segments that open a connection that are remembered: with some sent again.
const OPENING: usize = 8;

/// A message of a wanted call.
pub(super) struct Wanted<'m> {
    /// What came of it.
    pub(super) bytes: &'m [u8],
    /// Its keys, as they stand in it.
    pub(super) secrets: Arc<[Vec<u8>]>,
}

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
    recent: VecDeque<Recent>,
    /// From where in `pending` the next message of the segment at hand came.
    used: usize,
    has_completed: bool,
}

/// A segment with payload.
#[derive(Clone, Debug)]
struct Span {
    frame: Frame,
    sequence: u32,
    length: u32,
    /// How its first line begins, which may be within a key; none where it came in fragments.
    head: Option<Box<[u8]>>,
}

/// A segment that was picked.
#[derive(Debug)]
struct Recent {
    span: Span,
    /// The keys of the message that it was picked for.
    secrets: Arc<[Vec<u8>]>,
    is_head_known: bool,
}

impl Span {
    fn of(segment: &Segment<'_>, frame: Frame, is_whole: bool) -> Self {
        let line = head(segment.payload);
        let captured = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        Self {
            frame,
            sequence: segment.sequence.wrapping_add(segment.flags.syn.into()),
            length: captured.saturating_add(segment.cut),
            head: is_whole.then(|| line[..line.len().min(LONGEST_HEAD)].into()),
        }
    }

    /// Whether the first line is one of this message.
    fn begins_in(&self, message: &[u8]) -> bool {
        let head = self.head.as_ref();
        head.is_none_or(|head| memmem::find(message, head).is_some())
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
        let is_whole = frames.len() == 1;
        let spans = frames
            .iter()
            .map(|&frame| Span::of(segment, frame, is_whole));
        if !placement.is_new {
            spans.clone().for_each(|span| side.pick_again(&span, picks));
            let mut pending = side.pending.iter();
            let span = Span::of(segment, at.frame, is_whole);
            if !pending.any(|known| known.overlaps(&span)) {
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
        wanted: Option<&Wanted<'_>>,
        picks: &mut Picks,
    ) {
        let is_current = frames.contains(&at);
        let Some(track) = self.track(origin.ends, is_current) else {
            return;
        };
        track.has_sip = true;
        if wanted.is_some() {
            track.opening.iter().for_each(|&frame| picks.pick(frame));
        }
        track.sides[origin.direction].message((at, is_current), wanted, picks);
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
        } else if has_completed {
            let done = side.last_segment();
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
            picks.know(frame, 0);
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
        wanted: Option<&Wanted<'_>>,
        picks: &mut Picks,
    ) {
        let until = self.pending.iter().rposition(|span| span.frame == at);
        let (until, next) = match until {
            Some(until) if !is_current => (until + 1, until),
            _ => (self.pending.len(), self.last_segment()),
        };
        let from = self.used.min(next);
        // What follows may begin in the segment that this one ended in, and in none before.
        self.used = next;
        self.has_completed = true;
        let Some(Wanted { bytes, secrets }) = wanted else {
            return;
        };
        for span in self.pending.get(from..until).unwrap_or_default() {
            let is_head_known = span.begins_in(bytes);
            let recent = Recent {
                span: span.clone(),
                secrets: Arc::clone(secrets),
                is_head_known,
            };
            recent.pick(span.frame, is_head_known, picks);
            if self.recent.len() >= RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(recent);
        }
    }

    /// Where the segment at hand begins in `pending`.
    fn last_segment(&self) -> usize {
        let last = self.pending.last().map(|last| last.sequence);
        let is_other = |span: &Span| Some(span.sequence) != last;
        let before = self.pending.iter().rposition(is_other);
        before.map_or(0, |before| before + 1)
    }

    /// A segment that was sent again is picked where it was picked before. What it begins with is known only where it begins
    /// at the same place.
    fn pick_again(&self, span: &Span, picks: &mut Picks) {
        for known in &self.recent {
            if known.span.overlaps(span) {
                let is_same = known.span.sequence == span.sequence && known.span.head == span.head;
                known.pick(span.frame, is_same && known.is_head_known, picks);
            }
        }
    }
}

impl Recent {
    fn pick(&self, frame: Frame, is_head_known: bool, picks: &mut Picks) {
        picks.pick(frame);
        picks.guard(frame, &self.secrets);
        if is_head_known {
            picks.know(frame, 0);
        }
    }
}

/// The ends of a segment's connection, and which of its directions the segment goes.
fn ends_of(segment: &Segment<'_>) -> (Ends, usize) {
    let Segment { from, to, .. } = *segment;
    ((from.min(to), from.max(to)), usize::from(from > to))
}

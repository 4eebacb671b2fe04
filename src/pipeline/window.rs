//! Which stretch of which capture is decoded next, and what of it goes on in which order.
//!
//! The order is the records' own: inside a capture as written, between captures by time stamp, then by place in the
//! inventory. It depends neither on where chunks end nor on how many threads decode them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::capture::Capture;
use crate::capture::Position;
use crate::capture::Stopped;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::report::summary::FileStatus;
use crate::report::summary::FileSummary;
use crate::transport::tls::KeyLog;
use crate::trunk::SbcAddresses;
use crate::trunk::Teams;

use super::advance::Totals;
use super::chunk::Chunk;
use super::chunk::Event;
use super::taps::Span;
use super::taps::taps;

/// The longest chunk: long enough that a wrong guess at its start costs little, short enough that two threads
/// finish together.
const CHUNK: u64 = 1 << 20;

/// The shortest chunk, when many captures overlap in time.
const SHORTEST_CHUNK: u64 = 256 << 10;

/// Damages told of one capture.
const DAMAGES: usize = 8;

/// How many captures are read ahead of the one that is due.
const AHEAD: usize = 64;

/// A chunk that is a verified part of its capture.
#[derive(Debug)]
pub struct Verified {
    /// The capture's place in the inventory.
    pub file: u32,
    /// Records of the capture before this chunk.
    base: u64,
    chunk: Chunk,
}

impl Verified {
    /// The chunk.
    pub fn chunk(&self) -> &Chunk {
        &self.chunk
    }

    /// When and where an event of this chunk was.
    pub fn stamp(&self, event: &Event) -> Stamp {
        Stamp {
            time: event.time,
            frame: Frame {
                file: self.file,
                number: self.base + event.place + 1,
            },
        }
    }
}

/// A run of events that go on together.
#[derive(Debug)]
pub struct Run {
    /// Their chunk.
    pub verified: Arc<Verified>,
    /// The first event.
    from: usize,
    /// The event behind the last.
    to: usize,
}

impl Run {
    /// The events.
    pub fn events(&self) -> &[Event] {
        self.verified
            .chunk
            .events
            .get(self.from..self.to)
            .unwrap_or_default()
    }
}

/// How far one capture is read.
#[derive(Debug)]
pub struct Reading<'c> {
    capture: &'c Capture,
    file: u32,
    next: Position,
    /// Records read.
    pub records: u64,
    /// The time of the last record read.
    latest: Option<Nanos>,
    /// What was wrong with it, in the order of the bytes.
    pub damage: Vec<String>,
    is_started: bool,
    is_ended: bool,
    queue: VecDeque<Arc<Verified>>,
    /// Events of the queue's first chunk that have gone on.
    gone: usize,
}

/// A chunk to be decoded.
#[derive(Debug)]
pub struct Task<'c> {
    capture: &'c Capture,
    reading: usize,
    /// Where it begins, where that is known.
    exact: Option<Position>,
    like: Position,
    at: u64,
    until: u64,
}

impl Task<'_> {
    /// Decodes it. None where no record start was found to begin with.
    pub fn run(&self, teams: &Teams) -> Option<Chunk> {
        let start = match &self.exact {
            Some(start) => start.clone(),
            None => self
                .capture
                .guess(self.at, &self.like)
                .filter(|start| start.offset < self.until)?,
        };
        Some(Chunk::decode(self.capture, &start, self.until, teams))
    }
}

/// All captures of a run.
#[derive(Debug)]
pub struct Readings<'c> {
    all: Vec<Reading<'c>>,
    budget: u64,
    /// Bytes that were told to be read.
    told: u64,
    /// What the verified chunks counted.
    pub totals: Totals,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// Keys that stood among the records.
    pub keys: KeyLog,
}

impl<'c> Readings<'c> {
    /// Nothing read yet. A window is `budget` bytes.
    pub fn new(captures: &'c [Capture], budget: u64) -> Self {
        let all = captures.iter().enumerate().map(|(file, capture)| Reading {
            capture,
            file: u32::try_from(file).unwrap_or(u32::MAX),
            next: capture.start(),
            records: 0,
            latest: None,
            damage: Vec::new(),
            is_started: false,
            is_ended: false,
            queue: VecDeque::new(),
            gone: 0,
        });
        let (totals, sbc) = (Totals::default(), SbcAddresses::default());
        Self {
            all: all.collect(),
            budget,
            told: 0,
            totals,
            sbc,
            keys: KeyLog::default(),
        }
    }

    /// How far each capture is read, in inventory order.
    pub fn all(&self) -> &[Reading<'c>] {
        &self.all
    }

    /// What to decode next: the captures that hold up the others first. Empty when all is read.
    pub fn plan(&self) -> Vec<Task<'c>> {
        let is_due = |reading: &&Reading<'_>| !reading.is_ended && reading.queue.is_empty();
        let holding_up = self
            .all
            .iter()
            .filter(|reading| reading.is_started)
            .filter(is_due);
        let ahead = self
            .all
            .iter()
            .filter(|reading| !reading.is_started)
            .take(AHEAD)
            .filter(is_due);
        let due: Vec<usize> = holding_up
            .chain(ahead)
            .map(|reading| reading.file as usize)
            .collect();
        let started = due
            .iter()
            .filter(|&&file| self.all[file].is_started)
            .count();
        // At least four chunks to a window, so that threads share one capture.
        let chunk =
            (self.budget / started.max(4) as u64).clamp(SHORTEST_CHUNK.min(self.budget), CHUNK);
        let mut left = self.budget;
        let mut tasks = Vec::new();
        for file in due {
            let must = self.all[file].is_started;
            if left == 0 && !must {
                break;
            }
            let share = if must && started > 1 {
                chunk
            } else {
                left.max(chunk)
            };
            left = left.saturating_sub(self.all[file].tasks(share, chunk, &mut tasks));
        }
        tasks
    }

    /// Takes the decoded chunks of a plan, in its order; what was guessed wrong is decoded again. Returns the bytes read.
    pub fn accept(&mut self, tasks: &[Task<'c>], chunks: Vec<Option<Chunk>>, teams: &Teams) -> u64 {
        for (task, chunk) in tasks.iter().zip(chunks) {
            if let Some(reading) = self.all.get_mut(task.reading) {
                reading.accept(task.until, chunk, teams, &mut |chunk| {
                    self.totals.join(&chunk.ledger, &chunk.sip);
                    self.sbc.join(&chunk.sbc);
                    for text in &chunk.key_logs {
                        self.keys.read(text.as_bytes());
                    }
                });
            }
        }
        let read: u64 = self.all.iter().map(Reading::read).sum();
        let more = read.saturating_sub(self.told);
        self.told += more;
        more
    }

    /// What can go on, in order: up to where a capture must be read further first.
    pub fn advance(&mut self) -> Vec<Run> {
        let mut heads: BinaryHeap<Reverse<(Nanos, u32)>> = BinaryHeap::new();
        for reading in &self.all {
            match reading.head() {
                Head::At(time) => heads.push(Reverse((time, reading.file))),
                Head::Unread => return Vec::new(),
                Head::None => {}
            }
        }
        let mut runs = Vec::new();
        while let Some(Reverse((_, file))) = heads.pop() {
            let limit = heads.peek().map(|&Reverse(head)| head);
            let Some(reading) = self.all.get_mut(file as usize) else {
                continue;
            };
            reading.go_on(limit, &mut runs);
            match reading.head() {
                Head::At(time) => heads.push(Reverse((time, file))),
                Head::Unread => break,
                Head::None => {}
            }
        }
        runs
    }

    /// True where all captures can be read once more.
    pub fn can_be_read_again(&self) -> bool {
        let mut captures = self.all.iter().map(|reading| reading.capture);
        captures.all(Capture::can_be_read_again)
    }

    /// Bytes that were told to be read.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// For each capture the first one that has the same clock.
    pub fn taps(&self) -> Vec<u32> {
        let span = |reading: &Reading<'c>| Span {
            path: reading.capture.path.clone(),
            times: reading.capture.first.zip(reading.latest),
        };
        taps(&self.all.iter().map(span).collect::<Vec<_>>())
    }

    /// True when every capture is read and everything has gone on.
    pub fn is_done(&self) -> bool {
        self.all
            .iter()
            .all(|reading| reading.is_ended && reading.queue.is_empty())
    }
}

/// What a capture holds ready.
enum Head {
    /// Something of this time.
    At(Nanos),
    /// Not known before more is read.
    Unread,
    /// Nothing any more.
    None,
}

impl<'c> Reading<'c> {
    /// Adds chunks of about `share` bytes; returns how many bytes they are.
    fn tasks(&self, share: u64, chunk: u64, tasks: &mut Vec<Task<'c>>) -> u64 {
        let begin = self.next.offset;
        let wanted = begin.saturating_add(share);
        // What can't be read shows when it is walked.
        let end = self
            .capture
            .available(wanted)
            .map_or(wanted, |available| available.until.min(wanted));
        let mut at = begin;
        loop {
            // The last chunk of what is there reaches beyond it, so that the end of the capture is met.
            let is_last = at.saturating_add(chunk) >= end;
            let until = if is_last && end < wanted {
                u64::MAX
            } else {
                at.saturating_add(chunk).min(wanted)
            };
            let exact = (at == begin).then(|| self.next.clone());
            tasks.push(Task {
                capture: self.capture,
                reading: self.file as usize,
                exact,
                like: self.next.clone(),
                at,
                until,
            });
            at = at.saturating_add(chunk);
            if at >= end || is_last {
                return end.saturating_sub(begin).max(1);
            }
        }
    }

    fn accept(
        &mut self,
        until: u64,
        decoded: Option<Chunk>,
        teams: &Teams,
        count: &mut dyn FnMut(&Chunk),
    ) {
        let mut decoded = decoded.filter(|chunk| chunk.start == self.next);
        while !self.is_ended && (self.next.offset < until || decoded.is_some()) {
            let chunk = decoded
                .take()
                .unwrap_or_else(|| Chunk::decode(self.capture, &self.next, until, teams));
            self.next = chunk.end.clone();
            match &chunk.stopped {
                Stopped::AtUntil => {}
                Stopped::AtEnd => self.is_ended = true,
                Stopped::Damaged(damage) => {
                    let what = format!("damaged at byte {} ({})", damage.offset, damage.what);
                    self.resume(&what);
                }
            }
            count(&chunk);
            let base = self.records;
            self.records += chunk.records;
            self.latest = chunk.latest.or(self.latest);
            self.queue.push_back(Arc::new(Verified {
                file: self.file,
                base,
                chunk,
            }));
        }
        self.capture.release(self.next.offset);
    }

    fn resume(&mut self, what: &str) {
        let where_on = if let Some(resumed) = self.capture.resume(&self.next) {
            self.next = resumed.position;
            format!("read on at byte {}", self.next.offset)
        } else {
            self.is_ended = true;
            "nothing readable follows".to_owned()
        };
        match self.damage.len() {
            ..DAMAGES => self.damage.push(format!("{what}; {where_on}")),
            DAMAGES => self.damage.push("and more".to_owned()),
            _ => {}
        }
    }

    /// How many of the capture's bytes have been read.
    fn read(&self) -> u64 {
        self.capture.read_before(self.next.offset)
    }

    /// The capture's path.
    pub fn path(&self) -> PathBuf {
        self.capture.path.clone()
    }

    /// The file that the capture is in.
    pub fn file(&self) -> PathBuf {
        self.capture.file().to_owned()
    }

    /// The capture's line in the summary.
    pub fn summary(&self) -> FileSummary {
        FileSummary {
            path: self.capture.path.display().to_string(),
            format: Some(self.capture.format.name()),
            status: if self.damage.is_empty() {
                FileStatus::Ok
            } else {
                FileStatus::Partial
            },
            error: (!self.damage.is_empty()).then(|| self.damage.join("; ")),
            packets: self.records,
            bytes: self.capture.len().unwrap_or(self.next.offset),
        }
    }

    fn head(&self) -> Head {
        match self
            .queue
            .front()
            .and_then(|verified| verified.chunk.events.get(self.gone))
        {
            _ if !self.is_started => self
                .capture
                .first
                .map_or(Head::At(Nanos::default()), Head::At),
            Some(event) => Head::At(event.time),
            None if self.queue.is_empty() && !self.is_ended => Head::Unread,
            None if self.queue.is_empty() => Head::None,
            // A chunk without events that goes on: it is dropped by going on.
            None => Head::At(Nanos(i64::MIN)),
        }
    }

    /// Moves events on while this capture's are the earliest.
    fn go_on(&mut self, limit: Option<(Nanos, u32)>, runs: &mut Vec<Run>) {
        self.is_started = true;
        while let Some(verified) = self.queue.front() {
            let events = &verified.chunk.events;
            let is_next =
                |event: &Event| limit.is_none_or(|limit| (event.time, self.file) <= limit);
            let from = self.gone;
            let to = from
                + events
                    .get(from..)
                    .unwrap_or_default()
                    .iter()
                    .take_while(|event| is_next(event))
                    .count();
            let is_all = to == events.len();
            runs.push(Run {
                verified: Arc::clone(verified),
                from,
                to,
            });
            self.gone = to;
            if !is_all {
                return;
            }
            self.queue.pop_front();
            self.gone = 0;
        }
    }
}

//! One TLS connection, read from both its sides.

mod keys;

use std::collections::VecDeque;

use super::ClientRandom;
use super::KeyLog;
use super::cipher::Opened;
use super::cipher::Opener;
use super::handshake::ClientHello;
use super::handshake::Handshake;
use super::handshake::Said;
use super::handshake::ServerHello;
use super::handshake::version_name;
use super::keylog::Secret;
use super::record::Record;
use super::record::Records;
use super::record::content;
use super::resumption::Kin;
use super::resumption::name_of;
use super::suite;
use super::suite::TLS13;
use crate::capture::record::Stamp;
use crate::text::Text;

/// Bytes of one side that wait for the other side's hello. They only wait where the capture has the packets in
/// another order than they were sent in, or lost some.
const MAX_WAITING: usize = 64 << 10;

/// Places in the sequence of records that are tried for one record behind a loss.
const MAX_SKIPPED: u64 = 4096;

/// Bytes that are deciphered in vain for all records of a connection, while places in the sequence are tried.
const MAX_TRIED: u64 = 16 << 20;

/// Tickets that are remembered of one handshake: a server gives one or two.
const MAX_TICKETS: usize = 16;

/// What a try costs besides the bytes of its record, in bytes.
const TRY: u64 = 256;

/// Records that can't be opened before a key is taken for the wrong one. In TLS 1.3 early data precedes what the keys
/// open, as many bytes as the server allowed.
const MAX_FAILURES: u64 = 1024;

/// The shortest protected record: header, a byte, and a tag.
const SHORTEST_RECORD: u64 = 22;

/// What was inside a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plaintext<'a> {
    /// Which of the two directions it went, as it was fed.
    pub direction: usize,
    /// Never empty.
    pub bytes: &'a [u8],
    /// The packet that completed the record.
    pub at: Stamp,
    /// True where that packet is an earlier one than the packet that was just fed.
    pub is_late: bool,
}

/// How far a connection can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// Not known yet: the handshake goes on.
    Undecided,
    /// Yes: something was.
    Yes,
    /// No: [`Session::locked`] says why.
    No,
}

/// What is missing to read a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// The handshake is not in the capture: the connection is older.
    Handshake,
    /// A part of the handshake is not in the capture, though the connection begins there.
    Segments,
    /// One of the two directions is not in the capture.
    Direction,
    /// The snap length cut records off.
    Bytes,
    /// Nothing: the handshake was not finished, and nothing sent behind it.
    Data,
    /// Room to hold what was not whole.
    Room,
    /// The key log has no line for it.
    Key,
    /// Its line in the key log opens nothing.
    RightKey,
    /// The suite is none that is opened here.
    Suite,
}

/// A connection that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Which direction the client sends, where that is known.
    pub client: Option<usize>,
    /// The server that the client asked for.
    pub server_name: Option<Text<'static>>,
    /// What a key log would call it.
    pub random: Option<ClientRandom>,
    /// The version and what IANA calls the suite, where they were agreed.
    pub agreed: Option<(&'static str, Option<&'static str>)>,
    /// True where the server's RSA key would have opened it.
    pub has_rsa_key_exchange: bool,
    /// What is missing.
    pub missing: Missing,
}

/// One TLS connection.
#[derive(Debug, Default)]
pub struct Session {
    sides: [Side; 2],
    /// The direction that the client sends.
    client: Option<usize>,
    hello: Option<ClientHello>,
    answer: Option<ServerHello>,
    /// A hello of the server that asks for another of the client (RFC 8446 §4.1.4).
    retry: Option<ServerHello>,
    /// What the client sent of its secret; present where the session is none that goes on.
    exchanged: Option<Vec<u8>>,
    /// Names of the tickets that the server gave.
    tickets: Vec<u64>,
    kin: Option<Kin>,
    missing: Option<Missing>,
    /// True once any record was opened.
    has_opened: bool,
    /// Bytes that were deciphered to find the place of a record.
    tried: u64,
}

/// What one side sends.
#[derive(Debug, Default)]
struct Side {
    records: Records,
    handshake: Handshake,
    phase: Phase,
    waiting: VecDeque<(Record, Stamp)>,
    waiting_bytes: usize,
    /// How many records may have been lost before the next.
    skipped: u64,
    failures: u64,
}

/// How a side's records are to be read.
#[derive(Debug, Default)]
enum Phase {
    /// They are not protected yet.
    #[default]
    Clear,
    /// They can be read only with what the other side has yet to say.
    Waiting,
    /// With one of these keys, the first being the likeliest; never empty.
    Protected(Vec<Key>),
    /// Not at all.
    Locked,
}

/// A key that a side's records may be protected with.
#[derive(Debug)]
struct Key {
    opener: Opener,
    /// TLS 1.3: of the keys for data, the secret that the next keys are made of. None of those for the handshake
    /// (RFC 8446 §7.1), behind which the keys for data come.
    traffic: Option<Secret>,
}

impl Phase {
    const fn has_key(&self) -> bool {
        matches!(self, Self::Protected(_))
    }
}

impl Session {
    /// Takes the next bytes of one direction; `each` is called for what becomes readable, in order.
    pub fn feed(
        &mut self,
        direction: usize,
        bytes: &[u8],
        at: Stamp,
        keys: &KeyLog,
        each: &mut impl FnMut(Plaintext<'_>),
    ) {
        if matches!(self.sides[direction].phase, Phase::Locked) {
            return;
        }
        self.sides[direction].records.feed(bytes);
        while let Some(record) = self.sides[direction].records.next() {
            let was_agreed = self.is_agreed();
            self.take(direction, record, (at, false), keys, each);
            if !was_agreed && self.is_agreed() {
                self.take_waiting(1 - direction, keys, each);
            }
        }
        self.sides[direction].records.trim();
        self.sides[direction].handshake.trim();
    }

    /// That many bytes of one direction will never come.
    pub fn lose(&mut self, direction: usize, lost: u64) {
        self.expect_update(direction);
        let side = &mut self.sides[direction];
        side.records.lose();
        side.handshake.reset();
        let most = lost / SHORTEST_RECORD + 2;
        side.skipped = side.skipped.saturating_add(most).min(MAX_SKIPPED);
    }

    /// How far it can be read.
    pub fn readable(&self) -> Readable {
        let is = |wanted: fn(&Phase) -> bool| self.sides.iter().any(|side| wanted(&side.phase));
        if self.has_opened {
            Readable::Yes
        } else if is(|phase| matches!(phase, Phase::Locked)) && !is(Phase::has_key) {
            Readable::No
        } else {
            Readable::Undecided
        }
    }

    /// What is missing to read it. A connection that ended within its handshake misses that.
    pub fn locked(&self) -> Locked {
        Locked {
            client: self.client,
            server_name: self
                .hello
                .as_ref()
                .and_then(|hello| hello.server_name.clone()),
            random: self.hello.as_ref().map(|hello| hello.random),
            agreed: self
                .answer
                .as_ref()
                .map(|answer| (version_name(answer.version), suite::name(answer.suite))),
            has_rsa_key_exchange: self
                .answer
                .as_ref()
                .is_some_and(|answer| suite::has_rsa_key_exchange(answer.suite)),
            missing: self.missing.unwrap_or_else(|| self.missing_at_end()),
        }
    }

    fn missing_at_end(&self) -> Missing {
        let is = |wanted: fn(&Side) -> bool| self.sides.iter().any(wanted);
        match () {
            () if is(|side| side.failures > 0) => Missing::RightKey,
            () if is(|side| matches!(side.phase, Phase::Waiting)) => Missing::Handshake,
            () if self.hello.is_some() => Missing::Data,
            () => Missing::Handshake,
        }
    }

    /// What a key log calls its latest handshake.
    pub fn random(&self) -> Option<ClientRandom> {
        self.hello.as_ref().map(|hello| hello.random)
    }

    /// The lines of a key log that open what its latest handshake agreed: they are secrets.
    pub fn key_log_lines(&self, keys: &KeyLog) -> Vec<Vec<u8>> {
        let of_random = self.random().map(|random| keys.lines_of(&random));
        let of_secret = self
            .exchanged
            .as_ref()
            .map(|secret| keys.lines_of_rsa(secret));
        let session = self.answer.as_ref().map(|answer| &answer.session_id);
        let of_session = session.map(|id| keys.lines_of_session(id));
        let all = [of_random, of_secret, of_session];
        all.into_iter().flatten().flatten().collect()
    }

    /// What it knows of sessions that go on elsewhere, once.
    pub fn take_kin(&mut self) -> Option<Kin> {
        self.kin.take()
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        let sides: usize = self
            .sides
            .iter()
            .map(|side| side.records.held() + side.handshake.held() + side.waiting_bytes)
            .sum();
        let name = self
            .hello
            .as_ref()
            .and_then(|hello| hello.server_name.as_ref());
        sides + name.map_or(0, |name| name.as_bytes().len())
    }

    /// Gives up what it holds, and reading on.
    pub fn give_up(&mut self) {
        for direction in 0..2 {
            self.lock(direction, Missing::Room);
        }
    }

    fn take_waiting(
        &mut self,
        direction: usize,
        keys: &KeyLog,
        each: &mut impl FnMut(Plaintext<'_>),
    ) {
        let side = &mut self.sides[direction];
        if matches!(side.phase, Phase::Waiting) {
            side.phase = Phase::Clear;
        }
        side.waiting_bytes = 0;
        for (record, at) in std::mem::take(&mut side.waiting) {
            self.take(direction, record, (at, true), keys, each);
        }
    }

    fn take(
        &mut self,
        direction: usize,
        record: Record,
        at: (Stamp, bool),
        keys: &KeyLog,
        each: &mut impl FnMut(Plaintext<'_>),
    ) {
        match &self.sides[direction].phase {
            Phase::Locked => {}
            Phase::Waiting => self.wait(direction, record, at.0),
            Phase::Clear if record.content_type() == content::HANDSHAKE => {
                self.listen(direction, &record.fragment, keys);
            }
            Phase::Clear
                if !matches!(
                    record.content_type(),
                    content::CHANGE_CIPHER_SPEC | content::APPLICATION_DATA
                ) => {}
            // A change of ciphers means nothing in TLS 1.3 (RFC 8446 §5).
            Phase::Clear
                if self.is_tls13() && record.content_type() == content::CHANGE_CIPHER_SPEC => {}
            Phase::Clear => match self.answer.as_ref().filter(|_| self.is_agreed()) {
                None => self.wait(direction, record, at.0),
                Some(answer) if answer.version == TLS13 => {}
                Some(_) => {
                    self.change_keys(direction, keys);
                    if record.content_type() == content::APPLICATION_DATA {
                        self.open(direction, &record, at, keys, each);
                    }
                }
            },
            Phase::Protected(_) => self.open(direction, &record, at, keys, each),
        }
    }

    fn wait(&mut self, direction: usize, record: Record, at: Stamp) {
        let side = &mut self.sides[direction];
        side.phase = Phase::Waiting;
        side.waiting_bytes += record.fragment.len() + size_of::<(Record, Stamp)>();
        side.waiting.push_back((record, at));
        if side.waiting_bytes > MAX_WAITING {
            self.lock(direction, Missing::Handshake);
        }
    }

    fn lock(&mut self, direction: usize, missing: Missing) {
        self.sides[direction] = Side {
            phase: Phase::Locked,
            ..Side::default()
        };
        self.missing.get_or_insert(missing);
    }

    /// True once both hellos are there.
    fn is_agreed(&self) -> bool {
        self.hello.is_some() && self.answer.is_some()
    }

    /// True from the server's first word on, even where that only asks for another hello.
    fn is_tls13(&self) -> bool {
        let answer = self.answer.as_ref().or(self.retry.as_ref());
        answer.is_some_and(|answer| answer.version == TLS13)
    }

    fn open(
        &mut self,
        direction: usize,
        record: &Record,
        at: (Stamp, bool),
        keys: &KeyLog,
        each: &mut impl FnMut(Plaintext<'_>),
    ) {
        let is_tls13 = self.is_tls13();
        if is_tls13 && record.content_type() != content::APPLICATION_DATA {
            // What stands in the clear beside protected records: a hello once more, or a change of ciphers that
            // means nothing (RFC 8446 §5).
            if record.content_type() == content::HANDSHAKE {
                self.listen(direction, &record.fragment, keys);
            }
            return;
        }
        let Some(inside) = self.unlock(direction, record) else {
            self.fail(direction);
            return;
        };
        let side = &mut self.sides[direction];
        side.skipped = 0;
        side.failures = 0;
        self.has_opened = true;
        match inside.content_type {
            content::APPLICATION_DATA if !inside.bytes.is_empty() => each(Plaintext {
                direction,
                bytes: &inside.bytes,
                at: at.0,
                is_late: at.1,
            }),
            content::HANDSHAKE => self.listen(direction, &inside.bytes, keys),
            content::CHANGE_CIPHER_SPEC if !is_tls13 => self.change_keys(direction, keys),
            _ => {}
        }
    }

    /// Tries the keys of a side. That one opens a record proves it, and the others wrong or over.
    fn unlock(&mut self, direction: usize, record: &Record) -> Option<Opened> {
        let side = &mut self.sides[direction];
        let Phase::Protected(keys) = &mut side.phase else {
            return None;
        };
        let cost = record.fragment.len() as u64 + TRY;
        let mut found = None;
        for (index, key) in keys.iter_mut().enumerate() {
            let left = MAX_TRIED.saturating_sub(self.tried) / cost;
            let mut tries = 0;
            let inside = key.opener.open(record, side.skipped.min(left), &mut tries);
            self.tried += tries.saturating_sub(1) * cost;
            if let Some(inside) = inside {
                found = Some((index, inside));
                break;
            }
        }
        let (index, inside) = found?;
        if keys.len() > 1 {
            let key = keys.swap_remove(index);
            keys.retain(|other| key.traffic.is_none() && other.traffic.is_some());
            keys.insert(0, key);
        }
        Some(inside)
    }

    /// A record that can't be opened: it was damaged, or is early data, or the key is wrong.
    fn fail(&mut self, direction: usize) {
        let side = &mut self.sides[direction];
        side.failures += 1;
        side.skipped = side.skipped.saturating_add(1).min(MAX_SKIPPED);
        if side.failures > MAX_FAILURES {
            self.lock(direction, Missing::RightKey);
        }
    }

    fn listen(&mut self, direction: usize, bytes: &[u8], keys: &KeyLog) {
        self.sides[direction].handshake.feed(bytes);
        while let Some(said) = self.sides[direction].handshake.next() {
            self.hear(direction, said, keys);
        }
    }

    fn hear(&mut self, direction: usize, said: Said, keys: &KeyLog) {
        match said {
            Said::ClientHello(hello) => {
                self.client = Some(direction);
                let is_other = self
                    .hello
                    .as_ref()
                    .is_some_and(|known| known.random != hello.random);
                if is_other {
                    // Another handshake on the same connection (RFC 5246 §7.4.1.1).
                    self.answer = None;
                    self.exchanged = None;
                }
                self.hello = Some(hello);
                self.agree(keys);
            }
            Said::ServerHello(answer) if answer.is_retry => self.retry = Some(answer),
            Said::ServerHello(answer) => {
                self.client.get_or_insert(1 - direction);
                self.answer = Some(answer);
                self.agree(keys);
            }
            Said::NewSessionTicket(ticket) if self.tickets.len() < MAX_TICKETS => {
                self.tickets.push(name_of(&ticket));
            }
            Said::NewSessionTicket(_) => {}
            Said::ClientKeyExchange(mut secret) => {
                // The key log knows it by its first bytes.
                secret.truncate(8);
                secret.shrink_to_fit();
                self.exchanged = Some(secret);
            }
            Said::Finished => self.finish_handshake(direction),
            Said::KeyUpdate => self.update_key(direction),
        }
    }
}

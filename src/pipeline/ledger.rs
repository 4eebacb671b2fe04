//! Every packet's fate, counted; and what the SIP messages were.

use std::collections::BTreeMap;

use crate::packet::Fate;
use crate::sip::Method;
use crate::sip::Outline;
use crate::sip::StartLine;

/// Unregistered methods told apart at most: their names come from the wire.
const OTHER_METHODS: usize = 64;

/// Longest unregistered method kept as a name.
const METHOD_LENGTH: usize = 32;

/// How many packets met which fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    counts: [u64; Fate::ALL.len()],
}

impl Ledger {
    /// Counts one packet.
    pub fn count(&mut self, fate: Fate) {
        self.add(fate, 1);
    }

    /// Counts several packets.
    pub fn add(&mut self, fate: Fate, packets: u64) {
        self.counts[fate as usize] += packets;
    }

    /// Gives packets a better fate than they were first counted with.
    pub fn upgrade(&mut self, from: Fate, to: Fate, packets: u64) {
        let packets = packets.min(self.of(from));
        self.counts[from as usize] -= packets;
        self.counts[to as usize] += packets;
    }

    /// Packets of one fate.
    pub fn of(&self, fate: Fate) -> u64 {
        self.counts[fate as usize]
    }

    /// All packets.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another part's counts.
    pub fn join(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }
}

/// SIP messages by method and status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SipCounts {
    /// Messages on the wire.
    pub messages: u64,
    /// Those among them that lack a field that every message must have.
    pub malformed: u64,
    /// Requests by method.
    pub requests: BTreeMap<String, u64>,
    /// Responses by status code.
    pub responses: BTreeMap<u16, u64>,
}

impl SipCounts {
    /// Counts one message.
    pub fn count(&mut self, message: &Outline<'_>) {
        self.messages += 1;
        self.malformed += u64::from(message.is_malformed);
        match message.start {
            StartLine::Request { method, .. } => self.count_request(method),
            StartLine::Response { status, .. } => *self.responses.entry(status).or_default() += 1,
        }
    }

    fn count_request(&mut self, method: Method<'_>) {
        let name = method.as_bytes();
        let name = std::str::from_utf8(&name[..name.len().min(METHOD_LENGTH)]).unwrap_or("other");
        if let Some(count) = self.requests.get_mut(name) {
            *count += 1;
            return;
        }
        let name = if self.requests.len() < OTHER_METHODS {
            name
        } else {
            "other"
        };
        *self.requests.entry(name.to_owned()).or_default() += 1;
    }

    /// Adds another part's counts.
    pub fn join(&mut self, other: &Self) {
        self.messages += other.messages;
        self.malformed += other.malformed;
        for (method, count) in &other.requests {
            *self.requests.entry(method.clone()).or_default() += count;
        }
        for (status, count) in &other.responses {
            *self.responses.entry(*status).or_default() += count;
        }
    }
}

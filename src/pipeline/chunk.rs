//! One stretch of one capture, decoded: each record has its fate, and what may be SIP is copied out.
//!
//! Chunks are decoded in parallel, without any memory of what came before. Most records end here.

use std::cell::Cell;

use crate::call::Glance;
use crate::call::Transport;
use crate::capture::Capture;
use crate::capture::Position;
use crate::capture::Stopped;
use crate::capture::key_log::KeyLogText;
use crate::capture::record::Nanos;
use crate::capture::record::Record;
use crate::packet::Carrier;
use crate::packet::Datagram;
use crate::packet::Enclosed;
use crate::packet::Endpoint;
use crate::packet::Fate;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::packet::Sctp;
use crate::packet::Segment;
use crate::packet::decode;
use crate::sip::Message;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::trunk::SbcAddresses;
use crate::trunk::Teams;
use crate::trunk::party::End;

use super::ledger::Ledger;
use super::ledger::SipCounts;

/// Room for the events of a chunk that is mostly media, so that growing is rare.
const USUAL_EVENTS: usize = 512;

/// Room for their payloads.
const USUAL_BYTES: usize = 128 << 10;

thread_local! {
    /// What a thread reads chunks into, one after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// How many events and bytes its last chunk had: the next will have about as many.
    static LAST: Cell<(usize, usize)> = const { Cell::new((USUAL_EVENTS, USUAL_BYTES)) };
}

/// A decoded chunk.
#[derive(Debug)]
pub struct Chunk {
    /// Where it began.
    pub start: Position,
    /// Where the next begins, or where it stopped.
    pub end: Position,
    /// Why it stopped.
    pub stopped: Stopped,
    /// Records in it.
    pub records: u64,
    /// The time of its last record.
    pub latest: Option<Nanos>,
    /// What later stages need, in the order of the records.
    pub events: Vec<Event>,
    /// The payloads of the events, one behind the other.
    bytes: Vec<u8>,
    /// The fates that are decided.
    pub ledger: Ledger,
    /// The SIP messages in datagrams.
    pub sip: SipCounts,
    /// Addresses that talked to Teams.
    pub sbc: SbcAddresses,
    /// TLS key logs among the records.
    pub key_logs: Vec<KeyLogText>,
}

/// Something that a later stage must see.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The record's time.
    pub time: Nanos,
    /// The record's place in the chunk, counted from 0.
    pub place: u64,
    kind: Kind,
    start: usize,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Message {
        from: Endpoint,
        to: Endpoint,
        wholeness: Wholeness,
        glance: Glance,
        transport: Transport,
        /// When it was sent, which a mirror knows better than the record that it wrote.
        sent: Nanos,
    },
    Segment(Segment<'static>),
    Fragment(Fragment<'static>),
    Sctp(Sctp<'static>),
}

/// An event with its payload.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'c> {
    /// A SIP message that one packet held.
    Message {
        /// Sender.
        from: Endpoint,
        /// Receiver.
        to: Endpoint,
        /// The message.
        bytes: &'c [u8],
        /// Whether all of it is there.
        wholeness: Wholeness,
        /// What it is.
        glance: Glance,
        /// What carried it.
        transport: Transport,
        /// When it was sent.
        sent: Nanos,
    },
    /// A TCP segment.
    Segment(Segment<'c>),
    /// An IP fragment.
    Fragment(Fragment<'c>),
    /// An SCTP packet.
    Sctp(Sctp<'c>),
}

impl Chunk {
    /// Decodes the records that start from `from` on and before `until`.
    pub fn decode(capture: &Capture, from: &Position, until: u64, teams: &Teams) -> Self {
        let mut chunk = Self::empty(from);
        let mut place = 0;
        let mut latest = None;
        let mut buffer = BUFFER.take();
        let walked = capture.walk_in(&mut buffer, from, until, |record| {
            chunk.take(&record, place, teams);
            latest = Some(record.time);
            place += 1;
        });
        BUFFER.set(buffer);
        LAST.set((
            chunk.events.len().max(USUAL_EVENTS),
            chunk.bytes.len().max(USUAL_BYTES),
        ));
        Self {
            end: walked.end,
            stopped: walked.stopped,
            records: walked.records,
            latest,
            key_logs: walked.key_logs,
            ..chunk
        }
    }

    fn empty(from: &Position) -> Self {
        let (events, bytes) = LAST.get();
        Self {
            start: from.clone(),
            end: from.clone(),
            stopped: Stopped::AtUntil,
            records: 0,
            latest: None,
            events: Vec::with_capacity(events + events / 8),
            bytes: Vec::with_capacity(bytes + bytes / 8),
            ledger: Ledger::default(),
            sip: SipCounts::default(),
            sbc: SbcAddresses::default(),
            key_logs: Vec::new(),
        }
    }

    fn take(&mut self, record: &Record<'_>, place: u64, teams: &Teams) {
        match decode(record) {
            Packet::Done(fate) => self.ledger.count(fate),
            Packet::Datagram(datagram) => {
                let at = (record.time, place);
                let fate = self.take_message(&datagram, Carrier::Udp, record.time, at, teams);
                self.ledger.count(fate.unwrap_or(Fate::Other));
            }
            Packet::Segment(segment) => {
                let empty = Segment {
                    payload: &[],
                    ..segment
                };
                self.push(record.time, place, Kind::Segment(empty), segment.payload);
            }
            Packet::Fragment(fragment) => {
                let empty = Fragment {
                    payload: &[],
                    ..fragment
                };
                self.push(record.time, place, Kind::Fragment(empty), fragment.payload);
            }
            Packet::Enclosed(enclosed) => {
                let mut fate: Option<Fate> = None;
                let mut next = Some(enclosed);
                while let Some(enclosed) = next {
                    let found = self.take_enclosed(&enclosed, (record.time, place), teams);
                    fate = fate.into_iter().chain(found).min();
                    next = enclosed.following();
                }
                self.ledger.count(fate.unwrap_or(Fate::Other));
            }
            Packet::Sctp(sctp) => {
                let empty = Sctp {
                    chunks: &[],
                    ..sctp
                };
                self.push(record.time, place, Kind::Sctp(empty), sctp.chunks);
            }
        }
    }

    /// None where it is no SIP.
    fn take_message(
        &mut self,
        datagram: &Datagram<'_>,
        carrier: Carrier,
        sent: Nanos,
        (time, place): (Nanos, u64),
        teams: &Teams,
    ) -> Option<Fate> {
        let found = message_in(datagram)?;
        if found.fate == Fate::Sip {
            self.sip.count(&found.outline);
        }
        note_sbc(&mut self.sbc, datagram.from, datagram.to, teams);
        if found.glance.shows_call {
            let kind = Kind::Message {
                from: datagram.from,
                to: datagram.to,
                wholeness: found.outline.wholeness,
                glance: found.glance,
                transport: transport_of(carrier, &found.outline),
                sent,
            };
            self.push(time, place, kind, found.outline.bytes);
        }
        Some(found.fate)
    }

    fn take_enclosed(
        &mut self,
        enclosed: &Enclosed<'_>,
        (time, place): (Nanos, u64),
        teams: &Teams,
    ) -> Option<Fate> {
        let message = enclosed.message();
        let datagram = Datagram {
            from: enclosed.from,
            to: enclosed.to,
            payload: &message,
            is_cut: enclosed.is_cut,
        };
        let sent = enclosed.time.unwrap_or(time);
        self.take_message(&datagram, enclosed.carrier, sent, (time, place), teams)
    }

    fn push(&mut self, time: Nanos, place: u64, kind: Kind, payload: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.events.push(Event {
            time,
            place,
            kind,
            start,
            len: payload.len(),
        });
    }

    /// An event with its payload.
    pub fn seen(&self, event: &Event) -> Seen<'_> {
        let bytes = &self.bytes[event.start..event.start + event.len];
        match event.kind {
            Kind::Message {
                from,
                to,
                wholeness,
                glance,
                transport,
                sent,
            } => Seen::Message {
                from,
                to,
                bytes,
                wholeness,
                glance,
                transport,
                sent,
            },
            Kind::Segment(segment) => Seen::Segment(Segment {
                payload: bytes,
                ..segment
            }),
            Kind::Fragment(fragment) => Seen::Fragment(Fragment {
                payload: bytes,
                ..fragment
            }),
            Kind::Sctp(sctp) => Seen::Sctp(Sctp {
                chunks: bytes,
                ..sctp
            }),
        }
    }
}

/// A SIP message found in a datagram.
#[derive(Debug)]
pub struct Found<'a> {
    /// The message.
    pub outline: Outline<'a>,
    /// What it is.
    pub glance: Glance,
    /// [`Fate::Sip`], or [`Fate::Truncated`] where the snap length cut it.
    pub fate: Fate,
}

/// The SIP message that a datagram carries.
pub fn message_in<'a>(datagram: &Datagram<'a>) -> Option<Found<'a>> {
    let outline = Outline::of_datagram(datagram.payload, datagram.is_cut)?;
    let is_cut = datagram.is_cut && outline.wholeness == Wholeness::Cut;
    let fate = if is_cut { Fate::Truncated } else { Fate::Sip };
    Some(Found {
        glance: Glance::of(&outline),
        outline,
        fate,
    })
}

/// What carried an enclosed message.
pub fn transport_of(carrier: Carrier, outline: &Outline<'_>) -> Transport {
    match carrier {
        Carrier::Udp => Transport::Udp,
        Carrier::Tcp => Transport::Tcp,
        Carrier::Tls => Transport::Tls,
        Carrier::Sctp => Transport::Sctp,
        Carrier::AsViaSays => {
            let message = Message::parse(outline.bytes, outline.wholeness);
            let via = message.as_ref().and_then(|message| message.vias().next());
            via.map_or(Transport::Udp, |via| transport_named(via.transport))
        }
    }
}

/// A transport by its name in Via (RFC 3261 §20.42, RFC 7118 §5.2).
fn transport_named(name: &[u8]) -> Transport {
    match name.to_ascii_uppercase().as_slice() {
        b"TLS" | b"WSS" | b"TLS-SCTP" => Transport::Tls,
        b"TCP" | b"WS" => Transport::Tcp,
        b"SCTP" => Transport::Sctp,
        _ => Transport::Udp,
    }
}

/// Notes who talks to Teams, by address.
pub fn note_sbc(sbc: &mut SbcAddresses, from: Endpoint, to: Endpoint, teams: &Teams) {
    match (
        teams.has_address(from.address),
        teams.has_address(to.address),
    ) {
        (true, false) => sbc.note(from.address, to.address, End::Sender),
        (false, true) => sbc.note(from.address, to.address, End::Receiver),
        _ => {}
    }
}

//! One message at one place: what was seen, when, and between whom.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Message;
use crate::sip::Method;
use crate::sip::Outline;
use crate::sip::StartLine;
use crate::sip::Wholeness;

/// What carried a message.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Transport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl Transport {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// A message as it was met on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// From the start line to the end of the body.
    pub bytes: &'a [u8],
    /// Whether all of it is here.
    pub wholeness: Wholeness,
    /// When, and in which frame it was complete.
    pub at: Stamp,
    /// Sender of the packet.
    pub from: Endpoint,
    /// Receiver of the packet.
    pub to: Endpoint,
    /// What carried it.
    pub transport: Transport,
}

/// What a message is, as far as counting and sharding need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Where the Call-ID stands; none where there is none.
    pub call_id: Option<CallIdPlace>,
    /// True for what belongs to an INVITE: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE and their responses.
    pub shows_call: bool,
    /// True where a field that every message must have is missing or unreadable (RFC 3261 §8.1.1).
    pub is_malformed: bool,
    /// How far it brings its call.
    pub step: Step,
}

/// How far a message brings its call, for the decision when it is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing final yet.
    #[default]
    Open,
    /// An INVITE was refused; it may be tried again.
    Refused,
    /// An INVITE was answered with 2xx.
    Answered,
    /// BYE was seen.
    Ended,
}

impl Glance {
    /// Looks at a message without keeping anything of it.
    pub fn of(outline: &Outline<'_>) -> Self {
        let method = outline.cseq.map(|cseq| cseq.method);
        let (shows_call, step) = match outline.start {
            StartLine::Request { method, .. } => (
                shows_call(method),
                if method == Method::Bye {
                    Step::Ended
                } else {
                    Step::Open
                },
            ),
            StartLine::Response { status, .. } => (
                method.is_some_and(shows_call),
                response_step(method, status),
            ),
        };
        let start = outline.bytes.as_ptr() as usize;
        let call_id = outline.call_id.map(|call_id| CallIdPlace {
            hash: call_hash(call_id),
            start: u32::try_from((call_id.as_ptr() as usize).saturating_sub(start))
                .unwrap_or(u32::MAX),
            len: u32::try_from(call_id.len()).unwrap_or(u32::MAX),
        });
        Self {
            call_id,
            shows_call,
            is_malformed: outline.is_malformed,
            step,
        }
    }

    /// The Call-ID in the bytes that were looked at.
    pub fn call_id<'m>(&self, bytes: &'m [u8]) -> Option<&'m [u8]> {
        let CallIdPlace { start, len, .. } = self.call_id?;
        bytes.get(start as usize..)?.get(..len as usize)
    }
}

/// Where a Call-ID stands in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallIdPlace {
    /// By it messages find their shard.
    pub hash: u64,
    start: u32,
    len: u32,
}

fn response_step(method: Option<Method<'_>>, status: u16) -> Step {
    match method {
        Some(Method::Invite) if status >= 300 => Step::Refused,
        Some(Method::Invite) if status >= 200 => Step::Answered,
        Some(Method::Bye) if status >= 200 => Step::Ended,
        _ => Step::Open,
    }
}

/// The hash by which messages find their call and calls their shard.
pub fn call_hash(call_id: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(call_id);
    hasher.finish()
}

/// The methods whose messages show a call (the contract's definition of a call).
pub fn shows_call(method: Method<'_>) -> bool {
    matches!(
        method,
        Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Prack
            | Method::Update
    )
}

/// A parsed message at its place, with the fields by which it finds its transaction and dialog.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The message.
    pub message: Message<'a>,
    /// When, and in which frame.
    pub at: Stamp,
    /// Sender of the packet.
    pub from: Endpoint,
    /// Receiver of the packet.
    pub to: Endpoint,
    /// What carried it.
    pub transport: Transport,
    /// Tag of From; empty where there is none (RFC 2543 peers, cut messages).
    pub from_tag: &'a [u8],
    /// Tag of To; empty where there is none.
    pub to_tag: &'a [u8],
    /// CSeq number; 0 where it can't be read.
    pub cseq: u32,
    /// Method of CSeq; of the start line where CSeq can't be read.
    pub method: Method<'a>,
    /// Branch of the top Via; empty where there is none.
    pub branch: &'a [u8],
    /// Via values: how far from the sender of the request this is.
    pub hops: usize,
}

impl<'a> Seen<'a> {
    /// Reads what identifies the message; none where it has no SIP start line.
    pub fn read(sighting: Sighting<'a>) -> Option<Self> {
        let message = Message::parse(sighting.bytes, sighting.wholeness)?;
        let from_tag = message
            .from()
            .and_then(|from| from.tag())
            .unwrap_or_default();
        let to_tag = message.to().and_then(|to| to.tag()).unwrap_or_default();
        let branch = message
            .vias()
            .next()
            .and_then(|via| via.branch())
            .unwrap_or_default();
        let hops = message.vias().count();
        let cseq = message.cseq();
        let method = match message.start {
            StartLine::Request { method, .. } => method,
            StartLine::Response { .. } => cseq.map_or(Method::Other(b""), |cseq| cseq.method),
        };
        let cseq = cseq.map_or(0, |cseq| cseq.number);
        let Sighting {
            at,
            from,
            to,
            transport,
            ..
        } = sighting;
        Some(Self {
            message,
            at,
            from,
            to,
            transport,
            from_tag,
            to_tag,
            cseq,
            method,
            branch,
            hops,
        })
    }

    /// True for a request.
    pub fn is_request(&self) -> bool {
        matches!(self.message.start, StartLine::Request { .. })
    }

    /// Status code of a response.
    pub fn status(&self) -> Option<u16> {
        match self.message.start {
            StartLine::Response { status, .. } => Some(status),
            StartLine::Request { .. } => None,
        }
    }

    /// True for an INVITE that opens a dialog: it has no To tag (RFC 3261 §8.1.1.2).
    pub fn is_initial_invite(&self) -> bool {
        self.is_request() && self.method == Method::Invite && self.to_tag.is_empty()
    }
}

//! One message at one place: what was seen, when, and between whom.

use std::cell::OnceCell;
use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Message;
use crate::sip::Method;
use crate::sip::Outline;
use crate::sip::StartLine;
use crate::sip::Wholeness;
use crate::sip::branch_of;
use crate::sip::tag_of;

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
    /// SCTP (RFC 4168).
    Sctp,
}

impl Transport {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Sctp => "sctp",
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
    /// When the capture had it, by which a call is known to be over: a mirror's clock may be another than the capture's.
    pub arrived: Nanos,
    /// Sender of the packet.
    pub from: Endpoint,
    /// Receiver of the packet.
    pub to: Endpoint,
    /// What carried it.
    pub transport: Transport,
}

/// What a message is, found in one pass over its head: enough to count it, to bring it to its call, and to find its
/// transaction and dialog there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// A hash of the Call-ID, by which it finds its shard; none where there is no Call-ID.
    pub call_hash: Option<u64>,
    /// True for what belongs to an INVITE: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE and their responses.
    pub shows_call: bool,
    /// How far it brings its call.
    pub step: Step,
    call_id: Span,
    /// What its transaction and dialog are found by.
    pub marks: Marks,
}

/// The fields by which a message finds its transaction and dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    from: Span,
    to: Span,
    via: Span,
    cseq: u32,
    hops: u32,
    status: Option<u16>,
    method: CallMethod,
    has_from: bool,
}

/// The methods whose messages show a call (the contract's definition of a call), and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallMethod {
    Invite,
    Ack,
    Bye,
    Cancel,
    Prack,
    Update,
    Other,
}

/// A place in the bytes that were looked at. A message is far shorter than 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        let fits = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        if part.is_empty() {
            Self::default()
        } else {
            Self {
                start: fits(start),
                len: fits(part.len()),
            }
        }
    }

    fn in_bytes(self, whole: &[u8]) -> &[u8] {
        whole
            .get(self.start as usize..)
            .and_then(|rest| rest.get(..self.len as usize))
            .unwrap_or_default()
    }
}

/// Where the tags of a message are. They are looked for when the message is kept and so at hand: when its call is over, it
/// lies far away in memory, and most of it is never read again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tags {
    from: Span,
    to: Span,
}

impl Tags {
    pub(super) fn of(bytes: &[u8], marks: &Marks) -> Self {
        let tag = |value: Span| Span::of(tag_of(value.in_bytes(bytes)), bytes);
        Self {
            from: tag(marks.from),
            to: tag(marks.to),
        }
    }
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
        let cseq_method = outline.cseq.map(|cseq| cseq.method);
        let (method, status, step) = match outline.start {
            StartLine::Request { method, .. } => (
                Some(method),
                None,
                if method == Method::Bye {
                    Step::Ended
                } else {
                    Step::Open
                },
            ),
            StartLine::Response { status, .. } => (
                cseq_method,
                Some(status),
                response_step(cseq_method, status),
            ),
        };
        let span = |part: &[u8]| Span::of(part, outline.bytes);
        let method = method.map_or(CallMethod::Other, CallMethod::of);
        Self {
            call_hash: outline.call_id.map(hash),
            shows_call: method != CallMethod::Other,
            step,
            call_id: span(outline.call_id.unwrap_or_default()),
            marks: Marks {
                from: span(outline.from.unwrap_or_default()),
                to: span(outline.to.unwrap_or_default()),
                via: span(outline.via.unwrap_or_default()),
                cseq: outline.cseq.map_or(0, |cseq| cseq.number),
                hops: u32::try_from(outline.hops).unwrap_or(u32::MAX),
                status,
                method,
                has_from: outline.from.is_some(),
            },
        }
    }

    /// The Call-ID in the bytes that were looked at.
    pub fn call_id<'m>(&self, bytes: &'m [u8]) -> &'m [u8] {
        self.call_id.in_bytes(bytes)
    }
}

fn response_step(method: Option<Method<'_>>, status: u16) -> Step {
    match method {
        Some(Method::Invite) if status >= 300 => Step::Refused,
        Some(Method::Invite) if status >= 200 => Step::Answered,
        Some(Method::Bye) if status >= 200 => Step::Ended,
        _ => Step::Open,
    }
}

/// The hash by which messages find their call, calls their shard, and the same message is known again.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

impl CallMethod {
    const fn of(method: Method<'_>) -> Self {
        match method {
            Method::Invite => Self::Invite,
            Method::Ack => Self::Ack,
            Method::Bye => Self::Bye,
            Method::Cancel => Self::Cancel,
            Method::Prack => Self::Prack,
            Method::Update => Self::Update,
            _ => Self::Other,
        }
    }

    const fn method(self) -> Method<'static> {
        match self {
            Self::Invite => Method::Invite,
            Self::Ack => Method::Ack,
            Self::Bye => Method::Bye,
            Self::Cancel => Method::Cancel,
            Self::Prack => Method::Prack,
            Self::Update => Method::Update,
            Self::Other => Method::Other(b""),
        }
    }
}

/// A message of a call at its place, with the fields by which it finds its transaction and dialog.
#[derive(Debug)]
pub struct Seen<'a> {
    bytes: &'a [u8],
    message: OnceCell<Message<'a>>,
    /// Whether all of the message is there.
    pub wholeness: Wholeness,
    /// When, and in which frame.
    pub at: Stamp,
    /// Sender of the packet.
    pub from: Endpoint,
    /// Receiver of the packet.
    pub to: Endpoint,
    /// What carried it.
    pub transport: Transport,
    /// How often the same bytes were met: 1, and once more for each retransmission and each other tap.
    pub times: u32,
    /// When they were met last.
    pub until: Nanos,
    /// Tag of From; empty where there is none (RFC 2543 peers, cut messages).
    pub from_tag: &'a [u8],
    /// True where there is a From.
    pub has_from: bool,
    /// Tag of To; empty where there is none.
    pub to_tag: &'a [u8],
    /// CSeq number; 0 where it can't be read.
    pub cseq: u32,
    /// Method of a request; of a response, that of its CSeq.
    pub method: Method<'static>,
    /// Value of the top Via; empty where there is none.
    via: &'a [u8],
    /// Via values: how far from the sender of the request this is.
    pub hops: u32,
    status: Option<u16>,
}

impl<'a> Seen<'a> {
    /// A message, with what a glance at it told.
    pub fn new(sighting: Sighting<'a>, marks: &Marks) -> Self {
        Self::kept(sighting, marks, Tags::of(sighting.bytes, marks))
    }

    /// The same, where its tags are known already.
    pub(super) fn kept(sighting: Sighting<'a>, marks: &Marks, tags: Tags) -> Self {
        let Sighting {
            bytes,
            wholeness,
            at,
            from,
            to,
            transport,
            ..
        } = sighting;
        Self {
            bytes,
            message: OnceCell::new(),
            wholeness,
            at,
            from,
            to,
            transport,
            times: 1,
            until: at.time,
            from_tag: tags.from.in_bytes(bytes),
            has_from: marks.has_from,
            to_tag: tags.to.in_bytes(bytes),
            cseq: marks.cseq,
            method: marks.method.method(),
            via: marks.via.in_bytes(bytes),
            hops: marks.hops,
            status: marks.status,
        }
    }

    /// The message, parsed when it is first asked for: most of a call's messages never are.
    pub fn message(&self) -> &Message<'a> {
        self.message.get_or_init(|| {
            Message::parse(self.bytes, self.wholeness)
                .expect("what a glance was cast at has a start line")
        })
    }

    /// The message as it was on the wire, from the start line to the end of the body.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Branch of the top Via; empty where there is none.
    pub fn branch(&self) -> &'a [u8] {
        branch_of(self.via)
    }

    /// True for a request.
    pub fn is_request(&self) -> bool {
        self.status.is_none()
    }

    /// Status code of a response.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// True for an INVITE that opens a dialog: it has no To tag (RFC 3261 §8.1.1.2).
    pub fn is_initial_invite(&self) -> bool {
        self.is_request() && self.method == Method::Invite && self.to_tag.is_empty()
    }
}

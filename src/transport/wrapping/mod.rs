//! What wraps a byte stream: prefaces of proxies, TLS, WebSocket, and the collector's protocol HEP.
//!
//! [`Wrapping`] is fed what both directions of a connection send, and gives what is inside. Most connections have no
//! wrapping, and their bytes go through untouched.

mod http;
#[cfg(test)]
mod made;
pub mod preface;
mod search;
pub mod websocket;

use std::borrow::Cow;
use std::ops::ControlFlow;

use self::preface::Preface;
use self::search::Search;
use self::search::What;
use self::websocket::WebSocket;
use super::tls::KeyLog;
use super::tls::Session;
use super::tls::looks_like_tls;
use crate::capture::record::Stamp;
use crate::packet::Enclosed;
use crate::packet::tunnel::hep;
use crate::packet::tunnel::hep::Reading;

/// What is taken off a byte stream.
pub const WRAPPINGS: &[Kind] = &[
    Kind {
        name: "TLS 1.0 to 1.3 with a key log: AES-GCM, AES-CBC, ChaCha20-Poly1305",
        known_by: "its first record",
        source: "RFC 2246, RFC 4346, RFC 5246, RFC 8446; RFC 9850",
    },
    Kind {
        name: "WebSocket, compressed or not",
        known_by: "its HTTP upgrade, or a frame that begins a SIP message",
        source: "RFC 6455, RFC 7118, RFC 7692",
    },
    Kind {
        name: "PROXY protocol 1 and 2",
        known_by: "its first bytes",
        source: "HAProxy's proxy-protocol.txt",
    },
    Kind {
        name: "SOCKS 4, 4a and 5",
        known_by: "its first bytes",
        source: "RFC 1928, RFC 1929",
    },
    Kind {
        name: "HTTP CONNECT",
        known_by: "its first bytes",
        source: "RFC 9110 §9.3.6",
    },
    Kind {
        name: "HEP 3 over TCP",
        known_by: "`HEP3` and a first chunk, wherever the capture begins",
        source: "HEP3 network protocol specification",
    },
];

/// A wrapping or a transport, for people.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// By what it is known.
    pub known_by: &'static str,
    /// Where it is described.
    pub source: &'static str,
}

/// What was inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unwrapped<'a> {
    /// Which of the two directions, as it was fed.
    pub direction: usize,
    /// What.
    pub piece: Piece<'a>,
    /// The packet that completed it.
    pub at: Stamp,
    /// True where that packet is an earlier one than the packet that was just fed.
    pub is_late: bool,
}

/// A piece of what was inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    /// The next bytes of a stream.
    Bytes(&'a [u8]),
    /// A whole message, which the wrapping has framed.
    Message(&'a [u8]),
    /// A message with addresses of its own.
    Mirrored(Enclosed<'a>),
    /// That many bytes of a stream will never come.
    Lost(u64),
}

/// Bytes of one direction that are looked through for a wrapping. A capture may begin within a message, and the next
/// begins behind it: twice the longest that UDP could carry. Media and files are given up there.
const MAX_SOUGHT: usize = 128 << 10;

/// What wraps one connection.
#[derive(Debug, Default)]
pub struct Wrapping {
    prefaces: [Preface; 2],
    tls: Option<Box<Session>>,
    /// What proxies put inside TLS, where they end it.
    enclosed: [Preface; 2],
    inner: [Inner; 2],
}

/// What one direction carries, inside TLS where there is any.
#[derive(Debug)]
enum Inner {
    /// Not known yet. What comes may be SIP, and is given away as it is.
    Unknown(Search),
    Plain,
    WebSocket(Box<WebSocket>),
    Mirror(Vec<u8>),
}

impl Default for Inner {
    fn default() -> Self {
        Self::Unknown(Search::default())
    }
}

impl Wrapping {
    /// Takes the next bytes of one direction; `each` is called for what is inside, in order. `is_plain` says that the
    /// reader has recognised its own protocol, so that nothing is looked for any more, unless it was recognised
    /// inside a wrapping.
    pub fn feed(
        &mut self,
        direction: usize,
        bytes: &[u8],
        (at, is_plain): (Stamp, bool),
        keys: &KeyLog,
        each: &mut impl FnMut(Unwrapped<'_>),
    ) {
        let Self {
            prefaces,
            tls,
            enclosed,
            inner,
        } = self;
        let stripped = strip(prefaces, direction, bytes);
        let bytes = stripped.as_ref();
        if bytes.is_empty() {
            return;
        }
        if tls.is_none() && !is_plain && looks_like_tls(bytes) {
            *tls = Some(Box::default());
        }
        let Some(session) = tls else {
            let whole = Unwrapped {
                direction,
                piece: Piece::Bytes(bytes),
                at,
                is_late: false,
            };
            feed_inner(inner, bytes, is_plain, whole, each);
            return;
        };
        session.feed(direction, bytes, at, keys, &mut |plaintext| {
            let direction = plaintext.direction;
            let stripped = strip(enclosed, direction, plaintext.bytes);
            let bytes = stripped.as_ref();
            if bytes.is_empty() {
                return;
            }
            let whole = Unwrapped {
                direction,
                piece: Piece::Bytes(bytes),
                at: plaintext.at,
                is_late: plaintext.is_late,
            };
            feed_inner(inner, bytes, false, whole, each);
        });
    }

    /// That many bytes of one direction will never come. Of what is encrypted, none can say how many bytes that makes.
    pub fn lose(
        &mut self,
        direction: usize,
        lost: u64,
        at: Stamp,
        each: &mut impl FnMut(Unwrapped<'_>),
    ) {
        self.prefaces[direction].lose(lost);
        if let Some(session) = &mut self.tls {
            session.lose(direction, lost);
            self.enclosed[direction].lose_some();
        }
        let inner = &mut self.inner[direction];
        inner.lose();
        if let Inner::Unknown(_) | Inner::Plain = inner {
            each(Unwrapped {
                direction,
                piece: Piece::Lost(lost),
                at,
                is_late: false,
            });
        }
    }

    /// The TLS session, where there is one.
    pub fn tls(&mut self) -> Option<&mut Session> {
        self.tls.as_deref_mut()
    }

    /// Gives up what is held.
    pub fn give_up(&mut self) {
        let prefaces = self.prefaces.iter_mut().chain(&mut self.enclosed);
        prefaces.for_each(Preface::give_up);
        if let Some(session) = &mut self.tls {
            session.give_up();
        }
        for inner in &mut self.inner {
            inner.lose();
        }
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        let prefaces = self.prefaces.iter().chain(&self.enclosed);
        let prefaces: usize = prefaces.map(Preface::held).sum();
        let inner: usize = self.inner.iter().map(Inner::held).sum();
        prefaces + inner + self.tls.as_ref().map_or(0, |session| session.held())
    }
}

/// What of the next bytes of one direction is behind its prefaces.
fn strip<'a>(prefaces: &mut [Preface; 2], direction: usize, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    let has_asked = prefaces[1 - direction].has_asked();
    match prefaces[direction].strip(bytes, has_asked) {
        ControlFlow::Continue(bytes) => Cow::Borrowed(bytes),
        ControlFlow::Break(held) => Cow::Owned(held),
    }
}

/// Feeds one direction; what the other carries tells how long it is worth looking.
fn feed_inner(
    inner: &mut [Inner; 2],
    bytes: &[u8],
    is_plain: bool,
    whole: Unwrapped<'_>,
    each: &mut impl FnMut(Unwrapped<'_>),
) {
    let is_wrapped = matches!(inner[1 - whole.direction], Inner::WebSocket(_));
    let inner = &mut inner[whole.direction];
    if let Inner::Unknown(search) = inner
        && !is_wrapped
        && (is_plain || search.passed() > MAX_SOUGHT)
    {
        *inner = Inner::Plain;
    }
    inner.feed(bytes, whole, each);
}

impl Inner {
    fn feed(&mut self, bytes: &[u8], whole: Unwrapped<'_>, each: &mut impl FnMut(Unwrapped<'_>)) {
        let carried;
        let mut parts = [&[][..], bytes];
        if let Self::Unknown(search) = self
            && let Some(sight) = search.look(bytes)
        {
            *self = match sight.what {
                What::Sip => Self::Plain,
                What::Http => Self::WebSocket(Box::default()),
                What::Frame => Self::WebSocket(Box::new(WebSocket::of_frames())),
                What::Mirror => Self::Mirror(Vec::new()),
            };
            carried = sight.carried;
            parts = [&carried, sight.rest];
        }
        let mut give = |piece: Piece<'_>| each(Unwrapped { piece, ..whole });
        match self {
            Self::Unknown(_) | Self::Plain => give(Piece::Bytes(bytes)),
            Self::WebSocket(socket) => {
                for part in parts {
                    socket.feed(part, &mut |message| give(Piece::Message(message)));
                }
            }
            Self::Mirror(buffer) => {
                for part in parts {
                    buffer.extend_from_slice(part);
                }
                let used = mirrored(buffer, &mut |enclosed| give(Piece::Mirrored(enclosed)));
                buffer.drain(..used);
            }
        }
    }

    /// Gives up what is held: bytes are missing behind it, or there is no room.
    fn lose(&mut self) {
        match self {
            Self::Unknown(search) => search.lose(),
            Self::Plain => {}
            Self::WebSocket(socket) => socket.lose(),
            Self::Mirror(buffer) => *buffer = Vec::new(),
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Unknown(search) => search.held(),
            Self::Plain => 0,
            Self::WebSocket(socket) => socket.held(),
            Self::Mirror(buffer) => buffer.len(),
        }
    }
}

/// Finds the messages in a stream of HEP packets. Returns how many bytes are done with.
fn mirrored(bytes: &[u8], each: &mut impl FnMut(Enclosed<'_>)) -> usize {
    let mut rest = bytes;
    loop {
        match hep::read(rest) {
            Reading::Whole { enclosed, len } => {
                enclosed.into_iter().for_each(&mut *each);
                rest = rest.get(len..).unwrap_or_default();
            }
            Reading::Needs(_) => return bytes.len() - rest.len(),
            Reading::Foreign => {
                let behind = rest.get(1..).unwrap_or_default();
                let next = memchr::memmem::find(behind, b"HEP3");
                // The last bytes may be the beginning of a packet.
                let passed = next.map_or(rest.len().saturating_sub(3).max(1), |next| next + 1);
                rest = rest.get(passed..).unwrap_or_default();
                if next.is_none() {
                    return bytes.len() - rest.len();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

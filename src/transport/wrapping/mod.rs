//! What wraps a byte stream: prefaces of proxies, TLS, WebSocket, and the collector's protocol HEP.
//!
//! [`Wrapping`] is fed what both directions of a connection send, and gives what is inside. Most connections have no
//! wrapping, and their bytes go through untouched.

pub mod preface;
pub mod websocket;

use std::ops::ControlFlow;

use self::preface::Preface;
use self::websocket::WebSocket;
use super::tls::KeyLog;
use super::tls::Session;
use super::tls::looks_like_tls;
use crate::capture::record::Stamp;

/// The longest message of HEP over TCP: its length field has 16 bits.
const MAX_MIRRORED: usize = 1 << 16;

/// What was inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes of a stream.
    Bytes(&'a [u8]),
    /// A whole message, which the wrapping has framed.
    Message(&'a [u8]),
    /// A whole HEP packet: a message with addresses of its own.
    Mirrored(&'a [u8]),
    /// That many bytes of a stream will never come.
    Lost(u64),
}

/// What wraps one connection.
#[derive(Debug, Default)]
pub struct Wrapping {
    prefaces: [Preface; 2],
    tls: Option<Box<Session>>,
    inner: [Inner; 2],
}

/// What one direction carries, inside TLS where there is any.
#[derive(Debug, Default)]
enum Inner {
    /// Nothing yet.
    #[default]
    Unknown,
    Plain,
    WebSocket(Box<WebSocket>),
    Mirror(Vec<u8>),
}

impl Wrapping {
    /// Takes the next bytes of one direction; `each` is called for what is inside, in order. `is_plain` says that the
    /// reader has recognised its own protocol, so that nothing is looked for any more.
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
            inner,
        } = self;
        let held;
        let bytes = match prefaces[direction].strip(bytes) {
            ControlFlow::Continue(bytes) => bytes,
            ControlFlow::Break(rest) => {
                held = rest;
                held.as_slice()
            }
        };
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
            inner[direction].feed(bytes, whole, each);
            return;
        };
        session.feed(direction, bytes, at, keys, &mut |plaintext| {
            let whole = Unwrapped {
                direction: plaintext.direction,
                piece: Piece::Bytes(plaintext.bytes),
                at: plaintext.at,
                is_late: plaintext.is_late,
            };
            inner[plaintext.direction].feed(plaintext.bytes, whole, each);
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
        self.prefaces[direction] = Preface::Past;
        if let Some(session) = &mut self.tls {
            session.lose(direction, lost);
        }
        match &mut self.inner[direction] {
            Inner::WebSocket(socket) => socket.lose(),
            Inner::Mirror(buffer) => buffer.clear(),
            Inner::Unknown | Inner::Plain => each(Unwrapped {
                direction,
                piece: Piece::Lost(lost),
                at,
                is_late: false,
            }),
        }
    }

    /// The TLS session, where there is one.
    pub fn tls(&mut self) -> Option<&mut Session> {
        self.tls.as_deref_mut()
    }

    /// Gives up what is held.
    pub fn give_up(&mut self) {
        self.prefaces = [Preface::Past, Preface::Past];
        if let Some(session) = &mut self.tls {
            session.give_up();
        }
        for inner in &mut self.inner {
            match inner {
                Inner::WebSocket(socket) => socket.lose(),
                Inner::Mirror(buffer) => *buffer = Vec::new(),
                Inner::Unknown | Inner::Plain => {}
            }
        }
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        let prefaces: usize = self.prefaces.iter().map(Preface::held).sum();
        let inner: usize = self.inner.iter().map(Inner::held).sum();
        prefaces + inner + self.tls.as_ref().map_or(0, |session| session.held())
    }
}

impl Inner {
    fn feed(&mut self, bytes: &[u8], whole: Unwrapped<'_>, each: &mut impl FnMut(Unwrapped<'_>)) {
        if let Self::Unknown = self {
            *self = Self::of(bytes);
        }
        let mut give = |piece: Piece<'_>| each(Unwrapped { piece, ..whole });
        match self {
            Self::Unknown | Self::Plain => give(Piece::Bytes(bytes)),
            Self::WebSocket(socket) => {
                socket.feed(bytes, &mut |message| give(Piece::Message(message)));
            }
            Self::Mirror(buffer) => {
                buffer.extend_from_slice(bytes);
                let used = mirrored(buffer, &mut |packet| give(Piece::Mirrored(packet)));
                buffer.drain(..used);
            }
        }
    }

    /// By the first bytes of a direction.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [b'H', b'E', b'P', b'3', ..] => Self::Mirror(Vec::new()),
            [b'G', b'E', b'T', b' ', ..] | [b'H', b'T', b'T', b'P', b'/', ..] => {
                Self::WebSocket(Box::default())
            }
            _ => Self::Plain,
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Unknown | Self::Plain => 0,
            Self::WebSocket(socket) => socket.held(),
            Self::Mirror(buffer) => buffer.len(),
        }
    }
}

/// Finds the HEP packets in a stream of them: `HEP3`, and the length of the whole packet. Returns how many bytes are done with.
fn mirrored(bytes: &[u8], each: &mut impl FnMut(&[u8])) -> usize {
    let mut rest = bytes;
    loop {
        let Some(start) = memchr::memmem::find(rest, b"HEP3") else {
            // The beginning of the next magic may be here already.
            let kept = rest.len().min(3);
            return bytes.len() - kept;
        };
        rest = rest.get(start..).unwrap_or_default();
        let length = match rest {
            [_, _, _, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return bytes.len() - rest.len(),
        };
        // A length that can't be goes with its magic.
        match rest
            .get(..length)
            .filter(|_| (6..MAX_MIRRORED).contains(&length))
        {
            Some(packet) => {
                each(packet);
                rest = rest.get(length..).unwrap_or_default();
            }
            None if length < 6 => rest = rest.get(4..).unwrap_or_default(),
            None => return bytes.len() - rest.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mirrored;

    #[test]
    fn packets_of_a_mirror_are_found_behind_anything() {
        let mut found = Vec::new();
        let bytes = b"xxHEP3\0\x08abHEP3\0\x01HEP3\0\x06HEP3\0\x09a";
        let used = mirrored(bytes, &mut |packet| found.push(packet.to_vec()));
        assert_eq!(found, [b"HEP3\0\x08ab".to_vec(), b"HEP3\0\x06".to_vec()]);
        assert_eq!(&bytes[used..], b"HEP3\0\x09a");
    }
}

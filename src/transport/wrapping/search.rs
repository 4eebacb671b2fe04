//! What a direction carries that is not known yet: at its beginning, or wherever it can be told beyond doubt.
//!
//! A capture may begin within a connection, and within a message. A WebSocket frame is known again by its header and
//! the start line of SIP in it, a HEP packet by its name and its first chunk. What is found does not depend on how the
//! stream is cut.

use super::websocket::MAX_HEADER;
use super::websocket::MAX_MESSAGE;
use super::websocket::header;

/// Methods of RFC 3261 and its extensions. Others exist, but of them alone nothing is known again.
const METHODS: [&[u8]; 14] = [
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"INFO",
    b"INVITE",
    b"MESSAGE",
    b"NOTIFY",
    b"OPTIONS",
    b"PRACK",
    b"PUBLISH",
    b"REFER",
    b"REGISTER",
    b"SUBSCRIBE",
    b"UPDATE",
];

/// By so many bytes a start line is known: the longest method, a blank, and `sips:`.
const START: usize = 9 + 1 + 5;

/// By so many bytes anything is known that is looked for.
const REACH: usize = MAX_HEADER + START;

/// The first frame of a fragmented message may have less than [`START`] bytes, and that many leave no doubt.
const SHORTEST_FRAGMENT: usize = 8;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// SIP itself, or no other thing that was looked for.
    Sip,
    /// An HTTP message.
    Http,
    /// A WebSocket frame with the beginning of a SIP message.
    Frame,
    /// A HEP packet.
    Mirror,
}

/// Where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sight<'a> {
    pub(super) what: What,
    /// Its bytes that came before those at hand.
    pub(super) carried: Vec<u8>,
    pub(super) rest: &'a [u8],
}

/// Looks through one direction.
#[derive(Debug)]
pub(super) struct Search {
    /// The last bytes that came, where they may begin something; fewer than [`REACH`].
    tail: Vec<u8>,
    /// True while nothing but line ends came.
    is_start: bool,
    /// Bytes that were looked through.
    passed: usize,
}

/// Whether something begins somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Yes(What),
    /// It may.
    More,
    No,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            tail: Vec::new(),
            is_start: true,
            passed: 0,
        }
    }
}

impl Search {
    /// Where bytes are missing: what comes is no beginning.
    pub(super) fn behind_loss() -> Self {
        Self {
            is_start: false,
            ..Self::default()
        }
    }

    /// Looks through the next bytes. Every byte is looked at a bounded number of times.
    pub(super) fn look<'a>(&mut self, bytes: &'a [u8]) -> Option<Sight<'a>> {
        self.passed = self.passed.saturating_add(bytes.len());
        if !self.tail.is_empty() {
            let before = self.tail.len();
            let mut seam = std::mem::take(&mut self.tail);
            seam.extend_from_slice(bytes.get(..bytes.len().min(REACH)).unwrap_or_default());
            match self.scan(&seam, before) {
                (at, Fit::Yes(what)) => {
                    return Some(Sight {
                        what,
                        carried: seam.get(at..before).unwrap_or_default().to_vec(),
                        rest: bytes,
                    });
                }
                (at, Fit::More) => {
                    // It needs more than there is: all bytes are in the seam.
                    seam.drain(..at);
                    self.tail = seam;
                    return None;
                }
                (_, Fit::No) => {}
            }
        }
        match self.scan(bytes, bytes.len()) {
            (at, Fit::Yes(what)) => Some(Sight {
                what,
                carried: Vec::new(),
                rest: bytes.get(at..).unwrap_or_default(),
            }),
            (at, Fit::More) => {
                self.tail
                    .extend_from_slice(bytes.get(at..).unwrap_or_default());
                None
            }
            (_, Fit::No) => None,
        }
    }

    /// Bytes are missing behind those that came.
    pub(super) fn lose(&mut self) {
        self.tail = Vec::new();
        // Where nothing came yet, what comes may be its beginning: a handshake may have lost something, say.
        self.is_start &= self.passed == 0;
    }

    /// Bytes that were looked through in vain.
    pub(super) const fn passed(&self) -> usize {
        self.passed
    }

    pub(super) const fn held(&self) -> usize {
        self.tail.capacity()
    }

    /// The first of `until` places where something begins, or may.
    fn scan(&mut self, bytes: &[u8], until: usize) -> (usize, Fit) {
        let mut at = 0;
        while at < until {
            let Some(rest) = bytes.get(at..) else { break };
            if self.is_start {
                match rest {
                    [b'\r' | b'\n', ..] => {}
                    _ => match start(rest) {
                        Fit::No => self.is_start = false,
                        fit => return (at, fit),
                    },
                }
            } else {
                let next = rest.iter().position(|byte| may_begin(*byte));
                let Some(next) = next.filter(|next| at + next < until) else {
                    break;
                };
                at += next;
            }
            match fit(bytes.get(at..).unwrap_or_default()) {
                Fit::No => at += 1,
                fit => return (at, fit),
            }
        }
        (until, Fit::No)
    }
}

const fn may_begin(byte: u8) -> bool {
    matches!(byte, 0x01 | 0x02 | 0x81 | 0x82 | b'H')
}

/// What only counts at the beginning of a stream.
fn start(bytes: &[u8]) -> Fit {
    let http = [
        &b"GET "[..],
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"OPTIONS /",
        b"OPTIONS *",
        b"HTTP/1.",
    ];
    let mut may_be_http = false;
    for literal in http {
        let shared = literal.len().min(bytes.len());
        if bytes.get(..shared) == literal.get(..shared) {
            if shared == literal.len() {
                return Fit::Yes(What::Http);
            }
            may_be_http = true;
        }
    }
    match sip(bytes) {
        Fit::No if may_be_http => Fit::More,
        fit => fit,
    }
}

fn fit(bytes: &[u8]) -> Fit {
    match bytes.first() {
        None => Fit::More,
        Some(b'H') => mirror(bytes),
        Some(&byte) if may_begin(byte) => frame(bytes),
        Some(_) => Fit::No,
    }
}

/// The beginning of a start line of SIP (RFC 3261 §7.1, §7.2).
fn sip(bytes: &[u8]) -> Fit {
    let status = b"SIP/2.0 ";
    let shared = status.len().min(bytes.len());
    if bytes.get(..shared) == status.get(..shared) {
        return if shared == status.len() {
            Fit::Yes(What::Sip)
        } else {
            Fit::More
        };
    }
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase());
    let (method, rest) = bytes.split_at(letters.count());
    let uri = match rest {
        [] => {
            let may_be = METHODS.iter().any(|known| known.starts_with(method));
            return if may_be { Fit::More } else { Fit::No };
        }
        [b' ', uri @ ..] if METHODS.contains(&method) => uri,
        _ => return Fit::No,
    };
    let mut may_be = false;
    for scheme in [&b"sip:"[..], b"sips:", b"tel:", b"urn:"] {
        let shared = scheme.len().min(uri.len());
        let begins = uri
            .iter()
            .zip(scheme)
            .all(|(byte, wanted)| byte.eq_ignore_ascii_case(wanted));
        if begins && shared == scheme.len() {
            return Fit::Yes(What::Sip);
        }
        may_be |= begins;
    }
    if may_be { Fit::More } else { Fit::No }
}

/// A frame (RFC 6455 §5.2) that is not compressed, and begins a SIP message (RFC 7118 §5).
fn frame(bytes: &[u8]) -> Fit {
    let Some(header) = header(bytes) else {
        return if bytes.len() < MAX_HEADER {
            may_be_header(bytes)
        } else {
            Fit::No
        };
    };
    // The two last bytes of a HEP packet before its message look like a short fragment: they are a length.
    let is_ambiguous = !header.is_final && header.len == 2;
    let is_likely = matches!(header.opcode, 1 | 2)
        && !is_ambiguous
        && !header.is_deflated
        && header.is_shortest
        && (SHORTEST_FRAGMENT..=MAX_MESSAGE).contains(&header.payload);
    if !is_likely {
        return Fit::No;
    }
    let wanted = header.payload.min(START);
    let there = bytes.get(header.len..).unwrap_or_default();
    let mut begun = [0; START];
    let mut length = 0;
    for (place, byte) in begun.iter_mut().zip(there).take(wanted) {
        *place = *byte;
        length += 1;
    }
    let begun = begun.get_mut(..length).unwrap_or_default();
    header.unmask(begun);
    match sip(begun) {
        Fit::Yes(_) => Fit::Yes(What::Frame),
        Fit::More if length < wanted => Fit::More,
        Fit::More if !header.is_final => Fit::Yes(What::Frame),
        _ => Fit::No,
    }
}

/// True for the beginning of a message.
pub(super) fn begins_sip(bytes: &[u8]) -> bool {
    matches!(sip(bytes), Fit::Yes(_))
}

/// Of the two bytes that every header has, which could be more.
fn may_be_header(bytes: &[u8]) -> Fit {
    match *bytes {
        [first, ..] if first & 0x70 != 0 || !matches!(first & 0x0F, 1 | 2) => Fit::No,
        _ => Fit::More,
    }
}

/// A HEP packet of version 3: its name, its length, and a chunk of the generic vendor that fits into it.
fn mirror(bytes: &[u8]) -> Fit {
    let magic = b"HEP3";
    let shared = magic.len().min(bytes.len());
    if bytes.get(..shared) != magic.get(..shared) {
        return Fit::No;
    }
    let Some(&[_, _, _, _, high, low, 0, 0, _, _, chunk_high, chunk_low]) =
        bytes.first_chunk::<12>()
    else {
        return if bytes.len() < 12 { Fit::More } else { Fit::No };
    };
    let [whole, chunk] = [[high, low], [chunk_high, chunk_low]].map(u16::from_be_bytes);
    if chunk >= 6 && chunk <= whole.saturating_sub(6) {
        Fit::Yes(What::Mirror)
    } else {
        Fit::No
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::frame;
    use super::Search;
    use super::What;

    /// What is found in parts, and the bytes from there on.
    fn sight(parts: &[&[u8]]) -> Option<(What, Vec<u8>)> {
        let mut search = Search::default();
        let mut parts = parts.iter();
        let sight = parts.find_map(|part| search.look(part))?;
        let rest = parts.copied().collect::<Vec<&[u8]>>().concat();
        Some((sight.what, [&sight.carried, sight.rest, &rest].concat()))
    }

    fn hep() -> Vec<u8> {
        [&b"HEP3\0\x40\0\0\0\x01\0\x07\x02"[..], &[0; 51]].concat()
    }

    #[test]
    fn a_frame_and_a_mirrored_packet_are_found_behind_anything_wherever_it_is_cut() {
        let mask = Some([0x9A, 1, 0xF3, 0x44]);
        let request = b"INVITE sip:a@b SIP/2.0\r\n";
        for (what, wanted) in [
            (What::Frame, frame(0x81, mask, request)),
            (What::Frame, frame(0x82, None, b"SIP/2.0 200 OK\r\n")),
            (What::Frame, frame(0x02, mask, b"OPTIONS si")),
            (
                What::Frame,
                frame(0x81, None, &[&request[..], &[b'x'; 500]].concat()),
            ),
            (
                What::Frame,
                frame(0x81, mask, &[&request[..], &vec![b'x'; 70_000]].concat()),
            ),
            (What::Mirror, hep()),
        ] {
            for before in [
                &b""[..],
                b"a=rtpmap:8 PCMA/8000\r\n",
                b"\x81\x84\x9A\x01\xF3\x44\x97\x0B\xFE\x4E\x89\x80\0\0\0\0",
                b"\x81\x82\x01\x82\x7EHEP3HHE\x81",
            ] {
                let bytes = [before, &wanted, b"more"].concat();
                for cut in 0..bytes.len().min(120) {
                    let parts: Vec<&[u8]> = std::iter::once(&bytes[..cut])
                        .chain(bytes[cut..].chunks(if cut % 2 == 0 { 1 } else { 4096 }))
                        .collect();
                    let found = sight(&parts).map(|(what, rest)| (what, rest.len()));
                    assert_eq!(
                        found,
                        Some((what, wanted.len() + 4)),
                        "{} {cut}",
                        before.escape_ascii()
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_frame_of_sip_is_not_found() {
        let long = [&b"SIP/2.0 200 OK\r\n"[..], &[b'x'; 400]].concat();
        let mut padded = frame(0x81, None, &long);
        // A length of eight bytes where two would do.
        padded.splice(1..4, [127, 0, 0, 0, 0, 0, 0, 1, 0xA0]);
        for bytes in [
            frame(0x81, None, b"hello, this is a chat"),
            frame(0x80, None, &long),
            frame(0xC1, None, &long),
            frame(0xA1, None, &long),
            frame(0x02, None, &long[..52]),
            b"NVITE sip:a SIP/2.0\r\n".to_vec(),
            frame(0x81, Some([1, 2, 3, 4]), b"1234567 sip:"),
            padded,
            b"HEP3 is a protocol".to_vec(),
            vec![0x81; 4000],
        ] {
            assert_eq!(sight(&[b"x", &bytes]), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn at_the_beginning_sip_and_http_count_behind_line_ends_too() {
        for (what, wanted) in [
            (What::Sip, &b"REGISTER sip:a SIP/2.0\r\n"[..]),
            (What::Sip, b"SIP/2.0 100 Trying\r\n"),
            (What::Sip, b"OPTIONS sip:a SIP/2.0\r\n"),
            (What::Http, b"OPTIONS /a HTTP/1.1\r\n"),
            (What::Http, b"HTTP/1.1 404 Not Found\r\n"),
        ] {
            let bytes = [b"\r\n\r\n", wanted].concat();
            for cut in 0..bytes.len() {
                let found = sight(&[&bytes[..cut], &bytes[cut..]]);
                assert_eq!(found, Some((what, wanted.to_vec())), "{cut}");
            }
            assert_eq!(sight(&[b"x", wanted]), None);
        }
    }
}

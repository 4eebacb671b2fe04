//! What a proxy puts before the bytes of a connection: the PROXY protocol of load balancers (versions 1 and 2),
//! SOCKS 4 and 5 (RFC 1928, RFC 1929), and HTTP CONNECT (RFC 9110 §9.3.6).

use std::ops::ControlFlow;

use super::http::Body;
use super::http::Head;

/// The longest preface that is waited for: a head of HTTP.
const MAX_PREFACE: usize = 8192;

/// By what version 2 of the PROXY protocol is known (its section 2.2).
const PROXY_2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The longest line of version 1 (its section 2.1).
const MAX_PROXY_1: usize = 107;

/// Prefaces that are taken off one direction, each behind the other: a load balancer, a proxy, and the rounds in which
/// that asks who is there.
const MAX_PREFACES: usize = 16;

/// Takes the prefaces off one direction.
#[derive(Debug)]
pub struct Preface {
    state: State,
    /// How many were taken off.
    passed: usize,
    /// What an HTTP proxy was asked in this direction, or answered.
    tunnel: Tunnel,
}

#[derive(Debug)]
enum State {
    /// The bytes of a preface so far; it may turn out to be none.
    Begun(Vec<u8>),
    /// What a proxy says to people.
    Body(Body),
    /// What comes now is what the connection is for.
    Past,
}

/// How far HTTP CONNECT went in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tunnel {
    None,
    /// It was asked for.
    Asked,
    /// It stands: what the other side says comes from behind the proxy.
    Open,
}

impl Default for Preface {
    fn default() -> Self {
        Self {
            state: State::Begun(Vec::new()),
            passed: 0,
            tunnel: Tunnel::None,
        }
    }
}

/// How bytes fit a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// That many bytes are the preface.
    Whole(usize),
    /// It goes on.
    More,
    /// It is another thing.
    No,
}

impl Preface {
    /// What of the next bytes is behind the prefaces: as they are where there was none, or what was held and is no
    /// preface after all. `has_asked` says that the other direction asked a proxy for a connection.
    pub(super) fn strip<'a>(
        &mut self,
        bytes: &'a [u8],
        has_asked: bool,
    ) -> ControlFlow<Vec<u8>, &'a [u8]> {
        let mut rest = bytes;
        loop {
            let is_answer = has_asked && self.tunnel != Tunnel::Open;
            let (fits, known) = match &mut self.state {
                State::Past => return ControlFlow::Continue(rest),
                State::Body(body) => {
                    let Some(end) = body.pass(rest) else {
                        return ControlFlow::Continue(&[]);
                    };
                    rest = rest.get(end..).unwrap_or_default();
                    self.state = State::Begun(Vec::new());
                    continue;
                }
                State::Begun(held) if held.is_empty() => (fit(rest, is_answer), 0),
                State::Begun(held) => {
                    let known = held.len();
                    held.extend_from_slice(rest);
                    (fit(held, is_answer), known)
                }
            };
            let State::Begun(held) = &mut self.state else {
                return ControlFlow::Continue(rest);
            };
            let is_short = known.saturating_add(rest.len()) <= MAX_PREFACE;
            match fits {
                Fit::Whole(length) if self.passed < MAX_PREFACES => {
                    let whole = if known == 0 { rest } else { held.as_slice() };
                    let (tunnel, state) =
                        behind(whole.get(..length).unwrap_or_default(), is_answer);
                    self.passed += 1;
                    self.tunnel = tunnel.unwrap_or(self.tunnel);
                    self.state = state;
                    rest = rest.get(length.saturating_sub(known)..).unwrap_or_default();
                }
                Fit::More if is_short => {
                    if known == 0 {
                        held.extend_from_slice(rest);
                    }
                    return ControlFlow::Continue(&[]);
                }
                Fit::Whole(_) | Fit::More | Fit::No => {
                    let held = std::mem::take(held);
                    self.state = State::Past;
                    if known > 0 {
                        return ControlFlow::Break(held);
                    }
                }
            }
        }
    }

    /// True where this direction asked a proxy for a connection.
    pub(super) fn has_asked(&self) -> bool {
        self.tunnel == Tunnel::Asked
    }

    /// That many bytes will never come. What a proxy says to people may miss some.
    pub(super) fn lose(&mut self, lost: u64) {
        if let State::Body(body) = &mut self.state
            && body.lose(lost)
        {
            return;
        }
        self.state = State::Past;
    }

    /// An unknown number of bytes will never come. Where none came yet, what comes may still be a preface.
    pub(super) fn lose_some(&mut self) {
        let is_untouched =
            self.passed == 0 && matches!(&self.state, State::Begun(held) if held.is_empty());
        if !is_untouched {
            self.state = State::Past;
        }
    }

    /// Gives up what is held.
    pub(super) fn give_up(&mut self) {
        self.state = State::Past;
    }

    pub(super) fn held(&self) -> usize {
        match &self.state {
            State::Begun(held) => held.len(),
            State::Body(_) | State::Past => 0,
        }
    }
}

/// What a preface leaves behind.
fn behind(preface: &[u8], is_answer: bool) -> (Option<Tunnel>, State) {
    let begun = State::Begun(Vec::new());
    if preface.starts_with(b"CONNECT ") {
        return (Some(Tunnel::Asked), begun);
    }
    if !preface.starts_with(b"HTTP/") {
        return (None, begun);
    }
    let head = Head::read(preface);
    match (head.status, head.body) {
        // No body follows, whatever the lengths say (RFC 9110 §9.3.6).
        (Some(200..=299), _) if is_answer => (Some(Tunnel::Open), begun),
        // What follows is unknown, or for what nobody here asked.
        (Some(200..=299), _) | (_, Body::Endless) => (None, begun),
        (_, body) => (None, State::Body(body)),
    }
}

/// Each grammar begins with another byte.
fn fit(bytes: &[u8], is_answer: bool) -> Fit {
    match bytes.first() {
        None => Fit::More,
        Some(b'G') if bytes.len() < 4 => begins(bytes, b"GET "),
        Some(b'H') if bytes.len() < 4 && begins(bytes, b"HEP3") == Fit::More => Fit::More,
        Some(b'P') => proxy_1(bytes),
        Some(b'\r') => proxy_2(bytes),
        Some(5) => match socks_5_client(bytes) {
            Fit::No => socks_5_server(bytes),
            fit => fit,
        },
        Some(4) => socks_4_client(bytes),
        Some(0) => socks_4_server(bytes),
        // Too little to tell TLS by.
        Some(20..=24) if bytes.len() < 5 && may_begin_record(bytes) => Fit::More,
        Some(b'C') => head(bytes, b"CONNECT "),
        Some(b'H') => answer(bytes, is_answer),
        Some(_) => Fit::No,
    }
}

/// Whether a TLS record may begin with so few bytes (RFC 8446 §5.1).
fn may_begin_record(bytes: &[u8]) -> bool {
    matches!(bytes, [_] | [_, 3] | [_, 3, 0..=4, ..])
}

/// Whether bytes begin with a literal, or may yet.
fn begins(bytes: &[u8], literal: &[u8]) -> Fit {
    let shared = bytes.len().min(literal.len());
    match bytes.get(..shared) == literal.get(..shared) {
        true if shared == literal.len() => Fit::Whole(shared),
        true => Fit::More,
        false => Fit::No,
    }
}

fn proxy_1(bytes: &[u8]) -> Fit {
    match begins(bytes, b"PROXY ") {
        Fit::Whole(_) => match memchr::memmem::find(bytes, b"\r\n") {
            Some(end) if end + 2 <= MAX_PROXY_1 => Fit::Whole(end + 2),
            None if bytes.len() < MAX_PROXY_1 => Fit::More,
            _ => Fit::No,
        },
        fit => fit,
    }
}

fn proxy_2(bytes: &[u8]) -> Fit {
    match (begins(bytes, PROXY_2), bytes) {
        (
            Fit::Whole(_),
            [
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                version,
                _,
                high,
                low,
                ..,
            ],
        ) => {
            if version >> 4 != 2 {
                return Fit::No;
            }
            whole(bytes, 16 + usize::from(u16::from_be_bytes([*high, *low])))
        }
        (Fit::Whole(_), _) => Fit::More,
        // A line end alone keeps a connection alive (RFC 5626 §3.5.1), and nothing may follow it for minutes.
        (Fit::More, _) if bytes.len() <= 4 => Fit::No,
        (fit, _) => fit,
    }
}

fn whole(bytes: &[u8], length: usize) -> Fit {
    if bytes.len() >= length {
        Fit::Whole(length)
    } else {
        Fit::More
    }
}

/// One part of a grammar behind another.
fn then(bytes: &[u8], before: Fit, next: fn(&[u8]) -> Fit) -> Fit {
    let Fit::Whole(length) = before else {
        return before;
    };
    match next(bytes.get(length..).unwrap_or_default()) {
        Fit::Whole(more) => Fit::Whole(length + more),
        fit => fit,
    }
}

/// The methods that the client knows, then perhaps a name and password, then where it wants to go.
fn socks_5_client(bytes: &[u8]) -> Fit {
    let greeting = match bytes {
        [5, methods @ 1..=8, ..] => whole(bytes, 2 + usize::from(*methods)),
        [5] => Fit::More,
        _ => Fit::No,
    };
    let authenticated = then(bytes, greeting, |rest| match rest {
        [1, name, ..] => match rest.get(2 + usize::from(*name)) {
            Some(password) => whole(rest, 3 + usize::from(*name) + usize::from(*password)),
            None => Fit::More,
        },
        [1] => Fit::More,
        _ => Fit::Whole(0),
    });
    then(bytes, authenticated, |rest| socks_5_address(rest, 1..=3))
}

/// The method that the server chose, then whether the password was right, then where it went.
fn socks_5_server(bytes: &[u8]) -> Fit {
    let greeting = match bytes {
        [5, 0 | 2, ..] => Fit::Whole(2),
        [5] => Fit::More,
        _ => Fit::No,
    };
    let authenticated = then(bytes, greeting, |rest| match rest {
        [1, ..] => whole(rest, 2),
        _ => Fit::Whole(0),
    });
    then(bytes, authenticated, |rest| socks_5_address(rest, 0..=8))
}

fn socks_5_address(bytes: &[u8], second: std::ops::RangeInclusive<u8>) -> Fit {
    let (&[5, code, 0, kind], rest) = (match bytes.split_first_chunk::<4>() {
        Some((head, rest)) => (head, rest),
        None if bytes.first().is_none_or(|&version| version == 5) => return Fit::More,
        None => return Fit::No,
    }) else {
        return Fit::No;
    };
    if !second.contains(&code) {
        return Fit::No;
    }
    match (kind, rest.first()) {
        (1, _) => whole(bytes, 10),
        (4, _) => whole(bytes, 22),
        (3, Some(name)) => whole(bytes, 7 + usize::from(*name)),
        (3, None) => Fit::More,
        _ => Fit::No,
    }
}

/// The request of SOCKS 4, and of 4a with a name behind it.
fn socks_4_client(bytes: &[u8]) -> Fit {
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else {
        return if matches!(bytes, [4] | [4, 1 | 2, ..]) {
            Fit::More
        } else {
            Fit::No
        };
    };
    if !matches!(head, [4, 1 | 2, ..]) {
        return Fit::No;
    }
    let strings = if head[4..7] == [0, 0, 0] && head[7] != 0 {
        2
    } else {
        1
    };
    let end = memchr::memchr_iter(0, rest).nth(strings - 1);
    end.map_or(Fit::More, |end| Fit::Whole(8 + end + 1))
}

fn socks_4_server(bytes: &[u8]) -> Fit {
    match bytes {
        [0] => Fit::More,
        [0, 0x5A..=0x5D, ..] => whole(bytes, 8),
        _ => Fit::No,
    }
}

/// The head of an HTTP message that begins so.
fn head(bytes: &[u8], start: &[u8]) -> Fit {
    match begins(bytes, start) {
        Fit::Whole(_) => {
            memchr::memmem::find(bytes, b"\r\n\r\n").map_or(Fit::More, |end| Fit::Whole(end + 4))
        }
        fit => fit,
    }
}

/// What a proxy answers: that it wants to know who asks, that it is connected, or, where it is known that it was asked,
/// anything. An answer with a body is another server's, where nobody asked a proxy.
fn answer(bytes: &[u8], is_answer: bool) -> Fit {
    let fit = head(bytes, b"HTTP/1.");
    let Some(status) = bytes.get(9..12) else {
        return fit;
    };
    match (status, fit) {
        ([b'1', ..], _) => Fit::No,
        (b"407", _) => fit,
        _ if is_answer => fit,
        ([b'2', ..], Fit::Whole(length)) => {
            let head = Head::read(bytes.get(..length).unwrap_or_default());
            match head.body {
                Body::Bytes(0) | Body::Endless => fit,
                Body::Bytes(_) | Body::Chunks(_) => Fit::No,
            }
        }
        ([b'2', ..], _) => fit,
        _ => Fit::No,
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::Preface;

    /// What is left of bytes that come in two parts.
    fn behind(bytes: &[u8], cut: usize) -> Vec<u8> {
        let mut preface = Preface::default();
        let mut out = Vec::new();
        for part in [&bytes[..cut], &bytes[cut..]] {
            match preface.strip(part, false) {
                ControlFlow::Continue(rest) => out.extend_from_slice(rest),
                ControlFlow::Break(rest) => out.extend(rest),
            }
        }
        out
    }

    #[test]
    fn every_preface_is_taken_off_wherever_it_is_cut() {
        let version_2 = [&super::PROXY_2[..], b"\x21\x11\0\x0C", &[1; 12]].concat();
        for preface in [
            b"PROXY TCP4 192.0.2.1 198.51.100.2 1000 5061\r\n".to_vec(),
            version_2,
            b"\x05\x01\x00\x05\x01\x00\x01\xC0\0\x02\x01\x13\xC5".to_vec(),
            b"\x05\x02\x00\x02\x01\x02me\x03key\x05\x01\x00\x03\x04sbc1\x13\xC5".to_vec(),
            b"\x05\x00\x05\x00\x00\x01\xC0\0\x02\x01\x13\xC5".to_vec(),
            b"\x05\x02\x01\x00\x05\x00\x00\x01\xC0\0\x02\x01\x13\xC5".to_vec(),
            b"\x04\x01\x13\xC5\xC0\0\x02\x01me\0".to_vec(),
            b"\x04\x01\x13\xC5\0\0\0\x01me\0sbc1\0".to_vec(),
            b"\0\x5A\x13\xC5\xC0\0\x02\x01".to_vec(),
            b"CONNECT sip.example:5061 HTTP/1.1\r\nHost: sip.example\r\n\r\n".to_vec(),
            b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        ] {
            let bytes = [&preface[..], b"\x16\x03\x01\0\x02hi"].concat();
            for cut in 0..=bytes.len() {
                // What could keep a connection alive is not held back.
                if preface.starts_with(b"\r\n\r\n") && (1..=4).contains(&cut) {
                    continue;
                }
                assert_eq!(
                    behind(&bytes, cut),
                    b"\x16\x03\x01\0\x02hi",
                    "{} at {cut}",
                    preface.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn what_only_begins_like_a_preface_stays() {
        for bytes in [
            &b"PUBLISH sip:a SIP/2.0\r\n"[..],
            b"PRACK sip:a SIP/2.0\r\n",
            b"CANCEL sip:a SIP/2.0\r\n",
            b"\r\n\r\nINVITE sip:a SIP/2.0\r\n",
            b"INVITE",
            b"\x05\x09nothing",
            b"\x04\x07nothing",
            b"\0\0nothing",
            b"HTTP/1.1 404 Not Found\r\n\r\n",
        ] {
            for cut in 0..=bytes.len() {
                assert_eq!(
                    behind(bytes, cut),
                    bytes,
                    "{} at {cut}",
                    bytes.escape_ascii()
                );
            }
        }
    }

    /// What is left of an answer that comes in two parts to a client that asked a proxy.
    fn behind_answer(bytes: &[u8], cut: usize) -> Vec<u8> {
        let mut preface = Preface::default();
        let mut out = Vec::new();
        for part in [&bytes[..cut], &bytes[cut..]] {
            match preface.strip(part, true) {
                ControlFlow::Continue(rest) => out.extend_from_slice(rest),
                ControlFlow::Break(rest) => out.extend(rest),
            }
        }
        out
    }

    const REFUSED: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\nContent-Length: 12\r\n\r\n\r\n\r\nHTTP/1.1";

    #[test]
    fn a_proxy_may_refuse_until_it_knows_who_asks() {
        let chunked = b"HTTP/1.1 407 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n";
        let busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
        let open = b"HTTP/1.1 200 Connection established\r\nContent-Length: 3\r\n\r\n";
        let answers = [
            REFUSED,
            REFUSED,
            chunked,
            busy,
            open,
            b"\x16\x03\x01\0\x02hi",
        ]
        .concat();
        for cut in 0..=answers.len() {
            assert_eq!(
                behind_answer(&answers, cut),
                b"\x16\x03\x01\0\x02hi",
                "{cut}"
            );
        }
        let asked = b"CONNECT sip.example:5061 HTTP/1.1\r\nHost: sip.example\r\n\r\n";
        let balanced = b"PROXY UNKNOWN\r\n";
        let requests = [&balanced[..], asked, asked, asked, b"\x16\x03\x01\0\x02hi"].concat();
        for cut in 0..=requests.len() {
            assert_eq!(behind(&requests, cut), b"\x16\x03\x01\0\x02hi", "{cut}");
        }
    }

    #[test]
    fn who_only_heard_the_proxy_knows_its_refusal_too() {
        let answers = [REFUSED, b"HTTP/1.1 200 OK\r\n\r\nSIP/2.0 200 OK\r\n"].concat();
        for cut in 0..=answers.len() {
            assert_eq!(behind(&answers, cut), b"SIP/2.0 200 OK\r\n", "{cut}");
        }
    }

    #[test]
    fn what_is_said_behind_a_proxy_is_no_answer_of_the_proxy() {
        let page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let answers = [b"HTTP/1.1 200 OK\r\n\r\n", &page[..]].concat();
        for cut in 0..=answers.len() {
            assert_eq!(behind_answer(&answers, cut), page, "{cut}");
        }
    }

    #[test]
    fn a_page_of_another_server_is_no_preface() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ] {
            for cut in 0..=bytes.len() {
                assert_eq!(behind(bytes, cut), bytes, "{cut}");
            }
        }
    }

    #[test]
    fn a_refusal_may_miss_some_of_its_page() {
        let mut preface = Preface::default();
        let head = b"HTTP/1.1 407 x\r\nContent-Length: 3000\r\n\r\n<html>";
        let strip = |preface: &mut Preface, bytes: &[u8]| match preface.strip(bytes, true) {
            ControlFlow::Continue(rest) => rest.to_vec(),
            ControlFlow::Break(rest) => rest,
        };
        assert!(strip(&mut preface, head).is_empty());
        preface.lose(2000);
        let rest = [&[b'x'; 994][..], b"HTTP/1.1 200 OK\r\n\r\nhi"].concat();
        assert_eq!(strip(&mut preface, &rest), b"hi");
    }

    #[test]
    fn prefaces_without_end_are_given_up() {
        let line = b"PROXY UNKNOWN\r\n";
        let left = behind(&line.repeat(100), 3);
        assert_eq!(left.len(), (100 - super::MAX_PREFACES) * line.len());
    }

    #[test]
    fn a_line_end_alone_is_not_held_back() {
        let mut preface = Preface::default();
        assert_eq!(
            preface.strip(b"\r\n\r\n", false),
            ControlFlow::Continue(&b"\r\n\r\n"[..])
        );
    }
}

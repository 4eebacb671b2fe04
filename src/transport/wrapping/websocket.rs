//! WebSocket (RFC 6455), which SIP uses from browsers (RFC 7118): one SIP message in one WebSocket message.

use flate2::Decompress;
use flate2::FlushDecompress;

use super::MAX_SOUGHT;
use super::http;
use super::http::Body;
use super::http::Head;
use super::search::Search;
use super::search::begins_sip;

/// The longest message. A longer one is passed over.
pub(super) const MAX_MESSAGE: usize = 1 << 20;

/// How many times longer than its compressed form a message may be: several times what SIP is compressed to.
const MAX_RATIO: usize = 16;

/// What an inflater keeps, in bytes.
const INFLATER: usize = 40 << 10;

/// Bytes of a frame that are inflated to see whether it begins a message: the code tables, and some of what they stand
/// for.
const MAX_TRIED: usize = 512;

/// Room that an empty buffer may keep.
const MAX_IDLE: usize = 16 << 10;

/// The longest header of a frame: two bytes, eight of length, four of mask.
pub(super) const MAX_HEADER: usize = 14;

/// One direction of a connection that began as HTTP does, or that is known by its frames.
#[derive(Debug, Default)]
pub struct WebSocket {
    state: State,
    buffer: Vec<u8>,
    /// HTTP messages that were passed over.
    passed: usize,
    search: Search,
    /// The message so far, over several frames.
    message: Vec<u8>,
    is_deflated: bool,
    inflater: Option<Box<Decompress>>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// The head of the upgrade, or of another HTTP message.
    #[default]
    Head,
    /// What follows the head of another HTTP message.
    Body(Body),
    Frames,
    /// Behind a loss: where a frame begins is not known.
    Searching,
    /// Nothing but HTTP, or nothing of SIP for long.
    Foreign,
}

/// A frame's header (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) is_final: bool,
    pub(super) is_deflated: bool,
    /// True where the length takes as few bytes as it can, as it must.
    pub(super) is_shortest: bool,
    pub(super) opcode: u8,
    mask: Option<[u8; 4]>,
    pub(super) len: usize,
    pub(super) payload: usize,
}

impl Header {
    /// Takes the mask off the first bytes of the payload.
    pub(super) fn unmask(&self, payload: &mut [u8]) {
        if let Some(mask) = self.mask {
            let masks = mask.iter().cycle();
            payload
                .iter_mut()
                .zip(masks)
                .for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

impl WebSocket {
    /// One whose upgrade was not seen: frames come next.
    pub(super) fn of_frames() -> Self {
        Self {
            state: State::Frames,
            ..Self::default()
        }
    }

    /// Takes the next bytes; `each` is called for every message that is complete.
    pub(super) fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8])) {
        if self.state == State::Foreign {
            return;
        }
        let mut rest = bytes;
        if self.state == State::Searching {
            if let Some(sight) = self.search.look(bytes) {
                self.buffer = sight.carried;
                rest = sight.rest;
            } else if let Some(at) = self.find_deflated(bytes) {
                rest = bytes.get(at..).unwrap_or_default();
            } else {
                if self.search.passed() > MAX_SOUGHT {
                    self.state = State::Foreign;
                }
                return;
            }
            self.state = State::Frames;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(rest);
        // A buffer of small frames would be moved once for each, were they let go of one by one.
        let mut done = 0;
        while let Some(rest) = buffer.get(done..).filter(|rest| !rest.is_empty())
            && let Some(passed) = self.step(rest, each)
        {
            done += passed;
        }
        buffer.drain(..done.min(buffer.len()));
        if buffer.is_empty() && buffer.capacity() > MAX_IDLE {
            buffer = Vec::new();
        }
        self.buffer = buffer;
    }

    /// Takes what comes next; returns how many bytes that were, and none where it isn't all there.
    fn step(&mut self, rest: &[u8], each: &mut impl FnMut(&[u8])) -> Option<usize> {
        match &mut self.state {
            State::Head => self.read_head(rest),
            State::Body(body) => {
                let end = body.pass(rest);
                if end.is_some() {
                    self.state = State::Head;
                }
                Some(end.unwrap_or(rest.len()))
            }
            // A request that is made again, because the first was refused.
            State::Frames if rest.starts_with(b"GET ") => {
                self.state = State::Head;
                Some(0)
            }
            State::Frames => self.read_frame(rest, each),
            State::Searching => {
                let Some(sight) = self.search.look(rest) else {
                    return Some(rest.len());
                };
                self.state = State::Frames;
                Some(rest.len() - sight.rest.len())
            }
            State::Foreign => Some(rest.len()),
        }
    }

    fn read_frame(&mut self, rest: &[u8], each: &mut impl FnMut(&[u8])) -> Option<usize> {
        let header = header(rest).filter(|header| header.payload <= MAX_MESSAGE);
        let Some(header) = header else {
            if rest.len() < MAX_HEADER {
                return None;
            }
            // All of a header is there, and it is none.
            self.lose();
            return Some(1);
        };
        let end = header.len + header.payload;
        let payload = rest.get(header.len..end)?;
        self.take(&header, payload, each);
        Some(end)
    }

    /// Bytes are missing behind those that were fed.
    pub(super) fn lose(&mut self) {
        self.buffer = Vec::new();
        self.message = Vec::new();
        self.inflater = None;
        // Without a body's last bytes none knows where it ends; the frames will be known again.
        if self.state != State::Foreign {
            self.state = State::Searching;
            self.search = Search::behind_loss();
        }
    }

    pub(super) fn held(&self) -> usize {
        let inflater = self.inflater.as_ref().map_or(0, |_| INFLATER);
        self.buffer.capacity() + self.message.capacity() + self.search.held() + inflater
    }

    /// HTTP before the upgrade: a request that was refused, a page that a browser loads.
    fn read_head(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(end) = memchr::memmem::find(rest, b"\r\n\r\n") else {
            if rest.len() <= http::MAX_HEAD {
                return None;
            }
            self.state = State::Foreign;
            return Some(rest.len());
        };
        let end = end + 4;
        let head = Head::read(rest.get(..end).unwrap_or_default());
        self.passed += 1;
        self.state = match head.body {
            _ if head.is_upgrade => State::Frames,
            _ if self.passed > http::MAX_MESSAGES => State::Foreign,
            Body::Endless => State::Foreign,
            body => State::Body(body),
        };
        Some(end)
    }

    /// Where the first frame is whose bytes are all there, and which begins a message once it is inflated. What was
    /// compressed with what is lost stays unknown.
    fn find_deflated(&self, bytes: &[u8]) -> Option<usize> {
        let begins = |at: &usize| {
            let rest = bytes.get(*at..).unwrap_or_default();
            let likely = header(rest).filter(|header| {
                matches!(header.opcode, 1 | 2) && header.is_deflated && header.is_shortest
            });
            let Some(header) = likely else {
                return false;
            };
            let Some(payload) = rest.get(header.len..header.len.saturating_add(header.payload))
            else {
                return false;
            };
            let mut payload = payload.get(..MAX_TRIED).unwrap_or(payload).to_vec();
            header.unmask(&mut payload);
            let mut begun = Vec::with_capacity(64);
            // Whether it fails behind its first bytes matters later.
            let _ =
                Decompress::new(false).decompress_vec(&payload, &mut begun, FlushDecompress::Sync);
            begins_sip(&begun)
        };
        if self.is_deflated {
            (0..bytes.len()).find(begins)
        } else {
            None
        }
    }

    fn take(&mut self, header: &Header, payload: &[u8], each: &mut impl FnMut(&[u8])) {
        match header.opcode {
            0 => {}
            1 | 2 => {
                self.message.clear();
                self.is_deflated = header.is_deflated;
            }
            // Control frames may stand between the frames of a message (RFC 6455 §5.4).
            _ => return,
        }
        let begun = self.message.len();
        self.message.extend_from_slice(payload);
        header.unmask(self.message.get_mut(begun..).unwrap_or_default());
        if self.message.len() > MAX_MESSAGE {
            self.message = Vec::new();
        }
        if !header.is_final {
            return;
        }
        let message = std::mem::take(&mut self.message);
        if self.is_deflated {
            each(&self.inflate(message));
        } else {
            each(&message);
        }
    }

    /// permessage-deflate (RFC 7692 §7.2.2): the end of the block is not sent.
    fn inflate(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        message.extend_from_slice(b"\0\0\xFF\xFF");
        let inflater = self
            .inflater
            .get_or_insert_with(|| Box::new(Decompress::new(false)));
        let mut out = Vec::new();
        let most = MAX_MESSAGE.min(MAX_RATIO.saturating_mul(message.len()));
        let begun = inflater.total_in();
        loop {
            let done = usize::try_from(inflater.total_in() - begun).unwrap_or(usize::MAX);
            let rest = message.get(done..).unwrap_or_default();
            out.reserve(4096);
            let before = out.len();
            let went = inflater.decompress_vec(rest, &mut out, FlushDecompress::Sync);
            if went.is_err() || rest.is_empty() || out.len() == before || out.len() > most {
                return out;
            }
        }
    }
}

/// None where the header is not all there, or can't be one.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let &[first, second, ..] = bytes else {
        return None;
    };
    let (len, payload, shortest) = match second & 0x7F {
        126 => (
            4,
            u64::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?)),
            126,
        ),
        127 => (
            10,
            u64::from_be_bytes(*bytes.get(2..10)?.first_chunk()?),
            1 << 16,
        ),
        short => (2, u64::from(short), 0),
    };
    let opcode = first & 0x0F;
    let is_possible = match opcode {
        0..=2 => first & 0x30 == 0,
        // Control frames are short and whole (RFC 6455 §5.5).
        8..=10 => first & 0xF0 == 0x80 && payload < 126,
        _ => false,
    };
    let is_shortest = payload >= shortest;
    let payload = usize::try_from(payload).ok()?;
    if !is_possible || payload > usize::MAX - MAX_HEADER {
        return None;
    }
    let (len, mask) = if second & 0x80 != 0 {
        (len + 4, Some(*bytes.get(len..len + 4)?.first_chunk()?))
    } else {
        (len, None)
    };
    Some(Header {
        is_final: first & 0x80 != 0,
        is_deflated: first & 0x40 != 0,
        is_shortest,
        opcode,
        mask,
        len,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use flate2::Compress;
    use flate2::Compression;
    use flate2::FlushCompress;

    use super::super::made::frame;
    use super::WebSocket;

    const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

    fn read(parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut socket, mut found) = (WebSocket::default(), Vec::new());
        for part in parts {
            socket.feed(part, &mut |message| found.push(message.to_vec()));
        }
        found
    }

    #[test]
    fn messages_are_found_wherever_the_bytes_are_cut() {
        let mask = Some([1, 2, 3, 4]);
        let bytes = [
            UPGRADE,
            &frame(0x81, mask, b"one"),
            &frame(0x01, mask, b"tw"),
            &frame(0x89, mask, b"ping"),
            &frame(0x80, mask, b"o"),
            &frame(0x82, None, &[7; 300]),
        ]
        .concat();
        for cut in 0..bytes.len() {
            assert_eq!(
                read(&[&bytes[..cut], &bytes[cut..]]),
                [b"one".to_vec(), b"two".to_vec(), vec![7; 300]]
            );
        }
    }

    #[test]
    fn http_that_is_no_upgrade_carries_nothing() {
        assert!(read(&[b"GET / HTTP/1.1\r\n\r\n", &frame(0x81, None, b"one")]).is_empty());
        assert!(
            read(&[
                b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n",
                &frame(0x81, None, b"one")
            ])
            .is_empty()
        );
    }

    #[test]
    fn deflated_messages_share_their_window() {
        let mut deflater = Compress::new(Compression::default(), false);
        let mut frames = UPGRADE.to_vec();
        for _ in 0..3 {
            let mut out = Vec::with_capacity(1024);
            deflater
                .compress_vec(b"OPTIONS sip:a SIP/2.0", &mut out, FlushCompress::Sync)
                .unwrap();
            let out = out.strip_suffix(b"\0\0\xFF\xFF").unwrap();
            frames.extend(frame(0xC1, None, out));
        }
        assert_eq!(read(&[&frames]), vec![b"OPTIONS sip:a SIP/2.0".to_vec(); 3]);
    }

    #[test]
    fn behind_a_loss_the_next_frame_is_found_however_many_segments_it_takes() {
        let long = [&b"INVITE sip:a SIP/2.0\r\n"[..], &[b'x'; 5000]].concat();
        for mask in [None, Some([7, 0x81, 0x80, 0x82])] {
            let rest = [
                vec![b'a'; 40],
                frame(0x81, mask, &long),
                frame(0x81, mask, b"and next"),
            ]
            .concat();
            for segment in [1, 7, 100, 1400, 9000] {
                let mut socket = WebSocket::default();
                let mut found = Vec::new();
                socket.feed(
                    &[UPGRADE, &frame(0x81, None, &[b'a'; 200])[..90]].concat(),
                    &mut |_| {},
                );
                socket.lose();
                for part in rest.chunks(segment) {
                    socket.feed(part, &mut |message| found.push(message.to_vec()));
                }
                assert_eq!(found, [long.clone(), b"and next".to_vec()], "{segment}");
            }
        }
    }

    #[test]
    fn behind_a_loss_a_frame_that_was_compressed_by_itself_is_found() {
        let message = [&b"INVITE sip:a SIP/2.0\r\n"[..], UPGRADE].concat();
        let deflated = || {
            let mut out = Vec::with_capacity(1024);
            Compress::new(Compression::default(), false)
                .compress_vec(&message, &mut out, FlushCompress::Sync)
                .unwrap();
            frame(0xC1, Some([7, 0x81, 0xC2, 0xC1]), &out[..out.len() - 4])
        };
        let mut socket = WebSocket::default();
        let mut found = Vec::new();
        socket.feed(&[UPGRADE, &deflated()].concat(), &mut |_| {});
        socket.lose();
        let rest = [&[0xC1; 90][..], &deflated()].concat();
        socket.feed(&rest, &mut |message| found.push(message.to_vec()));
        assert_eq!(found, [message]);
    }

    #[test]
    fn behind_what_is_no_frame_the_next_is_found() {
        let next = frame(0x81, None, b"BYE sip:a SIP/2.0\r\n");
        let bytes = [
            UPGRADE,
            &frame(0x81, None, b"one"),
            &[0xF3; 20],
            &next,
            &next,
        ]
        .concat();
        let wanted = [
            &b"one"[..],
            b"BYE sip:a SIP/2.0\r\n",
            b"BYE sip:a SIP/2.0\r\n",
        ];
        for cut in 0..bytes.len() {
            assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), wanted, "{cut}");
        }
    }

    #[test]
    fn http_before_the_upgrade_is_passed_over() {
        let answers = [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            &b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\nUpgrade: websocket\r\n\r\n\x81\x03no"[..],
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE:WebSocket\r\n\r\n",
        ]
        .concat();
        let requests = [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            &b"POST /login HTTP/1.1\r\nContent-Length: 4\r\n\r\nname"[..],
            UPGRADE,
            UPGRADE,
        ]
        .concat();
        for before in [answers, requests] {
            let bytes = [&before[..], &frame(0x81, None, b"one")].concat();
            for cut in 0..bytes.len() {
                assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), [b"one"], "{cut}");
            }
        }
    }

    #[test]
    fn behind_a_loss_what_has_no_sip_is_given_up() {
        let mut socket = WebSocket::default();
        socket.feed(UPGRADE, &mut |_| {});
        socket.lose();
        for _ in 0..=super::MAX_SOUGHT / 1000 {
            socket.feed(&[0x81; 1000], &mut |_| {});
        }
        assert_eq!(socket.state, super::State::Foreign);
    }

    #[test]
    fn what_is_nothing_but_http_is_given_up() {
        let mut socket = WebSocket::default();
        for _ in 0..1000 {
            socket.feed(b"GET /image HTTP/1.1\r\nHost: a\r\n\r\n", &mut |_| {});
        }
        assert_eq!(
            (socket.state, socket.buffer.len()),
            (super::State::Foreign, 0)
        );
    }
}

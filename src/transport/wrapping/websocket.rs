//! WebSocket (RFC 6455), which SIP uses from browsers (RFC 7118): one SIP message in one WebSocket message.

use flate2::Decompress;
use flate2::FlushDecompress;

/// The longest head of the HTTP upgrade that is waited for.
const MAX_HEAD: usize = 16 << 10;

/// The longest message. A longer one is passed over.
const MAX_MESSAGE: usize = 1 << 20;

/// How many times longer than its compressed form a message may be: several times what SIP is compressed to.
const MAX_RATIO: usize = 16;

/// What an inflater keeps, in bytes.
const INFLATER: usize = 40 << 10;

/// Room that an empty buffer may keep.
const MAX_IDLE: usize = 16 << 10;

/// The longest header of a frame: two bytes, eight of length, four of mask.
const MAX_HEADER: usize = 14;

/// One direction of a connection that began as HTTP does.
#[derive(Debug, Default)]
pub struct WebSocket {
    state: State,
    buffer: Vec<u8>,
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
    Frames,
    /// Behind a loss: where a frame begins is not known.
    Searching,
    /// HTTP that is no upgrade.
    Foreign,
}

/// A frame's header (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug)]
struct Header {
    is_final: bool,
    is_deflated: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    len: usize,
    payload: usize,
}

impl WebSocket {
    /// Takes the next bytes; `each` is called for every message that is complete.
    pub(super) fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8])) {
        if self.state == State::Foreign {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        if self.state == State::Head {
            self.read_head();
        }
        if self.state == State::Searching {
            self.search();
        }
        // A buffer of small frames would be moved once for each, were they let go of one by one.
        let mut done = 0;
        while self.state == State::Frames {
            let rest = self.buffer.get(done..).unwrap_or_default();
            let Some(header) = header(rest) else {
                if rest.len() >= MAX_HEADER {
                    // All of a header is there, and it is none.
                    self.lose();
                    return;
                }
                break;
            };
            if header.payload > MAX_MESSAGE {
                self.lose();
                return;
            }
            let end = header.len + header.payload;
            let Some(payload) = rest.get(header.len..end) else {
                break;
            };
            let mut payload = payload.to_vec();
            done += end;
            if let Some(mask) = header.mask {
                payload
                    .iter_mut()
                    .zip(mask.iter().cycle())
                    .for_each(|(byte, mask)| *byte ^= mask);
            }
            self.take(&header, &payload, each);
        }
        self.buffer.drain(..done.min(self.buffer.len()));
        if self.buffer.is_empty() && self.buffer.capacity() > MAX_IDLE {
            self.buffer = Vec::new();
        }
    }

    /// Bytes are missing behind those that were fed.
    pub(super) fn lose(&mut self) {
        self.buffer = Vec::new();
        self.message = Vec::new();
        self.inflater = None;
        if self.state == State::Frames {
            self.state = State::Searching;
        }
    }

    pub(super) fn held(&self) -> usize {
        let inflater = self.inflater.as_ref().map_or(0, |_| INFLATER);
        self.buffer.capacity() + self.message.capacity() + inflater
    }

    fn read_head(&mut self) {
        let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") else {
            if self.buffer.len() > MAX_HEAD {
                self.state = State::Foreign;
                self.buffer = Vec::new();
            }
            return;
        };
        let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
        let is_upgrade = head.starts_with(b"GET ") || head.starts_with(b"HTTP/1.1 101");
        let head = head.to_ascii_lowercase();
        let names_websocket = head
            .split(|&byte| byte == b'\n')
            .filter_map(|line| line.strip_prefix(b"upgrade:"))
            .any(|value| value.trim_ascii() == b"websocket");
        if is_upgrade && names_websocket {
            self.state = State::Frames;
        } else {
            self.state = State::Foreign;
            self.buffer = Vec::new();
        }
    }

    /// Goes to where a frame begins that ends where another begins, or where the bytes end. What came so far is looked
    /// through once: a frame over several segments is given up with the loss before it.
    fn search(&mut self) {
        let begins = |at: &usize| {
            let rest = self.buffer.get(*at..).unwrap_or_default();
            let Some(header) =
                header(rest).filter(|header| matches!(header.opcode, 1 | 2) && header.payload > 0)
            else {
                return false;
            };
            match rest.get(header.len + header.payload..) {
                Some([]) => true,
                Some(behind) => self::header(behind).is_some(),
                None => false,
            }
        };
        if let Some(start) = (0..self.buffer.len()).find(begins) {
            self.buffer.drain(..start);
            self.state = State::Frames;
        } else {
            self.buffer.clear();
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
        self.message.extend_from_slice(payload);
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
fn header(bytes: &[u8]) -> Option<Header> {
    let &[first, second, ..] = bytes else {
        return None;
    };
    let (len, payload) = match second & 0x7F {
        126 => (
            4,
            usize::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?)),
        ),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(*bytes.get(2..10)?.first_chunk()?)).ok()?,
        ),
        short => (2, usize::from(short)),
    };
    let opcode = first & 0x0F;
    let is_possible =
        first & 0x30 == 0 && matches!(opcode, 0..=2 | 8..=10) && payload < usize::MAX - MAX_HEADER;
    if !is_possible {
        return None;
    }
    let mask = (second & 0x80 != 0)
        .then_some(())
        .map(|()| bytes.get(len..len + 4)?.first_chunk().copied());
    let mask = match mask {
        Some(mask) => Some(mask?),
        None => None,
    };
    Some(Header {
        is_final: first & 0x80 != 0,
        is_deflated: first & 0x40 != 0,
        opcode,
        len: len + if mask.is_some() { 4 } else { 0 },
        mask,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use flate2::Compress;
    use flate2::Compression;
    use flate2::FlushCompress;

    use super::WebSocket;

    const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

    fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        let bit = if mask.is_some() { 0x80 } else { 0 };
        if let Ok(short @ 0..=125) = u8::try_from(payload.len()) {
            frame.push(bit | short);
        } else {
            frame.push(bit | 0x7E);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
        frame.extend(
            mask.unwrap_or_default()
                .iter()
                .take(if mask.is_some() { 4 } else { 0 }),
        );
        let mask = mask.unwrap_or_default();
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        frame
    }

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
    fn behind_a_loss_the_next_frame_is_found() {
        let mut socket = WebSocket::default();
        let mut found = Vec::new();
        socket.feed(
            &[UPGRADE, &frame(0x81, None, &[b'a'; 200])[..90]].concat(),
            &mut |_| {},
        );
        socket.lose();
        let rest = [
            vec![b'a'; 40],
            frame(0x81, None, b"next"),
            frame(0x81, None, b"and next"),
        ]
        .concat();
        socket.feed(&rest, &mut |message| found.push(message.to_vec()));
        assert_eq!(found, [b"next".to_vec(), b"and next".to_vec()]);
    }
}

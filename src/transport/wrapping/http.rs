//! As much of HTTP/1 (RFC 9112) as it takes to pass over it: heads, and how long bodies are.

/// The longest head that is waited for: what common servers allow.
pub(super) const MAX_HEAD: usize = 16 << 10;

/// Messages that are passed over in one direction before a connection is taken for nothing but HTTP: several times
/// what refusals, redirects and the rounds of NTLM take.
pub(super) const MAX_MESSAGES: usize = 64;

/// The head of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Of a response.
    pub(super) status: Option<u16>,
    /// True of a request for a WebSocket, and of the answer that opens it (RFC 6455 §4).
    pub(super) is_upgrade: bool,
    pub(super) body: Body,
}

/// What is left of a body (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Bytes(u64),
    Chunks(Chunks),
    /// It ends with the connection.
    Endless,
}

/// Where in a chunked body the bytes are (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line with a size; true where its digits are over.
    Size(u64, bool),
    /// In a chunk, with the line end behind it.
    Data(u64),
    /// In a line behind the last chunk; true where it is empty so far.
    Trailer(bool),
}

impl Head {
    /// Reads a whole head.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let status = bytes
            .strip_prefix(b"HTTP/1.")
            .and_then(|rest| number(rest.get(2..5)?))
            .and_then(|status| u16::try_from(status).ok());
        let mut names_websocket = false;
        let mut is_chunked = false;
        let mut length = None;
        for line in bytes.split(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = memchr::memchr(b':', line) else {
                continue;
            };
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"upgrade") {
                names_websocket |= has_word(value, b"websocket");
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                is_chunked |= has_word(value, b"chunked");
            } else if name.eq_ignore_ascii_case(b"content-length") {
                length = number(value);
            }
        }
        let body = match (status, length) {
            (Some(100..=199 | 204 | 304), _) => Body::Bytes(0),
            _ if is_chunked => Body::Chunks(Chunks::Size(0, false)),
            (_, Some(length)) => Body::Bytes(length),
            (None, None) => Body::Bytes(0),
            (Some(_), None) => Body::Endless,
        };
        let is_upgrade = names_websocket && (status == Some(101) || bytes.starts_with(b"GET "));
        Self {
            status,
            is_upgrade,
            body,
        }
    }
}

fn has_word(list: &[u8], word: &[u8]) -> bool {
    list.split(|byte| *byte == b',')
        .any(|one| one.trim_ascii().eq_ignore_ascii_case(word))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

impl Body {
    /// How many of the next bytes are its last; None where all are part of it, and more.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Endless => None,
            Self::Bytes(left) => take(left, bytes),
            Self::Chunks(chunks) => chunks.pass(bytes),
        }
    }

    /// That many of its bytes will never come. False where more than it is missing, or nobody knows.
    pub(super) fn lose(&mut self, lost: u64) -> bool {
        let (Self::Bytes(left) | Self::Chunks(Chunks::Data(left))) = self else {
            return false;
        };
        let is_less = lost <= *left;
        *left = left.saturating_sub(lost);
        is_less
    }
}

/// Counts bytes off; what there is of them where that is enough.
fn take(left: &mut u64, bytes: &[u8]) -> Option<usize> {
    let there = bytes.len() as u64;
    if *left <= there {
        let taken = usize::try_from(*left).unwrap_or(bytes.len());
        *left = 0;
        Some(taken)
    } else {
        *left -= there;
        None
    }
}

impl Chunks {
    fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self {
                Self::Data(left) => {
                    at += take(left, bytes.get(at..).unwrap_or_default())?;
                    *self = Self::Size(0, false);
                    continue;
                }
                Self::Size(0, _) if byte == b'\n' => *self = Self::Trailer(true),
                Self::Size(size, _) if byte == b'\n' => *self = Self::Data(size.saturating_add(2)),
                Self::Size(size, is_over) => match char::from(byte).to_digit(16) {
                    Some(digit) if !*is_over => {
                        *size = size.saturating_mul(16).saturating_add(u64::from(digit));
                    }
                    _ => *is_over = true,
                },
                Self::Trailer(true) if byte == b'\n' => return Some(at + 1),
                Self::Trailer(is_empty) => {
                    *is_empty = byte == b'\n' || (*is_empty && byte == b'\r');
                }
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Body;
    use super::Head;

    fn body_of(head: &[u8]) -> Body {
        Head::read(head).body
    }

    #[test]
    fn a_chunked_body_ends_behind_its_last_chunk_wherever_it_is_cut() {
        let body = b"5;x=y\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n";
        let bytes = [&body[..], b"HTTP"].concat();
        for cut in 0..body.len() {
            let mut left = body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n");
            assert_eq!(left.pass(&bytes[..cut]), None, "{cut}");
            assert_eq!(left.pass(&bytes[cut..]), Some(body.len() - cut), "{cut}");
        }
    }

    #[test]
    fn only_a_response_without_a_length_has_no_end() {
        assert_eq!(body_of(b"HTTP/1.1 200 OK\r\n\r\n"), Body::Endless);
        assert_eq!(
            body_of(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
            Body::Bytes(0)
        );
        assert_eq!(body_of(b"GET / HTTP/1.1\r\n\r\n"), Body::Bytes(0));
        assert_eq!(
            body_of(b"POST / HTTP/1.1\r\ncontent-length: 12 \r\n\r\n"),
            Body::Bytes(12)
        );
    }
}

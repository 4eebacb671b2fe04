//! What a message is, found in one pass over its head and without keeping anything: enough to frame
//! it, count it and bring it to its call. This is on the way of every message; [`Message`] is for
//! those that are looked into.
//!
//! [`Message`]: super::Message

use memchr::memchr;
use memchr::memchr2;

use super::defect::Defect;
use super::fields::cseq;
use super::fields::cseq::CSeq;
use super::fields::name_addr;
use super::fields::via;
use super::framing::ContentLength;
use super::framing::Wholeness;
use super::framing::skip_blanks;
use super::grammar::list;
use super::header::Fields;
use super::header::HeaderName;
use super::start_line::StartLine;

/// The outline of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Outline<'a> {
    /// The message's bytes: start line, headers, and the body as Content-Length bounds it.
    pub bytes: &'a [u8],
    /// Whether all of it is there.
    pub wholeness: Wholeness,
    /// The first line.
    pub start: StartLine<'a>,
    /// The first Call-ID that is not empty, blanks around it left out.
    pub call_id: Option<&'a [u8]>,
    /// The first CSeq, where it can be read.
    pub cseq: Option<CSeq<'a>>,
    /// The value of the first From.
    pub from: Option<&'a [u8]>,
    /// The value of the first To.
    pub to: Option<&'a [u8]>,
    /// The value of the first Via.
    pub via: Option<&'a [u8]>,
    /// How many Via values there are.
    pub hops: usize,
    /// True where From, To, Via, Call-ID or CSeq is missing or unreadable (RFC 3261 §8.1.1).
    pub is_malformed: bool,
}

impl std::fmt::Debug for Outline<'_> {
    /// What the message says stays unsaid.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Outline({} bytes, {:?})",
            self.bytes.len(),
            self.wholeness
        )
    }
}

impl<'a> Outline<'a> {
    /// The one message in a datagram, framed as [`datagram`](super::datagram) does it. `None` where
    /// there is no SIP start line.
    pub fn of_datagram(payload: &'a [u8], is_cut: bool) -> Option<Self> {
        let as_captured = if is_cut {
            Wholeness::Cut
        } else {
            Wholeness::Whole
        };
        let (outline, head, length) = Self::scan(skip_blanks(payload), as_captured)?;
        let (Some(head), ContentLength::Bytes(length)) = (head, length) else {
            return Some(outline);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Some(match outline.bytes.get(..head.saturating_add(length)) {
            Some(bytes) => Self {
                bytes,
                wholeness: Wholeness::Whole,
                ..outline
            },
            None => Self {
                wholeness: Wholeness::Cut,
                ..outline
            },
        })
    }

    /// A message that is framed already.
    pub fn of(bytes: &'a [u8], wholeness: Wholeness) -> Option<Self> {
        Self::scan(bytes, wholeness).map(|(outline, ..)| outline)
    }

    /// The outline, where the body begins, and how long it is said to be.
    fn scan(bytes: &'a [u8], wholeness: Wholeness) -> Option<(Self, Option<usize>, ContentLength)> {
        let end = memchr(b'\n', bytes);
        let line = bytes.get(..end.unwrap_or(bytes.len()))?;
        let mut defects: Vec<Defect> = Vec::new();
        let start = StartLine::parse(line.strip_suffix(b"\r").unwrap_or(line), &mut defects)?;
        let mut found = Found::default();
        let body = found.read(bytes, end.map_or(bytes.len(), |end| end + 1), wholeness);
        let Found {
            call_id,
            cseq,
            from,
            to,
            via,
            hops,
            length,
        } = found;
        let cseq = cseq.and_then(cseq::parse);
        let is_malformed =
            call_id.is_none() || cseq.is_none() || from.is_none() || to.is_none() || via.is_none();
        let outline = Self {
            bytes,
            wholeness,
            start,
            call_id,
            cseq,
            from,
            to,
            via,
            hops,
            is_malformed,
        };
        Some((outline, body, length))
    }
}

/// The headers that an outline needs.
#[derive(Debug, Default)]
struct Found<'a> {
    call_id: Option<&'a [u8]>,
    cseq: Option<&'a [u8]>,
    from: Option<&'a [u8]>,
    to: Option<&'a [u8]>,
    via: Option<&'a [u8]>,
    hops: usize,
    length: ContentLength,
}

impl<'a> Found<'a> {
    /// Reads the head from its second line on. Returns where the body begins.
    fn read(&mut self, bytes: &'a [u8], first: usize, wholeness: Wholeness) -> Option<usize> {
        let mut at = first;
        loop {
            let rest = bytes.get(at..)?;
            let Some(end) = memchr(b'\n', rest) else {
                break;
            };
            let behind = at + end + 1;
            // Most lines are whole, are written as everybody writes them, and are not continued.
            let is_continued = matches!(bytes.get(behind), Some(b' ' | b'\t'));
            match rest.get(..end)? {
                [] | [b'\r'] => return Some(behind),
                [letter, ..] if !MATTERS[usize::from(*letter)] => {}
                line if !is_continued && self.take_usual(line) => {}
                _ => break,
            }
            at = behind;
        }
        let mut fields = Fields::new(bytes, at);
        for field in &mut fields {
            // A header that a cut ended says nothing, as in `Message::parse`.
            if wholeness == Wholeness::Whole || field.is_ended {
                self.take(name_of(field.written), field.value);
            }
        }
        fields.body()
    }

    /// False where the line is not written as nearly everybody writes it: then it must be looked at more closely.
    fn take_usual(&mut self, line: &'a [u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        for (begin, name) in USUAL {
            if let Some(value) = line.strip_prefix(begin) {
                self.take(name, value);
                return true;
            }
        }
        // Of the names that begin with the same letters, these are the common ones.
        line.starts_with(b"Contact:") || line.starts_with(b"Content-Type:")
    }

    fn take(&mut self, name: HeaderName, value: &'a [u8]) {
        match name {
            HeaderName::CallId => {
                let value = value.trim_ascii();
                self.call_id = self.call_id.or((!value.is_empty()).then_some(value));
            }
            HeaderName::CSeq => self.cseq = self.cseq.or(Some(value)),
            HeaderName::ContentLength => self.length = self.length.and(value),
            HeaderName::From => self.from = self.from.or(Some(value)),
            HeaderName::To => self.to = self.to.or(Some(value)),
            HeaderName::Via => {
                self.hops += hops_in(value);
                self.via = self.via.or(Some(value));
            }
            _ => {}
        }
    }
}

/// How the headers that matter are usually written.
const USUAL: [(&[u8], HeaderName); 6] = [
    (b"Via:", HeaderName::Via),
    (b"From:", HeaderName::From),
    (b"To:", HeaderName::To),
    (b"Call-ID:", HeaderName::CallId),
    (b"CSeq:", HeaderName::CSeq),
    (b"Content-Length:", HeaderName::ContentLength),
];

/// The first letters of the names that an outline needs, compact forms included.
static MATTERS: [bool; 256] = {
    let mut letters = [false; 256];
    let needed = b"cfiltvCFILTV";
    let mut index = 0;
    while index < needed.len() {
        letters[needed[index] as usize] = true;
        index += 1;
    }
    letters
};

/// How many elements a Via has.
fn hops_in(value: &[u8]) -> usize {
    if memchr(b',', value).is_none() {
        return usize::from(!value.trim_ascii().is_empty());
    }
    list(value).filter(|element| !element.is_empty()).count()
}

/// The branch of the first of a Via's elements; empty where there is none.
pub fn branch_of(via: &[u8]) -> &[u8] {
    let top = list(via).find_map(via::parse);
    top.and_then(|via| via.branch()).unwrap_or_default()
}

/// The tag of an address, the value of From or To; empty where there is none. Nearly always it stands right behind the
/// angle brackets, and nothing is quoted: then the address need not be read.
pub fn tag_of(value: &[u8]) -> &[u8] {
    match tag_behind_brackets(value) {
        Some(tag) => tag,
        None => name_addr::parse(value.trim_ascii())
            .tag()
            .unwrap_or_default(),
    }
}

fn tag_behind_brackets(value: &[u8]) -> Option<&[u8]> {
    let open = memchr2(b'<', b'"', value).filter(|&at| value[at] == b'<')?;
    let address = value.get(open..)?;
    let behind = address.get(memchr(b'>', address)? + 1..)?;
    let tag = behind.strip_prefix(b";tag=")?;
    let end = tag.iter().position(|byte| b";\"<>".contains(byte));
    match end.map(|end| tag.split_at(end)) {
        None => Some(tag.trim_ascii()),
        Some((tag, [b';', ..])) => Some(tag.trim_ascii()),
        Some(_) => None,
    }
}

/// The names that an outline needs, told by length and first letter before they are compared; all others are
/// [`HeaderName::Other`].
fn name_of(written: &[u8]) -> HeaderName {
    let first = written.first().map_or(0, u8::to_ascii_lowercase);
    let name = match (written.len(), first) {
        (1, _) => return HeaderName::parse(written),
        (2, b't') => HeaderName::To,
        (3, b'v') => HeaderName::Via,
        (4, b'f') => HeaderName::From,
        (4, b'c') => HeaderName::CSeq,
        (7, b'c') => HeaderName::CallId,
        (14, b'c') => HeaderName::ContentLength,
        _ => return HeaderName::Other,
    };
    if name.names(written) {
        name
    } else {
        HeaderName::Other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Outline;
    use super::branch_of;
    use super::tag_of;
    use crate::sip::Message;
    use crate::sip::Wholeness;
    use crate::sip::datagram;

    const INVITE: &[u8] = b"\r\nINVITE sip:b@b.example SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\n\
        t: <sip:b@b>\r\nCall-ID:\r\n one@a \r\nCSeq: 7 INVITE\r\nl: 4\r\n\r\nbodyrest";

    /// The outline must say what framing and parsing say.
    fn agrees(payload: &[u8], is_cut: bool) {
        let (bytes, wholeness) = datagram(payload, is_cut);
        let message = Message::parse(bytes, wholeness);
        let outline = Outline::of_datagram(payload, is_cut);
        assert_eq!(outline.is_some(), message.is_some());
        if let (Some(outline), Some(message)) = (outline, message) {
            assert_eq!((outline.bytes, outline.wholeness), (bytes, wholeness));
            assert_eq!(outline.start, message.start);
            assert_eq!(outline.call_id, message.call_id());
            assert_eq!(outline.cseq, message.cseq());
            assert_eq!(
                outline.from.map(tag_of).unwrap_or_default(),
                message
                    .from()
                    .and_then(|from| from.tag())
                    .unwrap_or_default()
            );
            assert_eq!(
                outline.to.map(tag_of).unwrap_or_default(),
                message.to().and_then(|to| to.tag()).unwrap_or_default()
            );
            assert_eq!(
                outline.via.map(branch_of).unwrap_or_default(),
                message
                    .vias()
                    .next()
                    .and_then(|via| via.branch())
                    .unwrap_or_default()
            );
        }
    }

    #[test]
    fn a_whole_message_is_outlined_in_one_pass() {
        agrees(INVITE, false);
        let outline = Outline::of_datagram(INVITE, false).expect("it is SIP");
        assert!(!outline.is_malformed && outline.bytes.ends_with(b"body"));
        assert_eq!(outline.call_id, Some(&b"one@a"[..]));
    }

    #[test]
    fn a_message_cut_anywhere_agrees_with_the_parser() {
        for end in 0..INVITE.len() {
            agrees(&INVITE[..end], true);
            agrees(&INVITE[..end], false);
        }
        assert_eq!(
            Outline::of_datagram(&INVITE[..60], true).map(|outline| outline.wholeness),
            Some(Wholeness::Cut)
        );
    }

    proptest! {
        #[test]
        fn the_short_way_to_a_tag_is_the_long_way(value in "[ab<>;=\" \\\\]{0,12}(;tag=)?[a<>;\" ]{0,6}") {
            let long = crate::sip::fields::name_addr::parse(value.trim_ascii().as_bytes());
            prop_assert_eq!(super::tag_of(value.as_bytes()), long.tag().unwrap_or_default());
        }

        #[test]
        fn any_change_of_a_message_agrees_with_the_parser(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut payload = INVITE.to_vec();
            let at = at.index(payload.len());
            payload[at] = byte;
            agrees(&payload, false);
        }
    }
}

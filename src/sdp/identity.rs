//! What names a description, and where its media go, without reading the rest of it: most of a description are attributes.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use super::attribute::number;
use super::attribute::words;
use super::connection::ConnectionData;
use super::session::Origin;

/// Streams found in one description.
const STREAMS: usize = 8;

static MEDIA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\nm="));
static ORIGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\no="));
static CONNECTION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\nc="));

/// Who made a description, and where its media go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// `o=`: the first that can be read.
    pub origin: Option<Origin<'a>>,
    /// Address and port of each stream that is not refused (RFC 3264 §5.1), in order; eight at most.
    pub streams: Vec<(&'a [u8], u16)>,
}

impl<'a> Identity<'a> {
    /// Reads a body, as [`SessionDescription::parse`](super::SessionDescription::parse) would where its lines end with a
    /// line feed. Never fails.
    pub fn of(body: &'a [u8]) -> Self {
        let first = places(body, &MEDIA).next().unwrap_or(body.len());
        let (session, mut media) = body.split_at_checked(first).unwrap_or((body, &[]));
        let of_session = address_in(session);
        let mut streams = Vec::new();
        while !media.is_empty() && streams.len() < STREAMS {
            let end = MEDIA.find(media).map_or(media.len(), |end| end + 1);
            let (section, rest) = media.split_at_checked(end).unwrap_or((media, &[]));
            media = rest;
            let port = port_of(value_at(section, 0)).filter(|port| *port != 0);
            let address = || address_in(section).or(of_session);
            streams.extend(port.and_then(|port| Some((address()?, port))));
        }
        Self {
            origin: places(session, &ORIGIN).find_map(|at| Origin::parse(value_at(session, at))),
            streams,
        }
    }
}

/// Where lines of a kind begin.
fn places<'a>(text: &'a [u8], kind: &'a Finder<'_>) -> impl Iterator<Item = usize> {
    let is_first = kind
        .needle()
        .get(1..)
        .is_some_and(|kind| text.starts_with(kind));
    let first = is_first.then_some(0);
    first
        .into_iter()
        .chain(kind.find_iter(text).map(|at| at + 1))
}

/// The value of the line that begins there.
fn value_at(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at + 2..).unwrap_or_default();
    let line = rest.get(..memchr(b'\n', rest).unwrap_or(rest.len()));
    let line = line.unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The address of the first connection that can be read.
fn address_in(section: &[u8]) -> Option<&[u8]> {
    places(section, &CONNECTION)
        .find_map(|at| ConnectionData::parse(value_at(section, at)))
        .map(|connection| connection.address)
}

/// The port of an `m=` line of three words or more; 0 where it can't be read.
fn port_of(value: &[u8]) -> Option<u16> {
    let mut words = words(value);
    let (_, port, _) = (words.next()?, words.next()?, words.next()?);
    let port = port.split(|&byte| byte == b'/').next()?;
    let port = number(port).and_then(|port| u16::try_from(port).ok());
    Some(port.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::Identity;
    use crate::sdp::SessionDescription;

    /// The same by reading everything.
    fn at_length(body: &[u8]) -> Identity<'_> {
        let description = SessionDescription::parse(body);
        let live = description.media.iter().filter(|media| media.is_live());
        let streams = live.filter_map(|media| {
            let address = description.connection_of(media)?.address;
            Some((address, u16::try_from(media.port).ok()?))
        });
        Identity {
            streams: streams.take(super::STREAMS).collect(),
            origin: description.origin,
        }
    }

    #[test]
    fn origin_and_streams_are_found_among_attributes() {
        let body = b"v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=ptime:20\r\nm=video 0 RTP/AVP 99\r\nm=image 4002/2 udptl t38\r\nc=IN IP4 192.0.2.9\r\n";
        let identity = Identity::of(body);
        let streams = [(&b"192.0.2.1"[..], 4000), (&b"192.0.2.9"[..], 4002)];
        assert_eq!(identity.streams, streams);
        assert_eq!(identity.origin.unwrap().session_id, b"7");
        assert_eq!(identity, at_length(body));
    }

    #[test]
    fn no_more_streams_are_compared_than_a_call_has() {
        let body = format!(
            "c=IN IP4 192.0.2.1\r\n{}",
            "m=audio 4000 RTP/AVP 8\r\n".repeat(9)
        );
        assert_eq!(Identity::of(body.as_bytes()).streams.len(), super::STREAMS);
    }

    proptest! {
        #[test]
        fn lines_in_any_order_tell_what_reading_everything_tells(
            lines in proptest::collection::vec(proptest::sample::select(vec![
                "v=0", "o=- 7 8 IN IP4 192.0.2.1", "o=x", "s=-", "c=IN IP4 192.0.2.1", "c=IN IP4", "c=IN IP6 2001:db8::1",
                "t=0 0", "m=audio 4000 RTP/AVP 8", "m=audio 0 RTP/AVP 8", "m=audio", "m=audio x RTP/AVP 8", "a=ptime:20",
                "m=video 70000 RTP/AVP 8", "m=image 9/2 udptl t38", "a=rtcp:4001",
            ]), 0..20)
        ) {
            let body = lines.join("\r\n") + "\r\n";
            prop_assert_eq!(Identity::of(body.as_bytes()), at_length(body.as_bytes()));
        }

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            Identity::of(&body);
        }
    }
}

//! `a=candidate`: where a peer may be reached (RFC 8839 §5.1).

use super::attribute::number;
use super::attribute::words;
use super::session::SessionDescription;

/// One candidate. Words that can't be read are 0 or empty, so that a candidate that is odd is one
/// nevertheless.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate<'a> {
    /// Groups candidates of one kind and base.
    pub foundation: &'a [u8],
    /// 1 for RTP, 2 for RTCP.
    pub component: u16,
    /// `UDP`, `TCP`…, as written.
    pub transport: &'a [u8],
    /// The priority.
    pub priority: u64,
    /// The address or name.
    pub address: &'a [u8],
    /// The port.
    pub port: u16,
    /// `host`, `srflx`, `relay`…; empty where there is no `typ`.
    pub typ: &'a [u8],
}

impl<'a> Candidate<'a> {
    /// Reads the value of the attribute; `None` where it does not come as far as the port.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let as_u16 = |word| number(word).and_then(|number| u16::try_from(number).ok());
        let mut words = words(value);
        let foundation = words.next()?;
        let component = as_u16(words.next()?).unwrap_or(0);
        let transport = words.next()?;
        let priority = number(words.next()?).unwrap_or(0);
        let address = words.next()?;
        let port = as_u16(words.next()?)?;
        let typ = match words.find(|word| word.eq_ignore_ascii_case(b"typ")) {
            Some(_) => words.next().unwrap_or_default(),
            None => &[],
        };
        Some(Self {
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            typ,
        })
    }
}

/// True where a body has an `a=candidate` line, readable or not. What nobody writes otherwise is found at once; only a
/// body with another spelling is read whole.
pub fn has_candidate(body: &[u8]) -> bool {
    const NAME: &[u8] = b"candidate";
    if memchr::memmem::find(body, b"\na=candidate:").is_some() {
        return true;
    }
    let is_named = memchr::memchr2_iter(b'c', b'C', body).any(|at| {
        let rest = body.get(at..).unwrap_or_default();
        rest.get(..NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    });
    is_named && SessionDescription::parse(body).candidates() > 0
}

#[cfg(test)]
mod tests {
    use super::Candidate;
    use super::has_candidate;

    #[test]
    fn a_candidate_has_address_port_and_type() {
        let value = b"1 1 udp 2130706431 198.51.100.7 54056 typ srflx raddr 0.0.0.0 rport 9";
        let candidate = Candidate::parse(value).expect("readable");
        assert_eq!((candidate.component, candidate.port), (1, 54056));
        assert_eq!(
            (candidate.address, candidate.typ),
            (&b"198.51.100.7"[..], &b"srflx"[..])
        );
    }

    #[test]
    fn a_candidate_is_found_however_lines_end_and_wherever_it_stands() {
        for body in [
            "v=0\r\na=candidate:1",
            "v=0\na=Candidate:1",
            "v=0\ra=candidate:1\r\n\0",
            "v=0\r\nm=audio 9 RTP/AVP 0\r\na=candidate :1\r\n",
        ] {
            assert!(has_candidate(body.as_bytes()), "{body:?}");
        }
        assert!(!has_candidate(
            b"v=0\r\ns=a=candidate:1\r\na=candidates:1\r\n"
        ));
    }

    #[test]
    fn an_odd_candidate_is_one_nevertheless() {
        let candidate = Candidate::parse(b"x y UDP z h.local 1").expect("readable");
        assert_eq!(
            (candidate.component, candidate.priority, candidate.typ),
            (0, 0, &b""[..])
        );
        assert_eq!(Candidate::parse(b"1 1 UDP 1 198.51.100.7"), None);
    }
}

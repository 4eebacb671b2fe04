//! Via: the way that a request took (RFC 3261 §20.42).

use memchr::memchr;

use super::super::grammar::number;
use super::super::grammar::split_once;
use super::super::uri::split_host_port;
use super::params::Params;

/// One hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, `WSS`…, as written.
    pub transport: &'a [u8],
    /// The host of sent-by, an IPv6 reference without its brackets.
    pub host: &'a [u8],
    /// The port of sent-by.
    pub port: Option<u16>,
    /// All parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// The branch: the name of the transaction (RFC 3261 §17.2.3). `None` where absent or empty.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The address that the request really came from (RFC 3261 §18.2.1).
    pub fn received(&self) -> Option<&'a [u8]> {
        self.params
            .get("received")
            .filter(|received| !received.is_empty())
    }

    /// The port that the request really came from (RFC 3581); `None` too while it is only asked for.
    pub fn rport(&self) -> Option<u16> {
        u16::try_from(number(self.params.get("rport")?)?).ok()
    }
}

/// Reads one element of a Via list; `None` where there is no `SIP/2.0/transport` and sent-by. White
/// space may stand around the slashes and the colon.
pub fn parse(element: &[u8]) -> Option<Via<'_>> {
    let (name, rest) = split_once(element, b'/')?;
    let (_version, rest) = split_once(rest, b'/')?;
    if !name.trim_ascii().eq_ignore_ascii_case(b"SIP") {
        return None;
    }
    let rest = rest.trim_ascii();
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let (transport, rest) = rest.split_at_checked(end)?;
    let (sent_by, params) = rest.split_at_checked(memchr(b';', rest).unwrap_or(rest.len()))?;
    let (host, port) = split_host_port(sent_by);
    (!host.is_empty()).then_some(Via {
        transport,
        host,
        port,
        params: Params::new(params),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_via_has_transport_sent_by_and_branch() {
        let via = parse(b"SIP/2.0/TLS sbc.example:5061;alias;branch=z9hG4bK7;rport=49152")
            .expect("readable");
        assert_eq!(
            (via.transport, via.host, via.port),
            (&b"TLS"[..], &b"sbc.example"[..], Some(5061))
        );
        assert_eq!(
            (via.branch(), via.rport()),
            (Some(&b"z9hG4bK7"[..]), Some(49152))
        );
    }

    #[test]
    fn blanks_and_folds_may_stand_between_all_parts() {
        let via = parse(b"SIP / 2.0\r\n /UDP  [2001:db8::9:1] : 5060 ;\r\n branch = b")
            .expect("readable");
        assert_eq!((via.host, via.port), (&b"2001:db8::9:1"[..], Some(5060)));
        assert_eq!(via.branch(), Some(&b"b"[..]));
        let via = parse(b"SIP/2.0/UDP 192.0.2.2 : 5060;rport;branch=").expect("readable");
        assert_eq!(
            (via.port, via.rport(), via.branch()),
            (Some(5060), None, None)
        );
    }

    #[test]
    fn what_is_no_via_is_none() {
        assert_eq!(parse(b";"), None);
        assert_eq!(parse(b"SIP/2.0/UDP"), None);
        assert_eq!(parse(b"HTTP/1.1/TCP x"), None);
    }
}

//! `a=candidate` (RFC 8839 §5.1).

/// An ICE candidate. Older drafts and mDNS names are read, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Foundation.
    pub foundation: &'a [u8],
    /// 1 for RTP, 2 for RTCP.
    pub component: &'a [u8],
    /// `UDP`, `TCP` …
    pub transport: &'a [u8],
    /// Priority, as written.
    pub priority: &'a [u8],
    /// Address or host name.
    pub address: &'a [u8],
    /// Port, as written.
    pub port: &'a [u8],
    /// `host`, `srflx`, `prflx`, `relay`; empty where it is not said.
    pub typ: &'a [u8],
}

impl<'a> Candidate<'a> {
    /// Reads the value of an `a=candidate`; none where it has too few fields.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let mut next = || fields.next();
        let (foundation, component, transport, priority) = (next()?, next()?, next()?, next()?);
        let (address, port) = (next()?, next()?);
        let typ = fields
            .skip_while(|field| !field.eq_ignore_ascii_case(b"typ"))
            .nth(1)
            .unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::Candidate;

    #[test]
    fn the_fields_are_told_apart() {
        let candidate =
            Candidate::parse(b"1 2 UDP 2130706430 192.0.2.7 4001 typ srflx raddr 0.0.0.0 rport 9")
                .unwrap();
        assert_eq!(
            (candidate.component, candidate.address, candidate.typ),
            (&b"2"[..], &b"192.0.2.7"[..], &b"srflx"[..])
        );
        assert_eq!(Candidate::parse(b"1 2 UDP"), None);
    }
}

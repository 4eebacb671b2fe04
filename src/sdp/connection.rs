//! `c=` (RFC 8866 §5.7).

use std::net::IpAddr;

/// Connection data: where media is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionData<'a> {
    /// `IN`.
    pub nettype: &'a [u8],
    /// `IP4` or `IP6`.
    pub addrtype: &'a [u8],
    /// The address or host name, without `/ttl`.
    pub address: &'a [u8],
}

impl<'a> ConnectionData<'a> {
    /// Reads the value of a `c=` line; none where one of its three fields is missing or the address is one of another type.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut fields = value
            .split(u8::is_ascii_whitespace)
            .filter(|field| !field.is_empty());
        let (nettype, addrtype, address) = (fields.next()?, fields.next()?, fields.next()?);
        let address = address
            .split(|&byte| byte == b'/')
            .next()
            .unwrap_or_default();
        let connection = Self {
            nettype,
            addrtype,
            address,
        };
        let fits = match connection.ip() {
            Some(IpAddr::V4(_)) => addrtype.eq_ignore_ascii_case(b"IP4"),
            Some(IpAddr::V6(_)) => addrtype.eq_ignore_ascii_case(b"IP6"),
            // A host name; what looks like a broken address is none.
            None => address.iter().any(u8::is_ascii_alphabetic) && !address.contains(&b':'),
        };
        fits.then_some(connection)
    }

    /// The address, where it is no host name.
    pub fn ip(&self) -> Option<IpAddr> {
        std::str::from_utf8(self.address).ok()?.parse().ok()
    }

    /// True for 0.0.0.0, and for `::` in any spelling (RFC 3264 §8.4).
    pub fn is_unspecified(&self) -> bool {
        self.ip()
            .is_some_and(|address| address.to_canonical().is_unspecified())
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionData;

    #[test]
    fn the_address_stands_before_the_ttl() {
        assert_eq!(
            ConnectionData::parse(b"IN IP4 224.2.1.1/127")
                .unwrap()
                .address,
            b"224.2.1.1"
        );
    }

    #[test]
    fn every_spelling_of_nowhere_is_unspecified() {
        for value in [
            "IN IP4 0.0.0.0",
            "IN IP6 ::",
            "IN IP6 0:0:0:0:0:0:0:0",
            "IN IP6 ::ffff:0.0.0.0",
        ] {
            assert!(
                ConnectionData::parse(value.as_bytes())
                    .unwrap()
                    .is_unspecified(),
                "{value}"
            );
        }
        assert!(
            !ConnectionData::parse(b"IN IP4 10.0.0.0")
                .unwrap()
                .is_unspecified()
        );
    }

    #[test]
    fn an_address_of_another_type_can_not_be_read() {
        for value in [
            "IN IP4",
            "IN IP4 ::1",
            "IN IP6 1.2.3.4",
            "IN IP4 300.1.1.1",
            "",
            "IN IP4 1.2.3",
        ] {
            assert_eq!(ConnectionData::parse(value.as_bytes()), None, "{value}");
        }
        assert!(ConnectionData::parse(b"IN IP4 sbc.example").is_some());
    }
}

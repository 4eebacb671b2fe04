//! `c=`: where media is to be sent (RFC 8866 §5.7).

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use super::attribute::words;

/// A connection line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionData<'a> {
    /// `IN`.
    pub nettype: &'a [u8],
    /// `IP4` or `IP6`.
    pub addrtype: &'a [u8],
    /// The address, without `/ttl` and `/count`.
    pub address: &'a [u8],
}

impl<'a> ConnectionData<'a> {
    /// Reads the value of a line; `None` where a word is missing. More words than three are left
    /// aside.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let (nettype, addrtype, written) = (words.next()?, words.next()?, words.next()?);
        let address = written.split(|&byte| byte == b'/').next()?;
        (!address.is_empty()).then_some(Self {
            nettype,
            addrtype,
            address,
        })
    }

    /// True for 0.0.0.0 and for every spelling of `::`: nowhere (RFC 3264 §8.4).
    pub fn is_unspecified(&self) -> bool {
        let Ok(address) = std::str::from_utf8(self.address) else {
            return false;
        };
        if let Ok(address) = address.parse::<Ipv6Addr>() {
            return address.is_unspecified();
        }
        // Some write 000.000.000.000, which no strict parser takes.
        address.split('.').count() == 4
            && address
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte == b'0'))
    }

    /// True where the address is a number that is none of its type, like `300.1.1.1` or `10.0.0`. A
    /// name is let pass.
    pub(super) fn is_malformed(&self) -> bool {
        let Ok(address) = std::str::from_utf8(self.address) else {
            return true;
        };
        let is_dotted = address
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_dotted {
            return address.parse::<Ipv4Addr>().is_err() && !self.is_unspecified();
        }
        address.contains(':') && address.parse::<Ipv6Addr>().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionData;

    fn parse(value: &str) -> ConnectionData<'_> {
        ConnectionData::parse(value.as_bytes()).expect("readable")
    }

    #[test]
    fn the_address_has_no_ttl() {
        assert_eq!(parse("IN IP4 224.2.1.1/127/3").address, b"224.2.1.1");
        assert_eq!(parse(" IN  IP6 2001:db8::1 ").address, b"2001:db8::1");
    }

    #[test]
    fn nowhere_has_many_spellings() {
        for address in [
            "0.0.0.0",
            "0.0.0.0/127",
            "000.0.0.0",
            "::",
            "0:0:0:0:0:0:0:0",
            "0::0",
        ] {
            assert!(
                parse(&format!("IN IP4 {address}")).is_unspecified(),
                "{address}"
            );
        }
        for address in ["127.0.0.1", "10.0.0.0", "::1", "0.0.0", "0", "h.example"] {
            assert!(
                !parse(&format!("IN IP4 {address}")).is_unspecified(),
                "{address}"
            );
        }
    }

    #[test]
    fn a_line_with_too_few_words_is_none() {
        assert_eq!(ConnectionData::parse(b"IN IP4"), None);
        assert_eq!(ConnectionData::parse(b"IN IP4 /127"), None);
    }

    #[test]
    fn a_number_that_is_no_address_is_malformed() {
        assert!(parse("IN IP4 300.1.1.1").is_malformed());
        assert!(parse("IN IP4 10.0.0").is_malformed());
        assert!(parse("IN IP6 1::2::3").is_malformed());
        assert!(!parse("IN IP4 media.example").is_malformed());
    }
}

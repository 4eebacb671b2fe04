//! An address or a network, where wanted with a port: where the SBC is reached.

use std::fmt;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// What an address may look like, for those who wrote it otherwise.
pub const EXPECTED: &str = "an address, a network or an address with its port, such as \"192.0.2.10\", \"198.51.100.0/24\", \"192.0.2.10:5080\" or \"[2001:db8::1]:5061\"";

/// A network, or an address as the network of itself alone, and the port that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The network.
    pub network: IpNet,
    /// The port; none where any will do.
    pub port: Option<u16>,
}

impl Place {
    /// Reads an address, a network, or an address with its port. IPv6 with a port, or without one, in brackets. None for
    /// anything else, and for port 0.
    pub fn parse(written: &str) -> Option<Self> {
        if let Some(network) = network(written) {
            return Some(Self {
                network,
                port: None,
            });
        }
        if let Ok(socket) = SocketAddr::from_str(written) {
            return (socket.port() != 0).then(|| Self {
                network: IpNet::from(socket.ip().to_canonical()),
                port: Some(socket.port()),
            });
        }
        let inner = written.strip_prefix('[')?.strip_suffix(']')?;
        Some(Self {
            network: IpNet::from(IpAddr::from_str(inner).ok()?.to_canonical()),
            port: None,
        })
    }

    /// True where the address is in the network, and the port one of those that the end was met at.
    pub fn has(&self, address: IpAddr, ports: &[u16]) -> bool {
        self.network.contains(&address.to_canonical())
            && self.port.is_none_or(|port| ports.contains(&port))
    }

    /// True where whatever the other place has, this one has too.
    pub fn covers(&self, other: &Self) -> bool {
        self.network.contains(&other.network) && (self.port.is_none() || self.port == other.port)
    }

    /// True where a bit is set behind the prefix: 192.0.2.10/24.
    pub fn has_host_bits(&self) -> bool {
        self.network.addr() != self.network.network()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.network.addr();
        let is_one = self.network.prefix_len() == self.network.max_prefix_len();
        match self.port {
            Some(port) => write!(f, "{}", SocketAddr::new(address, port)),
            None if is_one => write!(f, "{address}"),
            None => write!(f, "{}", self.network),
        }
    }
}

/// A network, or an address as the network of itself alone.
pub fn network(written: &str) -> Option<IpNet> {
    IpNet::from_str(written).ok().or_else(|| {
        let address = IpAddr::from_str(written).ok()?;
        Some(IpNet::from(address.to_canonical()))
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::any;
    use proptest::prelude::prop_assert_eq;
    use proptest::proptest;

    use super::Place;

    #[test]
    fn a_port_narrows_an_address() {
        let place = Place::parse("[2001:db8::1]:5061").unwrap();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        assert!(place.has(address, &[40_000, 5061]) && !place.has(address, &[5060]));
        assert!(Place::parse("2001:db8::1").unwrap().has(address, &[]));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for written in [
            "",
            "192.0.2.300",
            "192.0.2.1:0",
            "192.0.2.1:99999",
            "192.0.2.0/24:5060",
            "sbc.example",
            "[192.0.2.1",
        ] {
            assert_eq!(Place::parse(written), None, "{written}");
        }
    }

    #[test]
    fn an_ipv4_address_mapped_into_ipv6_is_the_same_address() {
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        assert!(Place::parse("192.0.2.1").unwrap().has(mapped, &[]));
        assert!(Place::parse("::ffff:192.0.2.1").unwrap().has(mapped, &[]));
    }

    #[test]
    fn a_wider_place_covers_a_narrower_one_and_not_the_other_way() {
        let place = |written| Place::parse(written).unwrap();
        assert!(place("192.0.2.0/24").covers(&place("192.0.2.1:5060")));
        assert!(!place("192.0.2.1:5060").covers(&place("192.0.2.1")));
        assert!(place("192.0.2.1/24").has_host_bits() && !place("192.0.2.1").has_host_bits());
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_as_the_same_place(address: IpAddr, length in 0_u8..=128, port in any::<Option<u16>>()) {
            let address = address.to_canonical();
            let port = port.filter(|port| *port != 0);
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let length = if port.is_some() { longest } else { length.min(longest) };
            let place = Place { network: ipnet::IpNet::new(address, length).unwrap(), port };
            prop_assert_eq!(Place::parse(&place.to_string()), Some(place));
        }

        #[test]
        fn nothing_that_is_written_does_harm(written: String) {
            let _ = Place::parse(&written);
        }
    }
}

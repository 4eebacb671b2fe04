//! Addresses → addresses of the same kind.
//!
//! An IPv4 address of a private network becomes another one of the same network, each one of its own. Any other becomes
//! one of 240.0.0.0/4, which nobody uses: two of a thousand addresses become one with a chance of 0.2 percent. IPv6
//! becomes 2001:db8::/32 (RFC 3849), and stays local where it was. What says something by itself stays: 0.0.0.0, `::`, the
//! own machine, multicast, Teams' networks, and addresses that are the name of a trunk.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use crate::packet::Endpoint;

use super::Redaction;

/// Networks whose addresses stay in them (RFC 1918, RFC 6598, RFC 3927).
const LOCAL: [(Ipv4Addr, u32); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
];

/// How often another stand-in is looked for where one is an address that stays: only a network that is nearly all
/// Teams' needs more.
const TRIES: u32 = 64;

impl Redaction {
    /// The stand-in of one end of a connection. The port stays.
    pub fn endpoint(&self, endpoint: Endpoint) -> Endpoint {
        Endpoint {
            address: self.address(endpoint.address),
            port: endpoint.port,
        }
    }

    /// The stand-in of an address.
    pub fn address(&self, address: IpAddr) -> IpAddr {
        if self.stays(address) {
            return address;
        }
        match address {
            IpAddr::V4(address) => self.ipv4(address).into(),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(inner) => self.ipv4(inner).to_ipv6_mapped().into(),
                None => self.ipv6(address).into(),
            },
        }
    }

    fn stays(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || address == IpAddr::V4(Ipv4Addr::BROADCAST)
            || self.teams.has_address(address)
            || self.kept.addresses.contains(&address)
    }

    fn ipv4(&self, address: Ipv4Addr) -> Ipv4Addr {
        let bits = u32::from(address);
        let of = |&(network, length): &(Ipv4Addr, u32)| {
            let (network, size) = (u32::from(network), 1_u64 << (32 - length));
            (u64::from(bits ^ network) < size).then_some((network, size))
        };
        let mut stand_in = address;
        for attempt in 0..TRIES {
            stand_in = if let Some((network, size)) = LOCAL.iter().find_map(of) {
                let host = u64::from(u32::from(stand_in) ^ network);
                let host = self.secret.permuted("ipv4", host, size);
                Ipv4Addr::from(network | u32::try_from(host).unwrap_or(0))
            } else {
                let input = [bits.to_be_bytes(), attempt.to_be_bytes()].concat();
                let [a, b, c, d, ..] = self.secret.hash("ipv4", &input);
                Ipv4Addr::new(a | 0xF0, b, c, d)
            };
            if !self.stays(stand_in.into()) {
                break;
            }
        }
        stand_in
    }

    fn ipv6(&self, address: Ipv6Addr) -> Ipv6Addr {
        let hash = self.secret.hash("ipv6", &address.octets());
        let mut octets = [0; 16];
        octets.copy_from_slice(&hash[..16]);
        let network: &[u8] = if address.is_unique_local() {
            &[0xFD]
        } else if address.is_unicast_link_local() {
            &[0xFE, 0x80, 0, 0, 0, 0, 0, 0]
        } else {
            &[0x20, 0x01, 0x0D, 0xB8]
        };
        octets[..network.len()].copy_from_slice(network);
        octets.into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;

    use super::Redaction;

    fn address(written: &str) -> IpAddr {
        Redaction::sample().address(written.parse().unwrap())
    }

    #[test]
    fn what_says_something_by_itself_stays() {
        for written in [
            "0.0.0.0",
            "::",
            "127.0.0.1",
            "::1",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "52.114.75.24",
            "::ffff:52.114.75.24",
            "203.0.113.21",
        ] {
            assert_eq!(address(written).to_string(), written);
        }
    }

    #[test]
    fn an_address_becomes_one_of_its_kind() {
        for (written, begins) in [
            ("10.1.2.3", "10."),
            ("192.168.1.1", "192.168."),
            ("169.254.3.4", "169.254."),
            ("2001:db8::1", "2001:db8:"),
            ("2a02::1", "2001:db8:"),
            ("fd00::1", "fd"),
            ("fe80::1", "fe80::"),
            ("::ffff:10.1.2.3", "::ffff:10."),
        ] {
            let shown = address(written).to_string();
            assert!(shown.starts_with(begins) && shown != written, "{shown}");
        }
        let IpAddr::V4(public) = address("198.51.100.7") else {
            panic!("it was IPv4");
        };
        assert!(public.octets()[0] >= 240, "{public}");
        assert_eq!(
            address("::ffff:198.51.100.7").to_canonical(),
            address("198.51.100.7")
        );
    }

    #[test]
    fn private_addresses_never_become_one() {
        let redaction = Redaction::sample();
        let all = (0..2000_u32).map(|n| redaction.ipv4((0xC0A8_0000 + n).into()));
        assert_eq!(all.collect::<BTreeSet<_>>().len(), 2000);
    }
}

//! Who is Teams: Microsoft's addresses, hosts and product names.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use ipnet::IpNet;

use super::config::Config;

/// Microsoft's signalling networks: `direct-routing-plan.md`, and 52.120.0.0/14 of `direct-routing-whats-new.md`.
const NETWORKS: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(52, 112, 0, 0), 14),
    (Ipv4Addr::new(52, 120, 0, 0), 14),
    (Ipv4Addr::new(52, 127, 64, 0), 21),
    (Ipv4Addr::new(52, 127, 88, 0), 21),
];

/// Microsoft's host names for Direct Routing; each stands for all below it, too.
const HOSTS: [&str; 3] = [
    "pstnhub.microsoft.com",
    "pstnhub.dod.teams.microsoft.us",
    "pstnhub.gov.teams.microsoft.us",
];

/// How Microsoft's SIP proxy and its survivable branch appliance begin Server and User-Agent.
const AGENTS: [&str; 2] = ["Microsoft.PSTNHub", "Microsoft.Teams.SIPSBA"];

/// What counts as Teams in this run.
#[derive(Clone, Debug, Default)]
pub struct Teams {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

impl Teams {
    /// Microsoft's own, and what the configuration adds.
    pub fn new(config: &Config) -> Self {
        Self {
            networks: config.teams_addresses.clone(),
            hosts: config.teams_hosts.clone(),
        }
    }

    /// True for an address of Teams.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_microsofts = match address {
            IpAddr::V4(v4) => NETWORKS.iter().any(|&(network, length)| {
                (u32::from(v4) ^ u32::from(network)) >> (32 - u32::from(length)) == 0
            }),
            IpAddr::V6(_) => false,
        };
        is_microsofts
            || self
                .networks
                .iter()
                .any(|network| network.contains(&address))
    }

    /// True for a host at or below one of Teams' names, and for an address of Teams written as a host.
    pub fn has_host(&self, host: &[u8]) -> bool {
        if let Some(address) = address_in(host) {
            return self.has_address(address);
        }
        let host = host.strip_suffix(b".").unwrap_or(host);
        HOSTS.iter().any(|name| is_at_or_below(host, name))
            || self.hosts.iter().any(|name| is_at_or_below(host, name))
    }

    /// True where Server or User-Agent names Teams.
    pub fn has_agent(&self, product: &[u8]) -> bool {
        AGENTS.iter().any(|agent| {
            product
                .get(..agent.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(agent.as_bytes()))
        })
    }
}

/// The address that a host is, where it is no name. IPv6 with or without its brackets.
pub fn address_in(host: &[u8]) -> Option<IpAddr> {
    let is_of_an_address = |byte: &u8| byte.is_ascii_hexdigit() || b".:[]".contains(byte);
    if !host.iter().all(is_of_an_address) {
        return None;
    }
    let text = std::str::from_utf8(host).ok()?;
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn is_at_or_below(host: &[u8], name: &str) -> bool {
    let Some(above) = host.len().checked_sub(name.len()) else {
        return false;
    };
    host[above..].eq_ignore_ascii_case(name.as_bytes()) && (above == 0 || host[above - 1] == b'.')
}

#[cfg(test)]
mod tests {
    use super::Teams;

    fn teams() -> Teams {
        Teams::default()
    }

    #[test]
    fn both_of_microsofts_published_networks_are_teams() {
        for address in [
            "52.112.0.1",
            "52.115.255.255",
            "52.120.0.0",
            "52.122.1.1",
            "52.123.255.255",
            "52.127.64.1",
            "52.127.95.255",
        ] {
            assert!(teams().has_address(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_neighbouring_network_is_not_teams() {
        for address in [
            "52.111.255.255",
            "52.116.0.0",
            "52.124.0.0",
            "52.127.72.0",
            "52.127.96.0",
            "::1",
        ] {
            assert!(!teams().has_address(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_ipv4_address_mapped_into_ipv6_is_the_same_address() {
        assert!(teams().has_address("::ffff:52.114.7.24".parse().unwrap()));
    }

    #[test]
    fn a_host_below_pstnhub_is_teams_and_one_that_only_ends_alike_is_not() {
        assert!(teams().has_host(b"sip-du-a-eu.PSTNHUB.microsoft.com"));
        assert!(teams().has_host(b"pstnhub.microsoft.com."));
        assert!(!teams().has_host(b"notpstnhub.microsoft.com"));
        assert!(!teams().has_host(b"pstnhub.microsoft.com.evil.example"));
    }

    #[test]
    fn an_address_of_teams_may_stand_where_a_host_stands() {
        assert!(teams().has_host(b"52.114.75.24"));
    }

    #[test]
    fn a_product_name_must_begin_with_microsofts() {
        assert!(teams().has_agent(b"Microsoft.PSTNHub.SIPProxy v.2026.1.4.2 i.EUWE.7"));
        assert!(!teams().has_agent(b"Acme Microsoft.PSTNHub"));
    }
}

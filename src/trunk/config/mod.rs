//! What the configuration file says: trunk names, media bypass, who is Teams, SBC and carrier, how numbers are written.
//! Not where the file lies.
//!
//! In reading order: this page, [`Place`] (an address with or without its port), `pattern` (capture paths), [`Numbering`], [`Setting`],
//! `written` (the file with the place of every value), [`check`] (what is wrong with it).

pub mod check;
pub mod numbering;
pub mod place;
pub mod setting;

mod pattern;
mod written;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::text::Text;

pub use self::check::Checked;
pub use self::check::Concern;
pub use self::check::Severity;
pub use self::check::place_in;
pub use self::numbering::Numbering;
pub use self::place::Place;
pub use self::setting::Setting;
pub use self::setting::SettingValue;

use self::written::Written;
use self::written::WrittenTrunk;

/// The configuration of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Networks that count as Teams besides Microsoft's.
    pub teams_addresses: Vec<IpNet>,
    /// Hosts that count as Teams besides Microsoft's, each with all below it; in lower case.
    pub teams_hosts: Vec<String>,
    /// Networks of the SBC.
    pub sbc_addresses: Vec<IpNet>,
    /// Hosts of the SBC, each with all below it; in lower case.
    pub sbc_hosts: Vec<String>,
    /// Networks of carriers.
    pub carrier_addresses: Vec<IpNet>,
    /// Hosts of carriers, each with all below it; in lower case.
    pub carrier_hosts: Vec<String>,
    /// How numbers are written.
    pub numbers: Numbering,
    /// The trunks, in the order of the file.
    pub trunks: Vec<Trunk>,
    /// Options of a run, in the order of the file.
    pub settings: Vec<Setting>,
}

/// A trunk by name. Any of its keys makes a call this trunk's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trunk {
    /// The name that the CSVs show.
    pub name: String,
    /// SBC-side hosts.
    pub hosts: Vec<String>,
    /// SBC-side addresses and networks, some with a port.
    pub addresses: Vec<Place>,
    /// SBC-side ports, at whatever address.
    pub ports: Vec<u16>,
    /// Trunk groups (`tgrp` of RFC 4904, `otg`, `dtg`) in the first INVITE, in any case.
    pub trunk_groups: Vec<String>,
    /// Patterns of capture paths: `*` stands for any characters, `/` too, `?` for one.
    pub paths: Vec<String>,
    /// Whether the trunk uses media bypass; none where that is unknown.
    pub bypass: Option<bool>,
}

/// What a trunk can be known by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'k> {
    /// The SBC-side host.
    pub host: Option<&'k [u8]>,
    /// The SBC-side address.
    pub address: Option<IpAddr>,
    /// The ports at which the SBC side was met: of its packets and of its Contact.
    pub ports: &'k [u16],
    /// Trunk groups that the first INVITE names.
    pub trunk_groups: &'k [&'k [u8]],
    /// Path of the capture.
    pub path: &'k str,
}

/// The configuration can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct ConfigError {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl Config {
    /// Reads the TOML text of a configuration file. Fails with the first fault; [`check::check`] tells all.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut written = written::read(text);
        if written.faults.is_empty() {
            return Ok(written.into());
        }
        let fault = written.faults.swap_remove(0);
        let (line, column) = check::place_in(text, fault.at.start);
        Err(ConfigError {
            line,
            column,
            what: fault.what,
        })
    }

    /// Adds an address, a network or a host that counts as Teams.
    pub fn add_teams(&mut self, value: &str) -> Result<(), String> {
        if let Some(network) = place::network(value) {
            self.teams_addresses.push(network);
            return Ok(());
        }
        if !is_host(value) {
            return Err(format!(
                "`{value}` is no address, no network such as 203.0.113.0/24, and no host name"
            ));
        }
        self.teams_hosts.push(domain(value));
        Ok(())
    }

    /// The first trunk that has one of the keys.
    pub fn trunk_for(&self, keys: &Keys<'_>) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.has(keys))
    }

    /// True for an address or a host that the configuration names as the SBC's.
    pub fn is_sbc(&self, address: Option<IpAddr>, host: Option<&[u8]>) -> bool {
        is_among(address, &self.sbc_addresses) || is_below(host, &self.sbc_hosts)
    }

    /// True for an address or a host that the configuration names as a carrier's.
    pub fn is_carrier(&self, address: Option<IpAddr>, host: Option<&[u8]>) -> bool {
        is_among(address, &self.carrier_addresses) || is_below(host, &self.carrier_hosts)
    }

    /// Whether a trunk uses media bypass, by the first of its tables that says so. Names are compared without case.
    pub fn bypass_of(&self, trunk: &Text<'_>) -> Option<bool> {
        let is_named =
            |named: &&Trunk| named.name.as_bytes().eq_ignore_ascii_case(trunk.as_bytes());
        self.trunks
            .iter()
            .filter(is_named)
            .find_map(|named| named.bypass)
    }
}

fn is_among(address: Option<IpAddr>, networks: &[IpNet]) -> bool {
    address.is_some_and(|address| {
        let address = address.to_canonical();
        networks.iter().any(|network| network.contains(&address))
    })
}

fn is_below(host: Option<&[u8]>, domains: &[String]) -> bool {
    let Some(host) = host.filter(|_| !domains.is_empty()) else {
        return false;
    };
    let host = host.strip_suffix(b".").unwrap_or(host);
    domains.iter().any(|domain| {
        let rest = host.len().checked_sub(domain.len());
        rest.and_then(|rest| host.split_at_checked(rest))
            .is_some_and(|(above, end)| {
                end.eq_ignore_ascii_case(domain.as_bytes())
                    && (above.is_empty() || above.ends_with(b"."))
            })
    })
}

/// Letters, digits, `-`, `.` and `_`, one letter at least: an address is no host.
pub fn is_host(written: &str) -> bool {
    let is_of_a_host =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    written.bytes().all(is_of_a_host) && written.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A host that stands for all below it, as it is kept: `*.lab.example.` is `lab.example`.
fn domain(written: &str) -> String {
    written
        .trim_start_matches("*.")
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

impl Trunk {
    fn has(&self, keys: &Keys<'_>) -> bool {
        let has_host = keys.host.is_some_and(|host| {
            self.hosts
                .iter()
                .any(|known| host.eq_ignore_ascii_case(known.as_bytes()))
        });
        let has_address = keys.address.is_some_and(|address| {
            self.addresses
                .iter()
                .any(|place| place.has(address, keys.ports))
        });
        has_host
            || has_address
            || self.ports.iter().any(|port| keys.ports.contains(port))
            || self.has_trunk_group(keys.trunk_groups)
            || self
                .paths
                .iter()
                .any(|pattern| pattern::fits(pattern, keys.path))
    }

    /// Parameters of URIs are compared without case (RFC 3261 §19.1.4, RFC 3966 §4).
    fn has_trunk_group(&self, groups: &[&[u8]]) -> bool {
        self.trunk_groups.iter().any(|known| {
            groups
                .iter()
                .any(|group| group.eq_ignore_ascii_case(known.as_bytes()))
        })
    }
}

impl From<Written> for Config {
    fn from(written: Written) -> Self {
        let networks = |end: &written::End| -> Vec<IpNet> {
            end.addresses
                .iter()
                .map(|place| place.get_ref().network)
                .collect()
        };
        let domains = |end: &written::End| -> Vec<String> {
            end.hosts
                .iter()
                .map(|host| domain(host.get_ref()))
                .collect()
        };
        Self {
            teams_addresses: networks(&written.teams),
            teams_hosts: domains(&written.teams),
            sbc_addresses: networks(&written.sbc),
            sbc_hosts: domains(&written.sbc),
            carrier_addresses: networks(&written.carrier),
            carrier_hosts: domains(&written.carrier),
            numbers: written.numbers,
            trunks: written.trunks.into_iter().map(Trunk::from).collect(),
            settings: written.settings,
        }
    }
}

impl From<WrittenTrunk> for Trunk {
    fn from(written: WrittenTrunk) -> Self {
        fn inner<T>(values: Vec<toml::Spanned<T>>) -> Vec<T> {
            values.into_iter().map(toml::Spanned::into_inner).collect()
        }
        Self {
            name: written.name.into_inner(),
            hosts: inner(written.hosts),
            addresses: inner(written.addresses),
            ports: inner(written.ports),
            trunk_groups: inner(written.trunk_groups),
            paths: inner(written.paths),
            bypass: written.bypass.map(toml::Spanned::into_inner),
        }
    }
}

#[cfg(test)]
mod tests;

//! What the configuration file says: trunk names, media bypass, what counts as Teams. Not where the file lies.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

/// The configuration of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Networks that count as Teams besides Microsoft's.
    pub teams_addresses: Vec<IpNet>,
    /// Hosts that count as Teams besides Microsoft's, each with all below it; in lower case.
    pub teams_hosts: Vec<String>,
    /// The trunks, in the order of the file.
    pub trunks: Vec<Trunk>,
}

/// A trunk by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// The name that the CSVs show.
    pub name: String,
    /// SBC-side hosts.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// SBC-side addresses and networks.
    #[serde(default, deserialize_with = "networks")]
    pub addresses: Vec<IpNet>,
    /// Patterns of capture paths: `*` stands for any characters, `/` too, `?` for one.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Whether the trunk uses media bypass; none where that is unknown.
    #[serde(default)]
    pub bypass: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    teams: TeamsTable,
    #[serde(default)]
    trunk: Vec<Trunk>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamsTable {
    #[serde(default, deserialize_with = "networks")]
    addresses: Vec<IpNet>,
    #[serde(default)]
    hosts: Vec<String>,
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
    /// Reads the TOML text of a configuration file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.get(..at).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |end| end + 1);
            ConfigError {
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                what: error.message().to_owned(),
            }
        })?;
        let mut config = Self {
            teams_addresses: file.teams.addresses,
            trunks: file.trunk,
            ..Self::default()
        };
        for host in &file.teams.hosts {
            config.add_teams_host(host);
        }
        Ok(config)
    }

    /// Adds an address, a network or a host that counts as Teams.
    pub fn add_teams(&mut self, value: &str) -> Result<(), String> {
        if let Some(network) = network(value) {
            self.teams_addresses.push(network);
            return Ok(());
        }
        let is_host = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
            && value.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !is_host {
            return Err(format!(
                "`{value}` is no address, no network such as 203.0.113.0/24, and no host name"
            ));
        }
        self.add_teams_host(value);
        Ok(())
    }

    fn add_teams_host(&mut self, host: &str) {
        self.teams_hosts.push(
            host.trim_start_matches("*.")
                .trim_end_matches('.')
                .to_ascii_lowercase(),
        );
    }

    /// The first trunk that has the host, the address or the capture's path.
    pub fn trunk_for(
        &self,
        host: Option<&[u8]>,
        address: Option<IpAddr>,
        path: &str,
    ) -> Option<&Trunk> {
        self.trunks
            .iter()
            .find(|trunk| trunk.has(host, address, path))
    }
}

impl Trunk {
    fn has(&self, host: Option<&[u8]>, address: Option<IpAddr>, path: &str) -> bool {
        let has_host = host.is_some_and(|host| {
            self.hosts
                .iter()
                .any(|known| host.eq_ignore_ascii_case(known.as_bytes()))
        });
        let has_address = address.is_some_and(|address| {
            self.addresses
                .iter()
                .any(|network| network.contains(&address.to_canonical()))
        });
        // A path is relative to where the program was started: `*/carrier-a/*` is meant to fit `carrier-a/1.pcap` too.
        let from_here = format!("./{path}");
        let has_path = |pattern: &String| {
            [path, &from_here]
                .iter()
                .any(|path| matches(pattern.as_bytes(), path.as_bytes()))
        };
        has_host || has_address || self.paths.iter().any(has_path)
    }
}

/// A network, or an address as the network of itself alone.
fn network(text: &str) -> Option<IpNet> {
    IpNet::from_str(text)
        .ok()
        .or_else(|| IpAddr::from_str(text).ok().map(IpNet::from))
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: String| {
        network(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no address and no network; expected one like \"192.0.2.10\" or \"198.51.100.0/24\"")))
    };
    texts.into_iter().map(read).collect()
}

/// Whether a pattern of `*` and `?` fits a whole text. Takes time of pattern × text at most.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last `*` stands, and how far it has reached.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match &mut star {
                Some((star_at, reached)) => {
                    *reached += 1;
                    (at, place) = (*star_at + 1, *reached);
                }
                None => return false,
            },
        }
    }
    pattern[at.min(pattern.len())..]
        .iter()
        .all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::matches;

    const EXAMPLE: &str = r#"
[teams]
addresses = ["203.0.113.0/24"]
hosts = ["sip.lab.example"]

[[trunk]]
name = "Carrier A"
hosts = ["sbc1.contoso.example"]
addresses = ["192.0.2.10", "198.51.100.0/24"]
paths = ["*/carrier-a/*"]
bypass = true
"#;

    #[test]
    fn any_of_the_three_makes_a_call_the_trunks() {
        let config = Config::parse(EXAMPLE).unwrap();
        let name = |host: Option<&str>, address: Option<&str>, path| {
            config
                .trunk_for(
                    host.map(str::as_bytes),
                    address.map(|address| address.parse().unwrap()),
                    path,
                )
                .map(|trunk| trunk.name.as_str())
        };
        assert_eq!(
            name(Some("SBC1.contoso.example"), None, ""),
            Some("Carrier A")
        );
        assert_eq!(name(None, Some("198.51.100.77"), ""), Some("Carrier A"));
        assert_eq!(name(None, None, "carrier-a/1.pcap"), Some("Carrier A"));
        assert_eq!(
            name(None, None, "/night/carrier-a/1.pcap"),
            Some("Carrier A")
        );
        assert_eq!(
            name(
                Some("sbc2.contoso.example"),
                Some("192.0.2.11"),
                "/night/b/1.pcap"
            ),
            None
        );
        assert_eq!(config.trunks[0].bypass, Some(true));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = Config::parse("[teams]\nhosts = []\nadresses = []\n").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        assert!(error.what.contains("adresses"), "{error}");
    }

    #[test]
    fn a_value_that_is_no_network_is_named_with_its_line() {
        let error =
            Config::parse("[[trunk]]\nname = \"a\"\naddresses = [\"192.0.2.300\"]\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.what.contains("192.0.2.300"), "{error}");
    }

    #[test]
    fn what_counts_as_teams_may_be_an_address_a_network_or_a_host() {
        let mut config = Config::default();
        for value in [
            "203.0.113.7",
            "203.0.113.0/24",
            "2001:db8::/32",
            "SIP.lab.example",
        ] {
            config.add_teams(value).unwrap();
        }
        assert_eq!(
            (config.teams_addresses.len(), config.teams_hosts.as_slice()),
            (3, &["sip.lab.example".to_owned()][..])
        );
        assert!(
            config.add_teams("not a host").is_err() && config.add_teams("203.0.113.0/99").is_err()
        );
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text) in [
            ("*", ""),
            ("*a*", "bab"),
            ("a?c", "abc"),
            ("*.pcap", "x/y.pcap"),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(
                matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a?c", "ac"),
            ("*.pcap", "x.pcapng"),
            ("a*b", "aXbY"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), text.as_bytes()),
                "{pattern} {text}"
            );
        }
    }
}

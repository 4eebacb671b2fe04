//! What a configuration file makes of calls.

use super::Config;
use super::Keys;
use crate::text::Text;

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

fn name<'c>(config: &'c Config, keys: &Keys<'_>) -> Option<&'c str> {
    config.trunk_for(keys).map(|trunk| trunk.name.as_str())
}

fn at<'k>(address: &str, ports: &'k [u16]) -> Keys<'k> {
    Keys {
        address: Some(address.parse().unwrap()),
        ports,
        ..Keys::default()
    }
}

#[test]
fn any_of_the_keys_makes_a_call_the_trunks() {
    let config = Config::parse(EXAMPLE).unwrap();
    let host = |host: &'static str| Keys {
        host: Some(host.as_bytes()),
        ..Keys::default()
    };
    let path = |path| Keys {
        path,
        ..Keys::default()
    };
    for keys in [
        host("SBC1.contoso.example"),
        at("198.51.100.77", &[]),
        path("carrier-a/1.pcap"),
        path("/night/carrier-a/1.pcap"),
    ] {
        assert_eq!(name(&config, &keys), Some("Carrier A"), "{keys:?}");
    }
    let stranger = Keys {
        host: Some(b"sbc2.contoso.example"),
        path: "/night/b/1.pcap",
        ..at("192.0.2.11", &[5061])
    };
    assert_eq!(name(&config, &stranger), None);
    assert_eq!(config.trunks[0].bypass, Some(true));
}

#[test]
fn ports_tell_trunks_of_one_address_apart() {
    let config = Config::parse(
        "[[trunk]]\nname = \"A\"\naddresses = [\"192.0.2.10:5080\"]\n[[trunk]]\nname = \"B\"\nports = [5090]\n",
    )
    .unwrap();
    assert_eq!(name(&config, &at("192.0.2.10", &[40_000, 5080])), Some("A"));
    assert_eq!(name(&config, &at("192.0.2.11", &[5080])), None);
    assert_eq!(name(&config, &at("192.0.2.11", &[5090])), Some("B"));
}

#[test]
fn a_trunk_group_is_compared_without_case() {
    let config = Config::parse("[[trunk]]\nname = \"A\"\ntrunk_groups = [\"TG-1\"]\n").unwrap();
    let keys = Keys {
        trunk_groups: &[b"tg-1"],
        ..Keys::default()
    };
    assert_eq!(name(&config, &keys), Some("A"));
    assert_eq!(name(&config, &Keys::default()), None);
}

#[test]
fn who_is_sbc_and_carrier_is_told_by_address_and_host() {
    let config = Config::parse(
        "[sbc]\naddresses = [\"192.0.2.0/24\"]\n[carrier]\nhosts = [\"*.carrier.example\"]\n",
    )
    .unwrap();
    assert!(config.is_sbc(Some("192.0.2.9".parse().unwrap()), None));
    assert!(config.is_carrier(None, Some(b"sip1.Carrier.example.")));
    assert!(!config.is_carrier(None, Some(b"notcarrier.example")));
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
    assert_eq!((error.line, error.column), (3, 14));
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
    assert!(config.add_teams("not a host").is_err() && config.add_teams("203.0.113.0/99").is_err());
}

#[test]
fn bypass_may_stand_in_any_of_a_trunks_tables() {
    let config =
        Config::parse("[[trunk]]\nname = \"A\"\n[[trunk]]\nname = \"a\"\nbypass = true\n").unwrap();
    assert_eq!(config.bypass_of(&Text::from("A")), Some(true));
    assert_eq!(config.bypass_of(&Text::from("B")), None);
}

//! Any text → configuration, and what is to be said of it.

use sip488::trunk::Config;
use sip488::trunk::config::check::check;

use super::Subject;

pub(crate) const SUBJECT: Subject = Subject {
    name: "config",
    dictionary: &[
        b"[[trunk]]\n",
        b"[sbc]\n",
        b"[carrier]\n",
        b"[numbers]\n",
        b"[analyze]\n",
        b"name = \"",
        b"addresses = [\"192.0.2.0/24\"]\n",
        b"hosts = [\"sbc.example.com\"]\n",
        b"ports = [5060]\n",
        b"trunk_groups = [\"",
        b"bypass = true\n",
        b"files = [\"*.pcap\"]\n",
        b"teams = [\"",
        b"country_code = \"",
        b"2001:db8::/32",
        b"\"\"\"",
        b"\\u0000",
    ],
    longest: 4 << 10,
    run,
};

/// What can be read is what the check says can be read.
fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (parsed, checked) = (Config::parse(text), check(text));
    assert_eq!(parsed.is_ok(), checked.config.is_some(), "{text:?}");
    if let Err(error) = parsed {
        assert!(!error.to_string().is_empty());
    }
}

//! Hosts, users and whatever else has a name → names that say what it was and nothing of who.

use std::net::IpAddr;
use std::path::Path;

use crate::trunk::teams::address_in;

use super::Redaction;
use super::numbers::unescaped;

/// Hexadecimal digits of a name: two of a hundred thousand become one with a chance of one in two hundred.
const NAME_DIGITS: usize = 10;

/// Users that stand for one who is withheld (RFC 3323 §4.1.1.3, RFC 3325; what switches write).
const WITHHELD: [&str; 6] = [
    "anonymous",
    "restricted",
    "unavailable",
    "unknown",
    "private",
    "asserted",
];

/// Hosts that are nobody's: where privacy leaves one out (RFC 3323 §4.1.1.3), and the own machine.
const NOBODYS: [&str; 4] = [
    "anonymous.invalid",
    "unknown.invalid",
    "localhost",
    "invalid",
];

/// Longest word of a protocol: the longest encoding names, suites and methods have about forty characters.
const LONGEST_WORD: usize = 64;

/// So many digits in a row are no version, port, rate or length of a protocol.
pub(super) const DIGITS_OF_A_NUMBER: usize = 7;

/// Letters and digits in a row at most; a key has more.
const LETTERS_OF_A_WORD: usize = 24;

/// How captures, and what lies beside them, end.
const ENDINGS: [&str; 26] = [
    "pcap", "pcapng", "cap", "ntar", "dmp", "acp", "snoop", "erf", "gz", "zst", "lz4", "xz", "bz2",
    "tar", "tgz", "tzst", "txz", "tbz2", "zip", "keys", "keylog", "log", "txt", "csv", "json",
    "toml",
];

/// 8-4-4-4-12 hexadecimal digits (RFC 9562 §4): what Microsoft's correlation ids are.
pub(super) fn is_guid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// True for two labels or more of which the last begins with a letter: `sbc1.contoso.example`, and whatever looks like
/// it. Behind three labels numbers may follow: behind fewer it is a product's version.
pub(super) fn is_host(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let is_of_a_label =
        |byte: &u8| is_letter(byte) || byte.is_ascii_digit() || b"-_".contains(byte);
    let labels: Vec<&[u8]> = text
        .split(|&byte| byte == b'.')
        .filter(|label| !label.is_empty())
        .collect();
    let is_domain = |label: &&[u8]| label.len() > 1 && label.first().is_some_and(is_letter);
    let last = labels.iter().rposition(is_domain).unwrap_or(0);
    let is_last = last + 1 == labels.len();
    labels.iter().all(|label| label.iter().all(is_of_a_label)) && (is_last && last > 0 || last > 1)
}

/// How many such bytes there are in a row at most.
pub(super) fn longest(text: &[u8], is_such: fn(&u8) -> bool) -> usize {
    text.split(|byte| !is_such(byte))
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

/// True for what stands between words.
pub(super) fn divides(byte: u8) -> bool {
    b" \t;,=\"<>()^|/".contains(&byte)
}

impl Redaction {
    /// The stand-in of a host: an address, `host-xxxxxxxxxx.example` (RFC 2606), or itself where it is kept.
    pub(super) fn host(&self, written: &[u8]) -> Vec<u8> {
        let host = written.trim_ascii();
        let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
        let is_nobodys = NOBODYS.iter().any(|name| host == name.as_bytes());
        if host.is_empty() || is_nobodys || self.is_kept_host(&host) {
            return written.trim_ascii().to_vec();
        }
        if let Some(address) = address_in(&host) {
            return self.address(address).to_string().into_bytes();
        }
        // What is below .invalid is known to be no name to be found (RFC 7118 §5).
        let domain = if host.ends_with(b".invalid") {
            "invalid"
        } else {
            "example"
        };
        let name = self.secret.hex("host", &host, NAME_DIGITS);
        format!("host-{name}.{domain}").into_bytes()
    }

    /// The same where an IPv6 address has brackets.
    pub(super) fn host_in_uri(&self, written: &[u8]) -> Vec<u8> {
        let inner = written.trim_ascii();
        let inner = inner.strip_prefix(b"[").unwrap_or(inner);
        let host = self.host(inner.strip_suffix(b"]").unwrap_or(inner));
        if matches!(address_in(&host), Some(IpAddr::V6(_))) {
            [b"[", &host[..], b"]"].concat()
        } else {
            host
        }
    }

    /// Below Teams' hosts is what looks like a host: not whatever somebody put before one.
    fn is_kept_host(&self, host: &[u8]) -> bool {
        let is_of_a_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
        let is_plain = host.iter().all(is_of_a_host)
            && longest(host, u8::is_ascii_digit) < DIGITS_OF_A_NUMBER
            && address_in(host).is_none();
        self.kept.names.contains(host) || is_plain && self.teams.has_host(host)
    }

    /// The stand-in of a connection address: where it was no address of its type, neither is this.
    pub(super) fn connection_address(&self, written: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(written);
        if text.is_ok_and(|text| text.parse::<IpAddr>().is_ok()) {
            return self.host(written);
        }
        let is_dotted = written
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if written.iter().all(|byte| b"0.".contains(byte)) {
            return written.to_vec();
        }
        let hash = self.secret.hash("odd", written);
        if is_dotted {
            return format!("999.{}.{}.{}", hash[0], hash[1], hash[2]).into_bytes();
        }
        let mut host = self.host(written);
        if text.is_err() {
            host.push(0xFF);
        } else if written.contains(&b':') {
            host.push(b':');
        }
        host
    }

    /// The stand-in of a user part: a number, `user-xxxxxxxxxx`, or itself where it says that there is none to be told.
    /// What follows a semicolon are parameters.
    pub(super) fn user(&self, written: &[u8]) -> Vec<u8> {
        let end = written
            .iter()
            .position(|&byte| byte == b';')
            .unwrap_or(written.len());
        let (user, params) = written.split_at(end);
        let name = unescaped(user).trim_ascii().to_ascii_lowercase();
        let is_withheld = WITHHELD.iter().any(|word| name == word.as_bytes());
        let mut shown = if name.is_empty() {
            Vec::new()
        } else if is_withheld {
            name
        } else if let Some(number) = self.number(user) {
            number
        } else {
            let name = self.secret.hex("user", &name, NAME_DIGITS);
            format!("user-{name}").into_bytes()
        };
        shown.extend(self.params(params));
        shown
    }

    /// The stand-in of a Call-ID: 32 hexadecimal digits. Those of a list of them too, joined by `;`.
    pub(super) fn call_ids(&self, written: &[u8]) -> Vec<u8> {
        let ids: Vec<Vec<u8>> = written
            .split(|&byte| byte == b';')
            .map(|id| self.call_id(id))
            .collect();
        ids.join(&b';')
    }

    pub(super) fn call_id(&self, written: &[u8]) -> Vec<u8> {
        let written = written.trim_ascii();
        if written.is_empty() {
            return Vec::new();
        }
        self.secret.hex("call-id", written, 32).into_bytes()
    }

    /// The stand-in of what names something and tells nobody what: a tag, a branch, an id in a header.
    pub(super) fn token(&self, written: &[u8]) -> Vec<u8> {
        let written = written.trim_ascii();
        if written.is_empty() {
            return Vec::new();
        }
        self.secret.hex("token", written, 16).into_bytes()
    }

    /// A word that protocols use stays; one that looks like a host, an address, a number or nothing that a protocol has
    /// is replaced.
    pub(super) fn word(&self, written: &[u8]) -> Vec<u8> {
        let is_of_a_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._+*%!~'`".contains(byte);
        let is_plain = written.len() <= LONGEST_WORD && written.iter().all(is_of_a_word);
        if is_plain && (address_in(written).is_some() || is_host(written)) {
            return self.host(written);
        }
        let has_host = || written.split(|byte| b"+*%!~'`".contains(byte)).any(is_host);
        let has_number = || longest(written, u8::is_ascii_digit) >= DIGITS_OF_A_NUMBER;
        let has_key = || longest(written, u8::is_ascii_alphanumeric) > LETTERS_OF_A_WORD;
        if is_plain && !has_host() && !has_number() && !has_key() && !self.has_address(written) {
            return written.to_vec();
        }
        // The name of a suite has one, and nothing else stands in its place.
        let sign = if written.contains(&b'_') { "_" } else { "" };
        format!("x{sign}{}", self.secret.hex("word", written, 8)).into_bytes()
    }

    /// True where an IPv4 address stands among other signs.
    fn has_address(&self, text: &[u8]) -> bool {
        text.split(|byte| !byte.is_ascii_digit() && *byte != b'.')
            .map(|part| part.strip_suffix(b".").unwrap_or(part))
            .map(|part| part.strip_prefix(b".").unwrap_or(part))
            .any(|part| address_in(part).is_some_and(|address| self.address(address) != address))
    }

    /// Words between signs that divide them in a list, such as `audio RTP/SAVP;video RTP/AVP`.
    pub(super) fn words(&self, written: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(written.len());
        for part in written.chunk_by(|a, b| divides(*a) == divides(*b)) {
            if part.first().is_some_and(|byte| divides(*byte)) {
                shown.extend_from_slice(part);
            } else {
                shown.extend(self.word(part));
            }
        }
        shown
    }

    /// The stand-in of a capture's path: `capture-xxxxxxxxxx` with its ending. Standard input stays.
    pub fn path(&self, path: &Path) -> String {
        let written = path.display().to_string();
        if written == "-" {
            return written;
        }
        let name = written.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut endings: Vec<&str> = name
            .split('.')
            .skip(1)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .take_while(|ending| {
                let kind = ending.trim_end_matches(|digit: char| digit.is_ascii_digit());
                let digits = ending.len() - kind.len();
                digits < DIGITS_OF_A_NUMBER
                    && ENDINGS
                        .iter()
                        .any(|known| kind == *known || ending == known)
            })
            .collect();
        endings.reverse();
        let name = self.secret.hex("path", written.as_bytes(), NAME_DIGITS);
        let first = format!("capture-{name}");
        endings.insert(0, &first);
        endings.join(".")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Redaction;
    use super::is_host;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_host_is_one_in_any_case_and_teams_hosts_and_trunks_stay() {
        let redaction = Redaction::sample();
        let host = |written: &str| text(redaction.host(written.as_bytes()));
        assert!(host("pbx.contoso.example").starts_with("host-"));
        assert!(host("pbx.contoso.example").ends_with(".example"));
        assert_eq!(host("PBX.contoso.example."), host("pbx.contoso.example"));
        assert_ne!(host("pbx2.contoso.example"), host("pbx.contoso.example"));
        for kept in [
            "sip.pstnhub.microsoft.com",
            "SBC.contoso.example",
            "anonymous.invalid",
            "",
        ] {
            assert_eq!(host(kept), kept);
        }
        assert!(host("df7jal23ls0d.invalid").ends_with(".invalid"));
        assert!(host("10.1.2.3").starts_with("10."));
    }

    #[test]
    fn a_user_is_a_number_or_a_name() {
        let redaction = Redaction::sample();
        let user = |written: &str| text(redaction.user(written.as_bytes()));
        assert!(user("+49301234567").starts_with('+'));
        assert!(user("john.doe").starts_with("user-"));
        assert_eq!(user("Alice%20B"), user("alice b"));
        assert_eq!(user("Anonymous"), "anonymous");
        let with_context = user("+49301234567;phone-context=pbx.example");
        assert!(
            with_context.contains(";phone-context=host-"),
            "{with_context}"
        );
    }

    #[test]
    fn words_of_protocols_stay_and_what_hides_among_them_does_not() {
        let redaction = Redaction::sample();
        let word = |written: &str| text(redaction.word(written.as_bytes()));
        for kept in ["PCMU", "telephone-event", "AES_CM_128_HMAC_SHA1_80", "x"] {
            assert_eq!(word(kept), kept);
        }
        for hidden in [
            "pbx.example",
            "10.1.2.3",
            "ip-10.1.2.3_4",
            "+49301234567",
            "a@b",
            "\u{fc}",
        ] {
            assert_ne!(word(hidden), hidden);
        }
        assert_eq!(
            text(redaction.words(b"audio RTP/SAVP;opus/48000/2")),
            "audio RTP/SAVP;opus/48000/2"
        );
    }

    #[test]
    fn a_path_keeps_its_ending_alone() {
        let redaction = Redaction::sample();
        let path = |written: &str| redaction.path(Path::new(written));
        let shown = path("/home/alice/sbc1.contoso.pcap.gz");
        assert!(
            shown.starts_with("capture-") && shown.ends_with(".pcap.gz"),
            "{shown}"
        );
        assert_eq!(shown.matches('.').count(), 2);
        assert_eq!(path("a/x.pcap3").rsplit_once('.').unwrap().1, "pcap3");
        assert_eq!(path("-"), "-");
        assert_ne!(path("a/x.pcap"), path("b/x.pcap"));
    }

    #[test]
    fn a_version_is_no_host() {
        for version in [
            "7.40A.250.001",
            "v.2026.2.1",
            "1.10.9-release",
            "Q.850",
            "a",
            "",
        ] {
            assert!(!is_host(version.as_bytes()), "{version}");
        }
        for host in [
            "a.bc",
            "x..pbx.contoso.example",
            "pbx.contoso.example.5",
            "sbc_1.contoso.example.",
            "m\u{fc}ller.example",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
    }
}

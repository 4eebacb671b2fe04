//! What is said of TLS connections that could not be read: which, what is missing, and how to get it.

use serde::Serialize;
use serde::Serializer;

use crate::text::Text;
use crate::transport::tls::session::Missing;

use super::escape;

/// Groups of connections that a summary tells of.
pub const MAX_TOLD: usize = 1000;

/// TLS connections of the same two hosts that lack the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedConnections {
    /// The address that connected.
    pub client: String,
    /// `ip:port`, IPv6 in brackets, of the other end.
    pub server: String,
    /// The server's name in the client's hello (RFC 6066 §3).
    pub server_name: Option<Text<'static>>,
    /// `TLS 1.2`.
    pub version: Option<&'static str>,
    /// IANA's name of the suite.
    pub suite: Option<&'static str>,
    /// True where the server's RSA key alone opens them.
    pub has_rsa_key_exchange: bool,
    /// What is missing.
    pub missing: Missing,
    /// How many connections.
    pub connections: u64,
    /// How many packets of theirs were [`Encrypted`](crate::packet::Fate::Encrypted).
    pub packets: u64,
    /// True where the name, an address or the port says that they may carry SIP.
    pub may_be_sip: bool,
}

impl EncryptedConnections {
    /// Who talked to whom and how, in a line for people.
    pub fn who(&self) -> String {
        let name = self.server_name.as_ref().map(|name| {
            let name = String::from_utf8_lossy(name.as_bytes());
            format!(" ({})", escape::terminal(&name))
        });
        let agreed: Vec<&str> = self.version.into_iter().chain(self.suite).collect();
        let agreed = if agreed.is_empty() {
            String::new()
        } else {
            format!(", {}", agreed.join(" "))
        };
        format!(
            "{} to {}{}{agreed}",
            self.client,
            self.server,
            name.unwrap_or_default()
        )
    }

    /// What is missing, and how to get it.
    pub fn advice(&self) -> &'static str {
        match self.missing {
            Missing::Key if self.has_rsa_key_exchange => {
                "No key. Give the key log of that time with --keylog. Who has the server's RSA key makes one with: tshark -r CAPTURE -o uat:rsa_keys:'\"KEY.pem\",\"\"' --export-tls-session-keys FILE"
            }
            Missing::Key => {
                "No key. Give the TLS key log of that time with --keylog: the SBC's, or SSLKEYLOGFILE of its TLS library. Or export the SIP with Wireshark's File > Export PDUs, or let the SBC trace it. The server's RSA key does not help: each connection has keys of its own."
            }
            Missing::RightKey => {
                "The key log has a line for it that does not open it: the log is of another capture, or was cut."
            }
            Missing::Handshake => {
                "Its handshake is not in the capture, so that no key can be found. Add the earlier files of the ring, or begin the capture before the connection does."
            }
            Missing::Segments => {
                "Segments of its handshake are missing from the capture, so that no key can be found. Capture where no packet is dropped: on the SBC itself, or with a larger buffer (tcpdump -B 65536)."
            }
            Missing::Direction => {
                "Only one direction of it is in the capture, and the handshake takes both. Mirror both directions, and put the files of both into one run."
            }
            Missing::Bytes => {
                "The snap length cut its records off, and a cut record can't be decrypted. Capture with -s 0."
            }
            Missing::Data => {
                "Its handshake was not finished and nothing was sent behind it: there is nothing to decrypt. Look for a refused certificate."
            }
            Missing::Room => {
                "More of it had to be held than there is room for. Give the run fewer captures, or the connections of one SBC."
            }
            Missing::Suite => {
                "Its cipher suite is not decrypted here. Agree on AES-GCM on the SBC, or export the SIP with Wireshark's File > Export PDUs, or let the SBC trace it."
            }
        }
    }
}

impl Serialize for EncryptedConnections {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            client: &'a str,
            server: &'a str,
            server_name: Option<String>,
            version: Option<&'a str>,
            suite: Option<&'a str>,
            connections: u64,
            packets: u64,
            missing: &'static str,
            advice: &'static str,
        }
        let name = self.server_name.as_ref();
        Shown {
            client: &self.client,
            server: &self.server,
            server_name: name.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned()),
            version: self.version,
            suite: self.suite,
            connections: self.connections,
            packets: self.packets,
            missing: word(self.missing),
            advice: self.advice(),
        }
        .serialize(serializer)
    }
}

/// What is missing, in a word.
const fn word(missing: Missing) -> &'static str {
    match missing {
        Missing::Handshake => "handshake",
        Missing::Segments => "segments",
        Missing::Direction => "direction",
        Missing::Bytes => "bytes",
        Missing::Data => "data",
        Missing::Room => "room",
        Missing::Key => "key",
        Missing::RightKey => "right-key",
        Missing::Suite => "suite",
    }
}

#[cfg(test)]
mod tests {
    use super::EncryptedConnections;
    use super::Missing;
    use crate::text::Text;

    fn connections(missing: Missing, has_rsa_key_exchange: bool) -> EncryptedConnections {
        EncryptedConnections {
            client: "192.0.2.10".into(),
            server: "52.114.75.24:5061".into(),
            server_name: Some(Text::from("sip\x1b.pstnhub.microsoft.com")),
            version: Some("TLS 1.2"),
            suite: Some("TLS_RSA_WITH_AES_128_CBC_SHA"),
            has_rsa_key_exchange,
            missing,
            connections: 1,
            packets: 2,
            may_be_sip: true,
        }
    }

    #[test]
    fn a_server_name_can_not_drive_the_terminal() {
        assert!(!connections(Missing::Key, false).who().contains('\x1b'));
    }

    #[test]
    fn an_rsa_key_is_spoken_of_by_what_it_can_do() {
        assert!(
            connections(Missing::Key, true)
                .advice()
                .contains("--export-tls-session-keys")
        );
        assert!(
            connections(Missing::Key, false)
                .advice()
                .contains("RSA key does not help")
        );
    }
}

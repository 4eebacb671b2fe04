//! A SIP message in the making: a start line, headers in a maker's order and spelling, a body.

use std::net::SocketAddr;

/// Whose software a party runs: its headers' order, spelling and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agent {
    /// Microsoft's PSTN hub: names in upper case, From first.
    Teams,
    /// AudioCodes Mediant.
    AudioCodes,
    /// Ribbon SBC.
    Ribbon,
    /// Cisco Unified Border Element.
    Cube,
    /// A carrier's softswitch.
    Carrier,
}

impl Agent {
    /// The agent of a name in a ladder.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "teams" => Self::Teams,
            "audiocodes" => Self::AudioCodes,
            "ribbon" => Self::Ribbon,
            "cube" => Self::Cube,
            "carrier" => Self::Carrier,
            _ => return None,
        })
    }

    /// What its User-Agent and Server say.
    pub(crate) const fn product(self) -> &'static str {
        match self {
            Self::Teams => "Microsoft.PSTNHub.SIPProxy v.2026.3.9.2 i.EUNO.7",
            Self::AudioCodes => "Mediant VE SBC/v.7.40A.500.781",
            Self::Ribbon => "Ribbon SBC SWe Edge R12.1.1",
            Self::Cube => "Cisco-SIPGateway/IOS-17.9.4a",
            Self::Carrier => "Example-Softswitch/8.4.2",
        }
    }

    /// Its Allow.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Teams => "INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY",
            Self::AudioCodes => {
                "REGISTER,OPTIONS,INVITE,ACK,CANCEL,BYE,NOTIFY,PRACK,REFER,INFO,SUBSCRIBE,UPDATE"
            }
            Self::Ribbon => {
                "INVITE,ACK,CANCEL,BYE,REGISTER,REFER,INFO,SUBSCRIBE,NOTIFY,PRACK,UPDATE,OPTIONS"
            }
            Self::Cube => {
                "INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, INFO, REGISTER"
            }
            Self::Carrier => "INVITE,ACK,BYE,CANCEL,OPTIONS,PRACK,UPDATE,INFO",
        }
    }

    /// Its Supported, in a request.
    pub(crate) const fn supported(self) -> &'static str {
        match self {
            Self::Teams => "timer",
            Self::AudioCodes => "em,100rel,timer,replaces,path,resource-priority,sdp-anat",
            Self::Ribbon => "timer,replaces,update,norefersub",
            Self::Cube => "100rel,timer,resource-priority,replaces,sdp-anat",
            Self::Carrier => "100rel,timer",
        }
    }

    /// The order in which it writes headers; those not named come after Contact.
    const fn order(self) -> &'static [&'static str] {
        match self {
            Self::Teams => &[
                "From",
                "To",
                "CSeq",
                "Call-ID",
                "Max-Forwards",
                "Via",
                "Record-Route",
                "Reason",
                "Contact",
                "",
                "Content-Length",
                "Min-SE",
                "Supported",
                "User-Agent",
                "Content-Type",
                "Allow",
                "Server",
                "P-Asserted-Identity",
                "Privacy",
                "Session-Expires",
            ],
            Self::Cube => &[
                "Via",
                "From",
                "To",
                "Date",
                "Call-ID",
                "Supported",
                "Min-SE",
                "User-Agent",
                "Server",
                "Allow",
                "CSeq",
                "Max-Forwards",
                "Contact",
                "Reason",
                "",
                "Content-Type",
                "Content-Length",
            ],
            _ => &[
                "Via",
                "Max-Forwards",
                "From",
                "To",
                "Call-ID",
                "CSeq",
                "Contact",
                "Record-Route",
                "Supported",
                "Allow",
                "User-Agent",
                "Server",
                "Reason",
                "",
                "Content-Type",
                "Content-Length",
            ],
        }
    }
}

/// How headers are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `Call-ID`.
    Usual,
    /// `CALL-ID`.
    Upper,
    /// `i` (RFC 3261 §7.3.3), where there is such a form.
    Compact,
    /// The value on lines of its own (RFC 3261 §7.3.1).
    Folded,
}

const COMPACT: &[(&str, &str)] = &[
    ("Via", "v"),
    ("From", "f"),
    ("To", "t"),
    ("Call-ID", "i"),
    ("Contact", "m"),
    ("Content-Type", "c"),
    ("Content-Length", "l"),
    ("Supported", "k"),
];

/// One end of a trunk.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The host in its URIs.
    pub(crate) host: String,
    /// Its software.
    pub(crate) agent: Agent,
}

/// A SIP message before it is bytes.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Request line or status line.
    pub(crate) start: String,
    /// Names as in RFC 3261, and values.
    pub(crate) headers: Vec<(String, String)>,
    /// What follows the blank line.
    pub(crate) body: String,
}

impl Message {
    /// Adds a header at the end.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Changes a header, or removes it.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        let place = self
            .headers
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        match (place, value) {
            (Some(place), Some(value)) => value.clone_into(&mut self.headers[place].1),
            (Some(_), None) => self
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name)),
            (None, Some(value)) => self.push(name, value),
            (None, None) => panic!("there is no {name} to take away"),
        }
    }

    /// Puts the headers in an agent's order.
    pub(crate) fn arrange(&mut self, agent: Agent) {
        let order = agent.order();
        let others = order
            .iter()
            .position(|name| name.is_empty())
            .unwrap_or(order.len());
        self.headers.sort_by_key(|(name, _)| {
            order
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name))
                .unwrap_or(others)
        });
    }

    /// The bytes on the wire.
    pub(crate) fn render(&self, spelling: Spelling, line_end: &str) -> Vec<u8> {
        let mut text = format!("{}{line_end}", self.start);
        for (name, value) in &self.headers {
            let name = match spelling {
                Spelling::Usual | Spelling::Folded => name.clone(),
                Spelling::Upper => name.to_uppercase(),
                Spelling::Compact => COMPACT
                    .iter()
                    .find(|(long, _)| long.eq_ignore_ascii_case(name))
                    .map_or_else(|| name.clone(), |(_, short)| (*short).to_owned()),
            };
            let value = if spelling == Spelling::Folded {
                fold(value, line_end)
            } else {
                value.clone()
            };
            text.extend([&name, ": ", &value, line_end]);
        }
        text.push_str(line_end);
        text.push_str(&if line_end == "\n" {
            self.body.replace("\r\n", "\n")
        } else {
            self.body.clone()
        });
        text.into_bytes()
    }
}

/// A value begun on the next line, and broken before its first parameter.
fn fold(value: &str, line_end: &str) -> String {
    let broken = match value.split_once(";tag=") {
        Some((before, tag)) => format!("{before}{line_end}\t;tag={tag}"),
        None => value.to_owned(),
    };
    format!("{line_end} {broken}")
}

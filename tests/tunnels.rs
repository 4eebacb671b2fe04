//! SIP inside other packets: whatever carries it, the rows are those of the bare call.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not write its capture has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use assert_cmd::Command;
use etherparse::IpNumber;
use etherparse::Ipv4Header;
use etherparse::Ipv6Header;
use serde_json::Value;
use sip488::capture::record::LinkType;
use sip488::capture::record::Nanos;
use sip488::capture::record::Record;
use sip488::packet::decode;

use support::ladder::Ladder;
use support::ladder::MORNING;
use support::wire::Wire;

/// Packets of a refused call.
const REFUSED: &str = "link raw
sbc > teams  INVITE  with good
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// The same in fragments.
const IN_FRAGMENTS: &str = "link raw
mtu 576
sbc > teams  INVITE  with good
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// The same over TCP.
const OVER_TCP: &str = "link raw
transport tcp
sbc > teams  INVITE  with good
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// The same over IPv6.
const OVER_IPV6: &str = "link raw
party sbc [2001:0:cb00:7107::10]:5060 host=sbc-fra.contoso.example like=audiocodes
party teams [2001:db8::76]:5060 host=sip.pstnhub.microsoft.com like=teams
sbc > teams  INVITE  with good
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// Puts an IP packet into something.
type Wrap = fn(&[u8]) -> Vec<u8>;

/// IP packets that carry an IP packet.
const TUNNELS: &[(&str, Wrap)] = &[
    ("IP in IP", |ip| outer(if is_v6(ip) { 41 } else { 4 }, ip)),
    ("GRE", |ip| outer(47, &gre(0, ip))),
    ("GRE with checksum, key and sequence number", |ip| {
        let header = [&[0xB0, 0], &ether_type(ip)[..], &[0; 12]].concat();
        outer(47, &[&header, ip].concat())
    }),
    ("GRE in IPv6", |ip| outer_v6(IpNumber::GRE, &gre(0, ip))),
    ("NVGRE", |ip| {
        let header = b"\x20\0\x65\x58\0\x12\x34\0";
        outer(47, &[&header[..], &ethernet(ip)].concat())
    }),
    ("PPTP", |ip| {
        let frame = [b"\xFF\x03", &ppp(ip)[..]].concat();
        let header = b"\x30\x81\x88\x0B\0\x10\0\x01\0\0\0\x01\0\0\0\x01";
        outer(47, &[&header[..], &frame].concat())
    }),
    ("ERSPAN type I", |ip| {
        outer(47, &[b"\0\0\x88\xBE", &ethernet(ip)[..]].concat())
    }),
    ("ERSPAN type II", |ip| {
        let header = b"\x10\0\x88\xBE\0\0\0\x01\x10\x07\0\x01\0\0\0\0";
        outer(47, &[&header[..], &ethernet(ip)].concat())
    }),
    ("ERSPAN type III", |ip| {
        let header = b"\x10\0\x22\xEB\0\0\0\x01\x20\x07\0\x01\0\0\0\0\0\0\0\0";
        outer(47, &[&header[..], &ethernet(ip)].concat())
    }),
    ("ERSPAN type III with platform header, IP", |ip| {
        let header =
            b"\x10\0\x22\xEB\0\0\0\x01\x20\x07\0\x01\0\0\0\0\0\0\x08\x01\x01\x02\x03\x04\x05\x06\x07\x08";
        outer(47, &[&header[..], ip].concat())
    }),
    ("VXLAN", |ip| udp(4789, &[VXLAN, &ethernet(ip)].concat())),
    ("VXLAN on the old port of Linux", |ip| {
        udp(8472, &[VXLAN, &ethernet(ip)].concat())
    }),
    ("VXLAN-GPE", |ip| {
        let next = if is_v6(ip) { 2 } else { 1 };
        udp(4790, &[&[0x0C, 0, 0, next, 0, 0, 7, 0], ip].concat())
    }),
    ("NSH in VXLAN-GPE", |ip| {
        let next = if is_v6(ip) { 2 } else { 1 };
        let header = [0x0C, 0, 0, 4, 0, 0, 7, 0, 0, 2, 2, next, 0, 0, 7, 255];
        udp(4790, &[&header[..], ip].concat())
    }),
    ("Geneve with options", |ip| {
        let header = b"\x02\0\x65\x58\0\0\x07\0optsopts";
        udp(6081, &[&header[..], &ethernet(ip)].concat())
    }),
    ("Geneve with IP", |ip| {
        let header = [&[0, 0], &ether_type(ip)[..], &[0, 0, 7, 0]].concat();
        udp(6081, &[&header, ip].concat())
    }),
    ("GTP-U", |ip| udp(2152, &gtp_u(0x30, b"", ip))),
    ("GTP-U of 5G", |ip| {
        let fields = b"\0\0\0\x85\x01\x10\x09\0";
        udp(2152, &gtp_u(0x34, fields, ip))
    }),
    ("EtherIP", |ip| {
        outer(97, &[b"\x30\0", &ethernet(ip)[..]].concat())
    }),
    ("Ethernet in IP", |ip| outer(143, &ethernet(ip))),
    ("MPLS in IP", |ip| outer(137, &[LABELS, ip].concat())),
    ("L2TPv2", |ip| {
        let header = b"\x00\x02\0\x01\0\x01\xFF\x03";
        udp(1701, &[&header[..], &ppp(ip)].concat())
    }),
    ("L2TPv3 over UDP", |ip| {
        let header = b"\0\x03\0\0\0\0\0\x01\0\0\0\0";
        udp(1701, &[&header[..], &ethernet(ip)].concat())
    }),
    ("L2TPv3", |ip| {
        let header = b"\0\0\0\x01cookiesX\0\0\0\0";
        outer(115, &[&header[..], &ethernet(ip)].concat())
    }),
];

/// Link types, and what carries an IP packet on them.
const LINKS: &[(&str, u32, Wrap)] = &[
    ("Ethernet", 1, ethernet),
    ("MPLS", 1, |ip| frame(*b"\x88\x47", &[LABELS, ip].concat())),
    ("pseudowire", 1, |ip| {
        let carried = [LABELS, &ethernet(ip)].concat();
        frame(*b"\x88\x47", &carried)
    }),
    ("pseudowire with control word", 1, |ip| {
        let carried = [LABELS, b"\0\0\0\0", &ethernet(ip)].concat();
        frame(*b"\x88\x47", &carried)
    }),
    ("PPPoE", 1, |ip| frame(*b"\x88\x64", &pppoe(ip))),
    ("VLAN, MPLS, PPPoE", 1, |ip| {
        let session = frame(*b"\x88\x64", &pppoe(ip));
        let carried = [b"\0\x07\x88\x47", LABELS, &session].concat();
        frame(*b"\x81\x00", &carried)
    }),
    ("802.1ah", 1, |ip| {
        frame(*b"\x88\xE7", &[b"\0\0\0\x07", &ethernet(ip)[..]].concat())
    }),
    ("TRILL", 1, |ip| {
        frame(
            *b"\x22\xF3",
            &[b"\0\x3F\0\x01\0\x02", &ethernet(ip)[..]].concat(),
        )
    }),
    ("VN-Tag", 1, |ip| {
        frame(*b"\x89\x26", &[b"\0\0\0\x07", &ethernet(ip)[12..]].concat())
    }),
    ("NSH", 1, |ip| {
        let header = b"\0\x02\x02\x03\0\0\x07\xFF";
        frame(*b"\x89\x4F", &[&header[..], &ethernet(ip)].concat())
    }),
    ("LLC and SNAP", 1, |ip| frame(*b"\x05\xDC", &snap(ip))),
    ("PPP", 9, ppp),
    ("PPP with HDLC framing", 50, |ip| {
        [b"\xFF\x03", &ppp(ip)[..]].concat()
    }),
    ("PPPoE without Ethernet", 51, pppoe),
    ("Cisco HDLC", 104, |ip| {
        [b"\x0F\0", &ether_type(ip)[..], ip].concat()
    }),
    ("bare MPLS", 219, |ip| [LABELS, ip].concat()),
    ("802.11", 105, |ip| [DATA_FRAME, &snap(ip)].concat()),
    ("802.11 QoS with radiotap", 127, |ip| {
        let radiotap = b"\0\0\x09\0\x02\0\0\0\x10";
        let mut header = DATA_FRAME.to_vec();
        header[0] = 0x88;
        [
            &radiotap[..],
            &header,
            b"\0\0",
            &snap(ip),
            b"\x12\x34\x56\x78",
        ]
        .concat()
    }),
    ("802.11 with Prism", 119, |ip| {
        [&[0x44; 144], DATA_FRAME, &snap(ip)].concat()
    }),
    ("NFLOG", 239, |ip| {
        let family = if is_v6(ip) { 10 } else { 2 };
        let length = u16::try_from(ip.len() + 4).unwrap().to_le_bytes();
        [&[family, 0, 0, 0], &length[..], &[9, 0], ip].concat()
    }),
    ("PKTAP", 258, |ip| {
        let mut header = [0; 108];
        (header[0], header[4], header[8]) = (108, 1, 1);
        [&header[..], &ethernet(ip)].concat()
    }),
];

const VXLAN: &[u8] = b"\x08\0\0\0\0\0\x07\0";
/// Two labels, the second of which is the last.
const LABELS: &[u8] = b"\0\x01\0\x40\0\x01\x01\x40";
/// To the distribution system, no QoS.
const DATA_FRAME: &[u8] =
    b"\x08\x01\0\0\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\0\0";

fn is_v6(ip: &[u8]) -> bool {
    ip[0] >> 4 == 6
}

fn ether_type(ip: &[u8]) -> [u8; 2] {
    if is_v6(ip) {
        [0x86, 0xDD]
    } else {
        [0x08, 0x00]
    }
}

fn frame(ether_type: [u8; 2], carried: &[u8]) -> Vec<u8> {
    [
        b"\0\x1B\x21\0\0\x01\0\x1B\x21\0\0\x02",
        &ether_type[..],
        carried,
    ]
    .concat()
}

fn ethernet(ip: &[u8]) -> Vec<u8> {
    frame(ether_type(ip), ip)
}

fn snap(ip: &[u8]) -> Vec<u8> {
    [b"\xAA\xAA\x03\0\0\0", &ether_type(ip)[..], ip].concat()
}

fn ppp(ip: &[u8]) -> Vec<u8> {
    let protocol = if is_v6(ip) { [0, 0x57] } else { [0, 0x21] };
    [&protocol[..], ip].concat()
}

fn pppoe(ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
    [b"\x11\0\0\x01", &length[..], &ppp(ip)].concat()
}

fn gre(flags: u8, ip: &[u8]) -> Vec<u8> {
    [&[flags, 0], &ether_type(ip)[..], ip].concat()
}

fn gtp_u(flags: u8, fields: &[u8], ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fields.len() + ip.len())
        .unwrap()
        .to_be_bytes();
    [&[flags, 0xFF], &length[..], b"\0\0\0\x07", fields, ip].concat()
}

/// The ends of a tunnel.
const ENDS: [[u8; 4]; 2] = [[203, 0, 113, 1], [203, 0, 113, 2]];

fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut header = Ipv4Header::new(length, 64, protocol.into(), ENDS[0], ENDS[1]).unwrap();
    header.header_checksum = header.calc_header_checksum();
    [&header.to_bytes()[..], payload].concat()
}

fn outer_v6(protocol: IpNumber, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header {
        payload_length: u16::try_from(payload.len()).unwrap(),
        next_header: protocol,
        hop_limit: 64,
        source: [0x20; 16],
        destination: [0x21; 16],
        ..Ipv6Header::default()
    };
    [&header.to_bytes()[..], payload].concat()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    udp_in_fragments(port, payload, usize::MAX).remove(0)
}

fn udp_in_fragments(port: u16, payload: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    let [from, to] = ENDS.map(Ipv4Addr::from);
    // The identification is the same for each datagram of the same bytes alone.
    let sum = payload.iter().fold(0_u16, |sum, byte| {
        sum.rotate_left(3).wrapping_add(u16::from(*byte))
    });
    Wire::counting_from(sum).datagram(
        SocketAddr::from((from, 50_000)),
        SocketAddr::from((to, port)),
        payload,
        mtu,
    )
}

/// Times and IP packets of a ladder.
fn packets(ladder: &str) -> Vec<(u64, Vec<u8>)> {
    let packets = Ladder::play(ladder, MORNING).packets;
    packets
        .into_iter()
        .map(|packet| (packet.time, packet.bytes))
        .collect()
}

/// A capture of frames; a cut takes the frame and says how much of it is kept.
fn pcap(link: u32, frames: &[(u64, Vec<u8>)], kept: impl Fn(usize) -> usize) -> Vec<u8> {
    let mut file = b"\xD4\xC3\xB2\xA1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0".to_vec();
    file.extend(link.to_le_bytes());
    for (place, (time, frame)) in frames.iter().enumerate() {
        let kept = &frame[..kept(place).min(frame.len())];
        let micros = time % 1_000_000_000 / 1_000;
        for field in [
            time / 1_000_000_000,
            micros,
            kept.len() as u64,
            frame.len() as u64,
        ] {
            file.extend(u32::try_from(field).unwrap().to_le_bytes());
        }
        file.extend(kept);
    }
    file
}

/// What the program makes of a capture: the rows, cells by column, and the fates of the packets.
#[derive(Debug, PartialEq)]
struct Told {
    rows: Vec<BTreeMap<String, String>>,
    fates: BTreeMap<String, u64>,
}

impl Told {
    fn by(capture: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("call.pcap"), capture).unwrap();
        let output = Command::cargo_bin("sip488")
            .unwrap()
            .current_dir(folder.path())
            .args(["analyze", "-q", "call.pcap", "-o", "calls.csv"])
            .args(["--summary", "summary.json"])
            .output()
            .unwrap();
        assert!(
            output.status.code().is_some_and(|status| status < 2),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rows = csv::Reader::from_path(folder.path().join("calls.csv"))
            .unwrap()
            .deserialize()
            .collect::<Result<_, _>>()
            .unwrap();
        let summary = fs::read(folder.path().join("summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        let fates = summary["packets"].as_object().unwrap();
        let counted = fates.iter().filter(|(_, count)| *count != 0);
        Self {
            rows,
            fates: counted
                .map(|(fate, count)| (fate.clone(), count.as_u64().unwrap()))
                .collect(),
        }
    }

    fn of_frames(link: u32, frames: &[(u64, Vec<u8>)]) -> Self {
        Self::by(&pcap(link, frames, |_| usize::MAX))
    }

    fn without_frame_numbers(mut self) -> Self {
        for row in &mut self.rows {
            row.retain(|column, _| !column.ends_with("_frame"));
        }
        self
    }
}

fn wrapped(packets: &[(u64, Vec<u8>)], wraps: &[Wrap]) -> Vec<(u64, Vec<u8>)> {
    let wrap = |ip: &[u8]| {
        wraps
            .iter()
            .fold(ip.to_vec(), |carried, wrap| wrap(&carried))
    };
    packets.iter().map(|(time, ip)| (*time, wrap(ip))).collect()
}

fn tunnel(name: &str) -> Wrap {
    let found = TUNNELS.iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

fn link(name: &str) -> (u32, Wrap) {
    let found = LINKS.iter().find(|(other, ..)| *other == name);
    let (_, link, wrap) = found.unwrap_or_else(|| panic!("no {name}"));
    (*link, *wrap)
}

const RAW: u32 = 101;

#[test]
fn a_call_has_the_same_row_in_each_tunnel() {
    for ladder in [REFUSED, IN_FRAGMENTS, OVER_TCP, OVER_IPV6] {
        let packets = packets(ladder);
        let bare = Told::of_frames(RAW, &packets);
        assert_eq!((bare.rows.len(), bare.fates.get("sip")), (1, Some(&3)));
        for (name, wrap) in TUNNELS {
            let inside = Told::of_frames(RAW, &wrapped(&packets, &[*wrap]));
            assert_eq!(inside, bare, "{name}: {ladder}");
        }
    }
}

#[test]
fn a_call_has_the_same_row_on_each_link() {
    for ladder in [REFUSED, IN_FRAGMENTS, OVER_TCP, OVER_IPV6] {
        let packets = packets(ladder);
        let bare = Told::of_frames(RAW, &packets);
        for (name, link, wrap) in LINKS {
            let inside = Told::of_frames(*link, &wrapped(&packets, &[*wrap]));
            assert_eq!(inside, bare, "{name}: {ladder}");
        }
    }
}

#[test]
fn teredo_carries_ipv6() {
    let packets = packets(OVER_IPV6);
    let bare = Told::of_frames(RAW, &packets);
    let plain: Wrap = |ip| udp(3544, ip);
    let with_headers: Wrap = |ip| {
        let headers = b"\0\x01\0\0noncenonC\0\0\x12\x34\x01\x02\x03\x04";
        udp(3544, &[&headers[..], ip].concat())
    };
    for wrap in [plain, with_headers] {
        assert_eq!(Told::of_frames(RAW, &wrapped(&packets, &[wrap])), bare);
    }
}

#[test]
fn tunnels_in_tunnels_are_taken_off_one_after_another() {
    let packets = packets(REFUSED);
    let bare = Told::of_frames(RAW, &packets);
    for names in [
        &["VXLAN", "GRE"][..],
        &["GTP-U", "VXLAN"],
        &["IP in IP", "GTP-U of 5G", "Geneve with IP", "MPLS in IP"],
        &["NVGRE", "ERSPAN type II", "GRE in IPv6"],
        &["PPTP", "L2TPv2", "ERSPAN type III"],
    ] {
        for on in ["Ethernet", "VLAN, MPLS, PPPoE", "802.11 QoS with radiotap"] {
            let (number, frame) = link(on);
            let mut wraps: Vec<Wrap> = names.iter().map(|name| tunnel(name)).collect();
            wraps.push(frame);
            let inside = Told::of_frames(number, &wrapped(&packets, &wraps));
            assert_eq!(inside, bare, "{names:?} on {on}");
        }
    }
}

#[test]
fn more_tunnels_than_anybody_builds_are_not_decoded() {
    let packets = packets(REFUSED);
    let told = Told::of_frames(RAW, &wrapped(&packets, &[tunnel("IP in IP"); 40]));
    assert_eq!(told.fates.get("unsupported"), Some(&3));
}

#[test]
fn a_tunnel_whose_own_packets_are_fragments_is_read() {
    for ladder in [REFUSED, IN_FRAGMENTS, OVER_TCP] {
        let packets = packets(ladder);
        let bare = Told::of_frames(RAW, &packets).without_frame_numbers();
        for (port, header) in [
            (4789, &[VXLAN, &ethernet(&packets[0].1)[..14]].concat()[..]),
            (2152, b"\x30\xFF\0\0\0\0\0\x07"),
        ] {
            let frames: Vec<(u64, Vec<u8>)> = packets
                .iter()
                .flat_map(|(time, ip)| {
                    let pieces = udp_in_fragments(port, &[header, ip].concat(), 300);
                    pieces.into_iter().map(|piece| (*time, piece))
                })
                .collect();
            assert!(frames.len() > packets.len());
            let told = Told::of_frames(RAW, &frames).without_frame_numbers();
            assert_eq!(told.rows, bare.rows, "port {port}: {ladder}");
            assert_eq!(told.fates.get("sip"), Some(&3), "port {port}: {ladder}");
        }
    }
}

#[test]
fn what_the_snap_length_cuts_inside_a_tunnel_is_truncated() {
    let packets = packets(REFUSED);
    let raw = TUNNELS.iter().map(|(name, wrap)| (*name, RAW, *wrap));
    for (name, link, wrap) in raw.chain(LINKS.iter().copied()) {
        let frames = wrapped(&packets, &[wrap]);
        // In the inner IP header, in the inner UDP header, in the message.
        for inside in [1, 10, 24, 28, 200] {
            let kept = |place: usize| {
                let (frame, ip) = (&frames[place].1, &packets[place].1);
                let place = frame.windows(ip.len()).position(|part| part == ip);
                place.unwrap() + inside
            };
            let told = Told::by(&pcap(link, &frames, kept));
            assert_eq!(
                told.fates,
                BTreeMap::from([("total".to_owned(), 3), ("truncated".to_owned(), 3)]),
                "{name}, {inside} bytes of the packet inside"
            );
        }
    }
}

#[test]
fn sip_on_the_port_of_a_tunnel_is_sip() {
    for port in [1701, 2152, 3544, 4789, 4790, 6081, 8472] {
        let party = format!("party sbc 192.0.2.10:{port} host=sbc.example like=audiocodes\n");
        let told = Told::of_frames(RAW, &packets(&(party + REFUSED)));
        assert_eq!(told.rows.len(), 1, "{port}");
        assert_eq!(told.fates.get("sip"), Some(&3), "{port}");
    }
}

/// Each byte of the headers with each value, and each length: whatever the answer, there is one.
#[test]
fn no_damaged_header_stops_the_program() {
    let packets = packets(REFUSED);
    let ip = &packets[0].1[..60];
    let mut frames: Vec<(u32, Vec<u8>)> = Vec::new();
    for (_, wrap) in TUNNELS {
        frames.push((RAW, wrap(ip)));
        frames.push((RAW, tunnel("GTP-U of 5G")(&wrap(ip))));
    }
    frames.extend(LINKS.iter().map(|(_, link, wrap)| (*link, wrap(ip))));
    for (link, mut bytes) in frames {
        let link = LinkType(u16::try_from(link).unwrap());
        for place in 0..bytes.len() {
            let whole = bytes[place];
            for value in 0..=255 {
                bytes[place] = value;
                for data in [&bytes[..], &bytes[..bytes.len() / 2]] {
                    let _ = decode(&Record {
                        time: Nanos(0),
                        link,
                        original_len: 0,
                        data,
                    });
                }
            }
            bytes[place] = whole;
            let _ = decode(&Record {
                time: Nanos(0),
                link,
                original_len: u32::MAX,
                data: &bytes[..place],
            });
        }
    }
}

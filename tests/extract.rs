//! `sip488 extract`: the packets of some calls as a capture of their own, from outside.
#![cfg(feature = "extract")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test that can not read its files has failed"
)]

#[path = "support/place.rs"]
mod place;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use place::Place;
use place::code;
use place::err;
use support::ladder::Ladder;
use support::ladder::MORNING;
use support::mirror;
use support::wire::Packet;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What may differ: another file has other frames.
const PLACES: [&str; 4] = ["file", "invite_frame", "response_file", "response_frame"];

/// The rows of some captures, by the names of their columns, without what may differ.
fn rows(place: &Place, words: &[&str]) -> Vec<BTreeMap<String, String>> {
    let output = place.run(&[&["analyze", "-q", "-o", "rows.csv"], words].concat());
    assert!(code(&output) < Some(2), "{words:?}: {}", err(&output));
    let text = place.read("rows.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows: Vec<BTreeMap<String, String>> = reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect();
    for row in &mut rows {
        row.retain(|column, _| !PLACES.contains(&column.as_str()));
    }
    rows
}

/// The Call-IDs of rows.
fn ids(rows: &[BTreeMap<String, String>]) -> BTreeSet<String> {
    rows.iter().map(|row| row["call_id"].clone()).collect()
}

/// Extracts the calls of these Call-IDs.
fn extract(place: &Place, capture: &str, ids: &BTreeSet<String>, words: &[&str]) -> String {
    let mut all = vec!["extract", capture, "-o", "out.pcapng"];
    for id in ids {
        all.extend(["--call-id", id]);
    }
    all.extend(words);
    let output = place.run(&all);
    assert!(code(&output) < Some(2), "{capture}: {}", err(&output));
    err(&output)
}

/// Holds the law for one capture: the rows of its calls, all of them and each alone, are those of the packets extracted.
fn holds(capture: &Path) -> usize {
    let place = Place::new();
    let name = capture.display().to_string();
    let all = rows(&place, &[&name]);
    if all.is_empty() {
        return 0;
    }
    let said = extract(&place, &name, &ids(&all), &["--with-keys"]);
    if said.contains("in WebSocket frames") {
        return 0;
    }
    assert_eq!(rows(&place, &["out.pcapng"]), all, "{name}: {said}");
    all.len()
}

/// All captures below a folder of the repository.
fn captures(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            let is_capture = |path: &Path| {
                let name = path.display().to_string();
                [".pcap", ".pcapng", ".pcap.gz"]
                    .iter()
                    .any(|end| name.ends_with(end))
            };
            if path.is_dir() {
                folders.push(path);
            } else if is_capture(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_packets_of_all_calls_give_the_rows_of_the_capture() {
    let captures = captures("captures");
    let held: usize = captures.iter().map(|capture| holds(capture)).sum();
    assert!(captures.len() > 20 && held > 200, "{held}");
}

#[test]
fn so_do_those_of_tls_websocket_and_proxies() {
    let captures = captures("tests/decryption");
    let held = captures.iter().filter(|capture| holds(capture) > 0).count();
    assert!(held > 40, "{held} of {}", captures.len());
}

/// The keys of two calls.
const KEYS: [&str; 2] = [
    "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "NzB4d1BINUh2M0dKdUlyVzdqSm9kb2tQNXcvUEE9",
];

/// Two calls that meet a 488, with offers that have these keys.
const TWO_CALLS: &str = "offer one = good
  drop a=crypto
  add a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$ONE|2^31|1:1
offer two = good
  drop a=crypto
  add a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$TWO|2^31|1:1
$SETTINGS
sbc > teams  INVITE  with one $FIRST
teams > sbc  488  reason=srtp
sbc > teams  ACK  $LAST
call second
sbc > teams  INVITE  with two
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// How the packets of both calls go: a name, the settings, and words after the first message and after the last of the first call.
const CARRIAGES: [[&str; 4]; 9] = [
    ["udp", "", "", ""],
    ["fragments", "mtu 576", "", ""],
    ["fragments in disorder", "mtu 576", "order=3,1,2", ""],
    ["vlan", "link vlan 120", "", ""],
    ["raw", "link raw", "", ""],
    ["tcp", "transport tcp", "", ""],
    ["small segments", "transport tcp\nmss 100", "", ""],
    ["disorder", "transport tcp\nmss 300", "order=2,1,4,5,3", ""],
    ["shared segments", "transport tcp\nmss 90", "", "join"],
];

/// Two calls with packets that go so.
fn two_calls([_, settings, first, last]: [&str; 4]) -> String {
    let [one, two] = KEYS;
    let filled = TWO_CALLS.replace("$ONE", one).replace("$TWO", two);
    let filled = filled.replace("$SETTINGS", settings);
    filled.replace("$FIRST", first).replace("$LAST", last)
}

/// A ladder as a capture, and its Call-IDs.
fn played(text: &str, place: &Place) -> BTreeSet<String> {
    let ladder = Ladder::play(text, MORNING);
    place.put("x.pcap", &ladder.render()[0]);
    ids(&rows(place, &["x.pcap"]))
}

#[test]
fn a_call_alone_gives_its_row_and_no_other() {
    for carriage in CARRIAGES {
        let place = Place::new();
        let all = played(&two_calls(carriage), &place);
        assert_eq!(all.len(), 2, "{carriage:?}");
        let whole = rows(&place, &["x.pcap"]);
        for id in &all {
            extract(&place, "x.pcap", &BTreeSet::from([id.clone()]), &[]);
            let is_its = |row: &&BTreeMap<String, String>| row["call_id"] == *id;
            let row: Vec<_> = whole.iter().filter(is_its).cloned().collect();
            let mut extracted = rows(&place, &["out.pcapng"]);
            if carriage[3] == "join" {
                // A segment of both calls brings what it has of the other.
                extracted.retain(|row| row["call_id"] == *id);
            }
            assert_eq!(extracted, row, "{carriage:?}");
        }
    }
}

#[test]
fn no_key_is_in_the_packets_however_they_are_cut() {
    const PART: usize = 6;
    let has = |bytes: &[u8], part: &str| {
        let mut windows = bytes.windows(part.len());
        windows.any(|window| window == part.as_bytes())
    };
    for carriage in CARRIAGES {
        let place = Place::new();
        let all = played(&two_calls(carriage), &place);
        let before = std::fs::read(place.path("x.pcap")).expect("the capture");
        for wanted in all
            .iter()
            .map(|id| BTreeSet::from([id.clone()]))
            .chain([all.clone()])
        {
            let said = extract(&place, "x.pcap", &wanted, &[]);
            assert!(!said.contains(" 0 keys"), "{carriage:?}: {said}");
            let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
            for key in KEYS {
                let parts = (0..key.len() - PART).map(|from| &key[from..from + PART]);
                assert!(parts.clone().any(|part| has(&before, part)));
                for part in parts {
                    assert!(!has(&out, part), "{carriage:?}: {part} of {key}");
                }
            }
        }
    }
}

#[test]
fn a_segment_that_was_sent_again_comes_too() {
    let place = Place::new();
    let text = two_calls(["", "transport tcp\nmss 300", "repeat=1", ""]);
    played(&text, &place);
    let first = rows(&place, &["x.pcap"])[0]["call_id"].clone();
    extract(&place, "x.pcap", &BTreeSet::from([first]), &[]);
    let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
    let windows = out.windows(11).filter(|window| window == b"INVITE sip:");
    assert_eq!(windows.count(), 2);
}

#[test]
fn what_is_compressed_inside_is_left_out_and_told() {
    use std::io::Write;
    let place = Place::new();
    let ladder = Ladder::play(&two_calls(["", "link raw", "", ""]), MORNING);
    let mirrored = |packet: &Packet, is_compressed: bool| {
        let message = mirror::message_in(packet.time, &packet.bytes);
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&message.bytes).expect("memory");
        let packed = encoder.finish().expect("memory");
        let payload = if is_compressed {
            mirror::hep3(&message, 1, &mirror::chunk(0x0010, &packed))
        } else {
            mirror::plain_hep3(&message)
        };
        (packet.time, mirror::mirrored(9060, &payload))
    };
    for (compressed, said) in [(6, "0 packets of 2 calls"), (3, "3 packets of 2 calls")] {
        let packets = ladder.packets.iter().enumerate();
        let records = packets.map(|(place, packet)| mirrored(packet, place < compressed));
        let records: Vec<mirror::Record> = records.collect();
        place.put("x.pcap", &mirror::capture(101, &records));
        let all: Vec<String> = ids(&rows(&place, &["x.pcap"])).into_iter().collect();
        assert_eq!(all.len(), 2);
        let words = [
            "extract",
            "x.pcap",
            "-o",
            "out.pcapng",
            "--call-id",
            &all[0],
        ];
        let output = place.run(&[&words[..], &["--call-id", &all[1]]].concat());
        assert!(err(&output).contains(said), "{}", err(&output));
        let left_out = format!("{compressed} messages left out");
        assert!(err(&output).contains(&left_out), "{}", err(&output));
        // Not everything is written.
        assert_eq!(code(&output), Some(1), "{}", err(&output));
    }
}

#[test]
fn tls_is_copied_whole_and_opened_by_the_keys_alone_that_are_asked_for() {
    let place = Place::new();
    for name in ["tls.pcap", "tls.keylog"] {
        let bytes = std::fs::read(format!("{ROOT}/captures/wrapped/{name}"));
        place.put(name, &bytes.expect("the sample"));
    }
    let strangers = format!("CLIENT_RANDOM {} {}\n", "ab".repeat(32), "cd".repeat(48));
    let keys = place.read("tls.keylog") + &strangers;
    place.put("tls.keylog", keys.as_bytes());
    let all = rows(&place, &["tls.pcap"]);
    let said = extract(&place, "tls.pcap", &ids(&all), &[]);
    assert!(said.contains("nobody can read them"), "{said}");
    assert!(rows(&place, &["out.pcapng"]).is_empty());
    let said = extract(&place, "tls.pcap", &ids(&all), &["--with-keys"]);
    assert!(said.contains("whoever has the file"), "{said}");
    assert_eq!(rows(&place, &["out.pcapng"]), all);
    let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
    assert!(!String::from_utf8_lossy(&out).contains(&"ab".repeat(32)));
}

#[test]
fn all_refused_calls_are_those_with_a_488() {
    let place = Place::new();
    let night = format!("{ROOT}/captures/night");
    let output = place.run(&["extract", &night, "-o", "out.pcapng", "--only-488"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let refused = rows(&place, &["--only-488", &night]);
    let extracted = rows(&place, &["out.pcapng"]);
    assert_eq!(ids(&extracted), ids(&refused));
    assert!(extracted.iter().all(|row| row["rejections"] != "0"));
}

#[test]
fn the_other_legs_come_where_they_are_asked_for() {
    let place = Place::new();
    let both = format!("{ROOT}/captures/two-carriers");
    let id = BTreeSet::from(["2499519644907@192.0.2.30".to_owned()]);
    extract(&place, &both, &id, &[]);
    assert_eq!(ids(&rows(&place, &["out.pcapng"])), id);
    extract(&place, &both, &id, &["--with-legs"]);
    assert_eq!(ids(&rows(&place, &["out.pcapng"])).len(), 2);
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_is_written() {
    let place = Place::new();
    played(&two_calls(CARRIAGES[0]), &place);
    let refused: [(&[&str], i32, &str); 5] = [
        (&["x.pcap", "-o", "out.pcapng"], 2, "--call-id"),
        (&["-", "-o", "out.pcapng", "--only-488"], 2, "read twice"),
        (
            &["x.pcap", "-o", "x.pcap", "--only-488"],
            2,
            "would be replaced",
        ),
        (
            &["none.pcap", "-o", "out.pcapng", "--only-488"],
            2,
            "none.pcap",
        ),
        (
            &["x.pcap", "-o", "out.pcapng", "--call-id", "no"],
            1,
            "no call with the Call-ID no",
        ),
    ];
    for (words, status, said) in refused {
        let mut command = place.command(&[&["extract"], words].concat());
        let output = command
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        assert_eq!(code(&output), Some(status), "{words:?}: {}", err(&output));
        assert!(err(&output).contains(said), "{words:?}: {}", err(&output));
        assert!(!place.names().contains(&"out.pcapng".to_owned()));
    }
}

/// What tshark says of a capture, in words: methods, statuses and Call-IDs of its SIP, and of wrong checksums.
fn tshark(path: &Path, filter: &str) -> Option<Vec<String>> {
    let mut command = Command::new("tshark");
    for check in ["ip", "udp", "tcp", "sctp"] {
        let checks = if check == "sctp" {
            "checksum"
        } else {
            "check_checksum"
        };
        let value = if check == "sctp" { "CRC32C" } else { "TRUE" };
        command.args(["-o", &format!("{check}.{checks}:{value}")]);
    }
    let fields = ["sip.CSeq", "sip.Call-ID", "sip.Status-Code"];
    let fields = fields.iter().flat_map(|field| ["-e", *field]);
    command.args(["-d", "udp.port==5061,sip", "-d", "tcp.port==5061,sip"]);
    command
        .args(["-2", "-Y", filter, "-T", "fields"])
        .args(fields);
    let output = command.arg("-r").arg(path).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(said.lines().map(str::to_owned).collect())
}

#[test]
fn tshark_reads_the_same_messages_and_every_checksum_is_right() {
    let place = Place::new();
    if tshark(&Path::new(ROOT).join("captures/verdicts.pcapng"), "sip").is_none() {
        println!("skipped: there is no tshark");
        return;
    }
    let wrong = "ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0";
    for carriage in CARRIAGES {
        let all = played(&two_calls(carriage), &place);
        extract(&place, "x.pcap", &all, &[]);
        let of = |file: &str, filter| tshark(&place.path(file), filter).expect("tshark");
        let before = of("x.pcap", "sip");
        assert_eq!(of("out.pcapng", "sip"), before, "{carriage:?}");
        assert!(!before.is_empty(), "{carriage:?}");
        let unchanged = of("x.pcap", wrong).len();
        assert_eq!(of("out.pcapng", wrong).len(), unchanged, "{carriage:?}");
    }
}

/// Puts an IP packet into something.
type Wrap = fn(&[u8]) -> Vec<u8>;

/// What carries IP packets: with odd places, so that no word of the outer is one of the inner.
const TUNNELS: [(&str, Wrap); 3] = [
    ("VXLAN", |ip| {
        let carried = [b"\x08\0\0\0\0\0\x07\0", &mirror::ethernet(ip)[..]].concat();
        mirror::mirrored(4789, &carried)
    }),
    ("GRE", |ip| {
        let [from, to] = ENDS.map(|end| end.parse().expect("an address"));
        mirror::ip_packet(from, to, 47, &[b"\0\0\x08\0", ip].concat())
    }),
    ("L2TP with a short protocol number", |ip| {
        mirror::mirrored(1701, &[b"\x00\x02\0\x01\0\x01\x21", ip].concat())
    }),
];

#[test]
fn packets_in_tunnels_give_the_row_and_have_no_key() {
    for (name, wrap) in TUNNELS {
        for settings in ["mtu 576\nlink raw", "transport tcp\nmss 300\nlink raw"] {
            let place = Place::new();
            let ladder = Ladder::play(&two_calls(["", settings, "", ""]), MORNING);
            let packets = ladder.packets.iter();
            let records: Vec<mirror::Record> = packets
                .map(|packet| (packet.time, wrap(&packet.bytes)))
                .collect();
            place.put("x.pcap", &mirror::capture(101, &records));
            let whole = rows(&place, &["x.pcap"]);
            assert_eq!(whole.len(), 2, "{name}");
            let first = BTreeSet::from([whole[0]["call_id"].clone()]);
            extract(&place, "x.pcap", &first, &[]);
            assert_eq!(rows(&place, &["out.pcapng"]), whole[..1], "{name}");
            let out = std::fs::read(place.path("out.pcapng")).expect("the capture");
            let text = String::from_utf8_lossy(&out);
            assert!(KEYS.iter().all(|key| !text.contains(&key[4..12])), "{name}");
        }
    }
}

/// Two ends of an SCTP association.
const ENDS: [&str; 2] = ["192.0.2.10:5060", "52.114.7.24:5060"];

#[test]
fn a_message_in_chunks_of_sctp_comes_whole_and_its_checksum_is_renewed() {
    let place = Place::new();
    let ladder = Ladder::play(&two_calls(["", "link raw", "", ""]), MORNING);
    let ends: [SocketAddr; 2] = ENDS.map(|end| end.parse().expect("an address"));
    let mut records: Vec<mirror::Record> = Vec::new();
    let mut number = 1_u32;
    for packet in &ladder.packets {
        let message = mirror::message_in(packet.time, &packet.bytes);
        let parts: Vec<&[u8]> = message.bytes.chunks(420).collect();
        for (place, part) in parts.iter().enumerate() {
            let flags = u8::from(place == 0) << 1 | u8::from(place + 1 == parts.len());
            let sctp = data_chunk(ends, flags, number, part);
            number += 1;
            let packet = mirror::ip_packet(ends[0], ends[1], 132, &sctp);
            let time = message.time + 1000 * place as u64;
            records.push((time, mirror::ethernet(&packet)));
        }
    }
    place.put("x.pcap", &mirror::capture(1, &records));
    let whole = rows(&place, &["x.pcap"]);
    assert_eq!(whole.len(), 2);
    let first = BTreeSet::from([whole[0]["call_id"].clone()]);
    let said = extract(&place, "x.pcap", &first, &[]);
    assert!(!said.contains(" 0 keys"), "{said}");
    assert_eq!(rows(&place, &["out.pcapng"]), whole[..1]);
    if let Some(wrong) = tshark(&place.path("out.pcapng"), "sctp.checksum.status == 0") {
        assert_eq!(wrong, [""; 0]);
    }
}

/// An SCTP packet with one DATA chunk (RFC 9260 §3.3.1), and its checksum.
fn data_chunk(ends: [SocketAddr; 2], flags: u8, number: u32, part: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    packet.extend(ends[0].port().to_be_bytes());
    packet.extend(ends[1].port().to_be_bytes());
    packet.extend([0, 0, 0, 7, 0, 0, 0, 0, 0, flags]);
    packet.extend(u16::try_from(part.len() + 16).expect("short").to_be_bytes());
    packet.extend(number.to_be_bytes());
    packet.extend([0; 8]);
    packet.extend_from_slice(part);
    packet.resize(packet.len().next_multiple_of(4), 0);
    let mut sum = u32::MAX;
    for byte in &packet {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0x82f6_3b78
            } else {
                sum >> 1
            };
        }
    }
    packet[8..12].copy_from_slice(&(!sum).to_le_bytes());
    packet
}

/// The cells of all rejections by these columns, sorted.
fn judged(place: &Place, capture: &str) -> Vec<Vec<String>> {
    let words = ["analyze", "-q", capture, "-o", "-", "--rejections", "r.csv"];
    let output = place.run(&words);
    assert!(code(&output) < Some(2), "{}", err(&output));
    let text = place.read("r.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    let columns = [
        "start_time",
        "case",
        "verdict",
        "media",
        "codecs",
        "srtp",
        "crypto_suites",
        "ice",
    ];
    let cells =
        |row: BTreeMap<String, String>| columns.iter().map(|name| row[*name].clone()).collect();
    let mut cells: Vec<Vec<String>> = rows.map(|row| cells(row.expect("a row"))).collect();
    cells.sort();
    cells
}

#[test]
fn redacted_messages_are_judged_as_the_originals_and_tell_nobody() {
    let place = Place::new();
    let captures = format!("{ROOT}/captures");
    let words = [
        "extract",
        &captures,
        "-o",
        "shared.pcapng",
        "--only-488",
        "--redact",
    ];
    let output = place.run(&words);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert_eq!(judged(&place, &captures), judged(&place, "shared.pcapng"));
    let written = std::fs::read(place.path("shared.pcapng")).expect("a capture");
    let has = |text: &str| memchr::memmem::find(&written, text.as_bytes()).is_some();
    assert!(has("sbc-fra.contoso.example") && has("pstnhub.microsoft.com"));
    for row in rows(&place, &[&captures]) {
        for column in ["call_id", "caller", "callee"] {
            let original = &row[column];
            // What is shorter may be a part of something else.
            assert!(original.len() < 6 || !has(original), "{column} {original}");
        }
    }
}

#[test]
fn keys_of_connections_are_not_written_where_their_calls_are_redacted() {
    let place = Place::new();
    let captures = format!("{ROOT}/captures");
    let words = [
        "extract",
        &captures,
        "-o",
        "x.pcapng",
        "--only-488",
        "--redact",
        "--with-keys",
    ];
    let output = place.run(&words);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("--with-keys"), "{}", err(&output));
    assert!(place.names().is_empty());
}

#[test]
fn where_no_packet_can_be_copied_nothing_is_written_and_the_status_says_so() {
    let place = Place::new();
    let capture = format!("{ROOT}/tests/decryption/tcp-websocket.pcap");
    let ids = ids(&rows(&place, &[&capture]));
    let id = ids.first().expect("a call");
    let words = ["extract", &capture, "-o", "out.pcapng", "--call-id", id];
    let output = place.run(&words);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert!(err(&output).contains("nothing is written") && err(&output).contains("--redact"));
    assert!(!place.names().contains(&"out.pcapng".to_owned()));
    let output = place.run(&[&words[..], &["--redact"]].concat());
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(place.names().contains(&"out.pcapng".to_owned()));
}

#[test]
fn a_capture_is_not_written_to_standard_output() {
    let place = Place::new();
    let capture = format!("{ROOT}/captures/verdicts.pcapng");
    let output = place.run(&["extract", &capture, "-o", "-", "--only-488"]);
    assert_eq!(code(&output), Some(2));
    assert!(place.names().is_empty() && output.stdout.is_empty());
}

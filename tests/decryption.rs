//! Calls inside TLS, WebSocket and behind proxies: `tests/decryption` has what OpenSSL sends, made by its `make.py`.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests write the input and read the output of the program"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

#[path = "decryption/gaps.rs"]
mod gaps;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decryption")
}

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the program said of some files.
struct Told {
    output: Output,
    calls: Vec<BTreeMap<String, String>>,
    summary: serde_json::Value,
}

impl Told {
    /// `files` are put into a folder of their own, and `words` are the arguments.
    fn of(files: &[(&str, &[u8])], words: &[&str]) -> Self {
        let place = TempDir::new().expect("a temporary folder");
        for (name, bytes) in files {
            fs::write(place.path().join(name), bytes).expect("the file is written");
        }
        let output = command(&place).args(words).output();
        Self::read(&place, output.expect("the program runs"))
    }

    /// What it said of what came on standard input.
    fn of_input(input: &[u8]) -> Self {
        let place = TempDir::new().expect("a temporary folder");
        let mut command = assert_cmd::Command::from_std(command(&place));
        let output = command.arg("-").write_stdin(input).output();
        Self::read(&place, output.expect("the program runs"))
    }

    fn read(place: &TempDir, output: Output) -> Self {
        let mut csv = csv::Reader::from_path(place.path().join("calls.csv")).expect("a calls CSV");
        let summary = fs::read(place.path().join("summary.json")).expect("a summary");
        Self {
            output,
            calls: csv.deserialize().map(|row| row.expect("a row")).collect(),
            summary: serde_json::from_slice(&summary).expect("JSON"),
        }
    }

    /// A capture of the folder with the key log beside it.
    fn beside(name: &str) -> Self {
        let keys = fs::read(folder().join(format!("{name}.keylog"))).unwrap_or_default();
        Self::of(
            &[
                ("x.pcap", &bytes_of(&format!("{name}.pcap"))),
                ("x.keylog", &keys),
            ],
            &["x.pcap"],
        )
    }

    fn packets(&self, fate: &str) -> u64 {
        self.summary["packets"][fate].as_u64().expect(fate)
    }

    fn messages(&self) -> u64 {
        self.summary["sip"]["messages"].as_u64().expect("messages")
    }

    fn missing(&self) -> Vec<&str> {
        let all = self.summary["encrypted_connections"]
            .as_array()
            .expect("a list");
        all.iter()
            .filter_map(|connection| connection["missing"].as_str())
            .collect()
    }

    #[track_caller]
    fn is_refused_call(&self, name: &str, calls: usize, transport: &str) {
        assert_eq!(self.calls.len(), calls, "{name}");
        for call in &self.calls {
            let cell = |column: &str| call[column].as_str();
            assert_eq!(
                [
                    cell("case"),
                    cell("verdict"),
                    cell("transport"),
                    cell("outcome")
                ],
                [
                    "srtp-encryption-required",
                    "confirmed",
                    transport,
                    "rejected"
                ],
                "{name}"
            );
            assert_eq!(
                cell("correlation_id"),
                "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                "{name}"
            );
        }
        let sum: u64 = [
            "sip",
            "stream",
            "fragment",
            "other",
            "encrypted",
            "truncated",
            "malformed",
            "unsupported",
        ]
        .iter()
        .map(|fate| self.packets(fate))
        .sum();
        assert_eq!(self.packets("total"), sum, "{name}");
        assert_eq!(self.packets("encrypted"), 0, "{name}");
    }
}

fn command(place: &TempDir) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("sip488"));
    command.current_dir(place.path()).args([
        "analyze",
        "-o",
        "calls.csv",
        "--summary",
        "summary.json",
    ]);
    command
}

/// Captures that hold something else than one refused call of four messages over TLS.
fn is_exception(name: &str) -> bool {
    [
        "tcp-",
        "-resumed",
        "-early-data",
        "-lost",
        "-begun-late",
        "-ccm",
    ]
    .iter()
    .any(|part| name.contains(part))
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the folder");
    let names = files.filter_map(|file| file.expect("a file").file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".pcap")?.to_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn every_suite_version_and_shape_gives_the_same_row() {
    let names: Vec<String> = names()
        .into_iter()
        .filter(|name| !is_exception(name))
        .collect();
    assert!(names.len() > 30, "{}", names.len());
    for name in names {
        let told = Told::beside(&name);
        told.is_refused_call(&name, 1, "tls");
        assert_eq!(told.messages(), 4, "{name}");
        assert_eq!(told.output.status.code(), Some(0), "{name}");
    }
}

#[test]
fn what_a_proxy_and_websocket_put_around_plain_sip_is_taken_off() {
    for name in names().into_iter().filter(|name| name.starts_with("tcp-")) {
        let told = Told::beside(&name);
        told.is_refused_call(&name, 1, "tcp");
        assert_eq!(told.messages(), 4, "{name}");
    }
}

#[test]
fn a_session_that_goes_on_elsewhere_needs_no_line_of_its_own() {
    for name in ["tls12-resumed-by-id", "tls12-resumed-by-ticket"] {
        let capture = bytes_of(&format!("{name}.pcap"));
        let keys = String::from_utf8(bytes_of(&format!("{name}.keylog"))).expect("text");
        let lines: Vec<&str> = keys
            .lines()
            .filter(|line| line.starts_with("CLIENT_RANDOM"))
            .collect();
        assert_eq!(lines.len(), 2, "{name}");
        for line in lines {
            let told = Told::of(
                &[("x.pcap", &capture), ("x.keys", line.as_bytes())],
                &["x.pcap"],
            );
            told.is_refused_call(name, 2, "tls");
        }
    }
    Told::beside("tls13-resumed").is_refused_call("tls13-resumed", 2, "tls");
}

#[test]
fn early_data_is_passed_over() {
    let told = Told::beside("tls13-early-data");
    told.is_refused_call("tls13-early-data", 2, "tls");
    assert_eq!(told.messages(), 8);
}

#[test]
fn behind_a_lost_segment_the_next_record_is_read() {
    for name in ["tls12-lost", "tls13-lost"] {
        let told = Told::beside(name);
        told.is_refused_call(name, 1, "tls");
        assert_eq!(told.messages(), 3, "{name}");
    }
}

#[test]
fn without_a_key_the_summary_says_what_is_missing() {
    let capture = bytes_of("tls12-ecdhe-rsa-aes128-gcm.pcap");
    let told = Told::of(&[("x.pcap", &capture)], &["x.pcap"]);
    assert_eq!((told.calls.len(), told.missing()), (0, vec!["key"]));
    let connection = &told.summary["encrypted_connections"][0];
    assert_eq!(connection["server_name"], "sip.pstnhub.microsoft.com");
    assert_eq!(connection["server"], "52.114.75.24:5061");
    assert_eq!(connection["suite"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    let closing = String::from_utf8(told.output.stderr.clone()).expect("text");
    assert!(
        closing.contains("SSLKEYLOGFILE") && closing.contains("RSA key does not help"),
        "{closing}"
    );
    // A capture whose packets lack keys is whole: a nightly job must not alarm.
    assert_eq!(told.output.status.code(), Some(0));

    let other = bytes_of("tls13.keylog");
    let told = Told::of(&[("x.pcap", &capture), ("x.keylog", &other)], &["x.pcap"]);
    assert_eq!(told.missing(), ["key"]);
    assert_eq!(Told::beside("tls13-begun-late").missing(), ["handshake"]);
    assert_eq!(Told::beside("tls12-ccm").missing(), ["suite"]);
}

#[test]
fn an_rsa_key_exchange_is_told_how_to_make_a_key_log() {
    let capture = bytes_of("tls12-rsa-aes256-gcm.pcap");
    let told = Told::of(&[("x.pcap", &capture)], &["x.pcap"]);
    let advice = told.summary["encrypted_connections"][0]["advice"]
        .as_str()
        .expect("advice");
    assert!(advice.contains("--export-tls-session-keys"), "{advice}");
}

#[test]
fn a_key_log_that_opens_nothing_is_said_to_be_the_wrong_one() {
    let capture = bytes_of("tls13.pcap");
    let keys = String::from_utf8(bytes_of("tls13.keylog")).expect("text");
    let wrong: String = keys
        .lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((start, secret)) if line.contains("TRAFFIC") => {
                format!("{start} {}\n", "5a".repeat(secret.len() / 2))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let told = Told::of(
        &[("x.pcap", &capture), ("k", wrong.as_bytes())],
        &["x.pcap", "--keylog", "k"],
    );
    assert_eq!((told.calls.len(), told.missing()), (0, vec!["right-key"]));
    assert!(told.packets("encrypted") > 0);
}

#[test]
fn a_handshake_in_an_earlier_file_of_the_ring_opens_the_later_one() {
    let (name, capture) = ("tls13", bytes_of("tls13.pcap"));
    let keys = bytes_of("tls13.keylog");
    let whole = Told::beside(name);
    for records in 4..18 {
        let (first, second) = split(&capture, records);
        // The ring's names say nothing of its order.
        let files = [
            ("b.pcap", first.as_slice()),
            ("a.pcap", &second),
            ("k", &keys),
        ];
        let told = Told::of(&files, &["a.pcap", "b.pcap", "--keylog", "k"]);
        told.is_refused_call(name, 1, "tls");
        assert_eq!(
            told.summary["packets"], whole.summary["packets"],
            "{records}"
        );
    }
}

#[test]
fn keys_inside_the_capture_count_wherever_they_are() {
    let (capture, keys) = (bytes_of("tls13.pcap"), bytes_of("tls13.keylog"));
    for big_endian in [false, true] {
        for place in [Where::Start, Where::Middle, Where::End] {
            let file = pcapng(&capture, &keys, big_endian, place);
            let told = Told::of(&[("x.pcapng", &file)], &["x.pcapng"]);
            told.is_refused_call("tls13", 1, "tls");
            assert_eq!(told.messages(), 4);
        }
    }
    // In another file as well.
    let empty = pcapng(&capture[..24], &keys, false, Where::End);
    let told = Told::of(
        &[("x.pcap", &capture), ("y.pcapng", &empty)],
        &["x.pcap", "y.pcapng"],
    );
    told.is_refused_call("tls13", 1, "tls");
}

#[test]
fn a_key_log_in_a_folder_counts_whatever_its_name() {
    let files = [
        ("trace.pcap", bytes_of("tls13.pcap")),
        ("secrets.txt", bytes_of("tls13.keylog")),
    ];
    let files = files
        .each_ref()
        .map(|(name, bytes)| (*name, bytes.as_slice()));
    let told = Told::of(&files, &["."]);
    told.is_refused_call("tls13", 1, "tls");
    assert_eq!(told.output.status.code(), Some(0));
}

#[test]
fn keys_behind_their_packets_count_in_a_compressed_capture_too() {
    let file = pcapng(
        &bytes_of("tls13.pcap"),
        &bytes_of("tls13.keylog"),
        false,
        Where::End,
    );
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&file).expect("memory takes it");
    let compressed = encoder.finish().expect("memory takes it");
    let told = Told::of(&[("x", &compressed)], &["x"]);
    told.is_refused_call("tls13", 1, "tls");
}

#[test]
fn no_key_is_in_any_output() {
    for name in ["tls12-cbc-sha1", "tls13"] {
        let keys = String::from_utf8(bytes_of(&format!("{name}.keylog"))).expect("text");
        let secrets: Vec<&str> = keys
            .lines()
            .filter_map(|line| line.split(' ').nth(2))
            .collect();
        assert!(!secrets.is_empty());
        let told = Told::beside(name);
        let all = [
            format!("{:?}", told.calls),
            told.summary.to_string(),
            String::from_utf8_lossy(&told.output.stderr).into_owned(),
        ];
        for secret in secrets {
            assert!(all.iter().all(|text| !text.contains(secret)), "{name}");
        }
    }
}

#[test]
fn cut_bytes_cost_what_is_cut_and_never_a_panic() {
    let (capture, keys) = (
        bytes_of("tls13-small-records.pcap"),
        bytes_of("tls13-small-records.keylog"),
    );
    let mut offset = 30;
    while offset < capture.len() {
        let mut damaged = capture.clone();
        damaged[offset] ^= 0x40;
        let told = Told::of(&[("x.pcap", &damaged), ("x.keys", &keys)], &["x.pcap"]);
        assert!(matches!(told.output.status.code(), Some(0 | 1)), "{offset}");
        offset += 97;
    }
}

/// The first records of a pcap file, and the rest.
fn split(capture: &[u8], records: usize) -> (Vec<u8>, Vec<u8>) {
    let mut offset = 24;
    for _ in 0..records {
        offset += 16 + length(capture, offset + 8);
    }
    (
        capture[..offset].to_vec(),
        [&capture[..24], &capture[offset..]].concat(),
    )
}

fn length(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

#[derive(Clone, Copy)]
enum Where {
    Start,
    Middle,
    End,
}

/// The packets of a pcap file as pcapng, with a Decryption Secrets Block.
fn pcapng(capture: &[u8], keys: &[u8], big_endian: bool, place: Where) -> Vec<u8> {
    let word = |value: u32| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let number = |value: usize| word(u32::try_from(value).expect("a length"));
    let block = |kind: u32, body: &[u8]| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let whole = number(12 + body.len() + padding.len());
        [&word(kind)[..], &whole, body, &padding, &whole].concat()
    };
    let half = |value: u16| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let section = [&word(0x1A2B_3C4D)[..], &half(1), &half(0), &[0xFF; 8]].concat();
    let interface = [&half(1)[..], &half(0), &word(0)].concat();
    let secrets = block(
        10,
        &[&word(0x544C_534B)[..], &number(keys.len()), keys].concat(),
    );
    let mut packets = Vec::new();
    let mut offset = 24;
    while offset < capture.len() {
        let (seconds, micros, len) = (
            length(capture, offset),
            length(capture, offset + 4),
            length(capture, offset + 8),
        );
        let time = seconds as u64 * 1_000_000 + micros as u64;
        let data = &capture[offset + 16..offset + 16 + len];
        let (high, low) = (
            u32::try_from(time >> 32).expect("half"),
            u32::try_from(time & 0xFFFF_FFFF).expect("half"),
        );
        packets.push(block(
            6,
            &[
                &word(0)[..],
                &word(high),
                &word(low),
                &number(len),
                &number(len),
                data,
            ]
            .concat(),
        ));
        offset += 16 + len;
    }
    let at = match place {
        Where::Start => 0,
        Where::Middle => packets.len() / 2,
        Where::End => packets.len(),
    };
    packets.insert(at, secrets);
    [
        block(0x0A0D_0D0A, &section),
        block(1, &interface),
        packets.concat(),
    ]
    .concat()
}

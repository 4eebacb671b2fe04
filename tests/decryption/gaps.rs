//! Captures that lack a part of a TLS connection: packets that were dropped, one direction, cut records; and key logs
//! that contradict each other.

use super::Told;
use super::Where;
use super::bytes_of;
use super::length;
use super::pcapng;

/// The records of a pcap file, each with its header.
fn records(capture: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    let mut offset = 24;
    while offset < capture.len() {
        let end = offset + 16 + length(capture, offset + 8);
        all.push(&capture[offset..end]);
        offset = end;
    }
    all
}

fn with_records(capture: &[u8], records: &[&[u8]]) -> Vec<u8> {
    [&capture[..24], &records.concat()].concat()
}

fn told(name: &str, capture: &[u8]) -> Told {
    let keys = bytes_of(&format!("{name}.keylog"));
    Told::of(&[("x.pcap", capture), ("x.keylog", &keys)], &["x.pcap"])
}

/// Ethernet, IPv4 and TCP headers of the captures are as long as they can be at least.
fn source_port(record: &[u8]) -> u16 {
    u16::from_be_bytes([record[16 + 34], record[16 + 35]])
}

fn has_payload(record: &[u8]) -> bool {
    let ip_length = usize::from(u16::from_be_bytes([record[16 + 16], record[16 + 17]]));
    ip_length > 20 + usize::from(record[16 + 46] >> 4) * 4
}

#[test]
fn a_lost_packet_costs_the_messages_that_were_in_it() {
    for name in [
        "tls13",
        "tls13-key-update",
        "tls13-mutual",
        "tls12-ecdhe-rsa-aes128-gcm",
    ] {
        let capture = bytes_of(&format!("{name}.pcap"));
        let all = records(&capture);
        let mut unread = Vec::new();
        for lost in 0..all.len() {
            let kept: Vec<&[u8]> = all
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != lost)
                .map(|(_, record)| *record)
                .collect();
            let told = told(name, &with_records(&capture, &kept));
            match told.messages() {
                3 | 4 => assert_eq!(told.calls.len(), 1, "{name} without packet {lost}"),
                0 => {
                    assert_eq!(told.missing(), ["segments"], "{name} without packet {lost}");
                    unread.push(lost);
                }
                other => panic!("{name} without packet {lost}: {other} messages"),
            }
        }
        // Without a hello there is no key: nobody could read it.
        assert!(unread.len() <= 2, "{name}: {unread:?}");
    }
}

#[test]
fn contradicting_keys_are_told_apart_by_what_they_open() {
    for name in ["tls13", "tls12-cbc-sha1"] {
        let capture = bytes_of(&format!("{name}.pcap"));
        let right = String::from_utf8(bytes_of(&format!("{name}.keylog"))).expect("text");
        for wrong in ["00", "ff"] {
            let wrong: Vec<String> = right
                .lines()
                .filter_map(|line| line.rsplit_once(' '))
                .map(|(start, secret)| format!("{start} {}", wrong.repeat(secret.len() / 2)))
                .collect();
            let wrong = wrong.join("\n");
            let files = [
                ("x.pcap", capture.as_slice()),
                ("right", right.as_bytes()),
                ("wrong", wrong.as_bytes()),
            ];
            for (one, other) in [("right", "wrong"), ("wrong", "right")] {
                let told = Told::of(&files, &["x.pcap", "--keylog", one, "--keylog", other]);
                told.is_refused_call(name, 1, "tls");
                assert_eq!(told.messages(), 4, "{name}, {one} first");
            }
            // The right ones may also come last, inside the capture.
            let file = pcapng(&capture, right.as_bytes(), false, Where::End);
            let files = [("x.pcapng", file.as_slice()), ("x.keys", wrong.as_bytes())];
            Told::of(&files, &["x.pcapng"]).is_refused_call(name, 1, "tls");
        }
    }
}

/// The same packets, of each that many bytes at most.
fn cut_to(capture: &[u8], most: usize) -> Vec<u8> {
    let cut = records(capture).into_iter().map(|record| {
        let mut cut = record[..record.len().min(16 + most)].to_vec();
        let length = u32::try_from(cut.len() - 16).expect("a length");
        cut[8..12].copy_from_slice(&length.to_le_bytes());
        cut
    });
    [capture[..24].to_vec(), cut.collect::<Vec<_>>().concat()].concat()
}

#[test]
fn a_key_that_is_missing_is_said_to_be_whatever_the_snap_length_cut() {
    let cut = cut_to(&bytes_of("tls13.pcap"), 500);
    let told = Told::of(&[("x.pcap", &cut)], &["x.pcap"]);
    assert!(told.packets("truncated") > 0);
    assert_eq!(told.missing(), ["key"]);
}

#[test]
fn records_that_the_snap_length_cut_are_truncated() {
    for name in ["tls13", "tls12-ecdhe-rsa-aes128-gcm"] {
        let capture = bytes_of(&format!("{name}.pcap"));
        for most in [60, 100, 300, 500] {
            let cut = cut_to(&capture, most);
            let told = told(name, &cut);
            let expected = records(&capture)
                .into_iter()
                .filter(|record| record.len() > 16 + most && has_payload(record));
            assert_eq!(
                told.packets("truncated"),
                expected.count() as u64,
                "{name}, {most}"
            );
            for missing in told.missing() {
                assert_eq!(missing, "bytes", "{name}, {most}");
            }
            let closing = String::from_utf8(told.output.stderr).expect("text");
            assert!(closing.contains("-s 0"), "{closing}");
        }
    }
}

#[test]
fn one_direction_alone_is_said_to_be_one() {
    for name in ["tls13", "tls12-ecdhe-rsa-aes128-gcm"] {
        let capture = bytes_of(&format!("{name}.pcap"));
        for server in [false, true] {
            let kept: Vec<&[u8]> = records(&capture)
                .into_iter()
                .filter(|record| (source_port(record) == 5061) == server)
                .collect();
            let told = told(name, &with_records(&capture, &kept));
            assert_eq!(told.missing(), ["direction"], "{name}, server: {server}");
            let connection = &told.summary["encrypted_connections"][0];
            assert_eq!(
                connection["client"], "192.0.2.10",
                "{name}, server: {server}"
            );
        }
    }
}

#[test]
fn a_handshake_that_was_not_finished_is_said_to_be_so() {
    let capture = bytes_of("tls13.pcap");
    let hello = records(&capture)
        .iter()
        .position(|record| has_payload(record))
        .expect("a hello");
    let told = told(
        "tls13",
        &with_records(&capture, &records(&capture)[..=hello]),
    );
    assert_eq!(told.missing(), ["data"]);
}

#[test]
fn keys_that_come_too_late_on_standard_input_are_spoken_of() {
    let file = pcapng(
        &bytes_of("tls13.pcap"),
        &bytes_of("tls13.keylog"),
        false,
        Where::End,
    );
    let told = Told::of_input(&file);
    assert_eq!(told.summary["limits"]["keys_too_late"], 1);
    let closing = String::from_utf8(told.output.stderr).expect("text");
    assert!(closing.contains("give the capture as a file"), "{closing}");
}

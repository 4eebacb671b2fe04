//! The samples in `captures/` as seeds of each subject.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use sip488::capture::inventory;
use sip488::packet::Packet;
use sip488::packet::decode;
use sip488::sip::Body;
use sip488::sip::Message;
use sip488::sip::begins_like_sip;
use sip488::sip::datagram;

use crate::subjects;

/// Seeds by subject.
pub(crate) type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

/// A sample that is longer is a seed up to here.
const LONGEST_FILE: usize = 24 << 10;

/// Of the packets of a sample, this many are seeds.
const PACKETS: usize = 24;

/// The seeds of all subjects.
pub(crate) fn all(captures: &Path) -> Seeds {
    let mut seeds = Seeds::new();
    for path in files(captures) {
        let bytes = fs::read(&path).expect("the sample can be read");
        let cut = bytes.get(..LONGEST_FILE).unwrap_or(&bytes).to_vec();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs" | "md") => {}
            Some("toml") => seeds.entry("config").or_default().push(cut),
            Some("csv") => seeds
                .entry("pstn_report")
                .or_default()
                .push(cut[..cut.len().min(2_000)].to_vec()),
            Some("keylog") => seeds.entry("key_log").or_default().push(cut),
            _ => {
                seeds.entry("capture").or_default().push(cut.clone());
                seeds.entry("night").or_default().push(cut);
                of_packets(&path, &mut seeds);
            }
        }
    }
    made(&mut seeds);
    for seeds in seeds.values_mut() {
        seeds.sort();
        seeds.dedup();
    }
    seeds
}

/// What no sample has as it is.
fn made(seeds: &mut Seeds) {
    let message = seeds["sip"].first().cloned().unwrap_or_default();
    let messages = subjects::redact::inputs(seeds.get("sip").map_or(&[], Vec::as_slice));
    let mut put = |name, inputs: Vec<Vec<u8>>| seeds.entry(name).or_default().extend(inputs);
    put("defragment", subjects::defragment::inputs());
    put("tcp", subjects::tcp::inputs());
    put("sctp", subjects::sctp::inputs(&message));
    put("tls", subjects::tls::inputs(&message));
    put("redact", messages);
    put("trunk_report", subjects::trunk_report::inputs());
    let upgrade = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    let proxy = b"PROXY TCP4 192.0.2.1 192.0.2.2 5061 5061\r\n";
    let length = u16::try_from(message.len()).expect("a message is short");
    let framed = [&[0x81, 0x7E][..], &length.to_be_bytes(), &message].concat();
    let streams = [
        subjects::wrapping::input([(0, &upgrade[..]), (1, switched), (1, &framed), (0, &framed)]),
        subjects::wrapping::input([(0, &proxy[..]), (0, &message), (1, &message)]),
    ];
    put("wrapping", streams.to_vec());
}

/// Files below a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A sample's packets, messages, offers, streams and conversations.
fn of_packets(path: &Path, seeds: &mut Seeds) {
    let found = inventory::take(&[path.to_owned()]);
    for capture in &found.captures {
        let (mut count, mut talk, mut stream) = (0, Vec::new(), Vec::new());
        capture.walk(&capture.start(), u64::MAX, |record| {
            count += 1;
            if count > PACKETS {
                return;
            }
            let input = subjects::packet::input(record.link, record.data);
            seeds.entry("packet").or_default().push(input);
            match decode(&record) {
                Packet::Datagram(datagram) => message(datagram.payload, seeds, &mut talk),
                Packet::Enclosed(enclosed) => message(&enclosed.message(), seeds, &mut talk),
                Packet::Segment(segment) => {
                    let direction = usize::from(segment.from > segment.to);
                    stream.push((direction, segment.payload.to_vec()));
                    message(segment.payload, seeds, &mut talk);
                }
                _ => {}
            }
        });
        let sent = stream.iter().map(|(side, bytes)| (*side, &bytes[..]));
        let input = subjects::wrapping::input(sent.take(12));
        seeds.entry("wrapping").or_default().push(input);
        let said = talk
            .iter()
            .map(|message| (subjects::call::is_from_sbc(message), &message[..]));
        let input = subjects::call::input(said.take(12));
        seeds.entry("call").or_default().push(input);
    }
}

/// A payload that is SIP, and the offer in it.
fn message(payload: &[u8], seeds: &mut Seeds, talk: &mut Vec<Vec<u8>>) {
    if !begins_like_sip(payload) {
        return;
    }
    seeds.entry("sip").or_default().push(payload.to_vec());
    talk.push(payload.to_vec());
    let (framed, wholeness) = datagram(payload, false);
    let parsed = Message::parse(framed, wholeness);
    if let Some(Body::Sdp(offer)) = parsed.as_ref().map(Message::sdp) {
        seeds.entry("sdp").or_default().push(offer.to_vec());
    }
}

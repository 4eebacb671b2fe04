//! What each layer costs, on the sample captures and on packets made here. `cargo bench --bench layers`
#![allow(
    clippy::unwrap_used,
    reason = "a bench whose input is missing has nothing to measure"
)]

use std::path::PathBuf;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::capture::inventory;
use sip488::capture::record::LinkType;
use sip488::capture::record::Nanos;
use sip488::capture::record::Record;
use sip488::packet::Packet;
use sip488::packet::decode;
use sip488::pipeline::Error;
use sip488::pipeline::Options;
use sip488::pipeline::Progress;
use sip488::pipeline::WINDOW;
use sip488::pipeline::analyze;
use sip488::report::columns::Print;
use sip488::report::columns::calls;
use sip488::report::csv::lines;
use sip488::report::row::Row;
use sip488::report::time::Zone;
use sip488::sdp::SessionDescription;
use sip488::sip::Body;
use sip488::sip::Framer;
use sip488::sip::Message;
use sip488::sip::Outline;
use sip488::sip::Wholeness;
use sip488::trunk::Config;

fn main() {
    divan::main();
}

fn captures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/captures"))
}

/// An Ethernet frame of 214 bytes: 20 ms of G.711.
fn rtp() -> Vec<u8> {
    let builder = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
        .udp(40_000, 40_002);
    let mut payload = vec![0x80, 8];
    payload.resize(172, 0x55);
    let mut frame = Vec::new();
    builder.write(&mut frame, &payload).unwrap();
    frame
}

fn record(data: &[u8]) -> Record<'_> {
    Record {
        time: Nanos(0),
        link: LinkType(1),
        original_len: u32::try_from(data.len()).unwrap(),
        data,
    }
}

/// Every SIP message in the sample captures' datagrams.
fn messages() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for capture in inventory::take(&[captures()]).captures {
        capture.walk(&capture.start(), u64::MAX, |record| {
            if let Packet::Datagram(datagram) = decode(&record)
                && let Some(outline) = Outline::of_datagram(datagram.payload, datagram.is_cut)
            {
                found.push(outline.bytes.to_vec());
            }
        });
    }
    assert!(found.len() > 500);
    found
}

fn invite() -> Vec<u8> {
    let is_invite = |message: &Vec<u8>| message.starts_with(b"INVITE") && message.len() > 1200;
    messages().into_iter().find(is_invite).unwrap()
}

#[divan::bench]
fn walk_the_records_of_the_samples(bencher: Bencher<'_, '_>) {
    let captures = inventory::take(&[captures()]).captures;
    let bytes: u64 = captures
        .iter()
        .filter_map(sip488::capture::Capture::len)
        .sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut records = 0_u64;
        for capture in &captures {
            records += capture
                .walk(&capture.start(), u64::MAX, |record| {
                    divan::black_box(record.data);
                })
                .records;
        }
        records
    });
}

#[divan::bench]
fn turn_an_rtp_packet_away(bencher: Bencher<'_, '_>) {
    let frame = rtp();
    bencher
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| matches!(decode(&record(divan::black_box(&frame))), Packet::Done(_)));
}

#[divan::bench]
fn outline_an_invite(bencher: Bencher<'_, '_>) {
    let invite = invite();
    bencher
        .counter(BytesCount::new(invite.len()))
        .bench_local(|| Outline::of_datagram(divan::black_box(&invite), false).is_some());
}

#[divan::bench]
fn parse_an_invite(bencher: Bencher<'_, '_>) {
    let invite = invite();
    bencher
        .counter(BytesCount::new(invite.len()))
        .bench_local(|| Message::parse(divan::black_box(&invite), Wholeness::Whole).is_some());
}

#[divan::bench]
fn parse_an_offer(bencher: Bencher<'_, '_>) {
    let invite = invite();
    let message = Message::parse(&invite, Wholeness::Whole).unwrap();
    let Body::Sdp(offer) = message.sdp() else {
        unreachable!("the samples' INVITEs have offers")
    };
    bencher
        .counter(BytesCount::new(offer.len()))
        .bench_local(|| {
            SessionDescription::parse(divan::black_box(offer))
                .media
                .len()
        });
}

#[divan::bench(args = [100, 1460, 100_000])]
fn frame_a_stream_that_comes_in_pieces(bencher: Bencher<'_, '_>, piece: usize) {
    let stream = messages().concat();
    bencher
        .counter(BytesCount::new(stream.len()))
        .bench_local(|| {
            let (mut framer, mut found) = (Framer::default(), 0);
            for piece in stream.chunks(piece) {
                framer.feed(piece, &mut |_, _| found += 1);
            }
            found
        });
}

struct Silent;

impl Progress for Silent {
    fn total(&self, _: u64) {}
    fn read(&self, _: u64) {}
}

fn run(threads: usize) -> Vec<Row> {
    let options = Options {
        paths: vec![captures()],
        config: Config::default(),
        threads,
        window: WINDOW,
        stop: Arc::default(),
    };
    let mut rows = Vec::new();
    let analysis = analyze(&options, &Silent).unwrap();
    analysis
        .each_call::<_, Error>(<[Row]>::to_vec, |some| {
            rows.extend(some);
            Ok(())
        })
        .unwrap();
    rows
}

#[divan::bench(args = [1, 2])]
fn analyse_the_samples(bencher: Bencher<'_, '_>, threads: usize) {
    bencher
        .counter(ItemsCount::new(messages().len()))
        .bench_local(|| run(threads).len());
}

#[divan::bench]
fn write_rows_as_csv(bencher: Bencher<'_, '_>) {
    let (rows, zone, paths) = (run(1), Zone::default(), vec!["a.pcap".to_owned(); 64]);
    let print = Print {
        zone: &zone,
        paths: &paths,
    };
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench_local(|| lines(calls::COLUMNS, print, rows.iter()).unwrap().len());
}

//! Segments → bytes in order.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use divan::Bencher;
use divan::counter::ItemsCount;
use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::packet::Endpoint;
use sip488::packet::Flags;
use sip488::packet::Segment;
use sip488::transport::Connections;
use sip488::transport::Event;

use crate::traffic;

/// Connections that carry the same bytes side by side.
const CONNECTIONS: u16 = 16;

/// A usual maximum segment size.
const SEGMENT: usize = 1_400;

fn segments(stream: &[u8]) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    for (place, payload) in stream.chunks(SEGMENT).enumerate() {
        for connection in 0..CONNECTIONS {
            segments.push(Segment {
                from: Endpoint {
                    address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)),
                    port: 40_000 + connection,
                },
                to: Endpoint {
                    address: IpAddr::V4(Ipv4Addr::new(52, 114, 76, 76)),
                    port: 5_061,
                },
                sequence: u32::try_from(place * SEGMENT).expect("the stream is short"),
                acknowledgment: Some(1),
                flags: Flags::default(),
                payload,
                cut: 0,
            });
        }
    }
    segments
}

/// Counted in segments, not bytes: what comes in order is passed on without being copied.
/// Reordered: of four segments of a connection, the third comes before the second.
#[divan::bench(args = ["in order", "reordered"])]
fn reassemble(bencher: Bencher<'_, '_>, order: &str) {
    let messages = traffic::messages(100);
    let stream: Vec<u8> = messages
        .iter()
        .flat_map(|heard| &heard.bytes)
        .copied()
        .collect();
    let mut segments = segments(&stream);
    if order == "reordered" {
        let round = usize::from(CONNECTIONS);
        for rounds in segments.chunks_exact_mut(4 * round) {
            let (early, late) = rounds.split_at_mut(2 * round);
            early[round..].swap_with_slice(&mut late[..round]);
        }
    }
    let reassemble = || {
        let (mut connections, mut bytes) = (Connections::default(), 0);
        let mut deliver = |delivery: sip488::transport::Delivery<'_>| {
            if let Event::Bytes(some) | Event::Held(some, _) = delivery.event {
                bytes += divan::black_box(some).len();
            }
        };
        for (place, segment) in segments.iter().enumerate() {
            let number = place as u64 + 1;
            let at = Stamp {
                time: Nanos(i64::try_from(place).expect("few") * 50_000),
                frame: Frame { file: 0, number },
            };
            connections.feed(segment, at, &mut deliver);
        }
        let lost = connections.finish(&mut deliver);
        (bytes, lost)
    };
    let all = stream.len() * usize::from(CONNECTIONS);
    assert_eq!(reassemble(), (all, 0));
    bencher
        .counter(ItemsCount::new(segments.len()))
        .bench_local(reassemble);
}

//! IP fragments in any order, overlapping, missing, twice → datagrams.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::packet::Fragment;
use sip488::packet::defragment::Defragmenter;
use sip488::packet::defragment::Outcome;

use super::Subject;
use super::script::Script;

pub(crate) const SUBJECT: Subject = Subject {
    name: "defragment",
    dictionary: &[b"\x00\x00", b"\xff\x1f", b"\x01\x00", b"\xb9\x00"],
    longest: 8 << 10,
    run,
};

/// Each step: whose fragment it is, where it begins, how long it is, and how much time passes. What a fragment holds
/// follows from its place, so that a datagram can be checked wherever it came from.
fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut defragmenter = Defragmenter::default();
    let (mut time, mut number) = (0, 0);
    while let Some(kind) = script.byte() {
        let (offset, length) = (u32::from(script.short() & 0x1FFF) * 8, script.short());
        let passes = script.byte().unwrap_or_default();
        time += i64::from(passes) * 50_000_000;
        number += 1;
        let payload: Vec<u8> = (offset..offset + u32::from(length)).map(content).collect();
        let whose = kind & 0x0F;
        let fragment = Fragment {
            source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, whose & 3)),
            destination: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
            identification: u32::from(whose >> 2),
            protocol: 17,
            offset,
            more: kind & 0x10 == 0,
            payload: &payload,
            is_cut: kind & 0x20 != 0,
        };
        let at = Stamp {
            time: Nanos(time),
            frame: Frame { file: 0, number },
        };
        if kind & 0x40 != 0 {
            defragmenter.expire(at.time);
        }
        if let Outcome::Complete(whole) = defragmenter.feed(fragment, at) {
            let expected = (0..).zip(&whole.payload);
            for (place, byte) in expected {
                assert_eq!(*byte, content(place), "byte {place} of a datagram");
            }
            whole.decode();
        }
    }
    assert!(defragmenter.finish() <= number, "given up more than came");
}

/// The byte of a datagram at a place.
fn content(place: u32) -> u8 {
    (place.wrapping_mul(0x9E37_79B1) >> 24).to_le_bytes()[0]
}

/// Datagrams in fragments: in order, last first, one twice, one with a hole.
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    let step = |kind: u8, offset: u16, length: u16| {
        let [low, high] = (offset / 8).to_le_bytes();
        let [short, long] = length.to_le_bytes();
        vec![kind, low, high, short, long, 0]
    };
    let (first, second, last) = (step(0, 0, 1480), step(0, 1480, 1480), step(0x10, 2960, 90));
    vec![
        [&first[..], &second, &last].concat(),
        [&last[..], &second, &first].concat(),
        [&first[..], &first, &second, &last, &last, &second, &first].concat(),
        [&first[..], &last, &step(1, 0, 8), &step(0x11, 8, 8)].concat(),
        [&step(0x20, 0, 1480)[..], &second, &last].concat(),
    ]
}

//! TCP segments in any order, overlapping, missing, twice, with flags → bytes in order.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use sip488::capture::record::Frame;
use sip488::capture::record::Nanos;
use sip488::capture::record::Stamp;
use sip488::packet::Endpoint;
use sip488::packet::Flags;
use sip488::packet::Segment;
use sip488::transport::Connections;
use sip488::transport::Delivery;
use sip488::transport::Event;

use super::Subject;
use super::script::Script;

pub(crate) const SUBJECT: Subject = Subject {
    name: "tcp",
    dictionary: &[b"\x00\x00", b"\xff\xff", b"\xb4\x05", b"\x01\x00"],
    longest: 8 << 10,
    run,
};

/// What everybody sends: bytes of which eight tell the place.
static STREAM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let word = |place: u64| {
        let mut mixed = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
        mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes()
    };
    (0..(LONGEST_STREAM as u64) / 8).flat_map(word).collect()
});

const LONGEST_STREAM: usize = 0x2_0000;

/// Each step: whose segment, flags, where its payload begins in the stream, how long it is, how much time passes.
fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut connections = Connections::default();
    let mut told = Told::default();
    let (mut time, mut number, mut sent) = (0, 0, 0);
    while let Some(kind) = script.byte() {
        let (flags, place) = (script.byte().unwrap_or_default(), script.short());
        let length = usize::from(script.short() & 0x0FFF);
        time += i64::from(script.byte().unwrap_or_default()) * 100_000_000;
        number += 1;
        let at = Stamp {
            time: Nanos(time),
            frame: Frame { file: 0, number },
        };
        let payload = &STREAM[usize::from(place)..usize::from(place) + length];
        sent += payload.len() as u64;
        connections.feed(&segment(kind, flags, place, payload), at, &mut |delivery| {
            told.check(&delivery);
        });
    }
    connections.finish(&mut |delivery| told.check(&delivery));
    assert!(told.bytes <= sent, "more came out than was sent");
}

/// A segment of one of four connections. Sequence numbers begin where they will pass 2³².
fn segment(kind: u8, flags: u8, place: u16, payload: &[u8]) -> Segment<'_> {
    let end = |last, port| Endpoint {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)),
        port,
    };
    let (client, server) = (end(1, 40_000 + u16::from(kind & 3)), end(2, 5_061));
    let (from, to) = if kind & 4 == 0 {
        (client, server)
    } else {
        (server, client)
    };
    let is = |flag: u8| flags & flag != 0;
    let first = 0xFFFF_8000_u32.wrapping_add(u32::from(kind & 3) << 12);
    let sequence = first.wrapping_add(u32::from(place));
    Segment {
        from,
        to,
        // SYN takes the number before the first byte.
        sequence: sequence.wrapping_sub(u32::from(is(1))),
        acknowledgment: is(8).then_some(first),
        flags: Flags {
            syn: is(1),
            fin: is(2),
            rst: is(4),
        },
        payload,
        cut: u32::from(flags >> 6),
    }
}

/// Where each direction of each connection is.
#[derive(Default)]
struct Told {
    places: BTreeMap<(u64, u16), Option<usize>>,
    bytes: u64,
}

impl Told {
    /// What comes out is the stream, from some place on and without a step back.
    fn check(&mut self, delivery: &Delivery<'_>) {
        let connection = delivery.connection.0;
        let place = self
            .places
            .entry((connection, delivery.from.port))
            .or_default();
        match delivery.event {
            Event::Bytes(bytes) | Event::Held(bytes, _) => {
                assert!(!bytes.is_empty());
                self.bytes += bytes.len() as u64;
                if let Some(place) = place {
                    let expected = STREAM.get(*place..*place + bytes.len());
                    assert!(
                        expected == Some(bytes),
                        "{} bytes at {place} of connection {connection} are others",
                        bytes.len()
                    );
                    *place += bytes.len();
                } else if bytes.len() >= 15 {
                    let found = memchr::memmem::find(&STREAM, bytes);
                    let found = found.expect("what comes out is what was sent");
                    *place = Some(found + bytes.len());
                }
            }
            Event::Lost(count) => {
                if let Some(place) = place {
                    *place += usize::try_from(count).expect("what was lost is short");
                }
            }
            Event::Ended => self.places.retain(|(ended, _), _| *ended != connection),
        }
    }
}

/// A connection from SYN to FIN, its segments in order; two change places; one is missing; both sides at once.
pub(crate) fn inputs() -> Vec<Vec<u8>> {
    let step = |kind: u8, flags: u8, place: u16, length: u16| {
        let ([low, high], [short, long]) = (place.to_le_bytes(), length.to_le_bytes());
        vec![kind, flags, low, high, short, long, 0]
    };
    let (syn, answer) = (step(0, 1, 0, 0), step(4, 9, 0, 0));
    let data: Vec<_> = (0..6).map(|at| step(0, 8, at * 1400, 1400)).collect();
    let back = step(4, 8, 0, 700);
    let fin = step(0, 10, 8400, 0);
    let all = |order: &[usize]| {
        let middle = order.iter().flat_map(|place| data[*place].clone());
        [
            &[&syn[..], &answer].concat()[..],
            &middle.collect::<Vec<u8>>(),
            &back,
            &fin,
        ]
        .concat()
    };
    vec![
        all(&[0, 1, 2, 3, 4, 5]),
        all(&[0, 2, 1, 3, 5, 4]),
        all(&[0, 1, 3, 4, 5]),
        all(&[0, 0, 1, 1, 2, 5, 4, 3]),
        data.concat(),
    ]
}

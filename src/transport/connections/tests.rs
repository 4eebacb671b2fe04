use super::Connections;
use super::MAX_CONNECTIONS;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::packet::Flags;
use crate::packet::Segment;
use crate::transport::tcp::Delivery;
use crate::transport::tcp::Event;
use crate::transport::tcp::Placement;
use std::net::IpAddr;
use std::net::Ipv4Addr;

fn end(last: u8, port: u16) -> Endpoint {
    Endpoint {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)),
        port,
    }
}

fn client() -> Endpoint {
    end(9, 40_000)
}

fn server() -> Endpoint {
    end(1, 5061)
}

/// A segment from the client.
fn up(sequence: u32, payload: &[u8]) -> Segment<'_> {
    Segment {
        from: client(),
        to: server(),
        sequence,
        acknowledgment: None,
        flags: Flags::default(),
        payload,
        cut: 0,
    }
}

/// A segment from the server.
fn down(sequence: u32, payload: &[u8]) -> Segment<'_> {
    Segment {
        from: server(),
        to: client(),
        ..up(sequence, payload)
    }
}

fn syn(segment: Segment<'_>) -> Segment<'_> {
    Segment {
        flags: Flags {
            syn: true,
            ..segment.flags
        },
        ..segment
    }
}

fn fin(segment: Segment<'_>) -> Segment<'_> {
    Segment {
        flags: Flags {
            fin: true,
            ..segment.flags
        },
        ..segment
    }
}

fn rst(segment: Segment<'_>) -> Segment<'_> {
    Segment {
        flags: Flags {
            rst: true,
            ..segment.flags
        },
        ..segment
    }
}

fn ack(segment: Segment<'_>, acknowledgment: u32) -> Segment<'_> {
    Segment {
        acknowledgment: Some(acknowledgment),
        ..segment
    }
}

/// Connections, and a line per thing that came out: `0> text`, `0< text`, `0> lost 5`, `0 ended`.
#[derive(Default)]
struct Bench {
    connections: Connections,
    lines: Vec<String>,
    secs: i64,
}

impl Bench {
    fn feed(&mut self, segment: Segment<'_>) -> Placement {
        let at = Stamp {
            time: Nanos::from_secs(self.secs),
            frame: Frame::default(),
        };
        self.connections.feed(&segment, at, &mut |delivery| {
            self.lines.push(line(&delivery));
        })
    }

    fn feed_all(&mut self, segments: &[Segment<'_>]) -> &mut Self {
        for segment in segments {
            self.feed(*segment);
        }
        self
    }

    #[track_caller]
    fn gave(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.lines), expected);
    }

    #[track_caller]
    fn finally_gave(mut self, expected: &[&str]) {
        let lines = &mut self.lines;
        self.connections
            .finish(&mut |delivery| lines.push(line(&delivery)));
        assert_eq!(self.lines, expected);
    }
}

fn line(delivery: &Delivery<'_>) -> String {
    let id = delivery.connection.0;
    let arrow = if delivery.from == client() { '>' } else { '<' };
    match delivery.event {
        Event::Bytes(bytes) | Event::Held(bytes, _) => {
            format!("{id}{arrow} {}", String::from_utf8_lossy(bytes))
        }
        Event::Lost(lost) => format!("{id}{arrow} lost {lost}"),
        Event::Ended => format!("{id} ended"),
    }
}

#[test]
fn both_directions_are_one_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        ack(syn(down(499, b"")), 100),
        ack(up(100, b""), 500),
        ack(up(100, b"INVITE"), 500),
        ack(down(500, b"SIP/2.0"), 106),
    ]);
    bench.finally_gave(&["0> INVITE", "0< SIP/2.0", "0 ended"]);
}

#[test]
fn a_connection_may_begin_in_its_middle() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        ack(down(500, b""), 100),
        ack(up(100, b"BYE"), 500),
        ack(down(500, b"OK"), 103),
    ]);
    bench.finally_gave(&["0> BYE", "0< OK", "0 ended"]);
}

#[test]
fn a_syn_captured_behind_its_payload_is_of_the_same_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[up(100, b"one"), syn(up(99, b"")), up(103, b"two")]);
    bench.finally_gave(&["0> one", "0> two", "0 ended"]);
}

#[test]
fn a_syn_answered_before_it_is_captured_is_of_the_same_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        ack(syn(down(499, b"")), 100),
        syn(up(99, b"")),
        up(100, b"one"),
        down(500, b"two"),
    ]);
    bench.finally_gave(&["0> one", "0< two", "0 ended"]);
}

#[test]
fn a_retransmitted_syn_opens_nothing() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        syn(up(99, b"")),
        up(100, b"one"),
        syn(up(99, b"")),
    ]);
    bench.finally_gave(&["0> one", "0 ended"]);
}

#[test]
fn a_port_used_again_is_another_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        ack(syn(down(499, b"")), 100),
        up(100, b"old"),
        syn(up(7_000, b"")),
        ack(syn(down(8_000, b"")), 7_001),
        up(7_001, b"new"),
        down(8_001, b"reply"),
    ]);
    bench.finally_gave(&["0> old", "0 ended", "1> new", "1< reply", "1 ended"]);
}

#[test]
fn a_port_used_again_without_a_syn_captured_is_another_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[up(100, b"old"), up(2_000_000_000, b"new")]);
    bench.finally_gave(&["0> old", "0 ended", "1> new", "1 ended"]);
}

#[test]
fn an_answer_to_another_syn_is_of_another_connection() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        up(100, b"old"),
        ack(syn(down(499, b"")), 7_001),
        up(7_001, b"new"),
    ]);
    bench.finally_gave(&["0> old", "0 ended", "1> new", "1 ended"]);
}

#[test]
fn the_same_bytes_captured_twice_come_once() {
    let mut bench = Bench::default();
    for segment in [syn(up(99, b"")), up(100, b"one "), up(104, b"two")] {
        bench.feed(segment);
        assert!(!bench.feed(segment).is_new);
    }
    bench.finally_gave(&["0> one ", "0> two", "0 ended"]);
}

#[test]
fn payload_on_a_syn_is_delivered() {
    let mut bench = Bench::default();
    bench.feed_all(&[syn(up(99, b"fast ")), up(105, b"open")]);
    bench.finally_gave(&["0> fast ", "0> open", "0 ended"]);
}

#[test]
fn a_lost_segment_is_given_up_once_acknowledged_and_waited_for() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        ack(syn(down(499, b"")), 100),
        up(100, b"one"),
        up(110, b"three"),
    ]);
    bench.feed(ack(down(500, b""), 115));
    bench.gave(&["0> one"]);
    bench.secs = 2;
    bench.feed(ack(down(500, b"reply"), 115));
    bench.gave(&["0< reply", "0> lost 7", "0> three"]);
    assert_eq!(bench.connections.lost_bytes(), 7);
}

#[test]
fn closing_both_directions_gives_up_holes_and_stragglers_still_belong_to_it() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        up(102, b"c"),
        fin(up(103, b"")),
        fin(down(500, b"bye")),
    ]);
    bench.gave(&["0< bye", "0> lost 2", "0> c"]);
    bench.feed(ack(up(104, b""), 504));
    bench.secs = 121;
    bench.feed(Segment {
        from: end(5, 1),
        ..up(1, b"")
    });
    bench.gave(&["0 ended"]);
}

#[test]
fn a_fin_alone_waits_for_what_was_reordered() {
    let mut bench = Bench::default();
    bench.feed_all(&[syn(up(99, b"")), fin(up(103, b"")), up(100, b"abc")]);
    bench.gave(&["0> abc"]);
}

#[test]
fn a_reset_gives_up_holes_and_its_payload_is_a_remark() {
    let mut bench = Bench::default();
    bench.feed_all(&[
        syn(up(99, b"")),
        up(102, b"c"),
        rst(down(500, b"no such thing")),
    ]);
    bench.gave(&["0> lost 2", "0> c"]);
    bench.feed(up(103, b"all the same"));
    bench.finally_gave(&["0> all the same", "0 ended"]);
}

#[test]
fn what_the_snap_length_cut_is_lost_once_acknowledged() {
    let mut bench = Bench::default();
    bench.feed_all(&[ack(syn(up(99, b"")), 0), ack(down(500, b"x"), 100)]);
    bench.feed(Segment {
        cut: 900,
        ..up(100, b"INVITE")
    });
    bench.gave(&["0< x", "0> INVITE"]);
    bench.feed(ack(down(501, b""), 1006));
    bench.gave(&["0> lost 900"]);
}

#[test]
fn a_trunk_that_is_silent_for_two_hours_lives() {
    let mut bench = Bench::default();
    bench.feed(up(100, b"one"));
    bench.secs = 2 * 60 * 60;
    bench.feed(up(103, b"two"));
    bench.secs += 2 * 60 * 60 + 61;
    bench.feed(up(106, b"three"));
    bench.gave(&["0> one", "0> two", "0 ended", "1> three"]);
}

#[test]
fn time_that_jumps_back_ends_nothing() {
    let mut bench = Bench {
        secs: 1_000_000,
        ..Bench::default()
    };
    bench.feed(up(100, b"one"));
    bench.secs = 5;
    bench.feed(up(103, b"two"));
    bench.finally_gave(&["0> one", "0> two", "0 ended"]);
}

#[test]
fn finishing_ends_connections_in_the_order_of_their_numbers() {
    let mut bench = Bench::default();
    for port in [7, 3, 9, 1] {
        bench.feed(Segment {
            from: Endpoint { port, ..client() },
            ..up(5, b"x")
        });
    }
    bench.lines.clear();
    bench.finally_gave(&["0 ended", "1 ended", "2 ended", "3 ended"]);
}

#[test]
fn a_flood_of_syns_evicts_syns_and_no_trunk() {
    let mut bench = Bench::default();
    bench.feed(up(100, b"trunk"));
    let flood = u32::try_from(MAX_CONNECTIONS).unwrap() + 1_000;
    for number in 0..flood {
        let address = IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + number));
        bench.feed(syn(Segment {
            from: Endpoint { address, port: 1 },
            ..up(number, b"")
        }));
    }
    assert_eq!(bench.connections.evicted(), 1_001);
    assert_eq!(bench.connections.by_ends.len(), MAX_CONNECTIONS);
    assert!(bench.connections.slots.len() <= MAX_CONNECTIONS);
    bench.lines.clear();
    bench.feed(up(105, b" lives"));
    bench.gave(&["0>  lives"]);
}

proptest::proptest! {
    #[test]
    fn no_segments_make_it_panic_or_lose_count(
        segments in proptest::collection::vec((0_u32..60, 0_usize..20, 0_u8..64, 0_u16..3, -100_i64..8000), 0..120),
    ) {
        let mut connections = Connections::default();
        let bytes = [b'x'; 20];
        let mut ended = std::collections::BTreeSet::new();
        let mut is_late = false;
        let mut deliver = |delivery: Delivery<'_>| {
            is_late |= ended.contains(&delivery.connection);
            if delivery.event == Event::Ended {
                ended.insert(delivery.connection);
            }
        };
        for (sequence, length, flags, port, secs) in segments {
            let is_set = |bit: u8| flags & bit != 0;
            let segment = Segment {
                from: if is_set(1) { server() } else { end(9, port) },
                to: if is_set(1) { end(9, port) } else { server() },
                sequence: if is_set(32) && is_set(2) { sequence.wrapping_mul(0x1234_5678) } else { sequence },
                acknowledgment: is_set(4).then_some(sequence + 20),
                flags: Flags { syn: is_set(8) && is_set(2), fin: is_set(16) && is_set(2), rst: is_set(8) && is_set(16) },
                payload: &bytes[..length],
                cut: u32::from(is_set(32)),
            };
            let at = Stamp { time: Nanos::from_secs(secs), frame: Frame::default() };
            connections.feed(&segment, at, &mut deliver);
            let held: usize = connections.slots.iter().flatten().map(super::Connection::cost).sum();
            assert_eq!(connections.held, held);
        }
        let opened = connections.next_id;
        connections.finish(&mut deliver);
        proptest::prop_assert!(!is_late, "an event behind the last");
        proptest::prop_assert_eq!(ended.len() as u64, opened);
    }
}

use super::Assembler;
use super::MAX_HELD;
use super::MAX_HELD_SEGMENTS;
use super::Moment;
use crate::capture::record::Nanos;
use crate::transport::tcp::Event;
use proptest::prelude::Strategy;
use proptest::prelude::any;

/// An assembler with what came out of it: bytes as they are, `<n>` for n lost bytes.
#[derive(Default)]
struct Bench {
    assembler: Assembler,
    out: Vec<u8>,
    events: usize,
    segments: u32,
    has_acknowledgments: bool,
}

impl Bench {
    fn opened(isn: u32) -> Self {
        let mut bench = Self {
            has_acknowledgments: true,
            ..Self::default()
        };
        bench.assembler.open(isn);
        bench
    }

    fn place(&mut self, sequence: u32, payload: &[u8]) -> bool {
        self.place_cut(sequence, payload, 0)
    }

    fn place_cut(&mut self, sequence: u32, payload: &[u8], cut: u32) -> bool {
        let Self {
            assembler,
            out,
            events,
            ..
        } = self;
        let is_new = assembler.place(sequence, payload, cut, &mut |event| {
            write(out, events, event);
        });
        self.settle(0);
        is_new
    }

    fn settle(&mut self, secs: i64) {
        self.segments += 1;
        let moment = Moment {
            time: Nanos::from_secs(secs),
            segments: self.segments,
            has_acknowledgments: self.has_acknowledgments,
        };
        let Self {
            assembler,
            out,
            events,
            ..
        } = self;
        assembler.settle(moment, &mut |event| write(out, events, event));
    }

    fn give_up(&mut self) {
        let Self {
            assembler,
            out,
            events,
            ..
        } = self;
        assembler.give_up(&mut |event| write(out, events, event));
    }

    #[track_caller]
    fn gave(&self, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&self.out), expected);
    }
}

fn write(out: &mut Vec<u8>, events: &mut usize, event: Event<'_>) {
    *events += 1;
    match event {
        Event::Bytes(bytes) | Event::Held(bytes, _) => {
            assert!(!bytes.is_empty());
            out.extend_from_slice(bytes);
        }
        Event::Lost(lost) => out.extend_from_slice(format!("<{lost}>").as_bytes()),
        Event::Ended => out.extend_from_slice(b"."),
    }
}

#[test]
fn segments_in_order_come_out_as_they_are() {
    let mut bench = Bench::opened(999);
    assert!(bench.place(1000, b"one "));
    assert!(bench.place(1004, b"two"));
    bench.gave("one two");
    assert!(bench.assembler.backlog.is_none());
}

#[test]
fn a_late_segment_is_put_in_its_place() {
    let mut bench = Bench::opened(999);
    bench.place(1004, b"two ");
    bench.place(1008, b"three");
    bench.gave("");
    bench.place(1000, b"one ");
    bench.gave("one two three");
    assert!(bench.assembler.backlog.is_none());
}

#[test]
fn a_retransmission_brings_nothing_new() {
    let mut bench = Bench::opened(999);
    bench.place(1000, b"once");
    assert!(!bench.place(1000, b"once"));
    assert!(!bench.place(1000, b"o"));
    bench.place(1008, b"held");
    assert!(!bench.place(1008, b"held"));
    bench.gave("once");
}

#[test]
fn of_a_retransmission_with_other_bytes_the_first_stay() {
    let mut bench = Bench::opened(999);
    bench.place(1000, b"good");
    bench.place(1000, b"EVIL and more");
    bench.gave("good and more");
    let mut bench = Bench::opened(999);
    bench.place(1004, b"held");
    bench.place(1002, b"XXXXXX+");
    bench.place(1000, b"ab");
    bench.gave("abXXheld+");
}

#[test]
fn without_a_syn_the_first_payload_is_the_start_and_what_lies_before_is_old() {
    let mut bench = Bench::default();
    bench.place(5000, b"middle");
    bench.place(4990, b"before....");
    bench.gave("middle");
    bench.place(4996, b"XXXXmiddle, on");
    bench.gave("middle, on");
}

#[test]
fn sequence_numbers_may_wrap() {
    let mut bench = Bench::opened(u32::MAX - 3);
    bench.place(2, b"behind");
    bench.place(u32::MAX - 2, b"zero:");
    bench.gave("zero:behind");
    let mut bench = Bench::opened(u32::MAX - 7);
    let mut sequence = u32::MAX - 6;
    let payload = vec![b'.'; 65_535];
    for _ in 0..3 * 64 * 1024 {
        assert!(bench.place(sequence, &payload));
        sequence = sequence.wrapping_add(65_535);
        bench.out.clear();
    }
    assert!(bench.assembler.next > i64::from(u32::MAX) * 2);
}

#[test]
fn a_keep_alive_probe_gives_nothing() {
    let mut bench = Bench::opened(999);
    assert!(!bench.place(999, b"\0"));
    bench.place(1000, b"data");
    assert!(!bench.place(1003, b"\0"));
    assert!(!bench.place(1003, b""));
    bench.place(1004, b" more");
    bench.gave("data more");
}

#[test]
fn an_acknowledged_hole_is_given_up_after_two_seconds() {
    let mut bench = Bench::opened(999);
    bench.place(1000, b"one ");
    bench.place(1010, b"three");
    bench.settle(100);
    bench.gave("one ");
    bench.assembler.acknowledge(1015);
    bench.settle(100);
    bench.settle(101);
    bench.gave("one ");
    bench.settle(102);
    bench.gave("one <6>three");
}

#[test]
fn an_acknowledged_hole_is_given_up_after_sixty_four_segments() {
    let mut bench = Bench::opened(999);
    bench.place(1010, b"x");
    bench.assembler.acknowledge(1011);
    for _ in 0..64 {
        bench.settle(0);
        bench.gave("");
    }
    bench.settle(0);
    bench.gave("<10>x");
}

#[test]
fn a_hole_that_is_not_acknowledged_waits() {
    let mut bench = Bench::opened(999);
    bench.place(1010, b"x");
    bench.assembler.acknowledge(1000);
    for _ in 0..200 {
        bench.settle(1000);
    }
    bench.gave("");
}

#[test]
fn where_the_other_direction_was_not_captured_nothing_waits_for_its_acknowledgments() {
    let mut bench = Bench::opened(999);
    bench.has_acknowledgments = false;
    bench.place(1010, b"x");
    bench.settle(3);
    bench.gave("<10>x");
}

#[test]
fn a_hole_filled_in_time_is_not_lost() {
    let mut bench = Bench::opened(999);
    bench.place(1004, b"two");
    bench.assembler.acknowledge(1007);
    bench.settle(1);
    bench.place(1000, b"one ");
    bench.settle(9);
    bench.gave("one two");
}

#[test]
fn each_hole_has_its_own_time() {
    let mut bench = Bench::opened(999);
    bench.place(1001, b"a");
    bench.assembler.acknowledge(1002);
    bench.settle(0);
    bench.place(1003, b"b");
    bench.settle(2);
    bench.gave("<1>a");
    bench.assembler.acknowledge(1004);
    bench.settle(3);
    bench.settle(5);
    bench.gave("<1>a<1>b");
}

#[test]
fn what_the_snap_length_cut_is_lost_once_it_is_acknowledged() {
    let mut bench = Bench::opened(999);
    bench.place_cut(1000, b"head", 6);
    bench.place_cut(1010, b"next", 6);
    bench.gave("head");
    bench.assembler.acknowledge(1020);
    bench.settle(0);
    bench.gave("head<6>next<6>");
    assert!(bench.assembler.backlog.is_none());
}

#[test]
fn a_retransmission_brings_what_the_snap_length_cut() {
    let mut bench = Bench::opened(999);
    bench.place_cut(1000, b"head", 6);
    bench.place(1000, b"XXXX tail!");
    bench.assembler.acknowledge(1010);
    bench.settle(0);
    bench.gave("head tail!");
}

#[test]
fn a_segment_of_which_nothing_was_captured_is_lost() {
    let mut bench = Bench::opened(999);
    bench.place_cut(1000, b"", 10);
    bench.assembler.acknowledge(1010);
    bench.settle(0);
    bench.place(1010, b"next");
    bench.gave("<10>next");
}

#[test]
fn giving_up_delivers_all_that_is_held() {
    let mut bench = Bench::opened(999);
    bench.place(1002, b"a");
    bench.place_cut(1005, b"b", 3);
    bench.assembler.close(1012, 0);
    bench.give_up();
    bench.gave("<2>a<2>b<6>");
    assert_eq!(bench.assembler.cost(), 0);
}

#[test]
fn a_fin_with_nothing_missing_loses_nothing() {
    let mut bench = Bench::opened(999);
    bench.place(1000, b"all");
    bench.assembler.close(1000, 3);
    bench.give_up();
    bench.gave("all");
}

#[test]
fn too_many_held_segments_give_up_the_first_hole() {
    let mut bench = Bench::opened(999);
    for index in 0..=u32::try_from(MAX_HELD_SEGMENTS).unwrap() {
        bench.place(1001 + 2 * index, b"x");
    }
    bench.gave("<1>x");
    assert!(bench.assembler.backlog.as_ref().unwrap().held.len() <= MAX_HELD_SEGMENTS);
}

#[test]
fn too_many_held_bytes_give_up_the_first_hole() {
    let mut bench = Bench::opened(999);
    let payload = vec![b'x'; 60_000];
    for index in 0..40 {
        bench.place(1010 + 60_000 * index, &payload);
        assert!(
            bench
                .assembler
                .backlog
                .as_ref()
                .map_or(0, |backlog| backlog.cost)
                <= MAX_HELD
        );
    }
    assert_eq!(bench.out.len(), "<10>".len() + 40 * payload.len());
}

/// A byte string, the pieces it is sent in, and the order in which they are captured.
fn sent() -> impl Strategy<Value = (u32, Vec<u8>, Vec<(usize, usize)>)> {
    (any::<u32>(), proptest::collection::vec(any::<u8>(), 1..300)).prop_flat_map(|(isn, bytes)| {
        let length = bytes.len();
        let tiles = proptest::collection::btree_set(0..length, 0..12).prop_map(move |cuts| {
            let mut edges: Vec<usize> = std::iter::once(0).chain(cuts).chain([length]).collect();
            edges.dedup();
            edges
                .windows(2)
                .map(|edge| (edge[0], edge[1]))
                .collect::<Vec<_>>()
        });
        let repeats = proptest::collection::vec((0..length, 0..length), 0..8).prop_map(|spans| {
            spans
                .into_iter()
                .map(|(a, b)| (a.min(b), a.max(b) + 1))
                .collect::<Vec<_>>()
        });
        let order = (tiles, repeats)
            .prop_map(|(tiles, repeats)| [tiles, repeats].concat())
            .prop_shuffle();
        (
            proptest::strategy::Just(isn),
            proptest::strategy::Just(bytes),
            order,
        )
    })
}

proptest::proptest! {
    #[test]
    fn any_segmentation_order_duplication_and_overlap_gives_the_bytes((isn, bytes, order) in sent()) {
        let mut bench = Bench::opened(isn);
        for (start, end) in order {
            let sequence = isn.wrapping_add(1).wrapping_add(u32::try_from(start).unwrap());
            bench.place(sequence, &bytes[start..end]);
        }
        proptest::prop_assert_eq!(&bench.out, &bytes);
        proptest::prop_assert!(bench.assembler.backlog.is_none());
    }

    #[test]
    fn what_is_lost_and_what_comes_add_up(
        (isn, bytes, order) in sent(),
        dropped in proptest::collection::vec(any::<bool>(), 20),
        cuts in proptest::collection::vec(0_usize..5, 20),
        acknowledged in proptest::collection::vec(0_u32..300, 20),
    ) {
        let mut assembler = Assembler::default();
        assembler.open(isn);
        let mut position = 0_usize;
        let mut wrong = 0_usize;
        let mut check = |event: Event<'_>| match event {
            Event::Bytes(part) | Event::Held(part, _) => {
                wrong += usize::from(bytes.get(position..position + part.len()) != Some(part));
                position += part.len();
            }
            Event::Lost(lost) => position += usize::try_from(lost).unwrap(),
            Event::Ended => {}
        };
        let base = isn.wrapping_add(1);
        for (index, (start, end)) in order.into_iter().enumerate() {
            if dropped[index % 20] {
                continue;
            }
            let cut = cuts[index % 20].min(end - start);
            let sequence = base.wrapping_add(u32::try_from(start).unwrap());
            assembler.place(sequence, &bytes[start..end - cut], u32::try_from(cut).unwrap(), &mut check);
            assembler.acknowledge(base.wrapping_add(acknowledged[index % 20]));
            let moment = Moment { time: Nanos::from_secs(i64::try_from(index).unwrap()), segments: 0, has_acknowledgments: true };
            assembler.settle(moment, &mut check);
        }
        assembler.close(base.wrapping_add(u32::try_from(bytes.len()).unwrap()), 0);
        assembler.give_up(&mut check);
        proptest::prop_assert_eq!((position, wrong), (bytes.len(), 0));
    }

    #[test]
    fn no_segments_make_it_panic(
        segments in proptest::collection::vec((any::<u32>(), 0_usize..40, 0_u32..5, any::<u32>(), any::<bool>(), any::<bool>()), 0..80),
    ) {
        let mut bench = Bench::default();
        let bytes = [b'x'; 40];
        for (sequence, length, cut, acknowledged, is_near, has_fin) in segments {
            let sequence = if is_near { sequence % 200 } else { sequence };
            bench.place_cut(sequence, &bytes[..length], cut);
            bench.assembler.acknowledge(acknowledged);
            if has_fin {
                bench.assembler.close(sequence, cut);
            }
        }
        bench.give_up();
        proptest::prop_assert_eq!(bench.assembler.cost(), 0);
    }
}

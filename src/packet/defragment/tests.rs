use super::Defragmenter;
use super::MAX_COPIES;
use super::MAX_DATAGRAMS;
use super::MAX_PIECES;
use super::Outcome;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Fragment;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use std::net::IpAddr;
use std::net::Ipv4Addr;

fn at(millis: i64) -> Stamp {
    Stamp {
        time: Nanos(millis * 1_000_000),
        frame: Frame::default(),
    }
}

fn fragment(identification: u32, offset: u32, more: bool, payload: &[u8]) -> Fragment<'_> {
    Fragment {
        source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        destination: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)),
        identification,
        protocol: 17,
        offset,
        more,
        payload,
        is_cut: false,
    }
}

fn cut(fragment: Fragment<'_>) -> Fragment<'_> {
    Fragment {
        is_cut: true,
        ..fragment
    }
}

/// Feeds all and gives what came out: payload and whether it is cut.
fn feed(defragmenter: &mut Defragmenter, fragments: &[Fragment<'_>]) -> Vec<(Vec<u8>, bool)> {
    let mut wholes = Vec::new();
    for fragment in fragments {
        if let Outcome::Complete(whole) = defragmenter.feed(*fragment, at(0)) {
            wholes.push((whole.payload, whole.is_cut));
        }
    }
    wholes
}

fn whole(payload: &[u8]) -> (Vec<u8>, bool) {
    (payload.to_vec(), false)
}

const FIRST: &[u8] = b"INVITE s";
const SECOND: &[u8] = b"ip:teams";
const THIRD: &[u8] = b" SIP";
const ALL: &[u8] = b"INVITE sip:teams SIP";

fn parts(identification: u32) -> [Fragment<'static>; 3] {
    [
        fragment(identification, 0, true, FIRST),
        fragment(identification, 8, true, SECOND),
        fragment(identification, 16, false, THIRD),
    ]
}

#[test]
fn the_last_missing_fragment_completes_the_datagram() {
    let [first, second, third] = parts(1);
    let mut defragmenter = Defragmenter::default();
    assert_eq!(defragmenter.feed(third, at(0)), Outcome::Held);
    assert_eq!(defragmenter.feed(first, at(1)), Outcome::Held);
    let Outcome::Complete(whole) = defragmenter.feed(second, at(2)) else {
        panic!("not complete")
    };
    assert_eq!(
        (whole.payload.as_slice(), whole.protocol, whole.is_cut),
        (ALL, 17, false)
    );
    assert_eq!(defragmenter.held, 0);
}

#[test]
fn datagrams_with_other_identifications_don_t_mix() {
    let [a1, a2, a3] = parts(1);
    let [b1, b2, b3] = parts(2);
    let wholes = feed(&mut Defragmenter::default(), &[a1, b3, b1, a3, b2, a2]);
    assert_eq!(wholes, [whole(ALL), whole(ALL)]);
}

#[test]
fn a_datagram_captured_twice_comes_out_twice_however_its_fragments_are_shuffled() {
    let [first, second, third] = parts(1);
    for order in [
        [first, second, third, first, second, third],
        [first, first, second, second, third, third],
        [third, first, third, second, first, second],
    ] {
        let mut defragmenter = Defragmenter::default();
        assert_eq!(feed(&mut defragmenter, &order), [whole(ALL), whole(ALL)]);
        assert_eq!((defragmenter.held, defragmenter.open.len()), (0, 0));
    }
}

#[test]
fn a_leftover_does_not_reach_a_later_datagram_of_the_same_identification() {
    let [first, second, third] = parts(1);
    let mut defragmenter = Defragmenter::default();
    assert_eq!(
        feed(&mut defragmenter, &[first, first, second, third]).len(),
        1
    );
    let later = fragment(1, 0, true, b"CANCEL s");
    assert_eq!(defragmenter.feed(later, at(2_000)), Outcome::Held);
    assert_eq!(defragmenter.feed(second, at(2_000)), Outcome::Held);
    let Outcome::Complete(whole) = defragmenter.feed(third, at(2_000)) else {
        panic!("not complete")
    };
    assert_eq!(whole.payload, b"CANCEL sip:teams SIP");
    assert_eq!(defragmenter.evicted(), 0);
}

#[test]
fn where_fragments_overlap_the_first_bytes_stay() {
    let wholes = feed(
        &mut Defragmenter::default(),
        &[
            fragment(1, 8, true, SECOND),
            fragment(1, 0, true, b"INVITE sXXXXXXXX"),
            fragment(1, 16, false, THIRD),
        ],
    );
    assert_eq!(wholes, [whole(ALL)]);
}

#[test]
fn a_fragment_cut_to_nothing_inside_another_does_not_let_later_bytes_overwrite() {
    let mut defragmenter = Defragmenter::default();
    let fragments = [
        fragment(1, 0, true, b"INVITE sip:teams"),
        cut(fragment(1, 8, true, b"")),
        fragment(1, 8, true, b"ip:other SIP/2.0"),
        fragment(1, 24, false, b"!"),
    ];
    assert_eq!(
        feed(&mut defragmenter, &fragments),
        [whole(b"INVITE sip:teams SIP/2.0!")]
    );
}

#[test]
fn what_fits_no_datagram_is_refused() {
    let mut defragmenter = Defragmenter::default();
    for wrong in [
        fragment(1, 0, true, b"seven b"),
        fragment(1, 65_528, false, b"beyond the end"),
        fragment(1, 8, true, b""),
    ] {
        assert_eq!(defragmenter.feed(wrong, at(0)), Outcome::Refused);
    }
    assert_eq!(
        defragmenter.feed(fragment(1, 8, false, SECOND), at(0)),
        Outcome::Held
    );
    assert_eq!(
        defragmenter.feed(fragment(1, 16, true, SECOND), at(0)),
        Outcome::Refused
    );
    assert_eq!(
        feed(&mut defragmenter, &[fragment(1, 0, true, FIRST)]),
        [whole(b"INVITE sip:teams")]
    );
    assert_eq!(defragmenter.open.len(), 0);
}

#[test]
fn a_fragment_cut_by_the_snap_length_completes_with_what_comes_before_the_cut() {
    let [first, second, third] = parts(1);
    let short = cut(fragment(1, 0, true, b"INV"));
    let wholes = feed(&mut Defragmenter::default(), &[short, third, second]);
    assert_eq!(wholes[0], (b"INV".to_vec(), true));
    let short = cut(fragment(1, 16, false, b" S"));
    let wholes = feed(&mut Defragmenter::default(), &[short, second, first]);
    assert_eq!(wholes, [(b"INVITE sip:teams S".to_vec(), true)]);
    let gone = cut(fragment(1, 8, true, b""));
    let wholes = feed(&mut Defragmenter::default(), &[gone, third, first]);
    assert_eq!(wholes, [(b"INVITE s".to_vec(), true)]);
}

#[test]
fn a_missing_fragment_is_not_excused_by_a_cut_elsewhere() {
    let wholes = feed(
        &mut Defragmenter::default(),
        &[
            cut(fragment(1, 16, true, b"x")),
            fragment(1, 32, false, b"end"),
            fragment(1, 0, true, FIRST),
        ],
    );
    assert_eq!(wholes, []);
}

#[test]
fn a_datagram_waits_thirty_seconds_to_either_side() {
    let [first, second, third] = parts(1);
    for (later, completes) in [
        (29_000, true),
        (31_000, false),
        (-29_000, true),
        (-31_000, false),
    ] {
        let mut defragmenter = Defragmenter::default();
        defragmenter.feed(first, at(0));
        defragmenter.feed(second, at(0));
        let outcome = defragmenter.feed(third, at(later));
        assert_eq!(
            matches!(outcome, Outcome::Complete(_)),
            completes,
            "{later} ms"
        );
        assert_eq!(defragmenter.evicted(), u64::from(!completes));
    }
}

#[test]
fn expiring_forgets_what_has_waited_too_long() {
    let mut defragmenter = Defragmenter::default();
    defragmenter.feed(parts(1)[0], at(0));
    defragmenter.feed(parts(2)[0], at(20_000));
    defragmenter.expire(at(31_000).time);
    assert_eq!(
        (
            defragmenter.open.len(),
            defragmenter.order.len(),
            defragmenter.evicted()
        ),
        (1, 1, 1)
    );
}

#[test]
fn the_oldest_datagrams_are_evicted_when_there_are_too_many() {
    let mut defragmenter = Defragmenter::default();
    let count = u32::try_from(MAX_DATAGRAMS).unwrap() + 10;
    for identification in 0..count {
        defragmenter.feed(fragment(identification, 0, true, FIRST), at(0));
    }
    assert_eq!(
        (defragmenter.open.len(), defragmenter.evicted()),
        (MAX_DATAGRAMS, 10)
    );
    assert_eq!(
        feed(&mut defragmenter, &[fragment(10, 8, false, SECOND)]),
        [whole(b"INVITE sip:teams")]
    );
    assert_eq!(
        feed(&mut defragmenter, &[fragment(9, 8, false, SECOND)]),
        []
    );
}

#[test]
fn what_is_held_stays_under_the_bound() {
    let mut defragmenter = Defragmenter::default();
    let payload = vec![b'x'; 60_000];
    for identification in 0..3_000 {
        defragmenter.feed(fragment(identification, 0, true, &payload), at(0));
        assert!(defragmenter.held <= super::MAX_HELD);
    }
    let held: usize = defragmenter.open.len() * (payload.len() + super::PIECE_OVERHEAD);
    assert_eq!(defragmenter.held, held);
}

/// A payload, where it is cut into fragments (multiples of 8), and an order with repetitions.
#[test]
fn a_datagram_has_no_more_pieces_than_the_bound() {
    let mut defragmenter = Defragmenter::default();
    // Every second stretch of eight bytes, so that none joins another.
    let outcomes: Vec<Outcome> = (0..=MAX_PIECES)
        .map(|piece| {
            let offset = u32::try_from(piece * 16).unwrap();
            defragmenter.feed(fragment(1, offset, true, FIRST), at(0))
        })
        .collect();
    let (last, before) = outcomes.split_last().unwrap();
    assert!(before.iter().all(|outcome| *outcome == Outcome::Held));
    assert_eq!(*last, Outcome::Refused);
}

#[test]
fn no_more_copies_are_put_together_than_the_bound() {
    let mut defragmenter = Defragmenter::default();
    let [first, second, third] = parts(1);
    let beginnings = [first; MAX_COPIES + 1];
    assert_eq!(feed(&mut defragmenter, &beginnings), []);
    let rest = [[second, third]; MAX_COPIES + 1].concat();
    assert_eq!(feed(&mut defragmenter, &rest), vec![whole(ALL); MAX_COPIES]);
}

fn shuffled() -> impl Strategy<Value = (Vec<u8>, Vec<usize>, Vec<usize>)> {
    (
        proptest::collection::vec(any::<u8>(), 9..400),
        proptest::collection::btree_set(1_usize..50, 1..8),
    )
        .prop_flat_map(|(payload, cuts)| {
            let cuts: Vec<usize> = cuts
                .into_iter()
                .map(|cut| cut * 8)
                .filter(|cut| *cut < payload.len())
                .collect();
            let pieces = cuts.len() + 1;
            let order = (
                proptest::collection::vec(0..pieces, 0..12),
                proptest::strategy::Just((0..pieces).collect::<Vec<_>>()),
            )
                .prop_map(|(extra, all)| [extra, all].concat())
                .prop_shuffle();
            (
                proptest::strategy::Just(payload),
                proptest::strategy::Just(cuts),
                order,
            )
        })
}

proptest::proptest! {
    #[test]
    fn any_order_and_duplication_gives_the_datagram((payload, cuts, order) in shuffled()) {
        proptest::prop_assume!(!cuts.is_empty());
        let starts: Vec<usize> = std::iter::once(0).chain(cuts).collect();
        let mut defragmenter = Defragmenter::default();
        let mut wholes = 0;
        for piece in &order {
            let start = starts[*piece];
            let end = starts.get(piece + 1).copied().unwrap_or(payload.len());
            let part = fragment(7, u32::try_from(start).unwrap(), end < payload.len(), &payload[start..end]);
            if let Outcome::Complete(whole) = defragmenter.feed(part, at(0)) {
                wholes += 1;
                proptest::prop_assert_eq!(&whole.payload, &payload);
            }
        }
        let copies = (0..starts.len()).map(|piece| order.iter().filter(|fed| **fed == piece).count()).min();
        proptest::prop_assert!(wholes >= 1 && wholes <= copies.unwrap_or(0));
        proptest::prop_assert_eq!(defragmenter.evicted(), 0);
    }

    #[test]
    fn no_fragments_make_it_panic_or_lose_count(
        fragments in proptest::collection::vec((0_u32..3, 0_u32..9, any::<bool>(), 0_usize..70, any::<bool>()), 0..60),
    ) {
        let bytes = [0x55; 70];
        let mut defragmenter = Defragmenter::default();
        for (identification, offset, more, length, is_cut) in fragments {
            let part = Fragment { is_cut, ..fragment(identification, offset * 8, more, &bytes[..length]) };
            let _ = defragmenter.feed(part, at(0));
        }
        let held: usize = defragmenter.open.values().flat_map(|entry| &entry.copies).map(|copy| copy.held).sum();
        proptest::prop_assert_eq!(defragmenter.held, held);
        defragmenter.expire(at(60_000).time);
        proptest::prop_assert_eq!(defragmenter.held, 0);
    }
}

use proptest::collection::vec;
use proptest::num::u8;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use super::Associations;
use super::MAX_DIRECTIONS;
use super::MAX_FRAGMENTS;
use super::MAX_HELD;
use super::OVERHEAD;
use crate::packet::Endpoint;
use crate::packet::Sctp;

const BEGINS: u8 = 2;
const ENDS: u8 = 1;
const WHOLE: u8 = 3;

fn data(flags: u8, tsn: u32, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(16 + bytes.len()).expect("a short chunk");
    let mut chunk = vec![0, flags];
    chunk.extend_from_slice(&length.to_be_bytes());
    chunk.extend_from_slice(&tsn.to_be_bytes());
    chunk.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    chunk.extend_from_slice(bytes);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

fn i_data(flags: u8, tsn: u32, message: u32, fragment: u32, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + bytes.len()).expect("a short chunk");
    let mut chunk = vec![64, flags];
    chunk.extend_from_slice(&length.to_be_bytes());
    chunk.extend_from_slice(&tsn.to_be_bytes());
    chunk.extend_from_slice(&[0, 1, 0, 0]);
    chunk.extend_from_slice(&message.to_be_bytes());
    chunk.extend_from_slice(&fragment.to_be_bytes());
    chunk.extend_from_slice(bytes);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

fn packet(tag: u32, chunks: &[u8]) -> Sctp<'_> {
    let end = |port| Endpoint {
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        port,
    };
    Sctp {
        from: end(5060),
        to: end(5062),
        verification_tag: tag,
        chunks,
        is_cut: false,
    }
}

/// The messages that a packet completes, and whether each is cut.
fn fed(associations: &mut Associations, packet: &Sctp<'_>) -> Vec<(Vec<u8>, bool)> {
    let mut messages = Vec::new();
    associations.feed(packet, &mut |message| {
        messages.push((message.bytes.to_vec(), message.is_cut));
    });
    messages
}

fn messages_of(associations: &mut Associations, chunks: &[u8]) -> Vec<Vec<u8>> {
    let messages = fed(associations, &packet(7, chunks));
    messages.into_iter().map(|(bytes, _)| bytes).collect()
}

#[test]
fn bundled_chunks_are_a_message_each_and_control_chunks_none() {
    let selective_acknowledgment = [3, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let chunks = [
        &selective_acknowledgment[..],
        &data(WHOLE, 1, b"first"),
        &data(WHOLE, 2, b"second!!"),
    ]
    .concat();
    assert_eq!(
        messages_of(&mut Associations::default(), &chunks),
        [&b"first"[..], b"second!!"]
    );
}

#[test]
fn fragments_make_a_message_in_any_order_and_over_the_end_of_the_numbers() {
    let parts = [
        data(BEGINS, u32::MAX - 1, b"one "),
        data(0, u32::MAX, b"two "),
        data(0, 0, b"three "),
        data(ENDS, 1, b"four"),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let mut associations = Associations::default();
        let mut found = Vec::new();
        for index in order {
            found.extend(messages_of(&mut associations, &parts[index]));
        }
        assert_eq!(found, [b"one two three four"], "{order:?}");
        assert_eq!(associations.held, 0);
    }
}

#[test]
fn messages_side_by_side_stay_apart() {
    let mut associations = Associations::default();
    let chunks = [
        data(ENDS, 6, b"a2"),
        data(BEGINS, 7, b"b1"),
        data(WHOLE, 9, b"c"),
    ]
    .concat();
    assert_eq!(messages_of(&mut associations, &chunks), [b"c"]);
    assert_eq!(
        messages_of(&mut associations, &data(BEGINS, 5, b"a1")),
        [b"a1a2"]
    );
    assert_eq!(
        messages_of(&mut associations, &data(ENDS, 8, b"b2")),
        [b"b1b2"]
    );
}

#[test]
fn what_is_sent_again_is_dropped_but_numbers_alone_prove_nothing() {
    let mut associations = Associations::default();
    let chunk = data(WHOLE, 5, b"once");
    assert_eq!(messages_of(&mut associations, &chunk).len(), 1);
    assert_eq!(messages_of(&mut associations, &chunk).len(), 0);
    let same_number = data(WHOLE, 5, b"another");
    assert_eq!(messages_of(&mut associations, &same_number), [b"another"]);
    let same_bytes = data(WHOLE, 6, b"once");
    assert_eq!(messages_of(&mut associations, &same_bytes), [b"once"]);
}

#[test]
fn interleaved_messages_have_numbers_of_their_own() {
    let mut associations = Associations::default();
    let chunks = [
        i_data(BEGINS, 1, 100, 46, b"a1"),
        i_data(BEGINS, 2, 101, 46, b"b1"),
        i_data(ENDS, 3, 100, 1, b"a2"),
        i_data(ENDS, 4, 101, 1, b"b2"),
        i_data(WHOLE, 5, 102, 0, b"c"),
    ]
    .concat();
    assert_eq!(
        messages_of(&mut associations, &chunks),
        [&b"a1a2"[..], b"b1b2", b"c"]
    );
}

#[test]
fn associations_do_not_share_fragments() {
    let mut associations = Associations::default();
    assert!(fed(&mut associations, &packet(1, &data(BEGINS, 1, b"one "))).is_empty());
    assert!(fed(&mut associations, &packet(2, &data(ENDS, 2, b"other"))).is_empty());
    let found = fed(&mut associations, &packet(1, &data(ENDS, 2, b"two")));
    assert_eq!(found, [(b"one two".to_vec(), false)]);
}

#[test]
fn a_message_cut_by_the_snap_length_is_flagged_and_ends_at_the_cut() {
    let mut associations = Associations::default();
    let whole = data(WHOLE, 1, b"a message that is cut");
    let cut = Sctp {
        is_cut: true,
        ..packet(7, &whole[..24])
    };
    assert_eq!(fed(&mut associations, &cut), [(b"a messag".to_vec(), true)]);
    let first = data(BEGINS, 2, b"begins, ");
    let middle = data(0, 3, b"goes on, ");
    assert!(messages_of(&mut associations, &first).is_empty());
    let cut = Sctp {
        is_cut: true,
        ..packet(7, &middle[..20])
    };
    assert!(fed(&mut associations, &cut).is_empty());
    let last = data(ENDS, 4, b"and ends");
    assert_eq!(
        fed(&mut associations, &packet(7, &last)),
        [(b"begins, goes".to_vec(), true)]
    );
}

#[test]
fn what_is_held_is_bounded_and_what_is_given_up_is_counted() {
    let mut associations = Associations::default();
    let never_ends = vec![b'x'; 60_000];
    for tag in 0..400 {
        assert!(
            fed(
                &mut associations,
                &packet(tag, &data(BEGINS, 1, &never_ends))
            )
            .is_empty()
        );
    }
    assert!(associations.held <= MAX_HELD);
    let held = u64::try_from(MAX_HELD / (60_000 + OVERHEAD)).expect("small");
    assert_eq!(associations.evicted(), 400 - held);

    let mut associations = Associations::default();
    for tsn in 0..=MAX_FRAGMENTS {
        let tsn = u32::try_from(tsn * 2).expect("small");
        assert!(messages_of(&mut associations, &data(0, tsn, b"x")).is_empty());
    }
    assert_eq!(associations.evicted(), MAX_FRAGMENTS as u64);

    let mut associations = Associations::default();
    for tag in 0..u32::try_from(MAX_DIRECTIONS).expect("small") + 10 {
        assert_eq!(
            fed(&mut associations, &packet(tag, &data(WHOLE, 1, b"x"))).len(),
            1
        );
    }
    assert_eq!(associations.directions.len(), MAX_DIRECTIONS);
    assert_eq!(associations.by_use.len(), MAX_DIRECTIONS);
    assert_eq!(associations.evicted(), 0);
}

#[test]
fn a_message_beyond_the_bound_is_given_up_and_counted() {
    let mut associations = Associations::default();
    let part = vec![b'x'; 60_000];
    let mut found = messages_of(&mut associations, &data(BEGINS, 1, &part));
    for tsn in 2..20 {
        found.extend(messages_of(&mut associations, &data(0, tsn, &part)));
    }
    found.extend(messages_of(&mut associations, &data(ENDS, 20, &part)));
    assert!(found.is_empty());
    assert_eq!(associations.evicted(), 20);
    assert_eq!(associations.held, 0);
}

#[test]
fn lengths_that_lie_end_the_packet() {
    let mut associations = Associations::default();
    for length in [0_u16, 3] {
        let mut chunk = data(WHOLE, 1, b"lost");
        chunk[2..4].copy_from_slice(&length.to_be_bytes());
        assert!(messages_of(&mut associations, &chunk).is_empty());
    }
    let mut chunk = data(WHOLE, 1, b"what there is");
    chunk[2..4].copy_from_slice(&u16::MAX.to_be_bytes());
    chunk.truncate(29);
    assert_eq!(messages_of(&mut associations, &chunk), [b"what there is"]);
}

proptest! {
    #[test]
    fn no_chunks_trouble_it(packets in vec((vec(u8::ANY, 0..120), u8::ANY), 0..20)) {
        let mut associations = Associations::default();
        for (chunks, kind) in &packets {
            let tidy = data(kind & 7, u32::from(kind >> 3), chunks);
            let _ = fed(&mut associations, &packet(0, chunks));
            let _ = fed(&mut associations, &packet(0, &tidy));
        }
        let held: usize = associations.directions.values().map(|direction| direction.held).sum();
        prop_assert_eq!(associations.held, held);
        let counted = associations.directions.values().flat_map(|direction| direction.fragments.values());
        prop_assert_eq!(held, counted.map(|fragment| fragment.bytes.len() + OVERHEAD).sum::<usize>());
    }

    #[test]
    fn any_order_of_fragments_gives_the_message(first in proptest::num::u32::ANY, keys in vec(u8::ANY, 2..40)) {
        let last = keys.len() - 1;
        let mut parts: Vec<(u8, Vec<u8>)> = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let flags = if index == 0 { BEGINS } else if index == last { ENDS } else { 0 };
            let tsn = first.wrapping_add(u32::try_from(index).expect("small"));
            parts.push((*key, data(flags, tsn, &[u8::try_from(index).expect("small")])));
        }
        parts.sort_by_key(|(key, _)| *key);
        let mut associations = Associations::default();
        let mut found = Vec::new();
        for (_, chunk) in &parts {
            found.extend(messages_of(&mut associations, chunk));
        }
        let whole: Vec<u8> = (0..=u8::try_from(last).expect("small")).collect();
        prop_assert!(found == [whole]);
    }
}

use crate::capture::Capture;
use crate::capture::Position;
use crate::capture::Stopped;
use crate::capture::made::BIG;
use crate::capture::made::LITTLE;
use crate::capture::made::Made;
use crate::capture::made::pcapng_of;
use crate::capture::made::stream;

type Kept = (i64, u16, u32, Vec<u8>);

fn walk_from(capture: &Capture, from: &Position) -> (Vec<Kept>, String) {
    let mut records = Vec::new();
    let walked = capture.walk(from, u64::MAX, |record| {
        records.push((
            record.time.0,
            record.link.0,
            record.original_len,
            record.data.to_vec(),
        ));
    });
    match walked.stopped {
        Stopped::Damaged(damage) => (records, damage.what),
        other => (records, format!("{other:?}")),
    }
}

fn walk(blocks: &[Vec<u8>]) -> (Vec<Kept>, String) {
    let capture = stream(&blocks.concat());
    walk_from(&capture, &capture.start())
}

/// The packets of blocks that are not damaged.
fn packets(blocks: &[Vec<u8>]) -> Vec<Kept> {
    let (records, stopped) = walk(blocks);
    assert_eq!(stopped, "AtEnd");
    records
}

fn ethernet(made: Made) -> Vec<u8> {
    made.interface(1, 0, &[])
}

#[test]
fn padding_is_no_part_of_a_packet() {
    for made in [LITTLE, BIG] {
        let blocks = [
            made.section(),
            ethernet(made),
            made.packet(0, 1_500_000, b"hello"),
        ];
        assert_eq!(packets(&blocks), [(1_500_000_000, 1, 5, b"hello".to_vec())]);
    }
}

#[test]
fn sections_of_both_byte_orders_follow_each_other_and_number_interfaces_anew() {
    let blocks = [
        LITTLE.section(),
        ethernet(LITTLE),
        LITTLE.packet(0, 1, b"a"),
        BIG.section(),
        BIG.interface(113, 0, &[]),
        BIG.interface(101, 0, &[]),
        BIG.packet(1, 2, b"b"),
        LITTLE.section(),
        LITTLE.packet(0, 3, b"c"),
    ];
    let links: Vec<u16> = packets(&blocks).iter().map(|packet| packet.1).collect();
    assert_eq!(links, [1, 101, 0xffff]);
}

#[test]
fn each_interface_has_its_own_resolution_in_base_two_or_ten() {
    let blocks = [
        LITTLE.section(),
        LITTLE.interface(1, 0, &[(9, &[9])]),
        LITTLE.interface(1, 0, &[(9, &[0x80 | 0x0a])]),
        LITTLE.interface(1, 0, &[(9, &[3]), (0, &[]), (9, &[0])]),
        LITTLE.packet(0, 7, b"a"),
        LITTLE.packet(1, 512, b"b"),
        LITTLE.packet(2, 7, b"c"),
    ];
    let times: Vec<i64> = packets(&blocks).iter().map(|packet| packet.0).collect();
    assert_eq!(times, [7, 500_000_000, 7_000_000]);
}

#[test]
fn the_time_offset_is_signed_and_of_the_section_s_byte_order() {
    for made in [LITTLE, BIG] {
        for offset in [1_i64, -1, 1_700_000_000] {
            let value = if made.big {
                offset.to_be_bytes()
            } else {
                offset.to_le_bytes()
            };
            let blocks = [
                made.section(),
                made.interface(1, 0, &[(14, &value)]),
                made.packet(0, 2_000_000, b"a"),
            ];
            assert_eq!(packets(&blocks)[0].0, (2 + offset) * 1_000_000_000);
        }
    }
}

#[test]
fn an_interface_whose_options_are_broken_is_still_one() {
    let mut body = vec![113, 0, 0, 0, 0, 0, 0, 0];
    body.extend([9, 0, 0xff, 0xff]);
    let blocks = [
        LITTLE.section(),
        LITTLE.block(1, &body),
        LITTLE.packet(0, 1, b"a"),
    ];
    assert_eq!(packets(&blocks), [(1000, 113, 1, b"a".to_vec())]);
}

#[test]
fn a_packet_of_an_unknown_interface_is_counted() {
    let blocks = [LITTLE.section(), LITTLE.packet(7, 1, b"a")];
    assert_eq!(packets(&blocks), [(1000, 0xffff, 1, b"a".to_vec())]);
}

#[test]
fn a_simple_packet_ends_at_its_own_length_the_snap_length_or_the_block() {
    let simple = |made: Made, original: u32, data: &[u8]| {
        made.block(3, &[&made.u32(original)[..], data].concat())
    };
    for made in [LITTLE, BIG] {
        let blocks = [
            made.section(),
            made.interface(1, 6, &[]),
            simple(made, 5, b"abcdefgh"),
            simple(made, 100, b"abcdefgh"),
            made.section(),
            ethernet(made),
            simple(made, 100, b"abcdefgh"),
        ];
        let kept = packets(&blocks);
        let data: Vec<&[u8]> = kept.iter().map(|packet| &packet.3[..]).collect();
        assert_eq!(data, [&b"abcde"[..], b"abcdef", b"abcdefgh"]);
        assert_eq!(kept[1], (0, 1, 100, b"abcdef".to_vec()));
    }
}

#[test]
fn obsolete_packet_blocks_are_packets() {
    for made in [LITTLE, BIG] {
        // Interface 1, and 9 packets dropped.
        let head = if made.big { [0, 1, 0, 9] } else { [1, 0, 9, 0] };
        let body = [&head[..], &made.u32s(&[0, 5, 3, 80]), b"abc\x55"].concat();
        let blocks = [
            made.section(),
            ethernet(made),
            made.interface(101, 0, &[]),
            made.block(2, &body),
        ];
        assert_eq!(packets(&blocks), [(5000, 101, 80, b"abc".to_vec())]);
    }
}

#[test]
fn other_blocks_are_passed_over_whatever_they_hold() {
    let big = vec![0xee; 900_000];
    let blocks = [
        LITTLE.section(),
        ethernet(LITTLE),
        // Name resolution without an end, secrets with a lying length, custom, unknown, local.
        LITTLE.block(4, &[1, 0, 0xff, 0xff]),
        LITTLE.block(10, &[0xff; 16]),
        LITTLE.block(0x0bad, &big),
        LITTLE.block(0x77, &[]),
        LITTLE.packet(0, 1, b"a"),
        LITTLE.block(0x8000_0001, &big),
        LITTLE.block(5, &[0; 12]),
        LITTLE.packet(0, 2, b"b"),
    ];
    assert_eq!(packets(&blocks).len(), 2);
}

#[test]
fn a_captured_length_beyond_its_block_is_damage_and_not_the_end() {
    let mut packet = LITTLE.packet(0, 1, b"abcd");
    packet[20] = 200;
    let mut blocks = vec![LITTLE.section(), ethernet(LITTLE), packet];
    blocks.extend((0..10).map(|ticks| LITTLE.packet(0, ticks, b"after")));
    let capture = stream(&blocks.concat());
    let (records, what) = walk_from(&capture, &capture.start());
    assert_eq!(records, []);
    assert_eq!(
        what,
        "packet block: captured length 200 where the block has room for 4"
    );
    let resumed = capture.resume(&capture.start()).unwrap();
    assert_eq!(resumed.skipped_bytes, 36);
    assert_eq!(walk_from(&capture, &resumed.position).0.len(), 10);
}

#[test]
fn block_lengths_that_cannot_be_are_damage() {
    let after = |block: Vec<u8>| {
        walk(&[
            LITTLE.section(),
            ethernet(LITTLE),
            LITTLE.packet(0, 1, b"a"),
            block,
        ])
        .1
    };
    assert_eq!(after(vec![0; 40]), "block length 0");
    assert_eq!(after(LITTLE.u32s(&[6, 8, 8])), "block length 8");
    assert_eq!(
        after(LITTLE.u32s(&[6, 0x7fff_fff0, 0])),
        "block length 2147483632 is over 16777216"
    );
    assert_eq!(
        after(LITTLE.u32s(&[5, 16, 0, 20])),
        "block length 16 before its body and 20 after it"
    );
    assert_eq!(
        after(LITTLE.u32s(&[5, 13, 0, 14])),
        "block length 13 is no multiple of 4"
    );
    assert_eq!(
        after(LITTLE.u32s(&[6, 16, 0, 16])),
        "enhanced packet block: 16 bytes are too few"
    );
    assert_eq!(
        after(LITTLE.u32s(&[1, 16, 0, 16])),
        "interface description block: 16 bytes are too few"
    );
    assert_eq!(
        after(LITTLE.u32s(&[0x0a0d_0d0a, 28, 0])),
        "section header: no byte-order magic"
    );
    assert_eq!(
        after(LITTLE.u32s(&[6, 60, 0])),
        "cut in the middle of a block: 12 of 60 bytes"
    );
}

#[test]
fn every_block_kind_has_its_second_length_checked() {
    let simple = LITTLE.block(3, &[1, 0, 0, 0, 9, 9, 9, 9]);
    for mut block in [
        LITTLE.section(),
        simple,
        LITTLE.block(0x99, &[]),
        LITTLE.packet(0, 1, b"a"),
    ] {
        let last = block.len() - 4;
        block[last] ^= 0x10;
        let (_, what) = walk(&[LITTLE.section(), ethernet(LITTLE), block]);
        assert!(what.contains("before its body"), "{what}");
    }
}

#[test]
fn padding_that_is_missing_or_not_counted_is_forgiven() {
    let unpadded = [
        &LITTLE.u32s(&[6, 37, 0, 0, 5, 5, 5])[..],
        b"hello",
        &LITTLE.u32(37),
    ]
    .concat();
    let uncounted = [
        &LITTLE.u32s(&[6, 37, 0, 0, 5, 5, 5])[..],
        b"hello\0\0\0",
        &LITTLE.u32(37),
    ]
    .concat();
    for odd in [unpadded, uncounted] {
        let blocks = [
            LITTLE.section(),
            ethernet(LITTLE),
            odd,
            LITTLE.packet(0, 6, b"next"),
        ];
        let kept = packets(&blocks);
        assert_eq!(
            (&kept[0].3[..], &kept[1].3[..]),
            (&b"hello"[..], &b"next"[..])
        );
    }
}

#[test]
fn a_section_of_an_unknown_version_is_damage() {
    let mut section = LITTLE.section();
    section[12] = 2;
    let (_, what) = walk(&[
        LITTLE.section(),
        ethernet(LITTLE),
        LITTLE.packet(0, 1, b"a"),
        section,
    ]);
    assert_eq!(what, "section header: version 2 where 1 is known");
}

#[test]
fn the_start_is_the_first_packet_and_knows_the_interfaces_before_it() {
    let capture = stream(&pcapng_of(3));
    let start = capture.start();
    assert_eq!(start.offset, 28 + 20);
    assert_eq!(walk_from(&capture, &start).0[2].1, 1);
}

#[test]
fn a_position_after_another_interface_is_another_position() {
    let blocks = [
        LITTLE.section(),
        ethernet(LITTLE),
        LITTLE.packet(0, 1, b"a"),
        LITTLE.interface(113, 0, &[]),
        LITTLE.packet(1, 2, b"b"),
    ];
    let last = blocks[..4].concat().len() as u64;
    let capture = stream(&blocks.concat());
    let start = capture.start();
    let right = capture.walk(&start, last, |_| {}).end;
    let guess = capture.guess(last, &start).unwrap();
    assert_eq!((right.offset, guess.offset), (last, last));
    assert_ne!(right, guess);
    assert_eq!(capture.guess(last, &right), Some(right));
}

#[test]
fn equal_interfaces_are_equal_positions_though_they_were_read_twice() {
    let bytes = [pcapng_of(2), ethernet(LITTLE), LITTLE.packet(1, 9, b"x")].concat();
    let capture = stream(&bytes);
    let one = capture.walk(&capture.start(), u64::MAX, |_| {}).end;
    let other = capture.walk(&capture.start(), u64::MAX, |_| {}).end;
    assert_eq!(one, other);
}

#[test]
fn ten_thousand_interfaces_among_the_packets_are_all_known() {
    let mut blocks = vec![LITTLE.section()];
    for number in 0..10_000_u32 {
        blocks.push(LITTLE.interface((number % 300) as u16, 0, &[]));
        blocks.push(LITTLE.packet(number, u64::from(number), b"x"));
    }
    let kept = packets(&blocks);
    assert_eq!(kept.len(), 10_000);
    assert!(
        kept.iter()
            .zip(0_u32..)
            .all(|(packet, number)| u32::from(packet.1) == number % 300)
    );
}

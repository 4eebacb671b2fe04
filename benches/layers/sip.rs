//! Bytes → SIP messages.

use divan::Bencher;
use divan::black_box;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use sip488::sip::Framer;
use sip488::sip::Message;
use sip488::sip::Outline;
use sip488::sip::Wholeness;
use sip488::sip::begins_like_sip;

use crate::traffic;

#[divan::bench]
fn begins_like_an_invite(bencher: Bencher<'_, '_>) {
    let invite = traffic::invite();
    assert!(begins_like_sip(&invite));
    bencher
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| begins_like_sip(black_box(&invite)));
}

#[divan::bench]
fn begins_like_nothing_known(bencher: Bencher<'_, '_>) {
    let payload: Vec<u8> = (0..=255_u8).cycle().skip(7).take(1_200).collect();
    assert!(!begins_like_sip(&payload));
    bencher
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| begins_like_sip(black_box(&payload)));
}

#[divan::bench]
fn outline_an_invite(bencher: Bencher<'_, '_>) {
    let invite = traffic::invite();
    bencher
        .counter(BytesCount::new(invite.len()))
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| Outline::of_datagram(black_box(&invite), false));
}

#[divan::bench]
fn parse_an_invite(bencher: Bencher<'_, '_>) {
    let invite = traffic::invite();
    bencher
        .counter(BytesCount::new(invite.len()))
        .counter(ItemsCount::new(1_u8))
        .bench_local(|| Message::parse(black_box(&invite), Wholeness::Whole));
}

/// In pieces of so many bytes: much smaller than a message, a segment, much larger.
#[divan::bench(args = [100, 1_400, 65_536])]
fn frame_a_stream(bencher: Bencher<'_, '_>, piece: usize) {
    let messages = traffic::messages(100);
    let stream: Vec<u8> = messages
        .iter()
        .flat_map(|heard| &heard.bytes)
        .copied()
        .collect();
    let frame = || {
        let (mut framer, mut found) = (Framer::default(), 0);
        let mut each = |message: &[u8], _| found += usize::from(!black_box(message).is_empty());
        for piece in stream.chunks(piece) {
            framer.feed(piece, &mut each);
        }
        framer.finish(&mut each);
        found
    };
    assert_eq!(frame(), messages.len());
    bencher
        .counter(BytesCount::new(stream.len()))
        .counter(ItemsCount::new(messages.len()))
        .bench_local(frame);
}

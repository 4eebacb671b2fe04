//! What is open, in sums and in bounds.

use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::BYTES_PER_SHARD;
use super::CLOSED_PER_SHARD;
use super::Calls;
use super::Closed;
use super::LOOSE_PER_SHARD;
use super::Open;
use super::PACK_FROM;
use crate::call::Gathered;
use crate::call::Glance;
use crate::call::Sighting;
use crate::call::Transport;
use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Outline;
use crate::sip::Wholeness;

fn endpoint(host: u8) -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(192, 0, 2, host).into(),
        port: 5060,
    }
}

/// Text that LZ4 makes no shorter (SplitMix64).
fn noise(seed: u64, length: usize) -> String {
    let mut state = seed;
    let mut word = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 27)
    };
    (0..length / 4)
        .map(|_| char::from_u32(0x4E00 + u32::try_from(word() % 0x5000).unwrap()).unwrap())
        .collect()
}

fn message(method: &str, call: usize, number: usize, body: &str) -> String {
    format!(
        "{method} sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP h.example;branch=z9hG4bK{number}\r\n\
         From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn feed(calls: &mut Calls, call: usize, text: &str, seconds: usize, out: &mut Vec<Gathered>) {
    let time = Nanos::from_secs(i64::try_from(seconds).unwrap());
    let frame = Frame {
        file: 0,
        number: seconds as u64 + 1,
    };
    let sighting = Sighting {
        bytes: text.as_bytes(),
        wholeness: Wholeness::Whole,
        at: Stamp { time, frame },
        arrived: time,
        from: endpoint(1),
        to: endpoint(2),
        transport: Transport::Udp,
    };
    let glance = Glance::of(&Outline::of(text.as_bytes(), Wholeness::Whole).unwrap());
    calls.feed(call.to_string().as_bytes(), &sighting, &glance, out);
}

/// The sums are what each open call says of itself, and that is no less than the text.
fn assert_sums(calls: &Calls) {
    let footprint: usize = calls.open.iter().map(Open::footprint).sum();
    let loose: usize = calls.open.iter().map(|open| open.gathered.loose()).sum();
    assert_eq!((calls.footprint, calls.loose), (footprint, loose));
}

#[test]
fn the_call_ids_that_were_closed_last_are_remembered() {
    let mut closed = Closed::default();
    let last = 5 * CLOSED_PER_SHARD as u64;
    (0..last).for_each(|hash| closed.note(hash));
    let first = last - CLOSED_PER_SHARD as u64;
    assert!((first..last).all(|hash| closed.contains(hash)));
    assert!(closed.latest.len() + closed.earlier.len() <= 2 * CLOSED_PER_SHARD);
    assert!(!closed.contains(0));
}

#[test]
fn where_too_much_is_open_what_was_quiet_longest_is_closed_and_counted() {
    let (mut calls, mut out) = (Calls::default(), Vec::new());
    for number in 0..6_000 {
        let text = message("INVITE", number, 1, &noise(number as u64, 6_000));
        let closed = out.len();
        feed(&mut calls, number, &text, number, &mut out);
        assert!(calls.footprint <= BYTES_PER_SHARD, "{}", calls.footprint);
        let is_closed_now = out.len() > closed;
        let oldest = calls.open.iter().map(|open| open.gathered.last).min();
        let newest = out.last().map(|gathered| gathered.last);
        assert!(!is_closed_now || newest < oldest, "{newest:?}, {oldest:?}");
        // No more is closed than must be: half.
        assert!(!is_closed_now || calls.footprint > BYTES_PER_SHARD / 3);
    }
    assert!(out.len() > 2_000);
    assert_eq!(calls.evicted, out.len() as u64);
    assert_eq!(calls.open.len() + out.len(), 6_000);
    assert_sums(&calls);
}

#[test]
fn what_is_beyond_the_bounds_of_a_call_is_left_out_and_counted() {
    let (mut calls, mut out) = (Calls::default(), Vec::new());
    for number in 0..14 {
        let text = message("INFO", 1, number, &noise(number as u64, 1 << 20));
        feed(&mut calls, 1, &text, number, &mut out);
    }
    let kept = calls.open.iter().map(|open| open.gathered.messages());
    assert_eq!((kept.sum::<usize>(), calls.left_out), (10, 4));
}

#[test]
fn what_has_ended_is_closed_before_what_goes_on() {
    let (mut calls, mut out) = (Calls::default(), Vec::new());
    let mut number = 0;
    while out.is_empty() {
        // The calls that go on are the older ones: every second one ends.
        let method = if number % 2 == 0 { "INVITE" } else { "BYE" };
        let text = message(method, number, 1, &noise(number as u64, 6_000));
        feed(&mut calls, number, &text, number, &mut out);
        number += 1;
    }
    let goes_on = |gathered: &&Gathered| gathered.seen().any(|seen| seen.is_initial_invite());
    let gone_on = out.iter_mut().map(|gathered| {
        calls.unpack(gathered);
        usize::from(goes_on(&&*gathered))
    });
    assert!(gone_on.sum::<usize>() <= 1, "of {}", out.len());
}

#[test]
fn beyond_some_bytes_little_text_is_left_loose() {
    let (mut calls, mut out) = (Calls::default(), Vec::new());
    let body = "a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n".repeat(40);
    let mut least = usize::MAX;
    for number in 0..8_000 {
        let text = message("INVITE", number, 1, &body);
        feed(&mut calls, number, &text, number, &mut out);
        let most = LOOSE_PER_SHARD.max(2 * calls.tried);
        assert!(calls.footprint <= PACK_FROM || calls.loose <= most);
        if calls.packed() > 0 {
            least = least.min(calls.loose);
        } else {
            assert!(calls.footprint <= PACK_FROM + 8_192);
        }
    }
    assert!(
        (LOOSE_PER_SHARD / 4..LOOSE_PER_SHARD).contains(&least),
        "{least}"
    );
    assert!(out.is_empty());
    assert_sums(&calls);
}

#[test]
fn the_agenda_does_not_grow_with_what_was_closed() {
    let (mut calls, mut out) = (Calls::default(), Vec::new());
    for number in 0..40_000 {
        // Each of a few calls ends again and again, and each time it is to be looked at sooner.
        let call = number % 50;
        let method = if number % 100 < 50 { "INVITE" } else { "BYE" };
        feed(
            &mut calls,
            call,
            &message(method, call, 1, ""),
            number,
            &mut out,
        );
        if number % 100 == 99 {
            calls.expire(Nanos::from_secs(i64::try_from(number).unwrap()), &mut out);
            let most = 2 * calls.open.len() + super::STALE;
            assert!(calls.agenda.len() <= most, "{}", calls.agenda.len());
            out.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_sums_are_those_of_what_is_open(
        steps in vec((0_usize..40, 0_usize..4, 0_usize..3_000, 0_usize..60), 1..300)
    ) {
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        let mut seconds = 0;
        for (number, (call, kind, length, passes)) in steps.into_iter().enumerate() {
            seconds += passes;
            let method = ["INVITE", "ACK", "BYE", "INFO"][kind];
            feed(&mut calls, call, &message(method, call, number % 7, &noise(3, length)), seconds, &mut out);
            if number % 5 == 0 {
                calls.expire(Nanos::from_secs(i64::try_from(seconds).unwrap()), &mut out);
            }
            if number % 50 == 49 {
                calls.pack();
            }
            assert_sums(&calls);
        }
        calls.finish(&mut out);
        prop_assert_eq!((calls.footprint, calls.loose, calls.open.len()), (0, 0, 0));
    }
}

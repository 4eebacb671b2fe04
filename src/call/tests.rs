//! What happened in a call, told by its messages alone.

mod parted;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::prelude::prop_assert_eq;
use proptest::proptest;

use crate::capture::record::Frame;
use crate::capture::record::Nanos;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sip::Outline;
use crate::sip::Wholeness;

use super::Call;
use super::Calls;
use super::Gathered;
use super::Glance;
use super::OfferUnderTest;
use super::Outcome;
use super::RejectedAt;
use super::Sighting;
use super::Transport;
use super::gathered::QUIET_WHEN_ANSWERED;
use super::gathered::QUIET_WHEN_OVER;
use super::gathered::QUIET_WHEN_RINGING;
use super::offer_answer::Agreed;

const AUDIO: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\n";

/// A request of the dialog that `from` began towards `to`; an empty tag is none.
fn request(method: &str, cseq: u32, from: &str, to: &str, branch: &str, body: &str) -> String {
    message(
        &format!("{method} sip:+15550100@host.example SIP/2.0"),
        method,
        cseq,
        from,
        to,
        &[branch],
        body,
    )
}

fn response(
    status: u16,
    method: &str,
    cseq: u32,
    from: &str,
    to: &str,
    branches: &[&str],
    body: &str,
) -> String {
    message(
        &format!("SIP/2.0 {status} Said"),
        method,
        cseq,
        from,
        to,
        branches,
        body,
    )
}

fn message(
    start: &str,
    method: &str,
    cseq: u32,
    from: &str,
    to: &str,
    branches: &[&str],
    body: &str,
) -> String {
    let tag = |tag: &str| {
        if tag.is_empty() {
            String::new()
        } else {
            format!(";tag={tag}")
        }
    };
    let via = |branch: &&str| format!("Via: SIP/2.0/UDP h.example;branch=z9hG4bK{branch}\r\n");
    let vias = branches.iter().map(via).collect::<Vec<_>>().concat();
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{start}\r\n{vias}From: <sip:a@a.example>{}\r\nTo: <sip:b@b.example>{}\r\nCall-ID: one@a.example\r\nCSeq: {cseq} {method}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        tag(from),
        tag(to),
        body.len()
    )
}

fn endpoint(host: u8) -> Endpoint {
    Endpoint {
        address: Ipv4Addr::new(192, 0, 2, host).into(),
        port: 5060,
    }
}

fn at(place: usize) -> Stamp {
    let number = place as u64 + 1;
    Stamp {
        time: Nanos::from_secs(i64::try_from(number).unwrap()),
        frame: Frame { file: 0, number },
    }
}

fn gather<'m>(messages: impl IntoIterator<Item = (usize, &'m String)>) -> Gathered {
    let mut calls = Calls::default();
    let mut over = Vec::new();
    for (place, text) in messages {
        let bytes = text.as_bytes();
        let glance = Glance::of(&Outline::of(bytes, Wholeness::Whole).unwrap());
        let sighting = Sighting {
            bytes,
            wholeness: Wholeness::Whole,
            at: at(place),
            arrived: at(place).time,
            from: endpoint(1),
            to: endpoint(2),
            transport: Transport::Udp,
        };
        calls.feed(b"one@a.example", &sighting, &glance, &mut over);
    }
    calls.finish(&mut over);
    assert_eq!(over.len(), 1);
    over.remove(0)
}

/// Runs `check` on the only call, with the messages in order and in reverse.
fn check(messages: &[String], check: impl Fn(&Call<'_>)) {
    let forward = gather(messages.iter().enumerate());
    let backward = gather(messages.iter().enumerate().rev());
    for gathered in [forward, backward] {
        let calls = gathered.calls();
        assert_eq!(calls.len(), 1);
        check(&calls[0]);
    }
}

#[test]
fn an_invite_answered_and_ended_is_answered_and_has_a_duration() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(180, "INVITE", 1, "a", "b", &["1"], ""),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        request("ACK", 1, "a", "b", "2", ""),
        request("BYE", 2, "a", "b", "3", ""),
        response(200, "BYE", 2, "a", "b", &["3"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
        assert_eq!(
            call.final_response().and_then(super::Seen::status),
            Some(200)
        );
        assert_eq!(
            (call.setup(), call.duration()),
            (Some(Nanos::from_secs(2)), Some(Nanos::from_secs(2)))
        );
        assert!(call.rejections().is_empty());
    });
}

#[test]
fn the_bye_of_another_fork_does_not_end_the_call() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        response(200, "INVITE", 1, "a", "c", &["1"], AUDIO),
        request("BYE", 2, "a", "c", "2", ""),
        request("BYE", 3, "a", "b", "3", ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.duration(), Some(Nanos::from_secs(3)));
    });
}

#[test]
fn a_retransmitted_488_is_one_rejection() {
    let refused = response(488, "INVITE", 1, "a", "b", &["1"], "");
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        refused.clone(),
        refused,
    ];
    check(&messages, |call| {
        let rejections = call.rejections();
        assert_eq!(rejections.len(), 1);
        assert_eq!(rejections[0].response.at, at(1));
        assert_eq!(rejections[0].at, Some(RejectedAt::Initial));
        assert!(matches!(rejections[0].offer, OfferUnderTest::Whole(_)));
        assert_eq!(rejections[0].agreed, Agreed::Nothing);
    });
}

#[test]
fn a_488_seen_on_two_hops_is_one_rejection_said_where_it_has_the_most_vias() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(488, "INVITE", 1, "a", "b", &["2", "1"], ""),
        response(488, "INVITE", 1, "a", "b", &["1"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.rejections().len(), 1);
        assert_eq!(call.rejections()[0].response.at, at(1));
    });
}

#[test]
fn a_488_on_one_fork_and_a_200_on_another_is_no_rejection() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(488, "INVITE", 1, "a", "b", &["2", "1"], ""),
        response(200, "INVITE", 1, "a", "c", &["1"], AUDIO),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
        assert!(call.rejections().is_empty());
    });
}

#[test]
fn the_upstream_response_decides_what_a_forking_proxy_made_of_its_branches() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(488, "INVITE", 1, "a", "b", &["2", "1"], ""),
        response(486, "INVITE", 1, "a", "c", &["1"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(
            call.final_response().and_then(super::Seen::status),
            Some(486)
        );
        assert!(call.rejections().is_empty());
    });
}

#[test]
fn a_challenge_and_its_retry_are_one_call_that_the_retry_decides() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(407, "INVITE", 1, "a", "b", &["1"], ""),
        request("ACK", 1, "a", "b", "1", ""),
        request("INVITE", 2, "a", "", "2", AUDIO),
        response(200, "INVITE", 2, "a", "c", &["2"], AUDIO),
    ];
    check(&messages, |call| {
        assert_eq!(
            (
                call.outcome(),
                call.final_response().and_then(super::Seen::status)
            ),
            (Outcome::Answered, Some(200))
        );
        assert_eq!(call.setup(), Some(Nanos::from_secs(1)));
    });
}

#[test]
fn a_488_and_a_fallback_that_is_answered_is_an_answered_call_with_a_rejection() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(488, "INVITE", 1, "a", "b", &["1"], ""),
        request("INVITE", 2, "a", "", "2", AUDIO),
        response(200, "INVITE", 2, "a", "c", &["2"], AUDIO),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
        assert_eq!(call.rejections().len(), 1);
    });
}

#[test]
fn a_487_is_a_cancelled_call() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        request("CANCEL", 1, "a", "", "1", ""),
        response(200, "CANCEL", 1, "a", "b", &["1"], ""),
        response(487, "INVITE", 1, "a", "b", &["1"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Cancelled);
    });
}

#[test]
fn no_final_response_is_unanswered() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(183, "INVITE", 1, "a", "b", &["1"], AUDIO),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Unanswered);
    });
}

#[test]
fn a_refused_re_invite_leaves_the_call_answered_and_knows_what_was_agreed() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        request("ACK", 1, "a", "b", "2", ""),
        request("INVITE", 7, "b", "a", "3", AUDIO),
        response(488, "INVITE", 7, "b", "a", &["3"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
        let rejections = call.rejections();
        assert_eq!(rejections[0].at, Some(RejectedAt::ReInvite));
        assert_eq!(rejections[0].agreed.is_new(0, b"audio"), Some(false));
        assert_eq!(rejections[0].agreed.is_new(1, b"video"), Some(true));
    });
}

#[test]
fn an_answer_in_the_ack_is_agreed_too() {
    let messages = [
        request("INVITE", 1, "a", "", "1", ""),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        request("ACK", 1, "a", "b", "2", AUDIO),
        request("UPDATE", 2, "a", "b", "3", AUDIO),
        response(488, "UPDATE", 2, "a", "b", &["3"], ""),
    ];
    check(&messages, |call| {
        assert_eq!(call.rejections()[0].at, Some(RejectedAt::Update));
        assert_eq!(call.rejections()[0].agreed.is_new(0, b"audio"), Some(false));
    });
}

#[test]
fn a_488_without_its_request_is_a_rejection_of_an_incomplete_call() {
    check(
        &[response(488, "INVITE", 1, "a", "b", &["1"], "")],
        |call| {
            assert_eq!(
                (call.outcome(), call.caller_tag()),
                (Outcome::Incomplete, None)
            );
            let rejections = call.rejections();
            assert_eq!(rejections[0].at, None);
            assert!(matches!(rejections[0].offer, OfferUnderTest::Missing));
        },
    );
}

#[test]
fn both_directions_of_a_dialog_without_its_invite_are_one_call() {
    check(
        &[
            request("BYE", 9, "b", "a", "1", ""),
            response(200, "INVITE", 1, "a", "b", &["2"], ""),
        ],
        |call| {
            assert_eq!(call.outcome(), Outcome::Incomplete);
        },
    );
}

#[test]
fn a_call_id_used_again_with_another_tag_is_another_call() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        request("INVITE", 1, "x", "", "2", AUDIO),
    ];
    assert_eq!(gather(messages.iter().enumerate()).calls().len(), 2);
}

#[test]
fn an_invite_known_to_be_whole_without_sdp_is_an_offer_of_nothing() {
    let messages = [
        request("INVITE", 1, "a", "", "1", ""),
        response(488, "INVITE", 1, "a", "b", &["1"], ""),
    ];
    check(&messages, |call| {
        assert!(matches!(
            call.rejections()[0].offer,
            OfferUnderTest::Nothing
        ));
    });
}

/// Gives a message that was sent and captured at these times.
fn feed(
    calls: &mut Calls,
    call_id: &str,
    text: &str,
    (sent, arrived): (Stamp, Nanos),
    over: &mut Vec<Gathered>,
) {
    let glance = Glance::of(&Outline::of(text.as_bytes(), Wholeness::Whole).unwrap());
    let sighting = Sighting {
        bytes: text.as_bytes(),
        wholeness: Wholeness::Whole,
        at: sent,
        arrived,
        from: endpoint(1),
        to: endpoint(2),
        transport: Transport::Udp,
    };
    calls.feed(call_id.as_bytes(), &sighting, &glance, over);
}

#[test]
fn only_a_final_response_ends_or_answers_a_call() {
    for (status, method, quiet) in [
        (180, "INVITE", QUIET_WHEN_RINGING),
        (200, "INVITE", QUIET_WHEN_ANSWERED),
        (299, "INVITE", QUIET_WHEN_ANSWERED),
        (300, "INVITE", QUIET_WHEN_OVER),
        (100, "BYE", QUIET_WHEN_RINGING),
        (200, "BYE", QUIET_WHEN_OVER),
    ] {
        let text = response(status, method, 1, "a", "b", &["1"], "");
        let (mut calls, mut over) = (Calls::default(), Vec::new());
        let sent = at(0);
        feed(
            &mut calls,
            "one@a.example",
            &text,
            (sent, sent.time),
            &mut over,
        );
        calls.expire(sent.time.plus(quiet), &mut over);
        assert!(over.is_empty(), "{status} {method}");
        calls.expire(sent.time.plus(quiet).plus(Nanos(1)), &mut over);
        assert_eq!(over.len(), 1, "{status} {method}");
    }
}

#[test]
fn a_refused_call_is_over_after_64_t1_and_not_before() {
    let text = response(488, "INVITE", 1, "a", "b", &["1"], "");
    let now = (at(0), at(0).time);
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    feed(&mut calls, "one@a.example", &text, now, &mut over);
    calls.expire(at(0).time.plus(QUIET_WHEN_OVER), &mut over);
    assert!(over.is_empty());
    calls.expire(at(0).time.plus(QUIET_WHEN_OVER).plus(Nanos(1)), &mut over);
    assert_eq!(over.len(), 1);
    feed(&mut calls, "one@a.example", &text, now, &mut over);
    calls.finish(&mut over);
    assert!(
        over[1].is_resumed,
        "what comes later is known to be of a call that was closed"
    );
}

/// How long a call may be quiet after each of these.
const QUIET: [(&str, Nanos); 4] = [
    ("INVITE", QUIET_WHEN_RINGING),
    ("488", QUIET_WHEN_OVER),
    ("200", QUIET_WHEN_ANSWERED),
    ("BYE", QUIET_WHEN_OVER),
];

proptest! {
    #[test]
    fn calls_are_closed_when_they_have_been_quiet_for_long_and_not_before(
        steps in vec((0_usize..9, 0_usize..4, 0_i64..3000), 1..200)
    ) {
        let texts = [
            request("INVITE", 1, "a", "", "1", ""),
            response(488, "INVITE", 1, "a", "b", &["1"], ""),
            response(200, "INVITE", 1, "a", "b", &["1"], ""),
            request("BYE", 2, "a", "b", "2", ""),
        ];
        let (mut calls, mut over) = (Calls::default(), Vec::new());
        let mut open: BTreeMap<usize, (usize, Nanos)> = BTreeMap::new();
        let mut now = Nanos::from_secs(1_000_000);
        for (number, (call, kind, secs)) in steps.into_iter().enumerate() {
            let sent = Stamp { time: now, ..at(number) };
            feed(&mut calls, &format!("{call}@a.example"), &texts[kind], (sent, now), &mut over);
            let (step, last) = open.entry(call).or_insert((kind, now));
            (*step, *last) = ((*step).max(kind), (*last).max(now));
            // Clocks go back now and then.
            now = now.plus(Nanos::from_secs(secs * secs / 2000 - 50));
            let before = open.len();
            open.retain(|_, (step, last)| now.since(*last) <= QUIET[*step].1);
            over.clear();
            calls.expire(now, &mut over);
            prop_assert_eq!(over.len(), before - open.len());
        }
        over.clear();
        calls.finish(&mut over);
        prop_assert_eq!(over.len(), open.len());
    }
}

#[test]
fn calls_that_rest_are_packed_and_are_told_in_full() {
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    let body = "a=x-filler:0123456789\r\n".repeat(60);
    let told = |number: usize| request("INVITE", 1, &format!("t{number}"), "", "1", &body);
    let bye = |number: usize| request("BYE", 2, &format!("t{}", number % 2000), "b", "2", "");
    for number in 0..2100 {
        let text = if number < 2000 {
            told(number)
        } else {
            bye(number)
        };
        let call_id = format!("{}@a.example", number % 2000);
        let now = (at(number), at(number).time);
        feed(&mut calls, &call_id, &text, now, &mut over);
        assert!(
            number != 2000 || calls.packed() > 1000,
            "{}",
            calls.packed()
        );
    }
    calls.finish(&mut over);
    assert_eq!((over.len(), calls.evicted), (2000, 0));
    for gathered in &mut over {
        calls.unpack(gathered);
    }
    for (number, gathered) in over.iter().enumerate() {
        let seen: Vec<(String, usize)> = gathered
            .seen()
            .map(|seen| {
                let tag = String::from_utf8(seen.from_tag.to_vec()).unwrap();
                (tag, seen.message().body.len())
            })
            .collect();
        let tag = format!("t{number}");
        let mut expected = vec![(tag.clone(), body.len())];
        expected.extend((number < 100).then_some((tag, 0)));
        assert_eq!(seen, expected);
    }
}

#[test]
fn one_long_call_is_not_packed_for_each_of_its_messages() {
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    let body = "a=x-filler:0123456789\r\n".repeat(300);
    for number in 0..2000 {
        let text = request("INVITE", number, "a", "b", &format!("{number}"), &body);
        let sent = at(number as usize);
        feed(
            &mut calls,
            "one@a.example",
            &text,
            (sent, sent.time),
            &mut over,
        );
        assert_eq!(calls.packed(), 0, "{number}");
    }
}

#[test]
fn a_mirror_whose_clock_is_behind_closes_no_call() {
    let text = response(488, "INVITE", 1, "a", "b", &["1"], "");
    let arrived = at(0).time.plus(Nanos::from_secs(3_600));
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    feed(
        &mut calls,
        "one@a.example",
        &text,
        (at(0), arrived),
        &mut over,
    );
    calls.expire(arrived, &mut over);
    assert!(over.is_empty());
}

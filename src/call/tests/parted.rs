//! How the messages of one Call-ID are kept, and which of them are one call.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::prop_assert_eq;
use proptest::proptest;

use super::AUDIO;
use super::at;
use super::check;
use super::endpoint;
use super::gather;
use super::request;
use super::response;
use crate::call::Calls;
use crate::call::Gathered;
use crate::call::Glance;
use crate::call::Outcome;
use crate::call::Sighting;
use crate::call::Transport;
use crate::sip::Outline;
use crate::sip::Wholeness;

/// Messages as a snap length left them.
fn gather_cut(texts: &[&str]) -> Gathered {
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    for (place, text) in texts.iter().enumerate() {
        let outline = Outline::of_datagram(text.as_bytes(), true).expect("it begins like SIP");
        let sighting = Sighting {
            bytes: text.as_bytes(),
            wholeness: Wholeness::Cut,
            at: at(place),
            arrived: at(place).time,
            from: endpoint(1),
            to: endpoint(2),
            transport: Transport::Udp,
        };
        calls.feed(
            b"one@a.example",
            &sighting,
            &Glance::of(&outline),
            &mut over,
        );
    }
    calls.finish(&mut over);
    over.remove(0)
}

const CUT_INVITE: &str = "INVITE sip:b@b.example SIP/2.0\r\nCall-ID: one@a.example\r\nCSeq: 1 INVITE\r\nVia: SIP/2.0/UDP h.exam";
const CUT_BYE: &str = "BYE sip:b@b.example SIP/2.0\r\nCall-ID: one@a.example\r\nCSeq: 2 BYE\r\nVia: SIP/2.0/UDP h.exam";

#[test]
fn messages_cut_before_their_from_are_one_call_where_nothing_else_is_there() {
    let gathered = gather_cut(&[CUT_INVITE, CUT_BYE]);
    let calls = gathered.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].seen().len(), 2);
    // The INVITE is there, and from whom is not: no other tag is made up.
    assert_eq!(calls[0].caller_tag(), Some(&b""[..]));
    assert_eq!(calls[0].outcome(), Outcome::Unanswered);
    let gathered = gather_cut(&[CUT_BYE]);
    assert_eq!(gathered.calls()[0].caller_tag(), None);
}

#[test]
fn a_message_cut_before_its_from_is_of_the_call_that_is_there() {
    let invite = request("INVITE", 1, "a", "", "1", AUDIO);
    let gathered = gather_cut(&[&invite, CUT_BYE]);
    let calls = gathered.calls();
    assert_eq!((calls.len(), calls[0].seen().len()), (1, 2));
    assert_eq!(calls[0].caller_tag(), Some(&b"a"[..]));
}

#[test]
fn calls_that_began_before_the_capture_are_told_apart_by_their_tags() {
    let messages = [
        request("BYE", 9, "b", "a", "1", ""),
        request("BYE", 9, "y", "x", "2", ""),
        response(200, "BYE", 9, "b", "a", &["1"], ""),
        response(200, "BYE", 9, "y", "x", &["2"], ""),
        // What has both tags of one and one of another joins them.
        request("BYE", 9, "q", "p", "3", ""),
        request("BYE", 9, "r", "q", "4", ""),
    ];
    let gathered = gather(messages.iter().enumerate());
    let mut sizes: Vec<usize> = gathered
        .calls()
        .iter()
        .map(|call| call.seen().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 2, 2]);
}

#[test]
fn the_invite_is_found_behind_a_response_that_was_captured_before_it() {
    let messages = [
        response(100, "INVITE", 1, "a", "", &["1"], ""),
        request("INVITE", 1, "a", "", "1", AUDIO),
    ];
    let gathered = gather(messages.iter().enumerate());
    let calls = gathered.calls();
    assert_eq!(calls[0].caller_tag(), Some(&b"a"[..]));
    let invite = calls[0].initial_invite().expect("it is there");
    assert!(invite.is_request());
}

#[test]
fn the_first_attempt_that_is_answered_decides() {
    let answered_then_refused = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        request("INVITE", 2, "a", "", "2", AUDIO),
        response(486, "INVITE", 2, "a", "c", &["2"], ""),
    ];
    check(&answered_then_refused, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
    });
    let redirected_then_answered = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(300, "INVITE", 1, "a", "b", &["1"], ""),
        request("INVITE", 2, "a", "", "2", AUDIO),
        response(200, "INVITE", 2, "a", "c", &["2"], AUDIO),
    ];
    check(&redirected_then_answered, |call| {
        assert_eq!(call.outcome(), Outcome::Answered);
        let accepted: Vec<_> = call.accepted().map(crate::call::Seen::branch).collect();
        assert_eq!(accepted, [b"z9hG4bK2"]);
    });
    let redirected = &redirected_then_answered[..2];
    check(redirected, |call| {
        assert_eq!((call.outcome(), call.duration()), (Outcome::Rejected, None));
        assert_eq!(call.accepted().count(), 0);
    });
}

#[test]
fn a_redirected_call_has_no_duration_though_a_bye_follows() {
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(300, "INVITE", 1, "a", "b", &["1"], ""),
        request("BYE", 2, "a", "b", "3", ""),
    ];
    check(&messages, |call| assert_eq!(call.duration(), None));
}

proptest! {
    #[test]
    fn each_message_is_kept_once_where_it_came_first(picks in vec(0_u32..30, 1..90)) {
        let texts: Vec<String> = (0..30).map(|number| request("INFO", number, "a", "b", &number.to_string(), "")).collect();
        let gathered = gather(picks.iter().map(|pick| &texts[*pick as usize]).enumerate());
        let mut known = BTreeSet::new();
        let first = picks.iter().enumerate().filter(|(_, pick)| known.insert(**pick));
        let expected: Vec<_> = first.map(|(place, pick)| (at(place), *pick)).collect();
        let seen: Vec<_> = gathered
            .seen()
            .map(|seen| (seen.at, seen.message().cseq().expect("it has one").number))
            .collect();
        prop_assert_eq!(gathered.messages(), expected.len());
        prop_assert_eq!(seen, expected);
    }
}

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
use crate::call::OfferUnderTest;
use crate::call::Outcome;
use crate::call::Sighting;
use crate::call::Transport;
use crate::call::offer_answer::Agreed;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::sip::datagram;

/// Messages as a snap length left them.
fn gather_cut(texts: &[&str]) -> Gathered {
    let (mut calls, mut over) = (Calls::default(), Vec::new());
    for (place, text) in texts.iter().enumerate() {
        let outline = Outline::of_datagram(text.as_bytes(), true).expect("it begins like SIP");
        let (bytes, wholeness) = datagram(text.as_bytes(), true);
        let sighting = Sighting {
            bytes,
            wholeness,
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

#[test]
fn setup_is_measured_on_the_hop_where_the_invite_was_first_seen() {
    let forwarded = request("INVITE", 1, "a", "", "2", AUDIO);
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        forwarded,
        response(180, "INVITE", 1, "a", "b", &["1"], ""),
        response(200, "INVITE", 1, "a", "b", &["2", "1"], AUDIO),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
    ];
    let gathered = gather(messages.iter().enumerate());
    assert_eq!(
        gathered.calls()[0].setup(),
        Some(crate::capture::record::Nanos::from_secs(4))
    );
}

#[test]
fn a_488_decides_before_other_refusals_and_before_a_redirection() {
    for other in [486, 300, 603] {
        let messages = [
            request("INVITE", 1, "a", "", "1", AUDIO),
            response(other, "INVITE", 1, "a", "b", &["1"], ""),
            response(488, "INVITE", 1, "a", "c", &["1"], ""),
        ];
        check(&messages, |call| {
            let status = call.final_response().and_then(crate::call::Seen::status);
            assert_eq!(status, Some(488), "and {other}");
        });
    }
}

#[test]
fn the_refused_offer_is_that_of_the_hop_that_refused() {
    let other = AUDIO.replace("RTP/SAVP 8", "RTP/SAVP 0");
    let messages = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        request("INVITE", 1, "a", "", "2", &other),
        response(488, "INVITE", 1, "a", "b", &["2", "1"], ""),
        response(488, "INVITE", 1, "a", "b", &["1"], ""),
    ];
    let gathered = gather(messages.iter().enumerate());
    let calls = gathered.calls();
    let rejections = calls[0].rejections();
    assert_eq!(rejections.len(), 1);
    let request = rejections[0].request.expect("it is there");
    assert_eq!(request.branch(), b"z9hG4bK2");
    // The same two requests the other way round.
    let turned = [&messages[1], &messages[0], &messages[2], &messages[3]];
    let gathered = gather(turned.into_iter().enumerate());
    let calls = gathered.calls();
    let request = calls[0].rejections()[0].request.expect("it is there");
    assert_eq!(request.branch(), b"z9hG4bK2");
}

#[test]
fn of_two_sightings_of_the_refused_request_the_whole_one_is_told() {
    let invite = request("INVITE", 1, "a", "", "1", AUDIO);
    let cut = &invite[..invite.len() - 9];
    let refused = response(488, "INVITE", 1, "a", "b", &["1"], "");
    for sightings in [[cut, &invite], [&invite, cut]] {
        let gathered = gather_cut(&[sightings[0], sightings[1], &refused]);
        let calls = gathered.calls();
        let rejections = calls[0].rejections();
        assert!(matches!(rejections[0].offer, OfferUnderTest::Whole(_)));
    }
}

#[test]
fn an_offer_is_cut_where_the_head_is_and_nothing_where_the_head_is_whole() {
    let refused = response(488, "INVITE", 1, "a", "b", &["1"], "");
    let invite = request("INVITE", 1, "a", "", "1", "");
    let head_cut = invite.split_once("Content-Length").expect("it has one").0;
    for (invite, is_cut) in [(invite.as_str(), false), (head_cut, true)] {
        let gathered = gather_cut(&[invite, &refused]);
        let calls = gathered.calls();
        let rejections = calls[0].rejections();
        match &rejections[0].offer {
            OfferUnderTest::Cut(None) => assert!(is_cut),
            OfferUnderTest::Nothing => assert!(!is_cut),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_agreed_is_what_the_answer_left_wherever_it_stands() {
    let declined = AUDIO.replace("m=audio 4000", "m=audio 0");
    let late = |method: &str, number: u32, offer: &str| {
        request(method, number, "a", "b", &format!("{number}"), offer)
    };
    let refused = response(488, "UPDATE", 9, "a", "b", &["9"], "");
    // The offer in the 2xx, the answer in the ACK: not the offer itself.
    let in_ack = [
        request("INVITE", 1, "a", "", "1", ""),
        response(200, "INVITE", 1, "a", "b", &["1"], AUDIO),
        request("ACK", 1, "a", "b", "2", &declined),
        late("UPDATE", 9, AUDIO),
        refused.clone(),
    ];
    // The answer in a provisional response that is reliable, and none in the 2xx.
    let early = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(183, "INVITE", 1, "a", "b", &["1"], &declined),
        response(200, "INVITE", 1, "a", "b", &["1"], ""),
        late("UPDATE", 9, AUDIO),
        refused.clone(),
    ];
    for messages in [in_ack, early] {
        check(&messages, |call| {
            let rejections = call.rejections();
            assert_eq!(rejections[0].agreed.is_new(0, b"audio"), Some(true));
        });
    }
    // A trying has no answer, and what is not answered is not known.
    let open = [
        request("INVITE", 1, "a", "", "1", AUDIO),
        response(100, "INVITE", 1, "a", "", &["1"], AUDIO),
        late("UPDATE", 9, AUDIO),
        refused,
    ];
    check(&open, |call| {
        assert_eq!(call.rejections()[0].agreed, Agreed::Unknown);
    });
}

#[test]
fn requests_inside_a_call_show_one_though_the_invite_is_missing() {
    for method in ["CANCEL", "PRACK", "UPDATE", "BYE", "ACK"] {
        let text = request(method, 2, "a", "b", "1", "");
        let outline = Outline::of(text.as_bytes(), Wholeness::Whole).expect("it begins like SIP");
        assert!(Glance::of(&outline).shows_call, "{method}");
    }
    let text = request("OPTIONS", 2, "a", "b", "1", "");
    let outline = Outline::of(text.as_bytes(), Wholeness::Whole).expect("it begins like SIP");
    assert!(!Glance::of(&outline).shows_call);
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

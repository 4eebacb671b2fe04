//! Rejections for tests, from the lines of an offer.

use std::net::Ipv4Addr;

use crate::call::Glance;
use crate::call::OfferUnderTest;
use crate::call::RejectedAt;
use crate::call::Rejection;
use crate::call::Seen;
use crate::call::Sighting;
use crate::call::Transport;
use crate::call::offer_answer::Agreed;
use crate::call::offer_answer::AgreedStream;
use crate::capture::record::Stamp;
use crate::packet::Endpoint;
use crate::sdp::SessionDescription;
use crate::sip::Outline;
use crate::sip::Wholeness;
use crate::trunk::Bypass;
use crate::trunk::Refusal;
use crate::trunk::Refuser;

use super::Case;
use super::Diagnosis;
use super::WrittenOffer;
use super::case::Observation;
use super::judge::Observed;
use super::phrase::Reported;

/// A key line that Teams can use.
pub(crate) const KEY: &str =
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ|2^31";

/// An offer that has everything: a supported codec, a key, a candidate, an address.
pub(crate) fn good() -> String {
    session(&format!(
        "c=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/SAVP 8 101\na=rtpmap:101 telephone-event/8000\n{KEY}\n{CANDIDATE}"
    ))
}

/// A candidate line.
pub(crate) const CANDIDATE: &str = "a=candidate:1 1 UDP 2130706431 192.0.2.7 4000 typ host";

/// The session part before these lines.
pub(crate) fn session(rest: &str) -> String {
    format!("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\n{rest}\n").replace('\n', "\r\n")
}

/// An SDP with the session's connection address and these media lines.
pub(crate) fn with_media(lines: &str) -> String {
    session(&format!("c=IN IP4 192.0.2.7\nt=0 0\n{lines}"))
}

fn response(reason: &str) -> String {
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!("REASON: {reason}\r\n")
    };
    format!(
        "SIP/2.0 488 Not Acceptable Here\r\nVIA: SIP/2.0/TLS sbc.example;branch=z9hG4bK1\r\nFROM: <sip:a@sbc.example>;tag=a\r\n\
         TO: <sip:b@sip.pstnhub.microsoft.com>;tag=b\r\nCALL-ID: 1\r\nCSEQ: 1 INVITE\r\n{reason}CONTENT-LENGTH: 0\r\n\r\n"
    )
}

fn seen(bytes: &[u8]) -> Seen<'_> {
    let end = Endpoint {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 5061,
    };
    let sighting = Sighting {
        bytes,
        wholeness: Wholeness::Whole,
        at: Stamp::default(),
        arrived: Stamp::default().time,
        from: end,
        to: end,
        transport: Transport::Tcp,
    };
    Seen::new(
        sighting,
        &Glance::of(&Outline::of(bytes, Wholeness::Whole).unwrap()).marks,
    )
}

fn with_rejection<T>(
    sdp: Option<&str>,
    agreed: Agreed,
    reason: &str,
    look: impl FnOnce(&Rejection<'_, '_>) -> T,
) -> T {
    let offer = sdp.map_or(OfferUnderTest::Nothing, |sdp| {
        OfferUnderTest::Whole(SessionDescription::parse(sdp.as_bytes()))
    });
    with_offer(offer, agreed, reason, look)
}

fn with_offer<T>(
    offer: OfferUnderTest<'_>,
    agreed: Agreed,
    reason: &str,
    look: impl FnOnce(&Rejection<'_, '_>) -> T,
) -> T {
    let response = response(reason);
    let response = seen(response.as_bytes());
    look(&Rejection {
        request: None,
        response: &response,
        at: Some(RejectedAt::Initial),
        offer,
        agreed,
    })
}

/// What a case observes in the offer of an initial INVITE.
pub(crate) fn observe(case: &Case, sdp: &str) -> Observation {
    with_rejection(Some(sdp), Agreed::Nothing, "", |rejection| {
        (case.observe)(rejection)
    })
}

/// Offers of many kinds: what one case or another sees in them differs.
fn offers() -> Vec<String> {
    let sessions = [
        "c=IN IP4 192.0.2.7\nt=0 0",
        "c=IN IP4 0.0.0.0\nt=0 0",
        "t=0 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ\na=candidate:1",
    ];
    let other = KEY.replace("SHA1_80", "SHA1_32");
    let streams = [
        String::new(),
        "\nm=audio 0 RTP/SAVP 8".to_owned(),
        "\nm=audio 4000 RTP/AVP 8".to_owned(),
        format!("\nm=audio 4000 RTP/AVP 8\n{KEY}"),
        format!("\nm=audio 4000 RTP/SAVP 96 101\na=rtpmap:96 AMR-WB/16000\na=rtpmap:101 telephone-event/8000\n{other}"),
        format!("\nm=audio 4000 RTP/SAVP 101\na=rtpmap:101 telephone-event/8000\n{KEY} UNENCRYPTED_SRTP"),
        format!("\nm=audio 4000 RTP/SAVP 96\na=rtpmap:96 SILK/16000\nc=IN IP4 192.0.2.8\n{KEY}\n{CANDIDATE}"),
        "\nm=video 4002 RTP/SAVP 34\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=\nc=IN IP6 ::".to_owned(),
        format!("\nm=audio 9 UDP/TLS/RTP/SAVPF 0\nc=IN IP4 0.0.0.0\n{CANDIDATE}"),
        "\nm=audio\na=crypto:1 X".to_owned(),
    ];
    let mut offers = Vec::new();
    for begin in sessions {
        for first in &streams {
            for second in &streams {
                offers.push(session(&format!("{begin}{first}{second}")));
            }
        }
    }
    offers
}

/// Asserts that the marks of a case say what it observes in offers of many kinds, at lines that are there.
pub(crate) fn assert_marks_agree(case: &Case) {
    for sdp in &offers() {
        let observation = observe(case, sdp);
        let marks = (case.mark)(&WrittenOffer::of(sdp.as_bytes()));
        assert!(
            marks
                .iter()
                .all(|mark| mark.shows == observation.is_observed()
                    && (1..=sdp.lines().count()).contains(&mark.line)),
            "{sdp}: {observation:?}, {marks:?}"
        );
        assert!(
            !marks.is_empty() || !observation.is_observed(),
            "{sdp}: nothing is marked"
        );
        assert!(!format!("{marks:?}").contains("WnD7"), "a key is shown");
    }
}

/// The texts of the lines that a case marks, each with its note.
pub(crate) fn marked(case: &Case, sdp: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = sdp.lines().collect();
    let marks = (case.mark)(&WrittenOffer::of(sdp.as_bytes()));
    let told = |mark: super::Mark| (lines[mark.line - 1].to_owned(), mark.note);
    marks.into_iter().map(told).collect()
}

/// What a case observes in the offer of a re-INVITE in a call with these live streams.
pub(crate) fn observe_again(case: &Case, agreed: &[&str], sdp: &str) -> Observation {
    let streams = agreed
        .iter()
        .map(|media| AgreedStream {
            media: media.as_bytes().to_vec(),
            is_live: true,
        })
        .collect();
    with_rejection(Some(sdp), Agreed::Streams(streams), "", |rejection| {
        (case.observe)(rejection)
    })
}

/// The diagnosis of an initial INVITE that Teams refused with this Reason.
pub(crate) fn diagnose(sdp: Option<&str>, reason: &str, bypass: Bypass) -> Diagnosis {
    let refuser = Refuser::Teams;
    diagnose_by(refuser, sdp, reason, bypass)
}

/// The diagnosis of an INVITE that somebody refused with this Reason.
pub(crate) fn diagnose_by(
    refuser: Refuser,
    sdp: Option<&str>,
    reason: &str,
    bypass: Bypass,
) -> Diagnosis {
    with_rejection(sdp, Agreed::Nothing, reason, |rejection| {
        let reported = Reported::of(rejection.response);
        Observed::of(rejection, &reported).judge(Refusal::By(refuser), Some(refuser), bypass)
    })
}

/// The diagnosis of an INVITE of which nothing but the beginning was captured.
pub(crate) fn diagnose_cut(reason: &str) -> Diagnosis {
    with_offer(
        OfferUnderTest::Cut(None),
        Agreed::Nothing,
        reason,
        |rejection| {
            let refuser = Refuser::Teams;
            let reported = Reported::of(rejection.response);
            Observed::of(rejection, &reported).judge(
                Refusal::By(refuser),
                Some(refuser),
                Bypass::Unknown,
            )
        },
    )
}

/// What a 488 with this Reason says.
pub(crate) fn reported(reason: &str) -> Reported {
    let response = response(reason);
    Reported::of(&seen(response.as_bytes()))
}

//! The trunk uses media bypass, and the offer has no ICE candidate.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;
use crate::trunk::Bypass;

use super::Case;
use super::Observation;
use super::PAGE;

pub(super) const CASE: Case = Case {
    name: "no-ice-candidates",
    microsoft_code: 531_027,
    reported_as: "There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass",
    phrases: &[
        "no ice candidates in the sdp",
        "non-ice endpoints cannot use bypass",
    ],
    meaning: "The trunk is set up for media bypass, which needs ICE, and the offer has no candidate.",
    confirmed_by: "The SDP has no a=candidate line at all. Without the phrase this proves nothing by itself: offers without candidates are normal on \
                   trunks without media bypass, and no offer says which kind of trunk it is on. It is inferred where all offers that the same trunk got \
                   accepted had candidates, or the configuration says that the trunk uses bypass; it is ruled out where the trunk got an offer \
                   without candidates accepted.",
    remedy: "On the SBC, enable ICE Lite towards Teams for this media-bypass trunk, and check that no manipulation rule strips a=candidate; or turn media \
             bypass off for the trunk in Teams.",
    page: PAGE,
    observe,
    settle: Some(settle),
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    match &rejection.offer {
        OfferUnderTest::Whole(description) => match description.candidates() {
            0 => Observation::Suggests("no a=candidate in the offer".to_owned()),
            some => Observation::Refutes(format!("the offer has {some} a=candidate")),
        },
        OfferUnderTest::Nothing => {
            Observation::Suggests("the request has no SDP, so it offers no candidate".to_owned())
        }
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => Observation::Unseen,
    }
}

/// Each live `m=` line without a candidate under it, where there is none at all; else the candidates.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let candidates = offer
        .lines
        .iter()
        .filter(|line| line.is_attribute("candidate"));
    let found: Vec<Mark> = candidates
        .map(|line| Mark::refutes(line.number, "an ICE candidate"))
        .collect();
    if offer.description.candidates() > 0 {
        return found;
    }
    let missing: Vec<Mark> = offer
        .live()
        .map(|(_, media)| Mark::shows(media.line, "no a=candidate under it"))
        .collect();
    if missing.is_empty() {
        offer.nothing_live()
    } else {
        missing
    }
}

fn settle(observation: Observation, bypass: Bypass) -> Observation {
    match (observation, bypass) {
        (Observation::Suggests(text), Bypass::Configured) => {
            Observation::Proves(format!("{text}; the trunk is configured for media bypass"))
        }
        (Observation::Suggests(text), Bypass::Seen) => Observation::Proves(format!(
            "{text}; every offer accepted on this trunk had one"
        )),
        (Observation::Suggests(text), Bypass::Not) => Observation::Refutes(format!(
            "{text}, as in an offer that was accepted on this trunk"
        )),
        (Observation::Suggests(text), Bypass::Off) => Observation::Refutes(format!(
            "{text}; media bypass is configured off for the trunk"
        )),
        (Observation::Suggests(text), Bypass::Unknown) => Observation::Suggests(format!(
            "{text}; whether the trunk uses media bypass is not known"
        )),
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::CASE;
    use crate::diagnosis::Verdict;
    use crate::diagnosis::case::Observation;
    use crate::diagnosis::sample::CANDIDATE;
    use crate::diagnosis::sample::diagnose;
    use crate::diagnosis::sample::good;
    use crate::diagnosis::sample::observe;
    use crate::trunk::Bypass;

    fn without_candidates() -> String {
        good().replace(&format!("{CANDIDATE}\r\n"), "")
    }

    #[test]
    fn an_offer_without_candidates_only_suggests_it() {
        assert!(matches!(
            observe(&CASE, &without_candidates()),
            Observation::Suggests(_)
        ));
        assert!(matches!(observe(&CASE, &good()), Observation::Refutes(_)));
    }

    #[test]
    fn ufrag_and_pwd_are_no_candidate() {
        let sdp = format!(
            "{}a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=ice-lite\r\n",
            without_candidates()
        );
        assert!(matches!(observe(&CASE, &sdp), Observation::Suggests(_)));
    }

    #[test]
    fn what_the_trunk_got_accepted_decides() {
        let verdict = |bypass| diagnose(Some(&without_candidates()), "", bypass);
        assert_eq!(verdict(Bypass::Unknown).verdict, Verdict::Possible);
        assert_eq!(verdict(Bypass::Seen).verdict, Verdict::Inferred);
        assert_eq!(verdict(Bypass::Configured).verdict, Verdict::Inferred);
        let normal = verdict(Bypass::Not);
        assert_eq!((normal.verdict, normal.case), (Verdict::Undocumented, None));
    }

    #[test]
    fn reported_and_no_candidate_is_confirmed_whatever_the_trunk() {
        let reason = "Q.850;cause=63;text=\"5a0345d0-0000-4000-8000-000000000000;There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass\"";
        for bypass in [Bypass::Unknown, Bypass::Not] {
            assert_eq!(
                diagnose(Some(&without_candidates()), reason, bypass).verdict,
                Verdict::Confirmed
            );
        }
        assert_eq!(
            diagnose(Some(&good()), reason, Bypass::Unknown).verdict,
            Verdict::Contradicted
        );
    }

    #[test]
    fn what_is_marked_agrees_with_what_is_observed() {
        crate::diagnosis::sample::assert_marks_agree(&CASE);
    }

    #[test]
    fn what_is_absent_is_told_at_the_m_line() {
        let marked = crate::diagnosis::sample::marked(&CASE, &without_candidates());
        let expected = ("m=audio 4000 RTP/SAVP 8 101", "no a=candidate under it");
        assert_eq!(marked, [(expected.0.to_owned(), expected.1.to_owned())]);
    }
}

//! The trunk uses media bypass, and the offer has no ICE candidate.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::trunk::Bypass;

use super::Case;
use super::Observation;
use super::PAGE;

pub(super) const CASE: Case = Case {
    name: "no-ice-candidates",
    microsoft_code: 531_027,
    reported_as: "There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass",
    phrases: &["no ice candidates in the sdp", "non-ice endpoints cannot use bypass"],
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
};

fn observe(rejection: &Rejection<'_, '_>) -> Observation {
    match &rejection.offer {
        OfferUnderTest::Whole(description) => match description.candidates() {
            0 => Observation::Suggests("no a=candidate in the offer".to_owned()),
            some => Observation::Refutes(format!("the offer has {some} a=candidate")),
        },
        OfferUnderTest::Nothing => Observation::Suggests("the request has no SDP, so it offers no candidate".to_owned()),
        OfferUnderTest::Cut(_) | OfferUnderTest::Missing => Observation::Unseen,
    }
}

fn settle(observation: Observation, bypass: Bypass) -> Observation {
    match (observation, bypass) {
        (Observation::Suggests(text), Bypass::Configured) => Observation::Proves(format!("{text}; the trunk is configured for media bypass")),
        (Observation::Suggests(text), Bypass::Seen) => Observation::Proves(format!("{text}; every offer accepted on this trunk had one")),
        (Observation::Suggests(text), Bypass::Not) => Observation::Refutes(format!("{text}, as in an offer accepted on this trunk, or bypass is configured off")),
        (Observation::Suggests(text), Bypass::Unknown) => Observation::Suggests(format!("{text}; whether the trunk uses media bypass is not known")),
        (other, _) => other,
    }
}

//! One payload type number stands for two codecs.

use crate::call::OfferUnderTest;
use crate::call::Rejection;

use super::Finding;

pub(super) const FINDING: Finding = Finding {
    name: "duplicate-payload-type",
    meaning: "One RTP payload type number is used twice in a stream, often because an SBC adds SILK on a number that the carrier's codecs already \
              have. Give the added codecs other numbers on the SBC.",
    words: &["duplicat", "payload"],
    observe,
    refuser: None,
    excludes_cases: false,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Whole(description) = &rejection.offer else {
        return None;
    };
    let live = description.media.iter().filter(|media| media.is_live());
    let duplicate = live
        .flat_map(crate::sdp::MediaDescription::duplicate_payload_types)
        .next()?;
    Some(format!("payload type {duplicate} is used twice"))
}

//! The SDP breaks the grammar where a strict peer stops reading.

use crate::call::OfferUnderTest;
use crate::call::Rejection;
use crate::diagnosis::mark::Mark;
use crate::diagnosis::mark::WrittenOffer;

use super::Finding;

pub(super) const FINDING: Finding = Finding {
    name: "malformed-sdp",
    meaning: "The SDP of the request can't be read in full: a line that RFC 8866 demands is missing or damaged. Teams usually answers this with 410 and \
              SdpParsingFailure. Find out which element writes the line that the evidence names.",
    words: &["sdpparsingfailure"],
    observe,
    refuser: None,
    excludes_cases: true,
    mark,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Whole(description) = &rejection.offer else {
        return None;
    };
    if !description.is_malformed() {
        return None;
    }
    let defect = description
        .defects
        .iter()
        .find(|defect| defect.is_malformation())
        .or(description.defects.first());
    Some(defect.map_or_else(
        || "the SDP can't be read".to_owned(),
        |defect| format!("malformed SDP: {defect}"),
    ))
}

/// The lines that can't be read.
fn mark(offer: &WrittenOffer<'_>) -> Vec<Mark> {
    let defects = offer.description.defects.iter();
    let wrong = defects.filter(|defect| defect.is_malformation());
    wrong
        .map(|defect| Mark::shows(defect.line().unwrap_or(1), defect.to_string()))
        .collect()
}

//! The request has no SDP.

use crate::call::OfferUnderTest;
use crate::call::Rejection;

use super::super::show;
use super::Finding;
use super::no_line;

pub(super) const FINDING: Finding = Finding {
    name: "delayed-offer",
    meaning: "The request carries no SDP and leaves the offer to the other side (RFC 3261 section 13.2.1). Teams supports no delayed offer, and usually \
              answers 415. Force early offer on the SBC, for re-INVITEs too.",
    words: &[],
    observe,
    refuser: None,
    excludes_cases: true,
    mark: no_line,
};

fn observe(rejection: &Rejection<'_, '_>) -> Option<String> {
    let OfferUnderTest::Nothing = rejection.offer else {
        return None;
    };
    let method = rejection
        .request
        .map(|request| show(request.method.as_bytes()))
        .unwrap_or_default();
    Some(format!("the {method} carries no SDP (delayed offer)"))
}

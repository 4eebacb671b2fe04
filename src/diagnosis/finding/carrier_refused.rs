//! The carrier refused.

use crate::trunk::Refuser;

use super::Finding;
use super::never;
use super::no_line;

pub(super) const FINDING: Finding = Finding {
    name: "carrier-refused",
    meaning: "The carrier refused the SBC's offer; Microsoft had no part in it. Compare codecs, RTP/SAVP against RTP/AVP, T.38 and addresses with what the carrier \
              takes.",
    words: &[],
    observe: never,
    refuser: Some(Refuser::Carrier),
    excludes_cases: false,
    mark: no_line,
};

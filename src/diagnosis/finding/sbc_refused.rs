//! The SBC refused.

use crate::trunk::Refuser;

use super::Finding;
use super::never;
use super::no_line;

pub(super) const FINDING: Finding = Finding {
    name: "sbc-refused",
    meaning: "The SBC refused the offer, or passes on a carrier's refusal. Where the offer was Teams' own, Microsoft reports 560488. Compare the offer with the SBC's \
              media profile: codecs, RTP/SAVP against RTP/AVP, and look for a 488 on the carrier's side at the same time.",
    words: &[],
    observe: never,
    refuser: Some(Refuser::Sbc),
    excludes_cases: false,
    mark: no_line,
};

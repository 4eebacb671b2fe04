//! `o=` of the SDP (RFC 8866 §5.2): an SBC that passes a description on leaves its session id and version as they are.

use crate::capture::record::Nanos;
use crate::pairing::mark::Found;
use crate::pairing::mark::Kind;
use crate::pairing::mark::is_trivial;

use super::Evidence;
use super::Ground;
use super::REUSED_AFTER;
use super::Rule;
use super::chancy;

pub(super) const GROUND: Ground = Ground {
    name: "sdp-origin",
    meaning: "both legs have an SDP with the same session id and version in o=, and like numbers",
    trivial: "0, 1, fewer than 8 digits, and a session id that is the time of day: two calls of one second have the same",
    rule: Rule::Strong(chancy(&[Kind::Origin], read, REUSED_AFTER)),
};

fn read(evidence: &Evidence<'_, '_>, found: &mut Found) {
    for description in &evidence.descriptions {
        let Some(origin) = description.origin else {
            continue;
        };
        let id = origin.session_id;
        found.add(
            Kind::Origin,
            &[id, origin.session_version],
            is_trivial(id, 0) || is_time(id, evidence.start),
        );
    }
}

/// Seconds between 1900, where NTP counts from, and 1970: RFC 8866 §5.2 suggests an NTP time.
const NTP: i64 = 2_208_988_800;

/// How far a clock reading may be from the call and be one.
const TWO_DAYS: i64 = 2 * 86_400;

/// Whether a session id is a reading of the clock, in seconds, at about the time of the call.
fn is_time(id: &[u8], start: Nanos) -> bool {
    let now = start.0 / 1_000_000_000;
    let id = std::str::from_utf8(id)
        .ok()
        .and_then(|id| id.parse::<i64>().ok());
    id.is_some_and(|id| {
        let from = |epoch: i64| {
            id.saturating_sub(epoch)
                .saturating_sub(now)
                .saturating_abs()
        };
        from(0) < TWO_DAYS || from(NTP) < TWO_DAYS
    })
}

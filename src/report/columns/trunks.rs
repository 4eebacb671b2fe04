//! The columns of the trunk report, in their order.

use crate::report::trunks::FEW;
use crate::report::trunks::TrunkCounts;
use crate::report::trunks::TrunkSide;

use super::Column;
use super::Kind;
use super::Print;
use super::number;
use super::percent;
use super::text;
use super::time;

/// The columns. New ones are added at the end.
pub const COLUMNS: &[Column<TrunkCounts>] = &[
    Column {
        name: "trunk",
        kind: Kind::Text,
        meaning: "as in the calls CSV",
        write: |trunk, _, out| text(&trunk.trunk, out),
    },
    Column {
        name: "calls",
        kind: Kind::Integer,
        meaning: "calls on the trunk",
        write: |trunk, _, out| number(Some(trunk.calls), out),
    },
    Column {
        name: "answered",
        kind: Kind::Integer,
        meaning: "of them answered",
        write: |trunk, _, out| number(Some(trunk.answered), out),
    },
    Column {
        name: "rejected",
        kind: Kind::Integer,
        meaning: "of them rejected",
        write: |trunk, _, out| number(Some(trunk.rejected), out),
    },
    Column {
        name: "cancelled",
        kind: Kind::Integer,
        meaning: "of them cancelled",
        write: |trunk, _, out| number(Some(trunk.cancelled), out),
    },
    Column {
        name: "unanswered",
        kind: Kind::Integer,
        meaning: "of them without final response in the capture",
        write: |trunk, _, out| number(Some(trunk.unanswered), out),
    },
    Column {
        name: "incomplete",
        kind: Kind::Integer,
        meaning: "of them without their initial INVITE in the capture",
        write: |trunk, _, out| number(Some(trunk.incomplete), out),
    },
    Column {
        name: "calls_488",
        kind: Kind::Integer,
        meaning: "calls with at least one 488",
        write: |trunk, _, out| number(Some(trunk.calls_488), out),
    },
    Column {
        name: "rate_488",
        kind: Kind::Percent,
        meaning: "percent of calls",
        write: |trunk, _, out| percent(trunk.calls_488, trunk.calls, out),
    },
    Column {
        name: "cannot_support_any_media",
        kind: Kind::Integer,
        meaning: "calls by the cause of their first 488",
        write: |trunk, _, out| number(Some(trunk.of_case("cannot-support-any-media")), out),
    },
    Column {
        name: "srtp_encryption_required",
        kind: Kind::Integer,
        meaning: "the same",
        write: |trunk, _, out| number(Some(trunk.of_case("srtp-encryption-required")), out),
    },
    Column {
        name: "no_ice_candidates",
        kind: Kind::Integer,
        meaning: "the same",
        write: |trunk, _, out| number(Some(trunk.of_case("no-ice-candidates")), out),
    },
    Column {
        name: "blackhole_media",
        kind: Kind::Integer,
        meaning: "the same",
        write: |trunk, _, out| number(Some(trunk.of_case("blackhole-media")), out),
    },
    Column {
        name: "undocumented",
        kind: Kind::Integer,
        meaning: "calls whose first 488 is none of the four causes",
        write: |trunk, _, out| number(Some(trunk.undocumented), out),
    },
    Column {
        name: "asr",
        kind: Kind::Percent,
        meaning: "answered ÷ calls whose initial INVITE is in the capture, percent",
        write: |trunk, _, out| percent(trunk.answered, trunk.attempts(), out),
    },
    Column {
        name: "setup_ms_p50",
        kind: Kind::Integer,
        meaning: "median of `setup_ms`, nearest rank",
        write: |trunk, _, out| number(trunk.setup_ms(50), out),
    },
    Column {
        name: "setup_ms_p95",
        kind: Kind::Integer,
        meaning: "its 95th percentile",
        write: |trunk, _, out| number(trunk.setup_ms(95), out),
    },
    Column {
        name: "first_call",
        kind: Kind::Time,
        meaning: "start of the first call",
        write: |trunk, print, out| time(trunk.first_call, print, out),
    },
    Column {
        name: "last_call",
        kind: Kind::Time,
        meaning: "start of the last call",
        write: |trunk, print, out| time(trunk.last_call, print, out),
    },
    Column {
        name: "side",
        kind: Kind::Word,
        meaning: "`teams`: between the SBC and Teams; `carrier`: between the SBC and the carrier",
        write: |trunk, _, out| out.push_str(trunk.side.map_or("", TrunkSide::name)),
    },
    Column {
        name: "attempts",
        kind: Kind::Integer,
        meaning: "calls whose initial INVITE is in the capture: what `asr` and `ner` are percent of",
        write: |trunk, _, out| number(Some(trunk.attempts()), out),
    },
    Column {
        name: "session_attempts",
        kind: Kind::Integer,
        meaning: "`attempts` without those that ended with 401, 402, 407 or 3xx: what `ser` and `seer` are percent of",
        write: |trunk, _, out| number(Some(trunk.session_attempts()), out),
    },
    Column {
        name: "ser",
        kind: Kind::Percent,
        meaning: "Session Establishment Ratio (RFC 6076 §4.6): answered ÷ `session_attempts`, percent",
        write: |trunk, _, out| percent(trunk.answered, trunk.session_attempts(), out),
    },
    Column {
        name: "seer",
        kind: Kind::Percent,
        meaning: "Session Establishment Effectiveness Ratio (RFC 6076 §4.7): answered, 480, 486, 600 or 603 ÷ `session_attempts`, percent",
        write: |trunk, _, out| percent(trunk.effective, trunk.session_attempts(), out),
    },
    Column {
        name: "ner",
        kind: Kind::Percent,
        meaning: "Network Effectiveness Ratio as Microsoft defines it: answered, busy, not answered (cancelled, 408, 480) or declined ÷ `attempts`, percent",
        write: |trunk, _, out| percent(trunk.delivered, trunk.attempts(), out),
    },
    Column {
        name: "few",
        kind: Kind::List,
        meaning: "which of the numbers that rates are percent of are under 30: a rate of so few tells little",
        write: few,
    },
];

fn few(trunk: &TrunkCounts, _: &Print<'_>, out: &mut String) {
    let numbers = [
        ("calls", trunk.calls),
        ("attempts", trunk.attempts()),
        ("session_attempts", trunk.session_attempts()),
    ];
    let begin = out.len();
    for (name, _) in numbers.into_iter().filter(|(_, number)| *number < FEW) {
        if out.len() > begin {
            out.push(';');
        }
        out.push_str(name);
    }
}

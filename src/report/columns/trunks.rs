//! The columns of the trunk report, in their order.

use std::fmt::Write;

use crate::capture::record::Nanos;
use crate::report::escape;
use crate::report::trunks::TrunkCounts;
use crate::report::trunks::TrunkSide;

use super::Column;
use super::Print;

/// The columns. New ones are added at the end.
pub const COLUMNS: &[Column<TrunkCounts>] = &[
    Column {
        name: "trunk",
        meaning: "as in the calls CSV",
        write: |trunk, _, out| escape::cell(&trunk.trunk, out),
    },
    Column {
        name: "calls",
        meaning: "calls on the trunk",
        write: |trunk, _, out| number(trunk.calls, out),
    },
    Column {
        name: "answered",
        meaning: "of them answered",
        write: |trunk, _, out| number(trunk.answered, out),
    },
    Column {
        name: "rejected",
        meaning: "of them rejected",
        write: |trunk, _, out| number(trunk.rejected, out),
    },
    Column {
        name: "cancelled",
        meaning: "of them cancelled",
        write: |trunk, _, out| number(trunk.cancelled, out),
    },
    Column {
        name: "unanswered",
        meaning: "of them without final response in the capture",
        write: |trunk, _, out| number(trunk.unanswered, out),
    },
    Column {
        name: "incomplete",
        meaning: "of them without their initial INVITE in the capture",
        write: |trunk, _, out| number(trunk.incomplete, out),
    },
    Column {
        name: "calls_488",
        meaning: "calls with at least one 488",
        write: |trunk, _, out| number(trunk.calls_488, out),
    },
    Column {
        name: "rate_488",
        meaning: "percent of calls",
        write: |trunk, _, out| percent(trunk.calls_488, trunk.calls, out),
    },
    Column {
        name: "cannot_support_any_media",
        meaning: "calls by the cause of their first 488",
        write: |trunk, _, out| number(trunk.of_case("cannot-support-any-media"), out),
    },
    Column {
        name: "srtp_encryption_required",
        meaning: "the same",
        write: |trunk, _, out| number(trunk.of_case("srtp-encryption-required"), out),
    },
    Column {
        name: "no_ice_candidates",
        meaning: "the same",
        write: |trunk, _, out| number(trunk.of_case("no-ice-candidates"), out),
    },
    Column {
        name: "blackhole_media",
        meaning: "the same",
        write: |trunk, _, out| number(trunk.of_case("blackhole-media"), out),
    },
    Column {
        name: "undocumented",
        meaning: "calls whose first 488 is none of the four causes",
        write: |trunk, _, out| number(trunk.undocumented, out),
    },
    Column {
        name: "asr",
        meaning: "answered ÷ calls whose initial INVITE is in the capture, percent",
        write: |trunk, _, out| percent(trunk.answered, trunk.attempts(), out),
    },
    Column {
        name: "setup_ms_p50",
        meaning: "median of `setup_ms`, nearest rank",
        write: |trunk, _, out| optional(trunk.setup_ms(50), out),
    },
    Column {
        name: "setup_ms_p95",
        meaning: "its 95th percentile",
        write: |trunk, _, out| optional(trunk.setup_ms(95), out),
    },
    Column {
        name: "first_call",
        meaning: "start of the first call",
        write: |trunk, print, out| time(trunk.first_call, print, out),
    },
    Column {
        name: "last_call",
        meaning: "start of the last call",
        write: |trunk, print, out| time(trunk.last_call, print, out),
    },
    Column {
        name: "side",
        meaning: "`teams`: between the SBC and Teams; `carrier`: between the SBC and the carrier",
        write: |trunk, _, out| out.push_str(trunk.side.map_or("", TrunkSide::name)),
    },
    Column {
        name: "attempts",
        meaning: "calls whose initial INVITE is in the capture: what `asr` and `ner` are percent of",
        write: |trunk, _, out| number(trunk.attempts(), out),
    },
    Column {
        name: "session_attempts",
        meaning: "`attempts` without those that ended with 401, 402, 407 or 3xx: what `ser` and `seer` are percent of",
        write: |trunk, _, out| number(trunk.session_attempts(), out),
    },
    Column {
        name: "ser",
        meaning: "Session Establishment Ratio (RFC 6076 §4.6): answered ÷ `session_attempts`, percent",
        write: |trunk, _, out| percent(trunk.answered, trunk.session_attempts(), out),
    },
    Column {
        name: "seer",
        meaning: "Session Establishment Effectiveness Ratio (RFC 6076 §4.7): answered, 480, 486, 600 or 603 ÷ `session_attempts`, percent",
        write: |trunk, _, out| percent(trunk.effective, trunk.session_attempts(), out),
    },
    Column {
        name: "ner",
        meaning: "Network Effectiveness Ratio as Microsoft defines it: answered, busy, not answered (cancelled, 408, 480) or declined ÷ `attempts`, percent",
        write: |trunk, _, out| percent(trunk.delivered, trunk.attempts(), out),
    },
    Column {
        name: "few",
        meaning: "which of the numbers that rates are percent of are under 30: a rate of so few tells little",
        write: few,
    },
];

/// Under so many calls a rate tells little.
const FEW: u64 = 30;

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

/// Writing to a `String` can't fail.
fn number(number: u64, out: &mut String) {
    let _ = write!(out, "{number}");
}

fn optional(value: Option<i64>, out: &mut String) {
    if let Some(value) = value {
        let _ = write!(out, "{value}");
    }
}

/// Two decimals, rounded half up; nothing where there is nothing to divide by.
pub(in crate::report) fn percent(part: u64, whole: u64, out: &mut String) {
    if whole > 0 {
        let hundredths = (u128::from(part) * 20_000 + u128::from(whole)) / (2 * u128::from(whole));
        let _ = write!(out, "{}.{:02}", hundredths / 100, hundredths % 100);
    }
}

fn time(time: Option<Nanos>, print: &Print<'_>, out: &mut String) {
    if let Some(time) = time {
        print.zone.write(time, out);
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_percentage_has_two_decimals_and_needs_something_to_divide_by() {
        let shown = |part, whole| {
            let mut out = String::new();
            percent(part, whole, &mut out);
            out
        };
        assert_eq!(
            (shown(1, 3), shown(2, 3), shown(3, 3), shown(0, 7)),
            (
                "33.33".into(),
                "66.67".into(),
                "100.00".into(),
                "0.00".into()
            )
        );
        assert_eq!(shown(0, 0), "");
    }
}

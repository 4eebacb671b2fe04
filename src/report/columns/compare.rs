//! The columns of the comparison of two trunk reports, in their order.

use crate::report::compare::Compared;
use crate::report::compare::Night;
use crate::report::compare::interval::Interval;
use crate::report::compare::interval::Share;
use crate::report::trunks::FEW;

use super::Column;
use super::Kind;
use super::number;
use super::percent;

/// A column of a number that each night has.
macro_rules! both {
    ($before:literal, $after:literal, $meaning:literal, $of:expr) => {{
        const OF: Of = $of;
        [
            Column {
                name: $before,
                kind: Kind::Integer,
                meaning: $meaning,
                write: |compared: &Compared, _, out| number(compared.before.as_ref().map(OF), out),
            },
            Column {
                name: $after,
                kind: Kind::Integer,
                meaning: "the same, after",
                write: |compared: &Compared, _, out| number(compared.after.as_ref().map(OF), out),
            },
        ]
    }};
}

/// The columns. New ones are added at the end.
pub fn columns() -> Vec<Column<Compared>> {
    let mut columns = vec![
        Column {
            name: "trunk",
            kind: Kind::Text,
            meaning: "as in the trunk reports",
            write: |compared: &Compared, _, out| out.push_str(&compared.trunk),
        },
        Column {
            name: "side",
            kind: Kind::Text,
            meaning: "the same",
            write: |compared, _, out| out.push_str(&compared.side),
        },
        Column {
            name: "became",
            kind: Kind::Word,
            meaning: "`worse`, `better`: its rate of calls with a 488 moved by more than chance does; `same`; `few`: under 30 calls on one side, not judged; `came`, `went`",
            write: |compared, _, out| out.push_str(compared.became.name()),
        },
    ];
    columns.extend(both!(
        "calls_before",
        "calls_after",
        "calls on the trunk, before",
        |night| night.calls
    ));
    columns.extend(both!(
        "calls_488_before",
        "calls_488_after",
        "calls with at least one 488, before",
        |night| night.calls_488
    ));
    columns.extend(rates());
    columns.extend(both!(
        "cannot_support_any_media_before",
        "cannot_support_any_media_after",
        "calls by the cause of their first 488, before",
        |night| night.cases[0]
    ));
    columns.extend(both!(
        "srtp_encryption_required_before",
        "srtp_encryption_required_after",
        "the same, before",
        |night| night.cases[1]
    ));
    columns.extend(both!(
        "no_ice_candidates_before",
        "no_ice_candidates_after",
        "the same, before",
        |night| night.cases[2]
    ));
    columns.extend(both!(
        "blackhole_media_before",
        "blackhole_media_after",
        "the same, before",
        |night| night.cases[3]
    ));
    columns.extend(both!(
        "undocumented_before",
        "undocumented_after",
        "the same, before",
        |night| night.cases[4]
    ));
    columns
}

fn rates() -> [Column<Compared>; 12] {
    [
        Column {
            name: "rate_488_before",
            kind: Kind::Percent,
            meaning: "percent of calls, before",
            write: |compared, _, out| share(compared.before.map(|night| night.rate_488()), out),
        },
        Column {
            name: "rate_488_after",
            kind: Kind::Percent,
            meaning: "the same, after",
            write: |compared, _, out| share(compared.after.map(|night| night.rate_488()), out),
        },
        Column {
            name: "rate_488_change",
            kind: Kind::Percent,
            meaning: "after less before, percentage points",
            write: |compared, _, out| points(compared.rate_488().map(|moved| moved.value), out),
        },
        Column {
            name: "rate_488_change_low",
            kind: Kind::Percent,
            meaning: "lower end of what the change may be, at 95 percent (Newcombe's interval, from Wilson's)",
            write: |compared, _, out| points(compared.rate_488().map(|moved| moved.low), out),
        },
        Column {
            name: "rate_488_change_high",
            kind: Kind::Percent,
            meaning: "its upper end",
            write: |compared, _, out| points(compared.rate_488().map(|moved| moved.high), out),
        },
        Column {
            name: "asr_before",
            kind: Kind::Percent,
            meaning: "answered ÷ calls whose initial INVITE is in the capture, percent, before",
            write: |compared, _, out| share(compared.before.map(|night| night.asr()), out),
        },
        Column {
            name: "asr_after",
            kind: Kind::Percent,
            meaning: "the same, after",
            write: |compared, _, out| share(compared.after.map(|night| night.asr()), out),
        },
        Column {
            name: "asr_change",
            kind: Kind::Percent,
            meaning: "after less before, percentage points",
            write: |compared, _, out| points(compared.asr().map(|moved| moved.value), out),
        },
        Column {
            name: "asr_change_low",
            kind: Kind::Percent,
            meaning: "lower end of what the change may be, at 95 percent",
            write: |compared, _, out| points(compared.asr().map(|moved| moved.low), out),
        },
        Column {
            name: "asr_change_high",
            kind: Kind::Percent,
            meaning: "its upper end",
            write: |compared, _, out| points(compared.asr().map(|moved| moved.high), out),
        },
        Column {
            name: "asr_more_than_chance",
            kind: Kind::Word,
            meaning: "`yes` where the interval of `asr_change` does not hold 0; empty where either side has under 30",
            write: |compared, _, out| out.push_str(asr_is_more_than_chance(compared)),
        },
        Column {
            name: "few",
            kind: Kind::List,
            meaning: "what is under 30 on one side: `calls`, `attempts`",
            write: few,
        },
    ]
}

/// A number of a night.
type Of = fn(&Night) -> u64;

fn has_few(compared: &Compared, of: Of) -> bool {
    [compared.before, compared.after]
        .iter()
        .flatten()
        .any(|night| of(night) < FEW)
}

fn asr_is_more_than_chance(compared: &Compared) -> &'static str {
    let judged = |_: &Interval| !has_few(compared, |night| night.attempts);
    match compared.asr().filter(judged) {
        Some(moved) if moved.is_more_than_chance() => "yes",
        Some(_) => "no",
        None => "",
    }
}

fn few(compared: &Compared, _: &super::Print<'_>, out: &mut String) {
    let of: [(&str, Of); 2] = [
        ("calls", |night| night.calls),
        ("attempts", |night| night.attempts),
    ];
    let names: Vec<&str> = of
        .into_iter()
        .filter(|(_, of)| has_few(compared, *of))
        .map(|(name, _)| name)
        .collect();
    out.push_str(&names.join(";"));
}

fn share(share: Option<Share>, out: &mut String) {
    if let Some(share) = share {
        percent(share.part, share.whole, out);
    }
}

/// Percentage points with two decimals; a change that rounds to nothing has no sign.
fn points(value: Option<f64>, out: &mut String) {
    if let Some(value) = value {
        let shown = format!("{:.2}", value * 100.0);
        out.push_str(if shown == "-0.00" { "0.00" } else { &shown });
    }
}

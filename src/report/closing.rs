//! The closing summary on the terminal: what a person wants to know before opening the CSV.

use std::fmt::Write;

use crate::diagnosis::CASES;
use crate::packet::Fate;

use super::columns::percent;
use super::encrypted::MAX_TOLD;
use super::escape;
use super::paragraph::paragraph;
use super::summary::FileStatus;
use super::summary::Limits;
use super::summary::RunSummary;
use super::trunks::TrunkCounts;

/// Trunks shown.
const WORST: usize = 5;

/// Groups of TLS connections shown that could not be read.
const ENCRYPTED: usize = 5;

/// Differences from Microsoft's report shown.
const DIFFERENCES: usize = 5;

/// Files shown that could not be read whole.
const FILES: usize = 10;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// ANSI colours.
    Coloured,
    /// Text alone.
    Plain,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn warning(self, text: &str) -> String {
        self.paint("33", text)
    }
}

/// The closing summary, each line ended.
pub fn closing(summary: &RunSummary, trunks: &[TrunkCounts], style: Style) -> String {
    let mut out = String::new();
    describe_files(&mut out, summary, style);
    describe_packets(&mut out, summary, style);
    let mut refused = format!("{} met a 488", counted(summary.rejections, "request"));
    if summary.pairing.relayed > 0 {
        let _ = write!(
            refused,
            ", of which {} pass on another leg's",
            summary.pairing.relayed
        );
    }
    let _ = writeln!(
        out,
        "{}: {} in {} SIP messages; {}",
        style.bold("calls"),
        summary.calls,
        summary.sip.messages,
        style.bold(&refused)
    );
    describe_cases(&mut out, summary, style);
    describe_report(&mut out, summary, style);
    describe_trunks(&mut out, trunks, style);
    out
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn describe_files(out: &mut String, summary: &RunSummary, style: Style) {
    let read = summary
        .files
        .iter()
        .filter(|file| matches!(file.status, FileStatus::Ok | FileStatus::Partial))
        .count();
    let bytes: u64 = summary
        .files
        .iter()
        .filter(|file| file.format.is_some())
        .map(|file| file.bytes)
        .sum();
    let _ = writeln!(
        out,
        "{}: {} read ({})",
        style.bold("captures"),
        read,
        size(bytes)
    );
    describe_unread(out, summary, style, ", all in --summary");
}

/// The files that could not be read whole, a line each.
pub fn unread(summary: &RunSummary, style: Style) -> String {
    let mut out = String::new();
    describe_unread(&mut out, summary, style, "");
    out
}

fn describe_unread(out: &mut String, summary: &RunSummary, style: Style, rest: &str) {
    let unread: Vec<_> = summary
        .files
        .iter()
        .filter(|file| file.status != FileStatus::Ok)
        .collect();
    for file in unread.iter().take(FILES) {
        let status = match file.status {
            FileStatus::Ok => "ok",
            FileStatus::Partial => "partial",
            FileStatus::Unreadable => "unreadable",
            FileStatus::NotACapture => "no capture",
        };
        let why = file
            .error
            .as_deref()
            .map(|error| format!(": {}", escape::terminal(error)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "  {} {}{why}",
            style.warning(status),
            escape::terminal(&file.path)
        );
    }
    if unread.len() > FILES {
        let _ = writeln!(out, "  and {} more{rest}", unread.len() - FILES);
    }
}

/// What is said of packets that could not be read.
pub(super) const HINTS: [(Fate, &str); 4] = [
    (Fate::Encrypted, "TLS without a key"),
    (
        Fate::Truncated,
        "cut by the snap length, so that their offers can't be judged: capture with -s 0",
    ),
    (
        Fate::Unsupported,
        "of a link type or encapsulation that is not decoded, or nested deeper than 8 (sip488 explain --formats)",
    ),
    (Fate::Malformed, "with damaged headers"),
];

fn describe_packets(out: &mut String, summary: &RunSummary, style: Style) {
    let fates: Vec<String> = Fate::ALL
        .iter()
        .map(|&fate| (fate, summary.packets.of(fate)))
        .filter(|(_, count)| *count > 0)
        .map(|(fate, count)| format!("{count} {}", fate.name()))
        .collect();
    let _ = writeln!(
        out,
        "{}: {}{}{}",
        style.bold("packets"),
        summary.packets.total(),
        if fates.is_empty() { "" } else { " = " },
        fates.join(" + ")
    );
    for (fate, hint) in HINTS {
        let count = summary.packets.of(fate);
        if count > 0 {
            let _ = writeln!(out, "  {} {count}: {hint}", style.warning(fate.name()));
        }
    }
    describe_encrypted(out, summary, style);
    for (count, what) in lost(summary.limits) {
        let _ = writeln!(out, "  {} {what}", style.warning(&count.to_string()));
    }
}

/// What bounds and losses took: how many, and of what.
pub(super) fn lost(limits: Limits) -> impl Iterator<Item = (u64, &'static str)> {
    let lost = [
        (
            limits.stream_bytes_lost,
            "bytes of TCP connections are not in the capture",
        ),
        (
            limits.datagrams_evicted,
            "fragmented datagrams never became whole",
        ),
        (
            limits.sctp_fragments_evicted,
            "fragments of SCTP messages were given up",
        ),
        (
            limits.wrappings_given_up,
            "times what TLS, WebSocket or a proxy held was given up: too much was open at once",
        ),
        (
            limits.keys_left_out,
            "lines of key logs and TLS handshakes were left out: there are too many",
        ),
        (
            limits.keys_too_late,
            "TLS connections have keys that came behind their packets, and standard input is read once: give the capture as a file, or its key log with --keylog",
        ),
        (
            limits.messages_left_out,
            "messages were left out of calls with too many",
        ),
        (
            limits.calls_evicted,
            "Call-IDs were closed early: too much was open at once",
        ),
        (
            limits.connections_evicted,
            "connections were given up: too many were open at once",
        ),
        (
            limits.calls_not_joined,
            "calls went on after they were closed and have a row of their own: there are too many of them",
        ),
        (
            limits.offers_left_out,
            "accepted offers were left out of what tells media bypass: there are too many trunks",
        ),
        (
            limits.has_too_many_sbc_addresses.into(),
            "bound was reached: too many addresses talked to Teams to remember them all as the SBC's",
        ),
        (
            limits.offers_not_told_apart,
            "offers are not in the offer report: there are too many kinds of them",
        ),
        (
            limits.calls_of_trunks_left_out,
            "calls are not in the trunk report: it tells a hundred thousand trunks apart",
        ),
    ];
    lost.into_iter().filter(|(count, _)| *count > 0)
}

/// What is said of TLS records that are in no connection.
pub(super) const ALONE: &str = "TLS records that were exported or mirrored one by one, which no key opens: export or mirror the SIP inside";

/// What is missing to read TLS connections, and how to get it; each advice once.
fn describe_encrypted(out: &mut String, summary: &RunSummary, style: Style) {
    let all = &summary.encrypted_connections;
    let mut said = Vec::new();
    for connections in all.iter().take(ENCRYPTED) {
        let count = counted(connections.connections, "connection");
        let who = connections.who();
        let _ = writeln!(out, "    {}: {who}", style.warning(&count));
        let advice = connections.advice();
        if !said.contains(&advice) {
            out.push_str(&paragraph(advice, "      "));
            said.push(advice);
        }
    }
    if all.len() > ENCRYPTED {
        let _ = writeln!(out, "    and {} more, in --summary", all.len() - ENCRYPTED);
    }
    if let Some(alone) = alone(summary) {
        let count = style.warning(&counted(alone, "packet"));
        let _ = writeln!(out, "    {count}: {ALONE}");
    }
}

/// Packets of TLS records that are in no connection; none where there are none, or where it can't be told.
pub(super) fn alone(summary: &RunSummary) -> Option<u64> {
    let all = &summary.encrypted_connections;
    let told: u64 = all.iter().map(|connections| connections.packets).sum();
    let alone = summary.packets.of(Fate::Encrypted).saturating_sub(told);
    (alone > 0 && all.len() < MAX_TOLD).then_some(alone)
}

/// What Microsoft's own report says, where one was given.
fn describe_report(out: &mut String, summary: &RunSummary, style: Style) {
    let Some(report) = &summary.pstn_report else {
        return;
    };
    let found = report.by_correlation_id + report.by_numbers;
    let _ = writeln!(
        out,
        "{}: has {} of {} calls with Teams; agrees with {} of {} verdicts",
        style.bold("Microsoft's report"),
        found,
        found + report.calls_not_found,
        report.agreed,
        report.agreed + report.differed,
    );
    for difference in report.differences.iter().take(DIFFERENCES) {
        let _ = writeln!(
            out,
            "  {} {}: {} here, {} {} there",
            style.warning("differs"),
            escape::terminal(&difference.call_id),
            difference.case.unwrap_or("none of the cases"),
            difference
                .reported_code
                .map_or_else(String::new, |code| code.to_string()),
            escape::terminal(&difference.reported_phrase),
        );
    }
}

fn describe_cases(out: &mut String, summary: &RunSummary, style: Style) {
    if summary.rejections == 0 {
        return;
    }
    let mut lines: Vec<(&str, u64)> = CASES
        .iter()
        .filter_map(|case| Some((case.name, *summary.cases.get(case.name)?)))
        .collect();
    lines.extend(
        ["undocumented", "insufficient"]
            .into_iter()
            .filter_map(|name| Some((name, *summary.verdicts.get(name)?))),
    );
    for (name, count) in lines.into_iter().filter(|(_, count)| *count > 0) {
        let _ = writeln!(out, "  {count:>8}  {name}");
    }
    let verdicts: Vec<String> = crate::diagnosis::Verdict::ALL
        .iter()
        .filter_map(|verdict| Some((verdict.name(), *summary.verdicts.get(verdict.name())?)))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let _ = writeln!(out, "{}: {}", style.bold("verdicts"), verdicts.join(", "));
}

fn describe_trunks(out: &mut String, trunks: &[TrunkCounts], style: Style) {
    let worst: Vec<(String, &TrunkCounts)> = trunks
        .iter()
        .filter(|trunk| trunk.calls_488 > 0)
        .take(WORST)
        .map(|trunk| {
            (
                escape::terminal(&String::from_utf8_lossy(trunk.trunk.as_bytes()))
                    .chars()
                    .take(48)
                    .collect(),
                trunk,
            )
        })
        .collect();
    if worst.is_empty() {
        return;
    }
    let width = worst
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(5);
    let _ = writeln!(
        out,
        "{}",
        style.bold(&format!(
            "{:<width$}  {:>8}  {:>8}  {:>7}  {:>7}",
            "trunk", "calls", "488", "488 %", "ASR %"
        ))
    );
    for (name, trunk) in worst {
        let share = |part, whole| {
            let mut shown = String::new();
            percent(part, whole, &mut shown);
            shown
        };
        let (rate, asr) = (
            share(trunk.calls_488, trunk.calls),
            share(trunk.answered, trunk.calls - trunk.incomplete),
        );
        let _ = writeln!(
            out,
            "{name:<width$}  {:>8}  {:>8}  {rate:>7}  {asr:>7}",
            trunk.calls, trunk.calls_488
        );
    }
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut whole = bytes;
    while whole >= 1024 * 10 && unit + 1 < UNITS.len() {
        whole /= 1024;
        unit += 1;
    }
    format!("{whole} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::Style;
    use super::closing;
    use crate::report::summary::FileStatus;
    use crate::report::summary::FileSummary;
    use crate::report::summary::RunSummary;

    #[test]
    fn a_file_name_can_not_drive_the_terminal() {
        let mut summary = RunSummary::new();
        let path = "a\x1b[31m.pcap".to_owned();
        summary.files.push(FileSummary {
            path,
            format: None,
            status: FileStatus::Unreadable,
            error: Some("no\rway".into()),
            packets: 0,
            bytes: 0,
        });
        let text = closing(&summary, &[], Style::Plain);
        assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
        assert!(text.contains("unreadable a\\u{1b}[31m.pcap"), "{text}");
    }

    #[test]
    fn there_is_colour_only_when_asked_for() {
        let summary = RunSummary::new();
        assert!(closing(&summary, &[], Style::Coloured).contains('\x1b'));
        assert!(!closing(&summary, &[], Style::Plain).contains('\x1b'));
    }
}

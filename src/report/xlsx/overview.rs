//! The first sheet: what the run read, what it found, and what it could not read. It says what the summary has.

use crate::diagnosis::CASES;
use crate::diagnosis::Verdict;
use crate::packet::Fate;
use crate::report::closing::ALONE;
use crate::report::closing::HINTS;
use crate::report::closing::alone;
use crate::report::closing::lost;
use crate::report::columns::Print;
use crate::report::summary::FileStatus;
use crate::report::summary::FileSummary;
use crate::report::summary::RunSummary;
use crate::report::trunks::TrunkCounts;

use super::cells::Rows;
use super::charts::Charts;
use super::look;
use super::look::Style;

/// Files listed of those that were not read whole, and of the others.
const MOST_FILES: usize = 1000;

/// Lines of a row at most.
const TALLEST: usize = 20;

/// The columns' widths in characters: what it is, two numbers or a time, and two texts.
pub(super) const WIDTHS: [usize; 5] = [34, 24, 16, 60, 60];

/// The first of the two columns of texts.
const TEXTS: usize = 3;

/// All lines.
pub(super) fn lines(
    print: Print<'_>,
    summary: &RunSummary,
    trunks: &[TrunkCounts],
    charts: Option<&Charts>,
    left_out: u64,
) -> Rows {
    let mut lines = Lines::default();
    lines.totals(print, summary, trunks);
    if let Some(charts) = charts {
        let place = format!("Trunks, from row {}", charts.first_row());
        lines.line("Charts", &place);
    }
    lines.unread(summary, left_out);
    lines.rejections(summary);
    lines.report(summary);
    lines.packets(summary);
    lines.encrypted(summary);
    let files = |status: FileStatus| {
        let is_so = move |file: &&FileSummary| file.status == status;
        summary.files.iter().filter(is_so)
    };
    lines.files("Captures read whole", files(FileStatus::Ok));
    lines.files("Other files", files(FileStatus::NotACapture));
    lines.rows
}

/// Lines, one below the other.
#[derive(Debug, Default)]
struct Lines {
    rows: Rows,
}

impl Lines {
    /// A value and what it is.
    fn line(&mut self, label: &str, value: &str) {
        self.rows.text(0, Style::Label, label);
        self.rows.text(1, Style::Right, value);
        self.rows.end_row();
    }

    /// The same, of a number.
    fn count(&mut self, label: &str, count: u64) {
        self.rows.text(0, Style::Label, label);
        self.rows.number(1, Style::Integer, &count.to_string());
        self.rows.end_row();
    }

    /// A time, where there is one.
    fn time(&mut self, label: &str, time: &str) {
        self.rows.text(0, Style::Label, label);
        self.rows.time(1, time);
        self.rows.end_row();
    }

    /// An empty line, and the heads of the columns below.
    fn section(&mut self, heads: [&str; 5]) {
        self.rows.end_row();
        for (place, head) in heads.into_iter().enumerate() {
            // A blank keeps the colour where there is no word.
            let head = if head.is_empty() { " " } else { head };
            self.rows.text(place, Style::Header, head);
        }
        self.rows.end_row();
    }

    /// A line of a section: a word of ours, numbers, and texts.
    fn entry(&mut self, style: Style, word: &str, numbers: [Option<u64>; 2], texts: [&str; 2]) {
        self.rows.text(0, style, word);
        for (column, number) in (1..).zip(numbers) {
            let digits = number.map(|number| number.to_string());
            let digits = digits.as_deref().unwrap_or_default();
            self.rows.number(column, Style::Integer, digits);
        }
        for (column, text) in (TEXTS..).zip(texts) {
            self.rows.text(column, Style::Wrapped, text);
            self.rows.heighten(lines_of(text));
        }
        self.rows.end_row();
    }

    fn totals(&mut self, print: Print<'_>, summary: &RunSummary, trunks: &[TrunkCounts]) {
        let title = "Calls of Teams Direct Routing, and why they were refused with 488";
        self.rows.text(0, Style::Title, title);
        self.rows.heighten(2);
        self.rows.end_row();
        self.line("Made by", &format!("sip488 {}", summary.version));
        let first = trunks.iter().filter_map(|trunk| trunk.first_call).min();
        let last = trunks.iter().filter_map(|trunk| trunk.last_call).max();
        for (label, time) in [("First call", first), ("Last call", last)] {
            let mut shown = String::new();
            if let Some(time) = time {
                print.zone.write(time, &mut shown);
            }
            self.time(label, &shown);
        }
        self.line("Time zone", print.zone.name());
        let read =
            |file: &&FileSummary| matches!(file.status, FileStatus::Ok | FileStatus::Partial);
        let read = || summary.files.iter().filter(read);
        self.count("Captures read", read().count() as u64);
        self.count("Their bytes", read().map(|file| file.bytes).sum());
        self.count("Packets", summary.packets.total());
        self.count("SIP messages", summary.sip.messages);
        self.count("Calls", summary.calls);
        self.count("Requests that met a 488", summary.rejections);
        if summary.pairing.relayed > 0 {
            let label = "of which pass on another leg's";
            self.count(label, summary.pairing.relayed);
        }
    }

    /// What was not read, and what was lost: there is no such section on a healthy night.
    fn unread(&mut self, summary: &RunSummary, left_out: u64) {
        let is_lacking = |file: &&FileSummary| {
            matches!(file.status, FileStatus::Unreadable | FileStatus::Partial)
        };
        let lacking = summary.files.iter().filter(is_lacking);
        self.files("Files not read, or not whole", lacking);
        let beyond = "rows are not in this workbook, but in the CSVs: it would be larger than a spreadsheet opens";
        let beyond = Some((left_out, beyond)).filter(|(count, _)| *count > 0);
        let mut all = lost(summary.limits).chain(beyond).peekable();
        if all.peek().is_some() {
            self.section(["Limits and losses", "how many", "", "of what", ""]);
        }
        for (count, what) in all {
            self.entry(
                Style::Amber,
                "lost or left out",
                [Some(count), None],
                [what, ""],
            );
        }
    }

    fn files<'f>(&mut self, head: &str, files: impl Iterator<Item = &'f FileSummary> + Clone) {
        let count = files.clone().count();
        if count == 0 {
            return;
        }
        self.section([head, "packets", "bytes", "file", "error"]);
        for file in files.take(MOST_FILES) {
            let (style, status) = status(file.status);
            let numbers = [Some(file.packets), Some(file.bytes)];
            let error = file.error.as_deref().unwrap_or_default();
            self.entry(style, status, numbers, [&file.path, error]);
        }
        if count > MOST_FILES {
            let more = format!("and {} more, all in --summary", count - MOST_FILES);
            self.entry(Style::Plain, "", [None, None], [&more, ""]);
        }
    }

    fn rejections(&mut self, summary: &RunSummary) {
        self.section(["Case", "rejections", "code", "what it means", "what to do"]);
        for case in CASES {
            let count = summary.cases.get(case.name).copied();
            let numbers = [count, Some(case.microsoft_code.into())];
            self.entry(
                Style::Plain,
                case.name,
                numbers,
                [case.meaning, case.remedy],
            );
        }
        self.section(["Verdict", "rejections", "", "", ""]);
        for verdict in Verdict::ALL {
            let name = verdict.name();
            let count = summary.verdicts.get(name).copied();
            self.entry(
                look::of_word("verdict", name),
                name,
                [count, None],
                ["", ""],
            );
        }
    }

    /// What Microsoft's own report says, where one was given.
    fn report(&mut self, summary: &RunSummary) {
        let Some(report) = &summary.pstn_report else {
            return;
        };
        self.section(["Microsoft's report", "how many", "", "", ""]);
        let found = report.by_correlation_id + report.by_numbers;
        let counts = [
            ("calls with Teams found in it", found),
            ("calls with Teams not found in it", report.calls_not_found),
            ("its records of no call here", report.records_not_found),
            ("rejections on which it agrees", report.agreed),
            ("rejections on which it differs", report.differed),
        ];
        for (what, count) in counts {
            self.entry(Style::Plain, what, [Some(count), None], ["", ""]);
        }
        for difference in &report.differences {
            let case = difference.case.unwrap_or("none of the cases");
            let there = format!("{case} here, there: {}", difference.reported_phrase);
            let code = difference.reported_code.map(u64::from);
            let texts = [difference.call_id.as_str(), &there];
            self.entry(Style::Amber, "differs", [None, code], texts);
        }
    }

    fn packets(&mut self, summary: &RunSummary) {
        self.section(["What became of packets", "packets", "", "", ""]);
        for fate in Fate::ALL {
            let count = summary.packets.of(fate);
            let hint = HINTS.iter().find(|(of, _)| *of == fate && count > 0);
            let style = hint.map_or(Style::Plain, |_| Style::Amber);
            let hint = hint.map_or("", |(_, hint)| hint);
            self.entry(style, fate.name(), [Some(count), None], [hint, ""]);
        }
    }

    fn encrypted(&mut self, summary: &RunSummary) {
        let connections = &summary.encrypted_connections;
        let alone = alone(summary);
        if connections.is_empty() && alone.is_none() {
            return;
        }
        self.section([
            "TLS that could not be read",
            "connections",
            "packets",
            "which",
            "what is missing",
        ]);
        for some in connections {
            let numbers = [Some(some.connections), Some(some.packets)];
            self.entry(
                Style::Amber,
                "encrypted",
                numbers,
                [&some.who(), some.advice()],
            );
        }
        if alone.is_some() {
            self.entry(Style::Amber, "encrypted", [None, alone], [ALONE, ""]);
        }
    }
}

/// Lines that a text takes in its column; 0 for one.
fn lines_of(text: &str) -> usize {
    let lines = text.chars().count().div_ceil(WIDTHS[TEXTS]);
    if lines > 1 { lines.min(TALLEST) } else { 0 }
}

const fn status(status: FileStatus) -> (Style, &'static str) {
    match status {
        FileStatus::Ok => (Style::Green, "ok"),
        FileStatus::Partial => (Style::Amber, "partial"),
        FileStatus::Unreadable => (Style::Red, "unreadable"),
        FileStatus::NotACapture => (Style::Grey, "not-a-capture"),
    }
}

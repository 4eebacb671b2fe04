//! The night at a glance: what was read, cases and verdicts, trunks side by side, 488s over time, offers that always fail.

use std::fmt::Write;

use crate::diagnosis::CASES;
use crate::diagnosis::Verdict;
use crate::packet::Fate;
use crate::report::columns::Print;
use crate::report::columns::percent;
use crate::report::escape::html;
use crate::report::offers::OfferCounts;
use crate::report::summary::FileStatus;
use crate::report::summary::RunSummary;
use crate::report::trunks::TrunkCounts;

use super::bar;
use super::chart::Timeline;
use super::counted;
use super::grouped;
use super::listing::meaning;

/// Files in the page that could not be read whole.
const MOST_FILES: usize = 50;

/// What the run ended with.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'o> {
    /// The sums.
    pub summary: &'o RunSummary,
    /// The trunks, the most 488s first.
    pub trunks: &'o [TrunkCounts],
    /// The offers, the most refused first.
    pub offers: &'o [OfferCounts],
    /// How times are written.
    pub print: Print<'o>,
}

impl Overview<'_> {
    pub(super) fn title(&self) -> String {
        format!("SIP 488 in Direct Routing: {}", self.period())
    }

    /// From the first call to the last, to the day or to the minute.
    fn period(&self) -> String {
        let first = self
            .trunks
            .iter()
            .filter_map(|trunk| trunk.first_call)
            .min();
        let last = self.trunks.iter().filter_map(|trunk| trunk.last_call).max();
        let (Some(first), Some(last)) = (first, last) else {
            return "no call".to_owned();
        };
        let told = |time| {
            let mut out = String::new();
            self.print.zone.write(time, &mut out);
            out.truncate("2026-03-02 09:00".len());
            out
        };
        format!("{} to {}", told(first), told(last))
    }

    pub(super) fn header(&self) -> String {
        let read = self
            .summary
            .files
            .iter()
            .filter(|file| file.format.is_some());
        let zone = html(self.print.zone.name());
        let mut out = format!(
            "<header>\n<h1>Calls refused with SIP 488</h1>\n<p>{} ({zone}), {} read</p>\n<dl class=\"figures\">\n",
            html(&self.period()),
            counted(read.count() as u64, "capture"),
        );
        let relayed = self.summary.pairing.relayed;
        let figures = [
            ("calls", self.summary.calls),
            ("requests refused with 488", self.summary.rejections),
            ("of them passed on", relayed),
            ("trunks", self.trunks.len() as u64),
        ];
        for (name, count) in figures {
            if count > 0 || name != "of them passed on" {
                let _ = writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", grouped(count));
            }
        }
        out + "</dl>\n</header>\n"
    }

    pub(super) fn sections(&self, timeline: &Timeline) -> String {
        let parts = [
            ("unread", "Not read", self.unread()),
            ("cases", "Cases", self.cases()),
            ("time", "488s over time", timeline.drawn()),
            ("trunks", "Trunks side by side", self.trunk_table()),
            ("offers", "Offers that always fail", self.offer_table()),
        ];
        let mut out = String::new();
        for (name, title, content) in parts {
            if !content.is_empty() {
                let _ = write!(
                    out,
                    "<section aria-labelledby=\"h-{name}\">\n<h2 id=\"h-{name}\">{title}</h2>\n{content}</section>\n"
                );
            }
        }
        out
    }

    /// What could not be read: files, and packets that may have held SIP.
    fn unread(&self) -> String {
        let mut out = String::new();
        let fates = [
            (
                Fate::Encrypted,
                "of TLS without a key: their calls are missing here, and --summary says which connections",
            ),
            (
                Fate::Truncated,
                "cut by the snap length: their offers can't be judged",
            ),
            (Fate::Malformed, "with damaged headers"),
            (Fate::Unsupported, "of an encapsulation that is not decoded"),
        ];
        for (fate, what) in fates {
            let count = self.summary.packets.of(fate);
            if count > 0 {
                let _ = writeln!(out, "<li>{} {what}</li>", counted(count, "packet"));
            }
        }
        let unread: Vec<_> = self
            .summary
            .files
            .iter()
            .filter(|file| matches!(file.status, FileStatus::Partial | FileStatus::Unreadable))
            .collect();
        for file in unread.iter().take(MOST_FILES) {
            let status = match file.status {
                FileStatus::Partial => "read in part",
                _ => "not read",
            };
            let why = file.error.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "<li><bdi>{}</bdi>: {status}. {}</li>",
                html(&file.path),
                html(why)
            );
        }
        if unread.len() > MOST_FILES {
            let _ = writeln!(
                out,
                "<li>and {} more, all in --summary</li>",
                grouped((unread.len() - MOST_FILES) as u64)
            );
        }
        if out.is_empty() {
            out
        } else {
            format!("<ul class=\"warning\">\n{out}</ul>\n")
        }
    }

    fn cases(&self) -> String {
        let summary = self.summary;
        let counted_ones: u64 = summary.verdicts.values().sum();
        if counted_ones == 0 {
            return String::new();
        }
        let verdict = |verdict: Verdict| {
            summary
                .verdicts
                .get(verdict.name())
                .copied()
                .unwrap_or_default()
        };
        let mut out = String::from("<div class=\"beside\">\n");
        if summary.pairing.relayed > 0 {
            let _ = writeln!(
                out,
                "<p>{} another leg's 488 and {} not counted here.</p>",
                if summary.pairing.relayed == 1 {
                    "1 rejection passes on".to_owned()
                } else {
                    format!("{} rejections pass on", grouped(summary.pairing.relayed))
                },
                if summary.pairing.relayed == 1 {
                    "is"
                } else {
                    "are"
                },
            );
        }
        let cases = CASES.iter().map(|case| {
            (
                case.name,
                summary.cases.get(case.name).copied().unwrap_or_default(),
                case.meaning,
                format!("case={}", case.name),
            )
        });
        let none = [
            (
                Verdict::Undocumented,
                "none of the four",
                "A 488 that is none of the four documented cases.",
            ),
            (
                Verdict::Insufficient,
                "not known",
                "The response reports no case, and the offer is not in the capture, or cut.",
            ),
        ];
        let none =
            none.map(|(of, name, why)| (name, verdict(of), why, format!("verdict={}", of.name())));
        let lines = cases
            .chain(none)
            .map(|(name, count, what, filter)| share_row(name, count, counted_ones, what, &filter));
        out += &share_table("Cases", lines);
        let lines = Verdict::ALL.iter().map(|&of| {
            share_row(
                of.name(),
                verdict(of),
                counted_ones,
                meaning(of),
                &format!("verdict={}", of.name()),
            )
        });
        out += &share_table("Verdicts: how far the packets bear it out", lines);
        out + "</div>\n"
    }

    pub(super) fn footer(&self) -> String {
        format!(
            "<footer><p>sip488 {}. Keys of SRTP are left out of this page; numbers, addresses and Call-IDs are not.</p></footer>\n",
            self.summary.version,
        )
    }
}

fn share_table(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.collect();
    format!(
        "<table class=\"shares\"><caption>{title}</caption><thead><tr><th scope=\"col\">name</th><th scope=\"col\" class=\"number\">requests</th>\
         <th scope=\"col\" class=\"number\">%</th><th scope=\"col\"><span class=\"unseen\">share as a bar</span></th></tr></thead><tbody>\n{lines}</tbody></table>\n"
    )
}

fn share_row(name: &str, count: u64, whole: u64, what: &str, filter: &str) -> String {
    let mut share = String::new();
    percent(count, whole, &mut share);
    let name = if count > 0 {
        format!("<a href=\"#{filter}\">{name}</a>")
    } else {
        name.to_owned()
    };
    format!(
        "<tr><th scope=\"row\">{name}<small>{}</small></th><td class=\"number\">{}</td><td class=\"number\">{share}</td><td class=\"bars\">{}</td></tr>\n",
        html(what),
        grouped(count),
        bar(count, whole),
    )
}

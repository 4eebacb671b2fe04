//! The list of rejections: what is sorted, searched and filtered by, and the table with its first rows.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use crate::diagnosis::CASES;
use crate::diagnosis::FINDINGS;
use crate::diagnosis::Verdict;
use crate::report::columns::Print;
use crate::report::columns::calls;
use crate::report::escape::html;
use crate::report::escape::visible;
use crate::report::row::Row;
use crate::report::trunks::trunk_of;

use super::ON_A_PAGE;
use super::cell;
use super::chart::label;
use super::counted;
use super::grouped;
use super::rejection::lossy;
use super::rejection::time;

/// What is told of each rejection, to be sorted, searched and filtered by: first the time of the refused request and the trunk that
/// it counts on, then these columns.
pub(super) const LISTED: [&str; 13] = [
    "case",
    "verdict",
    "finding",
    "rejected_by",
    "rejected_at",
    "caller",
    "callee",
    "call_id",
    "relayed",
    "direction",
    "evidence",
    "user_agent",
    "codecs",
];

/// A rejection in the list.
pub(super) fn listed(row: &Row<'_>, print: &Print<'_>) -> Vec<String> {
    let columns = calls::columns();
    let mut told = vec![time(row.request_time, print), trunk(row)];
    told.extend(
        LISTED
            .iter()
            .map(|name| visible(&cell(&columns, name, row, print)).into_owned()),
    );
    told
}

/// The trunk that a rejection counts on, as the page shows it.
fn trunk(row: &Row<'_>) -> String {
    let (name, side) = trunk_of(row);
    visible(&label(&lossy(name), side)).into_owned()
}

/// A rejection as a row of the table, as the script makes it too, but for what opens it.
pub(super) fn table_row(row: &Row<'_>, print: &Print<'_>) -> String {
    let columns = calls::columns();
    let told = |name| html(&cell(&columns, name, row, print));
    let case = [told("case"), told("finding")]
        .into_iter()
        .find(|name| !name.is_empty());
    format!(
        "<tr role=\"row\"><td role=\"cell\" data-label=\"time\">{}</td><td role=\"cell\" data-label=\"trunk\">{}</td><td role=\"cell\" data-label=\"case\">{}</td>\
         <td role=\"cell\" data-label=\"verdict\">{}</td><td role=\"cell\" data-label=\"refused by\">{}</td><td role=\"cell\" data-label=\"request\">{}</td>\
         <td role=\"cell\" data-label=\"caller\">{}</td><td role=\"cell\" data-label=\"callee\">{}</td><td role=\"cell\" data-label=\"Call-ID\">{}</td></tr>\n",
        time(row.request_time, print),
        html(&trunk(row)),
        case.unwrap_or_else(|| "none of the four".to_owned()),
        told("verdict"),
        told("rejected_by"),
        told("rejected_at"),
        told("caller"),
        told("callee"),
        told("call_id"),
    )
}

/// What the script must know: names, and what they mean.
pub(super) fn words(shown: u64, left_out: u64) -> io::Result<String> {
    let cases = CASES.iter().map(|case| {
        let told = serde_json::json!({
            "meaning": case.meaning,
            "confirmed": case.confirmed_by,
            "remedy": case.remedy,
            "page": case.page,
            "reported": case.reported_as,
        });
        (case.name, told)
    });
    let findings = FINDINGS
        .iter()
        .map(|finding| (finding.name, finding.meaning));
    let verdicts = Verdict::ALL
        .iter()
        .map(|&verdict| (verdict.name(), meaning(verdict)));
    let columns = [&["time", "trunk"][..], &LISTED].concat();
    let words = serde_json::json!({
        "columns": columns,
        "cases": cases.collect::<BTreeMap<_, _>>(),
        "findings": findings.collect::<BTreeMap<_, _>>(),
        "verdicts": verdicts.collect::<BTreeMap<_, _>>(),
        "shown": shown,
        "leftOut": left_out,
        "onAPage": ON_A_PAGE,
    });
    // Only in its strings can JSON have what ends a script.
    Ok(serde_json::to_string(&words)?.replace('<', "\\u003c"))
}

/// What a verdict says, as in the README's table.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "the response reports the case, and the offer shows it",
        Verdict::Contradicted => "the response reports the case, and the offer does not show it",
        Verdict::Reported => {
            "the response reports the case; the offer is not in the capture, or not whole"
        }
        Verdict::Inferred => {
            "the response reports none; the offer shows the case, and the evidence rules the others out"
        }
        Verdict::Possible => {
            "the response reports none; the offer shows the case, but another explanation stays open"
        }
        Verdict::Insufficient => {
            "the response reports none, and the offer is not in the capture, or cut"
        }
        Verdict::Undocumented => {
            "a 488 that is none of the four cases; a finding names a known pattern"
        }
    }
}

/// The part of the page with the table. `first` are its first rows, `count` of them.
pub(super) fn section(shown: u64, left_out: u64, count: usize, first: &str) -> String {
    let mut out = String::from(
        "<section id=\"rejections\" aria-labelledby=\"h-rejections\" tabindex=\"-1\">\n<h2 id=\"h-rejections\">Rejections</h2>\n",
    );
    if left_out > 0 {
        let _ = writeln!(
            out,
            "<p class=\"warning\">The first {} are here; {} came later and are left out. They are counted above, and all are in the file of --rejections.</p>",
            counted(shown, "rejection"),
            grouped(left_out),
        );
    }
    if shown == 0 {
        return out + "<p>No request met a 488.</p>\n</section>\n";
    }
    let _ = write!(
        out,
        "<noscript><p class=\"warning\">Scripts are off here, as in a mail's preview: these are the first {count} of {}. Open the file in a browser to search \
         and sort them all, and to see each call's messages and the lines of its offer that decided.</p></noscript>\n\
         <form id=\"controls\" class=\"controls\" hidden></form>\n\
         <p id=\"count\" role=\"status\" aria-live=\"polite\" class=\"count\">{count} of {}</p>\n\
         <table id=\"table\" class=\"cards\" role=\"table\" aria-labelledby=\"h-rejections\"><thead role=\"rowgroup\"><tr role=\"row\">",
        counted(shown, "rejection"),
        counted(shown, "rejection"),
    );
    for (key, name) in [
        ("time", "time"),
        ("trunk", "trunk"),
        ("case", "case"),
        ("verdict", "verdict"),
        ("rejected_by", "refused by"),
        ("rejected_at", "request"),
        ("caller", "caller"),
        ("callee", "callee"),
        ("call_id", "Call-ID"),
    ] {
        let _ = write!(
            out,
            "<th scope=\"col\" role=\"columnheader\" data-key=\"{key}\">{name}</th>"
        );
    }
    out + "</tr></thead><tbody role=\"rowgroup\">\n"
        + first
        + "</tbody></table>\n<nav id=\"pager\" class=\"pager\" aria-label=\"Pages of rejections\" hidden></nav>\n</section>\n"
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_words_end_no_script() {
        let words = words(1, 2).unwrap();
        assert!(!words.contains('<') && words.contains("\"leftOut\":2"));
    }
}

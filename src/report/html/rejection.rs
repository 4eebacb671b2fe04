//! One rejection: its row in the table, and what the page shows when it is opened.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::IpAddr;

use serde::Serialize;

use crate::capture::record::Nanos;
use crate::diagnosis::CASES;
use crate::diagnosis::FINDINGS;
use crate::diagnosis::Verdict;
use crate::packet::Endpoint;
use crate::report::columns::Print;
use crate::report::columns::calls;
use crate::report::escape::html;
use crate::report::escape::visible;
use crate::report::ladder::Arrow;
use crate::report::row::Ice;
use crate::report::row::OfferFacts;
use crate::report::row::Row;
use crate::report::row::Srtp;
use crate::report::trunks::trunk_of;
use crate::text::Text;
use crate::trunk::party::End;

use super::ON_A_PAGE;
use super::cell;
use super::chart::label;
use super::counted;
use super::grouped;

/// What is told of each rejection, to be sorted, searched and filtered by: first the time of the refused request and the trunk that
/// it counts on, then these columns.
const LISTED: [&str; 13] = [
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

/// What else is told of one that is opened.
const TOLD: [&str; 27] = [
    "microsoft_code",
    "diag_code",
    "diag_phrase",
    "correlation_id",
    "reported_code",
    "reported_phrase",
    "offer_in",
    "media",
    "codecs_unsupported",
    "srtp",
    "crypto_suites",
    "ice",
    "ice_candidates",
    "connection_address",
    "outcome",
    "final_status",
    "setup_ms",
    "transport",
    "server",
    "file",
    "invite_frame",
    "response_file",
    "response_frame",
    "related_call_ids",
    "related_by",
    "trunk",
    "carrier_trunk",
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

fn trunk(row: &Row<'_>) -> String {
    let (name, side) = trunk_of(row);
    visible(&label(&lossy(name), side)).into_owned()
}

fn time(time: Nanos, print: &Print<'_>) -> String {
    let mut out = String::new();
    print.zone.write(time, &mut out);
    out
}

fn lossy(text: &Text<'_>) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
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

/// What an opened rejection shows.
#[derive(Debug, Serialize)]
pub(super) struct Details {
    /// Columns by their names; those that say nothing are left out.
    facts: BTreeMap<&'static str, String>,
    /// A display filter for Wireshark.
    filter: String,
    arrows: Vec<ArrowTold>,
    /// Messages left out before and behind.
    before: u32,
    behind: u32,
    /// Places among the arrows.
    request: Option<u32>,
    response: Option<u32>,
    /// The refused request, and its 488; empty where they are not shown.
    asked: String,
    refused: String,
    /// The line of the request at which its SDP begins.
    sdp: Option<u32>,
    /// Lines that counted: number, whether it shows the case, why.
    marks: Vec<(u32, bool, String)>,
}

/// A message of the ladder.
#[derive(Debug, Serialize)]
struct ArrowTold {
    /// Microseconds behind the first message.
    after: i64,
    /// As the zone's clocks show it.
    clock: String,
    from: String,
    to: String,
    /// The end that is Teams.
    teams: Option<&'static str>,
    what: String,
    cseq: u32,
    times: u32,
    /// Microseconds until it was met last.
    until: i64,
    cut: bool,
    sdp: Option<String>,
    transport: &'static str,
    file: String,
    frame: u64,
    bytes: u32,
}

/// Everything that an opened rejection shows.
pub(super) fn details(row: &Row<'_>, print: &Print<'_>) -> Details {
    let columns = calls::columns();
    let facts = TOLD
        .iter()
        .map(|name| (*name, cell(&columns, name, row, print)));
    let ladder = row.ladder.as_deref();
    let arrows = ladder.map_or(&[][..], |ladder| &ladder.arrows);
    let start = arrows.first().map_or(Nanos(0), |first| first.time);
    let text = |arrow: Option<&Arrow<'_>>| {
        arrow.map_or(String::new(), |arrow| {
            visible(&lossy(&arrow.message)).into_owned()
        })
    };
    // What another leg's offer was refused for is in no line of this one.
    let own = row
        .diagnosis
        .as_ref()
        .filter(|_| !row.relation.as_ref().is_some_and(|of| of.relayed));
    let marks = ladder.zip(own).map(|(ladder, diagnosis)| {
        let marks = ladder.marked.deciding(diagnosis);
        marks
            .map(|mark| (mark.line, mark.shows, mark.note.clone()))
            .collect()
    });
    Details {
        facts: facts
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, visible(&value).into_owned()))
            .collect(),
        filter: display_filter(row.call_id.as_bytes()),
        arrows: arrows
            .iter()
            .map(|arrow| told(arrow, start, print))
            .collect(),
        before: ladder.map_or(0, |ladder| ladder.left_out_before),
        behind: ladder.map_or(0, |ladder| ladder.left_out_behind),
        request: ladder.and_then(|ladder| ladder.request),
        response: ladder.and_then(|ladder| ladder.response),
        asked: text(ladder.and_then(|ladder| ladder.refused())),
        refused: text(ladder.and_then(|ladder| ladder.refusal())),
        sdp: ladder.and_then(|ladder| ladder.marked.sdp_line),
        marks: marks.unwrap_or_default(),
    }
}

fn told(arrow: &Arrow<'_>, start: Nanos, print: &Print<'_>) -> ArrowTold {
    let micros = |later: Nanos, earlier: Nanos| later.0.saturating_sub(earlier.0) / 1000;
    let what = match &arrow.status {
        None => lossy(&arrow.method),
        Some((status, phrase)) => format!("{status} {} ({})", lossy(phrase), lossy(&arrow.method)),
    };
    let clock = time(arrow.time, print);
    ArrowTold {
        after: micros(arrow.time, start),
        clock: clock
            .get("2026-03-02 ".len()..)
            .unwrap_or_default()
            .to_owned(),
        from: endpoint(arrow.from),
        to: endpoint(arrow.to),
        teams: arrow.teams.map(|end| match end {
            End::Sender => "from",
            End::Receiver => "to",
        }),
        what: visible(&what).into_owned(),
        cseq: arrow.cseq,
        times: arrow.times,
        until: micros(arrow.until, arrow.time),
        cut: arrow.is_cut,
        sdp: arrow.sdp.as_ref().map(description),
        transport: arrow.transport.name(),
        file: print
            .paths
            .get(arrow.frame.file as usize)
            .map(|path| visible(path).into_owned())
            .unwrap_or_default(),
        frame: arrow.frame.number,
        bytes: arrow.bytes,
    }
}

/// Address and port, parted by a blank; no address where an export left it out.
fn endpoint(end: Endpoint) -> String {
    match end.address {
        address if address.is_unspecified() => String::new(),
        IpAddr::V4(address) => format!("{address} {}", end.port),
        IpAddr::V6(address) => format!("[{address}] {}", end.port),
    }
}

/// What a description says, in one line.
fn description(facts: &OfferFacts<'_>) -> String {
    let list = |text: &Text<'_>| lossy(text).replace(';', ", ");
    let mut parts = vec![list(&facts.media), list(&facts.codecs)];
    let suites = list(&facts.crypto_suites);
    parts.push(match facts.srtp {
        Some(srtp) if suites.is_empty() => format!("srtp {}", srtp.name()),
        Some(Srtp::Sdes) => suites,
        Some(srtp) => format!("{} {suites}", srtp.name()),
        None => String::new(),
    });
    parts.push(match (facts.ice, facts.ice_candidates) {
        (Some(Ice::None), _) => "no ICE".to_owned(),
        (Some(ice), Some(count)) => format!(
            "ICE {} ({})",
            ice.name(),
            counted(count.into(), "candidate")
        ),
        _ => String::new(),
    });
    if !facts.connection_address.is_empty() {
        parts.push(format!("c= {}", lossy(&facts.connection_address)));
    }
    parts.retain(|part| !part.is_empty());
    visible(&parts.join(" · ")).into_owned()
}

/// What Wireshark shows the call by. In its strings a quote and a backslash have one before them, and any byte can be written
/// as `\x` and two digits (wireshark-filter(4)).
fn display_filter(call_id: &[u8]) -> String {
    let mut filter = String::from("sip.Call-ID == \"");
    for &byte in call_id {
        match byte {
            b'"' | b'\\' => filter.extend(['\\', char::from(byte)]),
            b' '..=b'~' => filter.push(char::from(byte)),
            // Writing to a `String` can't fail.
            _ => drop(write!(filter, "\\x{byte:02x}")),
        }
    }
    filter + "\""
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
    use super::LISTED;
    use super::TOLD;
    use super::display_filter;
    use super::words;
    use crate::report::columns::calls;

    #[test]
    fn a_filter_is_wiresharks_whatever_the_call_id_is() {
        assert_eq!(display_filter(b"a@b"), r#"sip.Call-ID == "a@b""#);
        assert_eq!(
            display_filter("a\"b\\c\n\u{e9}".as_bytes()),
            r#"sip.Call-ID == "a\"b\\c\x0a\xc3\xa9""#
        );
    }

    #[test]
    fn each_name_is_a_column() {
        let columns = calls::columns();
        for name in LISTED.iter().chain(&TOLD) {
            assert!(columns.iter().any(|column| column.name == *name), "{name}");
        }
    }

    #[test]
    fn the_words_end_no_script() {
        let words = words(1, 2).unwrap();
        assert!(!words.contains('<') && words.contains("\"leftOut\":2"));
    }
}

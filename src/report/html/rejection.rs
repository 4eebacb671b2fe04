//! One rejection: what the page shows when it is opened.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use serde::Serialize;

use crate::capture::record::Nanos;
use crate::packet::Endpoint;
use crate::report::columns::Print;
use crate::report::columns::calls;
use crate::report::escape::visible;
use crate::report::ladder::Arrow;
use crate::report::row::Ice;
use crate::report::row::OfferFacts;
use crate::report::row::Row;
use crate::report::row::Srtp;
use crate::text::Text;
use crate::trunk::party::End;

use super::cell;
use super::counted;

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

/// A time as the CSVs write it.
pub(super) fn time(time: Nanos, print: &Print<'_>) -> String {
    let mut out = String::new();
    print.zone.write(time, &mut out);
    out
}

/// A foreign text as UTF-8.
pub(super) fn lossy(text: &Text<'_>) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
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

#[cfg(test)]
mod tests {
    use super::TOLD;
    use super::display_filter;
    use crate::report::columns::calls;
    use crate::report::html::listing::LISTED;

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
}

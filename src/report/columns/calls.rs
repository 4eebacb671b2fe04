//! The columns of the calls CSV and of the rejections CSV, in their order.

use std::fmt::Write;
use std::net::IpAddr;

use crate::capture::record::Nanos;
use crate::diagnosis::Case;
use crate::diagnosis::Diagnosis;
use crate::packet::Endpoint;
use crate::report::row::Direction;
use crate::report::row::Ice;
use crate::report::row::OfferFacts;
use crate::report::row::Refuser;
use crate::report::row::RejectedAt;
use crate::report::row::Row;
use crate::report::row::Srtp;
use crate::report::row::Transport;
use crate::report::time::padded;
use crate::text::Text;

use super::Column;
use super::Kind;
use super::Print;
use super::number;
use super::text;
use super::word;

const fn column<'a>(
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
    write: fn(&Row<'a>, &Print<'_>, &mut String),
) -> Column<Row<'a>> {
    Column {
        name,
        kind,
        meaning,
        write,
    }
}

/// The columns. New ones are added at the end.
#[expect(clippy::too_many_lines, reason = "they are one table")]
pub const fn columns<'a>() -> [Column<Row<'a>>; COUNT] {
    [
        column(
            "start_time",
            Kind::Time,
            "first INVITE (else the call's first message), `YYYY-MM-DD HH:MM:SS.mmm`",
            |row, print, out| print.zone.write(row.start_time, out),
        ),
        column(
            "trunk",
            Kind::Text,
            "the configured name, else the SBC-side host, else the SBC-side address",
            |row, _, out| text(&row.trunk, out),
        ),
        column(
            "direction",
            Kind::Word,
            "`to-teams`, `from-teams`",
            |row, _, out| {
                word(row.direction.map(Direction::name), out);
            },
        ),
        column(
            "caller",
            Kind::Text,
            "user part of From of the first INVITE",
            |row, _, out| text(&row.caller, out),
        ),
        column(
            "callee",
            Kind::Text,
            "user part of its Request-URI",
            |row, _, out| {
                text(&row.callee, out);
            },
        ),
        column("call_id", Kind::Text, "Call-ID", |row, _, out| {
            text(&row.call_id, out);
        }),
        column(
            "outcome",
            Kind::Word,
            "`answered`, `rejected`, `cancelled`, `unanswered` (no final response in the capture), `incomplete` (the initial INVITE is not in the capture)",
            |row, _, out| out.push_str(row.outcome.name()),
        ),
        column(
            "final_status",
            Kind::Integer,
            "status of the final response that decided the initial INVITE; of several attempts, the last",
            |row, _, out| number(row.final_status, out),
        ),
        column(
            "rejections",
            Kind::Integer,
            "488s in the call",
            |row, _, out| {
                number(Some(row.rejections), out);
            },
        ),
        column(
            "rejected_at",
            Kind::Word,
            "`initial`, `re-invite`, `update`",
            |row, _, out| word(row.rejected_at.map(RejectedAt::name), out),
        ),
        column(
            "rejected_by",
            Kind::Word,
            "`teams`, `sbc`, `carrier`",
            |row, _, out| {
                word(row.rejected_by.map(Refuser::name), out);
            },
        ),
        column("case", Kind::Word, "the documented cause", |row, _, out| {
            word(case(row).map(|case| case.name), out);
        }),
        column(
            "verdict",
            Kind::Word,
            "how far the packets bear it out",
            |row, _, out| {
                word(
                    row.diagnosis
                        .as_ref()
                        .map(|diagnosis| diagnosis.verdict.name()),
                    out,
                );
            },
        ),
        column(
            "microsoft_code",
            Kind::Integer,
            "the code in Microsoft's own report",
            |row, _, out| {
                number(
                    row.diagnosis
                        .as_ref()
                        .and_then(|diagnosis| diagnosis.microsoft_code),
                    out,
                );
            },
        ),
        column(
            "diag_code",
            Kind::Text,
            "InternalDiagCode of the response",
            |row, _, out| text(&row.diag_code, out),
        ),
        column(
            "diag_phrase",
            Kind::Text,
            "what the response says in words",
            |row, _, out| text(&row.diag_phrase, out),
        ),
        column(
            "correlation_id",
            Kind::Text,
            "the GUID before the phrase: the key to Microsoft's PSTN report",
            |row, _, out| text(&row.correlation_id, out),
        ),
        column(
            "finding",
            Kind::Word,
            "a known pattern that is none of the four causes",
            |row, _, out| {
                word(
                    row.diagnosis
                        .as_ref()
                        .and_then(Diagnosis::finding)
                        .map(|finding| finding.name),
                    out,
                );
            },
        ),
        column(
            "evidence",
            Kind::Text,
            "what in the offer and the response led to the verdict",
            |row, _, out| {
                let diagnosis = row.diagnosis.as_ref();
                out.push_str(diagnosis.map_or("", |diagnosis| &diagnosis.evidence));
            },
        ),
        column(
            "suggested_action",
            Kind::Word,
            "what to do",
            |row, _, out| {
                word(case(row).map(|case| case.remedy), out);
            },
        ),
        column("doc_url", Kind::Word, "Microsoft's page", |row, _, out| {
            word(case(row).map(|case| case.page), out);
        }),
        column(
            "offer_in",
            Kind::Word,
            "the request that carried the offer: `INVITE`, `UPDATE`, or `none` for a delayed offer",
            |row, _, out| word(offer(row).map(|offer| offer.offer_in.name()), out),
        ),
        column(
            "media",
            Kind::List,
            "live streams: `audio RTP/SAVP;video RTP/AVP`",
            |row, _, out| facts(row, |offer| &offer.media, out),
        ),
        column(
            "codecs",
            Kind::List,
            "audio codecs in order of preference",
            |row, _, out| facts(row, |offer| &offer.codecs, out),
        ),
        column(
            "codecs_unsupported",
            Kind::List,
            "those that Direct Routing does not support",
            |row, _, out| facts(row, |offer| &offer.codecs_unsupported, out),
        ),
        column(
            "srtp",
            Kind::Word,
            "`none`, `sdes`, `dtls`, `sdes+dtls`",
            |row, _, out| word(offer(row).and_then(|offer| offer.srtp).map(Srtp::name), out),
        ),
        column(
            "crypto_suites",
            Kind::List,
            "suites of `a=crypto`",
            |row, _, out| {
                facts(row, |offer| &offer.crypto_suites, out);
            },
        ),
        column(
            "ice",
            Kind::Word,
            "`none`, `lite`, `full`",
            |row, _, out| {
                word(offer(row).and_then(|offer| offer.ice).map(Ice::name), out);
            },
        ),
        column(
            "ice_candidates",
            Kind::Integer,
            "`a=candidate` lines",
            |row, _, out| {
                number(offer(row).and_then(|offer| offer.ice_candidates), out);
            },
        ),
        column(
            "connection_address",
            Kind::Text,
            "of the first live audio stream",
            |row, _, out| {
                facts(row, |offer| &offer.connection_address, out);
            },
        ),
        column(
            "setup_ms",
            Kind::Integer,
            "the deciding INVITE to its final response, in milliseconds",
            |row, _, out| number(row.setup.map(|setup| setup.0 / 1_000_000), out),
        ),
        column(
            "duration_s",
            Kind::Decimal,
            "200 to BYE, in seconds",
            |row, _, out| {
                seconds(row.duration, out);
            },
        ),
        column(
            "transport",
            Kind::Word,
            "`udp`, `tcp`, `tls`, `sctp`",
            |row, _, out| {
                word(row.transport.map(Transport::name), out);
            },
        ),
        column(
            "source",
            Kind::Text,
            "sender of the first INVITE",
            |row, _, out| {
                endpoint(row.source, out);
            },
        ),
        column("destination", Kind::Text, "its receiver", |row, _, out| {
            endpoint(row.destination, out);
        }),
        column(
            "user_agent",
            Kind::Text,
            "User-Agent of the INVITE",
            |row, _, out| {
                text(&row.user_agent, out);
            },
        ),
        column(
            "server",
            Kind::Text,
            "Server (else User-Agent) of the 488, or of the final response",
            |row, _, out| text(&row.server, out),
        ),
        column(
            "file",
            Kind::Text,
            "capture of the rejected request, else of the first INVITE",
            |row, print, out| path(row.file, print, out),
        ),
        column(
            "invite_frame",
            Kind::Integer,
            "its frame there",
            |row, _, out| {
                number(row.invite_frame, out);
            },
        ),
        column(
            "response_file",
            Kind::Text,
            "capture of the 488, else of the final response",
            |row, print, out| path(row.response_file, print, out),
        ),
        column(
            "response_frame",
            Kind::Integer,
            "its frame there",
            |row, _, out| {
                number(row.response_frame, out);
            },
        ),
        column(
            "related_call_ids",
            Kind::List,
            "the other legs of the same call, in order of time",
            |row, _, out| {
                if let Some(relation) = &row.relation {
                    text(&relation.call_ids, out);
                }
            },
        ),
        column(
            "related_by",
            Kind::List,
            "the grounds on which they are one call",
            |row, _, out| {
                if let Some(relation) = &row.relation {
                    // Writing to a `String` can't fail.
                    let _ = write!(out, "{}", relation.by);
                }
            },
        ),
        column(
            "relayed",
            Kind::Word,
            "`yes` where this leg's 488 only passes on another leg's, from which case, verdict and evidence are",
            |row, _, out| {
                let relayed = row.relation.as_ref().is_some_and(|of| of.relayed);
                word(relayed.then_some("yes"), out);
            },
        ),
        column(
            "carrier_trunk",
            Kind::Text,
            "the trunk between the SBC and the carrier, on the rows of all legs",
            |row, _, out| text(&row.carrier_trunk, out),
        ),
        column(
            "reported_code",
            Kind::Integer,
            "what Microsoft's own report (`--pstn-report`) says of the call: its six digits, else the SIP status",
            |row, _, out| number(row.reported_code, out),
        ),
        column(
            "reported_phrase",
            Kind::Text,
            "the same in words",
            |row, _, out| {
                text(&row.reported_phrase, out);
            },
        ),
    ]
}

/// How many they are.
const COUNT: usize = 47;

fn case(row: &Row<'_>) -> Option<&'static Case> {
    row.diagnosis.as_ref().and_then(Diagnosis::case)
}

fn offer<'r, 'a>(row: &'r Row<'a>) -> Option<&'r OfferFacts<'a>> {
    row.offer.as_ref()
}

/// What the offer tells, where there is one.
fn facts<'a>(
    row: &Row<'a>,
    told: for<'r> fn(&'r OfferFacts<'a>) -> &'r Text<'a>,
    out: &mut String,
) {
    if let Some(offer) = offer(row) {
        text(told(offer), out);
    }
}

fn seconds(span: Option<Nanos>, out: &mut String) {
    if let Some(span) = span {
        let millis = span.0 / 1_000_000;
        number(Some(millis / 1000), out);
        out.push('.');
        padded(millis.unsigned_abs() % 1000, 3, out);
    }
}

fn endpoint(endpoint: Option<Endpoint>, out: &mut String) {
    // What was exported or mirrored without its addresses has none.
    let endpoint = endpoint.filter(|end| !end.address.is_unspecified());
    let Some(Endpoint { address, port }) = endpoint else {
        return;
    };
    match address {
        IpAddr::V4(address) => {
            for (place, octet) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push('.');
                }
                number(Some(octet), out);
            }
        }
        // Writing to a `String` can't fail.
        IpAddr::V6(address) => drop(write!(out, "[{address}]")),
    }
    out.push(':');
    number(Some(port), out);
}

fn path(file: Option<u32>, print: &Print<'_>, out: &mut String) {
    let path = file.and_then(|file| print.paths.get(file as usize));
    out.push_str(path.map_or("", String::as_str));
}

//! The columns of the offer report, in their order.

use crate::diagnosis::CASES;
use crate::report::offers::OfferCounts;
use crate::report::trunks::TrunkSide;

use super::Column;
use super::Kind;
use super::Print;
use super::number;
use super::percent;
use super::text;
use super::word;

/// The columns. New ones are added at the end.
pub const COLUMNS: &[Column<OfferCounts>] = &[
    Column {
        name: "trunk",
        kind: Kind::Text,
        meaning: "as in the trunk report",
        write: |offer, _, out| text(&offer.trunk, out),
    },
    Column {
        name: "side",
        kind: Kind::Word,
        meaning: "the same",
        write: |offer, _, out| out.push_str(offer.side.map_or("", TrunkSide::name)),
    },
    Column {
        name: "direction",
        kind: Kind::Word,
        meaning: "`to-teams`, `from-teams`",
        write: |offer, _, out| word(offer.direction, out),
    },
    Column {
        name: "result",
        kind: Kind::Word,
        meaning: "`always-refused`, `never-refused`, `mixed`; empty where no call decided it, and where the offer is not known",
        write: |offer, _, out| out.push_str(result(offer)),
    },
    Column {
        name: "accepted",
        kind: Kind::Integer,
        meaning: "offers of answered calls",
        write: |offer, _, out| number(Some(offer.accepted), out),
    },
    Column {
        name: "refused",
        kind: Kind::Integer,
        meaning: "offers that met a 488, those of re-INVITE and UPDATE too",
        write: |offer, _, out| number(Some(offer.refused), out),
    },
    Column {
        name: "passed_on",
        kind: Kind::Integer,
        meaning: "of the refused those that only pass on the 488 of another leg of the call: its offer is to blame, not this one",
        write: |offer, _, out| number(Some(offer.passed_on), out),
    },
    Column {
        name: "undecided",
        kind: Kind::Integer,
        meaning: "offers of calls that ended otherwise, which says nothing of the offer",
        write: |offer, _, out| number(Some(offer.undecided), out),
    },
    Column {
        name: "refused_rate",
        kind: Kind::Percent,
        meaning: "refused ÷ (accepted + refused), percent",
        write: |offer, _, out| percent(offer.refused, offer.accepted + offer.refused, out),
    },
    Column {
        name: "causes",
        kind: Kind::List,
        meaning: "the cases of the refusals, each with how many; `undocumented` is none of the four",
        write: causes,
    },
    Column {
        name: "offer",
        kind: Kind::Word,
        meaning: "`sdp`; `none`: a request without SDP; empty where it is not in the capture",
        write: |offer, _, out| out.push_str(offer.signature.offer),
    },
    Column {
        name: "media",
        kind: Kind::List,
        meaning: "kinds of live streams with their profiles, in order",
        write: |offer, _, out| text(&offer.signature.media, out),
    },
    Column {
        name: "codecs",
        kind: Kind::List,
        meaning: "encoding names for audio, in order of preference",
        write: |offer, _, out| text(&offer.signature.codecs, out),
    },
    Column {
        name: "srtp",
        kind: Kind::Word,
        meaning: "as in the calls CSV",
        write: |offer, _, out| out.push_str(offer.signature.srtp),
    },
    Column {
        name: "crypto_suites",
        kind: Kind::List,
        meaning: "the same",
        write: |offer, _, out| text(&offer.signature.crypto_suites, out),
    },
    Column {
        name: "ice",
        kind: Kind::Word,
        meaning: "the same",
        write: |offer, _, out| out.push_str(offer.signature.ice),
    },
    Column {
        name: "connection",
        kind: Kind::Word,
        meaning: "kind of the audio's connection address: `ipv4-public`, `ipv4-private`, `ipv6-public`, `ipv6-private`, `unspecified` (0.0.0.0, ::), `loopback`, `link-local`, `name`",
        write: |offer, _, out| out.push_str(offer.signature.connection),
    },
    Column {
        name: "example_call_id",
        kind: Kind::Text,
        meaning: "the first call that was refused with it; where there is none, the first",
        write: |offer, _, out| text(&offer.example().into(), out),
    },
];

const fn result(offer: &OfferCounts) -> &'static str {
    if offer.signature.offer.is_empty() {
        return "";
    }
    match (offer.accepted, offer.refused) {
        (0, 0) => "",
        (0, _) => "always-refused",
        (_, 0) => "never-refused",
        _ => "mixed",
    }
}

fn causes(offer: &OfferCounts, _: &Print<'_>, out: &mut String) {
    let told: Vec<String> = CASES
        .iter()
        .map(|case| case.name)
        .zip(offer.cases)
        .chain([("undocumented", offer.undocumented)])
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    out.push_str(&told.join(";"));
}

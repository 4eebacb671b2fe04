//! Offers counted by trunk and by what they look like: one that always fails shows at a glance.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;

use crate::capture::record::Nanos;
use crate::diagnosis::CASES;
use crate::diagnosis::Verdict;
use crate::text::Text;
use crate::trunk::Direction;

use super::row::Ice;
use super::row::OfferFacts;
use super::row::OfferIn;
use super::row::Outcome;
use super::row::Row;
use super::row::Srtp;
use super::trunks::TrunkSide;
use super::trunks::trunk_of;

/// Signatures told apart at most, and the bytes that they may take: a hostile capture may offer anything.
const SIGNATURES: usize = 100_000;
const SIGNATURE_BYTES: usize = 64 << 20;

/// What one cost beside its text, about.
const OVERHEAD: usize = 512;

/// What an offer looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// `sdp`, `none` (a request without SDP), or nothing where the offer is not in the capture.
    pub offer: &'static str,
    /// Kinds of live streams with their profiles, in order.
    pub media: Text<'static>,
    /// Encoding names for audio, in order of preference.
    pub codecs: Text<'static>,
    /// How SRTP is keyed.
    pub srtp: &'static str,
    /// The suites of `a=crypto`, in order.
    pub crypto_suites: Text<'static>,
    /// Which ICE is offered.
    pub ice: &'static str,
    /// What kind of address media is to be sent to.
    pub connection: &'static str,
}

/// What the report tells of one signature on one trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferCounts {
    /// The trunk's name.
    pub trunk: Text<'static>,
    /// Its side; none where it is not known.
    pub side: Option<TrunkSide>,
    /// Towards Teams or from it, by its word.
    pub direction: Option<&'static str>,
    /// What it looks like.
    pub signature: Signature,
    /// Offers that led to an answered call.
    pub accepted: u64,
    /// Offers that met a 488.
    pub refused: u64,
    /// Of the refusals those that only pass on what another leg of the call met: they say nothing of this offer.
    pub passed_on: u64,
    /// Offers of calls that ended otherwise: that says nothing of the offer.
    pub undecided: u64,
    /// Refusals by case.
    pub cases: [u64; CASES.len()],
    /// Refusals that are known to be none of the cases.
    pub undocumented: u64,
    /// The first call that was refused; where there is none, the first of all.
    example: Option<Example>,
}

/// Whether it was not refused, when, and its Call-ID: the least is the one to be shown.
type Example = (bool, Nanos, Text<'static>);

impl OfferCounts {
    /// The Call-ID of a call with this offer: of the first that was refused, else of the first.
    pub fn example(&self) -> &[u8] {
        self.example
            .as_ref()
            .map_or(&[], |(.., call_id)| call_id.as_bytes())
    }

    fn join(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.undecided += other.undecided;
        self.passed_on += other.passed_on;
        self.undocumented += other.undocumented;
        for (sum, more) in self.cases.iter_mut().zip(other.cases) {
            *sum += more;
        }
        // The key has the name in lower case: of its spellings the least is kept.
        self.trunk = std::mem::take(&mut self.trunk).min(other.trunk);
        self.example = match (self.example.take(), other.example) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
    }
}

/// What tells offers apart, in the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The trunk's name in lower case.
    trunk: Vec<u8>,
    side: Option<TrunkSide>,
    /// By its word.
    direction: Option<&'static str>,
    signature: Signature,
}

/// The offers of a run.
#[derive(Clone, Debug, Default)]
pub struct OfferTable {
    offers: BTreeMap<Key, OfferCounts>,
    bytes: usize,
    /// Offers beyond those that are told apart.
    pub left_out: u64,
}

impl OfferTable {
    /// Counts the offer that a rejection refused.
    pub fn add_rejection(&mut self, row: &Row<'_>) {
        let mut counts = OfferCounts {
            refused: 1,
            passed_on: u64::from(row.relation.as_ref().is_some_and(|of| of.relayed)),
            ..OfferCounts::default()
        };
        if let Some(diagnosis) = &row.diagnosis {
            let case = diagnosis.case.map(usize::from);
            if let Some(count) = case.and_then(|case| counts.cases.get_mut(case)) {
                *count = 1;
            }
            counts.undocumented = u64::from(diagnosis.verdict == Verdict::Undocumented);
        }
        self.add(row, row.offer.as_ref(), counts);
    }

    /// Counts the offer of a call that met no 488, and the one that was accepted after one.
    pub fn add_call(&mut self, row: &Row<'_>) {
        if row.outcome == Outcome::Incomplete {
            return;
        }
        let is_answered = row.outcome == Outcome::Answered;
        let counts = OfferCounts {
            accepted: u64::from(is_answered),
            undecided: u64::from(!is_answered),
            ..OfferCounts::default()
        };
        if row.rejections == 0 {
            self.add(row, row.offer.as_ref(), counts);
        } else if is_answered && row.accepted.is_some() {
            self.add(row, row.accepted.as_ref(), counts);
        }
    }

    fn add(&mut self, row: &Row<'_>, offer: Option<&OfferFacts<'_>>, mut counts: OfferCounts) {
        let (trunk, side) = trunk_of(row);
        let signature = offer.map(Signature::of).unwrap_or_default();
        let call_id = row.call_id.clone().into_owned();
        counts.example = Some((counts.refused == 0, row.start_time, call_id));
        counts.trunk = trunk.clone().into_owned();
        let key = Key {
            trunk: trunk.as_bytes().to_ascii_lowercase(),
            side,
            direction: row.direction.map(Direction::name),
            signature,
        };
        self.put(key, counts);
    }

    fn put(&mut self, key: Key, counts: OfferCounts) {
        if let Some(known) = self.offers.get_mut(&key) {
            known.join(counts);
            return;
        }
        let cost = OVERHEAD + 2 * (key.trunk.len() + key.signature.bytes());
        if self.offers.len() >= SIGNATURES || self.bytes + cost > SIGNATURE_BYTES {
            self.left_out += counts.accepted + counts.refused + counts.undecided;
            return;
        }
        self.bytes += cost;
        self.offers.insert(key, counts);
    }

    /// Takes what another table counted of other rows.
    pub fn join(&mut self, other: Self) {
        self.left_out += other.left_out;
        for (key, counts) in other.offers {
            self.put(key, counts);
        }
    }

    /// The rows: what was refused most first, then by trunk and looks.
    pub fn into_rows(self) -> Vec<OfferCounts> {
        let told = |(key, counts): (Key, OfferCounts)| OfferCounts {
            side: key.side,
            direction: key.direction,
            signature: key.signature,
            ..counts
        };
        let mut rows: Vec<OfferCounts> = self.offers.into_iter().map(told).collect();
        // The order of the keys is kept among equals.
        rows.sort_by_key(|counts| std::cmp::Reverse(counts.refused));
        rows
    }
}

impl Signature {
    fn of(facts: &OfferFacts<'_>) -> Self {
        let own = |text: &Text<'_>| text.clone().into_owned();
        Self {
            offer: match facts.offer_in {
                OfferIn::None => "none",
                OfferIn::Invite | OfferIn::Update => "sdp",
            },
            media: own(&facts.media),
            codecs: own(&facts.codecs),
            srtp: facts.srtp.map_or("", Srtp::name),
            crypto_suites: own(&facts.crypto_suites),
            ice: facts.ice.map_or("", Ice::name),
            connection: kind_of(facts.connection_address.as_bytes()),
        }
    }

    fn bytes(&self) -> usize {
        [&self.media, &self.codecs, &self.crypto_suites]
            .map(|text| text.as_bytes().len())
            .iter()
            .sum()
    }
}

/// What kind of address it is: RFC 1918 and RFC 6598 are private, `0.0.0.0` and `::` nowhere (RFC 3264 §8.4).
fn kind_of(address: &[u8]) -> &'static str {
    let written = std::str::from_utf8(address).unwrap_or("?");
    match written.parse() {
        _ if written.is_empty() => "",
        Err(_)
            if written
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|digit| digit == b'0')) =>
        {
            "unspecified"
        }
        Err(_) => "name",
        Ok(IpAddr::V4(address)) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            match address {
                _ if address.is_unspecified() => "unspecified",
                _ if address.is_loopback() => "loopback",
                _ if address.is_link_local() => "link-local",
                _ if address.is_private() || is_shared => "ipv4-private",
                _ => "ipv4-public",
            }
        }
        Ok(IpAddr::V6(address)) => kind_of_ipv6(address),
    }
}

const fn kind_of_ipv6(address: Ipv6Addr) -> &'static str {
    match address {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "loopback",
        _ if address.is_unicast_link_local() => "link-local",
        _ if address.is_unique_local() => "ipv6-private",
        _ => "ipv6-public",
    }
}

#[cfg(test)]
mod tests {
    use super::OfferTable;
    use super::SIGNATURES;
    use super::kind_of;
    use crate::capture::record::Nanos;
    use crate::report::row::OfferFacts;
    use crate::report::row::OfferIn;
    use crate::report::row::Outcome;
    use crate::report::row::Row;
    use crate::text::Text;

    fn row(call_id: &str, codecs: &str, outcome: Outcome) -> Row<'static> {
        Row {
            start_time: Nanos(i64::try_from(call_id.len()).unwrap()),
            trunk: Text::from(b"Trunk".to_vec()),
            call_id: Text::from(call_id.as_bytes().to_vec()),
            outcome,
            offer: Some(OfferFacts {
                offer_in: OfferIn::Invite,
                codecs: Text::from(codecs.as_bytes().to_vec()),
                ..OfferFacts::default()
            }),
            ..Row::default()
        }
    }

    #[test]
    fn offers_are_counted_by_what_they_look_like() {
        let mut table = OfferTable::default();
        table.add_call(&row("bbb", "PCMA", Outcome::Answered));
        table.add_call(&row("cccc", "PCMA", Outcome::Cancelled));
        table.add_call(&row("d", "PCMA", Outcome::Incomplete));
        table.add_rejection(&row("eeeee", "AMR", Outcome::Rejected));
        let mut other = OfferTable::default();
        other.add_rejection(&row("ffff", "AMR", Outcome::Rejected));
        other.add_rejection(&row("g", "PCMA", Outcome::Answered));
        let refused = Row {
            rejections: 1,
            accepted: row("", "PCMA", Outcome::Answered).offer,
            ..row("g", "AMR", Outcome::Answered)
        };
        other.add_call(&refused);
        table.join(other);
        let told: Vec<_> = table
            .into_rows()
            .into_iter()
            .map(|counts| {
                let codecs = counts.signature.codecs.as_bytes().to_vec();
                let example = counts.example().to_vec();
                (
                    codecs,
                    counts.accepted,
                    counts.refused,
                    counts.undecided,
                    example,
                )
            })
            .collect();
        let expected = [
            (b"AMR".to_vec(), 0, 2, 0, b"ffff".to_vec()),
            (b"PCMA".to_vec(), 2, 1, 1, b"g".to_vec()),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_beyond_the_bounds_is_counted() {
        let mut table = OfferTable::default();
        for number in 0..SIGNATURES + 5 {
            table.add_rejection(&row("a", &number.to_string(), Outcome::Rejected));
        }
        assert_eq!(table.left_out, 5);
        let mut table = OfferTable::default();
        for number in 0..40 {
            table.add_rejection(&row(
                "a",
                &format!("{number}{}", "x".repeat(1 << 20)),
                Outcome::Rejected,
            ));
        }
        assert_eq!((table.left_out, table.into_rows().len()), (40 - 31, 31));
    }

    #[test]
    fn the_kind_of_an_address_is_told() {
        for (address, kind) in [
            ("", ""),
            ("192.0.2.1", "ipv4-public"),
            ("10.1.2.3", "ipv4-private"),
            ("100.64.0.1", "ipv4-private"),
            ("100.63.0.1", "ipv4-public"),
            ("0.0.0.0", "unspecified"),
            ("000.000.000.000", "unspecified"),
            ("::", "unspecified"),
            ("127.0.0.1", "loopback"),
            ("169.254.1.1", "link-local"),
            ("fe80::1", "link-local"),
            ("fd00::1", "ipv6-private"),
            ("2001:db8::1", "ipv6-public"),
            ("sbc.example.org", "name"),
        ] {
            assert_eq!(kind_of(address.as_bytes()), kind, "{address}");
        }
    }
}

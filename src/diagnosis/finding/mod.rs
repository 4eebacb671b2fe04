//! Patterns known to cause a 488 that is none of the documented cases, one file each.

mod bypass_declined;
mod carrier_refused;
mod delayed_offer;
mod duplicate_payload_type;
mod fax_refused;
mod ipv6_offer;
mod malformed_sdp;
mod sbc_refused;

use crate::call::Rejection;
use crate::trunk::Refuser;

use super::mark::Mark;
use super::mark::WrittenOffer;

/// A known pattern.
#[derive(Debug)]
pub struct Finding {
    /// The word in the CSV.
    pub name: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
    /// Words that a response says all of where it names this itself; empty where none does.
    pub words: &'static [&'static str],
    /// Whether the request shows it, and what was seen.
    pub observe: fn(&Rejection<'_, '_>) -> Option<String>,
    /// The refuser that by itself is the pattern.
    pub refuser: Option<Refuser>,
    /// True where a request that shows it can show no case: it is `undocumented`, unless a case is reported.
    pub excludes_cases: bool,
    /// Which lines of a known offer show it.
    pub mark: fn(&WrittenOffer<'_>) -> Vec<Mark>,
}

/// The findings in order of precedence: what keeps an offer from being read at all, what is peculiar to it, who refused.
pub const FINDINGS: &[Finding] = &[
    malformed_sdp::FINDING,
    delayed_offer::FINDING,
    fax_refused::FINDING,
    duplicate_payload_type::FINDING,
    ipv6_offer::FINDING,
    bypass_declined::FINDING,
    sbc_refused::FINDING,
    carrier_refused::FINDING,
];

/// For findings that no request shows.
fn never(_: &Rejection<'_, '_>) -> Option<String> {
    None
}

/// For findings that are in no line.
fn no_line(_: &WrittenOffer<'_>) -> Vec<Mark> {
    Vec::new()
}

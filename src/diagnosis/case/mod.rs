//! The four failures that Microsoft documents for 488 in Direct Routing, one file each.

mod blackhole_media;
mod cannot_support_any_media;
mod no_ice_candidates;
mod srtp_encryption_required;

use serde::{Deserialize, Serialize};

use crate::call::Rejection;
use crate::trunk::Bypass;

use super::mark::Mark;
use super::mark::WrittenOffer;

/// Microsoft's page of all four.
const PAGE: &str = "https://learn.microsoft.com/troubleshoot/microsoftteams/phone-system/direct-routing/microsoft-sip-response-codes-488";

/// A documented case. `explain`, the CSV's texts and the README's table are prints of these.
#[derive(Debug)]
pub struct Case {
    /// The word in the CSV, in kebab case after Microsoft's own phrase.
    pub name: &'static str,
    /// The code in Microsoft's report. Never on the wire.
    pub microsoft_code: u32,
    /// What Microsoft's report and the response say, as Microsoft writes it.
    pub reported_as: &'static str,
    /// The same as [`super::phrase::normalise`] writes it: each is enough by itself.
    pub phrases: &'static [&'static str],
    /// What it means, for a person who has never met it.
    pub meaning: &'static str,
    /// What in the offer confirms it, and what does not.
    pub confirmed_by: &'static str,
    /// What to do: the CSV's `suggested_action`.
    pub remedy: &'static str,
    /// Microsoft's page.
    pub page: &'static str,
    /// Whether an offer shows the case. Asked only of offers that are known.
    pub observe: fn(&Rejection<'_, '_>) -> Observation,
    /// How what the trunk was seen to get accepted decides what the offer alone only suggests.
    pub settle: Option<fn(Observation, Bypass) -> Observation>,
    /// Which lines of a known offer show the case; where none does, which refute it. What is absent is told at the `m=` line
    /// that it is missing under.
    pub mark: fn(&WrittenOffer<'_>) -> Vec<Mark>,
}

/// The cases in order of precedence (contract, section Cases; domain: a hold often drops crypto and codecs too).
pub const CASES: &[Case] = &[
    blackhole_media::CASE,
    srtp_encryption_required::CASE,
    cannot_support_any_media::CASE,
    no_ice_candidates::CASE,
];

/// What an offer shows of a case. The text says what was seen, for the `evidence` column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    /// The offer shows it.
    Proves(String),
    /// The offer shows it, and another explanation stays open.
    Suggests(String),
    /// The offer is known and does not show it.
    Refutes(String),
    /// The offer is not known, not whole, or can't be read.
    Unseen,
}

impl Observation {
    /// True where the offer shows the case.
    pub fn is_observed(&self) -> bool {
        matches!(self, Self::Proves(_) | Self::Suggests(_))
    }

    /// What was seen.
    pub fn text(&self) -> &str {
        match self {
            Self::Proves(text) | Self::Suggests(text) | Self::Refutes(text) => text,
            Self::Unseen => "the offer is not known",
        }
    }
}

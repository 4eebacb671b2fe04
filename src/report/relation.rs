//! What the legs of one call tell of each other.

use serde::{Deserialize, Serialize};

use crate::diagnosis::Diagnosis;
use crate::diagnosis::show_long;
use crate::pairing::Grounds;
use crate::text::Text;
use crate::trunk::Direction;

use super::redact::Named;

/// What a row tells of the other legs of its call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Relation<'a> {
    /// Their Call-IDs in order of time, joined by `;`.
    #[serde(borrow)]
    pub call_ids: Text<'a>,
    /// On which grounds they are one call.
    pub by: Grounds,
    /// True where this leg's 488 only passes on that of another.
    pub relayed: bool,
    /// The refusal of another leg that came first.
    #[serde(borrow)]
    pub refused_first: Option<RefusedFirst<'a>>,
    /// Which way the Teams leg goes, where this is not it.
    pub teams: Option<Direction>,
    /// The ends of the carrier's leg, where this is not it.
    #[serde(borrow)]
    pub carrier: Option<Ends<'a>>,
}

/// The refusal that another leg's 488 passes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RefusedFirst<'a> {
    /// The Call-ID of the leg that refused first.
    #[serde(borrow)]
    pub call_id: Text<'a>,
    /// What its 488 was found to be.
    pub diagnosis: Option<Diagnosis>,
    /// Whom its messages name, in a run that is to be redacted, until it is.
    #[serde(borrow)]
    pub named: Option<Box<Named<'a>>>,
}

/// What the two ends of a leg without Teams would be called as trunks: one is the SBC, the other the carrier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ends<'a> {
    /// Who called.
    #[serde(borrow)]
    pub caller: Text<'a>,
    /// Who was called.
    #[serde(borrow)]
    pub callee: Text<'a>,
}

impl<'a> Ends<'a> {
    /// The carrier's end of a leg whose other leg goes to Teams, or comes from it: what goes to Teams came from the carrier.
    #[must_use]
    pub fn beside(self, teams: Direction) -> Text<'a> {
        match teams {
            Direction::ToTeams => self.caller,
            Direction::FromTeams => self.callee,
        }
    }
}

/// The diagnosis of a 488 that passes another on: case, verdict, finding and evidence are that one's, the code stays that
/// of the leg itself.
#[must_use]
pub fn passed_on(own: Option<Diagnosis>, first: &RefusedFirst<'_>) -> Option<Diagnosis> {
    let Some(of_first) = &first.diagnosis else {
        return own;
    };
    let call_id = show_long(first.call_id.as_bytes());
    Some(Diagnosis {
        microsoft_code: own.and_then(|own| own.microsoft_code),
        evidence: format!("passes on the 488 of {call_id}: {}", of_first.evidence),
        ..of_first.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::Diagnosis;
    use super::RefusedFirst;
    use super::passed_on;
    use crate::diagnosis::Verdict;
    use crate::text::Text;

    #[test]
    fn a_488_that_is_passed_on_keeps_its_own_code_and_takes_the_rest_from_the_first() {
        let diagnosis = |case, microsoft_code, evidence: &str| Diagnosis {
            case,
            verdict: Verdict::Confirmed,
            microsoft_code,
            finding: None,
            evidence: evidence.to_owned(),
        };
        let first = RefusedFirst {
            call_id: Text::from("first@host\u{1b}"),
            diagnosis: Some(diagnosis(Some(1), Some(531_000), "no key")),
            named: None,
        };
        let told = passed_on(
            Some(diagnosis(None, Some(560_488), "the SBC refused")),
            &first,
        );
        let expected = "passes on the 488 of first@host?: no key";
        assert_eq!(told, Some(diagnosis(Some(1), Some(560_488), expected)));
    }
}

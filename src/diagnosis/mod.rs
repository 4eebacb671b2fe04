//! Rejection → [`Diagnosis`].
//!
//! Each documented case (`case/`) says how a response reports it and what in an offer shows it; `judge` turns the
//! two into a verdict and knows no case by name. This layer sees a rejection, never a packet, and decides what was
//! proven, never what to print where.

mod agreement;
pub mod case;
pub mod codec;
pub mod finding;
pub mod judge;
pub mod mark;
pub mod phrase;
#[cfg(test)]
mod sample;

pub use agreement::Agreement;
pub use agreement::agreement;
pub use case::{CASES, Case};
pub use finding::{FINDINGS, Finding};
pub use judge::Observed;
pub use mark::Mark;
pub use mark::WrittenOffer;
pub use phrase::Reported;

use serde::{Deserialize, Serialize};

/// How far the packets bear a case out: the contract's verdict table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Reported by the response and observed in the offer.
    Confirmed,
    /// Reported, and the offer is known and does not show it.
    Contradicted,
    /// Reported; the offer is not in the capture, or not whole.
    Reported,
    /// Not reported, observed, and the evidence rules the other cases out.
    Inferred,
    /// Not reported, observed, and the evidence leaves another explanation open.
    Possible,
    /// Not reported, and the offer is not in the capture, or cut.
    Insufficient,
    /// A 488 that is none of the four cases.
    Undocumented,
}

impl Verdict {
    /// Every verdict, in the order of the contract's table.
    pub const ALL: [Self; 7] = [
        Self::Confirmed,
        Self::Contradicted,
        Self::Reported,
        Self::Inferred,
        Self::Possible,
        Self::Insufficient,
        Self::Undocumented,
    ];

    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::Reported => "reported",
            Self::Inferred => "inferred",
            Self::Possible => "possible",
            Self::Insufficient => "insufficient",
            Self::Undocumented => "undocumented",
        }
    }
}

/// What is said of one rejection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Place of the case in [`CASES`]; none where the 488 is no documented case.
    pub case: Option<u8>,
    /// How far it is borne out.
    pub verdict: Verdict,
    /// The code that Microsoft's own report shows for it.
    pub microsoft_code: Option<u32>,
    /// Place of the pattern in [`FINDINGS`].
    pub finding: Option<u8>,
    /// One line a person can read. Holds no raw foreign text but printable ASCII.
    pub evidence: String,
}

impl Diagnosis {
    /// The documented case.
    pub fn case(&self) -> Option<&'static Case> {
        CASES.get(usize::from(self.case?))
    }

    /// The known pattern that is no documented case.
    pub fn finding(&self) -> Option<&'static Finding> {
        FINDINGS.get(usize::from(self.finding?))
    }
}

/// Foreign bytes in a line of evidence: printable ASCII, short.
pub(crate) fn show(bytes: &[u8]) -> String {
    shown(bytes, 48)
}

/// A phrase in a line of evidence.
pub(crate) fn show_long(bytes: &[u8]) -> String {
    shown(bytes, 240)
}

fn shown(bytes: &[u8], most: usize) -> String {
    let printable = |&byte: &u8| {
        if byte == b' ' || byte.is_ascii_graphic() {
            char::from(byte)
        } else {
            '?'
        }
    };
    let mut text: String = bytes.iter().take(most).map(printable).collect();
    if bytes.len() > most {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::show;

    #[test]
    fn foreign_bytes_are_shown_short_and_printable() {
        assert_eq!(show(b"a\x1b\xffb"), "a??b");
        let exactly = "x".repeat(48);
        assert_eq!(show(exactly.as_bytes()), exactly);
        assert_eq!(show("x".repeat(49).as_bytes()), format!("{exactly}..."));
    }
}

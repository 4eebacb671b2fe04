//! One call as Microsoft's report has it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::capture::record::Nanos;
use crate::pairing::Likeness;
use crate::pairing::Number;
use crate::trunk::Numbering;

use super::table::Row;

/// Digits that a masked number must show, for it to tell something.
const SHOWN: usize = 5;

/// One call of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The GUID that Microsoft's support asks for, in lower case.
    pub correlation_id: Option<String>,
    /// When the INVITE was sent; where the report lacks it, when the call began.
    pub invited: Option<Nanos>,
    /// How it ended: the six digits, else the SIP status.
    pub code: Option<u32>,
    /// The same in words.
    pub phrase: String,
    caller: Party,
    callee: Party,
}

/// A number of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Party {
    /// None, or one that tells nothing.
    #[default]
    Unknown,
    /// A whole number.
    Whole(Number),
    /// Its first digits: the last ones are masked with `*`.
    Masked(Vec<u8>),
}

impl Party {
    fn of(written: Option<&String>, numbers: &Numbering) -> Self {
        let Some(written) = written else {
            return Self::Unknown;
        };
        let Some((shown, _)) = written.split_once('*') else {
            let number = Number::read(written.as_bytes(), numbers);
            return if number.is_unknown() {
                Self::Unknown
            } else {
                Self::Whole(number)
            };
        };
        let digits = digits(shown.as_bytes());
        if digits.len() < SHOWN {
            return Self::Unknown;
        }
        Self::Masked(digits)
    }

    /// Whether a call's number is this one. Of a masked one, as far as it shows.
    fn is(&self, written: &[u8], numbers: &Numbering) -> bool {
        match self {
            Self::Unknown => false,
            Self::Whole(number) => {
                number.likeness(Number::read(written, numbers)) == Likeness::Same
            }
            Self::Masked(shown) => digits(written).starts_with(shown),
        }
    }
}

/// The digits without zeros before them: a prefix, and no part of the number.
fn digits(written: &[u8]) -> Vec<u8> {
    let digits = written.iter().copied().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').collect()
}

impl Record {
    /// Reads a row. None where nothing in it tells which call it is of.
    pub(super) fn of(row: &Row, numbers: &Numbering) -> Option<Self> {
        let first = |names: &[&str]| names.iter().find_map(|name| row.get(*name));
        let number = |names: &[&str]| first(names)?.parse::<u32>().ok();
        let id =
            first(&["correlationid"]).map(|id| id.trim_matches(['{', '}']).to_ascii_lowercase());
        let sub_code = number(&[
            "callendsubreason",
            "finalmicrosoftsubcode",
            "microsoftsubcode",
        ]);
        let record = Self {
            correlation_id: id.filter(|id| is_guid(id)),
            invited: first(&["invitedatetime", "invitetime", "startdatetime", "starttime"])
                .and_then(|time| time_of(time)),
            code: sub_code
                .filter(|code| *code != 0)
                .or_else(|| number(&["finalsipcode"])),
            phrase: first(&["finalsipcodephrase", "finalsipphrase"])
                .cloned()
                .unwrap_or_default(),
            caller: Party::of(first(&["callernumber"]), numbers),
            callee: Party::of(first(&["calleenumber"]), numbers),
        };
        let has_numbers = record.caller != Party::Unknown && record.callee != Party::Unknown;
        let is_found_by_numbers = has_numbers && record.invited.is_some();
        (record.correlation_id.is_some() || is_found_by_numbers).then_some(record)
    }

    /// What calls between the same numbers share; none where numbers or the time are not known. Of numbers that are masked,
    /// all calls may.
    pub(super) fn numbers_key(&self) -> Option<(u64, u64)> {
        self.invited?;
        match (&self.caller, &self.callee) {
            (Party::Whole(from), Party::Whole(to)) => Some((from.key(), to.key())),
            (Party::Unknown, _) | (_, Party::Unknown) => None,
            _ => Some(MASKED),
        }
    }

    /// Whether a call is between the same numbers.
    pub(super) fn is_between(&self, from: &[u8], to: &[u8], numbers: &Numbering) -> bool {
        self.caller.is(from, numbers) && self.callee.is(to, numbers)
    }
}

/// The key of records with a masked number.
pub(super) const MASKED: (u64, u64) = (0, 0);

fn is_guid(id: &str) -> bool {
    let is_digit = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    id.len() == 36 && id.chars().all(is_digit)
}

/// ISO 8601 with a zone, else in UTC, in which the reports are.
fn time_of(written: &str) -> Option<Nanos> {
    let in_utc = |time: DateTime| {
        time.to_zoned(TimeZone::UTC)
            .ok()
            .map(|time| time.timestamp())
    };
    let time = written
        .parse::<Timestamp>()
        .ok()
        .or_else(|| written.parse::<DateTime>().ok().and_then(in_utc))?;
    i64::try_from(time.as_nanosecond()).ok().map(Nanos)
}

//! Microsoft's own report of a tenant's calls → what it says of each call.
//!
//! In: the PSTN usage export of the Teams admin centre, or Graph's `directRoutingLogRow`, as CSV or JSON. Out: for a call, the
//! [`Record`] that tells of it. It comes one or two days later, covers calls that no capture holds, and lacks others: neither
//! is an error.
//!
//! In reading order: `table` makes rows of a file, [`Record`] reads one, [`Claims`] finds the record of a call. This layer opens
//! no file, and knows no diagnosis.

mod claims;
mod record;
mod table;

pub use claims::Claims;
pub use claims::Ground;
pub use claims::Known;
pub use record::Record;

use std::collections::HashMap;

use crate::trunk::Numbering;

/// Records kept of all reports together: ten times what a large tenant has in a month.
const RECORDS: usize = 5_000_000;

/// What is wrong with a report as a whole.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is neither CSV nor JSON.
    #[error("it is neither CSV nor JSON: {0}")]
    Unreadable(String),
    /// It lacks what calls are found by, or what is told of them.
    #[error(
        "it has no {missing}; its columns are {found}. Expected is the export of the PSTN usage report (Direct Routing) or of Graph's directRoutingLogRow"
    )]
    Lacking {
        /// What it lacks.
        missing: &'static str,
        /// What it has.
        found: String,
    },
}

/// All records of a run.
#[derive(Debug, Default)]
pub struct PstnReport {
    records: Vec<Record>,
    by_id: HashMap<String, Vec<usize>>,
    by_numbers: HashMap<(u64, u64), Vec<usize>>,
    /// Rows that tell of no call: neither an id nor numbers and a time can be read.
    pub unreadable: u64,
    /// Records beyond what is kept.
    pub left_out: u64,
}

impl PstnReport {
    /// Adds a file's records. How numbers are dialled is as the configuration says.
    pub fn read(&mut self, bytes: &[u8], numbers: &Numbering) -> Result<(), Error> {
        for row in table::rows(bytes)? {
            match Record::of(&row, numbers) {
                Some(record) if self.records.len() < RECORDS => self.add(record),
                Some(_) => self.left_out += 1,
                None => self.unreadable += 1,
            }
        }
        Ok(())
    }

    fn add(&mut self, record: Record) {
        let place = self.records.len();
        if let Some(id) = &record.correlation_id {
            self.by_id.entry(id.clone()).or_default().push(place);
        }
        if let Some(key) = record.numbers_key() {
            self.by_numbers.entry(key).or_default().push(place);
        }
        self.records.push(record);
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The records of a correlation id, in any case.
    fn of_id(&self, id: &[u8]) -> &[usize] {
        let id = String::from_utf8_lossy(id).to_ascii_lowercase();
        self.by_id.get(&id).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;

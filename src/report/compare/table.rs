//! A trunk report, read back.

use std::collections::BTreeMap;

use crate::report::dialect::Delimiter;

/// The cases, as the columns of the trunk report are called.
pub const CASES: [&str; 5] = [
    "cannot_support_any_media",
    "srtp_encryption_required",
    "no_ice_candidates",
    "blackhole_media",
    "undocumented",
];

/// What was counted of a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Night {
    /// Calls.
    pub calls: u64,
    /// Of them answered.
    pub answered: u64,
    /// Calls whose initial INVITE is in the capture.
    pub attempts: u64,
    /// Calls with a 488.
    pub calls_488: u64,
    /// Calls by the cause of their first 488, in the order of [`CASES`].
    pub cases: [u64; 5],
}

/// What is no trunk report.
#[derive(Debug, thiserror::Error)]
pub enum BadTable {
    /// It is no CSV.
    #[error("it can't be read as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("there is no column {0}: it must be what `--trunk-report` wrote")]
    Column(&'static str),
    /// A cell is no number.
    #[error("row {row}, column {column}: {cell:?} is no number")]
    Number {
        /// Its row, the first below the header being 1.
        row: usize,
        /// Its column.
        column: &'static str,
        /// What stands there, shortened.
        cell: String,
    },
}

/// The trunks of a report by name and side. A trunk that is told twice is counted together.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<(String, String), Night>, BadTable> {
    // Some spreadsheets write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first_line = bytes.split(|&byte| byte == b'\n').next();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(Delimiter::of(first_line.unwrap_or_default()).byte())
        .from_reader(bytes);
    let names = reader.headers()?.clone();
    let place = |name: &'static str| names.iter().position(|column| column == name);
    let needed = |name| place(name).ok_or(BadTable::Column(name));
    let (trunk, calls) = (needed("trunk")?, needed("calls")?);
    let (answered, incomplete) = (needed("answered")?, needed("incomplete")?);
    let calls_488 = needed("calls_488")?;
    let mut cases = [0; 5];
    for (place, name) in cases.iter_mut().zip(CASES) {
        *place = needed(name)?;
    }
    let mut trunks: BTreeMap<(String, String), Night> = BTreeMap::new();
    for (number_of_row, row) in (1..).zip(reader.records()) {
        let row = row?;
        let cell = |place: usize| unwrapped(row.get(place).unwrap_or_default());
        let number = |place: usize, column| {
            cell(place)
                .trim()
                .parse::<u64>()
                .map_err(|_| BadTable::Number {
                    row: number_of_row,
                    column,
                    cell: cell(place).chars().take(40).collect(),
                })
        };
        let side = place("side").map(cell).unwrap_or_default().to_owned();
        let night = trunks.entry((cell(trunk).to_owned(), side)).or_default();
        let more = number(calls, "calls")?;
        let without_invite = number(incomplete, "incomplete")?;
        add(&mut night.calls, more);
        add(&mut night.attempts, more.saturating_sub(without_invite));
        add(&mut night.answered, number(answered, "answered")?);
        add(&mut night.calls_488, number(calls_488, "calls_488")?);
        for ((sum, place), name) in night.cases.iter_mut().zip(cases).zip(CASES) {
            add(sum, number(place, name)?);
        }
    }
    Ok(trunks)
}

/// A text that was written for Excel as `="..."` is what stands in it.
fn unwrapped(cell: &str) -> &str {
    let inner = cell.strip_prefix("=\"");
    inner
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(cell)
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::BadTable;
    use super::read;

    const HEADER: &str = "trunk,calls,answered,incomplete,calls_488,cannot_support_any_media,srtp_encryption_required,no_ice_candidates,blackhole_media,undocumented";

    #[test]
    fn columns_are_found_by_name_and_a_trunk_told_twice_is_one() {
        let text = format!(
            "\u{feff}{HEADER},side\r\na,10,5,2,3,1,1,0,0,1,teams\r\na,1,1,0,0,0,0,0,0,0,teams\r\n"
        );
        let trunks = read(text.as_bytes()).unwrap();
        let night = trunks[&("a".to_owned(), "teams".to_owned())];
        assert_eq!((trunks.len(), night.calls, night.attempts), (1, 11, 9));
        assert_eq!(
            (night.answered, night.calls_488, night.cases),
            (6, 3, [1, 1, 0, 0, 1])
        );
    }

    #[test]
    fn a_report_that_was_written_for_excel_is_read_as_well() {
        let header = HEADER.replace(',', ";");
        let text = format!("\u{feff}{header}\r\n\"=\"\"10\"\"\";10;5;2;3;1;1;0;0;1\r\n");
        let trunks = read(text.as_bytes()).unwrap();
        assert_eq!(trunks[&("10".to_owned(), String::new())].calls, 10);
    }

    #[test]
    fn what_is_no_trunk_report_is_told_by_what_it_lacks() {
        let error = read(b"start_time,trunk\r\n").unwrap_err();
        assert!(matches!(error, BadTable::Column("calls")));
        let error = read(format!("{HEADER}\r\na,many,5,2,3,1,1,0,0,1\r\n").as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1, column calls: \"many\" is no number"
        );
        assert!(read(b"").is_err() && read(b"\xff\xfe\x00").is_err());
    }
}

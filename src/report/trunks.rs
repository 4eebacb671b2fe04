//! Calls counted by trunk.

use std::collections::BTreeMap;

use crate::capture::record::Nanos;
use crate::diagnosis::CASES;
use crate::diagnosis::Verdict;
use crate::text::Text;

use super::row::Outcome;
use super::row::Row;

/// Different setup times kept exactly of one trunk; beyond it the time counts as the nearest one kept below.
const SETUP_TIMES: usize = 200_000;

/// What the trunk report tells of one trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkCounts {
    /// Its name.
    pub trunk: Text<'static>,
    /// Calls.
    pub calls: u64,
    /// Calls answered.
    pub answered: u64,
    /// Calls rejected.
    pub rejected: u64,
    /// Calls cancelled.
    pub cancelled: u64,
    /// Calls without final response.
    pub unanswered: u64,
    /// Calls without their initial INVITE.
    pub incomplete: u64,
    /// Calls with at least one rejection.
    pub calls_488: u64,
    /// Calls by the case of their first rejection.
    pub cases: [u64; CASES.len()],
    /// Calls whose first rejection is known to be none of the cases. One whose offer is not known is not counted here.
    pub undocumented: u64,
    /// Start of the first call.
    pub first_call: Option<Nanos>,
    /// Start of the last call.
    pub last_call: Option<Nanos>,
    setup_ms: BTreeMap<i64, u64>,
}

impl TrunkCounts {
    /// Calls by the name of their first rejection's case.
    pub fn of_case(&self, name: &str) -> u64 {
        CASES
            .iter()
            .zip(self.cases)
            .filter(|(case, _)| case.name == name)
            .map(|(_, count)| count)
            .sum()
    }

    /// A percentile of the setup times, by nearest rank: the smallest with at least that share of all at or below it.
    pub fn setup_ms(&self, percent: u64) -> Option<i64> {
        let total: u64 = self.setup_ms.values().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut below = 0;
        self.setup_ms
            .iter()
            .find(|(_, count)| {
                below += *count;
                below >= rank
            })
            .map(|(millis, _)| *millis)
    }

    fn add(&mut self, row: &Row<'_>) {
        self.calls += 1;
        match row.outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Cancelled => self.cancelled += 1,
            Outcome::Unanswered => self.unanswered += 1,
            Outcome::Incomplete => self.incomplete += 1,
        }
        if row.rejections > 0 {
            self.calls_488 += 1;
        }
        if let Some(diagnosis) = &row.diagnosis {
            if let Some(count) = diagnosis
                .case
                .and_then(|case| self.cases.get_mut(usize::from(case)))
            {
                *count += 1;
            }
            self.undocumented += u64::from(diagnosis.verdict == Verdict::Undocumented);
        }
        if let Some(setup) = row.setup {
            self.add_setup(setup.0 / 1_000_000);
        }
        self.first_call = Some(
            self.first_call
                .map_or(row.start_time, |first| first.min(row.start_time)),
        );
        self.last_call = Some(
            self.last_call
                .map_or(row.start_time, |last| last.max(row.start_time)),
        );
    }

    fn add_setup(&mut self, millis: i64) {
        let is_full = self.setup_ms.len() >= SETUP_TIMES;
        let nearest = || self.setup_ms.range(..=millis).next_back();
        let kept = is_full.then(nearest).flatten().map(|(kept, _)| *kept);
        *self.setup_ms.entry(kept.unwrap_or(millis)).or_default() += 1;
    }
}

/// All trunks of a run.
#[derive(Clone, Debug, Default)]
pub struct TrunkTable {
    trunks: BTreeMap<Vec<u8>, TrunkCounts>,
}

impl TrunkTable {
    /// Counts one call. Names that differ in case alone are one trunk, shown in the spelling that sorts first.
    pub fn add(&mut self, row: &Row<'_>) {
        let name = row.trunk.clone().into_ascii_lowercase();
        if !self.trunks.contains_key(name.as_bytes()) {
            let new = name.as_bytes().to_vec();
            self.trunks.insert(new, TrunkCounts::default());
        }
        let Some(counts) = self.trunks.get_mut(name.as_bytes()) else {
            return;
        };
        if counts.calls == 0 || row.trunk < counts.trunk {
            counts.trunk = row.trunk.clone().into_owned();
        }
        counts.add(row);
    }

    /// The trunks, the most 488s first, then by name.
    pub fn into_rows(self) -> Vec<TrunkCounts> {
        let mut rows: Vec<TrunkCounts> = self.trunks.into_values().collect();
        rows.sort_by(|a, b| {
            b.calls_488
                .cmp(&a.calls_488)
                .then_with(|| a.trunk.cmp(&b.trunk))
        });
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::TrunkTable;
    use crate::capture::record::Nanos;
    use crate::report::row::Outcome;
    use crate::report::row::Row;
    use crate::text::Text;

    fn row(trunk: &str, rejections: u32, setup_ms: i64) -> Row<'_> {
        let setup = Some(Nanos(setup_ms * 1_000_000));
        Row {
            trunk: Text::from(trunk),
            rejections,
            setup,
            outcome: Outcome::Answered,
            ..Row::default()
        }
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut table = TrunkTable::default();
        for setup in [15, 20, 35, 40, 50] {
            table.add(&row("a", 0, setup));
        }
        let counts = &table.into_rows()[0];
        assert_eq!(
            (
                counts.setup_ms(30),
                counts.setup_ms(50),
                counts.setup_ms(95),
                counts.setup_ms(100)
            ),
            (Some(20), Some(35), Some(50), Some(50))
        );
    }

    #[test]
    fn the_most_488s_come_first_and_case_makes_no_trunk() {
        let mut table = TrunkTable::default();
        for row in [
            row("b", 0, 1),
            row("A", 0, 1),
            row("a", 0, 1),
            row("z", 2, 1),
        ] {
            table.add(&row);
        }
        let rows = table.into_rows();
        let names: Vec<_> = rows
            .iter()
            .map(|row| (row.trunk.clone(), row.calls))
            .collect();
        assert_eq!(
            names,
            [
                (Text::from("z"), 1),
                (Text::from("A"), 2),
                (Text::from("b"), 1)
            ]
        );
    }
}

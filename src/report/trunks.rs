//! Calls counted by trunk.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rustc_hash::FxHashMap;

use crate::capture::record::Nanos;
use crate::diagnosis::CASES;
use crate::diagnosis::Verdict;
use crate::text::Text;

use super::row::Outcome;
use super::row::Row;

/// Which side of the SBC a trunk is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrunkSide {
    /// Between the SBC and Teams.
    Teams,
    /// Between the SBC and a carrier.
    Carrier,
}

impl TrunkSide {
    /// The word in the trunk report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::Carrier => "carrier",
        }
    }

    /// Of a call; none where neither end is Teams and nothing tells which is the carrier.
    fn of(row: &Row<'_>) -> Option<Self> {
        if row.has_teams {
            Some(Self::Teams)
        } else {
            (!row.carrier_trunk.is_empty()).then_some(Self::Carrier)
        }
    }
}

/// The trunk that a row counts on, and its side.
pub(super) fn trunk_of<'r, 'a>(row: &'r Row<'a>) -> (&'r Text<'a>, Option<TrunkSide>) {
    let side = TrunkSide::of(row);
    let name = match side {
        Some(TrunkSide::Carrier) => &row.carrier_trunk,
        _ => &row.trunk,
    };
    (name, side)
}

/// Under so many calls a rate is told and not judged: it tells little.
pub const FEW: u64 = 30;

/// Different setup times kept exactly of one trunk; beyond it the time counts as the nearest one kept below.
const SETUP_TIMES: usize = 200_000;

/// The same of all trunks together.
const ALL_SETUP_TIMES: usize = 2_000_000;

/// Trunks told apart at most, and spellings of their names: a hostile capture may name any number.
const TRUNKS: usize = 100_000;

/// What the trunk report tells of one trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkCounts {
    /// Its name.
    pub trunk: Text<'static>,
    /// Its side; none where it is not known.
    pub side: Option<TrunkSide>,
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
    /// Calls whose last attempt was challenged or redirected (401, 402, 407, 3xx): no attempts to establish a session.
    pub challenged: u64,
    /// Calls established, or turned down by the user: 480, 486, 600, 603.
    pub effective: u64,
    /// Calls that the network delivered: those, and those not answered in time or cancelled.
    pub delivered: u64,
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

    /// Calls whose initial INVITE is in the capture.
    pub const fn attempts(&self) -> u64 {
        self.calls - self.incomplete
    }

    /// Attempts that were not challenged or redirected in the end (RFC 6076 §4.6).
    pub const fn session_attempts(&self) -> u64 {
        self.attempts() - self.challenged
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

    fn add(&mut self, row: &Row<'_>, has_room: bool) {
        self.calls += 1;
        match row.outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Cancelled => self.cancelled += 1,
            Outcome::Unanswered => self.unanswered += 1,
            Outcome::Incomplete => self.incomplete += 1,
        }
        self.add_result(row);
        // Where another leg of the call was refused, and this one failed for it, the failure is this trunk's too.
        let by_another = row
            .relation
            .as_ref()
            .and_then(|of| of.refused_first.as_ref())
            .filter(|_| row.rejections == 0 && row.outcome == Outcome::Rejected);
        if row.rejections > 0 || by_another.is_some() {
            self.calls_488 += 1;
        }
        let diagnosis = by_another.and_then(|first| first.diagnosis.as_ref());
        if let Some(diagnosis) = row.diagnosis.as_ref().or(diagnosis) {
            if let Some(count) = diagnosis
                .case
                .and_then(|case| self.cases.get_mut(usize::from(case)))
            {
                *count += 1;
            }
            self.undocumented += u64::from(diagnosis.verdict == Verdict::Undocumented);
        }
        if let Some(setup) = row.setup {
            self.add_setup(setup.0 / 1_000_000, has_room);
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

    /// What the final response says of the network, of the attempt that decided the call.
    fn add_result(&mut self, row: &Row<'_>) {
        if row.outcome == Outcome::Incomplete {
            return;
        }
        let is_by_user = matches!(row.final_status, Some(480 | 486 | 600 | 603));
        let is_effective = row.outcome == Outcome::Answered || is_by_user;
        let is_no_answer = row.outcome == Outcome::Cancelled || row.final_status == Some(408);
        self.challenged += u64::from(matches!(
            row.final_status,
            Some(300..=399 | 401 | 402 | 407)
        ));
        self.effective += u64::from(is_effective);
        self.delivered += u64::from(is_effective || is_no_answer);
    }

    fn add_setup(&mut self, millis: i64, has_room: bool) {
        let is_full = !has_room || self.setup_ms.len() >= SETUP_TIMES;
        let nearest = || self.setup_ms.range(..=millis).next_back();
        let kept = is_full.then(nearest).flatten().map(|(kept, _)| *kept);
        *self.setup_ms.entry(kept.unwrap_or(millis)).or_default() += 1;
    }
}

/// All trunks of a run.
#[derive(Clone, Debug, Default)]
pub struct TrunkTable {
    counts: Vec<TrunkCounts>,
    places: BTreeMap<(Vec<u8>, Option<TrunkSide>), usize>,
    /// The same by the names as they are spelt, so that a row's needs no lower case.
    spelt: FxHashMap<Vec<u8>, [Option<usize>; 3]>,
    /// Different setup times of all trunks.
    setup_times: usize,
    /// Calls of trunks beyond those that are told apart.
    pub left_out: u64,
}

impl TrunkTable {
    /// Counts one call. Names that differ in case alone are one trunk, shown in the spelling that sorts first.
    pub fn add(&mut self, row: &Row<'_>) {
        let (name, side) = trunk_of(row);
        let slot = side.map_or(0, |side| 1 + side as usize);
        let known = self
            .spelt
            .get(name.as_bytes())
            .and_then(|known| known[slot]);
        let Some(place) = known.or_else(|| self.place(name, side, slot)) else {
            self.left_out += 1;
            return;
        };
        let counts = &mut self.counts[place];
        let before = counts.setup_ms.len();
        counts.add(row, self.setup_times < ALL_SETUP_TIMES);
        self.setup_times += counts.setup_ms.len() - before;
    }

    /// The place of a trunk whose name was not spelt so before; none where there are too many.
    fn place(&mut self, name: &Text<'_>, side: Option<TrunkSide>, slot: usize) -> Option<usize> {
        let key = (name.as_bytes().to_ascii_lowercase(), side);
        let next = self.counts.len();
        let place = match self.places.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) if next >= TRUNKS => return None,
            Entry::Vacant(new) => *new.insert(next),
        };
        if place == next {
            self.counts.push(TrunkCounts::default());
        }
        let counts = &mut self.counts[place];
        if place == next || *name < counts.trunk {
            counts.trunk = name.clone().into_owned();
            counts.side = side;
        }
        if self.spelt.len() < TRUNKS {
            self.spelt.entry(name.as_bytes().to_vec()).or_default()[slot] = Some(place);
        }
        Some(place)
    }

    /// The trunks, the most 488s first, then by name.
    pub fn into_rows(self) -> Vec<TrunkCounts> {
        let mut rows = self.counts;
        rows.sort_by(|a, b| {
            b.calls_488
                .cmp(&a.calls_488)
                .then_with(|| a.trunk.cmp(&b.trunk))
                .then_with(|| a.side.cmp(&b.side))
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

    #[test]
    fn trunks_beyond_the_bound_are_counted_and_those_known_go_on() {
        let mut table = TrunkTable::default();
        for number in 0..super::TRUNKS {
            table.add(&row(&format!("trunk {number}"), 0, 1));
        }
        assert_eq!(table.left_out, 0);
        table.add(&row("one more", 1, 1));
        table.add(&row("Trunk 7", 1, 1));
        assert_eq!(table.left_out, 1);
        let rows = table.into_rows();
        assert_eq!((rows.len(), rows[0].calls), (super::TRUNKS, 2));
    }

    #[test]
    fn setup_times_beyond_the_bound_of_all_trunks_count_as_the_nearest_kept() {
        let mut table = TrunkTable {
            setup_times: super::ALL_SETUP_TIMES,
            ..TrunkTable::default()
        };
        table.add(&row("a", 0, 100));
        table.add(&row("a", 0, 300));
        let rows = table.into_rows();
        assert_eq!(rows[0].setup_ms(95), Some(100));
    }
}

//! Two trunk reports beside each other: which trunks came, went, got worse, got better, and what is no more than chance.

pub mod interval;
mod table;
mod told;

use std::cmp::Ordering;
use std::collections::BTreeMap;

pub use self::table::BadTable;
pub use self::table::CASES;
pub use self::table::Night;
pub use self::table::read;
pub use self::told::is_worse_by;
pub use self::told::told;

use super::trunks::FEW;

use self::interval::Interval;
use self::interval::Share;
use self::interval::change;

/// A trunk before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its name, as the reports have it.
    pub trunk: String,
    /// `teams` or `carrier`, as the reports have it; empty where they don't tell.
    pub side: String,
    /// What became of it.
    pub became: Became,
    /// What was counted before; none where it was not there.
    pub before: Option<Night>,
    /// What was counted after; none where it was not there.
    pub after: Option<Night>,
}

/// What became of a trunk, by its rate of calls with a 488.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    /// The rate rose by more than chance does.
    Worse,
    /// It fell by more than chance does.
    Better,
    /// It moved no more than chance does.
    Same,
    /// Fewer than [`FEW`] calls on one side: not judged.
    Few,
    /// It was not there before.
    Came,
    /// It was there before alone.
    Went,
}

impl Became {
    /// The word in the CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Same => "same",
            Self::Few => "few",
            Self::Came => "came",
            Self::Went => "went",
        }
    }
}

impl Compared {
    /// How far the rate of calls with a 488 moved.
    pub fn rate_488(&self) -> Option<Interval> {
        change(self.before?.rate_488(), self.after?.rate_488())
    }

    /// How far the answer-seizure ratio moved.
    pub fn asr(&self) -> Option<Interval> {
        change(self.before?.asr(), self.after?.asr())
    }
}

/// All trunks of two reports: what got worse first, and most of all the one that did most.
pub fn compare(
    before: &BTreeMap<(String, String), Night>,
    after: &BTreeMap<(String, String), Night>,
) -> Vec<Compared> {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut all: Vec<Compared> = names
        .into_iter()
        .map(|name| compared(name, before.get(name), after.get(name)))
        .collect();
    all.sort_by(|one, other| {
        let moved = |of: &Compared| match of.became {
            Became::Worse | Became::Better => of.rate_488().map_or(0.0, |moved| moved.value.abs()),
            _ => 0.0,
        };
        let by_much = moved(other)
            .partial_cmp(&moved(one))
            .unwrap_or(Ordering::Equal);
        one.became.cmp(&other.became).then(by_much)
    });
    all
}

fn compared(
    (trunk, side): &(String, String),
    before: Option<&Night>,
    after: Option<&Night>,
) -> Compared {
    let became = match (before, after) {
        (Some(before), Some(after)) => judge(before, after),
        (None, _) => Became::Came,
        (_, None) => Became::Went,
    };
    Compared {
        trunk: trunk.clone(),
        side: side.clone(),
        became,
        before: before.copied(),
        after: after.copied(),
    }
}

fn judge(before: &Night, after: &Night) -> Became {
    if before.calls < FEW || after.calls < FEW {
        return Became::Few;
    }
    match change(before.rate_488(), after.rate_488()) {
        Some(moved) if !moved.is_more_than_chance() => Became::Same,
        Some(moved) if moved.value > 0.0 => Became::Worse,
        Some(_) => Became::Better,
        None => Became::Same,
    }
}

impl Night {
    /// Calls with a 488, of all.
    pub const fn rate_488(&self) -> Share {
        Share {
            part: self.calls_488,
            whole: self.calls,
        }
    }

    /// Answered, of those whose initial INVITE is in the capture.
    pub const fn asr(&self) -> Share {
        Share {
            part: self.answered,
            whole: self.attempts,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Became;
    use super::Night;
    use super::compare;

    fn night(calls: u64, calls_488: u64) -> Night {
        Night {
            calls,
            calls_488,
            attempts: calls,
            ..Night::default()
        }
    }

    fn nights(of: &[(&str, u64, u64)]) -> BTreeMap<(String, String), Night> {
        let named = |(name, calls, calls_488): &(&str, u64, u64)| {
            (
                ((*name).to_owned(), String::new()),
                night(*calls, *calls_488),
            )
        };
        of.iter().map(named).collect()
    }

    #[test]
    fn trunks_are_told_by_what_became_of_them() {
        let before = nights(&[
            ("bad", 1_000, 10),
            ("good", 1_000, 100),
            ("small", 29, 0),
            ("steady", 1_000, 10),
            ("gone", 5, 0),
            ("worst", 1_000, 0),
        ]);
        let after = nights(&[
            ("bad", 1_000, 100),
            ("good", 1_000, 10),
            ("small", 1_000, 900),
            ("steady", 1_000, 12),
            ("new", 1_000, 5),
            ("worst", 1_000, 1_000),
        ]);
        let told: Vec<_> = compare(&before, &after)
            .into_iter()
            .map(|one| (one.trunk, one.became))
            .collect();
        let expected = [
            ("worst", Became::Worse),
            ("bad", Became::Worse),
            ("good", Became::Better),
            ("steady", Became::Same),
            ("small", Became::Few),
            ("new", Became::Came),
            ("gone", Became::Went),
        ];
        assert_eq!(
            told,
            expected.map(|(name, became)| (name.to_owned(), became))
        );
    }

    #[test]
    fn thirty_calls_are_enough() {
        let became =
            |calls| compare(&nights(&[("a", calls, 0)]), &nights(&[("a", calls, calls)]))[0].became;
        assert_eq!((became(29), became(30)), (Became::Few, Became::Worse));
    }
}

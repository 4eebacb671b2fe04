//! What became of the trunks, in words.

use crate::report::escape::terminal;

use super::Became;
use super::Compared;
use super::Night;

/// Trunks named at most of those that got worse, and of those that got better.
const NAMED: usize = 10;

/// Whether a trunk's rate of calls with a 488 rose by more than so many percentage points, and by more than chance.
pub fn is_worse_by(all: &[Compared], points: f64) -> bool {
    let is_so = |one: &Compared| {
        one.became == Became::Worse
            && one
                .rate_488()
                .is_some_and(|moved| moved.value * 100.0 > points)
    };
    all.iter().any(is_so)
}

/// What became of the trunks, in words for a terminal.
pub fn told(all: &[Compared]) -> String {
    let mut told = String::new();
    for (became, words) in [
        (Became::Worse, "got worse"),
        (Became::Better, "got better"),
        (Became::Same, "moved no more than chance does"),
        (
            Became::Few,
            "had under 30 calls on one side and can't be judged",
        ),
        (Became::Came, "came"),
        (Became::Went, "went"),
    ] {
        let these: Vec<&Compared> = all.iter().filter(|one| one.became == became).collect();
        if these.is_empty() {
            continue;
        }
        let trunks = if these.len() == 1 { "trunk" } else { "trunks" };
        told += &["  ", &these.len().to_string(), " ", trunks, " ", words].concat();
        told += if matches!(became, Became::Worse | Became::Better) {
            ":\n"
        } else {
            "\n"
        };
        if matches!(became, Became::Worse | Became::Better) {
            for one in these.iter().take(NAMED) {
                told += &line(one);
            }
            if these.len() > NAMED {
                told += &["      and ", &(these.len() - NAMED).to_string(), " more\n"].concat();
            }
        }
    }
    told
}

fn line(one: &Compared) -> String {
    let Some((moved, (before, after))) = one.rate_488().zip(one.before.zip(one.after)) else {
        return String::new();
    };
    let percent = |night: Night| {
        night
            .rate_488()
            .wilson()
            .map_or(0.0, |rate| rate.value * 100.0)
    };
    format!(
        "      {}: 488 on {:.2} % of {} calls, then {:.2} % of {}; {:+.2} points, between {:+.2} and {:+.2} at 95 %\n",
        terminal(&one.trunk),
        percent(before),
        before.calls,
        percent(after),
        after.calls,
        moved.value * 100.0,
        moved.low * 100.0,
        moved.high * 100.0,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::is_worse_by;
    use super::told;
    use crate::report::compare::Compared;
    use crate::report::compare::Night;
    use crate::report::compare::compare;

    fn moved(before: u64, after: u64) -> Vec<Compared> {
        let night = |calls_488| {
            let night = Night {
                calls: 1_000,
                attempts: 1_000,
                calls_488,
                ..Night::default()
            };
            BTreeMap::from([(("a\x1b".to_owned(), String::new()), night)])
        };
        compare(&night(before), &night(after))
    }

    #[test]
    fn a_trunk_that_got_worse_is_named_with_its_rates() {
        let told = told(&moved(10, 110));
        assert!(told.contains("1 trunk got worse:\n"), "{told}");
        assert!(
            told.contains(
                "a\\u{1b}: 488 on 1.00 % of 1000 calls, then 11.00 % of 1000; +10.00 points"
            ),
            "{told}"
        );
    }

    #[test]
    fn worse_by_more_than_points_is_more_than_them_and_than_chance() {
        assert!(is_worse_by(&moved(10, 110), 9.99));
        assert!(!is_worse_by(&moved(10, 110), 10.0));
        assert!(!is_worse_by(&moved(10, 11), 0.0));
        assert!(!is_worse_by(&moved(110, 10), 0.0));
    }
}

//! What chance alone may do to a rate: Wilson's score interval (Wilson 1927), and the interval of the difference of two
//! rates that Newcombe built from it (Newcombe 1998, method 10).

/// The 97.5th percentile of the normal distribution: intervals of 95 percent.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
}

/// A rate or a difference of rates, and the interval of 95 percent around it; parts of 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// What was measured.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Share {
    /// The rate with its Wilson interval; none where there is nothing to divide by, or more parts than the whole has.
    pub fn wilson(self) -> Option<Interval> {
        if self.whole == 0 || self.part > self.whole {
            return None;
        }
        let (part, whole) = (count(self.part), count(self.whole));
        let value = part / whole;
        let square = Z * Z;
        let middle = (part + square / 2.0) / (whole + square);
        let reach = Z / (whole + square) * (value * (1.0 - value) * whole + square / 4.0).sqrt();
        Some(Interval {
            value,
            low: (middle - reach).max(0.0),
            high: (middle + reach).min(1.0),
        })
    }
}

impl Interval {
    /// Whether a difference is more than chance: the interval around it does not hold 0.
    pub fn is_more_than_chance(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How far a rate moved.
pub fn change(before: Share, after: Share) -> Option<Interval> {
    let (before, after) = (before.wilson()?, after.wilson()?);
    let value = after.value - before.value;
    let down = (after.value - after.low).hypot(before.high - before.value);
    let up = (after.high - after.value).hypot(before.value - before.low);
    Some(Interval {
        value,
        low: value - down,
        high: value + up,
    })
}

/// Counts of calls are far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate needs no more than 53 bits"
)]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::Share;
    use super::change;

    fn of(part: u64, whole: u64) -> Share {
        Share { part, whole }
    }

    fn percent(value: f64) -> String {
        format!("{:.2}", value * 100.0)
    }

    #[test]
    fn the_interval_of_a_rate_is_wilsons() {
        // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (share, low, high) in [
            (of(81, 263), "25.53", "36.62"),
            (of(15, 148), "6.24", "16.05"),
            (of(0, 20), "0.00", "16.11"),
            (of(1, 29), "0.61", "17.18"),
        ] {
            let wilson = share.wilson().unwrap();
            assert_eq!(
                (percent(wilson.low), percent(wilson.high)),
                (low.into(), high.into())
            );
        }
        assert!(of(0, 0).wilson().is_none() && of(2, 1).wilson().is_none());
    }

    #[test]
    fn the_interval_of_a_difference_is_newcombes() {
        // Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
        for (after, before, low, high) in [
            (of(56, 70), of(48, 80), "5.24", "33.39"),
            (of(9, 10), of(3, 10), "17.05", "80.90"),
            (of(10, 10), of(0, 20), "67.91", "100.00"),
        ] {
            let moved = change(before, after).unwrap();
            assert_eq!(
                (percent(moved.low), percent(moved.high)),
                (low.into(), high.into())
            );
        }
    }

    #[test]
    fn nothing_moved_where_the_same_was_measured() {
        let moved = change(of(5, 100), of(5, 100)).unwrap();
        assert!(moved.value == 0.0 && moved.low < 0.0 && moved.high > 0.0);
    }
}

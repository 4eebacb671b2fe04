//! Times as spreadsheets count them: days since the end of 1899, with the time of day as their fraction (ECMA-376 part 1, §18.17.4).

/// The first day from which spreadsheets agree: 1900-03-01, as one of them takes 1900 for a leap year.
const FIRST: i64 = 61;

/// Days from 1970-01-01 back to the day that is 0.
const EPOCH: i64 = 25_569;

const MILLIS_OF_A_DAY: i64 = 86_400_000;

/// The number of a time that is written as `YYYY-MM-DD HH:MM:SS.mmm`; none before 1900-03-01.
pub(super) fn serial(time: &str) -> Option<f64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let days = days(year, month, day) + EPOCH;
    let seconds = (number(11, 13)? * 60 + number(14, 16)?) * 60 + number(17, 19)?;
    let millis = days * MILLIS_OF_A_DAY + seconds * 1000 + number(20, 23)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a double has milliseconds exactly for as long as a year has four digits"
    )]
    let serial = millis as f64 / MILLIS_OF_A_DAY as f64;
    (days >= FIRST).then_some(serial)
}

/// Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day is a year's last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::serial;

    #[test]
    fn days_are_counted_as_spreadsheets_do() {
        assert_eq!(serial("1900-03-01 00:00:00.000"), Some(61.0));
        assert_eq!(serial("1970-01-01 12:00:00.000"), Some(25_569.5));
        assert_eq!(serial("2000-02-29 00:00:00.000"), Some(36_585.0));
        assert_eq!(serial("2000-03-01 00:00:00.000"), Some(36_586.0));
        assert_eq!(serial("2262-04-11 18:00:00.000"), Some(132_320.75));
    }

    #[test]
    fn what_is_no_time_or_too_early_has_no_number() {
        for time in ["", "1900-02-28 23:59:59.999", "today", "2026-01-01"] {
            assert_eq!(serial(time), None, "{time}");
        }
    }

    #[test]
    fn a_millisecond_is_kept() {
        let millis = |time| (serial(time).unwrap() * 86_400_000.0).round();
        let (one, next) = ("2026-07-01 13:14:15.678", "2026-07-01 13:14:15.679");
        assert!((millis(next) - millis(one) - 1.0).abs() < f64::EPSILON);
    }
}

//! Times as the CSVs write them: `YYYY-MM-DD HH:MM:SS.mmm` in the chosen zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::capture::record::Nanos;

/// The zone of the times in the CSVs.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

/// There is no such zone.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown time zone `{0}`: name one of the IANA time zone database, such as UTC, Europe/Berlin or America/New_York"
)]
pub struct UnknownZone(String);

impl Zone {
    /// A zone of the IANA time zone database, by name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name)
            .map(Self)
            .map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Its name in the IANA time zone database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// A time as the zone's clocks show it, in seconds: as a time in UTC it is written with the same digits.
    pub fn civil_seconds(&self, time: Nanos) -> i64 {
        let seconds = time.0.div_euclid(1_000_000_000);
        let offset = Timestamp::from_second(seconds).map(|it| self.0.to_offset(it).seconds());
        seconds + i64::from(offset.unwrap_or_default())
    }

    /// Appends a time. Below a millisecond it is cut off.
    pub fn write(&self, time: Nanos, out: &mut String) {
        // Nanoseconds of 64 bits reach from 1677 to 2262: jiff knows all of them.
        let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(time.0)) else {
            return;
        };
        let shown: DateTime = self.0.to_datetime(timestamp);
        // A time before 1970 has a fraction below zero only in what jiff hides: its civil time counts forward.
        let parts = [
            (i64::from(shown.year()), 4, '-'),
            (shown.month().into(), 2, '-'),
            (shown.day().into(), 2, ' '),
            (shown.hour().into(), 2, ':'),
            (shown.minute().into(), 2, ':'),
            (shown.second().into(), 2, '.'),
        ];
        for (number, digits, behind) in parts {
            padded(number.unsigned_abs(), digits, out);
            out.push(behind);
        }
        padded(shown.millisecond().unsigned_abs().into(), 3, out);
    }
}

/// Appends a number with zeros before it up to this many digits.
pub(super) fn padded(number: u64, digits: usize, out: &mut String) {
    let mut buffer = itoa::Buffer::new();
    let shown = buffer.format(number);
    for _ in shown.len()..digits {
        out.push('0');
    }
    out.push_str(shown);
}

#[cfg(test)]
mod tests {
    use super::Zone;
    use crate::capture::record::Nanos;

    fn shown(zone: &str, time: i64) -> String {
        let mut out = String::new();
        Zone::named(zone).unwrap().write(Nanos(time), &mut out);
        out
    }

    #[test]
    fn milliseconds_are_cut_not_rounded() {
        assert_eq!(
            shown("UTC", 1_767_225_600_999_999_999),
            "2026-01-01 00:00:00.999"
        );
    }

    #[test]
    fn summer_time_is_the_zones() {
        assert_eq!(
            shown("Europe/Berlin", 1_782_864_000_000_000_000),
            "2026-07-01 02:00:00.000"
        );
        assert_eq!(
            shown("Europe/Berlin", 1_767_225_600_000_000_000),
            "2026-01-01 01:00:00.000"
        );
    }

    #[test]
    fn clocks_show_the_time_of_their_zone() {
        let zone = Zone::named("Asia/Kolkata").unwrap();
        assert_eq!(zone.name(), "Asia/Kolkata");
        assert_eq!(zone.civil_seconds(Nanos(-1)), 5 * 3600 + 1800 - 1);
    }

    #[test]
    fn the_ends_of_what_a_capture_can_say_are_times() {
        assert_eq!(shown("UTC", 0), "1970-01-01 00:00:00.000");
        assert_eq!(
            shown("UTC", i64::from(u32::MAX) * 1_000_000_000),
            "2106-02-07 06:28:15.000"
        );
        assert_eq!(shown("UTC", -1_000_000), "1969-12-31 23:59:59.999");
        assert_eq!(shown("UTC", i64::MIN), "1677-09-21 00:12:43.145");
    }

    #[test]
    fn an_unknown_zone_is_named_in_the_error() {
        assert!(
            Zone::named("Mars/Olympus")
                .unwrap_err()
                .to_string()
                .contains("Mars/Olympus")
        );
    }
}

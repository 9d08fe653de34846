//! Days of the calendar, in UTC.

use crate::clock::Instant;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::{Date, Month};

/// A day in UTC, written `2026-11-21`. Days compare as their texts do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day on which `instant` lies.
    #[must_use]
    pub fn of(instant: Instant) -> Self {
        const DAY_MS: i64 = 86_400_000;
        const EPOCH_JULIAN_DAY: i32 = 2_440_588;
        let days = i32::try_from(instant.as_millis().div_euclid(DAY_MS)).unwrap_or_default();
        // An instant lies in the years 1970 to 9999, all of which have dates.
        Self(Date::from_julian_day(EPOCH_JULIAN_DAY.saturating_add(days)).unwrap_or(Date::MIN))
    }

    /// Reads `2026-11-21`; `None` when it is not written so, is on no calendar, or lies before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_date = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_date {
            return None;
        }
        let mut parts = text.split('-');
        let year: i32 = parts.next()?.parse().ok()?;
        let month: u8 = parts.next()?.parse().ok()?;
        let day: u8 = parts.next()?.parse().ok()?;
        let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
        (year >= 1970).then_some(Self(date))
    }

    /// So many days later, or earlier when negative; the last or first day there is when that is on
    /// no calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let end = if days < 0 { Date::MIN } else { Date::MAX };
        let moved = self.0.to_julian_day().checked_add(days);
        Self(
            moved
                .and_then(|day| Date::from_julian_day(day).ok())
                .unwrap_or(end),
        )
    }

    /// Days from `earlier` to this one; negative when `earlier` is later.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0.to_julian_day() - earlier.0.to_julian_day()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(formatter, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a day"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn an_instant_lies_on_its_day_in_utc() {
        for (millis, day) in [
            (0, "1970-01-01"),
            (86_399_999, "1970-01-01"),
            (86_400_000, "1970-01-02"),
            (1_795_258_517_372, "2026-11-21"),
            (i64::MAX, "9999-12-31"),
        ] {
            assert_eq!(Day::of(Instant::from_millis(millis)).to_string(), day);
        }
    }

    #[test]
    fn only_days_of_the_calendar_are_read() {
        for wrong in [
            "",
            "2026-11-31",
            "2026-13-01",
            "2025-02-29",
            "2026-1-01",
            "2026-01-1 ",
            "+026-01-01",
            "1969-12-31",
            "2026/01/01",
            "2026-01-01T",
            "20260101",
            "２026-01-01",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        let leap = Day::parse("2028-02-29").expect("a day");
        assert_eq!(leap.plus_days(1).to_string(), "2028-03-01");
        assert_eq!(leap.plus_days(-366).days_since(leap), -366);
        assert_eq!(leap.plus_days(i32::MAX).to_string(), "9999-12-31");
    }

    proptest! {
        #[test]
        fn a_day_is_written_and_read_back_and_begins_its_instants(millis in 0_i64..253_402_300_799_999) {
            let instant = Instant::from_millis(millis);
            let day = Day::of(instant);
            prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
            prop_assert_eq!(&instant.to_rfc3339()[..10], &day.to_string());
        }
    }
}

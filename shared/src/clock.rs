//! Instants, and who tells them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant: whole milliseconds since the Unix epoch, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The last millisecond of the year 9999, after which RFC 3339 has no spelling.
    const LATEST_MS: i64 = 253_402_300_799_999;

    /// An instant from milliseconds since the Unix epoch, clamped to the years 1970 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > Self::LATEST_MS {
            Self(Self::LATEST_MS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved later by `millis` (earlier when negative), clamped like [`Self::from_millis`].
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant moved later by a length of time, clamped like [`Self::from_millis`].
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        self.plus_millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
    }

    /// This instant moved later by whole seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.millis_since(earlier)).unwrap_or_default())
    }

    /// RFC 3339 in UTC with three digits of milliseconds, as the API writes times.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
        else {
            // Not reached: an instant lies in the years 1970 to 9999.
            return String::new();
        };
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond(),
        )
    }

    /// Reads an RFC 3339 time; `None` when it is not one or lies before 1970.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()?;
        (0..=Self::LATEST_MS)
            .contains(&millis)
            .then_some(Self(millis))
    }
}

/// Tells the time. Two implementations: the runtime's clock, and one that tests move by hand.
pub trait Clock: Send + Sync {
    /// The present instant. On Workers it stands still during CPU work and moves with I/O.
    fn now(&self) -> Instant;

    /// Ends `duration` later.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_rfc_3339_and_read_back() {
        let instant = Instant::from_millis(1_795_258_517_372);
        assert_eq!(instant.to_rfc3339(), "2026-11-21T10:55:17.372Z");
        assert_eq!(Instant::parse_rfc3339(&instant.to_rfc3339()), Some(instant));
        let round = Instant::from_millis(1_795_258_517_820);
        assert_eq!(round.to_rfc3339(), "2026-11-21T10:55:17.820Z");
    }

    #[test]
    fn instants_are_clamped_to_what_rfc_3339_can_write() {
        assert_eq!(
            Instant::from_millis(i64::MAX).to_rfc3339(),
            "9999-12-31T23:59:59.999Z"
        );
        assert_eq!(Instant::from_millis(-5).as_millis(), 0);
    }
}

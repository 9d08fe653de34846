//! Instants as headers write them.

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const SECONDS_PER_DAY: u64 = 86_400;

/// A date and a time of day in UTC.
struct Moment {
    year: u64,
    /// From 1.
    month: u64,
    /// From 1.
    day: u64,
    days_since_epoch: u64,
    second_of_day: u64,
}

impl Moment {
    /// By the civil calendar, in eras of 400 years that begin in March.
    fn of(unix_seconds: u64) -> Self {
        let days_since_epoch = unix_seconds / SECONDS_PER_DAY;
        let shifted = days_since_epoch + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            days_since_epoch,
            second_of_day: unix_seconds % SECONDS_PER_DAY,
        }
    }

    fn clock(&self) -> String {
        let seconds = self.second_of_day;
        format!(
            "{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

/// As RFC 3339 writes it: `2026-11-21T17:08:00Z`.
pub(crate) fn rfc3339(unix_seconds: u64) -> String {
    let moment = Moment::of(unix_seconds);
    format!(
        "{:04}-{:02}-{:02}T{}Z",
        moment.year,
        moment.month,
        moment.day,
        moment.clock()
    )
}

/// As HTTP writes it: `Sat, 21 Nov 2026 17:08:00 GMT`.
pub(crate) fn http_date(unix_seconds: u64) -> String {
    let moment = Moment::of(unix_seconds);
    let name = |names: &[&'static str], index: u64| {
        let index = usize::try_from(index).ok()?;
        names.get(index).copied()
    };
    format!(
        "{}, {:02} {} {:04} {} GMT",
        name(&DAYS, moment.days_since_epoch % 7).unwrap_or_default(),
        moment.day,
        name(&MONTHS, moment.month - 1).unwrap_or_default(),
        moment.year,
        moment.clock()
    )
}

#[cfg(test)]
mod tests {
    use super::{http_date, rfc3339};

    #[test]
    fn instants_are_written_as_the_calendar_has_them() {
        for (seconds, rfc, http) in [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (
                951_825_599,
                "2000-02-29T11:59:59Z",
                "Tue, 29 Feb 2000 11:59:59 GMT",
            ),
            (
                1_735_689_600,
                "2025-01-01T00:00:00Z",
                "Wed, 01 Jan 2025 00:00:00 GMT",
            ),
            (
                1_795_280_880,
                "2026-11-21T17:08:00Z",
                "Sat, 21 Nov 2026 17:08:00 GMT",
            ),
        ] {
            assert_eq!(rfc3339(seconds), rfc);
            assert_eq!(http_date(seconds), http);
        }
    }
}

//! Usage: what a tenant's calls to providers used in some days, and what that cost.
//!
//! A call is counted once, with the commit of its attempt, on the day in UTC on which the attempt
//! ended. Calls of an attempt whose run died are not counted: nobody knows whom it asked.

use crate::configuration::Cost;
use crate::day::Day;
use serde::{Deserialize, Serialize};

/// The most days that are added up at a time.
pub const MOST_DAYS: i32 = 366;

/// How many days are added up when nobody says.
const DEFAULT_DAYS: i32 = 30;

/// Days, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageRange {
    from: Day,
    to: Day,
}

/// Why two days are no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRange {
    /// The last day is before the first.
    Backwards,
    /// There are more than [`MOST_DAYS`].
    TooLong,
}

impl UsageRange {
    /// The days from `from` to `to`. Without `to` they end with `today`; without `from` they are
    /// the 30 days that end then.
    ///
    /// # Errors
    /// [`NoRange`].
    pub fn new(from: Option<Day>, to: Option<Day>, today: Day) -> Result<Self, NoRange> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| to.plus_days(1 - DEFAULT_DAYS));
        match to.days_since(from) {
            ..0 => Err(NoRange::Backwards),
            MOST_DAYS.. => Err(NoRange::TooLong),
            _ => Ok(Self { from, to }),
        }
    }

    /// The first day.
    #[must_use]
    pub const fn from(&self) -> Day {
        self.from
    }

    /// The last day.
    #[must_use]
    pub const fn to(&self) -> Day {
        self.to
    }

    /// Every day of it, the last one first.
    pub fn days_backwards(&self) -> impl Iterator<Item = Day> {
        let to = self.to;
        (0..=to.days_since(self.from)).map(move |days| to.plus_days(-days))
    }
}

/// By what usage is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// By day, in UTC.
    #[default]
    Day,
    /// By the model asked for.
    Model,
    /// By the provider.
    Provider,
}

impl GroupBy {
    /// Every group there is.
    pub const ALL: [Self; 3] = [Self::Day, Self::Model, Self::Provider];

    /// The group as it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Provider => "provider",
        }
    }
}

/// What some calls used together. A sum is of the calls for which the number is known; where it is
/// known of none, it is `None`, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UsageSums {
    /// Times a provider was asked, once an attempt, whatever came of it.
    pub calls: u64,
    /// Those of them whose answer was taken.
    pub answers: u64,
    /// Tokens read.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Those of the tokens read that the provider had in its cache.
    pub cached_tokens: Option<u64>,
    /// Those of the tokens written that went to reasoning.
    pub reasoning_tokens: Option<u64>,
    /// What it cost, in micro-dollars.
    pub cost_micro_usd: Option<Cost>,
    /// Calls that may be charged for, and of which no token is known.
    pub calls_without_usage: u64,
    /// Calls of which tokens are known, and the cost is not.
    pub calls_without_price: u64,
}

/// Adds what is known.
pub(crate) fn add_known(sum: &mut Option<u64>, number: Option<u64>) {
    if let Some(number) = number {
        *sum = Some(sum.unwrap_or_default().saturating_add(number));
    }
}

impl std::ops::AddAssign for UsageSums {
    fn add_assign(&mut self, other: Self) {
        for (sum, number) in [
            (&mut self.calls, other.calls),
            (&mut self.answers, other.answers),
            (&mut self.calls_without_usage, other.calls_without_usage),
            (&mut self.calls_without_price, other.calls_without_price),
        ] {
            *sum = sum.saturating_add(number);
        }
        add_known(&mut self.input_tokens, other.input_tokens);
        add_known(&mut self.output_tokens, other.output_tokens);
        add_known(&mut self.cached_tokens, other.cached_tokens);
        add_known(&mut self.reasoning_tokens, other.reasoning_tokens);
        add_known(&mut self.cost_micro_usd, other.cost_micro_usd);
    }
}

impl std::iter::Sum for UsageSums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), |mut all, sums| {
            all += sums;
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_30_days_unless_told_and_366_at_most() {
        let today = Day::parse("2026-11-21").expect("a day");
        let range = |from: Option<&str>, to: Option<&str>| {
            let range = UsageRange::new(from.and_then(Day::parse), to.and_then(Day::parse), today)?;
            Ok((range.from().to_string(), range.days_backwards().count()))
        };
        let days = |from: &str, count| Ok((from.to_owned(), count));
        assert_eq!(range(None, None), days("2026-10-23", 30));
        assert_eq!(range(None, Some("2026-03-01")), days("2026-01-31", 30));
        assert_eq!(range(Some("2026-11-21"), None), days("2026-11-21", 1));
        assert_eq!(range(Some("2025-11-21"), None), days("2025-11-21", 366));
        assert_eq!(range(Some("2025-11-20"), None), Err(NoRange::TooLong));
        assert_eq!(range(Some("2026-11-22"), None), Err(NoRange::Backwards));
    }

    #[test]
    fn what_is_known_of_no_part_is_not_known_of_the_whole() {
        let one = UsageSums {
            calls: 2,
            input_tokens: Some(3),
            ..UsageSums::default()
        };
        let two = UsageSums {
            input_tokens: Some(4),
            output_tokens: Some(0),
            ..one
        };
        let sum: UsageSums = [one, two].into_iter().sum();
        assert_eq!((sum.calls, sum.input_tokens), (4, Some(7)));
        assert_eq!((sum.output_tokens, sum.cost_micro_usd), (Some(0), None));
    }
}

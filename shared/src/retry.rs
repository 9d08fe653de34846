//! When a failed attempt is tried again.
//!
//! This is the one module that names the `backoff` crate.
//! The crate is no longer maintained, so it gives only the exponential series; the jitter comes
//! from the entropy the caller passes, and the bounds are ours.

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff as _;
use std::time::Duration;

/// No delay is shorter, whatever a provider hints.
pub const SHORTEST_DELAY: Duration = Duration::from_millis(250);
/// No delay is longer: half of what the platform delays a message by at most. Who has to wait for
/// longer comes again in between.
pub const LONGEST_DELAY: Duration = Duration::from_hours(12);

/// Hints in a row that a throttled job follows even if its schedule would wait longer.
const TRUSTED_HINTS: u32 = 3;

/// After this many failures every schedule has long reached its cap.
const SERIES_LENGTH: u32 = 32;

/// Which series of delays a failure follows when the provider gives no hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// 2 s, doubling, at most 300 s.
    Standard,
    /// 0.5 s, doubling, at most 8 s: for failures that tend to be over at once.
    Fast,
    /// This many seconds, doubling, at most 300 s: for providers that ask for room.
    Base(u16),
}

impl Backoff {
    fn first(self) -> Duration {
        match self {
            Self::Standard => Duration::from_secs(2),
            Self::Fast => Duration::from_millis(500),
            Self::Base(seconds) => Duration::from_secs(u64::from(seconds)).max(SHORTEST_DELAY),
        }
    }

    const fn cap(self) -> Duration {
        match self {
            Self::Standard | Self::Base(_) => Duration::from_mins(5),
            Self::Fast => Duration::from_secs(8),
        }
    }
}

/// The delay before jitter: `first · 2^(failures − 1)`, never above the schedule's cap.
///
/// The `backoff` crate reads a clock to build its series, though with no limit on elapsed time the
/// reading decides nothing. On wasm32 that clock exists only with the crate's feature
/// `wasm-bindgen`, which our feature `cloudflare` switches on.
fn base(backoff: Backoff, failures: u32) -> Duration {
    let mut series = ExponentialBackoffBuilder::new()
        .with_initial_interval(backoff.first().min(backoff.cap()))
        .with_max_interval(backoff.cap())
        .with_multiplier(2.0)
        .with_randomization_factor(0.0)
        .with_max_elapsed_time(None)
        .build();
    let mut interval = backoff.cap();
    for _ in 0..failures.clamp(1, SERIES_LENGTH) {
        interval = series.next_backoff().unwrap_or(backoff.cap());
    }
    // Even without randomization the crate adds up to one nanosecond of its own randomness.
    let whole_millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(whole_millis)
}

/// How long to wait before the next attempt, between [`SHORTEST_DELAY`] and [`LONGEST_DELAY`].
///
/// `failures` counts the failures so far, this one included; 0 is read as 1.
/// `hint` is what the provider asked for: it wins, and jitter only lengthens it, by up to a tenth,
/// because coming back early is refused again. Without a hint the delay is a random half to whole
/// of the schedule's.
/// `unit` is a random number in `0.0..1.0`, as [`Entropy::unit`](crate::entropy::Entropy::unit)
/// gives it; anything outside is moved to the nearer end.
#[must_use]
pub fn delay(backoff: Backoff, failures: u32, hint: Option<Duration>, unit: f64) -> Duration {
    let unit = if unit.is_nan() {
        0.0
    } else {
        unit.clamp(0.0, 1.0)
    };
    let chosen = match hint {
        Some(hint) => within_bounds(hint).mul_f64(1.0 + 0.1 * unit),
        None => base(backoff, failures).mul_f64(0.5 + 0.5 * unit),
    };
    within_bounds(chosen)
}

/// How long a job waits that is throttled for the `series`-th time in a row, 1 the first.
///
/// The first `TRUSTED_HINTS` hints are taken at their word. A provider that hints at one second
/// again and again does not mean it: from then on the job waits at least as long as without a hint.
#[must_use]
pub fn throttled_delay(
    backoff: Backoff,
    series: u32,
    hint: Option<Duration>,
    unit: f64,
) -> Duration {
    let hinted = delay(backoff, series, hint, unit);
    if series <= TRUSTED_HINTS {
        hinted
    } else {
        hinted.max(delay(backoff, series, None, unit))
    }
}

/// The nearest delay we would wait.
#[must_use]
pub fn within_bounds(delay: Duration) -> Duration {
    delay.clamp(SHORTEST_DELAY, LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{
        Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };

    const LATEST: f64 = 1.0;

    fn seconds(backoff: Backoff, count: u32) -> Vec<f64> {
        (1..=count)
            .map(|failures| delay(backoff, failures, None, LATEST).as_secs_f64())
            .collect()
    }

    #[test]
    fn delays_double_up_to_their_cap() {
        assert_eq!(
            seconds(Backoff::Standard, 10),
            [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]
        );
        assert_eq!(seconds(Backoff::Fast, 6), [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]);
        assert_eq!(
            seconds(Backoff::Base(5), 8),
            [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]
        );
    }

    #[test]
    fn jitter_takes_at_most_half_of_a_delay() {
        assert_eq!(
            delay(Backoff::Standard, 1, None, 0.0),
            Duration::from_secs(1)
        );
        assert_eq!(delay(Backoff::Fast, 1, None, 0.0), SHORTEST_DELAY);
    }

    #[test]
    fn a_hint_wins_and_jitter_only_lengthens_it() {
        let hint = Some(Duration::from_secs(20));
        assert_eq!(delay(Backoff::Fast, 9, hint, 0.0), Duration::from_secs(20));
        assert_eq!(delay(Backoff::Fast, 9, hint, 1.0), Duration::from_secs(22));
    }

    #[test]
    fn from_the_fourth_time_on_a_throttled_job_waits_as_long_as_without_a_hint() {
        let waits = |hint: u64| -> Vec<f64> {
            let hint = Some(Duration::from_secs(hint));
            (1..=6)
                .map(|series| throttled_delay(Backoff::Base(5), series, hint, 0.0).as_secs_f64())
                .collect()
        };
        // Half of 40, 80 and 160 seconds.
        assert_eq!(waits(1), [1.0, 1.0, 1.0, 20.0, 40.0, 80.0]);
        assert_eq!(waits(60), [60.0, 60.0, 60.0, 60.0, 60.0, 80.0]);
        assert_eq!(
            throttled_delay(Backoff::Base(5), 5, None, 1.0),
            delay(Backoff::Base(5), 5, None, 1.0)
        );
    }

    #[test]
    fn no_failure_yet_counts_as_the_first() {
        assert_eq!(
            delay(Backoff::Standard, 0, None, LATEST),
            delay(Backoff::Standard, 1, None, LATEST)
        );
    }

    #[test]
    fn a_base_above_the_cap_starts_at_the_cap() {
        assert_eq!(
            delay(Backoff::Base(u16::MAX), 1, None, LATEST),
            Duration::from_mins(5)
        );
    }

    fn any_backoff() -> impl Strategy<Value = Backoff> {
        prop_oneof![
            Just(Backoff::Standard),
            Just(Backoff::Fast),
            any::<u16>().prop_map(Backoff::Base),
        ]
    }

    proptest! {
        #[test]
        fn every_delay_is_within_bounds(
            backoff in any_backoff(),
            failures in any::<u32>(),
            hint in any::<Option<Duration>>(),
            unit in any::<f64>(),
        ) {
            let delay = delay(backoff, failures, hint, unit);
            prop_assert!((SHORTEST_DELAY..=LONGEST_DELAY).contains(&delay), "{delay:?}");
        }

        #[test]
        fn the_base_never_shrinks_and_is_the_same_each_time(
            backoff in any_backoff(),
            failures in 1_u32..200,
        ) {
            prop_assert!(base(backoff, failures) <= base(backoff, failures + 1));
            prop_assert!(base(backoff, failures) <= backoff.cap());
            prop_assert_eq!(base(backoff, failures), base(backoff, failures));
        }
    }
}

//! When a job that met an open circuit comes again.
//!
//! Two things are weighed: each return that finds the circuit still open costs a claim and a
//! commit, and each second of waiting after it closed is a second lost.
//!
//! A job comes back at the end of the opening plus a random wait of at most a *spread*. The spread
//! is a sixth of the time since the circuit left `closed`, at least 10 s and at most 5 minutes. So
//! the end of an outage is felt by every job within a sixth of its length. The earlier part of the
//! spread is given to few (the square root of an even random number): a few have to come early,
//! because the first of them probes.
//!
//! What that comes to, for 1,000 jobs and a provider that asks for 5 s at a time: an opening is
//! half over on average when a job meets it, so a job comes back after 2.5 s and two thirds of the
//! spread. During the first minute the spread is 10 s: 9.2 s from one return to the next, or 109
//! returns a second of all jobs together, and when the circuit closes all of them come within
//! 10 s. After half an hour the spread is 5 minutes: 5 returns a second.

use super::CircuitState;
use super::state::Opening;
use crate::clock::Instant;

/// The part of an outage's length over which jobs come back.
const PART_OF_OUTAGE: i64 = 6;
const SHORTEST_SPREAD_MS: i64 = 10_000;
const LONGEST_SPREAD_MS: i64 = 300_000;

/// While another attempt probes, the soonest a job comes back: most probes have ended by then.
const PROBE_MS: i64 = 2_000;

/// When a job comes again that met `opening` at `now` and has to begin before `deadline_at`.
///
/// `unit` is a random number in `0.0..1.0`. The answer lies after the deadline only when the
/// circuit is open until then; the spread alone never leads past it.
pub(crate) fn come_again(
    state: CircuitState,
    opening: &Opening,
    now: Instant,
    deadline_at: Instant,
    unit: f64,
) -> Instant {
    let soonest = match state {
        CircuitState::Open => opening.until,
        CircuitState::HalfOpen => now.plus_millis(PROBE_MS),
    };
    let age = now.millis_since(opening.opened_at);
    let left = deadline_at.millis_since(soonest).max(0);
    let spread = (age / PART_OF_OUTAGE)
        .clamp(SHORTEST_SPREAD_MS, LONGEST_SPREAD_MS)
        .min(left / 2);
    soonest.plus_millis(part(spread, unit.clamp(0.0, 1.0).sqrt()))
}

/// `part` of some milliseconds, for a part in `0.0..=1.0`.
pub(crate) fn part(millis: i64, part: f64) -> i64 {
    let millis = std::time::Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    i64::try_from(millis.mul_f64(part).as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_code::ErrorCode;
    use proptest::prelude::{prop_assert, proptest};

    const START: Instant = Instant::from_millis(1_795_000_000_000);

    fn opening(until_ms: i64) -> Opening {
        Opening {
            code: ErrorCode::ProviderRateLimited,
            opened_at: START,
            until: START.plus_millis(until_ms),
        }
    }

    fn waits(state: CircuitState, now_ms: i64, until_ms: i64, unit: f64) -> i64 {
        let now = START.plus_millis(now_ms);
        let deadline_at = START.plus_seconds(86_400);
        come_again(state, &opening(until_ms), now, deadline_at, unit).millis_since(now)
    }

    #[test]
    fn the_spread_is_a_sixth_of_the_outage_within_bounds() {
        let hour = 3_600_000;
        assert_eq!(waits(CircuitState::Open, 0, 5_000, 0.0), 5_000);
        assert_eq!(waits(CircuitState::Open, 0, 5_000, 1.0), 15_000);
        assert_eq!(waits(CircuitState::Open, 60_000, 65_000, 1.0), 15_000);
        assert_eq!(waits(CircuitState::Open, 600_000, 615_000, 1.0), 115_000);
        assert_eq!(waits(CircuitState::Open, hour, hour + 1, 1.0), 300_001);
        assert_eq!(waits(CircuitState::HalfOpen, 0, 125_000, 0.0), 2_000);
        assert_eq!(waits(CircuitState::HalfOpen, 0, 125_000, 1.0), 12_000);
    }

    #[test]
    fn a_tenth_of_the_jobs_comes_in_the_first_third_of_the_spread() {
        let come = (0_u32..1_000).map(|number| {
            let unit = f64::from(number) / 1_000.0;
            waits(CircuitState::Open, 0, 5_000, unit) - 5_000
        });
        let early = come.filter(|wait| *wait < 10_000 / 3).count();
        assert!((100..=120).contains(&early), "{early}");
    }

    proptest! {
        #[test]
        fn nobody_comes_before_the_opening_ends_or_misses_a_deadline_for_the_spread(
            now_ms in 0_i64..100_000_000,
            length_ms in 1_i64..1_000_000,
            deadline_ms in 0_i64..1_000_000,
            unit in 0.0..1.0,
        ) {
            let now = START.plus_millis(now_ms);
            let opening = opening(now_ms + length_ms);
            let deadline_at = now.plus_millis(deadline_ms);
            let due = come_again(CircuitState::Open, &opening, now, deadline_at, unit);
            prop_assert!(due >= opening.until);
            prop_assert!(due < deadline_at || opening.until >= deadline_at);
            prop_assert!(due.millis_since(opening.until) <= LONGEST_SPREAD_MS);
        }
    }
}

//! The pace of a replay: so many letters a second, evenly, whatever the steps cost.

use crate::clock::Instant;

/// Letters that one step puts back at most: what a queue takes in one call.
pub const TOGETHER: u32 = 100;

/// What is behind, after a pause of the platform, is made up for by steps that follow each other by
/// this much less, as a part of 15: at 15/14 of the pace, and never at more.
const HURRY_PARTS: i64 = 14;

/// So many letters a second from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    per_second: u32,
    since: Instant,
    counted: u64,
}

impl Pace {
    /// The pace from `since` on, when `counted` letters had been put back already.
    #[must_use]
    pub fn new(per_second: u32, since: Instant, counted: u64) -> Self {
        Self {
            per_second: per_second.max(1),
            since,
            counted,
        }
    }

    /// Letters of one step.
    #[must_use]
    pub fn together(self) -> u32 {
        self.per_second.min(TOGETHER)
    }

    /// How many letters may be put back at `now`, when `done` have been: at least one, so that a
    /// step that is due does something, and at most those of one step.
    #[must_use]
    pub fn allowed(self, now: Instant, done: u64) -> u32 {
        let millis = u64::try_from(now.millis_since(self.since)).unwrap_or_default();
        let owed = millis.saturating_mul(u64::from(self.per_second)) / 1_000;
        let behind = owed.saturating_sub(done.saturating_sub(self.counted));
        u32::try_from(behind)
            .unwrap_or(u32::MAX)
            .clamp(1, self.together())
    }

    /// When the step is due after one at `now`, with which `done` letters have been put back.
    #[must_use]
    pub fn next(self, now: Instant, done: u64) -> Instant {
        let together = u64::from(self.together());
        let owed = done.saturating_sub(self.counted).saturating_add(together);
        let on_time = self.since.plus_millis(self.millis_of(owed));
        on_time.max(now.plus_millis(self.millis_of(together) * HURRY_PARTS / 15))
    }

    /// How long so many letters take.
    fn millis_of(self, letters: u64) -> i64 {
        let millis = letters.saturating_mul(1_000);
        i64::try_from(millis.div_ceil(u64::from(self.per_second))).unwrap_or(i64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Instant = Instant::from_millis(1_795_000_000_000);

    /// Runs for so many steps, each late by what is given; answers what was put back when.
    fn run(per_second: u32, lateness: &[i64]) -> Vec<(Instant, u32)> {
        let pace = Pace::new(per_second, START, 7);
        let (mut due_at, mut done, mut steps) = (pace.next(START, 7), 7, Vec::new());
        for late in lateness {
            let now = due_at.plus_millis(*late);
            let letters = pace.allowed(now, done);
            done += u64::from(letters);
            steps.push((now, letters));
            due_at = pace.next(now, done);
        }
        steps
    }

    #[test]
    fn a_slow_pace_is_a_letter_a_second_and_a_fast_one_a_hundred_together() {
        for (per_second, millis, letters) in [(1, 1_000, 1), (10, 1_000, 10), (500, 200, 100)] {
            let steps = run(per_second, &[0; 50]);
            for (number, (at, put_back)) in (1..).zip(steps) {
                assert_eq!(at, START.plus_millis(number * millis), "{per_second}");
                assert_eq!(put_back, letters, "{per_second}");
            }
        }
    }

    #[test]
    fn a_pause_is_made_up_for_without_a_burst() {
        let mut lateness = vec![0; 200];
        lateness[20] = 5_000;
        let steps = run(10, &lateness);
        let (stopped, resumed) = (steps[19].0, steps[20].0);
        assert_eq!(resumed.millis_since(stopped), 6_000);
        assert!(steps.iter().all(|(_, letters)| *letters == 10));
        let gap = |two: &[(Instant, u32)]| two[1].0.millis_since(two[0].0);
        let gaps: Vec<i64> = steps[20..].windows(2).map(gap).collect();
        assert!(gaps.iter().all(|gap| (933..=1_000).contains(gap)));
        assert_eq!(gaps[gaps.len() - 1], 1_000, "it is on time again");
        let end = steps[199].0;
        assert_eq!(end, START.plus_seconds(200));
    }

    proptest! {
        #[test]
        fn the_pace_is_kept_within_a_tenth(
            per_second in 1_u32..=500,
            lateness in proptest::collection::vec(0_i64..60, 200..300),
        ) {
            let steps = run(per_second, &lateness);
            let (end, _) = steps[steps.len() - 1];
            let letters: u32 = steps.iter().map(|(_, letters)| letters).sum();
            let taken = f64::from(letters) * 1_000.0;
            let rate = taken / f64::from(i32::try_from(end.millis_since(START)).expect("small"));
            let asked = f64::from(per_second);
            prop_assert!(rate <= asked * 1.001 && rate >= asked * 0.9, "{rate} of {asked}");
        }

        #[test]
        fn it_is_never_faster_than_a_tenth_more(
            per_second in 1_u32..=500,
            lateness in proptest::collection::vec(0_i64..20_000, 20..40),
        ) {
            let steps = run(per_second, &lateness);
            for two in steps.windows(2) {
                let millis = i64::from(two[1].1) * 1_000;
                let gap = two[1].0.millis_since(two[0].0);
                prop_assert!(millis <= gap * i64::from(per_second) * 11 / 10 + 2_000);
            }
        }
    }
}

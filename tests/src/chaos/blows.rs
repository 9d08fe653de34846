//! What befalls the Workers, and when.

use std::time::Duration;

use xtask::faults::{CallFaults, Faults};

use super::Day;
use crate::simulator::random;

/// How long a late commit is held: longer than the lease of a delivery lasts.
pub(super) const LATE: Duration = Duration::from_secs(20);

/// One thing that befalls the Workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// The runtime is killed.
    Kill,
    /// A commit reaches the database when its lease is over, and somebody else may have run its
    /// jobs.
    LateCommit,
}

/// What befalls the Workers of a day, each with the number of ended jobs at which it does: between
/// 5 % and 85 % of them, as the seed says. The last one comes first.
pub(super) fn of(day: &Day) -> Vec<(u64, Blow)> {
    let kills = (0..day.kills).map(|_| Blow::Kill);
    let late = (0..day.late_commits).map(|_| Blow::LateCommit);
    let jobs = u64::from(day.jobs);
    let span = (jobs * 8 / 10).max(1);
    let moment = |number: u64| jobs / 20 + random::mix(&[day.seed.into(), number]) % span;
    let mut blows: Vec<(u64, Blow)> = (0..).map(moment).zip(kills.chain(late)).collect();
    blows.sort_unstable_by_key(|(moment, _)| std::cmp::Reverse(*moment));
    blows
}

/// What has the next commit come late.
pub(super) fn late_commit(seed: u32) -> Faults {
    let mut faults = Faults {
        seed,
        ..Faults::default()
    };
    faults.consumer.database = CallFaults {
        hold_before_ms: u32::try_from(LATE.as_millis()).unwrap_or(u32::MAX),
        only: Some("INSERT INTO task_results".to_owned()),
        times: Some(1),
        ..CallFaults::default()
    };
    faults
}

#[cfg(test)]
mod tests {
    use super::{Blow, Day, of};

    fn day(seed: u32) -> Day {
        Day {
            jobs: 1_000,
            kills: 3,
            late_commits: 2,
            seed,
            ..Day::default()
        }
    }

    #[test]
    fn blows_depend_on_the_seed_and_fall_while_jobs_run() {
        assert_eq!(of(&day(1)), of(&day(1)));
        assert_ne!(of(&day(1)), of(&day(2)));
        let blows = of(&day(1));
        assert!(blows.is_sorted_by(|(one, _), (other, _)| one >= other));
        assert!(blows.iter().all(|(moment, _)| (50..850).contains(moment)));
        let kills = blows.iter().filter(|(_, blow)| *blow == Blow::Kill);
        assert_eq!((kills.count(), blows.len()), (3, 5));
    }
}

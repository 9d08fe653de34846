//! Faults that are drawn by the seed.

use std::time::Duration;

use axum::http::StatusCode;

use crate::simulator::ledger::Turn;
use crate::simulator::random;
use crate::simulator::reply::{Broken, GOOD, Reply, Shape, status};

/// Which faults are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faults {
    /// Those that cost the caller no time.
    Quick,
    /// Every kind that may pass by itself.
    All,
}

/// Faults that may pass by themselves, and are over at once.
const QUICK: [Reply; 8] = [
    status(StatusCode::TOO_MANY_REQUESTS, Some(1)),
    status(StatusCode::INTERNAL_SERVER_ERROR, None),
    status(StatusCode::BAD_GATEWAY, None),
    status(StatusCode::SERVICE_UNAVAILABLE, None),
    Reply::Broken(Broken::Drop),
    Reply::ErrorInBody,
    Reply::Broken(Broken::Reset),
    Reply::Broken(Broken::Truncated),
];

/// What joins the quick faults where every kind is drawn: as many again.
const OTHERS: [Reply; 8] = [
    status(StatusCode::TOO_MANY_REQUESTS, Some(1)),
    status(StatusCode::SERVICE_UNAVAILABLE, Some(1)),
    status(StatusCode::GATEWAY_TIMEOUT, None),
    Reply::Broken(Broken::Html),
    Reply::Completion(Shape::NoChoices),
    Reply::Broken(Broken::Drop),
    Reply::Broken(Broken::Reset),
    SLOW,
];

/// A good answer that lets others pass it.
const SLOW: Reply = Reply::Slow(Duration::from_millis(300));

/// One fault in this many hangs, where every kind is drawn: each takes as long as the caller waits.
const HANGS_ONE_IN: u64 = 100;

/// The reply to a call: good, or with this probability a fault.
pub(crate) fn reply(faults: Faults, turn: Turn, seed: u64, fault_rate: f64) -> Reply {
    let mixed = random::mix(&[seed, turn.job, turn.call]);
    if !random::happens(fault_rate, mixed) {
        return GOOD;
    }
    let choice = random::mix(&[mixed]);
    let [which, ..] = choice.to_be_bytes();
    let mut drawn = QUICK.iter().chain(&OTHERS).cycle();
    match faults {
        Faults::All if choice.is_multiple_of(HANGS_ONE_IN) => Reply::Hang,
        Faults::All => drawn.nth(which.into()).copied().unwrap_or(GOOD),
        Faults::Quick => {
            let mut quick = QUICK.iter().cycle();
            quick.nth(which.into()).copied().unwrap_or(GOOD)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Faults, GOOD, OTHERS, QUICK, Reply, SLOW, reply};
    use crate::simulator::ledger::Turn;

    /// What the first calls of this many jobs get.
    fn drawn(faults: Faults, jobs: u64, seed: u64, fault_rate: f64) -> Vec<Reply> {
        (0..jobs)
            .map(|job| reply(faults, Turn::first(job), seed, fault_rate))
            .collect()
    }

    #[test]
    fn draw_depends_on_seed_job_and_call_alone() {
        let draw = |seed| -> Vec<Reply> {
            (0..200)
                .map(|i| Turn {
                    call: i % 4,
                    ..Turn::first(i / 4)
                })
                .map(|turn| reply(Faults::Quick, turn, seed, 0.5))
                .collect()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn quick_faults_are_all_drawn_and_no_others() {
        let drawn = drawn(Faults::Quick, 1_000, 3, 1.0);
        for fault in QUICK {
            assert!(drawn.contains(&fault), "{fault:?}");
        }
        assert!(drawn.iter().all(|reply| QUICK.contains(reply)));
    }

    #[test]
    fn every_kind_is_drawn_and_few_hang() {
        let drawn = drawn(Faults::All, 10_000, 3, 1.0);
        for fault in QUICK.iter().chain(&OTHERS) {
            assert!(drawn.contains(fault), "{fault:?}");
        }
        let hangs = drawn.iter().filter(|reply| **reply == Reply::Hang).count();
        assert!((50..=150).contains(&hangs), "{hangs}");
        let good = |reply: &&Reply| !reply.is_fault() && **reply != SLOW;
        assert_eq!(drawn.iter().find(good), None);
    }

    #[test]
    fn fault_rate_says_how_many_are_good() {
        let good = |fault_rate| {
            let drawn = drawn(Faults::All, 10_000, 3, fault_rate);
            drawn.iter().filter(|reply| **reply == GOOD).count()
        };
        assert_eq!(good(0.0), 10_000);
        assert!((7_850..=8_150).contains(&good(0.2)));
    }
}

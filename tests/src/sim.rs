//! The simulation: many runs of the use cases side by side, moved on effect by effect, in a world
//! whose database, queues, cache, clock and provider fail as a seed decides.
//!
//! Everything a use case reaches out to is one effect, and before each effect a run waits at a
//! gate. The scheduler lets one effect take place at a time, well or badly, lets runs die between
//! two effects, loses and copies messages, and lets time pass. A witness sees every effect, reads
//! the tables after each transaction that changed something, and holds both against the invariants.
//!
//! A world ends with a quiet time without faults, after which every job has to be terminal.
//! The database is `SQLite` with the statements the product runs, word for word, but for the one by
//! which a step reads its batch: there it finds so little room that a few lines take several steps.

mod begin;
mod begin_many;
mod breach;
mod control;
mod core;
mod ending;
mod ending_many;
mod episode;
mod gate;
mod generator;
mod ground;
mod kept;
mod lane;
mod moods;
mod operation;
mod plans;
mod ports;
mod quiet;
mod random;
mod replies;
mod report;
mod run;
mod shape;
mod shrink;
mod upload;
mod witness;
mod world;

pub use breach::{Breach, Invariant};
pub use control::Control;
pub use episode::{Setting, Story, draw, play};
pub use ground::Ground;
pub use operation::{Operation, Outcome, Reply, Stray, Trouble, Way, Wish};
pub use report::Totals;
pub use shrink::shrink;

use random::Random;

/// How long to go on, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Decides everything that looks random.
    pub seed: u64,
    /// Operations in all.
    pub operations: u64,
    /// The invariants that are judged; every one when empty.
    pub watched: &'a [Invariant],
}

/// A breach that was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The number of the world, from 0.
    pub episode: u64,
    /// The seed of the world.
    pub seed: u64,
    /// What did not hold.
    pub breach: Breach,
    /// What had happened.
    pub operations: Vec<Operation>,
}

impl Finding {
    /// What the world was made from, by the plan it was found with.
    #[must_use]
    pub const fn setting<'a>(&self, plan: Plan<'a>) -> Setting<'a> {
        Setting {
            seed: self.seed,
            watched: plan.watched,
        }
    }
}

/// Plays worlds one after the other until there were enough operations or a breach is found.
///
/// # Errors
/// If the ground cannot be cleared.
pub fn simulate(ground: &Ground, plan: Plan<'_>) -> anyhow::Result<(Totals, Option<Finding>)> {
    let mut totals = Totals::default();
    let mut seeds = Random::new(plan.seed);
    while totals.operations < plan.operations {
        let setting = Setting {
            seed: seeds.next(),
            watched: plan.watched,
        };
        let story = draw(ground, setting, plan.operations - totals.operations)?;
        let episode = totals.episodes;
        totals += story.totals;
        if let Some(breach) = story.breach {
            let finding = Finding {
                episode,
                seed: setting.seed,
                breach,
                operations: story.operations,
            };
            return Ok((totals, Some(finding)));
        }
    }
    Ok((totals, None))
}

//! What a world is given to: drawn once, so that in some worlds things happen that are rare in others.

use super::operation::Reply;
use super::random::Random;

/// What a world is given to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moods {
    /// How many jobs there are at most that have not ended.
    pub(crate) jobs: usize,
    pub(crate) runs: usize,
    pub(crate) delivery: u8,
    pub(crate) deadly_percent: u32,
    pub(crate) fault_percent: u32,
    /// How often the provider answers, in a hundred.
    pub(crate) answer_percent: u32,
    /// What it mostly says else.
    pub(crate) reply: Reply,
    pub(crate) crash: u32,
    pub(crate) kill: u32,
    pub(crate) queue_trouble: u32,
    pub(crate) wear: u32,
    pub(crate) cancel: u32,
    pub(crate) once: u32,
    pub(crate) replay: u32,
    pub(crate) read: u32,
    pub(crate) batch: u32,
    pub(crate) cancel_batch: u32,
    /// How often replays of many begin, and are told what to do.
    pub(crate) replays: u32,
    pub(crate) purge: u32,
    /// The longest leap of time that is usual here, in milliseconds.
    pub(crate) leap: u32,
    pub(crate) finish: u32,
    /// The longest leap of all, in days.
    pub(crate) days: u32,
    /// How often, in a hundred, it is the newest run that goes on, and the older ones stall.
    pub(crate) newest_percent: u32,
    /// How often leases run out while runs are under way, beside the other leaps.
    pub(crate) stall: u32,
    /// How often, in a hundred, something is planned.
    pub(crate) plan_percent: u32,
    /// The same, of many jobs at once.
    pub(crate) many_percent: u32,
}

impl Moods {
    /// Moods as the numbers have it.
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut one = |choices: &[u32]| random.pick(choices).unwrap_or_default();
        Self {
            jobs: usize::try_from(one(&[1, 3, 8, 15, 30])).unwrap_or(1),
            runs: usize::try_from(one(&[1, 2, 4, 8])).unwrap_or(1),
            delivery: u8::try_from(one(&[1, 3, 10])).unwrap_or(1),
            deadly_percent: one(&[0, 0, 10, 40]),
            fault_percent: one(&[0, 1, 5, 20, 50, 80]),
            answer_percent: one(&[0, 30, 80, 95]),
            crash: one(&[0, 1, 5]),
            kill: one(&[0, 0, 1]),
            queue_trouble: one(&[0, 1, 6]),
            wear: one(&[0, 0, 1, 10]),
            cancel: one(&[0, 1, 4]),
            once: one(&[0, 0, 8]),
            replay: one(&[0, 3, 10]),
            read: one(&[0, 2]),
            batch: one(&[0, 0, 2, 6]),
            cancel_batch: one(&[0, 0, 2]),
            replays: one(&[0, 2, 10]),
            purge: one(&[0, 0, 0, 2]),
            leap: one(&[
                2_000, 20_000, 60_000, 200_000, 400_000, 1_200_000, 90_000_000,
            ]),
            finish: one(&[0, 2, 20]),
            days: one(&[0, 0, 1, 8, 31, 49]),
            newest_percent: one(&[0, 0, 50, 90]),
            stall: one(&[0, 4, 20]),
            plan_percent: one(&[0, 0, 2, 5]),
            many_percent: one(&[0, 3, 10]),
            reply: random.pick(&Reply::ALL).unwrap_or(Reply::Answer),
        }
    }
}

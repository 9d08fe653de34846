//! Draws operations from a seed: each world has moods of its own, so that rare things meet.

use super::core::lock;
use super::gate::Effect;
use super::moods::Moods;
use super::operation::{Operation, Outcome, Reply, Stray, Trouble};
use super::random::Random;
use super::shape::{DEADLY_SHAPE, HARMLESS};
use super::world::World;
use redrive_shared::job::JobState;
use std::collections::VecDeque;

/// Jobs of a world at most: the tables are read after every transaction.
const JOBS: usize = 40;

/// Draws the operations of one world.
pub(crate) struct Generator {
    random: Random,
    moods: Moods,
    /// What happens next, come what may.
    planned: VecDeque<Choice>,
}

/// The kinds of operations, for drawing.
#[derive(Clone, Copy)]
enum Choice {
    Submit,
    SubmitOnce,
    Deliver,
    Duplicate,
    Drop,
    Wear,
    Stray,
    Letters,
    Sweep,
    Cancel,
    Replay,
    Read,
    Step,
    Finish,
    Crash,
    Kill,
    Advance,
    /// The leases of the runs under way run out.
    OutliveLease,
    /// The run that began last goes on to its end.
    FinishNewest,
    /// The run that began first goes on to its end.
    FinishOldest,
    /// The run that began last goes on by one effect.
    StepNewest,
}

/// A run outlives its lease, the job is given to another run, and the first one goes on.
const LATE: [Choice; 6] = [
    Choice::OutliveLease,
    Choice::Sweep,
    Choice::FinishNewest,
    Choice::Deliver,
    Choice::FinishNewest,
    Choice::FinishOldest,
];

/// The same, and the second run is under way when the first one ends.
const LATE_BEFORE_THE_NEXT: [Choice; 6] = [
    Choice::OutliveLease,
    Choice::Sweep,
    Choice::FinishNewest,
    Choice::Deliver,
    Choice::StepNewest,
    Choice::FinishOldest,
];

/// A job is cancelled while a run has it.
const CANCELLED: [Choice; 3] = [Choice::Cancel, Choice::FinishNewest, Choice::FinishOldest];

impl Generator {
    /// The operations of the world with this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self {
            moods: Moods::draw(&mut random),
            random,
            planned: VecDeque::new(),
        }
    }

    /// What happens next in `world`.
    pub(crate) fn next(&mut self, world: &World) -> Operation {
        if let Some(choice) = self.planned.pop_front() {
            return self.operation(choice, world);
        }
        if !world.runs.is_empty() && self.random.percent(self.moods.plan_percent) {
            let plans: [&[Choice]; 3] = [&LATE, &LATE_BEFORE_THE_NEXT, &CANCELLED];
            let plan = self.random.pick(&plans).unwrap_or_default();
            self.planned.extend(plan);
        }
        let choices = self.choices(world);
        let choice = self.random.weighted(&choices).unwrap_or(Choice::Advance);
        self.operation(choice, world)
    }

    fn choices(&self, world: &World) -> [(u32, Choice); 17] {
        let moods = self.moods;
        let now = world.core.now();
        let (due, queued) = {
            let lane = lock(&world.core.jobs);
            (lane.due(now), lane.len())
        };
        let letters = lock(&world.core.letters).due(now);
        let (jobs, unfinished, dead) = {
            let witness = lock(&world.core.witness);
            let there = witness.jobs().values().filter(|known| !known.gone);
            let dead = there
                .clone()
                .filter(|known| known.row.state == JobState::DeadLettered);
            (there.count(), witness.unfinished().count(), dead.count())
        };
        let live = world.runs.len();
        let room = live < moods.runs;
        let when = |possible: bool, weight: u32| if possible { weight } else { 0 };
        let idle = live == 0 && due == 0;
        [
            (
                when(room && unfinished < moods.jobs && jobs < JOBS, 12),
                Choice::Submit,
            ),
            (when(room && jobs < JOBS, moods.once), Choice::SubmitOnce),
            (when(room && due > 0, 20), Choice::Deliver),
            (when(queued > 0, moods.queue_trouble), Choice::Duplicate),
            (when(queued > 0, moods.queue_trouble), Choice::Drop),
            (when(queued > 0, moods.wear), Choice::Wear),
            (when(room, moods.queue_trouble.min(1)), Choice::Stray),
            (when(room && letters > 0, 4), Choice::Letters),
            (when(room, if idle { 10 } else { 3 }), Choice::Sweep),
            (when(room && jobs > 0, moods.cancel), Choice::Cancel),
            (when(room && dead > 0, moods.replay), Choice::Replay),
            (when(room && jobs > 0, moods.read), Choice::Read),
            (when(live > 0, 60), Choice::Step),
            (when(live > 0, moods.finish), Choice::Finish),
            (when(live > 0, moods.crash), Choice::Crash),
            (when(live > 0, moods.kill), Choice::Kill),
            (if idle { 20 } else { 6 }, Choice::Advance),
        ]
    }

    fn operation(&mut self, choice: Choice, world: &World) -> Operation {
        let byte = self.random.byte();
        match choice {
            Choice::Submit => self.submit(),
            Choice::SubmitOnce => {
                let Operation::Submit(shape) = self.submit() else {
                    return Operation::Sweep;
                };
                Operation::SubmitOnce(1 + byte % 4, shape)
            }
            Choice::Deliver => {
                let count = 1 + self.random.byte() % self.moods.delivery.max(1);
                Operation::Deliver(byte, count)
            }
            Choice::Duplicate => Operation::Duplicate(byte),
            Choice::Drop => Operation::Drop(byte),
            Choice::Wear => {
                let deliveries = self.random.pick(&[3, 48, 55, 55, 101]).unwrap_or_default();
                Operation::Wear(byte, deliveries)
            }
            Choice::Stray => {
                let strays = [Stray::Garbage, Stray::NotText, Stray::Version, Stray::Ghost];
                Operation::Stray(self.random.pick(&strays).unwrap_or(Stray::Garbage))
            }
            Choice::Letters => Operation::DeliverLetters(1 + byte % 10),
            Choice::Sweep => Operation::Sweep,
            Choice::Cancel => Operation::Cancel(byte),
            Choice::Replay => {
                let key = self.random.pick(&[0, 0, 1, 2, 128]).unwrap_or_default();
                let dead = self.dead(world);
                let job = if self.random.percent(80) { dead } else { byte };
                Operation::Replay(job, key)
            }
            Choice::Read => Operation::Read(byte, self.random.percent(20)),
            Choice::Step => self.step(world),
            Choice::Finish => Operation::Finish(byte),
            Choice::Crash => Operation::Crash(byte),
            Choice::Kill => Operation::Kill,
            Choice::Advance => self.advance(),
            Choice::OutliveLease => Operation::Advance(301_000),
            Choice::FinishNewest => Operation::Finish(newest(world)),
            Choice::FinishOldest => Operation::Finish(0),
            Choice::StepNewest => Operation::Step(newest(world), 0, Outcome::Good),
        }
    }

    /// The index of a dead letter.
    fn dead(&mut self, world: &World) -> u8 {
        let witness = lock(&world.core.witness);
        let dead: Vec<u8> = (0_u8..)
            .zip(witness.jobs().values())
            .filter(|(_, known)| known.row.state == JobState::DeadLettered && !known.gone)
            .map(|(index, _)| index)
            .collect();
        self.random.pick(&dead).unwrap_or_default()
    }

    fn submit(&mut self) -> Operation {
        let shape = if self.random.percent(self.moods.deadly_percent) {
            DEADLY_SHAPE
        } else {
            self.random.pick(&HARMLESS).unwrap_or_default()
        };
        let tenant = self.random.byte() % 2;
        Operation::Submit(shape | (tenant << 3))
    }

    fn advance(&mut self) -> Operation {
        let usual = self.random.below(self.moods.leap) + 1;
        let leaps = [
            (20, usual),
            (4, 500),
            (4, 5_000),
            (2, 61_000),
            (self.moods.stall, 181_000),
            (self.moods.stall / 2, 301_000),
            (1, 3_600_000),
            (1, self.moods.days * 86_400_000),
        ];
        Operation::Advance(self.random.weighted(&leaps).unwrap_or(1_000))
    }

    fn step(&mut self, world: &World) -> Operation {
        let run = if self.random.percent(self.moods.newest_percent) {
            newest(world)
        } else {
            self.random.byte()
        };
        let effect = self.random.byte() % 8;
        let outcome = match world.waiting(run, effect) {
            Some(Effect::Call { .. }) => Outcome::Reply(self.reply()),
            Some(Effect::Sleep(_)) | None => Outcome::Good,
            Some(
                effect @ (Effect::Database
                | Effect::Send
                | Effect::Backlog
                | Effect::CacheGet
                | Effect::CachePut),
            ) => self.outcome(effect),
        };
        Operation::Step(run, effect, outcome)
    }

    fn reply(&mut self) -> Reply {
        if self.random.percent(self.moods.answer_percent) {
            Reply::Answer
        } else if self.random.percent(60) {
            self.moods.reply
        } else {
            self.random.pick(&Reply::ALL).unwrap_or(Reply::Answer)
        }
    }

    fn outcome(&mut self, effect: Effect) -> Outcome {
        if !self.random.percent(self.moods.fault_percent) {
            return Outcome::Good;
        }
        let troubles = [
            (6, Trouble::Transient),
            (2, Trouble::Overloaded),
            (1, Trouble::Unknown),
        ];
        let trouble = self
            .random
            .weighted(&troubles)
            .unwrap_or(Trouble::Transient);
        if effect == Effect::CacheGet && self.random.percent(50) {
            return Outcome::Stale;
        }
        if self.random.percent(50) {
            Outcome::Before(trouble)
        } else {
            Outcome::After(trouble)
        }
    }
}

/// The index of the run that began last.
fn newest(world: &World) -> u8 {
    u8::try_from(world.runs.len().saturating_sub(1)).unwrap_or_default()
}

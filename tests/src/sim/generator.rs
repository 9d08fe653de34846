//! Draws operations from a seed: each world has moods of its own, so that rare things meet.

use super::core::lock;
use super::gate::Effect;
use super::moods::Moods;
use super::operation::{Operation, Outcome, Reply, Stray, Trouble, Way, Wish};
use super::plans::{Choice, PLANS, PLANS_OF_MANY};
use super::random::Random;
use super::shape::{DEADLY_SHAPE, HARMLESS};
use super::upload::LINES;
use super::world::World;
use redrive_shared::job::JobState;
use std::collections::VecDeque;

/// Jobs of a world at most: the tables are read after every transaction.
const JOBS: usize = 40;

/// Batches of a world at most.
const BATCHES: usize = 4;

/// Draws the operations of one world.
pub(crate) struct Generator {
    random: Random,
    moods: Moods,
    /// What happens next, come what may.
    planned: VecDeque<Choice>,
}

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
            let plan = self.random.pick(&PLANS).unwrap_or_default();
            self.planned.extend(plan);
        } else if self.random.percent(self.moods.many_percent) {
            let plan = self.plan_of_many(world);
            self.planned.extend(plan.unwrap_or_default());
        }
        let mut choices = self.choices(world).to_vec();
        choices.extend(self.choices_of_many(world));
        for way in Way::ALL {
            choices.extend(self.choices_of_queue(world, way));
        }
        let choice = self.random.weighted(&choices).unwrap_or(Choice::Advance);
        self.operation(choice, world)
    }

    fn choices(&self, world: &World) -> [(u32, Choice); 12] {
        let moods = self.moods;
        let now = world.core.now();
        let due = world.core.lane(Way::Single).due(now);
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
        let idle = live == 0 && due == 0;
        [
            (
                when(room && unfinished < moods.jobs && jobs < JOBS, 12),
                Choice::Submit,
            ),
            (when(room && jobs < JOBS, moods.once), Choice::SubmitOnce),
            (when(room, moods.queue_trouble.min(1)), Choice::Stray),
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

    /// Something that crosses what happens to many jobs at once, where that happens here.
    fn plan_of_many(&mut self, world: &World) -> Option<&'static [Choice]> {
        let (first, plan) = self.random.pick(&PLANS_OF_MANY)?;
        let may_begin = self
            .choices_of_many(world)
            .into_iter()
            .any(|(weight, choice)| {
                weight > 0 && std::mem::discriminant(&choice) == std::mem::discriminant(&first)
            });
        may_begin.then_some(plan)
    }

    /// What may happen to many jobs at once.
    fn choices_of_many(&self, world: &World) -> [(u32, Choice); 5] {
        let moods = self.moods;
        let room = world.runs.len() < moods.runs;
        let witness = lock(&world.core.witness);
        let batches = witness.batches().count();
        let replays = witness.replays().count();
        let jobs = witness.jobs().values().filter(|known| !known.gone).count();
        let owed = usize::try_from(witness.lines_owed()).unwrap_or(usize::MAX);
        let fits = batches < BATCHES && jobs + owed + usize::from(LINES) <= JOBS;
        let dead = witness
            .jobs()
            .values()
            .any(|known| known.row.state == JobState::DeadLettered && !known.gone);
        [
            (when(room && fits, moods.batch), Choice::SubmitBatch),
            (
                when(room && batches > 0, moods.cancel_batch),
                Choice::CancelBatch,
            ),
            (when(room && dead, moods.replays), Choice::BeginReplays),
            (
                when(room && replays > 0, moods.replays / 2),
                Choice::Control,
            ),
            (when(room && dead, moods.purge), Choice::Purge),
        ]
    }

    /// What may happen to the messages of a queue.
    fn choices_of_queue(&self, world: &World, way: Way) -> [(u32, Choice); 4] {
        let moods = self.moods;
        let room = world.runs.len() < moods.runs;
        let (due, queued) = {
            let lane = world.core.lane(way);
            (lane.due(world.core.now()), lane.len())
        };
        let (deliver, trouble, wear) = match way {
            Way::Single | Way::Bulk => (20, moods.queue_trouble, moods.wear),
            Way::Task => (12, moods.queue_trouble, moods.wear.min(1)),
            Way::Letter => (4, 0, 0),
        };
        [
            (when(room && due > 0, deliver), Choice::Deliver(way)),
            (when(queued > 0, trouble), Choice::Duplicate(way)),
            (when(queued > 0, trouble), Choice::Drop(way)),
            (when(queued > 0, wear), Choice::Wear(way)),
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
            Choice::SubmitBatch => {
                let key = self.random.pick(&[0, 0, 0, 1, 2]).unwrap_or_default();
                Operation::SubmitBatch(self.upload(), key)
            }
            Choice::CancelBatch => Operation::CancelBatch(byte),
            Choice::BeginReplays => {
                let key = self.random.pick(&[0, 0, 0, 1, 2]).unwrap_or_default();
                let every_letter = if self.random.percent(75) {
                    byte & !16
                } else {
                    byte
                };
                Operation::BeginReplays((every_letter & !1) | self.bereft(world), key)
            }
            Choice::Control => {
                let wishes = [Wish::Pause, Wish::Resume, Wish::Resume, Wish::Abort];
                let wish = self.random.pick(&wishes).unwrap_or(Wish::Resume);
                Operation::Control(byte, wish)
            }
            Choice::Purge => Operation::Purge(self.bereft(world), self.random.percent(20)),
            Choice::Deliver(way) => {
                let count = 1 + self.random.byte() % self.moods.delivery.max(1);
                Operation::Deliver(way, byte, count)
            }
            Choice::Duplicate(way) => Operation::Duplicate(way, byte),
            Choice::Drop(way) => Operation::Drop(way, byte),
            Choice::Wear(way) => {
                let deliveries = self.random.pick(&[3, 48, 55, 55, 101]).unwrap_or_default();
                Operation::Wear(way, byte, deliveries)
            }
            Choice::Stray => {
                let strays = [Stray::Garbage, Stray::NotText, Stray::Version, Stray::Ghost];
                let stray = self.random.pick(&strays).unwrap_or(Stray::Garbage);
                let ways = [Way::Single, Way::Bulk, Way::Task];
                Operation::Stray(self.random.pick(&ways).unwrap_or(Way::Single), stray)
            }
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
            Choice::AwaitStep => Operation::Advance(2_000),
            Choice::LeaveAlone => Operation::Advance(49 * 86_400_000),
        }
    }

    /// The index of the tenant of a dead letter.
    fn bereft(&mut self, world: &World) -> u8 {
        let index = self.dead(world);
        let witness = lock(&world.core.witness);
        let letter = witness.jobs().values().nth(usize::from(index));
        let is_second = letter.is_some_and(|letter| {
            let [_, second] = &world.tenants;
            letter.row.tenant == second.as_str()
        });
        u8::from(is_second)
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

    /// The shape of an upload: most may be taken, and few are deadly.
    fn upload(&mut self) -> u8 {
        let mut shape = self.random.byte();
        if self.random.percent(80) {
            shape |= 2;
        }
        if self.random.percent(self.moods.deadly_percent) {
            shape | 128
        } else {
            shape & 127
        }
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

const fn when(possible: bool, weight: u32) -> u32 {
    if possible { weight } else { 0 }
}

/// The index of the run that began last.
fn newest(world: &World) -> u8 {
    u8::try_from(world.runs.len().saturating_sub(1)).unwrap_or_default()
}

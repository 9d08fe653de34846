//! A world: the shared part, the runs under way, and what happens to them.

use super::breach::{Breach, Invariant};
use super::control::Control;
use super::core::{Core, lock};
use super::gate::{Effect, Role, RunId};
use super::ground::Ground;
use super::operation::{Operation, Outcome, Stray, Way};
use super::random::nth;
use super::run::{Progress, Run};
use super::shape;
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::ids::{BatchId, JobId, TenantId};
use redrive_shared::message::{JobMessage, Task, TaskMessage};
use redrive_shared::run::RunSettings;
use std::sync::Arc;

/// Effects of one run after which it counts as one that never ends.
const EFFECTS: u32 = 2_000;

/// How far the clocks of the machines are ahead, in milliseconds; runs take turns.
const SKEWS: [i64; 3] = [0, 400, -400];

/// The longest that a run lives, in milliseconds: the platform ends an invocation after half of it.
const LONGEST_RUN_MS: i64 = 1_800_000;

/// A machine that runs use cases.
pub(crate) struct Isolate {
    /// How far its clock is ahead, in milliseconds.
    pub(crate) skew: i64,
    /// What it knows of the circuits.
    pub(crate) circuits: Arc<CircuitMemory>,
}

impl Isolate {
    fn new(skew: i64) -> Self {
        Self {
            skew,
            circuits: Arc::new(CircuitMemory::new()),
        }
    }
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Happened {
    pub(crate) crashes: u64,
    pub(crate) faults: u64,
}

/// A world.
pub(crate) struct World {
    pub(crate) core: Arc<Core>,
    pub(crate) runs: Vec<Run>,
    pub(crate) settings: Arc<RunSettings>,
    pub(crate) tenants: [TenantId; 2],
    pub(crate) happened: Happened,
    pub(crate) isolates: [Isolate; 3],
    started: u32,
}

impl World {
    /// A world on `ground`, with nothing in it but two tenants.
    ///
    /// # Errors
    /// If the database does not take them.
    pub(crate) fn new(ground: &Ground, seed: u64) -> anyhow::Result<Self> {
        let core = Arc::new(Core::new(ground, seed)?);
        let tenants = shape::tenants(&core)?;
        lock(&core.witness).tenants(&tenants);
        Ok(Self {
            runs: Vec::new(),
            settings: Arc::new(shape::settings()),
            tenants: tenants.map(|tenant| tenant.id),
            isolates: SKEWS.map(Isolate::new),
            happened: Happened::default(),
            started: 0,
            core,
        })
    }

    /// The first breach so far among those of `watched`.
    pub(crate) fn breach(&self, watched: &[Invariant]) -> Option<Breach> {
        lock(&self.core.witness).breach(watched).cloned()
    }

    /// Lets `operation` happen.
    pub(crate) fn apply(&mut self, operation: Operation) {
        self.happen(operation);
        self.end_old_runs();
    }

    fn happen(&mut self, operation: Operation) {
        match operation {
            Operation::Submit(shape) => self.submit(shape),
            Operation::SubmitOnce(key, shape) => self.submit_once(key, shape),
            Operation::Deliver(way, first, count) => self.deliver(way, first, count),
            Operation::Sweep => self.sweep(),
            Operation::Cancel(job) => self.cancel(job),
            Operation::Replay(job, key) => self.replay(job, key),
            Operation::SubmitBatch(shape, key) => self.submit_batch(shape, key),
            Operation::CancelBatch(batch) => self.cancel_batch(batch),
            Operation::BeginReplays(shape, key) => self.begin_replays(shape, key),
            Operation::Control(replay, wish) => self.control(replay, wish),
            Operation::Purge(tenant, miscounts) => self.purge(tenant, miscounts),
            Operation::Read(job, foreign) => self.read(job, foreign),
            Operation::Duplicate(way, message) => {
                let now = self.core.now();
                self.core.lane(way).duplicate(message, now);
            }
            Operation::Drop(way, message) => {
                self.core.lane(way).lose(message);
            }
            Operation::Wear(way, message, deliveries) => {
                let worn = self.core.lane(way).wear(message, deliveries);
                self.move_to_letters(worn.unwrap_or_default());
            }
            Operation::Stray(way, stray) => self.stray(way, stray),
            Operation::Step(run, effect, outcome) => self.step(run, effect, outcome),
            Operation::Finish(run) => {
                if let Some(place) = self.place(run) {
                    self.finish(place);
                }
            }
            Operation::Crash(run) => {
                if let Some(place) = self.place(run) {
                    self.crash(place);
                }
            }
            Operation::Kill => {
                while !self.runs.is_empty() {
                    self.crash(0);
                }
                self.isolates = SKEWS.map(Isolate::new);
            }
            Operation::Advance(millis) => {
                let later = self.core.now().plus_millis(i64::from(millis));
                self.core.pass_until(later);
            }
        }
    }

    /// A name for the next run.
    pub(crate) fn next_run(&mut self, role: Role) -> RunId {
        let number = self.started;
        self.started += 1;
        let machine = usize::try_from(number).unwrap_or_default() % SKEWS.len();
        RunId {
            number,
            role,
            machine,
        }
    }

    /// The platform ends runs that are too old.
    fn end_old_runs(&mut self) {
        let now = self.core.now();
        let is_old = |run: &Run| now.millis_since(run.begun_at) > LONGEST_RUN_MS;
        while let Some(place) = self.runs.iter().position(is_old) {
            self.crash(place);
        }
    }

    /// Takes a run in: it goes up to its first effect.
    pub(crate) fn enter(&mut self, run: Run) {
        self.runs.push(run);
        self.advance(self.runs.len() - 1);
    }

    fn sweep(&mut self) {
        if self.core.control != Control::Sweep {
            self.begin_sweep();
        }
    }

    /// The effect that a step would let go.
    pub(crate) fn waiting(&self, run: u8, effect: u8) -> Option<Effect> {
        let run = nth(&self.runs, run)?;
        let waiting = lock(&self.core.gates).waiting(run.id.number);
        nth(&waiting, effect).map(|(_, effect)| *effect)
    }

    fn place(&self, run: u8) -> Option<usize> {
        let length = self.runs.len();
        (length > 0).then(|| usize::from(run) % length)
    }

    fn step(&mut self, run: u8, effect: u8, outcome: Outcome) {
        let Some(place) = self.place(run) else { return };
        self.let_go(place, effect, outcome);
    }

    /// Lets one effect of the run at `place` take place; answers whether the run is still there.
    fn let_go(&mut self, place: usize, effect: u8, outcome: Outcome) -> bool {
        let Some(run) = self.runs.get(place) else {
            return false;
        };
        let waiting = lock(&self.core.gates).waiting(run.id.number);
        let Some((number, effect)) = nth(&waiting, effect).copied() else {
            return false;
        };
        if let Effect::Call { deadly: true } = effect {
            self.crash(place);
            return false;
        }
        match outcome {
            Outcome::Before(_) | Outcome::After(_) | Outcome::Stale => self.happened.faults += 1,
            Outcome::Good | Outcome::Reply(_) => {}
        }
        lock(&self.core.gates).open(number, outcome);
        self.advance(place)
    }

    /// Moves the run at `place` on; answers whether it is still there.
    fn advance(&mut self, place: usize) -> bool {
        let Some(run) = self.runs.get_mut(place) else {
            return false;
        };
        let id = run.id;
        match run.advance() {
            Progress::Waits => {
                if lock(&self.core.gates).waiting(id.number).is_empty() {
                    self.broke(Invariant::NothingHangs, format!("{id:?} waits for nothing"));
                    self.runs.remove(place);
                    return false;
                }
                true
            }
            Progress::Ended(ending) => {
                self.runs.remove(place);
                self.ended(id, ending);
                false
            }
            Progress::Panicked => {
                self.runs.remove(place);
                self.broke(Invariant::NothingHangs, format!("{id:?} panicked"));
                false
            }
        }
    }

    /// Moves the run at `place` on to its end, and everything goes well.
    pub(crate) fn finish(&mut self, place: usize) {
        for _ in 0..EFFECTS {
            if !self.let_go(place, 0, Outcome::Good) {
                return;
            }
        }
        let run = self.runs.get(place).map(|run| run.id);
        self.broke(Invariant::NothingHangs, format!("{run:?} never ends"));
        self.crash(place);
    }

    /// The run at `place` dies; the queue gives its messages to others.
    pub(crate) fn crash(&mut self, place: usize) {
        if place >= self.runs.len() {
            return;
        }
        let run = self.runs.remove(place);
        let number = run.id.number;
        drop(run);
        self.happened.crashes += 1;
        lock(&self.core.witness).died(number);
        let now = self.core.now();
        for way in Way::ALL {
            let worn = self.core.lane(way).release(number, now);
            self.move_to_letters(worn);
        }
    }

    pub(crate) fn move_to_letters(&self, bodies: Vec<Option<String>>) {
        let now = self.core.now();
        for body in bodies {
            self.core.lane(Way::Letter).push(body, now, 0);
        }
    }

    pub(crate) fn broke(&self, invariant: Invariant, what: String) {
        lock(&self.core.witness).judge(Err(Breach::new(invariant, what)));
    }

    /// A message for what is not in the database.
    fn ghost(&self, way: Way, tenant: &TenantId) -> String {
        let (now, entropy) = (self.core.now(), &self.core.entropy);
        let tenant_id = tenant.clone();
        match way {
            Way::Task => {
                let task = Task::Batch(BatchId::new(now, entropy));
                TaskMessage { tenant_id, task }.encode()
            }
            Way::Single | Way::Bulk | Way::Letter => {
                let job_id = JobId::new(now, entropy);
                JobMessage { tenant_id, job_id }.encode()
            }
        }
    }

    fn stray(&self, way: Way, stray: Stray) {
        let now = self.core.now();
        let body = match stray {
            Stray::Garbage => Some("{\"v\":1,".to_owned()),
            Stray::NotText => None,
            Stray::Version => Some(r#"{"v":9,"job":"job_0192f0c1000070008000000000000002","tenant":"ten_0192f0c1000070008000000000000001"}"#.to_owned()),
            Stray::Ghost => self.tenants.first().map(|tenant| self.ghost(way, tenant)),
        };
        self.core.lane(way).push(body, now, 0);
    }
}

//! What is to be done once the program itself has ended: reactions of promises, and timers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Waker};
use std::thread;
use std::time::Duration;

use boa_engine::builtins::promise::{OperationType, PromiseState};
use boa_engine::context::HostHooks;
use boa_engine::context::time::JsInstant;
use boa_engine::job::{
    GenericJob, IntervalJob, Job, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob,
};
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsError, JsObject, JsResult};

use crate::pressure;

/// The largest buffer that a program can ask for, in bytes: Boa's own bound. The memory limit comes
/// first.
const MAX_BUFFER_BYTES: u64 = 1_610_612_736;

/// The jobs, each sort in its order. Boa's own queue asks for the time again and again until a timer
/// is due; this one sleeps.
#[derive(Default)]
pub(crate) struct Queue {
    promises: RefCell<VecDeque<PromiseJob>>,
    others: RefCell<VecDeque<Other>>,
    /// By the instant they are due, and by their order.
    timers: RefCell<BTreeMap<(JsInstant, u64), Timer>>,
    timers_made: Cell<u64>,
    /// Promises that were rejected and have no handler.
    rejected: RefCell<Vec<JsPromise>>,
}

enum Other {
    Generic(GenericJob),
    Async(NativeAsyncJob),
}

enum Timer {
    Once(TimeoutJob),
    Repeated(IntervalJob),
}

impl Timer {
    fn cancelled(&self) -> bool {
        match self {
            Self::Once(job) => job.cancelled(),
            Self::Repeated(job) => job.cancelled(),
        }
    }
}

impl Queue {
    fn add_timer(&self, timer: Timer, context: &Context) {
        let wait = match &timer {
            Timer::Once(job) => job.timeout(),
            Timer::Repeated(job) => job.interval(),
        };
        let order = self.timers_made.get();
        self.timers_made.set(order.saturating_add(1));
        let due = context.clock().now() + wait;
        self.timers.borrow_mut().insert((due, order), timer);
    }

    /// Runs reactions until there are none. A promise that is then rejected without a handler ends
    /// the program, as in Node.js.
    fn run_promises(&self, context: &mut Context) -> JsResult<()> {
        loop {
            pressure::relieve();
            let next = self.promises.borrow_mut().pop_front();
            let Some(job) = next else { break };
            job.call(context)?;
        }
        context.clear_kept_objects();
        let rejected = self.rejected.borrow_mut().drain(..).next();
        if let Some(PromiseState::Rejected(reason)) = rejected.map(|promise| promise.state()) {
            return Err(JsError::from_opaque(reason));
        }
        Ok(())
    }

    /// Waits for the next timer and runs it; `false` if there is none.
    fn run_timer(&self, context: &mut Context) -> JsResult<bool> {
        let first = self.timers.borrow_mut().pop_first();
        let Some(((due, _), timer)) = first else {
            return Ok(false);
        };
        if timer.cancelled() {
            return Ok(true);
        }
        let now = context.clock().now();
        if due > now {
            let nanos = due
                .nanos_since_epoch()
                .saturating_sub(now.nanos_since_epoch());
            thread::sleep(Duration::from_nanos(
                u64::try_from(nanos).unwrap_or(u64::MAX),
            ));
        }
        match timer {
            Timer::Once(job) => {
                job.call(context)?;
            }
            Timer::Repeated(job) => {
                job.call(context)?;
                self.add_timer(Timer::Repeated(job), context);
            }
        }
        Ok(true)
    }
}

impl JobExecutor for Queue {
    fn enqueue_job(self: Rc<Self>, job: Job, context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promises.borrow_mut().push_back(job),
            Job::TimeoutJob(job) => self.add_timer(Timer::Once(job), context),
            Job::IntervalJob(job) => self.add_timer(Timer::Repeated(job), context),
            Job::GenericJob(job) => self.others.borrow_mut().push_back(Other::Generic(job)),
            Job::AsyncJob(job) => self.others.borrow_mut().push_back(Other::Async(job)),
            // A run ends before it could matter. What else there will be is not known here either.
            Job::FinalizationRegistryCleanupJob(_) | _ => {}
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        loop {
            self.run_promises(context)?;
            let other = self.others.borrow_mut().pop_front();
            match other {
                Some(Other::Generic(job)) => {
                    job.call(context)?;
                }
                Some(Other::Async(job)) => poll_once(job, context)?,
                None => {
                    if !self.run_timer(context)? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Nothing here could wake a job that waits: it gets one chance. What comes this way is `import()`,
/// which is refused at once.
fn poll_once(job: NativeAsyncJob, context: &mut Context) -> JsResult<()> {
    let context = RefCell::new(context);
    let future = pin!(job.call(&context));
    match future.poll(&mut TaskContext::from_waker(Waker::noop())) {
        std::task::Poll::Ready(outcome) => outcome.map(|_value| ()),
        std::task::Poll::Pending => Ok(()),
    }
}

impl HostHooks for Queue {
    fn promise_rejection_tracker(
        &self,
        promise: &JsObject<boa_engine::builtins::promise::Promise>,
        operation: OperationType,
        _context: &mut Context,
    ) {
        let Ok(promise) = JsPromise::from_object(promise.clone().upcast()) else {
            return;
        };
        let mut rejected = self.rejected.borrow_mut();
        match operation {
            OperationType::Reject => rejected.push(promise),
            OperationType::Handle => rejected.retain(|other| !JsObject::equals(other, &promise)),
        }
    }
    /// Asked before the storage of every buffer is made, which the collector does not see.
    fn max_buffer_size(&self, _context: &mut Context) -> u64 {
        pressure::relieve();
        MAX_BUFFER_BYTES
    }
}

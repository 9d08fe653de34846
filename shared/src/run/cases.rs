//! The runs of a program, in as many calls as they take, all within the time of one.
//!
//! Our executors take all runs in one call; where their outputs are more than one reply can hold,
//! the runs are asked for in halves. A remote executor takes one run a call. What was run is kept
//! until the end of the attempt only: an attempt that fails begins again from the first run.

use super::Run;
use super::call::Call;
use crate::clock::{Clock, Instant};
use crate::error_code::ErrorCode;
use crate::execute::{Program, Runs};
use crate::ports::Ports;
use crate::provider::{
    Action, Answer, Failure, ProviderRequest, ProviderSettings, Transport, TransportError, Verdict,
    classify, run_code,
};
use std::ops::Range;
use std::time::Duration;

/// What one call came to.
enum Came {
    /// Runs, and the answer that they came with.
    Runs(Runs, Box<Answer>),
    /// More than a reply can hold.
    TooMuch,
    /// Nothing in the time that was left.
    TooLate(Box<Verdict>),
    /// Nothing that can be used.
    Ended(Box<Verdict>),
}

/// A program on its way through one executor.
pub(super) struct Cases<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) settings: &'a ProviderSettings,
    pub(super) program: &'a Program<'a>,
}

impl Cases<'_> {
    /// The first request.
    ///
    /// # Errors
    /// The executor cannot be asked.
    pub(super) fn first(&self) -> Result<ProviderRequest, Failure> {
        let runs = self.steps().next().unwrap_or_default();
        self.request(runs, self.call.timeout)
    }

    fn request(&self, runs: Range<usize>, left: Duration) -> Result<ProviderRequest, Failure> {
        run_code::request(self.settings, self.program, runs, left)
    }

    /// What one call each asks for, as long as no reply is too large.
    fn steps(&self) -> impl DoubleEndedIterator<Item = Range<usize>> {
        let all = self.program.runs.len();
        let most = run_code::runs_at_once(self.settings, self.program).max(1);
        let calls = all.div_ceil(most);
        (0..calls).map(move |call| call * most..((call + 1) * most).min(all))
    }

    /// Runs everything there is time for. `first` is the request of [`Self::first`], with the job's
    /// name on it.
    pub(super) async fn run<P: Ports, T: Transport>(
        &self,
        run: &Run<'_, P, T>,
        first: ProviderRequest,
    ) -> Verdict {
        let started_at = run.ports.clock().now();
        let mut first = Some(first);
        let mut steps: Vec<Range<usize>> = self.steps().rev().collect();
        let mut done = Runs::default();
        let mut latest = Answer::default();
        while let Some(step) = steps.pop() {
            let left = self.left(run.ports.clock().now(), started_at);
            let has_begun = !done.runs.is_empty();
            if has_begun && !run_code::is_enough(self.program, left) {
                break;
            }
            let request = match first.take() {
                Some(request) => request,
                None => match self.request(step.clone(), left) {
                    Ok(request) => self.call.named(request),
                    Err(failure) => return Verdict::Failed(failure),
                },
            };
            match self.ask(run, &request, step.len(), left).await {
                Came::Runs(mut runs, answer) => {
                    done.runs.append(&mut runs.runs);
                    latest = *answer;
                    if runs.not_run > 0 {
                        break;
                    }
                }
                Came::TooMuch => {
                    let middle = step.start + step.len() / 2;
                    steps.extend([middle..step.end, step.start..middle]);
                }
                // Compiling may have taken more than was left for it. Another attempt would end
                // here as well.
                Came::TooLate(_) if has_begun => break,
                Came::TooLate(verdict) | Came::Ended(verdict) => return *verdict,
            }
        }
        done.not_run = self.program.runs.len() - done.runs.len();
        Verdict::Answered(Answer {
            // Runs are strings, numbers and JSON.
            text: serde_json::to_string(&done).unwrap_or_default(),
            ..latest
        })
    }

    /// Asks for so many runs.
    async fn ask<P: Ports, T: Transport>(
        &self,
        run: &Run<'_, P, T>,
        request: &ProviderRequest,
        asked: usize,
        left: Duration,
    ) -> Came {
        let asked_at = run.ports.clock().now();
        let reply = self.settings.send(run.transport, request, left).await;
        let now = run.ports.clock().now();
        if run_code::is_too_much(&reply) && asked > 1 {
            return Came::TooMuch;
        }
        match classify(&self.settings.dialect(), &reply, now) {
            Verdict::Answered(answer) => match read(&answer, asked) {
                Some(mut runs) => {
                    measure(&mut runs, now.millis_since(asked_at));
                    Came::Runs(runs, Box::new(answer))
                }
                None => Came::Ended(Box::new(Verdict::Failed(incomplete()))),
            },
            other @ (Verdict::Pending(_) | Verdict::Paused(_) | Verdict::Failed(_)) => {
                let verdict = Box::new(other);
                match reply {
                    Err(TransportError::Timeout) => Came::TooLate(verdict),
                    Ok(_)
                    | Err(
                        TransportError::Unreachable
                        | TransportError::BodyInterrupted
                        | TransportError::BodyTooLarge,
                    ) => Came::Ended(verdict),
                }
            }
        }
    }

    fn left(&self, now: Instant, started_at: Instant) -> Duration {
        self.call
            .timeout
            .saturating_sub(now.duration_since(started_at))
    }
}

/// The runs of an answer, when they are those that were asked for, and at least one.
fn read(answer: &Answer, asked: usize) -> Option<Runs> {
    let runs: Runs = serde_json::from_str(&answer.text).ok()?;
    (runs.runs.len() + runs.not_run == asked && !runs.runs.is_empty()).then_some(runs)
}

/// Of a single run that does not say how long it took, the time of its call tells.
fn measure(runs: &mut Runs, millis: i64) {
    if let [run] = runs.runs.as_mut_slice()
        && run.duration_ms == 0
    {
        run.duration_ms = u64::try_from(millis).unwrap_or_default();
    }
}

fn incomplete() -> Failure {
    let message = "The executor answered for other runs than it was asked for: it is of another version than the consumer. Deploy both, then replay.";
    Failure::ours(ErrorCode::ProviderBadResponse, Action::DeadLetter, message)
}

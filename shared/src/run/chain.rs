//! The providers of a job's chain, one after the other, until one answers.
//!
//! All calls of an attempt share its time. A provider that is not asked in this attempt, because its
//! circuit is open or it asked to be left alone, is passed over. When none answers, the job ends
//! only if every provider of the chain refused for good; otherwise it comes again for the first
//! that may be asked.

use super::call::{Asked, Call};
use super::ended::{Ended, Passed};
use super::past::{self, Standing};
use super::plan::Plan;
use super::{Run, answer};
use crate::clock::{Clock, Instant};
use crate::configuration::Cost;
use crate::entropy::Entropy;
use crate::error_code::ErrorCode;
use crate::job::ClaimedJob;
use crate::ports::Ports;
use crate::provider::{Action, Answer, Budget, Failure, Fallback, Transport, Usage, Verdict};
use crate::request::Target;
use crate::store::Answered;
use crate::transition;
use std::time::Duration;

/// What one provider came to.
enum Step {
    Answered(Box<Answered>),
    Pending(String, Duration),
    Passed(Box<Passed>),
}

/// The chain of one attempt.
pub(super) struct Chain<'a, 'r, P, T> {
    pub(super) run: &'a Run<'r, P, T>,
    pub(super) job: &'a ClaimedJob,
    pub(super) plan: &'a Plan,
}

impl<P: Ports, T: Transport> Chain<'_, '_, P, T> {
    /// Asks one after the other.
    pub(super) async fn follow(&self) -> Ended {
        let began_at = self.now();
        let mut passed: Vec<Passed> = Vec::new();
        let mut smallest_context = self.context_exceeded();
        let pending = past::pending(self.job);
        for (index, target) in self.targets(pending.as_ref()).iter().enumerate() {
            if smallest_context > 0 && self.context(target) <= smallest_context {
                continue;
            }
            if let Standing::Waiting(until, code) = past::standing(self.job, target, self.now()) {
                passed.push(self.not_yet(target, until, code));
                continue;
            }
            let spent = self.now().duration_since(began_at);
            let whole = self.run.settings.attempt_timeout;
            if index > 0 && spent > whole / 4 && passed.iter().any(|passed| passed.called) {
                return Ended::going_on(self.job, &passed, self.now(), whole);
            }
            let asked = pending.as_ref().filter(|(working, _)| working == target);
            let asked = asked.map(|(_, response_id)| response_id.as_str());
            match self.ask(target, asked, whole.saturating_sub(spent)).await {
                Step::Answered(answered) => return Ended::answered(target, answered, &passed),
                Step::Pending(response_id, after) => {
                    return self.pending(target, response_id, after, &passed);
                }
                Step::Passed(step) => {
                    if let Some(response_id) = asked.filter(|_| step.leaves_pending()) {
                        passed.push(*step);
                        let pending = Some(response_id.to_owned());
                        return Ended {
                            pending,
                            ..self.nobody_answered(passed)
                        };
                    }
                    let goes_on = self.goes_on(&step);
                    if step.failure.fallback == Fallback::ToLargerContext {
                        smallest_context = smallest_context.max(self.too_small(target));
                    }
                    passed.push(*step);
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        self.nobody_answered(passed)
    }

    fn now(&self) -> Instant {
        self.run.ports.clock().now()
    }

    /// Whom this attempt may ask: everybody who has not refused for good, and of a provider that
    /// works on an answer, nobody before it.
    fn targets(&self, pending: Option<&(Target, String)>) -> Vec<Target> {
        let all = &self.plan.targets;
        let now = self.now();
        let mut targets: Vec<Target> = all
            .iter()
            .filter(|target| past::standing(self.job, target, now) != Standing::Over)
            .cloned()
            .collect();
        if targets.is_empty() {
            targets.clone_from(all);
        }
        if let Some((working, _)) = pending
            && let Some(index) = targets.iter().position(|target| target == working)
        {
            targets.drain(..index);
        }
        targets
    }

    async fn ask(&self, target: &Target, pending: Option<&str>, timeout: Duration) -> Step {
        let started_at = self.now();
        let call = Call {
            job: self.job,
            task: &self.plan.task,
            target,
            pending,
            timeout,
        };
        let asked = call.make(self.run).await;
        let called = matches!(asked, Asked::Verdict(_));
        let (failure, due_at) = match asked {
            Asked::Verdict(Verdict::Answered(answer)) => match self.accept(target, answer) {
                Ok(answered) => return Step::Answered(Box::new(answered)),
                Err(failure) => (failure, None),
            },
            Asked::Verdict(Verdict::Paused(paused)) => match self.accept(target, paused.answer) {
                Ok(answered) => return Step::Answered(Box::new(answered)),
                Err(failure) => (failure, None),
            },
            Asked::Verdict(Verdict::Pending(pending)) => {
                return Step::Pending(pending.response_id, pending.poll_after);
            }
            Asked::Verdict(Verdict::Failed(failure)) => match self.content(target, failure) {
                Ok(answered) => return Step::Answered(Box::new(answered)),
                Err(failure) => (failure, None),
            },
            Asked::Impossible(failure) => (failure, None),
            Asked::Nobody(failure, due_at) => (failure, Some(due_at)),
        };
        let usage = failure.partial.as_ref().and_then(|partial| partial.usage);
        Step::Passed(Box::new(Passed {
            target: target.clone(),
            started_at,
            finished_at: self.now(),
            called,
            earlier: past::same_row_before(self.job, target, failure.row),
            cost: self.cost(target, usage.as_ref()),
            usage,
            due_at,
            failure,
        }))
    }

    fn accept(&self, target: &Target, given: Answer) -> Result<Answered, Failure> {
        let cost = self.cost(target, given.usage.as_ref());
        // An answer that cannot be taken is paid for all the same.
        answer::accept(&self.plan.task, target, given, cost).map_err(|failure| Failure {
            possibly_billed: true,
            ..failure
        })
    }

    /// What to be content with: what a model said that declined, when the job says so, and the
    /// silence of one that was asked again.
    fn content(&self, target: &Target, failure: Failure) -> Result<Answered, Failure> {
        let refused = failure.code == ErrorCode::Refused && self.plan.task.accepts_refusals();
        let earlier = past::same_row_before(self.job, target, failure.row);
        let answer = match failure.partial.as_deref() {
            Some(partial) if refused => Some(partial),
            Some(_) | None => failure.content_with(earlier),
        };
        match answer.cloned() {
            Some(answer) => self.accept(target, answer),
            None => Err(failure),
        }
    }

    fn cost(&self, target: &Target, usage: Option<&Usage>) -> Option<Cost> {
        let settings = self.run.settings.providers.get(&target.provider).ok()?;
        settings.configuration.cost(&target.model, usage)
    }

    fn context(&self, target: &Target) -> u32 {
        let settings = self.run.settings.providers.get(&target.provider);
        let tokens = settings
            .ok()
            .and_then(|settings| settings.configuration.context_tokens(&target.model));
        tokens.unwrap_or(0)
    }

    /// What a context has to exceed that is to be larger than this target's, even an unknown one.
    fn too_small(&self, target: &Target) -> u32 {
        self.context(target).max(1)
    }

    /// The same of the largest context that an earlier attempt found too small; 0 when none did.
    fn context_exceeded(&self) -> u32 {
        let targets = self.plan.targets.iter();
        let exceeded = targets.filter(|target| past::exceeded_context(self.job, target));
        exceeded
            .map(|target| self.too_small(target))
            .max()
            .unwrap_or(0)
    }

    /// Whether the next provider is asked after this one.
    fn goes_on(&self, step: &Passed) -> bool {
        if step.due_at.is_some() || step.has_no_next_attempt(self.job, self.now()) {
            return true;
        }
        let wanted = match step.failure.fallback {
            Fallback::OnContentFilter => self.plan.task.falls_back_on_content_filter(),
            Fallback::OnRefusal => self.plan.task.falls_back_on_refusal(),
            Fallback::Never
            | Fallback::Now
            | Fallback::After(_)
            | Fallback::WhenHintOver(_)
            | Fallback::ToLargerContext => true,
        };
        wanted && step.failure.falls_back(step.earlier)
    }

    /// A provider that said in an earlier attempt when it may be asked.
    fn not_yet(&self, target: &Target, until: Instant, code: ErrorCode) -> Passed {
        let now = self.now();
        let message = format!(
            "The provider was not asked: it may be asked again at {}, because of {}.",
            until.to_rfc3339(),
            code.as_str()
        );
        Passed {
            target: target.clone(),
            started_at: now,
            finished_at: now,
            called: false,
            failure: Failure {
                budget: Budget::Throttle,
                ..Failure::ours(code, Action::Retry, message)
            },
            earlier: 0,
            due_at: Some(until),
            usage: None,
            cost: None,
        }
    }

    fn pending(
        &self,
        target: &Target,
        response_id: String,
        after: Duration,
        passed: &[Passed],
    ) -> Ended {
        let due_at = self.now().plus(after);
        let message = "The provider works on the answer, and is asked for it again.";
        let failure = Failure {
            budget: Budget::Throttle,
            ..Failure::ours(ErrorCode::ProviderPending, Action::Retry, message)
        };
        let settlement = transition::defer(self.job, &failure, Some(target), due_at);
        Ended {
            called: true,
            pending: Some(response_id),
            fallbacks: passed.iter().map(|one| one.record(None)).collect(),
            ..Ended::of(settlement, Some(target.clone()), failure)
        }
    }

    fn nobody_answered(&self, passed: Vec<Passed>) -> Ended {
        Ended::unanswered(
            self.job,
            passed,
            self.now(),
            self.run.ports.entropy().unit(),
        )
    }
}

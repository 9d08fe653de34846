//! One provider of the chain: asked once, unless its limits are reached or its circuit is open.

use super::Run;
use super::cases::Cases;
use super::plan::{Task, Work};
use crate::circuit::gate::{Gate, Pass};
use crate::circuit::{CircuitKey, CircuitState, Opening, Report, patience};
use crate::clock::{Clock, Instant};
use crate::entropy::Entropy;
use crate::error_code::ErrorCode;
use crate::execute::Program;
use crate::job::ClaimedJob;
use crate::permit::{self, Taken};
use crate::ports::Ports;
use crate::provider::{
    self, Action, Answer, Budget, Failure, HeaderText, ProviderRequest, ProviderSettings,
    Transport, Verdict, classify,
};
use crate::request::Target;
use std::borrow::Cow;
use std::time::Duration;

/// How often a turn that paused is gone on with (row 11).
const CONTINUATIONS: u8 = 3;

/// What came of asking.
pub(super) enum Asked {
    /// The provider was asked.
    Verdict(Verdict),
    /// No request could be made.
    Impossible(Failure),
    /// Its circuit is not closed or its limits are reached, so nobody was, and it may be asked at
    /// this instant.
    Nobody(Failure, Instant),
}

/// One provider, and what it is asked.
pub(super) struct Call<'a> {
    pub(super) job: &'a ClaimedJob,
    pub(super) task: &'a Task,
    pub(super) target: &'a Target,
    /// The answer it works on since an earlier attempt.
    pub(super) pending: Option<&'a str>,
    /// The longest it may take.
    pub(super) timeout: Duration,
}

impl Call<'_> {
    /// Asks.
    pub(super) async fn make<P: Ports, T: Transport>(&self, run: &Run<'_, P, T>) -> Asked {
        let work = self.task.work(run.settings.providers.configuration());
        let (settings, request) = match self.prepare(run, &work) {
            Ok(prepared) => prepared,
            Err(failure) => return Asked::Impossible(failure),
        };
        let key = CircuitKey::of(settings, &self.target.model);
        let gate = Gate {
            ports: run.ports,
            memory: run.circuits,
            key: &key,
        };
        // First what costs nothing: a call that the circuit forbids needs no permit.
        if let Some((state, opening)) = gate.waits() {
            return self.wait(run, &key, state, &opening);
        }
        let holder = format!("{}/{}", self.job.id, self.job.attempt);
        let held = match permit::take(run.ports, settings, &holder, self.timeout).await {
            Taken::Granted(held) => held,
            Taken::Wait(due_at) => return Self::limited(settings, due_at),
        };
        let asked = match gate.enter(self.timeout).await {
            Pass::Wait(state, opening) => self.wait(run, &key, state, &opening),
            Pass::Call(ticket) => {
                let verdict = match &work {
                    Work::Ask(_) => self.turns(run, settings, request).await,
                    Work::Run(program) => self.cases(settings, program).run(run, request).await,
                };
                gate.leave(&ticket, Report::of(&verdict)).await;
                Asked::Verdict(verdict)
            }
        };
        if let Some(held) = held {
            held.give_back(run.ports).await;
        }
        asked
    }

    fn prepare<'r, P: Ports, T>(
        &self,
        run: &Run<'r, P, T>,
        work: &Work<'_>,
    ) -> Result<(&'r ProviderSettings, ProviderRequest), Failure> {
        let settings = run.settings.providers.get(&self.target.provider)?;
        let request = match (work, self.pending) {
            (Work::Run(program), _) => self.cases(settings, program).first()?,
            (Work::Ask(_), Some(response_id)) => provider::poll(settings, response_id)?,
            (Work::Ask(input), None) => provider::generate(settings, &self.target.model, input)?,
        };
        Ok((settings, self.named(request)))
    }

    fn cases<'a>(&'a self, settings: &'a ProviderSettings, program: &'a Program<'a>) -> Cases<'a> {
        Cases {
            call: self,
            settings,
            program,
        }
    }

    /// Asks, and goes on with a turn that paused, all within the timeout.
    async fn turns<P: Ports, T: Transport>(
        &self,
        run: &Run<'_, P, T>,
        settings: &ProviderSettings,
        mut request: ProviderRequest,
    ) -> Verdict {
        let started_at = run.ports.clock().now();
        let mut left = CONTINUATIONS;
        let mut timeout = self.timeout;
        let mut said: Option<Answer> = None;
        loop {
            let reply = settings.send(run.transport, &request, timeout).await;
            let verdict = classify(&settings.dialect(), &reply, run.ports.clock().now());
            let mut whole = |answer: Answer| match said.take() {
                Some(said) => said.followed_by(answer),
                None => answer,
            };
            let paused = match verdict {
                Verdict::Paused(paused) => paused,
                Verdict::Answered(answer) => return Verdict::Answered(whole(answer)),
                Verdict::Failed(failure) => return Verdict::Failed(after(said, failure)),
                Verdict::Pending(_) => return verdict,
            };
            let answer = whole(paused.answer);
            let next = provider::go_on(&request, &paused.content);
            let spent = run.ports.clock().now().duration_since(started_at);
            timeout = self.timeout.saturating_sub(spent);
            let (Some(next), 1.., false) = (next, left, timeout.is_zero()) else {
                return Verdict::Answered(Answer {
                    truncated: true,
                    ..answer
                });
            };
            said = Some(answer);
            request = next;
            left -= 1;
        }
    }

    fn wait<P: Ports, T>(
        &self,
        run: &Run<'_, P, T>,
        circuit: &CircuitKey,
        state: CircuitState,
        opening: &Opening,
    ) -> Asked {
        let (now, unit) = (run.ports.clock().now(), run.ports.entropy().unit());
        let due_at = patience::come_again(state, opening, now, self.job.deadline_at, unit);
        let end = match state {
            CircuitState::Open => format!("until {}", opening.until.to_rfc3339()),
            CircuitState::HalfOpen => "and being probed".to_owned(),
        };
        let message = format!(
            "The provider was not asked: the circuit of {} for the model {} is open since {} {end}, because of {}.",
            circuit.provider,
            circuit.model,
            opening.opened_at.to_rfc3339(),
            opening.code.as_str()
        );
        let failure = Failure {
            budget: Budget::Throttle,
            ..Failure::ours(opening.code, Action::Retry, message)
        };
        Asked::Nobody(failure, due_at)
    }

    /// As many calls as the configuration allows are made already.
    fn limited(settings: &ProviderSettings, due_at: Instant) -> Asked {
        let message = format!(
            "The provider was not asked: {} has as many calls as its limits in the configuration allow.",
            settings.name()
        );
        let failure = Failure {
            budget: Budget::Throttle,
            ..Failure::ours(ErrorCode::ProviderRateLimited, Action::Retry, message)
        };
        Asked::Nobody(failure, due_at)
    }

    /// The request with the job's name on it, for the logs of a gateway between us and the provider.
    pub(super) fn named(&self, mut request: ProviderRequest) -> ProviderRequest {
        let fields = [
            ("x-redrive-job", self.job.id.to_string()),
            ("x-redrive-attempt", self.job.attempt.to_string()),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderText::new(&value) {
                request.headers.push((Cow::Borrowed(name), value));
            }
        }
        request
    }
}

/// A failure that came after the beginning of an answer, which is paid for.
fn after(said: Option<Answer>, failure: Failure) -> Failure {
    let Some(said) = said else {
        return failure;
    };
    let partial = match failure.partial {
        Some(rest) => said.followed_by(*rest),
        None => Answer {
            truncated: true,
            ..said
        },
    };
    Failure {
        partial: Some(Box::new(partial)),
        ..failure
    }
}

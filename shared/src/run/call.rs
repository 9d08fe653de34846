//! One provider of the chain: asked once, unless its circuit is open.

use super::Run;
use super::plan::Task;
use crate::circuit::gate::{Gate, Pass};
use crate::circuit::{CircuitKey, CircuitState, Opening, Report, patience};
use crate::clock::{Clock, Instant};
use crate::entropy::Entropy;
use crate::job::ClaimedJob;
use crate::ports::Ports;
use crate::provider::{
    self, Action, Budget, Failure, HeaderText, ProviderRequest, ProviderSettings, Transport,
    Verdict, classify,
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
    /// Its circuit is not closed, so nobody was, and it may be asked at this instant.
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
        let (settings, request) = match self.prepare(run) {
            Ok(prepared) => prepared,
            Err(failure) => return Asked::Impossible(failure),
        };
        let key = CircuitKey::of(settings, &self.target.model);
        let gate = Gate {
            ports: run.ports,
            memory: run.circuits,
            key: &key,
        };
        let ticket = match gate.enter(self.timeout).await {
            Pass::Call(ticket) => ticket,
            Pass::Wait(state, opening) => return self.wait(run, &key, state, &opening),
        };
        let verdict = self.turns(run, settings, request).await;
        gate.leave(&ticket, Report::of(&verdict)).await;
        Asked::Verdict(verdict)
    }

    fn prepare<'r, P: Ports, T>(
        &self,
        run: &Run<'r, P, T>,
    ) -> Result<(&'r ProviderSettings, ProviderRequest), Failure> {
        let settings = run.settings.providers.get(&self.target.provider)?;
        let request = match (self.task, self.pending) {
            (_, Some(response_id)) => provider::poll(settings, response_id)?,
            (Task::Generate(input), None) => {
                provider::generate(settings, &self.target.model, input)?
            }
        };
        Ok((settings, self.named(request)))
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
        loop {
            let spent = run.ports.clock().now().millis_since(started_at).max(0);
            let spent = Duration::from_millis(u64::try_from(spent).unwrap_or_default());
            let timeout = self.timeout.saturating_sub(spent);
            let reply = run.transport.send(&request, timeout).await;
            let verdict = classify(&settings.dialect(), &reply, run.ports.clock().now());
            let Verdict::Paused(paused) = verdict else {
                return verdict;
            };
            let next = provider::go_on(&request, &paused.content);
            let (Some(next), 1..) = (next, left) else {
                let mut answer = paused.answer;
                answer.truncated = true;
                return Verdict::Answered(answer);
            };
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

    /// The request with the job's name on it, for the logs of a gateway between us and the provider.
    fn named(&self, mut request: ProviderRequest) -> ProviderRequest {
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

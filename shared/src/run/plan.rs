//! What an attempt is to do: the stored request, and whom to ask in which order.

use crate::error_code::ErrorCode;
use crate::job::{ClaimedJob, Kind};
use crate::provider::{Action, Failure, Providers};
use crate::request::{GenerateInput, OnContentFilter, OnRefusal, Target};

/// What is to be done for a job.
#[derive(Debug)]
pub(super) enum Task {
    /// A language model is asked.
    Generate(Box<GenerateInput>),
}

impl Task {
    /// Whether a refusal of the model is an answer.
    pub(super) fn accepts_refusals(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_refusal == OnRefusal::Succeed,
        }
    }

    /// Whether the next provider is asked when the model declines.
    pub(super) fn falls_back_on_refusal(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_refusal == OnRefusal::Fallback,
        }
    }

    /// Whether the next provider is asked when a filter stops prompt or answer.
    pub(super) fn falls_back_on_content_filter(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_content_filter == OnContentFilter::Fallback,
        }
    }
}

/// A task, and who may do it, in this order.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) task: Task,
    pub(super) targets: Vec<Target>,
}

impl Plan {
    /// Reads what a job asks for.
    ///
    /// # Errors
    /// It cannot be read, or nobody is there to do it.
    pub(super) fn of(job: &ClaimedJob, providers: &Providers) -> Result<Self, Failure> {
        match job.kind {
            Kind::Generate => generate(job, providers),
            Kind::Execute | Kind::ExecuteTests => Err(unreadable()),
        }
    }
}

fn generate(job: &ClaimedJob, providers: &Providers) -> Result<Plan, Failure> {
    let input: GenerateInput =
        serde_json::from_str(&job.request).map_err(|_unreadable| unreadable())?;
    let mut targets = input.providers.clone();
    if targets.is_empty() {
        // A row of a version that knew one provider: its model goes to the first of the default.
        targets.clone_from(&providers.configuration().default_providers);
        if let Some(model) = &job.model {
            targets.truncate(1);
            for target in &mut targets {
                target.model.clone_from(model);
            }
        }
    }
    if targets.is_empty() {
        let message = "The job names no provider, and the configuration has no default. Set `default_providers`, then replay.";
        return Err(Failure::ours(
            ErrorCode::ProviderMisconfigured,
            Action::DeadLetter,
            message,
        ));
    }
    Ok(Plan {
        task: Task::Generate(Box::new(input)),
        targets,
    })
}

fn unreadable() -> Failure {
    let message = "The consumer cannot read the stored request: it is older than the producer. Deploy it, then replay.";
    Failure::ours(ErrorCode::UnreadableRequest, Action::DeadLetter, message)
}

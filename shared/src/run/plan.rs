//! What an attempt is to do: the stored request, and whom to ask in which order.

use crate::configuration::Configuration;
use crate::error_code::ErrorCode;
use crate::execute::{self, ExecuteInput, ExecuteTestsInput, Program, Runner};
use crate::job::{ClaimedJob, Kind};
use crate::provider::{Action, Failure, Providers};
use crate::request::{GenerateInput, OnContentFilter, OnRefusal, Target};
use serde::de::DeserializeOwned;

/// What is to be done for a job.
#[derive(Debug)]
pub(super) enum Task {
    /// A language model is asked.
    Generate(Box<GenerateInput>),
    /// A program is run.
    Execute(Box<ExecuteInput>),
    /// A program is run once for each test case.
    ExecuteTests(Box<ExecuteTestsInput>),
}

impl Task {
    /// Whether a refusal of the model is an answer.
    pub(super) fn accepts_refusals(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_refusal == OnRefusal::Succeed,
            Self::Execute(_) | Self::ExecuteTests(_) => false,
        }
    }

    /// Whether the next provider is asked when the model declines.
    pub(super) fn falls_back_on_refusal(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_refusal == OnRefusal::Fallback,
            Self::Execute(_) | Self::ExecuteTests(_) => false,
        }
    }

    /// Whether the next provider is asked when a filter stops prompt or answer.
    pub(super) fn falls_back_on_content_filter(&self) -> bool {
        match self {
            Self::Generate(input) => input.on_content_filter == OnContentFilter::Fallback,
            Self::Execute(_) | Self::ExecuteTests(_) => false,
        }
    }

    /// What is to be done, in the form in which a provider is asked.
    pub(super) fn work<'a>(&'a self, configuration: &'a Configuration) -> Work<'a> {
        let version = |language| match execute::runner_of(configuration, language) {
            Some(Runner::Remote(version)) => Some(version),
            Some(Runner::Executor(_)) | None => None,
        };
        match self {
            Self::Generate(input) => Work::Ask(input),
            Self::Execute(input) => Work::Run(input.program(version(&input.language))),
            Self::ExecuteTests(input) => Work::Run(input.program(version(&input.language))),
        }
    }
}

/// What a provider is asked for.
#[derive(Debug)]
pub(super) enum Work<'a> {
    /// An answer of a model.
    Ask(&'a GenerateInput),
    /// The runs of a program.
    Run(Program<'a>),
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
            Kind::Execute => {
                let input: Box<ExecuteInput> = read(job)?;
                let targets = vec![runner(providers, &input.language, None)?];
                let task = Task::Execute(input);
                Ok(Self { task, targets })
            }
            Kind::ExecuteTests => {
                let input: Box<ExecuteTestsInput> = read(job)?;
                let function = input.function_name.as_deref();
                let targets = vec![runner(providers, &input.language, function)?];
                let task = Task::ExecuteTests(input);
                Ok(Self { task, targets })
            }
        }
    }
}

fn generate(job: &ClaimedJob, providers: &Providers) -> Result<Plan, Failure> {
    let input: GenerateInput = read(job)?;
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

fn read<T: DeserializeOwned>(job: &ClaimedJob) -> Result<T, Failure> {
    serde_json::from_str(&job.request).map_err(|_unreadable| unreadable())
}

/// Who runs a language. It was known at the submit; since then the configuration may have changed.
fn runner(
    providers: &Providers,
    language: &str,
    function: Option<&str>,
) -> Result<Target, Failure> {
    let dead = |message: String| {
        Failure::ours(
            ErrorCode::ProviderMisconfigured,
            Action::DeadLetter,
            message,
        )
    };
    let runner = execute::runner_of(providers.configuration(), language);
    let runner = runner.ok_or_else(|| {
        dead(format!(
            "No executor runs {language} any more. Configure one, then replay."
        ))
    })?;
    if function.is_some() && !runner.calls_functions() {
        let message = format!(
            "{language} is run by a remote executor now, which calls no functions. Deploy an executor of ours for it, then replay."
        );
        return Err(dead(message));
    }
    Ok(Target::new(runner.provider(), language))
}

fn unreadable() -> Failure {
    let message = "The consumer cannot read the stored request: it is older than the producer. Deploy it, then replay.";
    Failure::ours(ErrorCode::UnreadableRequest, Action::DeadLetter, message)
}

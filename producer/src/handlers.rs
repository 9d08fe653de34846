//! The handlers: each parses a request, asks a use case, and answers.

mod accepted;
mod audit;
mod batches;
mod circuits;
mod dead_letters;
mod execute;
mod generate;
mod health;
mod jobs;
mod keys;
mod languages;
mod openai;
mod page;
mod providers;
mod replays;
mod tenants;
mod usage;

use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::route::Operation;
use redrive_shared::ports::Ports;
use redrive_shared::replays::Wish;
use std::sync::Arc;

/// Answers a call that was let in.
pub(crate) async fn run<P: Ports + 'static, R: Readiness + 'static>(
    app: &Arc<App<P, R>>,
    operation: Operation,
    call: &mut Call,
) -> Result<Answer, Problem> {
    match operation {
        Operation::Health => health::health(app),
        Operation::Ready => health::ready(app).await,
        Operation::OpenApi => Ok(health::openapi()),
        Operation::SubmitGenerate => generate::submit(app, call).await,
        Operation::SubmitExecute => execute::submit(app, call).await,
        Operation::SubmitExecuteTests => execute::submit_tests(app, call).await,
        Operation::ListLanguages => languages::list(app, call),
        Operation::ListProviders => providers::list(app, call),
        Operation::ReadJob => jobs::read(app, call).await,
        Operation::ListJobs => jobs::list(app, call).await,
        Operation::CancelJob => jobs::cancel(app, call).await,
        Operation::SubmitBatch => batches::submit(app, call).await,
        Operation::ReadBatch => batches::read(app, call).await,
        Operation::ReadBatchResults => batches::results(app, call).await,
        Operation::ReadBatchErrors => batches::errors(app, call).await,
        Operation::CancelBatch => batches::cancel(app, call).await,
        Operation::ListBatches => batches::list(app, call).await,
        Operation::UploadFile => openai::files::upload(app, call).await,
        Operation::ListFiles => openai::files::list(app, call).await,
        Operation::ReadFile => openai::files::read(app, call).await,
        Operation::ReadFileContent => openai::files::content(app, call).await,
        Operation::DeleteFile => openai::files::delete(app, call).await,
        Operation::SubmitFileBatch => openai::batches::submit(app, call).await,
        Operation::ListFileBatches => openai::batches::list(app, call).await,
        Operation::ReadFileBatch => openai::batches::read(app, call).await,
        Operation::CancelFileBatch => openai::batches::cancel(app, call).await,
        Operation::ReadUsage => usage::read(app, call).await,
        Operation::ListDeadLetters => dead_letters::list(app, call).await,
        Operation::GroupDeadLetters => dead_letters::groups(app, call).await,
        Operation::ReadDeadLetter => dead_letters::read(app, call).await,
        Operation::ReplayDeadLetter => dead_letters::replay(app, call).await,
        Operation::PurgeDeadLetters => dead_letters::purge(app, call).await,
        Operation::BeginReplay => replays::begin(app, call).await,
        Operation::ListReplays => replays::list(app, call).await,
        Operation::ReadReplay => replays::read(app, call).await,
        Operation::ListReplayedJobs => replays::jobs(app, call).await,
        Operation::PauseReplay => replays::control(app, call, Wish::Pause).await,
        Operation::ResumeReplay => replays::control(app, call, Wish::Resume).await,
        Operation::AbortReplay => replays::control(app, call, Wish::Abort).await,
        Operation::ListAudit => audit::list(app, call).await,
        Operation::ReadOwnKey => keys::read_own(app, call).await,
        Operation::ListTenants => tenants::list(app, call).await,
        Operation::CreateTenant => tenants::create(app, call).await,
        Operation::ReadTenant => tenants::read(app, call).await,
        Operation::ChangeTenant => tenants::change(app, call).await,
        Operation::ListCircuits => circuits::list(app, call).await,
        Operation::CreateKey => keys::create(app, call).await,
        Operation::ListKeys => keys::list(app, call).await,
        Operation::RevokeKey => keys::revoke(app, call).await,
    }
}

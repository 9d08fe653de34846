//! The route table: every path the API answers, with what a caller must hold.
//!
//! The router, the access check, the description of the API and the tests all read this one table.
//! What is not in it is not served.

use crate::multipart::AROUND_FILE;
use http::Method;
use redrive_shared::access::Scope;
use redrive_shared::file::FILE_BYTES;

/// What a caller must present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// An API key, whatever its scopes.
    AnyKey,
    /// An API key that holds the scope.
    Scope(Scope),
    /// The operator's key, or an API key that holds the scope `admin`.
    Admin,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Says that the Worker runs.
    Health,
    /// Says whether jobs can be accepted and run.
    Ready,
    /// Gives the description of the API.
    OpenApi,
    /// Accepts a `generate` job.
    SubmitGenerate,
    /// Accepts an `execute` job.
    SubmitExecute,
    /// Accepts an `execute_tests` job.
    SubmitExecuteTests,
    /// Gives the languages that jobs may name.
    ListLanguages,
    /// Gives the providers that jobs may ask.
    ListProviders,
    /// Gives one job.
    ReadJob,
    /// Gives a page of jobs.
    ListJobs,
    /// Stops a job.
    CancelJob,
    /// Accepts a batch.
    SubmitBatch,
    /// Gives one batch.
    ReadBatch,
    /// Gives what came of the lines of a batch.
    ReadBatchResults,
    /// Gives the lines of a batch that brought nothing.
    ReadBatchErrors,
    /// Stops a batch.
    CancelBatch,
    /// Gives a page of batches.
    ListBatches,
    /// Takes a file, for a client of OpenAI's.
    UploadFile,
    /// Gives a page of files, for a client of OpenAI's.
    ListFiles,
    /// Gives what is known of a file, for a client of OpenAI's.
    ReadFile,
    /// Gives a file, for a client of OpenAI's.
    ReadFileContent,
    /// Deletes a file, for a client of OpenAI's.
    DeleteFile,
    /// Accepts a batch of a file, for a client of OpenAI's.
    SubmitFileBatch,
    /// Gives a page of batches of files, for a client of OpenAI's.
    ListFileBatches,
    /// Gives one batch of a file, for a client of OpenAI's.
    ReadFileBatch,
    /// Stops a batch of a file, for a client of OpenAI's.
    CancelFileBatch,
    /// Gives what was used.
    ReadUsage,
    /// Gives a page of dead letters.
    ListDeadLetters,
    /// Gives the dead letters by their causes.
    GroupDeadLetters,
    /// Gives one dead letter.
    ReadDeadLetter,
    /// Puts a dead letter back.
    ReplayDeadLetter,
    /// Deletes dead letters.
    PurgeDeadLetters,
    /// Puts many dead letters back.
    BeginReplay,
    /// Gives a page of replays of many letters.
    ListReplays,
    /// Gives one replay of many letters.
    ReadReplay,
    /// Gives a page of what a replay put back.
    ListReplayedJobs,
    /// Makes a replay wait.
    PauseReplay,
    /// Lets a replay go on.
    ResumeReplay,
    /// Ends a replay.
    AbortReplay,
    /// Gives a page of the audit log.
    ListAudit,
    /// Gives the key that the request was sent with.
    ReadOwnKey,
    /// Gives a page of tenants.
    ListTenants,
    /// Makes a tenant.
    CreateTenant,
    /// Gives one tenant.
    ReadTenant,
    /// Changes a tenant.
    ChangeTenant,
    /// Gives the circuits that are not closed.
    ListCircuits,
    /// Makes an API key.
    CreateKey,
    /// Gives a page of a tenant's keys.
    ListKeys,
    /// Revokes an API key.
    RevokeKey,
}

/// What body a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// None; what is sent is not read.
    Nothing,
    /// JSON, of at most 1 MiB.
    Json,
    /// So many bytes, read while they arrive.
    Upload(u64),
}

/// One route. `HEAD` is served wherever `GET` is, and `OPTIONS` everywhere.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{id}` for the one part that varies.
    pub path: &'static str,
    /// What a caller must present.
    pub access: Access,
    /// What it does.
    pub operation: Operation,
}

const READ: Access = Access::Scope(Scope::JobsRead);
const WRITE: Access = Access::Scope(Scope::JobsWrite);
const OPS_READ: Access = Access::Scope(Scope::OpsRead);
const OPS_WRITE: Access = Access::Scope(Scope::OpsWrite);

const fn route(method: Method, path: &'static str, access: Access, operation: Operation) -> Route {
    Route {
        method,
        path,
        access,
        operation,
    }
}

/// Every route.
pub static ROUTES: [Route; 52] = [
    route(Method::GET, "/health", Access::Public, Operation::Health),
    route(
        Method::GET,
        "/api/health",
        Access::Public,
        Operation::Health,
    ),
    route(Method::GET, "/api/ready", Access::Public, Operation::Ready),
    route(
        Method::GET,
        "/api/openapi.json",
        Access::Public,
        Operation::OpenApi,
    ),
    route(
        Method::POST,
        "/api/v1/generate",
        WRITE,
        Operation::SubmitGenerate,
    ),
    route(
        Method::GET,
        "/api/v1/generate/{id}/status",
        READ,
        Operation::ReadJob,
    ),
    route(
        Method::POST,
        "/api/v1/execute",
        WRITE,
        Operation::SubmitExecute,
    ),
    route(
        Method::POST,
        "/api/v1/execute/tests",
        WRITE,
        Operation::SubmitExecuteTests,
    ),
    route(
        Method::GET,
        "/api/v1/execute/{id}/status",
        READ,
        Operation::ReadJob,
    ),
    route(
        Method::GET,
        "/api/v1/languages",
        READ,
        Operation::ListLanguages,
    ),
    route(
        Method::GET,
        "/api/v1/providers",
        Access::AnyKey,
        Operation::ListProviders,
    ),
    route(Method::GET, "/api/v1/jobs", READ, Operation::ListJobs),
    route(Method::GET, "/api/v1/jobs/{id}", READ, Operation::ReadJob),
    route(
        Method::POST,
        "/api/v1/jobs/{id}/cancel",
        WRITE,
        Operation::CancelJob,
    ),
    route(
        Method::POST,
        "/api/v1/batches",
        WRITE,
        Operation::SubmitBatch,
    ),
    route(Method::GET, "/api/v1/batches", READ, Operation::ListBatches),
    route(
        Method::GET,
        "/api/v1/batches/{id}",
        READ,
        Operation::ReadBatch,
    ),
    route(
        Method::GET,
        "/api/v1/batches/{id}/results",
        READ,
        Operation::ReadBatchResults,
    ),
    route(
        Method::GET,
        "/api/v1/batches/{id}/errors",
        READ,
        Operation::ReadBatchErrors,
    ),
    route(
        Method::POST,
        "/api/v1/batches/{id}/cancel",
        WRITE,
        Operation::CancelBatch,
    ),
    route(Method::POST, "/v1/files", WRITE, Operation::UploadFile),
    route(Method::GET, "/v1/files", READ, Operation::ListFiles),
    route(Method::GET, "/v1/files/{id}", READ, Operation::ReadFile),
    route(
        Method::DELETE,
        "/v1/files/{id}",
        WRITE,
        Operation::DeleteFile,
    ),
    route(
        Method::GET,
        "/v1/files/{id}/content",
        READ,
        Operation::ReadFileContent,
    ),
    route(
        Method::POST,
        "/v1/batches",
        WRITE,
        Operation::SubmitFileBatch,
    ),
    route(Method::GET, "/v1/batches", READ, Operation::ListFileBatches),
    route(
        Method::GET,
        "/v1/batches/{id}",
        READ,
        Operation::ReadFileBatch,
    ),
    route(
        Method::POST,
        "/v1/batches/{id}/cancel",
        WRITE,
        Operation::CancelFileBatch,
    ),
    route(Method::GET, "/api/v1/usage", READ, Operation::ReadUsage),
    route(
        Method::GET,
        "/api/v1/dead-letters",
        OPS_READ,
        Operation::ListDeadLetters,
    ),
    route(
        Method::GET,
        "/api/v1/dead-letters/groups",
        OPS_READ,
        Operation::GroupDeadLetters,
    ),
    route(
        Method::GET,
        "/api/v1/dead-letters/{id}",
        OPS_READ,
        Operation::ReadDeadLetter,
    ),
    route(
        Method::POST,
        "/api/v1/dead-letters/{id}/replay",
        OPS_WRITE,
        Operation::ReplayDeadLetter,
    ),
    route(
        Method::DELETE,
        "/api/v1/dead-letters",
        OPS_WRITE,
        Operation::PurgeDeadLetters,
    ),
    route(
        Method::POST,
        "/api/v1/replays",
        OPS_WRITE,
        Operation::BeginReplay,
    ),
    route(
        Method::GET,
        "/api/v1/replays",
        OPS_READ,
        Operation::ListReplays,
    ),
    route(
        Method::GET,
        "/api/v1/replays/{id}",
        OPS_READ,
        Operation::ReadReplay,
    ),
    route(
        Method::GET,
        "/api/v1/replays/{id}/jobs",
        OPS_READ,
        Operation::ListReplayedJobs,
    ),
    route(
        Method::POST,
        "/api/v1/replays/{id}/pause",
        OPS_WRITE,
        Operation::PauseReplay,
    ),
    route(
        Method::POST,
        "/api/v1/replays/{id}/resume",
        OPS_WRITE,
        Operation::ResumeReplay,
    ),
    route(
        Method::POST,
        "/api/v1/replays/{id}/abort",
        OPS_WRITE,
        Operation::AbortReplay,
    ),
    route(Method::GET, "/api/v1/audit", OPS_READ, Operation::ListAudit),
    route(
        Method::GET,
        "/api/v1/key",
        Access::AnyKey,
        Operation::ReadOwnKey,
    ),
    route(
        Method::GET,
        "/api/v1/admin/tenants",
        Access::Admin,
        Operation::ListTenants,
    ),
    route(
        Method::POST,
        "/api/v1/admin/tenants",
        Access::Admin,
        Operation::CreateTenant,
    ),
    route(
        Method::GET,
        "/api/v1/admin/tenants/{id}",
        Access::Admin,
        Operation::ReadTenant,
    ),
    route(
        Method::PATCH,
        "/api/v1/admin/tenants/{id}",
        Access::Admin,
        Operation::ChangeTenant,
    ),
    route(
        Method::GET,
        "/api/v1/admin/circuits",
        Access::Admin,
        Operation::ListCircuits,
    ),
    route(
        Method::POST,
        "/api/v1/admin/keys",
        Access::Admin,
        Operation::CreateKey,
    ),
    route(
        Method::GET,
        "/api/v1/admin/keys",
        Access::Admin,
        Operation::ListKeys,
    ),
    route(
        Method::DELETE,
        "/api/v1/admin/keys/{id}",
        Access::Admin,
        Operation::RevokeKey,
    ),
];

impl Route {
    /// What body the route takes.
    pub(crate) fn takes(&self) -> Takes {
        if self.operation == Operation::SubmitBatch {
            Takes::Upload(FILE_BYTES)
        } else if self.operation == Operation::UploadFile {
            Takes::Upload(FILE_BYTES + AROUND_FILE)
        } else if self.method == Method::POST || self.method == Method::PATCH {
            Takes::Json
        } else {
            Takes::Nothing
        }
    }
}

/// The route of a path for a method, where `HEAD` counts as `GET`.
pub(crate) fn find(path: &str, method: &Method) -> Option<&'static Route> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    ROUTES
        .iter()
        .find(|route| route.path == path && route.method == *method)
}

/// The value of `Allow` for a path.
pub(crate) fn allowed_methods(path: &str) -> String {
    let mut allowed = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path == path) {
        allowed.push(route.method.as_str());
        if route.method == Method::GET {
            allowed.push("HEAD");
        }
    }
    allowed.push("OPTIONS");
    allowed.join(", ")
}

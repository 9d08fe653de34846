//! What routes do, each by one name.

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

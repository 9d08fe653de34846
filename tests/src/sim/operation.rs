//! What can happen in a simulated world, as data.
//!
//! Every index goes round its list, and an operation with nothing to act on does nothing. So any
//! part of a list of operations is a list of operations, which is what shrinking needs.

/// One thing that happens.
///
/// Its `Debug` form is Rust: a list that was printed can be pasted into a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A client begins to submit a job of this shape, which also says whose: see `shape.rs`.
    Submit(u8),
    /// A client begins to submit with an idempotency key: the key's number, and the job's shape.
    SubmitOnce(u8, u8),
    /// A queue delivers messages that are due: from which on, and how many (1 to 10).
    Deliver(Way, u8, u8),
    /// A queue makes a second copy of this message.
    Duplicate(Way, u8),
    /// A queue loses this message.
    Drop(Way, u8),
    /// A queue has delivered this message so often more, each time to a run that died.
    Wear(Way, u8, u8),
    /// A queue has a message nobody of ours sent, or one for what is not there.
    Stray(Way, Stray),
    /// The cron begins a sweep.
    Sweep,
    /// A client begins to cancel this job.
    Cancel(u8),
    /// An operator begins to replay this job, with the idempotency key of this number (0: without);
    /// from 128 on with other limits than before.
    Replay(u8, u8),
    /// A client begins to submit a batch of this shape: see `upload.rs`; with the idempotency key of
    /// this number (0: without).
    SubmitBatch(u8, u8),
    /// A client begins to cancel this batch.
    CancelBatch(u8),
    /// An operator begins a replay of many letters of this shape: see `begin_many.rs`; with the
    /// idempotency key of this number (0: without).
    BeginReplays(u8, u8),
    /// An operator begins to tell this replay of many what it is to do.
    Control(u8, Wish),
    /// An operator begins to delete all dead letters of this tenant; or miscounts them before.
    Purge(u8, bool),
    /// A client begins to read this job; or another tenant does, who must not find it.
    Read(u8, bool),
    /// One effect takes place: of which run under way, which of those it waits for, and how.
    Step(u8, u8, Outcome),
    /// This run goes on to its end, and every effect goes well.
    Finish(u8),
    /// This run dies where it is.
    Crash(u8),
    /// The machine dies with every run.
    Kill,
    /// So many milliseconds pass.
    Advance(u32),
}

/// What an operator wants of a replay of many letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to wait.
    Pause,
    /// It is to go on.
    Resume,
    /// It is to end.
    Abort,
}

/// A queue, by what goes this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Single jobs.
    Single,
    /// Jobs of batches and of replays of many.
    Bulk,
    /// Steps of batches and of replays of many.
    Task,
    /// Word of dead letters, and what was delivered too often.
    Letter,
}

impl Way {
    /// Every queue.
    pub(crate) const ALL: [Self; 4] = [Self::Single, Self::Bulk, Self::Task, Self::Letter];

    /// The queue's name.
    pub(crate) const fn queue(self) -> &'static str {
        match self {
            Self::Single => "redrive-jobs",
            Self::Bulk => "redrive-bulk-jobs",
            Self::Task => "redrive-tasks",
            Self::Letter => "redrive-dead-letters",
        }
    }
}

/// A message that is not what the consumer expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// Not JSON.
    Garbage,
    /// Not text.
    NotText,
    /// Of a version of the body that this code does not know.
    Version,
    /// For a job, a batch or a replay that is not in the database.
    Ghost,
}

/// How an effect goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Good,
    /// It fails, and nothing happened.
    Before(Trouble),
    /// It happened, and its answer is lost.
    After(Trouble),
    /// A read of the cache gives what was there before the latest write.
    Stale,
    /// The provider answers so.
    Reply(Reply),
}

/// What a failing port says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It will be over in a moment.
    Transient,
    /// There is too much to do.
    Overloaded,
    /// Something nobody has a name for.
    Unknown,
}

/// A provider's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Answer,
    /// An answer cut at the token limit.
    CutAnswer,
    /// An answer without a word.
    EmptyAnswer,
    /// 429 without a hint.
    Throttled,
    /// 429 with `retry-after: 20`.
    ThrottledFor20Seconds,
    /// 429 with `retry-after: 3600`.
    ThrottledForAnHour,
    /// 503.
    Overloaded,
    /// 500.
    Failed,
    /// 502 with a page of HTML.
    BadGateway,
    /// 500 with `x-should-retry: false`.
    FailedForGood,
    /// 401.
    KeyRefused,
    /// 429 because the account is out of money.
    OutOfMoney,
    /// 404 for the model.
    NoSuchModel,
    /// 400.
    BadRequest,
    /// 400 because the prompt is too long.
    TooLong,
    /// 200, with an error in the body.
    ErrorInside,
    /// 200, and no message in the body.
    NoMessage,
    /// 200, and the body is cut.
    Truncated,
    /// 302.
    Redirect,
    /// The time of the call is over.
    Timeout,
    /// No connection.
    Unreachable,
    /// The connection breaks within the body.
    ConnectionLost,
}

impl Reply {
    /// Every reply.
    pub(crate) const ALL: [Self; 22] = [
        Self::Answer,
        Self::CutAnswer,
        Self::EmptyAnswer,
        Self::Throttled,
        Self::ThrottledFor20Seconds,
        Self::ThrottledForAnHour,
        Self::Overloaded,
        Self::Failed,
        Self::BadGateway,
        Self::FailedForGood,
        Self::KeyRefused,
        Self::OutOfMoney,
        Self::NoSuchModel,
        Self::BadRequest,
        Self::TooLong,
        Self::ErrorInside,
        Self::NoMessage,
        Self::Truncated,
        Self::Redirect,
        Self::Timeout,
        Self::Unreachable,
        Self::ConnectionLost,
    ];
}

//! What one call gets.

use std::time::Duration;

use axum::http::StatusCode;

pub(crate) use crate::simulator::failure::{Failure, Hint, Words};

/// What one call gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A whole answer with status 200.
    Completion(Shape),
    /// A good answer after this time.
    Slow(Duration),
    /// A good answer after the next release.
    Hold,
    /// Nothing, ever.
    Hang,
    /// A good answer behind this many blank lines; with none given, blank lines for ever.
    KeepAlive(Option<u32>),
    /// An error status, in the words that the vendor has for it; `retry_after` is in seconds.
    Status {
        status: StatusCode,
        retry_after: Option<u32>,
    },
    /// The prompt is longer than the model can read.
    ContextTooLong,
    /// No waiting helps: the account is out of money.
    QuotaExhausted,
    /// There is no such model.
    UnknownModel,
    /// This error.
    Fail(Failure),
    /// The body of this error, with status 200.
    FailInGood(Failure),
    /// 200 with a top-level `error`, as `OpenRouter` answers; in the shape of the vendor elsewhere.
    ErrorInBody,
    /// 200 with this body, which claims to be JSON.
    Verbatim(&'static str),
    /// A response that failed with this code; where there are no responses, this error.
    FailedResponse {
        code: &'static str,
        elsewhere: Failure,
    },
    /// A response that is not there yet, and is asked for again.
    Background(Background),
    /// 200 with events instead of JSON.
    Stream(Events),
    /// A redirect to another path of the simulator; `elsewhere` names it by another origin.
    Redirect { status: StatusCode, elsewhere: bool },
    /// The connection or the body is broken.
    Broken(Broken),
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection is reset before the answer.
    Drop,
    /// The connection is closed in good order before the answer.
    Close,
    /// 200, and the connection is reset in the middle of the body.
    Reset,
    /// 200, and nothing comes after the first half of the body.
    Stall,
    /// 200, a JSON body cut in the middle and sent as if it were whole.
    Truncated,
    /// 200, a body that says it is gzip and is not.
    Gzip,
    /// 200, JSON with a byte that no text has.
    Utf8,
    /// 200 without a body.
    Nothing,
    /// 200 with a page of HTML.
    Html,
}

/// How a response in the background ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Background {
    /// How often it is still under way when it is asked for.
    pub(crate) polls: u32,
    pub(crate) ending: Ending,
}

/// What a response in the background comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A whole answer.
    Whole(Shape),
    /// The status `failed` with this code.
    Failed(&'static str),
    /// The status `cancelled`.
    Cancelled,
    /// Nothing: it stays under way.
    Never,
    /// It is forgotten: 404.
    Lost,
}

/// What a stream of events comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    /// An error before any text.
    ErrorFirst,
    /// Some text, then an error.
    ErrorAfter,
    /// Some text, and no end.
    NoEnd,
    /// A whole answer.
    Whole,
}

/// How a whole answer is shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A good answer.
    Good,
    /// A good answer, its text this long.
    Long { kibibytes: u32 },
    /// Cut short by a token limit.
    Cut,
    /// The text is empty.
    Blank,
    /// The text is `null`.
    Null,
    /// There is no text.
    Missing,
    /// Stopped by a content filter.
    Filtered,
    /// Refused by the model.
    Refused,
    /// There is no choice in it.
    NoChoices,
    /// There is no message in it.
    NoMessage,
    /// There is no usage in it.
    NoUsage,
    /// The usage is `null`.
    NullUsage,
    /// The usage is told in strings.
    TextUsage,
    /// Half of the prompt was read from a cache, a quarter written to it.
    Cached,
    /// The model thought before it spoke.
    Reasoning,
    /// The same, under the field `reasoning`.
    ReasoningField,
    /// A tool is called; `with_text` says whether there is text as well.
    Tool { with_text: bool },
    /// Stopped for a reason of this name.
    Finish(&'static str),
    /// The reason is `null`.
    NullFinish,
    /// There is no reason.
    MissingFinish,
    /// The turn is paused, to be continued.
    Paused,
    /// The context window was full.
    WindowFull,
    /// A JSON object.
    Json,
    /// JSON of a kind that nobody asks for.
    JsonWrong,
    /// The first half of a JSON object.
    JsonBroken,
    /// A JSON object in a Markdown fence.
    JsonFenced,
    /// An object where there should be text.
    Object,
    /// A number where there should be text.
    Number,
    /// The answer stands in `choices` where it could stand in `response`.
    InChoices,
    /// What a program did.
    Program(Program),
}

/// What a simulated program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// It runs out of time; `cpu` tells whether of time on the processor.
    OutOfTime { cpu: bool },
    /// It runs out of memory.
    OutOfMemory,
    /// It ends with this code and a traceback.
    Exit(u8),
    /// It is ended by a fault of its own.
    Segfault,
    /// It writes more than is kept; `error` tells whether to standard error.
    TooMuch { error: bool },
    /// It does not compile.
    DoesNotCompile,
    /// It takes too long to compile.
    CompilesTooLong,
    /// It writes to both outputs.
    Both,
    /// The sandbox itself fails.
    Sandbox,
    /// It prints its arguments.
    Arguments,
}

pub(crate) const GOOD: Reply = Reply::Completion(Shape::Good);

pub(crate) const fn status(status: StatusCode, retry_after: Option<u32>) -> Reply {
    Reply::Status {
        status,
        retry_after,
    }
}

impl Reply {
    /// Whether what the call gets is no answer that a client could use, whatever its status.
    pub(crate) fn is_fault(self) -> bool {
        match self {
            Self::Completion(shape) => matches!(shape, Shape::NoChoices | Shape::NoMessage),
            Self::Slow(_) | Self::Hold | Self::Background(_) => false,
            Self::KeepAlive(lines) => lines.is_none(),
            Self::Stream(events) => events != Events::Whole,
            Self::Hang
            | Self::Status { .. }
            | Self::ContextTooLong
            | Self::QuotaExhausted
            | Self::UnknownModel
            | Self::Fail(_)
            | Self::FailInGood(_)
            | Self::ErrorInBody
            | Self::Verbatim(_)
            | Self::FailedResponse { .. }
            | Self::Redirect { .. }
            | Self::Broken(_) => true,
        }
    }
}

//! Models with names of their own.

use super::{ALL, Case, MODELS, PISTON, WORKERS_AI, case};
use axum::http::StatusCode;

use crate::simulator::reply::{Broken, GOOD, Program, Reply, Shape};

/// The text of `sim-huge`, in KiB: enough for a body of more than 4 MiB.
const HUGE_KIBIBYTES: u32 = 4 * 1024 + 64;

/// What is known by a name and a number, which has the default that is given.
pub(super) const NUMBERED: &[(&str, &str)] = &[
    ("slow-N", "a good answer after N milliseconds (2000)"),
    (
        "big-N",
        "a good answer with N KiB of text (256, at most 65536); no token limit cuts it",
    ),
    (
        "keep-alive-N",
        "N blank lines (5), 20 ms apart, then a good answer",
    ),
    (
        "S-N",
        "the status S, 400 to 599, with Retry-After: N if N is given; 429 has N = 1",
    ),
    (
        "flaky-N",
        "500 for the first N calls (1) of a job, then good answers",
    ),
    (
        "throttle-N",
        "429 with Retry-After: 1 for the first N calls (1) of a job, then good answers",
    ),
    ("429-once", "the same as sim-throttle-1"),
    (
        "storm-N",
        "429 with Retry-After: 5 for N seconds (60) from the model's first call, then good answers",
    ),
    (
        "outage-N",
        "503 for N seconds (60) from the model's first call, then good answers",
    ),
    (
        "random",
        "a good answer, or with the fault rate a fault that may pass",
    ),
    (
        "chaos",
        "the same with more kinds of fault, some of which take time",
    ),
    (
        "ANY-then-ok-N",
        "what sim-ANY gets for the first N calls (1) of a job, then good answers",
    ),
];

const fn whole(name: &'static str, does: &'static str, shape: Shape) -> Case {
    case(name, MODELS, does, Reply::Completion(shape))
}

const fn program(name: &'static str, does: &'static str, program: Program) -> Case {
    case(
        name,
        PISTON,
        does,
        Reply::Completion(Shape::Program(program)),
    )
}

pub(super) const CASES: &[Case] = &[
    case("ok", ALL, "a good answer", GOOD),
    case(
        "hold",
        ALL,
        "a good answer after the next POST /control/release",
        Reply::Hold,
    ),
    case(
        "hang",
        ALL,
        "nothing, until the caller goes or the simulator stops",
        Reply::Hang,
    ),
    whole(
        "huge",
        "a good answer of more than 4 MiB; no token limit cuts it",
        Shape::Long {
            kibibytes: HUGE_KIBIBYTES,
        },
    ),
    whole("length", "an answer cut short by a token limit", Shape::Cut),
    whole("nousage", "a good answer without usage", Shape::NoUsage),
    whole(
        "usage-null",
        "a good answer whose usage is null",
        Shape::NullUsage,
    ),
    whole(
        "usage-strings",
        "a good answer whose usage stands in strings",
        Shape::TextUsage,
    ),
    whole(
        "cached",
        "a good answer; half of the prompt was in a cache",
        Shape::Cached,
    ),
    whole("blank", "the text \"\"", Shape::Blank),
    whole("null", "no text: null", Shape::Null),
    whole("missing", "no text: the field is missing", Shape::Missing),
    whole(
        "filter",
        "part of an answer, stopped by a content filter",
        Shape::Filtered,
    ),
    whole("refusal", "a refusal of the model", Shape::Refused),
    whole(
        "empty",
        "status 200 without choices, content or output",
        Shape::NoChoices,
    ),
    whole(
        "reasoning",
        "a good answer with reasoning before it",
        Shape::Reasoning,
    ),
    whole(
        "reasoning-field",
        "the same; in chat, under the field reasoning instead of reasoning_content",
        Shape::ReasoningField,
    ),
    whole(
        "tools",
        "a call of the first tool, without text",
        Shape::Tool { with_text: false },
    ),
    whole(
        "tools-text",
        "a call of the first tool, beside text",
        Shape::Tool { with_text: true },
    ),
    whole(
        "finish-eos",
        "a good answer whose finish reason is \"eos\"",
        Shape::Finish("eos"),
    ),
    whole(
        "finish-error",
        "a good answer whose finish reason is \"error\"",
        Shape::Finish("error"),
    ),
    whole(
        "finish-null",
        "a good answer whose finish reason is null",
        Shape::NullFinish,
    ),
    whole(
        "finish-missing",
        "a good answer without a finish reason",
        Shape::MissingFinish,
    ),
    whole(
        "json",
        "a JSON object, which fits the schema of the request if it has one",
        Shape::Json,
    ),
    whole(
        "json-wrong",
        "JSON that fits no sensible schema",
        Shape::JsonWrong,
    ),
    whole(
        "json-broken",
        "the first half of a JSON object",
        Shape::JsonBroken,
    ),
    whole(
        "json-fenced",
        "a JSON object in a Markdown fence",
        Shape::JsonFenced,
    ),
    case(
        "object",
        WORKERS_AI,
        "result.response is an object",
        Reply::Completion(Shape::Object),
    ),
    case(
        "number",
        WORKERS_AI,
        "result.response is a number",
        Reply::Completion(Shape::Number),
    ),
    case(
        "choices",
        WORKERS_AI,
        "the answer stands in result.choices",
        Reply::Completion(Shape::InChoices),
    ),
    case(
        "error200",
        ALL,
        "status 200 with an error for a body",
        Reply::ErrorInBody,
    ),
    case(
        "html200",
        ALL,
        "status 200 with a page of HTML",
        Reply::Broken(Broken::Html),
    ),
    case(
        "truncated",
        ALL,
        "JSON cut in the middle, under a Content-Length that fits what is sent",
        Reply::Broken(Broken::Truncated),
    ),
    case(
        "reset",
        ALL,
        "half of the announced body, then the connection is reset",
        Reply::Broken(Broken::Reset),
    ),
    case(
        "drop",
        ALL,
        "a connection reset before any byte of an answer",
        Reply::Broken(Broken::Drop),
    ),
    case(
        "redirect",
        ALL,
        "302 to a path of the simulator that counts who follows",
        Reply::Redirect {
            status: StatusCode::FOUND,
            elsewhere: false,
        },
    ),
    case(
        "context",
        MODELS,
        "the prompt is too long",
        Reply::ContextTooLong,
    ),
    case(
        "quota",
        MODELS,
        "the account is out of money",
        Reply::QuotaExhausted,
    ),
    program(
        "timeout",
        "the program runs out of time",
        Program::OutOfTime { cpu: false },
    ),
    program(
        "cpu-timeout",
        "the program runs out of time on the processor",
        Program::OutOfTime { cpu: true },
    ),
    program(
        "memory",
        "the program runs out of memory",
        Program::OutOfMemory,
    ),
    program(
        "error",
        "the program ends with code 1 and a traceback",
        Program::Exit(1),
    ),
    program(
        "exit",
        "the program ends with code 3 and a traceback",
        Program::Exit(3),
    ),
    program(
        "segfault",
        "the program is ended by SIGSEGV",
        Program::Segfault,
    ),
    program(
        "output",
        "the program prints too much",
        Program::TooMuch { error: false },
    ),
    program(
        "error-output",
        "the program prints too much to standard error",
        Program::TooMuch { error: true },
    ),
    program(
        "compile-error",
        "the program does not compile",
        Program::DoesNotCompile,
    ),
    program(
        "compile-timeout",
        "the program compiles for too long",
        Program::CompilesTooLong,
    ),
    program("both", "the program prints to both outputs", Program::Both),
    program(
        "arguments",
        "the program prints its arguments",
        Program::Arguments,
    ),
    program("sandbox", "the sandbox itself fails", Program::Sandbox),
];

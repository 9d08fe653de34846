//! What a model name asks for.

use std::time::Duration;

use axum::http::StatusCode;

use crate::simulator::chance::{self, Faults};
use crate::simulator::ledger::Turn;

/// The text of `sim-huge`, in KiB: enough for a body of more than 4 MiB.
const HUGE_KIBIBYTES: u32 = 4 * 1024 + 64;
/// The longest text of `sim-big`, in KiB.
const LONGEST_KIBIBYTES: u32 = 64 * 1024;
/// The pause that `sim-storm` asks for, in seconds.
pub(crate) const STORM_HINT_SECONDS: u32 = 5;

/// What the calls of a model get, before it is known which call of its job one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// The same for every call.
    Always(Reply),
    /// An error for the first calls of a job, a good answer for the rest.
    FirstCalls { count: u32, reply: Reply },
    /// An error for the first seconds after the first call of the model, a good answer from then on.
    FirstSeconds { seconds: u32, reply: Reply },
    /// A good answer or one of these faults, by the seed.
    Random(Faults),
}

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
    /// An error status; `retry_after` is in seconds.
    Status {
        status: StatusCode,
        retry_after: Option<u32>,
    },
    /// 400, the prompt is longer than the model can read.
    ContextTooLong,
    /// 429, but no waiting helps: the account is out of money.
    QuotaExhausted,
    /// 404, there is no such model.
    UnknownModel,
    /// 302 to another path of the simulator.
    Redirect,
    /// 200, a JSON body cut in the middle and sent as if it were whole.
    Truncated,
    /// 200, and the connection is reset in the middle of the body.
    Reset,
    /// The connection is reset before the answer.
    Drop,
    /// 200 with a page of HTML.
    Html,
    /// 200 with a top-level `error`.
    ErrorInBody,
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
    /// Stopped by a content filter.
    Filtered,
    /// Refused by the model.
    Refused,
    /// There is no choice in it.
    NoChoices,
    /// There is no usage in it.
    NoUsage,
}

pub(crate) const GOOD: Reply = Reply::Completion(Shape::Good);

pub(crate) const fn status(status: StatusCode, retry_after: Option<u32>) -> Reply {
    Reply::Status {
        status,
        retry_after,
    }
}

impl Behaviour {
    /// Reads a model name. Every name has a meaning. From an `@` on it has none: that part is the
    /// caller's, to tell apart models that behave alike.
    pub(crate) fn of_model(model: &str) -> Self {
        let named = model.split_once('@').map_or(model, |(named, _)| named);
        let Some(rest) = named.strip_prefix("sim-") else {
            return Self::Always(GOOD);
        };
        let (name, number) = split_number(rest);
        counted(name, number)
            .or_else(|| always(name, number).map(Self::Always))
            .unwrap_or(Self::Always(Reply::UnknownModel))
    }

    /// What the call whose turn it is gets.
    pub(crate) fn reply(self, turn: Turn, seed: u64, fault_rate: f64) -> Reply {
        match self {
            Self::Always(reply) => reply,
            Self::FirstCalls { count, reply } if turn.call <= u64::from(count) => reply,
            Self::FirstSeconds { seconds, reply } if turn.age < span(seconds) => reply,
            Self::FirstCalls { .. } | Self::FirstSeconds { .. } => GOOD,
            Self::Random(faults) => chance::reply(faults, turn, seed, fault_rate),
        }
    }
}

impl Reply {
    /// Whether what the call gets is no answer that a client could use, whatever its status.
    pub(crate) fn is_fault(self) -> bool {
        match self {
            Self::Completion(shape) => shape == Shape::NoChoices,
            Self::Slow(_) | Self::Hold => false,
            Self::Hang
            | Self::Status { .. }
            | Self::ContextTooLong
            | Self::QuotaExhausted
            | Self::UnknownModel
            | Self::Redirect
            | Self::Truncated
            | Self::Reset
            | Self::Drop
            | Self::Html
            | Self::ErrorInBody => true,
        }
    }
}

/// Takes the number off the end of `<behaviour>[-<number>]`.
fn split_number(rest: &str) -> (&str, Option<u32>) {
    rest.rsplit_once('-')
        .filter(|(_, digits)| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|(name, digits)| Some((name, Some(digits.parse().ok()?))))
        .unwrap_or((rest, None))
}

/// The behaviours that depend on which call one is.
fn counted(name: &str, number: Option<u32>) -> Option<Behaviour> {
    let first_calls = |count, reply| Some(Behaviour::FirstCalls { count, reply });
    let first_seconds = |seconds, reply| Some(Behaviour::FirstSeconds { seconds, reply });
    let throttled = status(StatusCode::TOO_MANY_REQUESTS, Some(1));
    match (name, number) {
        ("flaky", _) => first_calls(
            number.unwrap_or(1),
            status(StatusCode::INTERNAL_SERVER_ERROR, None),
        ),
        ("throttle", _) => first_calls(number.unwrap_or(1), throttled),
        ("429-once", None) => first_calls(1, throttled),
        ("storm", _) => first_seconds(
            number.unwrap_or(60),
            status(StatusCode::TOO_MANY_REQUESTS, Some(STORM_HINT_SECONDS)),
        ),
        ("outage", _) => first_seconds(
            number.unwrap_or(60),
            status(StatusCode::SERVICE_UNAVAILABLE, None),
        ),
        ("random", None) => Some(Behaviour::Random(Faults::Quick)),
        ("chaos", None) => Some(Behaviour::Random(Faults::All)),
        _ => None,
    }
}

/// The behaviours that are the same for every call.
fn always(name: &str, number: Option<u32>) -> Option<Reply> {
    let reply = match (name, number) {
        ("slow", _) => Reply::Slow(Duration::from_millis(number.unwrap_or(2_000).into())),
        ("big", _) => Reply::Completion(Shape::Long {
            kibibytes: number
                .or(Some(256))
                .filter(|kibibytes| *kibibytes <= LONGEST_KIBIBYTES)?,
        }),
        (digits, _) if digits.starts_with(['4', '5']) => error_status(digits, number)?,
        (_, Some(_)) => return None,
        ("ok", _) => GOOD,
        ("huge", _) => Reply::Completion(Shape::Long {
            kibibytes: HUGE_KIBIBYTES,
        }),
        ("length", _) => Reply::Completion(Shape::Cut),
        ("blank", _) => Reply::Completion(Shape::Blank),
        ("null", _) => Reply::Completion(Shape::Null),
        ("filter", _) => Reply::Completion(Shape::Filtered),
        ("refusal", _) => Reply::Completion(Shape::Refused),
        ("empty", _) => Reply::Completion(Shape::NoChoices),
        ("nousage", _) => Reply::Completion(Shape::NoUsage),
        ("hold", _) => Reply::Hold,
        ("hang", _) => Reply::Hang,
        ("context", _) => Reply::ContextTooLong,
        ("quota", _) => Reply::QuotaExhausted,
        ("redirect", _) => Reply::Redirect,
        ("truncated", _) => Reply::Truncated,
        ("reset", _) => Reply::Reset,
        ("drop", _) => Reply::Drop,
        ("html200", _) => Reply::Html,
        ("error200", _) => Reply::ErrorInBody,
        _ => return None,
    };
    Some(reply)
}

/// An error status by its three digits; only 429 has a `Retry-After` without being given one.
fn error_status(digits: &str, number: Option<u32>) -> Option<Reply> {
    let code = StatusCode::from_bytes(digits.as_bytes()).ok()?;
    let retry_after = match code {
        StatusCode::TOO_MANY_REQUESTS => number.or(Some(1)),
        _ => number,
    };
    Some(status(code, retry_after))
}

fn span(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;

    use super::{Behaviour, GOOD, Reply, Shape, status};
    use crate::simulator::ledger::Turn;

    fn always(model: &str) -> Reply {
        match Behaviour::of_model(model) {
            Behaviour::Always(reply) => reply,
            Behaviour::FirstCalls { .. }
            | Behaviour::FirstSeconds { .. }
            | Behaviour::Random(_) => panic!("{model} varies"),
        }
    }

    #[test]
    fn number_sets_what_it_counts() {
        assert_eq!(
            always("sim-slow-500"),
            Reply::Slow(Duration::from_millis(500))
        );
        assert_eq!(always("sim-slow"), Reply::Slow(Duration::from_secs(2)));
        let long = Shape::Long { kibibytes: 64 };
        assert_eq!(always("sim-big-64"), Reply::Completion(long));
        let overloaded = status(StatusCode::SERVICE_UNAVAILABLE, Some(7));
        assert_eq!(always("sim-503-7"), overloaded);
        let throttled = status(StatusCode::TOO_MANY_REQUESTS, Some(1));
        assert_eq!(always("sim-429"), throttled);
    }

    #[test]
    fn name_outside_the_grammar_is_an_unknown_model() {
        for model in [
            "sim-",
            "sim-nonsense",
            "sim-ok-5",
            "sim-slow-",
            "sim-slow-+5",
            "sim-slow-99999999999",
            "sim-big-65537",
            "sim-200",
            "sim-4290",
            "sim-429-once-2",
            "sim-random-1",
            "sim-chaos-1",
        ] {
            assert_eq!(always(model), Reply::UnknownModel, "{model}");
        }
    }

    #[test]
    fn what_stands_after_an_at_sign_changes_nothing() {
        for model in [
            "sim-hold",
            "sim-big-64",
            "sim-503-7",
            "sim-flaky-2",
            "sim-nonsense",
        ] {
            let alike = format!("{model}@a-test-9@x");
            assert_eq!(Behaviour::of_model(&alike), Behaviour::of_model(model));
        }
        assert_ne!(
            Behaviour::of_model("sim-hold@x"),
            Behaviour::of_model("sim-hang@x")
        );
    }

    #[test]
    fn model_of_another_name_gets_good_answers() {
        assert_eq!(always("gpt-4o-mini"), GOOD);
        assert_eq!(always(""), GOOD);
    }

    #[test]
    fn first_calls_end_after_their_count() {
        let flaky = Behaviour::of_model("sim-flaky-2");
        let replies: Vec<bool> = (1..=4)
            .map(|call| Turn {
                call,
                ..Turn::first(1)
            })
            .map(|turn| flaky.reply(turn, 0, 0.0) == GOOD)
            .collect();
        assert_eq!(replies, [false, false, true, true]);
    }

    #[test]
    fn first_seconds_end_with_their_time() {
        let storm = Behaviour::of_model("sim-storm-2");
        let replies: Vec<bool> = [0, 1_999, 2_000, 60_000]
            .map(|age| Turn {
                age: Duration::from_millis(age),
                ..Turn::first(1)
            })
            .map(|turn| storm.reply(turn, 0, 0.0) == GOOD)
            .to_vec();
        assert_eq!(replies, [false, false, true, true]);
    }
}

//! What a model name asks for.

use std::time::Duration;

use axum::http::StatusCode;

use crate::simulator::catalogue;
use crate::simulator::chance::{self, Faults};
use crate::simulator::ledger::Turn;
use crate::simulator::reply::{GOOD, Reply, Shape, status};
use crate::simulator::route::Vendor;

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

impl Behaviour {
    /// Reads the name of a model of a vendor. Every name has a meaning. From an `@` on it has none:
    /// that part is the caller's, to tell apart models that behave alike. A name that begins with
    /// an `@`, as those of Workers AI do, is read from its last `/` on.
    pub(crate) fn of_model(model: &str, vendor: Vendor) -> Self {
        let (named, is_path) = match model.strip_prefix('@') {
            Some(path) => (path, true),
            None => (model, false),
        };
        let named = named.split_once('@').map_or(named, |(named, _)| named);
        let named = match named.rsplit_once('/') {
            Some((_, last)) if is_path => last,
            _ => named,
        };
        let Some(name) = named.strip_prefix("sim-") else {
            return Self::Always(GOOD);
        };
        Self::of_name(name, vendor).unwrap_or(Self::Always(Reply::UnknownModel))
    }

    fn of_name(name: &str, vendor: Vendor) -> Option<Self> {
        if let Some((name, count)) = split_then_ok(name) {
            return match Self::of_name(name, vendor)? {
                Self::Always(reply) => Some(Self::FirstCalls { count, reply }),
                Self::FirstCalls { .. } | Self::FirstSeconds { .. } | Self::Random(_) => None,
            };
        }
        if let Some(reply) = catalogue::find(vendor, name) {
            return Some(Self::Always(reply));
        }
        let (name, number) = split_number(name);
        counted(name, number).or_else(|| always(name, number).map(Self::Always))
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

/// Takes the end off `<behaviour>-then-ok[-<number>]`.
fn split_then_ok(name: &str) -> Option<(&str, u32)> {
    let (rest, number) = split_number(name);
    let rest = rest.strip_suffix("-then-ok")?;
    Some((rest, number.unwrap_or(1)))
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
        ("keep-alive", _) => Reply::KeepAlive(Some(number.unwrap_or(5))),
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

    use super::{Behaviour, GOOD, Reply, Shape, Vendor, status};
    use crate::simulator::ledger::Turn;

    fn behaviour(model: &str) -> Behaviour {
        Behaviour::of_model(model, Vendor::OpenAi)
    }

    fn always(model: &str) -> Reply {
        match behaviour(model) {
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
            "sim-row-60",
            "sim-row-36-nonsense",
            "sim-row-9",
            "sim-flaky-2-then-ok-2",
            "sim-nonsense-then-ok",
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
            assert_eq!(behaviour(&alike), behaviour(model));
        }
        assert_ne!(behaviour("sim-hold@x"), behaviour("sim-hang@x"));
    }

    #[test]
    fn model_of_another_name_gets_good_answers() {
        assert_eq!(always("gpt-4o-mini"), GOOD);
        assert_eq!(always(""), GOOD);
    }

    #[test]
    fn first_calls_end_after_their_count() {
        let flaky = behaviour("sim-flaky-2");
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
        let storm = behaviour("sim-storm-2");
        let replies: Vec<bool> = [0, 1_999, 2_000, 60_000]
            .map(|age| Turn {
                age: Duration::from_millis(age),
                ..Turn::first(1)
            })
            .map(|turn| storm.reply(turn, 0, 0.0) == GOOD)
            .to_vec();
        assert_eq!(replies, [false, false, true, true]);
    }

    #[test]
    fn any_model_can_fail_first_and_then_answer() {
        let reply = status(StatusCode::BAD_GATEWAY, None);
        for (model, count) in [("sim-502-then-ok", 1), ("sim-502-then-ok-3@x", 3)] {
            let expected = Behaviour::FirstCalls { count, reply };
            assert_eq!(behaviour(model), expected, "{model}");
        }
    }

    #[test]
    fn name_that_begins_with_an_at_sign_is_read_from_its_last_slash_on() {
        let of = |model| Behaviour::of_model(model, Vendor::WorkersAi);
        let hold = Behaviour::Always(Reply::Hold);
        assert_eq!(of("@cf/redrive/sim-hold"), hold);
        assert_eq!(of("@cf/redrive/sim-hold@a/b"), hold);
        assert_eq!(of("sim-hold@a/b"), hold);
        assert_eq!(
            of("@cf/meta/llama-3.1-8b-instruct"),
            Behaviour::Always(GOOD)
        );
    }
}

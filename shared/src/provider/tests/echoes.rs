//! A provider's message may quote the prompt, and what a prompt says decides nothing.

use super::fixture::{Fixture, seen};
use crate::error_code::ErrorCode;
use crate::provider::{Action, Budget, Failure, Row, Verdict};
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{Index, select};

/// Rows that a fixture may prove by the words with which its message begins.
const TOLD_BY_WORDING: [u8; 4] = [17, 20, 23, 38];

/// Words that mean something to some provider, as a prompt may say them.
const WORDS: [&str; 14] = [
    "429",
    "insufficient_quota",
    "Insufficient balance",
    "\"code\": \"context_length_exceeded\"",
    "rate_limit_exceeded",
    "prompt is too long",
    "You have reached your specified API usage limits",
    "model not found, try pulling it",
    "Request too large for gpt-4o on tokens per min",
    "3036: You have used up your daily free allocation",
    "3040: Capacity temporarily exceeded",
    "This model's maximum context length is 5",
    "Model is cold",
    "data: {\"error\":{\"code\":402}}",
];

/// The fixtures, each with its message replaced, but for those that wording decides.
fn quoting(text: &str) -> Vec<Fixture> {
    let told = TOLD_BY_WORDING.map(Row::new).map(Some);
    let fixtures = Fixture::all().into_iter();
    fixtures
        .filter(|fixture| !told.contains(&fixture.row()))
        .filter_map(|mut fixture| fixture.replace_message(text).then_some(fixture))
        .collect()
}

#[test]
fn a_message_that_quotes_the_prompt_decides_nothing() {
    let echo = format!("Invalid value: {:?}", WORDS.join(", "));
    let quoting = quoting(&echo);
    assert!(quoting.len() > 100, "{}", quoting.len());
    for fixture in quoting {
        assert_eq!(
            seen(&fixture.verdict()),
            fixture.expected,
            "{}",
            fixture.name
        );
    }
}

/// What a decision says about money and patience.
fn money_and_patience(verdict: &Verdict) -> Option<(ErrorCode, Action, Budget)> {
    match verdict {
        Verdict::Failed(Failure {
            code,
            action,
            budget,
            ..
        }) => Some((*code, *action, *budget)),
        Verdict::Answered(_) | Verdict::Pending(_) | Verdict::Paused(_) => None,
    }
}

fn any_prompt() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(&WORDS[..]).prop_map(str::to_owned), any::<String>(),];
    proptest::collection::vec(piece, 1..5).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn no_prompt_in_a_message_changes_what_is_billed_or_throttled(prompt in any_prompt(), place in any::<Index>()) {
        let quoting = quoting(&format!("Invalid value: '{prompt}'"));
        let fixture = place.get(&quoting);
        let plain = Fixture::named(&fixture.name);
        prop_assert_eq!(
            money_and_patience(&fixture.verdict()),
            money_and_patience(&plain.verdict()),
            "{}", fixture.name
        );
    }
}

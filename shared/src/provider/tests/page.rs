//! `docs/providers.md` shows the table as it is.

use super::words::{action, backoff, budget, fallback};
use crate::provider::table::{Finding, Mark, Rule, Sign, Statuses, Then, Waits, When, rows};
use crate::provider::{CircuitSign, Provider};
use std::path::Path;

const BEGIN: &str = "<!-- the table: begin -->\n";
const END: &str = "<!-- the table: end -->";

fn providers(rule: &Rule) -> String {
    let models = [
        Provider::OpenAi,
        Provider::AzureOpenAi,
        Provider::Anthropic,
        Provider::WorkersAi,
        Provider::Compatible,
    ];
    if rule.providers == models {
        return "any model".to_owned();
    }
    let names: Vec<&str> = rule
        .providers
        .iter()
        .map(|provider| provider.as_str())
        .collect();
    names.join(", ")
}

fn statuses(statuses: Statuses) -> String {
    match statuses {
        Statuses::Of(list) => {
            let list: Vec<String> = list.iter().map(u16::to_string).collect();
            list.join(", ")
        }
        Statuses::Between(0, last) => format!("up to {last}"),
        Statuses::Between(first, u16::MAX) => format!("from {first}"),
        Statuses::Between(first, last) => format!("{first} to {last}"),
    }
}

fn words(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn sign(sign: Sign) -> Option<String> {
    Some(match sign {
        Sign::Any => return None,
        Sign::Named(names) => format!("code or type {}", words(names)),
        Sign::Coded(names) => format!("code {}", words(names)),
        Sign::Begins(texts) => format!("message begins with {}", words(texts)),
        Sign::Moderated => "lists what was flagged".to_owned(),
        Sign::Hinted => "with a hint".to_owned(),
        Sign::AloneTooLarge => {
            "message begins with `Request too large`, for tokens per minute".to_owned()
        }
        Sign::Loading => "message begins with one of `loading`".to_owned(),
        Sign::BillingCode => "code is one of `billing_codes`".to_owned(),
        Sign::MeansContext => "`forbidden_means_context`".to_owned(),
    })
}

const fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Unreadable => "not JSON, cut off, or too large",
        Finding::EventStream => "a stream of events that begins with no error",
        Finding::ErrorInside => "an error in a success",
        Finding::InProgress => "worked on in the background",
        Finding::NoMessage => "no message",
        Finding::TurnPaused => "the turn paused",
        Finding::ContentFiltered => "stopped by a filter",
        Finding::Refused => "declined by the model",
        Finding::EmptyOutput => "an empty answer",
        Finding::EmptyUnwanted => "an empty answer, with `retry_empty`",
        Finding::CutShort => "cut off at the token limit",
        Finding::ContextFull => "cut off at the end of the context",
    }
}

fn when(rule: &Rule) -> String {
    match &rule.when {
        When::Transport(error) => error.to_string(),
        When::Finding(found) => finding(*found).to_owned(),
        When::Status(of, shown) => match sign(*shown) {
            Some(sign) => format!("{}; {sign}", statuses(*of)),
            None => statuses(*of),
        },
        When::RetryForbidden(of) => {
            format!(
                "{}; `x-should-retry: false` where the row retries",
                statuses(*of)
            )
        }
    }
}

fn circuit(sign: CircuitSign) -> String {
    match sign {
        CircuitSign::Unmoved => "–".to_owned(),
        CircuitSign::Counts => "counts".to_owned(),
        CircuitSign::Opens { minutes } => format!("opens for {minutes} min"),
        CircuitSign::OpensUntilHint => "opens until then".to_owned(),
    }
}

/// Action, delays, fallback, budget, circuit and code of a rule.
fn then(rule: &Rule) -> [String; 6] {
    let only = |said: &str| [said, "–", "–", "–", "–", "–"].map(str::to_owned);
    match rule.then {
        Then::Fail(outcome) => {
            let retries = match (outcome.waits, outcome.max_retries) {
                (_, Some(most)) => format!(", at most {most}"),
                (Waits::Hint, None) => String::new(),
                (Waits::Reset, None) => ", or at the reset".to_owned(),
                (Waits::Midnight, None) => ", at 00:00 UTC".to_owned(),
            };
            let delays = match action(outcome.action) {
                "retry" => backoff(outcome.backoff),
                _ => "–".to_owned(),
            };
            [
                format!("{}{retries}", action(outcome.action)),
                delays,
                fallback(outcome.fallback),
                budget(outcome.budget).to_owned(),
                circuit(outcome.circuit),
                format!("`{}`", outcome.code.as_str()),
            ]
        }
        Then::Mark(Mark::Warning(warning)) => only(&format!("succeed, warning `{warning}`")),
        Then::Mark(Mark::Truncated) => only("succeed, truncated"),
        Then::Reenter => only("read the table for that error"),
        Then::Poll(seconds) => only(&format!("ask for it {seconds} s later")),
        Then::GoOn => only("go on with the turn, up to 3 times"),
        Then::Instead(instead, sign) => [
            action(instead).to_owned(),
            "–".to_owned(),
            "now".to_owned(),
            "failure".to_owned(),
            circuit(sign),
            "by row".to_owned(),
        ],
    }
}

fn table() -> String {
    let mut lines = vec![
        "| row | provider | status or finding | action | delays | next provider | budget | circuit | code |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let mut rules: Vec<&Rule> = rows::all().collect();
    rules.sort_by_key(|rule| rule.row);
    lines.extend(rules.iter().map(|rule| {
        let [action, delays, fallback, budget, circuit, code] = then(rule);
        format!(
            "| {} | {} | {} | {action} | {delays} | {fallback} | {budget} | {circuit} | {code} |",
            rule.row,
            providers(rule),
            when(rule)
        )
    }));
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn the_page_shows_the_table_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/providers.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, rest) = page.split_once(BEGIN).unwrap();
    let (shown, _) = rest.split_once(END).unwrap();
    let table = table();
    assert!(shown == table, "the page has to show:\n{table}");
}

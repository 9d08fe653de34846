//! The decision table, row by row against fixtures, and what holds for any reply.

mod circuits;
mod echoes;
mod fixture;
mod page;
mod properties;
mod words;

use super::table::rows;
use super::table::{Evidence, Finding, failing_if_known, mark, reenters};
use super::{
    Action, Answer, Api, Dialect, Provider, ProviderReply, Quirks, Row, TransportError, Verdict,
    classify,
};
use crate::provider::error_body::ErrorBody;
use fixture::{Fixture, NOW, rows_proven, seen};
use std::collections::BTreeSet;

static NO_QUIRKS: Quirks = Quirks {
    loading: Vec::new(),
    billing_codes: Vec::new(),
    forbidden_means_context: false,
    retry_empty: false,
};

const MODELS: [Provider; 5] = [
    Provider::OpenAi,
    Provider::AzureOpenAi,
    Provider::Anthropic,
    Provider::WorkersAi,
    Provider::Compatible,
];

fn dialect(provider: Provider) -> Dialect<'static> {
    Dialect {
        provider,
        api: Api::Chat,
        quirks: &NO_QUIRKS,
    }
}

#[test]
fn every_fixture_is_decided_as_it_says() {
    for fixture in Fixture::all() {
        let verdict = fixture.verdict();
        assert_eq!(
            seen(&verdict),
            fixture.expected,
            "{}: {}",
            fixture.name,
            fixture.about
        );
    }
}

#[test]
fn every_fixture_proves_the_row_it_is_named_after() {
    for fixture in Fixture::all() {
        let verdict = fixture.verdict();
        let Some(row) = fixture.row() else {
            assert!(matches!(verdict, Verdict::Answered(_)), "{}", fixture.name);
            continue;
        };
        // Some fixtures show where a row ends, so they are named after it and land elsewhere.
        let beside = [
            "0-forbids-what-nobody-would-retry",
            "0-true-decides-nothing",
            "58-anthropic-error-event",
            "58-error-first",
        ];
        assert!(
            rows_proven(&verdict).contains(&row) || beside.contains(&fixture.name.as_str()),
            "{}",
            fixture.name
        );
    }
}

#[test]
fn every_rule_of_the_table_is_proven_by_a_fixture_of_its_providers() {
    let fixtures = Fixture::all();
    let proven: Vec<(Provider, Vec<Row>)> = fixtures
        .iter()
        .map(|fixture| (fixture.provider(), rows_proven(&fixture.verdict())))
        .collect();
    for rule in rows::all() {
        let found = proven
            .iter()
            .any(|(provider, rows)| rule.providers.contains(provider) && rows.contains(&rule.row));
        assert!(found, "row {} for {:?}", rule.row, rule.providers);
    }
}

#[test]
fn the_table_has_every_row_but_the_one_that_no_reply_shows() {
    let table: BTreeSet<u8> = rows::all().map(|rule| rule.row.number()).collect();
    assert_eq!(table, (0..=58).collect());
}

#[test]
fn executors_have_the_rows_of_whoever_answers_over_http() {
    for provider in [Provider::Executor, Provider::Piston] {
        let rules = rows::all().filter(|rule| rule.providers.contains(&provider));
        let table: BTreeSet<u8> = rules.map(|rule| rule.row.number()).collect();
        let needed = (0..=6).chain(24..=35).chain(47..=53).chain(55..=57);
        assert_eq!(table, needed.collect(), "{provider:?}");
    }
}

#[test]
fn every_status_and_finding_has_a_rule_of_its_own() {
    let error = ErrorBody::default();
    for provider in Provider::ALL {
        for status in (0..=199).chain(300..=u16::MAX) {
            let evidence = Evidence::Status {
                status,
                error: &error,
                quirks: &NO_QUIRKS,
                hinted: false,
            };
            assert!(failing_if_known(provider, evidence).is_some(), "{status}");
        }
        for finding in [
            Finding::Unreadable,
            Finding::EventStream,
            Finding::NoMessage,
        ] {
            assert!(failing_if_known(provider, Evidence::Finding(finding)).is_some());
        }
        assert!(reenters(provider, Finding::ErrorInside));
    }
    for provider in MODELS {
        for finding in [
            Finding::ContentFiltered,
            Finding::Refused,
            Finding::EmptyUnwanted,
        ] {
            assert!(mark(provider, finding).is_none());
            assert!(failing_if_known(provider, Evidence::Finding(finding)).is_some());
        }
        for finding in [Finding::EmptyOutput, Finding::CutShort] {
            assert!(mark(provider, finding).is_some());
        }
    }
}

#[test]
fn whoever_runs_code_is_called_an_executor_and_has_no_model() {
    for rule in rows::all() {
        let super::table::Then::Fail(outcome) = rule.then else {
            continue;
        };
        let runs_code = rule.providers.contains(&Provider::Executor);
        let said = outcome.message;
        assert_eq!(runs_code, said.contains("xecutor"), "{said}");
        assert!(
            !runs_code || !(said.contains("model") || said.contains("provider")),
            "{said}"
        );
        assert!(!runs_code || !outcome.possibly_billed, "{said}");
    }
}

#[test]
fn an_empty_answer_that_comes_again_is_an_answer() {
    let fixture = Fixture::named("7-retry-empty");
    let Verdict::Failed(failure) = fixture.verdict() else {
        panic!("it is asked once more");
    };
    assert_eq!(failure.content_with(0), None);
    assert_eq!(
        failure.content_with(1).map(|answer| answer.text.as_str()),
        Some("")
    );
    let filtered = Fixture::named("8-content-filter").verdict();
    let Verdict::Failed(filtered) = filtered else {
        panic!("the answer is filtered");
    };
    assert_eq!(filtered.content_with(1), None::<&Answer>);
}

#[test]
fn a_hint_of_more_than_two_minutes_sends_a_job_that_waits_to_another_provider() {
    for (status, provider) in [
        (429, Provider::OpenAi),
        (429, Provider::Anthropic),
        (429, Provider::Compatible),
        (503, Provider::OpenAi),
        (500, Provider::OpenAi),
        (409, Provider::OpenAi),
    ] {
        for (seconds, falls_back) in [("120", false), ("121", true)] {
            let reply = ProviderReply {
                status,
                headers: [("retry-after", seconds)].into_iter().collect(),
                body: Vec::new(),
            };
            let Verdict::Failed(failure) = classify(&dialect(provider), &Ok(reply), NOW) else {
                panic!("{status} is no answer");
            };
            assert_eq!(failure.falls_back(0), falls_back, "{status} {seconds}");
        }
    }
}

#[test]
fn a_row_that_is_retried_once_becomes_a_dead_letter_the_second_time() {
    let cut_off = Err(TransportError::BodyInterrupted);
    let Verdict::Failed(failure) = classify(&dialect(Provider::OpenAi), &cut_off, NOW) else {
        panic!("nothing was answered");
    };
    assert_eq!(failure.action_after(0), Action::Retry);
    assert_eq!(failure.action_after(1), Action::DeadLetter);
    let Verdict::Failed(failure) = classify(
        &dialect(Provider::OpenAi),
        &Err(TransportError::Timeout),
        NOW,
    ) else {
        panic!("nothing was answered");
    };
    assert_eq!(failure.action_after(u32::MAX), Action::Retry);
}

#[test]
fn the_tenant_reads_our_words_and_the_operator_a_redacted_excerpt() {
    let fixture = Fixture::named("25-invalid-key");
    let Verdict::Failed(failure) = fixture.verdict() else {
        panic!("the key is refused");
    };
    assert!(failure.message.contains("refused the key"));
    assert!(!failure.message.contains("Incorrect"));
    let excerpt = failure.excerpt.unwrap();
    assert!(
        excerpt.contains("Incorrect API key provided: [redacted]"),
        "{excerpt}"
    );
}

#[test]
fn an_answer_that_was_filtered_is_kept_with_its_usage_and_not_as_an_excerpt() {
    let fixture = Fixture::named("8-content-filter");
    let Verdict::Failed(failure) = fixture.verdict() else {
        panic!("the answer is filtered");
    };
    assert_eq!(failure.excerpt, None);
    let partial = failure.partial.unwrap();
    assert_eq!(partial.text, "Once upon");
    assert_eq!(partial.usage.unwrap().output_tokens, Some(10));
}

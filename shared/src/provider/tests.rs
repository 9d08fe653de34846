//! The decision table, row by row against fixtures, and what holds for any reply.

mod circuits;
mod fixture;
mod properties;

use super::table::rows::TABLE;
use super::table::{Evidence, Finding, failing, mark, reenters};
use super::{Action, Api, Dialect, Provider, Quirks, Row, TransportError, Verdict, classify};
use crate::provider::error_body::ErrorBody;
use fixture::{Fixture, NOW, rows_proven, seen};
use std::collections::BTreeSet;

static NO_QUIRKS: Quirks = Quirks {
    loading: Vec::new(),
    billing_codes: Vec::new(),
    forbidden_means_context: false,
    retry_empty: false,
};

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
        let verdict = classify(&dialect(fixture.provider()), &fixture.outcome(), NOW);
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
        let verdict = classify(&dialect(fixture.provider()), &fixture.outcome(), NOW);
        let Some(row) = fixture.row() else {
            assert!(matches!(verdict, Verdict::Answered(_)), "{}", fixture.name);
            continue;
        };
        // Some fixtures show where a row ends, so they are named after it and land elsewhere.
        let beside = [
            "0-forbids-what-nobody-would-retry",
            "0-true-decides-nothing",
        ];
        assert!(
            rows_proven(&verdict).contains(&row) || beside.contains(&fixture.name.as_str()),
            "{}",
            fixture.name
        );
    }
}

#[test]
fn every_row_of_the_table_is_proven_by_a_fixture() {
    let proven: BTreeSet<Row> = Fixture::all()
        .iter()
        .flat_map(|fixture| {
            rows_proven(&classify(
                &dialect(fixture.provider()),
                &fixture.outcome(),
                NOW,
            ))
        })
        .collect();
    let table: BTreeSet<Row> = TABLE.iter().map(|rule| rule.row).collect();
    assert_eq!(
        table.difference(&proven).collect::<Vec<_>>(),
        Vec::<&Row>::new()
    );
}

#[test]
fn the_table_has_the_rows_that_chat_completions_need() {
    let table: BTreeSet<u8> = TABLE.iter().map(|rule| rule.row.number()).collect();
    let needed = (0..=8)
        .chain([10, 17, 19])
        .chain(24..=39)
        .chain(46..=53)
        .chain(55..=57);
    assert_eq!(table, needed.collect());
}

#[test]
fn every_status_and_finding_has_a_rule_of_its_own() {
    let error = ErrorBody::default();
    for provider in [Provider::OpenAi, Provider::Compatible] {
        for status in (0..=199).chain(300..=u16::MAX) {
            let evidence = Evidence::Status {
                status,
                error: &error,
                hinted: false,
            };
            assert_ne!(failing(provider, evidence).0, Row::new(6), "{status}");
        }
        for finding in [
            Finding::Unreadable,
            Finding::NoMessage,
            Finding::ContentFiltered,
            Finding::Refused,
        ] {
            assert!(mark(provider, finding).is_none());
            assert!(!reenters(provider, finding));
        }
        for finding in [Finding::EmptyOutput, Finding::CutShort] {
            assert!(mark(provider, finding).is_some());
        }
        assert!(reenters(provider, Finding::ErrorInside));
    }
}

#[test]
fn a_message_that_echoes_the_prompt_decides_nothing() {
    let echo = "429 insufficient_quota, insufficient balance, \"code\": \"context_length_exceeded\", \
                rate_limit_exceeded, prompt is too long, model not found, try pulling it, \
                Request too large for gpt-4o on tokens per min";
    for mut fixture in Fixture::all() {
        // The one row that is told by its wording, which stands at the message's beginning.
        if fixture.row() == Some(Row::new(38)) || !fixture.replace_message(echo) {
            continue;
        }
        let verdict = classify(&dialect(fixture.provider()), &fixture.outcome(), NOW);
        assert_eq!(seen(&verdict), fixture.expected, "{}", fixture.name);
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
    let Verdict::Failed(failure) = classify(&dialect(fixture.provider()), &fixture.outcome(), NOW)
    else {
        panic!("the key is refused");
    };
    assert!(failure.message.contains("OPENAI_API_KEY"));
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
    let Verdict::Failed(failure) = classify(&dialect(fixture.provider()), &fixture.outcome(), NOW)
    else {
        panic!("the answer is filtered");
    };
    assert_eq!(failure.excerpt, None);
    let partial = failure.partial.unwrap();
    assert_eq!(partial.text, "Once upon");
    assert_eq!(partial.usage.unwrap().output_tokens, Some(10));
}

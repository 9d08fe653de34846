//! What holds for any reply whatever.

use super::fixture::{Fixture, NOW};
use crate::provider::redact::MAX_EXCERPT_BYTES;
use crate::provider::{
    Action, Api, CircuitSign, Dialect, Provider, ProviderReply, Quirks, ReplyHeaders, Verdict,
    classify,
};
use crate::retry::{LONGEST_DELAY, SHORTEST_DELAY, delay};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: [&str; 14] = [
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-input-tokens-reset",
    "apim-request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-request-id",
    "content-type",
    "location",
];

/// The longest that Workers AI's day may still last.
const DAY: Duration = Duration::from_hours(24);

/// The 4xx that the table retries: 400 only by a code of Anthropic's and where a server of the
/// configuration's loads, 402 only where a compatible server hints.
const RETRIED: [u16; 9] = [400, 402, 408, 409, 424, 425, 429, 498, 499];

fn any_provider() -> impl Strategy<Value = Provider> {
    select(&Provider::ALL[..])
}

fn any_api() -> impl Strategy<Value = Api> {
    select(vec![Api::Chat, Api::Responses])
}

fn any_quirks() -> impl Strategy<Value = Quirks> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(listed, context, empty)| Quirks {
        loading: listed
            .then(|| "Model is cold".to_owned())
            .into_iter()
            .collect(),
        billing_codes: listed.then(|| "1113".to_owned()).into_iter().collect(),
        forbidden_means_context: context,
        retry_empty: empty,
    })
}

fn any_header() -> impl Strategy<Value = ReplyHeaders> {
    let value = prop_oneof![
        any::<String>(),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "[0-9]{1,4}(h|m|s|ms|µs)[0-9.]{0,5}s?",
        Just("0".to_owned()),
        Just("false".to_owned()),
    ];
    vec((select(&FIELDS[..]), value), 0..6).prop_map(ReplyHeaders::from_iter)
}

fn any_name() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        (390_u16..610).prop_map(|status| json!(status.to_string())),
        any::<String>().prop_map(Value::from),
        select(vec![
            "insufficient_quota",
            "rate_limit_exceeded",
            "slow_down",
            "context_length_exceeded",
            "content_policy_violation",
            "server_error",
            "overloaded_error",
            "request_body_timeout",
            "enforced_spend_limit_reached",
            "content_filter",
            "invalid_prompt",
            "1113",
            "3036",
            "5007",
            "Model is cold",
            "failed",
            "queued",
            "incomplete",
            "pause_turn",
            "refusal",
            "text",
            "message",
        ])
        .prop_map(Value::from),
    ]
}

/// JSON that resembles a reply closely enough to reach into every corner of the readers.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_name(),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    let keys = select(vec![
        "error",
        "errors",
        "detail",
        "message",
        "msg",
        "code",
        "type",
        "success",
        "object",
        "choices",
        "content",
        "refusal",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "model",
        "metadata",
        "reasons",
        "flagged_input",
        "text",
        "tool_calls",
        "result",
        "response",
        "output",
        "status",
        "stop_reason",
        "details",
        "error_code",
        "innererror",
        "id",
        "incomplete_details",
        "reason",
        "content_filter_results",
        "filtered",
        "request_id",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(keys.clone(), inner, 0..5).prop_map(|fields| json!(fields)),
        ]
    })
}

/// A fixture's body with one byte changed and its end cut off.
fn damaged_body() -> impl Strategy<Value = Vec<u8>> {
    let bodies: Vec<Vec<u8>> = Fixture::all()
        .iter()
        .filter_map(|fixture| Some(fixture.outcome().ok()?.body))
        .collect();
    (
        select(bodies),
        any::<Index>(),
        any::<u8>(),
        any::<Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut body, place, byte, end, cut)| {
            if !body.is_empty() {
                let place = place.index(body.len());
                body[place] = byte;
                if cut {
                    body.truncate(end.index(body.len()));
                }
            }
            body
        })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        damaged_body(),
        any_json().prop_map(|json| format!("event: error\ndata: {json}\n\n").into_bytes()),
    ]
}

fn any_status() -> impl Strategy<Value = u16> {
    prop_oneof![Just(200), 100_u16..600, any::<u16>()]
}

/// Whether a header field says when to come back.
fn headers_hint(headers: &ReplyHeaders) -> bool {
    let fields = FIELDS.iter();
    let mut fields = fields.filter(|name| name.contains("retry-after") || name.contains("-reset"));
    fields.any(|name| headers.get(name).is_some())
}

proptest! {
    #[test]
    fn any_reply_leads_to_one_sound_decision(
        provider in any_provider(),
        api in any_api(),
        quirks in any_quirks(),
        status in any_status(),
        headers in any_header(),
        body in any_body(),
    ) {
        let hinted = headers_hint(&headers);
        let reply = ProviderReply { status, headers, body };
        let succeeded = (200..300).contains(&status);
        match classify(&Dialect { provider, api, quirks: &quirks }, &Ok(reply), NOW) {
            Verdict::Answered(_) | Verdict::Pending(_) | Verdict::Paused(_) => {
                prop_assert!(succeeded, "only a success answers");
            }
            Verdict::Failed(failure) => {
                prop_assert!(failure.row.is_some());
                prop_assert!(!failure.inside_success || succeeded);
                prop_assert!(!failure.message.is_empty());
                if let Some(hint) = failure.hint {
                    prop_assert!(failure.action == Action::Retry, "only a retry has something to wait for");
                    let of_a_day = failure.circuit == CircuitSign::OpensUntilHint;
                    prop_assert!(hinted || of_a_day, "only who hints is come back to at a hint");
                    let (shortest, longest) = if of_a_day {
                        (Duration::from_millis(1), DAY)
                    } else {
                        (SHORTEST_DELAY, LONGEST_DELAY)
                    };
                    prop_assert!((shortest..=longest).contains(&hint));
                }
                for unit in [0.0, 1.0] {
                    let delay = delay(failure.backoff, 1, failure.hint, unit);
                    prop_assert!((SHORTEST_DELAY..=LONGEST_DELAY).contains(&delay));
                }
                if let Some(excerpt) = failure.excerpt {
                    prop_assert!(!excerpt.is_empty() && excerpt.len() <= MAX_EXCERPT_BYTES);
                }
                if (400..500).contains(&status) && failure.action == Action::Retry {
                    prop_assert!(RETRIED.contains(&status), "{status} is retried");
                    let waits_for_credit = provider == Provider::Compatible && failure.hint.is_some();
                    prop_assert!(status != 402 || waits_for_credit);
                    let named = [Provider::Anthropic, Provider::Compatible].contains(&provider);
                    prop_assert!(status != 400 || named);
                }
                prop_assert!(!(300..400).contains(&status) || failure.action == Action::DeadLetter);
            }
        }
    }

    #[test]
    fn a_refused_retry_is_never_retried(
        provider in any_provider(),
        status in 400_u16..600,
        body in any_body(),
    ) {
        let headers = ReplyHeaders::from_iter([("x-should-retry", "false"), ("retry-after", "5")]);
        let Verdict::Failed(failure) = classify(&super::dialect(provider), &Ok(ProviderReply { status, headers, body }), NOW)
        else {
            return Err(proptest::test_runner::TestCaseError::fail("a failed reply answers"));
        };
        prop_assert!(failure.action != Action::Retry);
        prop_assert!(failure.hint.is_none());
    }
}

use super::*;
use serde_json::json;

/// The row of a job that has ended, with some columns set otherwise.
fn job(columns: &Value) -> JobRecord {
    let mut row = json!({
        "tenant_id": "ten_019dc2d7c93c7c3a9d2f5a1b7c8e9f00",
        "id": "job_019dc2d7c93c7c3a9d2f5a1b7c8e0003",
        "kind": "generate", "state": "succeeded",
        "attempt": 1, "failures": 0, "deferrals": 0, "rescues": 0, "max_attempts": 5,
        "created_at_ms": 1_795_258_517_372_i64, "deadline_at_ms": 1_795_344_917_372_i64,
        "due_at_ms": null, "started_at_ms": 1_795_258_518_000_i64,
        "completed_at_ms": 1_795_258_519_999_i64,
        "model": "gpt-4o-mini-2024-07-18", "error_code": null, "error": null,
        "ref_type": null, "ref_id": null, "batch_id": "bat_019dc2d7c93c7c3a9d2f5a1b7c8effff", "line": 4, "custom_id": "ask-1",
        "metadata": "{}", "attempts": "[]", "replays": "[]",
        "dropped_answers": "[]", "payload_deleted": 0,
        "output": "Hello!", "finish_reason": "stop", "truncated": 0,
        "input_tokens": 9, "output_tokens": 3, "total_tokens": 12,
    });
    let row_fields = row.as_object_mut().expect("an object");
    row_fields.extend(columns.as_object().expect("an object").clone());
    serde_json::from_value(row).expect("a row")
}

fn render(job: &JobRecord, endpoint: Endpoint) -> Outcome {
    let files = Files {
        endpoint,
        is_expired: false,
    };
    files.line(job)
}

fn answered(columns: &Value, endpoint: Endpoint) -> Value {
    match render(&job(columns), endpoint) {
        Outcome::Answered(line) => serde_json::from_str(&line).expect("JSON"),
        other @ Outcome::Unanswered(_) => panic!("{other:?}"),
    }
}

fn unanswered(columns: &Value) -> Value {
    match render(&job(columns), Endpoint::ChatCompletions) {
        Outcome::Unanswered(line) => serde_json::from_str(&line).expect("JSON"),
        other @ Outcome::Answered(_) => panic!("{other:?}"),
    }
}

/// Status, type and code of a job that did not succeed.
fn failure(code: &str, error: &Value) -> (Value, Value, Value) {
    let error = error.to_string();
    let line = unanswered(&json!({
        "state": "dead_lettered", "output": null, "error_code": code, "error": error,
    }));
    assert_eq!(line["error"], json!(null));
    let error = &line["response"]["body"]["error"];
    let status = line["response"]["status_code"].clone();
    (status, error["type"].clone(), error["code"].clone())
}

#[test]
fn an_answer_is_a_chat_completion() {
    let expected = json!({
        "id": "batch_req_019dc2d7c93c7c3a9d2f5a1b7c8e0003",
        "custom_id": "ask-1",
        "response": {
            "status_code": 200,
            "request_id": "job_019dc2d7c93c7c3a9d2f5a1b7c8e0003",
            "body": {
                "id": "chatcmpl-019dc2d7c93c7c3a9d2f5a1b7c8e0003",
                "object": "chat.completion",
                "created": 1_795_258_519,
                "model": "gpt-4o-mini-2024-07-18",
                "choices": [{
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": "Hello!",
                        "refusal": null,
                        "annotations": [],
                    },
                    "logprobs": null,
                    "finish_reason": "stop",
                }],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
                "system_fingerprint": null,
            },
        },
        "error": null,
    });
    assert_eq!(answered(&json!({}), Endpoint::ChatCompletions), expected);
}

#[test]
fn an_answer_is_a_response() {
    let columns = json!({"cached_tokens": 4, "metadata": "{\"team\":\"a\"}"});
    let line = answered(&columns, Endpoint::Responses);
    let expected = json!({
        "id": "resp_019dc2d7c93c7c3a9d2f5a1b7c8e0003",
        "object": "response",
        "created_at": 1_795_258_517,
        "completed_at": 1_795_258_519,
        "status": "completed",
        "background": false,
        "error": null,
        "incomplete_details": null,
        "model": "gpt-4o-mini-2024-07-18",
        "output": [{
            "id": "msg_019dc2d7c93c7c3a9d2f5a1b7c8e0003",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Hello!", "annotations": [], "logprobs": []},
            ],
        }],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "store": false,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 12,
        },
        "metadata": {"team": "a"},
    });
    assert_eq!(line["response"]["body"], expected);
}

#[test]
fn tokens_that_nobody_counted_are_not_told_as_0() {
    let chat = |columns| {
        let line = answered(&columns, Endpoint::ChatCompletions);
        line["response"]["body"]["usage"].clone()
    };
    assert_eq!(chat(json!({"output_tokens": null})), json!(null));
    let told = chat(json!({"total_tokens": null, "cached_tokens": 2, "reasoning_tokens": 1}));
    let expected = json!({
        "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    });
    assert_eq!(told, expected);
}

#[test]
fn an_answer_that_was_cut_says_so() {
    for (reason, chat, response) in [
        ("length", "length", "max_output_tokens"),
        ("content_filter", "content_filter", "content_filter"),
    ] {
        let columns = json!({"finish_reason": reason, "truncated": 1});
        let line = answered(&columns, Endpoint::ChatCompletions);
        assert_eq!(
            line["response"]["body"]["choices"][0]["finish_reason"],
            chat
        );
        let line = answered(&columns, Endpoint::Responses);
        let body = &line["response"]["body"];
        assert_eq!(body["incomplete_details"], json!({"reason": response}));
        assert_eq!(body["status"], "incomplete");
        assert_eq!(body["output"][0]["status"], "incomplete");
        assert_eq!(body["completed_at"], json!(null));
    }
}

#[test]
fn a_refusal_is_an_answer_with_a_field_of_its_own() {
    let columns = json!({"finish_reason": "refusal", "output": "I won't."});
    let line = answered(&columns, Endpoint::ChatCompletions);
    let choice = &line["response"]["body"]["choices"][0];
    assert_eq!(choice["message"]["content"], json!(null));
    assert_eq!(choice["message"]["refusal"], "I won't.");
    assert_eq!(choice["finish_reason"], "stop");
    let line = answered(&columns, Endpoint::Responses);
    let content = &line["response"]["body"]["output"][0]["content"];
    assert_eq!(
        *content,
        json!([{"type": "refusal", "refusal": "I won't."}])
    );
}

#[test]
fn a_failure_has_the_status_that_the_vendor_would_answer() {
    let error = json!({"message": "No.", "retryable": false});
    for (code, status, kind, shown) in [
        (
            "invalid_request",
            400,
            "invalid_request_error",
            "invalid_request",
        ),
        (
            "context_length_exceeded",
            400,
            "invalid_request_error",
            "context_length_exceeded",
        ),
        (
            "content_filtered",
            400,
            "invalid_request_error",
            "content_filter",
        ),
        (
            "provider_auth",
            401,
            "authentication_error",
            "provider_auth",
        ),
        (
            "model_unavailable",
            404,
            "invalid_request_error",
            "model_not_found",
        ),
        (
            "provider_rate_limited",
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
        (
            "provider_billing",
            429,
            "insufficient_quota",
            "insufficient_quota",
        ),
        ("provider_error", 500, "server_error", "provider_error"),
        ("provider_timeout", 504, "server_error", "provider_timeout"),
        ("poison", 500, "server_error", "poison"),
    ] {
        let expected = (json!(status), json!(kind), json!(shown));
        assert_eq!(failure(code, &error), expected, "{code}");
    }
    let causes = json!({"message": "No.", "retryable": false, "cause": "provider_rate_limited"});
    let expected = (
        json!(429),
        json!("rate_limit_error"),
        json!("rate_limit_exceeded"),
    );
    assert_eq!(failure("attempts_exhausted", &causes), expected);
}

#[test]
fn what_was_never_answered_has_no_response() {
    let error = json!({"message": "Too late.", "retryable": false}).to_string();
    for (columns, code) in [
        (
            json!({"state": "cancelled", "output": null}),
            "batch_cancelled",
        ),
        (
            json!({"state": "dead_lettered", "output": null, "error_code": "deadline_exceeded", "error": error}),
            "batch_expired",
        ),
        (json!({"output": null}), "answer_deleted"),
        (json!({"payload_deleted": 1}), "answer_deleted"),
    ] {
        let line = unanswered(&columns);
        assert_eq!(line["response"], json!(null));
        assert_eq!(line["error"]["code"], code);
        assert_eq!(line["custom_id"], "ask-1");
    }
}

#[test]
fn a_job_that_was_put_back_is_told_as_such() {
    for state in ["queued", "running", "retry_scheduled"] {
        let line = unanswered(&json!({"state": state, "output": null}));
        assert_eq!(line["error"]["code"], "replayed");
    }
}

#[test]
fn what_was_stopped_by_its_time_is_told_apart_from_what_was_cancelled() {
    let id = "job_019dc2d7c93c7c3a9d2f5a1b7c8e0009"
        .parse()
        .expect("an id");
    for (is_expired, code) in [(true, "batch_expired"), (false, "batch_cancelled")] {
        let files = Files {
            endpoint: Endpoint::Responses,
            is_expired,
        };
        let stopped = files.line(&job(&json!({"state": "cancelled", "output": null})));
        let Outcome::Unanswered(stopped) = stopped else {
            panic!("{stopped:?}")
        };
        assert!(stopped.contains(code), "{stopped}");
        let expected = json!({
            "id": "batch_req_019dc2d7c93c7c3a9d2f5a1b7c8e0009",
            "custom_id": "b",
            "response": null,
        });
        let Outcome::Unanswered(never) = files.never_made(&id, "b") else {
            panic!("it is no answer")
        };
        let mut never: Value = serde_json::from_str(&never).expect("JSON");
        let error = never.as_object_mut().and_then(|line| line.remove("error"));
        assert_eq!(never, expected);
        assert_eq!(error.expect("an error")["code"], code);
    }
}

#[test]
fn a_line_ends_with_the_only_line_break_it_has() {
    let columns = json!({"output": "one\ntwo\u{2028}three\r", "custom_id": "a\u{7f}b"});
    let rendered = render(&job(&columns), Endpoint::ChatCompletions);
    let Outcome::Answered(line) = rendered else {
        panic!("{rendered:?}")
    };
    assert_eq!(line.find(['\n', '\r']), Some(line.len() - 1), "{line}");
}

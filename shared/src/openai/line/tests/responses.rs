use super::*;

const RESPONSES: Endpoint = Endpoint::Responses;

/// A valid body with one parameter set to `value`.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "input": "Hi."});
    body[name] = value;
    body
}

#[test]
fn every_parameter_has_its_place() {
    let schema = json!({"type": "object", "properties": {}});
    let body = json!({
        "model": "m",
        "instructions": "Be brief.",
        "input": "Hi.",
        "max_output_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "text": {"format": {"type": "json_schema", "name": "verdict", "schema": schema, "strict": true}},
        "metadata": {"team": "a"},
    });
    let expected = json!({
        "model": "m",
        "system": "Be brief.",
        "prompt": "Hi.",
        "maxTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "responseFormat": {"type": "jsonSchema", "name": "verdict", "schema": schema},
        "metadata": {"team": "a"},
        "onRefusal": "succeed",
    });
    assert_eq!(request(RESPONSES, &body), expected);
}

#[test]
fn a_conversation_is_taken_with_the_messages_that_were_answered() {
    let body = with(
        "input",
        json!([
            {"role": "developer", "content": "Be brief."},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "https://x.example.com/a.png", "detail": "auto"},
            ]},
            {
                "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": "A cat.", "annotations": [], "logprobs": []}],
            },
            {"role": "user", "content": "Sure?"},
        ]),
    );
    let expected = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image", "url": "https://x.example.com/a.png"},
        ]},
        {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
        {"role": "user", "content": "Sure?"},
    ]);
    assert_eq!(request(RESPONSES, &body)["messages"], expected);
}

#[test]
fn what_changes_no_answer_is_taken_and_so_is_null() {
    let plain = request(RESPONSES, &with("background", json!(false)));
    for (name, value) in [
        ("user", json!("u-1")),
        ("store", json!(false)),
        ("stream", json!(false)),
        ("include", json!([])),
        ("truncation", json!("disabled")),
        ("service_tier", json!("default")),
        ("text", json!({})),
        ("reasoning", json!({"effort": null})),
        ("previous_response_id", json!(null)),
        ("instructions", json!(null)),
        ("reasoning", json!(null)),
        ("text", json!({"format": null, "verbosity": null})),
    ] {
        assert_eq!(request(RESPONSES, &with(name, value)), plain, "{name}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_its_name() {
    for (name, value, param) in [
        ("background", json!(true), "body.background"),
        ("stream", json!(true), "body.stream"),
        (
            "previous_response_id",
            json!("resp_1"),
            "body.previous_response_id",
        ),
        ("conversation", json!("conv_1"), "body.conversation"),
        ("prompt", json!({"id": "pmpt_1"}), "body.prompt"),
        ("tools", json!([{"type": "web_search"}]), "body.tools"),
        (
            "include",
            json!(["message.output_text.logprobs"]),
            "body.include",
        ),
        ("truncation", json!("auto"), "body.truncation"),
        (
            "reasoning",
            json!({"summary": "auto"}),
            "body.reasoning.summary",
        ),
        ("max_tokens", json!(9), "body.max_tokens"),
        ("stop", json!("x"), "body.stop"),
    ] {
        let wrong = wrong(RESPONSES, &with(name, value));
        assert_eq!(wrong.len(), 1, "{name}: {wrong:?}");
        assert_eq!(wrong[0].0, param);
    }
}

#[test]
fn a_violation_is_told_by_the_vendors_name() {
    let part = |part: Value| json!([{"role": "user", "content": [part]}]);
    for (body, param) in [
        (with("input", json!(3)), "body.input"),
        (with("input", json!("")), "body.input"),
        (with("instructions", json!("")), "body.instructions"),
        (
            with("max_output_tokens", json!(0)),
            "body.max_output_tokens",
        ),
        (
            with(
                "text",
                json!({"format": {"type": "json_schema", "name": "x", "schema": 1}}),
            ),
            "body.text.format.schema",
        ),
        (with("text", json!({"size": 1})), "body.text.size"),
        (
            with(
                "input",
                json!([{"type": "function_call_output", "output": "x"}]),
            ),
            "body.input[0].type",
        ),
        (
            with("input", part(json!({"type": "input_file", "file_id": "f"}))),
            "body.input[0].content[0].type",
        ),
        (
            with(
                "input",
                part(json!({"type": "input_image", "image_url": "http://x/a.png"})),
            ),
            "body.input[0].content[0].image_url",
        ),
        (
            with(
                "input",
                part(
                    json!({"type": "input_image", "image_url": "https://x/a.png", "detail": "high"}),
                ),
            ),
            "body.input[0].content[0].detail",
        ),
    ] {
        let wrong = wrong(RESPONSES, &body);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].0, param);
    }
}

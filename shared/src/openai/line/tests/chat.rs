use super::*;

const CHAT: Endpoint = Endpoint::ChatCompletions;

/// A valid body with one parameter set to `value`.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi."}]});
    body[name] = value;
    body
}

fn messages(messages: Value) -> Value {
    with("messages", messages)
}

#[test]
fn every_parameter_has_its_place() {
    let body = json!({
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [{"type": "text", "text": "Again."}]},
        ],
        "max_completion_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": "\n",
        "seed": 7,
        "response_format": {"type": "json_object"},
        "metadata": {"team": "a"},
    });
    let expected = json!({
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [{"type": "text", "text": "Again."}]},
        ],
        "maxTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "stop": ["\n"],
        "seed": 7,
        "responseFormat": "json",
        "metadata": {"team": "a"},
        "onRefusal": "succeed",
    });
    assert_eq!(request(CHAT, &body), expected);
}

#[test]
fn the_older_name_of_the_token_limit_is_taken_but_not_both() {
    assert_eq!(request(CHAT, &with("max_tokens", json!(9)))["maxTokens"], 9);
    let mut body = with("max_tokens", json!(9));
    body["max_completion_tokens"] = json!(10);
    let detail = "`body.max_tokens` must be absent when `max_completion_tokens` is given";
    let expected = [("body.max_tokens".to_owned(), detail.to_owned())];
    assert_eq!(wrong(CHAT, &body), expected);
    body["max_tokens"] = json!(null);
    assert_eq!(request(CHAT, &body)["maxTokens"], 10);
}

#[test]
fn an_image_is_fetched_from_its_url() {
    let part = json!({"type": "image_url", "image_url": {"url": "https://x.example.com/a.png", "detail": "auto"}});
    let body = messages(json!([{"role": "user", "content": [part]}]));
    let expected = json!([{"type": "image", "url": "https://x.example.com/a.png"}]);
    assert_eq!(request(CHAT, &body)["messages"][0]["content"], expected);
}

#[test]
fn a_schema_is_taken_with_its_description() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let format = |extra: Value| {
        let mut named = json!({"name": "verdict", "schema": schema});
        named
            .as_object_mut()
            .expect("an object")
            .extend(extra.as_object().expect("one").clone());
        with(
            "response_format",
            json!({"type": "json_schema", "json_schema": named}),
        )
    };
    let taken = request(CHAT, &format(json!({"strict": true})))["responseFormat"].clone();
    assert_eq!(
        taken,
        json!({"type": "jsonSchema", "name": "verdict", "schema": schema})
    );
    let taken = request(CHAT, &format(json!({"description": "What it is."})));
    assert_eq!(
        taken["responseFormat"]["schema"]["description"],
        "What it is."
    );
}

#[test]
fn what_changes_no_answer_is_taken() {
    for (name, value) in [
        ("user", json!("u-1")),
        ("store", json!(true)),
        ("parallel_tool_calls", json!(false)),
        ("n", json!(1)),
        ("stream", json!(false)),
        ("logprobs", json!(false)),
        ("top_logprobs", json!(0)),
        ("tools", json!([])),
        ("tool_choice", json!("none")),
        ("modalities", json!(["text"])),
        ("service_tier", json!("auto")),
        ("response_format", json!({"type": "text"})),
        ("stop", json!([])),
    ] {
        let mut taken = request(CHAT, &with(name, value));
        taken
            .as_object_mut()
            .expect("an object")
            .remove("responseFormat");
        let plain = request(CHAT, &with("n", json!(1)));
        assert_eq!(taken, plain, "{name}");
    }
}

#[test]
fn null_is_no_value() {
    let plain = request(CHAT, &with("n", json!(1)));
    for name in [
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "stop",
        "seed",
        "n",
        "response_format",
        "metadata",
        "stream",
        "stream_options",
        "logprobs",
        "top_logprobs",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "audio",
        "modalities",
        "prediction",
        "web_search_options",
        "reasoning_effort",
        "verbosity",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "service_tier",
        "prompt_cache_key",
        "user",
        "store",
        "moderation",
        "safety_identifier",
    ] {
        assert_eq!(request(CHAT, &with(name, json!(null))), plain, "{name}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_its_name() {
    for (name, value) in [
        ("n", json!(2)),
        ("stream", json!(true)),
        ("stream_options", json!({"include_usage": true})),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(3)),
        ("tools", json!([{"type": "function"}])),
        ("tool_choice", json!("required")),
        ("functions", json!([{"name": "f"}])),
        ("function_call", json!({"name": "f"})),
        ("audio", json!({"voice": "a"})),
        ("modalities", json!(["text", "audio"])),
        ("prediction", json!({"type": "content"})),
        ("web_search_options", json!({})),
        ("moderation", json!({"model": "m"})),
        ("prompt_cache_options", json!({"mode": "implicit"})),
        ("max_output_tokens", json!(7)),
        ("prompt", json!("Hi.")),
        ("onRefusal", json!("fail")),
    ] {
        let wrong = wrong(CHAT, &with(name, value));
        assert_eq!(wrong.len(), 1, "{name}: {wrong:?}");
        assert_eq!(wrong[0].0, format!("body.{name}"));
    }
}

#[test]
fn a_violation_is_told_by_the_vendors_name() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let schema = json!({"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}});
    for (body, param) in [
        (with("max_tokens", json!(0)), "body.max_tokens"),
        (
            with("max_completion_tokens", json!("9")),
            "body.max_completion_tokens",
        ),
        (with("temperature", json!(3)), "body.temperature"),
        (with("top_p", json!(2)), "body.top_p"),
        (with("stop", json!("")), "body.stop"),
        (with("stop", json!(["a", ""])), "body.stop[1]"),
        (with("seed", json!(1.5)), "body.seed"),
        (with("metadata", json!({"a": 1})), "body.metadata.a"),
        (with("model", json!("")), "body.model"),
        (with("model", json!(null)), "body.model"),
        (
            with("response_format", json!({"type": "xml"})),
            "body.response_format.type",
        ),
        (
            with("response_format", schema),
            "body.response_format.json_schema.name",
        ),
        (messages(json!([])), "body.messages"),
        (
            messages(json!([{"role": "tool", "content": "x"}])),
            "body.messages[0].role",
        ),
        (
            messages(json!([{"role": "user"}])),
            "body.messages[0].content",
        ),
        (
            messages(json!([{"role": "user", "content": ""}])),
            "body.messages[0].content",
        ),
        (
            messages(json!([{"role": "user", "content": "x", "name": "Ann"}])),
            "body.messages[0].name",
        ),
        (
            messages(json!([{"role": "assistant", "content": "x", "tool_calls": [{}]}])),
            "body.messages[0].tool_calls",
        ),
        (
            messages(json!([{"role": "user", "content": [{"type": "input_audio"}]}])),
            "body.messages[0].content[0].type",
        ),
        (
            messages(json!([{"role": "user", "content": [{"type": "text", "text": 1}]}])),
            "body.messages[0].content[0].text",
        ),
        (
            messages(json!([{"role": "user", "content": [image]}])),
            "body.messages[0].content[0].image_url.url",
        ),
    ] {
        let wrong = wrong(CHAT, &body);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].0, param);
        assert!(wrong[0].1.starts_with(&format!("`{param}` ")), "{wrong:?}");
    }
}

#[test]
fn a_message_that_a_model_wrote_can_be_sent_again() {
    let written = json!({
        "role": "assistant", "content": "Hello.", "refusal": null, "annotations": [],
        "audio": null, "function_call": null, "tool_calls": null,
    });
    let body = messages(json!([written, {"role": "user", "content": "And?"}]));
    let expected = json!({"role": "assistant", "content": "Hello."});
    assert_eq!(request(CHAT, &body)["messages"][0], expected);
}

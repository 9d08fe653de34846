//! Chat completions: what servers that follow `OpenAI` answer, and what models say.

use serde_json::{Value, json};

use super::{Stage, question, whole};

#[tokio::test]
async fn limits_are_told_in_every_way() {
    let stage = Stage::new();
    for (model, name, value) in [
        ("sim-row-39", "retry-after", "2"),
        ("sim-row-39-ms", "retry-after-ms", "1500"),
        ("sim-row-39-limits", "x-ratelimit-reset-requests", "3s"),
        ("sim-row-39-go", "x-ratelimit-reset-tokens", "1h2m3s"),
        ("sim-row-39-odd", "x-ratelimit-remaining-requests", "-1"),
        ("sim-row-39-nan", "retry-after", "NaN"),
        ("sim-row-39-121", "retry-after", "121"),
        ("sim-row-0", "x-should-retry", "false"),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.header(name), Some(value), "{model}");
    }
    let dated = stage.answer("sim-row-39-date").await;
    let date = dated.header("retry-after").unwrap();
    assert!(date.ends_with(" GMT"), "{date}");
    let bare = stage.answer("sim-row-39-bare").await;
    assert_eq!(bare.status, 429);
    let mut names = bare.response_headers.keys();
    assert!(!names.any(|name| name.as_str().starts_with("x-ratelimit")));
    assert_eq!(bare.header("retry-after"), None);
}

#[tokio::test]
async fn money_that_is_gone_has_many_codes() {
    let stage = Stage::new();
    for code in [
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_usage_limit_exceeded",
        "billing_not_active",
    ] {
        let answer = stage.answer(&format!("sim-row-36-{code}")).await;
        assert_eq!(answer.status, 429, "{code}");
        assert_eq!(answer.json()["error"]["code"], code);
        assert_eq!(answer.header("retry-after"), None, "{code}");
    }
    let typed = stage.answer("sim-row-36-type").await;
    assert_eq!(
        typed.text,
        r#"{"error":{"code":null,"message":"You exceeded your current quota.","param":null,"type":"insufficient_quota"}}"#
    );
}

#[tokio::test]
async fn other_servers_have_shapes_of_their_own() {
    let stage = Stage::new();
    for (model, status, text) in [
        (
            "sim-row-17-llama-cpp",
            400,
            r#""type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}"#,
        ),
        ("sim-row-24-vllm", 400, r#""code":400}}"#),
        (
            "sim-row-24-vllm-old",
            400,
            r#"{"object":"error","message":"#,
        ),
        (
            "sim-row-24-ollama",
            400,
            r#"{"error":"invalid options: temperature"}"#,
        ),
        ("sim-row-24-gemini", 400, r#"[{"error":{"code":400,"#),
        (
            "sim-row-24-detail",
            400,
            r#"{"detail":"Messages must not be empty"}"#,
        ),
        (
            "sim-row-28-ollama",
            404,
            r#"model \"sim-row-28-ollama\" not found, try pulling it first"#,
        ),
        (
            "sim-row-34",
            422,
            r#"{"detail":[{"type":"value_error","loc":["body","messages",0],"#,
        ),
        ("sim-row-47-1015", 429, "error code: 1015"),
        ("sim-row-52-llama-cpp", 503, r#""type":"unavailable_error""#),
        (
            "sim-row-5-429",
            200,
            r#"{"error":{"code":429,"message":"Rate limit exceeded","metadata":{}}}"#,
        ),
        ("sim-row-5-string", 200, r#"{"error":"model runner ended"}"#),
        ("sim-row-6-unknown", 200, r#"{"hello":"world"}"#),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.status, status, "{model}");
        assert!(answer.text.contains(text), "{model}: {}", answer.text);
    }
}

#[tokio::test]
async fn echo_of_the_prompt_has_the_words_of_a_limit_and_is_none() {
    let stage = Stage::new();
    let answer = stage.answer("sim-row-24-echo").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("429 rate limit"));
}

#[tokio::test]
async fn answers_have_their_shapes() {
    let stage = Stage::new();
    let choice = async |model| stage.answer(model).await.choice();
    let usage = async |model| stage.answer(model).await.json()["usage"].clone();
    let tool = choice("sim-tools").await;
    assert_eq!(tool["finish_reason"], "tool_calls");
    assert_eq!(tool["message"]["tool_calls"][0]["type"], "function");
    assert_eq!(tool["message"].get("content"), Some(&Value::Null));
    assert!(choice("sim-tools-text").await["message"]["content"].is_string());
    assert!(choice("sim-reasoning").await["message"]["reasoning_content"].is_string());
    assert!(choice("sim-reasoning-field").await["message"]["reasoning"].is_string());
    assert_eq!(choice("sim-finish-eos").await["finish_reason"], "eos");
    assert_eq!(
        choice("sim-finish-null").await.get("finish_reason"),
        Some(&Value::Null)
    );
    assert_eq!(
        choice("sim-finish-missing").await.get("finish_reason"),
        None
    );
    assert_eq!(choice("sim-missing").await["message"].get("content"), None);
    assert_eq!(choice("sim-row-6-no-message").await.get("message"), None);
    assert_eq!(usage("sim-usage-strings").await["prompt_tokens"], "8");
    assert_eq!(usage("sim-usage-null").await, Value::Null);
    assert_eq!(
        usage("sim-cached").await["prompt_tokens_details"]["cached_tokens"],
        4
    );
}

#[tokio::test]
async fn json_is_good_wrong_or_broken() {
    let stage = Stage::new();
    let parsed = async |model| {
        let content = stage.answer(model).await.content();
        serde_json::from_str::<Value>(&content)
    };
    assert!(parsed("sim-json").await.unwrap().is_object());
    assert!(parsed("sim-json-wrong").await.unwrap().is_array());
    assert!(parsed("sim-json-broken").await.unwrap_err().is_eof());
    let fenced = stage.answer("sim-json-fenced").await.content();
    assert!(
        fenced.starts_with("```json\n{") && fenced.ends_with("}\n```"),
        "{fenced}"
    );
}

#[tokio::test]
async fn schema_of_the_request_is_met() {
    let stage = Stage::new();
    let mut body = question("sim-ok");
    body["response_format"] = json!({"type": "json_schema", "json_schema": {
        "name": "n", "schema": {"type": "object", "properties": {"a": {"type": "boolean"}}},
    }});
    let answer = whole(stage.post(&body).send().await.unwrap()).await;
    assert_eq!(answer.content(), r#"{"a":true}"#);
}

#[tokio::test]
async fn any_row_can_end_after_some_calls() {
    let stage = Stage::new();
    let model = "sim-row-36-billing_not_active-then-ok-2@chain";
    for job in ["job_a", "job_b"] {
        let mut statuses = Vec::new();
        for attempt in 1..=3 {
            let answer = stage.call_for(job, attempt, model).send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        assert_eq!(statuses, [429, 429, 200], "{job}");
    }
}

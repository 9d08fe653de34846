use anyhow::Result;
use redrive_tests::client::{Answer, PROMPT};
use redrive_tests::stage::Tenant;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{GENERATE, NO_JSON, Refusal, check, invalid, nothing_stored};
use crate::stages::shared;

async fn post(tenant: &Tenant, body: Vec<u8>) -> Result<Answer> {
    let request = tenant.client.request(Method::POST, GENERATE);
    Answer::of(request.header(CONTENT_TYPE, "application/json").body(body)).await
}

#[test]
fn body_that_is_not_strict_json_is_refused() -> Result<()> {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let wide = format!("{{{}\"prompt\":\"x\"}}", "\"a\":1,".repeat(100_000));
    nothing_stored(async |_, tenant| {
        for (body, expected) in [
            ("", NO_JSON),
            (" \n", NO_JSON),
            ("{", NO_JSON),
            (r#"{"prompt":"c4n4ry-prompt"#, NO_JSON),
            (r#"{"prompt":"c4n4ry-prompt",}"#, NO_JSON),
            (r#"{"prompt":"c4n4ry-prompt"} {}"#, NO_JSON),
            (r#"{"prompt":"c4n4ry-prompt"} // why"#, NO_JSON),
            (r"{'prompt':'c4n4ry-prompt'}", NO_JSON),
            ("\u{feff}{\"prompt\":\"c4n4ry-prompt\"}", NO_JSON),
            (r#"{"prompt":"c4n4ry-prompt","prompt":"two"}"#, NO_JSON),
            (r#"{"prompt":"x","metadata":{"a":"1","a":"2"}}"#, NO_JSON),
            (r#"{"prompt":"x","temperature":NaN}"#, NO_JSON),
            (r#"{"prompt":"x","temperature":Infinity}"#, NO_JSON),
            (r#"{"prompt":"x","temperature":1e400}"#, NO_JSON),
            (r#"{"prompt":"x","maxTokens":-1e999}"#, NO_JSON),
            (r#"{"prompt":"\ud800"}"#, NO_JSON),
            (r#"{"pro\u0000mpt":"x"}"#, NO_JSON),
            (r#"{"prompt":"x","metadata":{"a\u0000":"1"}}"#, NO_JSON),
            ("{\"prompt\":\"a\nb\"}", NO_JSON),
            (&nested(65), NO_JSON),
            (&nested(200_000), NO_JSON),
            (&wide, NO_JSON),
            (&nested(64), invalid(&[""])),
            ("null", invalid(&[""])),
            ("[]", invalid(&[""])),
            (r#""c4n4ry-prompt""#, invalid(&[""])),
        ] {
            let shown: String = body.chars().take(80).collect();
            check(&shown, &post(tenant, body.into()).await?, expected)?;
        }
        let answer = post(tenant, b"{\"prompt\":\"\xff\"}".into()).await?;
        check("not UTF-8", &answer, NO_JSON)
    })
}

#[test]
fn field_that_breaks_a_rule_is_named() -> Result<()> {
    nothing_stored(async |_, tenant| {
        for (fields, expected) in fields() {
            let mut body = json!({"prompt": PROMPT, "model": "sim-ok"});
            for (name, value) in fields.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            let shown: String = fields.to_string().chars().take(200).collect();
            check(
                &shown,
                &post(tenant, body.to_string().into()).await?,
                expected,
            )?;
        }
        Ok(())
    })
}

/// Fields that are added to a good request, and what is refused then.
fn fields() -> Vec<(Value, Refusal)> {
    let mut table = numbers();
    table.extend(texts());
    table.extend([
        (json!({"state": "succeeded"}), invalid(&["/state"])),
        (
            json!({"tenantId": "ten_1", "attempt": 9}),
            invalid(&["/attempt", "/tenantId"]),
        ),
        (json!({"tenant_id": 1}), invalid(&["/tenant_id"])),
        (
            json!({"__proto__": {"admin": true}}),
            invalid(&["/__proto__"]),
        ),
        (
            json!({PROMPT: PROMPT}),
            invalid(&["/c4n4ry-prompt: name three uses of a queue"]),
        ),
        (json!({"provider": "other"}), invalid(&["/provider"])),
        (
            json!({"responseFormat": "yaml"}),
            invalid(&["/responseFormat"]),
        ),
        (
            json!({"messages": []}),
            invalid(&["/messages", "/messages"]),
        ),
        (json!({"prompt": null}), invalid(&["/prompt"])),
        (
            json!({"maxTokens": 0, "temperature": 9, "model": "", "x": 1}),
            invalid(&["/model", "/maxTokens", "/temperature", "/x"]),
        ),
    ]);
    table
}

fn numbers() -> Vec<(Value, Refusal)> {
    let wrong = [
        json!(-1),
        json!(0),
        json!(2_147_483_648_u64),
        json!(u64::MAX),
        json!(1e300),
        json!(1.5),
        json!(1e3),
        json!("100"),
        json!(null),
        json!(true),
        json!([1]),
    ];
    let named = [
        ("maxTokens", invalid(&["/maxTokens"])),
        ("deadlineSeconds", invalid(&["/deadlineSeconds"])),
        ("maxAttempts", invalid(&["/maxAttempts"])),
    ];
    let mut table: Vec<_> = named
        .into_iter()
        .flat_map(|(name, refusal)| wrong.clone().map(|value| (json!({name: value}), refusal)))
        .collect();
    for value in [
        json!(3),
        json!(-0.1),
        json!("0.5"),
        json!(null),
        json!(1e300),
    ] {
        table.push((json!({"temperature": value}), invalid(&["/temperature"])));
    }
    table
}

fn texts() -> Vec<(Value, Refusal)> {
    let many: Value = (0..65).map(|key| (format!("k{key}"), json!("v"))).collect();
    let long = "é".repeat(65);
    vec![
        (json!({"prompt": ""}), invalid(&["/prompt"])),
        (
            json!({"prompt": "c4n4ry-prompt\u{0}"}),
            invalid(&["/prompt"]),
        ),
        (json!({"model": "' OR 1=1;--"}), invalid(&["/model"])),
        (
            json!({"model": "\"; DROP TABLE jobs;--"}),
            invalid(&["/model"]),
        ),
        (json!({"model": "a\u{0}b"}), invalid(&["/model"])),
        (json!({"model": "m".repeat(129)}), invalid(&["/model"])),
        (
            json!({"refType": "a", "refId": "1\u{0}"}),
            invalid(&["/refId"]),
        ),
        (
            json!({"refType": "a\nb", "refId": "1"}),
            invalid(&["/refType"]),
        ),
        (
            json!({"refType": long.clone(), "refId": "1"}),
            invalid(&["/refType"]),
        ),
        (json!({"language": "a\u{7f}"}), invalid(&["/language"])),
        (json!({"metadata": many}), invalid(&["/metadata"])),
        (
            json!({"metadata": {"k": "v".repeat(513)}}),
            invalid(&["/metadata/k"]),
        ),
        (json!({"metadata": {"k": 7}}), invalid(&["/metadata/k"])),
        (
            json!({"metadata": {"a/b~": null}}),
            invalid(&["/metadata/a~1b~0"]),
        ),
        (json!({"metadata": ["k"]}), invalid(&["/metadata"])),
    ]
}

#[test]
fn conversation_that_breaks_a_rule_is_named() -> Result<()> {
    let said = |role: &str| json!({"role": role, "content": PROMPT});
    nothing_stored(async |_, tenant| {
        for (messages, expected) in [
            (json!([]), invalid(&["/messages"])),
            (json!({}), invalid(&["/messages"])),
            (json!([said("robot")]), invalid(&["/messages/0/role"])),
            (
                json!([said("user"), {"role": "user"}]),
                invalid(&["/messages/1/content"]),
            ),
            (
                json!([{"role": "user", "content": [PROMPT]}]),
                invalid(&["/messages/0/content/0"]),
            ),
            (
                json!([{"role": "user", "content": "x", "name": "y"}]),
                invalid(&["/messages/0/name"]),
            ),
            (json!(vec![said("user"); 1_001]), invalid(&["/messages"])),
        ] {
            let shown: String = messages.to_string().chars().take(80).collect();
            let body = json!({"messages": messages}).to_string();
            check(&shown, &post(tenant, body.into()).await?, expected)?;
        }
        Ok(())
    })
}

#[test]
fn odd_text_is_taken_and_given_back_byte_for_byte() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let odd = "\u{202e}rtl \u{200b}zero 👩‍👩‍👧 e\u{301} \u{10ffff} '; DROP TABLE jobs;-- \\u0000";
        let metadata = json!({"__proto__": odd, "constructor": "", "'": "\"\n\t\u{7f}", "é".repeat(32): "é".repeat(256)});
        let fields = json!({"prompt": odd, "refType": odd, "refId": "0", "metadata": metadata});
        let job = tenant.client.submit("sim-ok", fields).await?;
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        assert_eq!(ended["metadata"], metadata);
        assert_eq!(ended["refType"], odd);
        let output = ended["result"]["output"].as_str().unwrap_or_default();
        assert!(output.contains(odd), "{output}");
        Ok(())
    })
}

#[test]
fn largest_body_is_taken() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let start = format!(r#"{{"model":"sim-ok","prompt":"{PROMPT}"#);
        let prompt = "é".repeat((1024 * 1024 - start.len() - 2) / 2);
        let mut body = format!("{start}{prompt}\"}}");
        body.push_str(&" ".repeat(1024 * 1024 - body.len()));
        assert_eq!(body.len(), 1024 * 1024);
        let accepted = post(&tenant, body.into()).await?.json(202)?;
        let job = redrive_tests::client::text(&accepted, "jobId")?;
        tenant.client.job_in(&job, "succeeded").await?;
        Ok(())
    })
}

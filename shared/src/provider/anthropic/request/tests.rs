use super::*;
use crate::configuration::{ModelConfiguration, ProviderConfiguration};
use crate::provider::{HeaderText, Provider};
use crate::request::{Content, Message};

fn settings() -> ProviderSettings {
    let mut one =
        ProviderConfiguration::new("claude", Provider::Anthropic, "https://api.anthropic.com");
    one.api_key_secret = Some("KEY".to_owned());
    ProviderSettings::new(one, |_| Some("sk-ant-hidden".to_owned())).unwrap()
}

fn input() -> GenerateInput {
    GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
}

fn sent(input: &GenerateInput) -> Value {
    let request = request(&settings(), "m", input).unwrap();
    serde_json::from_str(&request.body).unwrap()
}

fn schema(schema: Value) -> ResponseFormat {
    ResponseFormat::JsonSchema {
        name: "answer".to_owned(),
        schema,
    }
}

#[test]
fn a_plain_request_has_what_is_required() {
    let request = request(&settings(), "m", &input()).unwrap();
    assert_eq!(
        request.body,
        r#"{"model":"m","max_tokens":4096,"messages":[{"role":"user","content":"Hi"}]}"#
    );
    assert_eq!(
        request.to,
        Destination::Url("https://api.anthropic.com/v1/messages".to_owned())
    );
    let fields: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("anthropic-version", "2023-06-01"),
            ("x-api-key", "sk-ant-hidden"),
        ]
    );
    assert!(!format!("{request:?}").contains("hidden"));
}

#[test]
fn the_configuration_has_the_last_word_on_the_version() {
    let mut settings = settings();
    let version = HeaderText::new("2026-10-21").unwrap();
    settings
        .headers
        .push(("Anthropic-Version".to_owned(), version));
    let request = request(&settings, "m", &input()).unwrap();
    let mut versions = request.headers.iter();
    let version = versions.find(|(name, _)| name == VERSION_FIELD).unwrap();
    assert_eq!(version.1.as_str(), "2026-10-21");
    assert!(versions.all(|(name, _)| name != VERSION_FIELD));
}

#[test]
fn every_field_has_its_spelling_and_its_place() {
    let parts = vec![
        Part::Text {
            text: "See".to_owned(),
        },
        Part::Image {
            url: "https://images.example/a.png".to_owned(),
        },
    ];
    let mut input = GenerateInput {
        messages: vec![
            Message::new(Role::System, "Be brief."),
            Message {
                role: Role::User,
                content: Content::Parts(parts),
            },
            Message::new(Role::Assistant, "A cat."),
            Message::new(Role::System, "Be kind."),
            Message::new(Role::User, "Sure?"),
        ],
        max_tokens: Some(20),
        temperature: Some(0.5),
        top_p: Some(0.25),
        stop: vec!["END".to_owned()],
        difficulty: Some("hard".to_owned()),
        response_format: schema(json!({"type": "string"})),
        ..input()
    };
    let options =
        json!({"output_config": {"effort": "low", "format": 1}, "system": "x", "top_k": 3});
    let options = options.as_object().unwrap().clone();
    input.provider_options.insert("claude".to_owned(), options);
    assert_eq!(
        request(&settings(), "m", &input).unwrap().body,
        concat!(
            r#"{"model":"m","max_tokens":20,"#,
            r#""system":"Be brief.\n\nBe kind.\n\nThe difficulty is hard.","#,
            r#""messages":[{"role":"user","content":[{"type":"text","text":"See"},"#,
            r#"{"type":"image","source":{"type":"url","url":"https://images.example/a.png"}}]},"#,
            r#"{"role":"assistant","content":"A cat."},{"role":"user","content":"Sure?"}],"#,
            r#""temperature":0.5,"top_p":0.25,"stop_sequences":["END"],"#,
            r#""output_config":{"effort":"low","format":{"schema":{"type":"string"},"type":"json_schema"}},"#,
            r#""top_k":3}"#,
        )
    );
}

#[test]
fn json_that_no_field_asks_for_is_asked_for_in_words() {
    let mut input = GenerateInput {
        response_format: ResponseFormat::Json,
        messages: vec![Message::new(Role::User, "A JSON list.")],
        ..input()
    };
    let words = "Answer with one JSON object and nothing else.";
    assert_eq!(sent(&input)["system"], words);
    input.response_format = schema(json!({"type": "object"}));
    let body = sent(&input);
    assert_eq!(body.get("output_config"), None);
    assert_eq!(
        body["system"],
        r#"Answer with one JSON value that fits this JSON Schema, and nothing else: {"type":"object"}"#
    );
}

#[test]
fn the_most_tokens_come_from_the_job_then_the_model_then_from_here() {
    let most = |known: Option<u32>, asked: Option<u32>| {
        let mut settings = settings();
        let model = ModelConfiguration {
            max_output_tokens: known,
            ..ModelConfiguration::default()
        };
        settings.configuration.models.insert("m".to_owned(), model);
        let input = GenerateInput {
            max_tokens: asked,
            ..input()
        };
        let body = request(&settings, "m", &input).unwrap().body;
        let body: Value = serde_json::from_str(&body).unwrap();
        body["max_tokens"].as_u64().unwrap()
    };
    assert_eq!(most(None, None), 4096);
    assert_eq!(most(Some(8192), None), 8192);
    assert_eq!(most(Some(128_000), None), 21_333);
    assert_eq!(most(Some(128_000), Some(64_000)), 64_000);
}

#[test]
fn a_paused_turn_is_given_back_as_it_came() {
    let asked = request(&settings(), "m", &input()).unwrap();
    let said = json!([{"type": "server_tool_use", "id": "s1", "input": {}}]);
    let next = go_on(&asked, &said).unwrap();
    let body: Value = serde_json::from_str(&next.body).unwrap();
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "server_tool_use", "id": "s1", "input": {}}]},
        ])
    );
    assert_eq!((&next.to, &next.headers), (&asked.to, &asked.headers));
    let again = go_on(&next, &json!([{"type": "text", "text": "x"}])).unwrap();
    let body: Value = serde_json::from_str(&again.body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    assert_eq!(body["messages"][1]["content"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_else_is_gone_on_with() {
    let asked = request(&settings(), "m", &input()).unwrap();
    for said in [json!([]), json!("text"), json!(null)] {
        assert!(go_on(&asked, &said).is_none());
    }
    let foreign = ProviderRequest {
        headers: Vec::new(),
        ..asked
    };
    assert!(go_on(&foreign, &json!([{"type": "text", "text": "x"}])).is_none());
}

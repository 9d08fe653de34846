use super::*;
use crate::configuration::ProviderConfiguration;
use crate::provider::Provider;
use crate::request::{Message, Role};

const MODEL: &str = "@cf/meta/llama-3.1-8b-instruct";

fn settings(reached: Reached, key: Option<&str>) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("cf", Provider::WorkersAi, "http://unused");
    one.reached = reached;
    one.api_key_secret = key.map(|_| "KEY".to_owned());
    ProviderSettings::new(one, |_| key.map(str::to_owned)).unwrap()
}

fn over_http(base_url: &str, account_id: Option<&str>) -> Reached {
    Reached::Url {
        base_url: base_url.to_owned(),
        api_version: None,
        account_id: account_id.map(str::to_owned),
    }
}

fn input() -> GenerateInput {
    GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
}

#[test]
fn the_account_and_the_model_stand_in_the_path() {
    let api = "https://api.cloudflare.com/client/v4";
    let whole = format!("{api}/accounts/acc/ai/run/{MODEL}");
    for base in [
        "",
        "/",
        "/accounts/acc",
        "/accounts/acc/ai",
        "/accounts/acc/ai/run",
    ] {
        let reached = over_http(&format!("{api}{base}"), Some("acc"));
        let request = request(&settings(reached, Some("hidden")), MODEL, &input()).unwrap();
        assert_eq!(request.to, Destination::Url(whole.clone()), "{base}");
        let key = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        assert_eq!(key.unwrap().1.as_str(), "Bearer hidden");
        assert!(!format!("{request:?}").contains("hidden"));
    }
}

#[test]
fn a_gateway_names_the_account_itself() {
    let base = "https://gateway.ai.cloudflare.com/v1/acc/gw/workers-ai";
    let request = request(&settings(over_http(base, None), None), MODEL, &input()).unwrap();
    assert_eq!(request.to, Destination::Url(format!("{base}/{MODEL}")));
}

#[test]
fn by_the_binding_the_body_is_the_input() {
    let reached = Reached::Binding("AI".to_owned());
    let mut input = GenerateInput {
        max_tokens: Some(9),
        temperature: Some(0.5),
        top_p: Some(0.25),
        seed: Some(7),
        ..input()
    };
    let options = serde_json::json!({"stream": true, "lora": "x"});
    let options = options.as_object().unwrap().clone();
    input.provider_options.insert("cf".to_owned(), options);
    let request = request(&settings(reached, None), MODEL, &input).unwrap();
    assert_eq!(
        request.to,
        Destination::WorkersAi {
            binding: "AI".to_owned(),
            model: MODEL.to_owned(),
        }
    );
    assert_eq!(
        request.body,
        r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"temperature":0.5,"top_p":0.25,"seed":7,"lora":"x"}"#
    );
}

#[test]
fn a_schema_stands_by_itself_and_is_said_in_words() {
    let input = GenerateInput {
        response_format: ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema: json!({"type": "object"}),
        },
        ..input()
    };
    let reached = Reached::Binding("AI".to_owned());
    let request = request(&settings(reached, None), MODEL, &input).unwrap();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema": {"type": "object"}})
    );
    let said = body["messages"][0]["content"].as_str().unwrap();
    assert!(
        said.ends_with(r#"nothing else: {"type":"object"}"#),
        "{said}"
    );
}

#[test]
fn a_model_cannot_lead_to_another_interface() {
    for model in ["../../d1/database", "@cf/../x", "a//b", ""] {
        let reached = over_http("https://api.cloudflare.com/client/v4", Some("acc"));
        let refused = request(&settings(reached, Some("k")), model, &input());
        assert!(refused.is_err(), "{model}");
    }
}

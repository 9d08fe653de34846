use super::*;
use crate::configuration::ModelConfiguration;
use crate::request::{Content, Message, Part, ResponseFormat};
use serde_json::json;

fn one(kind: Provider, api: Api) -> ProviderConfiguration {
    ProviderConfiguration {
        api,
        ..ProviderConfiguration::new("p", kind, "https://provider.example")
    }
}

fn plain() -> GenerateInput {
    GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
}

fn pointers(configuration: &ProviderConfiguration, input: &GenerateInput) -> Vec<String> {
    let found = unsupported(configuration, "m", input);
    found.into_iter().map(|(pointer, _)| pointer).collect()
}

/// Everything that a request can ask for.
fn full() -> GenerateInput {
    let image = Part::Image {
        url: "https://images.example/a.png".to_owned(),
    };
    GenerateInput {
        messages: vec![Message {
            role: Role::User,
            content: Content::Parts(vec![image]),
        }],
        max_tokens: Some(8),
        temperature: Some(1.5),
        top_p: Some(0.5),
        stop: vec!["\n".to_owned()],
        seed: Some(0),
        response_format: ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema: json!({}),
        },
        ..plain()
    }
}

#[test]
fn every_kind_of_models_can_do_a_plain_request() {
    for kind in Provider::ALL {
        for api in [Api::Chat, Api::Responses] {
            let able = unsupported(&one(kind, api), "m", &plain()).is_empty();
            let code = matches!(kind, Provider::Executor | Provider::Piston);
            assert_eq!(able, !code, "{kind:?}");
        }
    }
}

#[test]
fn what_a_kind_cannot_do_is_named() {
    let found = |kind, api| pointers(&one(kind, api), &full());
    assert!(found(Provider::OpenAi, Api::Chat).is_empty());
    assert!(found(Provider::Compatible, Api::Chat).is_empty());
    assert!(found(Provider::AzureOpenAi, Api::Chat).is_empty());
    assert_eq!(
        found(Provider::OpenAi, Api::Responses),
        ["/stop", "/seed", "/maxTokens"]
    );
    assert_eq!(
        found(Provider::Compatible, Api::Responses),
        ["/stop", "/seed"]
    );
    assert_eq!(
        found(Provider::Anthropic, Api::Chat),
        ["/seed", "/temperature", "/topP", "/stop"]
    );
    assert_eq!(
        found(Provider::WorkersAi, Api::Chat),
        ["/stop", "/seed", "/messages"]
    );
}

#[test]
fn a_newer_version_of_anthropics_interface_takes_no_sampling() {
    let mut newer = one(Provider::Anthropic, Api::Chat);
    let version = HeaderSource::Text("2026-10-21".to_owned());
    newer
        .headers
        .insert("Anthropic-Version".to_owned(), version);
    let mut input = GenerateInput {
        temperature: Some(0.5),
        ..plain()
    };
    assert_eq!(pointers(&newer, &input), ["/temperature"]);
    (input.temperature, input.top_p) = (None, Some(0.5));
    assert_eq!(pointers(&newer, &input), ["/topP"]);
    assert!(pointers(&one(Provider::Anthropic, Api::Chat), &input).is_empty());
}

#[test]
fn anthropic_wants_somebody_to_speak() {
    let input = GenerateInput {
        messages: vec![Message::new(Role::System, "Be brief.")],
        ..plain()
    };
    let found = pointers(&one(Provider::Anthropic, Api::Chat), &input);
    assert_eq!(found, ["/messages"]);
}

#[test]
fn more_tokens_than_the_model_can_answer_are_refused_where_that_is_known() {
    let mut known = one(Provider::OpenAi, Api::Chat);
    let model = ModelConfiguration {
        max_output_tokens: Some(100),
        ..ModelConfiguration::default()
    };
    known.models.insert("m".to_owned(), model);
    let asked = |most| GenerateInput {
        max_tokens: Some(most),
        ..plain()
    };
    assert!(pointers(&known, &asked(100)).is_empty());
    assert_eq!(
        unsupported(&known, "m", &asked(101)),
        [(
            "/maxTokens".to_owned(),
            "must be at most 100, which `m` can answer, for the provider `p`".to_owned()
        )]
    );
    assert!(unsupported(&known, "another", &asked(101)).is_empty());
}

#[test]
fn a_models_name_is_judged_where_it_becomes_a_piece_of_a_path() {
    let refused = |configuration: &ProviderConfiguration, model| {
        let found = unsupported(configuration, model, &plain());
        found.iter().any(|(pointer, _)| pointer == "/model")
    };
    let workers_ai = one(Provider::WorkersAi, Api::Chat);
    assert!(refused(&workers_ai, "../../d1"));
    assert!(!refused(&workers_ai, "@cf/meta/llama"));
    let mut classic = one(Provider::AzureOpenAi, Api::Chat);
    assert!(!refused(&classic, "a/b"));
    classic.reached = Reached::Url {
        base_url: "https://res.openai.azure.com".to_owned(),
        api_version: Some("2024-10-21".to_owned()),
        account_id: None,
    };
    assert!(refused(&classic, "a/b"));
    assert!(refused(&classic, ".."));
    assert!(!refused(&classic, "my-gpt"));
}

#[test]
fn options_that_are_ours_are_refused_and_others_options_are_not_judged() {
    let mut input = plain();
    for (name, options) in [
        (
            "p",
            json!({"stream": true, "top_k": 3, "output_config": {"effort": "low"}}),
        ),
        ("q", json!({"stream": true})),
    ] {
        let options = options.as_object().unwrap().clone();
        input.provider_options.insert(name.to_owned(), options);
    }
    let anthropic = one(Provider::Anthropic, Api::Chat);
    assert_eq!(pointers(&anthropic, &input), ["/providerOptions/p/stream"]);
    let nested = json!({"output_config": {"format": {}}});
    let nested = nested.as_object().unwrap().clone();
    input.provider_options.insert("p".to_owned(), nested);
    assert_eq!(
        pointers(&anthropic, &input),
        ["/providerOptions/p/output_config/format"]
    );
}

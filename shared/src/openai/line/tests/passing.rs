use super::*;

fn options(
    kind: Provider,
    api: Api,
    endpoint: Endpoint,
    body: &Value,
) -> Result<Value, Vec<Fault>> {
    let configuration = deployment(kind, api);
    let known = Known {
        configuration: &configuration,
        default_providers: &[],
    };
    let line = Line::read(&line(endpoint, body), endpoint, &known)?;
    line.judge(&known)?;
    Ok(line.request["providerOptions"].clone())
}

fn chat_body() -> Value {
    json!({
        "model": "m",
        "messages": [{"role": "user", "content": "Hi."}],
        "reasoning_effort": "low",
        "verbosity": "high",
        "prompt_cache_key": "k",
    })
}

#[test]
fn the_vendors_own_parameters_reach_a_provider_that_speaks_chat() {
    let mut body = chat_body();
    body["frequency_penalty"] = json!(0.5);
    body["logit_bias"] = json!({"50256": -100});
    body["service_tier"] = json!("flex");
    let passed = options(
        Provider::OpenAi,
        Api::Chat,
        Endpoint::ChatCompletions,
        &body,
    );
    let expected = json!({"house": {
        "reasoning_effort": "low",
        "verbosity": "high",
        "prompt_cache_key": "k",
        "frequency_penalty": 0.5,
        "logit_bias": {"50256": -100},
        "service_tier": "flex",
    }});
    assert_eq!(passed, Ok(expected));
}

#[test]
fn they_find_their_place_in_the_other_interface() {
    let nested = json!({"house": {
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "high"},
        "prompt_cache_key": "k",
    }});
    let passed = options(
        Provider::AzureOpenAi,
        Api::Responses,
        Endpoint::ChatCompletions,
        &chat_body(),
    );
    assert_eq!(passed, Ok(nested));
    let body = json!({
        "model": "m", "input": "Hi.",
        "reasoning": {"effort": "low"}, "text": {"verbosity": "high"},
    });
    let passed = options(Provider::Compatible, Api::Chat, Endpoint::Responses, &body);
    let flat = json!({"house": {"reasoning_effort": "low", "verbosity": "high"}});
    assert_eq!(passed, Ok(flat));
}

#[test]
fn a_provider_that_has_no_such_field_does_not_get_it() {
    let told = |kind, api, body: &Value| {
        let faults = options(kind, api, Endpoint::ChatCompletions, body).expect_err("refused");
        faults
            .into_iter()
            .filter_map(|fault| fault.param)
            .collect::<Vec<_>>()
    };
    let names = [
        "body.prompt_cache_key",
        "body.reasoning_effort",
        "body.verbosity",
    ];
    assert_eq!(told(Provider::Anthropic, Api::Chat, &chat_body()), names);
    let mut body = chat_body();
    body["presence_penalty"] = json!(1);
    let names = ["body.presence_penalty"];
    assert_eq!(told(Provider::OpenAi, Api::Responses, &body), names);
}

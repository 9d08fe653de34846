//! What a provider cannot do. A job that asks for it is refused before anybody is called.

use super::outgoing::fits_path;
use super::{Api, Provider, anthropic, openai_chat, openai_responses, wording, workers_ai};
use crate::configuration::{HeaderSource, ProviderConfiguration, Reached};
use crate::request::{GenerateInput, Role};
use serde_json::{Map, Value};

/// Seeds that Workers AI takes, as the input schemas of its models say.
const WORKERS_AI_SEEDS: std::ops::RangeInclusive<i64> = 1..=9_999_999_999;

/// OpenAI's responses refuse less.
const LEAST_OUTPUT_TOKENS: u32 = 16;

/// What this provider cannot do of what `input` asks of `model`: JSON pointers into the request, with
/// what the value must be. Empty when it can do all of it.
///
/// `/model` stands for the model of this target, wherever the request named it. Options are judged
/// that are for this provider; those for others are not.
#[must_use]
pub fn unsupported(
    configuration: &ProviderConfiguration,
    model: &str,
    input: &GenerateInput,
) -> Vec<(String, String)> {
    let mut found = Refusals {
        provider: &configuration.name,
        all: Vec::new(),
    };
    let chat = configuration.api == Api::Chat;
    match configuration.kind {
        Provider::OpenAi | Provider::Compatible if chat => {}
        Provider::OpenAi | Provider::Compatible => found.responses(configuration, input),
        Provider::AzureOpenAi => {
            found.azure(configuration, model);
            if !chat {
                found.responses(configuration, input);
            }
        }
        Provider::Anthropic => found.anthropic(configuration, input),
        Provider::WorkersAi => found.workers_ai(model, input),
        Provider::Executor | Provider::Piston => {
            found.add("/provider", "must be a provider of models");
        }
    }
    found.output_tokens(configuration, model, input);
    if let Some(options) = input.provider_options.get(&configuration.name) {
        found.options(configuration, options);
    }
    found.all
}

/// The options that a request may not set of this provider, because they are ours: JSON pointers
/// into `providerOptions.<name>`.
#[must_use]
pub const fn reserved_options(kind: Provider, api: Api) -> &'static [&'static str] {
    match (kind, api) {
        (Provider::OpenAi | Provider::AzureOpenAi | Provider::Compatible, Api::Chat) => {
            openai_chat::RESERVED
        }
        (Provider::OpenAi | Provider::AzureOpenAi | Provider::Compatible, Api::Responses) => {
            openai_responses::RESERVED
        }
        (Provider::Anthropic, _) => anthropic::RESERVED,
        (Provider::WorkersAi, _) => workers_ai::RESERVED,
        (Provider::Executor | Provider::Piston, _) => &[],
    }
}

struct Refusals<'a> {
    provider: &'a str,
    all: Vec<(String, String)>,
}

impl Refusals<'_> {
    fn add(&mut self, pointer: impl Into<String>, rule: &str) {
        let rule = format!("{rule} for the provider `{}`", self.provider);
        self.all.push((pointer.into(), rule));
    }

    /// Every one of these whose first is true.
    fn each<const N: usize>(&mut self, rules: [(bool, &str, &str); N]) {
        for (broken, pointer, rule) in rules {
            if broken {
                self.add(pointer, rule);
            }
        }
    }

    fn responses(&mut self, configuration: &ProviderConfiguration, input: &GenerateInput) {
        let least = configuration.kind != Provider::Compatible;
        let few = input
            .max_tokens
            .is_some_and(|most| most < LEAST_OUTPUT_TOKENS);
        self.each([
            (
                !input.stop.is_empty(),
                "/stop",
                "must be absent, because the responses interface has no such field,",
            ),
            (
                input.seed.is_some(),
                "/seed",
                "must be absent, because the responses interface has no such field,",
            ),
            (least && few, "/maxTokens", "must be at least 16"),
        ]);
    }

    fn azure(&mut self, configuration: &ProviderConfiguration, model: &str) {
        let classic = matches!(
            &configuration.reached,
            Reached::Url {
                api_version: Some(_),
                ..
            }
        );
        if classic && (model.contains('/') || !fits_path(model)) {
            self.add("/model", "must be the name of a deployment, without `/`,");
        }
    }

    fn anthropic(&mut self, configuration: &ProviderConfiguration, input: &GenerateInput) {
        let hot = input.temperature.is_some_and(|degree| degree > 1.0);
        let both = input.temperature.is_some() && input.top_p.is_some();
        let blank = |text: &String| text.chars().all(char::is_whitespace);
        let nobody = input.messages.iter().all(|one| one.role == Role::System);
        let no_sampling = "must be absent, because versions of the interface since 2026-10-21 have no such field,";
        let sampling = takes_sampling(configuration);
        self.each([
            (input.seed.is_some(), "/seed", "must be absent"),
            (sampling && hot, "/temperature", "must be at most 1"),
            (
                sampling && both,
                "/topP",
                "must be absent when `temperature` is given",
            ),
            (
                !sampling && input.temperature.is_some(),
                "/temperature",
                no_sampling,
            ),
            (!sampling && input.top_p.is_some(), "/topP", no_sampling),
            (
                input.stop.iter().any(blank),
                "/stop",
                "must hold more than white space",
            ),
            (
                nobody,
                "/messages",
                "must hold a message that is not of the system",
            ),
        ]);
    }

    fn workers_ai(&mut self, model: &str, input: &GenerateInput) {
        let image = |message: &crate::request::Message| wording::has_image(&message.content);
        self.each([
            (
                !fits_path(model),
                "/model",
                "must be a model's name, as `@cf/meta/llama-3.1-8b-instruct`,",
            ),
            (!input.stop.is_empty(), "/stop", "must be absent"),
            (
                input
                    .seed
                    .is_some_and(|seed| !WORKERS_AI_SEEDS.contains(&seed)),
                "/seed",
                "must be between 1 and 9999999999",
            ),
            (
                input.messages.iter().any(image),
                "/messages",
                "must hold no images",
            ),
        ]);
    }

    fn output_tokens(
        &mut self,
        configuration: &ProviderConfiguration,
        model: &str,
        input: &GenerateInput,
    ) {
        let known = configuration.models.get(model);
        let most = known.and_then(|model| model.max_output_tokens);
        if let (Some(asked), Some(most)) = (input.max_tokens, most)
            && asked > most
        {
            let rule = format!("must be at most {most}, which `{model}` can answer,");
            self.add("/maxTokens", &rule);
        }
    }

    fn options(&mut self, configuration: &ProviderConfiguration, options: &Map<String, Value>) {
        for reserved in reserved_options(configuration.kind, configuration.api) {
            if holds(options, reserved) {
                let pointer = format!("/providerOptions/{}{reserved}", self.provider);
                let rule = "must be absent: it is set by the request's own fields";
                self.add(pointer, rule);
            }
        }
    }
}

/// Whether there is something at the pointer, which has one or two segments.
fn holds(options: &Map<String, Value>, pointer: &str) -> bool {
    let mut segments = pointer.split('/').skip(1);
    let value = segments.next().and_then(|name| options.get(name));
    match (value, segments.next()) {
        (Some(value), Some(field)) => value.get(field).is_some(),
        (value, None) => value.is_some(),
        (None, Some(_)) => false,
    }
}

/// Whether the version of Anthropic's interface that is spoken takes `temperature` and `top_p`.
fn takes_sampling(configuration: &ProviderConfiguration) -> bool {
    let mut headers = configuration.headers.iter();
    let version = headers.find(|(name, _)| name.eq_ignore_ascii_case(anthropic::VERSION_FIELD));
    match version {
        // Versions are dates, which sort as texts do.
        Some((_, HeaderSource::Text(version))) => {
            version.as_str() <= anthropic::NEWEST_WITH_SAMPLING
        }
        Some((_, HeaderSource::Secret(_))) | None => true,
    }
}

#[cfg(test)]
mod tests;

use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{ModelDocument, PriceDocument, ProviderDocument, ProviderList};
use http::StatusCode;
use redrive_shared::configuration::{ModelConfiguration, ProviderConfiguration};
use redrive_shared::ports::Ports;
use redrive_shared::provider::Api;
use redrive_shared::request::Known;

/// `GET /api/v1/providers`: gives the providers that jobs may ask, and whom a job asks that names
/// nobody. Neither addresses nor the names of secrets are told.
///
/// 1. A query parameter: 422.
/// 2. 503 when what is said of the providers has mistakes.
/// 3. 200 with all of them.
pub(super) fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let known = Known {
        configuration: app.configuration()?,
        default_providers: &call.principal()?.default_providers,
    };
    let providers = known.configuration.providers.values();
    let document = ProviderList {
        data: providers.map(document).collect(),
        default_providers: known.default_chain().unwrap_or_default(),
    };
    Answer::json(StatusCode::OK, &document)
}

fn document(provider: &ProviderConfiguration) -> ProviderDocument {
    ProviderDocument {
        name: provider.name.clone(),
        kind: provider.kind.as_str(),
        api: match provider.api {
            Api::Chat => "chat",
            Api::Responses => "responses",
        },
        default_model: provider.default_model.clone(),
        only_these_models: provider.only_these_models,
        models: provider.models.iter().map(model).collect(),
    }
}

fn model((name, model): (&String, &ModelConfiguration)) -> ModelDocument {
    let origin = model.price_origin.as_ref();
    let price = model
        .price
        .zip(origin)
        .map(|(price, origin)| PriceDocument {
            input_micro_usd: price.input,
            cached_input_micro_usd: price.cached_input,
            output_micro_usd: price.output,
            priced_at: origin.priced_at.clone(),
            source: origin.source.clone(),
        });
    ModelDocument {
        model: name.clone(),
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        price,
    }
}

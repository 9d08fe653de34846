//! Whom a job is to ask: a provider and a model, or a chain of providers.

use redrive_shared::request::{Wanted, Whom};

use crate::failure::Failure;

/// One of `--provider`: `NAME`, or `NAME/MODEL`. A provider's name has no slash, a model's may have
/// some.
pub(super) fn wanted(text: &str) -> Result<Wanted, String> {
    let (provider, model) = match text.split_once('/') {
        Some((provider, model)) => (provider, Some(model)),
        None => (text, None),
    };
    if provider.is_empty() || model.is_some_and(str::is_empty) {
        return Err("must be NAME or NAME/MODEL".to_owned());
    }
    Ok(Wanted {
        provider: provider.to_owned(),
        model: model.map(str::to_owned),
    })
}

/// What the API takes: one provider that is named alone with its `model` beside it, and a chain for
/// everything else. The options have `prefix` before their names.
///
/// # Errors
/// When there is a model beside a chain, whose providers name each its own.
pub(super) fn whom(
    providers: &[Wanted],
    model: Option<&String>,
    prefix: &str,
) -> Result<Whom, Failure> {
    let (provider, providers) = match providers {
        [] => (None, Vec::new()),
        [one] if one.model.is_none() => (Some(one.provider.clone()), Vec::new()),
        chain => (None, chain.to_vec()),
    };
    if model.is_some() && !providers.is_empty() {
        return Err(Failure::Usage(format!(
            "--{prefix}model goes with one --{prefix}provider that names no model; in a chain each \
             provider names its own: --{prefix}provider NAME/MODEL"
        )));
    }
    Ok(Whom {
        model: model.cloned(),
        provider,
        providers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sent(providers: &[&str], model: Option<&str>) -> Option<Value> {
        let providers: Vec<Wanted> = providers.iter().map(|text| wanted(text).unwrap()).collect();
        let whom = whom(&providers, model.map(str::to_owned).as_ref(), "with-").ok()?;
        Some(serde_json::to_value(whom).unwrap())
    }

    #[test]
    fn one_provider_stands_alone_or_beside_its_model() {
        assert_eq!(sent(&[], None), Some(json!({})));
        assert_eq!(sent(&[], Some("small")), Some(json!({"model": "small"})));
        assert_eq!(sent(&["openai"], None), Some(json!({"provider": "openai"})));
        assert_eq!(
            sent(&["openai"], Some("small")),
            Some(json!({"provider": "openai", "model": "small"}))
        );
    }

    #[test]
    fn several_providers_and_one_with_its_model_are_a_chain() {
        assert_eq!(
            sent(&["claude", "router/@cf/meta/llama"], None),
            Some(json!({"providers": [
                {"provider": "claude"}, {"provider": "router", "model": "@cf/meta/llama"},
            ]}))
        );
        assert_eq!(
            sent(&["openai/small"], None),
            Some(json!({"providers": [{"provider": "openai", "model": "small"}]}))
        );
    }

    #[test]
    fn a_model_beside_a_chain_is_refused() {
        assert_eq!(sent(&["openai/small"], Some("large")), None);
        assert_eq!(sent(&["openai", "claude"], Some("large")), None);
    }

    #[test]
    fn neither_name_is_empty() {
        for text in ["", "/", "/small", "openai/"] {
            assert!(wanted(text).is_err(), "{text}");
        }
    }
}

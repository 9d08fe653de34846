use super::*;
use crate::configuration::ModelConfiguration;
use crate::provider::Provider;
use serde_json::json;
use std::collections::BTreeMap;

/// `a`, with the default model `usual` and the listed model `listed`; `b`, without a default, which
/// lists `own`; `c`, which has only the model `sole`. By default `a` and then `b` are asked.
fn configuration() -> Configuration {
    let provider = |name: &str, models: &[&str]| {
        let mut one = ProviderConfiguration::new(name, Provider::Compatible, "http://a/v1");
        let models = models
            .iter()
            .map(|model| ((*model).to_owned(), ModelConfiguration::default()));
        one.models = models.collect();
        (name.to_owned(), one)
    };
    let mut providers = BTreeMap::from([
        provider("a", &["listed"]),
        provider("b", &["own"]),
        provider("c", &["sole"]),
    ]);
    providers.get_mut("a").expect("it is there").default_model = Some("usual".to_owned());
    providers
        .get_mut("c")
        .expect("it is there")
        .only_these_models = true;
    Configuration {
        default_providers: vec![Target::new("a", "usual"), Target::new("b", "other")],
        providers,
        ..Configuration::default()
    }
}

fn wanted(provider: &str, model: Option<&str>) -> Wanted {
    Wanted {
        provider: provider.to_owned(),
        model: model.map(str::to_owned),
    }
}

fn read(value: &serde_json::Value) -> Result<Whom, Vec<FieldError>> {
    let mut fields = Fields::of(value);
    let whom = Whom::read(&mut fields);
    fields.finish(|| Some(whom))
}

fn chain_of(value: &serde_json::Value, tenant: &[Wanted]) -> Result<Vec<Target>, Vec<String>> {
    let configuration = configuration();
    let known = Known {
        configuration: &configuration,
        default_providers: tenant,
    };
    let pointers = |errors: Vec<FieldError>| -> Vec<String> {
        errors.into_iter().map(|error| error.pointer).collect()
    };
    read(value)
        .and_then(|whom| whom.chain(&known))
        .map_err(pointers)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be refused"
)]
fn chain(targets: &[(&str, &str)]) -> Result<Vec<Target>, Vec<String>> {
    Ok(targets
        .iter()
        .map(|(provider, model)| Target::new(*provider, *model))
        .collect())
}

fn refused(pointers: &[&str]) -> Result<Vec<Target>, Vec<String>> {
    Err(pointers
        .iter()
        .map(|pointer| (*pointer).to_owned())
        .collect())
}

#[test]
fn who_names_nobody_asks_the_tenants_providers_or_else_the_deployments() {
    let nobody = json!({});
    assert_eq!(
        chain_of(&nobody, &[]),
        chain(&[("a", "usual"), ("b", "other")])
    );
    let tenant = [wanted("b", Some("m")), wanted("a", None)];
    assert_eq!(
        chain_of(&nobody, &tenant),
        chain(&[("b", "m"), ("a", "usual")])
    );
}

#[test]
fn a_tenants_provider_that_is_gone_is_passed_over_and_never_replaced() {
    let nobody = json!({});
    let some_gone = [
        wanted("gone", None),
        wanted("a", None),
        wanted("c", Some("gone")),
    ];
    assert_eq!(chain_of(&nobody, &some_gone), chain(&[("a", "usual")]));
    assert_eq!(
        chain_of(&nobody, &[wanted("gone", None)]),
        refused(&["/providers"])
    );
    assert_eq!(
        chain_of(&json!({"model": "m"}), &[wanted("gone", None)]),
        refused(&["/providers"])
    );
}

#[test]
fn a_deployment_without_a_default_wants_a_provider() {
    let known = Known {
        configuration: &Configuration::default(),
        default_providers: &[],
    };
    let errors = Whom::default().chain(&known).expect_err("there is none");
    assert_eq!(errors[0].pointer, "/providers");
}

#[test]
fn a_model_alone_means_the_first_that_lists_it_and_nobody_else() {
    for (model, provider) in [
        ("listed", "a"),
        ("own", "b"),
        ("other", "b"),
        ("usual", "a"),
        ("unheard-of", "a"),
        // `c` has it, and is not in the default chain.
        ("sole", "a"),
    ] {
        let found = chain_of(&json!({"model": model}), &[]);
        assert_eq!(found, chain(&[(provider, model)]), "{model}");
    }
    let tenant = [wanted("c", Some("sole"))];
    assert_eq!(
        chain_of(&json!({"model": "sole"}), &tenant),
        chain(&[("c", "sole")])
    );
    assert_eq!(
        chain_of(&json!({"model": "m"}), &tenant),
        refused(&["/model"])
    );
}

#[test]
fn a_provider_is_asked_alone_for_the_model_or_its_own() {
    assert_eq!(
        chain_of(&json!({"provider": "a"}), &[]),
        chain(&[("a", "usual")])
    );
    assert_eq!(
        chain_of(&json!({"provider": "b", "model": "m"}), &[]),
        chain(&[("b", "m")])
    );
    assert_eq!(
        chain_of(&json!({"provider": "b"}), &[]),
        refused(&["/model"])
    );
    assert_eq!(
        chain_of(&json!({"provider": "z"}), &[]),
        refused(&["/provider"])
    );
    assert_eq!(
        chain_of(&json!({"provider": "c", "model": "m"}), &[]),
        refused(&["/model"])
    );
    assert_eq!(
        chain_of(&json!({"provider": "c", "model": "sole"}), &[]),
        chain(&[("c", "sole")])
    );
}

#[test]
fn providers_are_asked_in_their_order() {
    let list = json!({"providers": [
        {"provider": "b", "model": "m"}, {"provider": "a"}, {"provider": "a", "model": "larger"}
    ]});
    assert_eq!(
        chain_of(&list, &[]),
        chain(&[("b", "m"), ("a", "usual"), ("a", "larger")])
    );
}

#[test]
fn every_violation_of_a_list_is_told_where_it_stands() {
    let list = json!({"providers": [
        {"provider": "a"}, {"provider": "z"}, {"provider": "b"}, {"provider": "a", "model": "usual"},
        {"provider": "c", "model": "m"}
    ]});
    assert_eq!(
        chain_of(&list, &[]),
        refused(&[
            "/providers/1/provider",
            "/providers/2/model",
            "/providers/3",
            "/providers/4/model"
        ])
    );
    for (list, pointer) in [
        (json!([]), "/providers"),
        (json!(vec![json!({"provider": "a"}); 6]), "/providers"),
        (json!(["a"]), "/providers/0"),
        (json!([{"model": "m"}]), "/providers/0/provider"),
        (
            json!([{"provider": "a", "models": "m"}]),
            "/providers/0/models",
        ),
        (json!({"provider": "a"}), "/providers"),
    ] {
        assert_eq!(
            chain_of(&json!({"providers": list.clone()}), &[]),
            refused(&[pointer]),
            "{list}"
        );
    }
}

#[test]
fn a_list_excludes_provider_and_model() {
    let both = json!({"providers": [{"provider": "a"}], "provider": "a", "model": "m"});
    assert_eq!(chain_of(&both, &[]), refused(&["/model", "/provider"]));
}

#[test]
fn an_unknown_provider_is_answered_with_the_known_names() {
    let configuration = configuration();
    let known = Known {
        configuration: &configuration,
        default_providers: &[],
    };
    let whom = Whom {
        provider: Some("Hunter2".to_owned()),
        ..Whom::default()
    };
    let errors = whom.chain(&known).expect_err("it is unknown");
    assert_eq!(errors[0].detail, "must be one of `a`, `b`, `c`");
}

#[test]
fn a_tenants_default_is_checked_by_the_rules_of_a_request() {
    let configuration = configuration();
    let known = Known {
        configuration: &configuration,
        default_providers: &[],
    };
    assert_eq!(
        known.check_default(&[wanted("a", None), wanted("b", Some("m"))]),
        Ok(())
    );
    let errors = known
        .check_default(&[wanted("z", None), wanted("b", None)])
        .expect_err("both are wrong");
    let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        found,
        ["/defaultProviders/0/provider", "/defaultProviders/1/model"]
    );
}

use xtask::deploy::{Environment, rehearse};
use xtask::providers::Providers;

/// The place of the first call that has all of these words.
fn place(calls: &[String], words: &[&str]) -> usize {
    let place = calls
        .iter()
        .position(|call| words.iter().all(|word| call.contains(word)));
    assert!(place.is_some(), "no call has {words:?}: {calls:#?}");
    place.unwrap_or_default()
}

/// `wrangler` itself bundles both Workers with the configurations that a deployment would use.
#[test]
fn a_rehearsed_deployment_is_accepted_and_brings_the_consumer_first() {
    let providers = Providers::read(None).expect("providers.toml is right");
    for (environment, name) in [
        (Environment::Staging, "staging"),
        (Environment::Production, "production"),
    ] {
        let calls = rehearse(environment, &providers).expect("wrangler accepts the configurations");
        let database = place(&calls, &["d1 create", name]);
        let migrated = place(&calls, &["d1 migrations apply", name, "--remote"]);
        let consumer = place(&calls, &["wrangler deploy", "redrive-consumer", name]);
        let producer = place(&calls, &["wrangler deploy", "redrive-producer", name]);
        assert!(database < migrated && migrated < consumer && consumer < producer);
    }
}

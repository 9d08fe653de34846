use clap::Parser as _;

use super::*;
use crate::arguments::{Arguments, Command, DeadLetterCommand};

fn options(line: &str) -> ReplayLetters {
    let words = ["redrive", "dlq", "replay"]
        .into_iter()
        .chain(line.split_whitespace());
    let command = Arguments::try_parse_from(words).unwrap().command;
    let Command::Dlq(DeadLetterCommand::Replay(options)) = command else {
        panic!("{command:?}")
    };
    options
}

#[test]
fn a_filter_is_sent_with_every_field_that_was_given() {
    let line = "--code provider_auth --provider openai --model small --kind generate \
                --batch bat_1 --ref-type order --ref-id 7 --fingerprint a:b \
                --created-after 2026-11-01 --created-before 2026-11-02T00:00:00Z \
                --dead-after 2026-11-03 --dead-before 2026-11-04 --min-attempts 3";
    let expected = json!({
        "code": "provider_auth", "provider": "openai", "model": "small", "kind": "generate",
        "batchId": "bat_1", "refType": "order", "refId": "7", "fingerprint": "a:b",
        "createdAfter": "2026-11-01T00:00:00.000Z", "createdBefore": "2026-11-02T00:00:00.000Z",
        "deadAfter": "2026-11-03T00:00:00.000Z", "deadBefore": "2026-11-04T00:00:00.000Z",
        "minAttempts": 3,
    });
    let options = options(line);
    assert_eq!(request(&options).unwrap(), json!({"filter": expected}));
    let parameters = options.filter.parameters();
    assert_eq!(parameters.len(), expected.as_object().unwrap().len());
    for (name, value) in parameters {
        let sent = &expected[name];
        assert_eq!(
            sent.as_str()
                .map_or_else(|| sent.to_string(), str::to_owned),
            value
        );
    }
}

#[test]
fn a_replay_of_many_says_how() {
    let options = options(
        "job_1 job_2 --dry-run --max-per-second 50 --sample 20 --min-success 90 \
         --with-model large --with-provider claude --with-max-attempts 2 \
         --with-deadline-seconds 60 --note fixed",
    );
    assert_eq!(
        request(&options).unwrap(),
        json!({
            "jobIds": ["job_1", "job_2"], "dryRun": true, "maxPerSecond": 50,
            "sample": {"count": 20, "minSuccessPercent": 90},
            "overrides": {"model": "large", "provider": "claude", "maxAttempts": 2,
                          "deadlineSeconds": 60},
            "note": "fixed",
        })
    );
}

#[test]
fn a_replay_takes_a_chain_of_providers() {
    let options =
        options("--all --with-provider claude --with-provider openai/small --with-max-attempts 2");
    assert_eq!(
        request(&options).unwrap()["overrides"],
        json!({"providers": [{"provider": "claude"}, {"provider": "openai", "model": "small"}],
               "maxAttempts": 2})
    );
}

#[test]
fn all_is_an_empty_filter() {
    assert_eq!(request(&options("--all")).unwrap(), json!({"filter": {}}));
}

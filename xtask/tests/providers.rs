//! `providers.toml`, and every example of such a file.
#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::fmt::Write as _;
use std::fs;

use xtask::checkout;
use xtask::providers::Providers;

fn read(file: &str) -> String {
    fs::read_to_string(checkout::path(file)).unwrap()
}

#[test]
fn the_committed_file_asks_openai_with_its_key() {
    let providers = Providers::read(None).unwrap();
    assert_eq!(providers.secrets(), ["OPENAI_API_KEY"]);
    let chain = &providers.configuration().default_providers;
    assert_eq!(chain.len(), 1);
    assert_eq!(chain[0].provider, "openai");
    assert_eq!(providers.variables().len(), 1);
}

/// The examples are the lines that begin with `#` and no space. Where an example stands for a line
/// above it, it takes its place.
#[test]
fn every_example_in_the_committed_file_is_right() {
    let mut lines: Vec<String> = Vec::new();
    for line in read("providers.toml").lines() {
        let example = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        let Some(example) = example else {
            lines.push(line.to_owned());
            continue;
        };
        let key = example
            .split_once(" = ")
            .map(|(key, _)| format!("{key} = "));
        let same = |line: &String| key.as_ref().is_some_and(|key| line.starts_with(key));
        let table = lines.iter().rposition(|line| line.starts_with('['));
        if let Some(place) = lines.iter().skip(table.unwrap_or_default()).position(same) {
            lines.remove(place + table.unwrap_or_default());
        }
        lines.push(example.to_owned());
    }
    let providers = Providers::of_toml(&lines.join("\n")).unwrap();
    let configuration = providers.configuration();
    assert_eq!(configuration.default_providers.len(), 3);
    assert_eq!(configuration.providers.len(), 6);
    assert!(configuration.remote_executor.is_some());
    assert_eq!(configuration.binding(), Some("AI"));
}

#[test]
fn every_example_in_the_docs_is_right() {
    let text = ["docs/configuration.md", "docs/providers.md"]
        .map(read)
        .join("\n");
    let examples = text.split("```toml\n").skip(1);
    let examples = examples.map(|rest| rest.split("\n```").next().unwrap());
    let mut count = 0;
    for example in examples {
        if let Err(error) = Providers::of_toml(example) {
            panic!("{error:#}\n{example}");
        }
        count += 1;
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn a_file_that_is_too_long_is_refused_before_it_is_handed_over() {
    let mut models = String::new();
    for number in 0..256 {
        let name = format!("{number:0>128}");
        writeln!(models, "models.\"{name}\" = {{ context_tokens = 128_000 }}").unwrap();
    }
    let mut providers = String::new();
    for number in 0..5 {
        writeln!(
            providers,
            "[providers.p{number}]\nkind = \"openai_compatible\""
        )
        .unwrap();
        writeln!(providers, "base_url = \"http://a\"\n{models}").unwrap();
    }
    let error = Providers::of_toml(&providers).unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}

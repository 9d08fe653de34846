//! What README.md tells its readers to type and to open is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use xtask::checkout;

const COMMAND: &str = "cargo xtask ";

/// Beginnings of what looks like a path in the checkout and is none: media types, and what only
/// stands there once something has run.
const NO_PATHS: [&str; 6] = [
    "application/",
    "text/",
    "target/",
    "node_modules/",
    "DIR/",
    ".redrive/",
];

/// The commands of `cargo xtask` that a text names, each with the flags it is given.
fn commands(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines() {
        for rest in line.split(COMMAND).skip(1) {
            let typed = rest.split(['`', '#', ';', '&']).next().unwrap_or_default();
            // What stands behind `--` is for somebody else.
            let mut words = typed.split_whitespace().take_while(|word| *word != "--");
            let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
            let Some(name) = words.next().filter(is_name) else {
                continue;
            };
            let flags = words
                .filter(|word| word.starts_with("--"))
                .map(|word| word.split('=').next().unwrap_or(word));
            found.entry(name).or_default().extend(flags);
        }
    }
    found
}

/// The paths of the checkout that a text names: in links, and in code of one word.
fn paths(text: &str) -> BTreeSet<&str> {
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains(':'));
    let spans = text
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let code = spans.filter(|span| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let is_path = span.contains('/') || is_document(span);
        is_path && span.chars().all(plain) && !span.starts_with('/')
    });
    let is_ours = |path: &&str| !NO_PATHS.iter().any(|beginning| path.starts_with(beginning));
    links.chain(code).filter(is_ours).collect()
}

fn is_document(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension == "md" || extension == "toml")
}

#[test]
fn every_command_in_the_readme_exists_with_its_flags() -> Result<()> {
    let text = readme()?;
    let commands = commands(&text);
    ensure!(!commands.is_empty(), "README.md names no command");
    for (name, flags) in commands {
        let help = Command::new(env!("CARGO"))
            .args(["xtask", name, "--help"])
            .current_dir(checkout::root())
            .output()?;
        ensure!(help.status.success(), "there is no `{COMMAND}{name}`");
        let help = String::from_utf8(help.stdout)?;
        let known: BTreeSet<&str> = help.split([' ', '\n', ',', '[', '=']).collect();
        for flag in flags {
            ensure!(known.contains(flag), "`{COMMAND}{name}` has no {flag}");
        }
    }
    Ok(())
}

#[test]
fn every_path_in_the_readme_exists() -> Result<()> {
    let text = readme()?;
    let paths = paths(&text);
    ensure!(!paths.is_empty(), "README.md names no path");
    for path in paths {
        ensure!(checkout::path(path).exists(), "there is no {path}");
    }
    Ok(())
}

fn readme() -> Result<String> {
    fs::read_to_string(checkout::path("README.md")).context("cannot read README.md")
}

#[test]
fn commands_and_flags_are_found_in_prose_and_in_blocks() {
    let text = "Type `cargo xtask demo`, or `cargo xtask dev --port 8787 --state=DIR`.\n\
                ```\ncargo xtask dev --fresh   # --not-this\ncargo xtask test -- --nocapture\n```\n\
                `cargo xtask …` and `cargo xtask --help` name no command.";
    let dev = BTreeSet::from(["--fresh", "--port", "--state"]);
    let none = BTreeSet::new();
    let expected = BTreeMap::from([("demo", none.clone()), ("dev", dev), ("test", none)]);
    assert_eq!(commands(text), expected);
}

#[test]
fn paths_are_found_in_links_and_in_code() {
    let text = "See [the API](docs/api.md#errors), [this](#here), [that](https://example.com/a), \
                `shared/sql/` and `wrangler.toml`, not `GET /health`, `application/json`, \
                `/api/ready`, `--state DIR` or `.redrive/dev/dev.json`.";
    let expected = BTreeSet::from(["docs/api.md", "shared/sql/", "wrangler.toml"]);
    assert_eq!(paths(text), expected);
}

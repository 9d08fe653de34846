//! What the documents show of a terminal is what a terminal shows.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::Client;
use redrive_tests::poll;
use redrive_tests::sessions::{names, play};
use redrive_tests::stage::Stage;
use redrive_tests::terminal::Terminal;
use serde_json::json;

use crate::stages::shared;

const README: &str = "README.md";
const OPERATIONS: &str = "docs/operations.md";

/// What an operator's key may do who submits as well.
const SCOPES: [&str; 4] = ["jobs:read", "jobs:write", "ops:read", "ops:write"];

/// A terminal of a tenant of its own, and a client with the same key.
async fn terminal(stage: &Stage) -> Result<(Terminal, Client)> {
    let tenant = stage.tenant().await?;
    let (_, key) = stage.key(&tenant.id, &SCOPES).await?;
    let url = format!("http://{}", stage.authority()?);
    Ok((Terminal::open(&url, &key)?, stage.client(Some(&key))?))
}

/// Questions, every fifth of them for a model that does not exist.
fn questions(count: usize) -> String {
    let line = |number: usize| {
        let model = if number.is_multiple_of(5) {
            "sim-404"
        } else {
            "sim-ok"
        };
        let prompt = format!("What is {number} times {number}?");
        json!({"customId": format!("q-{number}"), "model": model, "prompt": prompt}).to_string()
            + "\n"
    };
    (1..=count).map(line).collect()
}

/// A batch of questions for a model that does not exist: so many dead letters.
async fn letters(client: &Client, count: usize) -> Result<()> {
    let lines: Vec<_> = (1..=count)
        .map(|number| json!({"model": "sim-404", "prompt": format!("What is {number} times {number}?")}))
        .collect();
    client
        .post("/api/v1/batches", &json!(lines))
        .await?
        .json(202)?;
    poll::until(format!("{count} letters"), async || {
        let groups = client.get("/api/v1/dead-letters/groups").await?.json(200)?;
        Ok((groups["total"] == count).then_some(()))
    })
    .await
}

#[test]
fn script_author_of_the_readme_runs_a_batch() -> Result<()> {
    shared(async |stage| {
        let (terminal, _) = terminal(stage).await?;
        terminal.write("questions.jsonl", &questions(100))?;
        play(README, "batch", &terminal)
    })
}

#[test]
fn operator_of_the_readme_puts_letters_back() -> Result<()> {
    shared(async |stage| {
        let (terminal, client) = terminal(stage).await?;
        letters(&client, 40).await?;
        play(README, "dead-letters", &terminal)
    })
}

#[test]
fn operator_goes_from_an_alarm_to_a_replay_of_many() -> Result<()> {
    shared(async |stage| {
        let (terminal, client) = terminal(stage).await?;
        letters(&client, 12).await?;
        play(OPERATIONS, "replay-many", &terminal)
    })
}

#[test]
fn operator_puts_one_letter_back() -> Result<()> {
    shared(async |stage| {
        let (terminal, client) = terminal(stage).await?;
        letters(&client, 2).await?;
        play(OPERATIONS, "replay-one", &terminal)
    })
}

#[test]
fn operator_holds_a_replay_and_ends_it() -> Result<()> {
    shared(async |stage| {
        let (terminal, client) = terminal(stage).await?;
        letters(&client, 6).await?;
        play(OPERATIONS, "hold", &terminal)
    })
}

#[test]
fn operator_deletes_letters() -> Result<()> {
    shared(async |stage| {
        let (terminal, client) = terminal(stage).await?;
        letters(&client, 3).await?;
        play(OPERATIONS, "purge", &terminal)
    })
}

#[test]
fn every_session_that_is_shown_is_run() -> Result<()> {
    let here = include_str!("sessions.rs");
    let mut shown = BTreeSet::new();
    for (document, constant) in [(README, "README"), (OPERATIONS, "OPERATIONS")] {
        for name in names(document)? {
            ensure!(
                here.contains(&format!("play({constant}, \"{name}\", ")),
                "{document}: {name}"
            );
            shown.insert(name);
        }
    }
    shown.first().context("there are sessions")?;
    Ok(())
}

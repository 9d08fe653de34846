//! OpenAI's own SDKs, as they come from their registries, pointed at the local stack.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::PROMPT;
use redrive_tests::stage::Stage;
use xtask::{checkout, tools};

use crate::stages::shared;

#[test]
fn python_sdk_works_without_a_change() -> Result<()> {
    shared(async |stage| {
        let python = tools::sdk_python();
        ensure!(
            python.is_file(),
            "OpenAI's SDK for Python is not installed: run `cargo xtask test`, which says what it needs"
        );
        let mut command = Command::new(python);
        command
            .arg("-B")
            .arg(checkout::path("tests/sdk/openai_sdk.py"));
        checked(stage, command).await
    })
}

#[test]
fn node_sdk_works_without_a_change() -> Result<()> {
    shared(async |stage| {
        let installed = checkout::path("tests/sdk/node_modules/openai");
        ensure!(
            installed.is_dir(),
            "OpenAI's SDK for Node is not installed: run `cargo xtask test`"
        );
        let script = checkout::path("tests/sdk/openai_sdk.mjs");
        checked(stage, tools::node()?.script(&script)).await
    })
}

/// Runs a program to its end that looks at the stack as two tenants of its own.
async fn checked(stage: &Stage, mut command: Command) -> Result<()> {
    let scopes = ["jobs:read", "jobs:write"];
    let (_, key) = stage.key(&stage.tenant().await?.id, &scopes).await?;
    let (_, other) = stage.key(&stage.tenant().await?.id, &scopes).await?;
    command
        .env("REDRIVE_URL", format!("http://{}", stage.authority()?))
        .env("REDRIVE_KEY", key)
        .env("REDRIVE_OTHER_KEY", other)
        .env("PROMPT", PROMPT)
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("OPENAI_API_KEY");
    // Meanwhile the stage may move its queue.
    let ran = tokio::task::spawn_blocking(move || command.output());
    let output = ran.await?.context("the program does not start")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{told}\n{wrong}");
    Ok(())
}

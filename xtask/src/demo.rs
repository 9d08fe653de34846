//! `cargo xtask demo`: one job, from the request to its result, on a stack of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::http::{self, Answer, Call};
use crate::provider::Provider;
use crate::stack::{Stack, StackOptions};
use crate::steps::{Steps, seconds};
use crate::{access, build, checkout, tools};

/// How long the job may take: one provider call at its own deadline, and some.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs one `generate` job and prints what went over the wire. `providers` is the file in the place
/// of `providers.toml`.
///
/// # Errors
/// If the stack does not start, the API refuses the job, or the job does not succeed.
pub fn run(providers: Option<&Path>) -> Result<()> {
    let provider = Provider::from_environment(providers)?;
    let mut steps = Steps::new();
    steps.run(
        "set-up",
        "install the tools that are missing",
        tools::ensure,
    )?;
    steps.run("build", "compile both Workers to Wasm", build::all)?;
    println!("\n{}\n", provider.notice());
    steps.run(
        "provider",
        "build the simulator unless one is configured",
        || provider.prepare(),
    )?;
    let stack = steps.run("start", "apply the migrations, start the Workers", || {
        Stack::start(StackOptions {
            fresh: true,
            provider,
            ..StackOptions::new(checkout::path(".redrive/demo"))
        })
    })?;
    let key = steps.run("key", "make a tenant and its key", || {
        access::make_key(&stack, "demo")
    })?;
    let status = steps.run("job", "submit it and wait for its result", || {
        job(&stack, &key)
    })?;
    steps.run("stop", "end every process of the stack", || {
        stack.stop();
        Ok(())
    })?;
    println!("\n{}", steps.table());
    ensure!(status == "succeeded", "the job ended as {status}");
    println!("The job succeeded. `cargo xtask dev` keeps a stack up to try it yourself.");
    Ok(())
}

/// Submits a job, polls it until it is terminal, and gives back the state it ended in.
fn job(stack: &Stack, key: &str) -> Result<String> {
    let request = json!({
        "prompt": "Name three uses of a dead-letter queue.",
        "maxTokens": 200,
    });
    let url = format!("{}/api/v1/generate", stack.url());
    println!("\nPOST {url}\nauthorization: Bearer {}…", shortened(key));
    println!("{}\n", pretty(&request));
    let start = Instant::now();
    let answer = http::post(url, Some(key), Some(&request))?;
    let submitted = start.elapsed();
    show(&answer, submitted);
    let accepted = answer.json(202)?;
    let status_url = http::text(&accepted, "statusUrl")?;
    let status_url = if status_url.starts_with('/') {
        format!("{}{status_url}", stack.url())
    } else {
        status_url.to_owned()
    };

    let document = loop {
        println!("\nGET {status_url}\nprefer: wait=10\n");
        let asked = Instant::now();
        let answer = Call {
            method: Method::GET,
            url: status_url.clone(),
            bearer: Some(key),
            headers: &[("prefer", "wait=10")],
            body: None,
        }
        .send()?;
        show(&answer, asked.elapsed());
        let document = answer.json(200)?;
        if is_terminal(&document) {
            break document;
        }
        ensure!(start.elapsed() < PATIENCE, "the job took too long");
    };
    println!(
        "\nsubmitted in {}, finished {} after the request was sent\n",
        seconds_fine(submitted),
        seconds_fine(start.elapsed())
    );
    Ok(http::text(&document, "status")?.to_owned())
}

fn is_terminal(job: &Value) -> bool {
    ["succeeded", "failed", "dead_lettered", "cancelled"]
        .iter()
        .any(|state| job.get("status").and_then(Value::as_str) == Some(state))
}

fn show(answer: &Answer, took: Duration) {
    println!("{} in {}", answer.status, seconds_fine(took));
    for name in ["location", "retry-after", "etag", "x-request-id"] {
        if let Some(value) = answer
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
        {
            println!("{name}: {value}");
        }
    }
    match serde_json::from_str(&answer.body) {
        Ok(json) => println!("{}", pretty(&json)),
        Err(_) => println!("{}", answer.body),
    }
}

fn pretty(json: &Value) -> String {
    format!("{json:#}")
}

/// Enough of a key to recognise it by.
fn shortened(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}

fn seconds_fine(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    seconds(duration)
}

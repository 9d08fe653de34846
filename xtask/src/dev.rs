//! `cargo xtask dev`: a stack that stays up.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::credentials::write_private;
use crate::http::{self, Call};
use crate::log::{self, Follower};
use crate::provider::Provider;
use crate::stack::{self, Stack, StackOptions};
use crate::steps::Steps;
use crate::{access, build, process, tools};

const POLL: Duration = Duration::from_millis(200);

/// What the command line said.
#[derive(Debug)]
pub struct Options {
    /// The port of 127.0.0.1.
    pub port: u16,
    /// The stack's folder.
    pub state: PathBuf,
    /// Whether to empty it first.
    pub fresh: bool,
    /// Seconds between two runs of the sweep; at least 1.
    pub cron_seconds: u64,
    /// The file in the place of `providers.toml`.
    pub providers: Option<PathBuf>,
}

/// Starts a stack, writes `dev.json` into its folder, and shows its log until Ctrl-C.
///
/// # Errors
/// If the stack does not start, or ends by itself.
pub fn run(options: &Options) -> Result<()> {
    // Asked before anything that takes long; the stack asks again.
    stack::ensure_free(options.port)?;
    let provider = Provider::from_environment(options.providers.as_deref())?;
    let mut steps = Steps::new();
    steps.run(
        "set-up",
        "install the tools that are missing",
        tools::ensure,
    )?;
    steps.run("build", "compile the Workers to Wasm", build::all)?;
    println!("{}", provider.notice());
    steps.run(
        "provider",
        "build the simulator unless one is configured",
        || provider.prepare(),
    )?;
    let mut stack = steps.run("start", "apply the migrations, start the Workers", || {
        Stack::start(StackOptions {
            port: options.port,
            fresh: options.fresh,
            provider,
            ..StackOptions::new(&options.state)
        })
    })?;
    let mut follower = Follower::at_end_of(&stack.log_file())?;
    let file = stack.state_dir().join("dev.json");
    let api_key = key(&stack, &file)?;
    write_private(&file, &description(&stack, &api_key)?)?;
    println!("keys and addresses: {}", file.display());
    println!("the whole log: {}", stack.log_file().display());
    println!("Ctrl-C ends it.");
    println!("ready: {}", stack.url());

    fire_cron(stack.url(), Duration::from_secs(options.cron_seconds));
    while !stack.has_ended()? {
        for line in follower.lines()? {
            if let Some(readable) = log::readable(&line) {
                println!("{readable}");
            }
        }
        sleep(POLL);
    }
    process::wait_if_stopping();
    bail!(
        "wrangler ended by itself; the end of {}:\n{}",
        stack.log_file().display(),
        log::tail(&stack.log_file(), 30)
    )
}

/// The key that `dev.json` names, if the stack still knows it; a new one otherwise.
fn key(stack: &Stack, file: &Path) -> Result<String> {
    let known = fs::read_to_string(file)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|document| Some(http::text(&document, "apiKey").ok()?.to_owned()));
    if let Some(key) = known {
        let answer = Call {
            method: Method::GET,
            url: format!("{}/api/v1/jobs?limit=1", stack.url()),
            bearer: Some(&key),
            headers: &[],
            body: None,
        }
        .send()?;
        if answer.status == 200 {
            return Ok(key);
        }
    }
    access::make_key(stack, "dev")
}

fn description(stack: &Stack, api_key: &str) -> Result<String> {
    serde_json::to_string_pretty(&json!({
        "url": stack.url(),
        "adminKey": stack.admin_key(),
        "apiKey": api_key,
        "providerUrl": stack.provider_url(),
    }))
    .context("cannot describe the stack")
}

/// The local runtime fires no cron by itself.
fn fire_cron(url: String, interval: Duration) {
    std::thread::spawn(move || {
        let mut next = Instant::now();
        loop {
            next += interval;
            sleep(next.saturating_duration_since(Instant::now()));
            match http::post(format!("{url}/__local/cron"), None, None) {
                Ok(answer) if answer.status == 200 => {}
                Ok(answer) => eprintln!("the cron answered {}: {}", answer.status, answer.body),
                Err(error) if !process::stopping() => eprintln!("cannot fire the cron: {error:#}"),
                Err(_) => {}
            }
        }
    });
}

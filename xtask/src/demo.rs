//! `cargo xtask demo`: one job of each kind, from the request to its result, on a stack of its own.

use std::path::Path;

use anyhow::Result;

use crate::provider::Provider;
use crate::stack::{Stack, StackOptions};
use crate::steps::Steps;
use crate::{access, build, checkout, tools};

mod jobs;
mod pretty;

use jobs::{Client, Job};

/// Runs one job of each kind and prints what went over the wire. `providers` is the file in the
/// place of `providers.toml`.
///
/// # Errors
/// If the stack does not start, the API refuses a job, or a job does not succeed.
pub fn run(providers: Option<&Path>) -> Result<()> {
    let provider = Provider::from_environment(providers)?;
    let mut steps = Steps::new();
    steps.run(
        "set-up",
        "install the tools that are missing",
        tools::ensure,
    )?;
    steps.run("build", "compile the Workers to Wasm", build::all)?;
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
    let client = Client::new(stack.url(), key);
    let languages = client.languages_of_ours()?;
    let (jobs, left): (Vec<Job>, Vec<Job>) = jobs::all()
        .into_iter()
        .partition(|job| job.runs_in(&languages));
    let many = jobs.len();
    for job in jobs {
        steps.run(job.name, job.why, || client.run(&job))?;
    }
    steps.run("stop", "end every process of the stack", || {
        stack.stop();
        Ok(())
    })?;
    println!("\n{}", steps.table());
    for job in left {
        println!(
            "Not shown: {}. The configuration has no executor for its language.",
            job.name
        );
    }
    println!("All {many} jobs succeeded. `cargo xtask dev` keeps a stack up to try it yourself.");
    Ok(())
}

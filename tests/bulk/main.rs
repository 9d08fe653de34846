//! Ten thousand lines through `redrive batch run` on the real runtime, where a provider and every
//! binding fail one time in twenty, and where both the runtime and the command are killed.
#![expect(clippy::print_stdout, reason = "it tells how it went")]
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name it does not have"
)]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::{Client, PROMPT_MARK};
use redrive_tests::stage::{SHORT, Stage};
use redrive_tests::terminal::{Terminal, kill, peak_memory};
use serde_json::{Value, json};
use xtask::build;
use xtask::faults::{CallFaults, Faults, QueueFaults, WorkerFaults};

const LINES: usize = 10_000;
/// One line in so many asks for a model that does not exist, and gets a reason.
const HOPELESS: usize = 40;
/// How often a provider and each binding fail.
const FAULTS: f64 = 0.05;
const RUN: [&str; 5] = ["batch", "run", "in.jsonl", "-o", "out.jsonl"];
/// How long all of it may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(20);
/// KiB that the command may take beyond what it had after a tenth of the results.
const GROWTH: u64 = 8 * 1024;

fn is_hopeless(number: usize) -> bool {
    number.is_multiple_of(HOPELESS)
}

fn question(number: usize) -> String {
    format!("{PROMPT_MARK}: question {number}?")
}

fn line(number: usize) -> String {
    let model = if is_hopeless(number) {
        "sim-404"
    } else {
        "sim-random"
    };
    let id = format!("q-{number}");
    json!({"customId": id, "model": model, "prompt": question(number)}).to_string() + "\n"
}

/// A provider and all bindings that fail one time in twenty.
fn faults() -> Faults {
    let calls = CallFaults::at(FAULTS);
    let queue = QueueFaults {
        send: calls.clone(),
        drop: FAULTS,
        duplicate: FAULTS,
        ..QueueFaults::default()
    };
    let worker = WorkerFaults {
        database: calls.clone(),
        cache_get: calls.clone(),
        cache_put: calls,
        jobs: queue.clone(),
        bulk_jobs: queue.clone(),
        tasks: queue.clone(),
        dead_letters: queue,
        ..WorkerFaults::default()
    };
    Faults::at_both(5, &worker)
}

/// Results that are on the disk: whole lines.
fn written(terminal: &Terminal) -> usize {
    let bytes = fs::read(terminal.path("out.jsonl")).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').count().saturating_sub(1)
}

/// What happened on the way.
#[derive(Debug, Default)]
struct Course {
    seconds: u64,
    runtime_killed_at: usize,
    command_killed_at: usize,
    early_memory: u64,
    peak_memory: u64,
}

/// Runs the command to its end and kills both on the way; answers its exit code.
async fn run(stage: &mut Stage, terminal: &Terminal) -> Result<(Option<i32>, Course)> {
    let start = Instant::now();
    let mut command = terminal.start(&RUN, "said-first")?;
    let mut course = Course::default();
    loop {
        if let Some(status) = command.try_wait()? {
            course.seconds = start.elapsed().as_secs();
            return Ok((status.code(), course));
        }
        ensure!(start.elapsed() < PATIENCE, "it does not end: {course:?}");
        // What faults and kills took along comes back by the sweep, which may be struck itself.
        stage.sweep().await.ok();
        let results = written(terminal);
        if let Some(peak) = peak_memory(&command) {
            course.peak_memory = course.peak_memory.max(peak);
            if results < LINES / 10 {
                course.early_memory = course.early_memory.max(peak);
            }
        }
        if course.runtime_killed_at == 0 && results > LINES / 4 {
            course.runtime_killed_at = results;
            stage.crash()?;
        }
        if course.command_killed_at == 0 && results > LINES / 2 {
            course.command_killed_at = results;
            kill(&mut command)?;
            command = terminal.start(&RUN, "said-second")?;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Every line has a result or a reason, in one line of the file, and no other.
fn check_results(terminal: &Terminal) -> Result<usize> {
    let text = fs::read_to_string(terminal.path("out.jsonl"))?;
    let mut results: BTreeMap<u64, Value> = BTreeMap::new();
    for line in text.lines() {
        let result: Value = serde_json::from_str(line)?;
        let number = result["line"].as_u64().context("a result has no line")?;
        ensure!(
            results.insert(number, result).is_none(),
            "line {number} came twice"
        );
    }
    ensure!(
        results.len() == LINES,
        "{} lines have a result",
        results.len()
    );
    let mut reasons = 0;
    for (number, (line, result)) in (1..=LINES).zip(&results) {
        assert_eq!(
            (*line, &result["customId"]),
            (u64::try_from(number)?, &json!(format!("q-{number}")))
        );
        if result["status"] == "succeeded" {
            let output = result["result"]["output"].as_str().unwrap_or_default();
            ensure!(output.contains(&question(number)), "{result:#}");
        } else {
            reasons += 1;
            ensure!(result["error"]["code"].is_string(), "{result:#}");
            ensure!(result["error"]["message"].is_string(), "{result:#}");
        }
        ensure!(
            !is_hopeless(number) || result["error"]["code"] == "model_unavailable",
            "{result:#}"
        );
    }
    Ok(reasons)
}

/// The file of errors has each line without success, as it was submitted.
fn check_errors(terminal: &Terminal, reasons: usize) -> Result<()> {
    let text = fs::read_to_string(terminal.path("out.errors.jsonl"))?;
    assert_eq!(text.lines().count(), reasons);
    let mut hopeless = (1..=LINES).filter(|number| is_hopeless(*number));
    for line in text.lines() {
        let error: Value = serde_json::from_str(line)?;
        if error["model"] == "sim-404" {
            let number = hopeless.next().context("too many")?;
            assert_eq!(error["prompt"], question(number));
        }
    }
    assert_eq!(hopeless.next(), None);
    Ok(())
}

/// The server made one batch of it, and one job a line.
async fn check_server(stage: &Stage, tenant: &str, client: &Client, reasons: usize) -> Result<()> {
    assert_eq!(stage.batches_of(tenant)?, 1);
    let list = client.get("/api/v1/batches").await?.json(200)?;
    let batch = &list["data"][0];
    assert_eq!(batch["status"], "completed", "{batch:#}");
    assert_eq!(batch["counts"]["succeeded"], LINES - reasons, "{batch:#}");
    let id = batch["batchId"].as_str().context("an id")?;
    let lines = u32::try_from(LINES)?;
    let succeeded = u32::try_from(LINES - reasons)?;
    assert_eq!(stage.rows_of_batch(id)?, [lines, lines, succeeded]);
    Ok(())
}

async fn prove() -> Result<()> {
    let mut stage = Stage::start_unreliable("bulk", &SHORT, FAULTS)?;
    let tenant = stage.tenant().await?;
    let (_, key) = stage.key(&tenant.id, &["jobs:read", "jobs:write"]).await?;
    let terminal = Terminal::open(&format!("http://{}", stage.authority()?), &key)?;
    terminal.write("in.jsonl", &(1..=LINES).map(line).collect::<String>())?;
    let mark = stage.mark()?;
    stage.set_faults(faults())?;
    let (code, course) = run(&mut stage, &terminal).await?;
    stage.recover()?;
    let said = fs::read_to_string(terminal.path("said-second"))?;
    println!("{course:?}\n{said}");
    assert_eq!(code, Some(1), "some lines failed, and the command says so");
    assert!(course.runtime_killed_at > 0 && course.command_killed_at > 0);
    assert!(said.contains("goes on with bat_"), "{said}");
    let reasons = check_results(&terminal)?;
    ensure!(reasons >= LINES / HOPELESS, "{reasons} reasons");
    println!("{} results and {reasons} reasons", LINES - reasons);
    check_errors(&terminal, reasons)?;
    check_server(&stage, &tenant.id, &tenant.client, reasons).await?;
    // A day without faults would prove nothing.
    for (binding, fault) in [
        ("DB", "before"),
        ("DB", "after"),
        ("BULK_JOBS", "dropped"),
        ("BULK_JOBS", "duplicated"),
    ] {
        stage.struck(mark, binding, fault, 100).await?;
    }
    assert!(course.early_memory > 0);
    assert!(
        course.peak_memory < course.early_memory + GROWTH,
        "{course:?}"
    );
    stage.check_log().await
}

#[test]
fn ten_thousand_lines_come_back_once_each_through_faults_and_two_kills() -> Result<()> {
    build::all()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(prove())
}

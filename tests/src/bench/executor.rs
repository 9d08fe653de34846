//! What running submitted code costs: the first run, a run after it, and counting.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use xtask::executor::{GUESTS, Guest, JAVASCRIPT};

use crate::stage::ExecutorStage;

/// How often a run is measured; the median is told.
const ROUNDS: usize = 5;
/// How many runs the time of a warm one is taken from.
const WARM_RUNS: usize = 50;

/// A program that does one thing for some tenths of a second.
struct Workload {
    name: &'static str,
    source: &'static str,
}

const IN_JAVASCRIPT: [Workload; 6] = [
    Workload {
        name: "loop",
        source: "let s = 0; for (let i = 0; i < 1500000; i++) s += i",
    },
    Workload {
        name: "calls",
        source: "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } f(24)",
    },
    Workload {
        name: "objects",
        source: "const a = []; for (let i = 0; i < 150000; i++) a.push({i, l: [i]})",
    },
    Workload {
        name: "strings",
        source: "let s = ''; for (let i = 0; i < 60000; i++) s += 'ab' + i",
    },
    Workload {
        name: "sorting",
        source: "const a = Array.from({length: 60000}, (_, i) => i * 7919 % 60013); a.sort((p, q) => p - q)",
    },
    Workload {
        name: "regex",
        source: "/^(a+)+$/.test('a'.repeat(23) + 'b')",
    },
];

const IN_PYTHON: [Workload; 6] = [
    Workload {
        name: "loop",
        source: "s = 0\nfor i in range(500000): s += i",
    },
    Workload {
        name: "calls",
        source: "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nf(20)",
    },
    Workload {
        name: "objects",
        source: "a = [{'i': i, 'l': [i]} for i in range(60000)]",
    },
    Workload {
        name: "strings",
        source: "s = ''\nfor i in range(30000): s += 'ab' + str(i)",
    },
    Workload {
        name: "sorting",
        source: "a = sorted((i * 7919 % 60013 for i in range(60000)), key=lambda x: -x)",
    },
    Workload {
        name: "regex",
        source: "import re\nre.match('^(a+)+$', 'a' * 20 + 'b')",
    },
];

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    took: Duration,
    fuel: u64,
}

/// Measures every executor, and adds a table for each to the report.
pub(super) async fn costs(report: &mut String) -> Result<()> {
    for guest in GUESTS {
        let workloads = if guest.language == JAVASCRIPT.language {
            &IN_JAVASCRIPT
        } else {
            &IN_PYTHON
        };
        of_guest(report, guest, workloads).await?;
    }
    Ok(())
}

async fn of_guest(report: &mut String, guest: Guest, workloads: &[Workload]) -> Result<()> {
    let counted = ExecutorStage::start(guest)?;
    let size = guest.size()?;
    let first = run(&counted, "40 + 2", 1).await?.took;
    let warm = run(&counted, "40 + 2", WARM_RUNS).await?.took / u32::try_from(WARM_RUNS)?;
    writeln!(
        report,
        "\nExecutor of {}: {} KB of Wasm, {} KB gzipped (at most 10000)",
        guest.language,
        size.raw.div_ceil(1000),
        size.gzipped.div_ceil(1000)
    )?;
    writeln!(report, "  first run of an isolate {:>6.1} ms", ms(first))?;
    writeln!(report, "  run after that          {:>6.1} ms", ms(warm))?;
    let uncounted = ExecutorStage::start_uncounted(guest)?;
    writeln!(
        report,
        "  program       ms   uncounted ms   ratio   fuel/ms"
    )?;
    for Workload { name, source } in workloads {
        let with = median(&counted, source).await?;
        let without = median(&uncounted, source).await?;
        writeln!(
            report,
            "  {name:<9}{:>7.0}{:>15.0}{:>8.2}{:>10.0}",
            ms(with.took),
            ms(without.took),
            with.took.as_secs_f64() / without.took.as_secs_f64(),
            f64::from(u32::try_from(with.fuel)?) / ms(with.took)
        )?;
    }
    Ok(())
}

async fn median(stage: &ExecutorStage, source: &str) -> Result<Cost> {
    let mut costs = Vec::new();
    for _ in 0..ROUNDS {
        costs.push(run(stage, source, 1).await?);
    }
    costs.sort_by_key(|cost| cost.took);
    costs
        .get(ROUNDS / 2)
        .copied()
        .context("nothing was measured")
}

/// Runs a program so often in one request, and sees to it that all went well.
async fn run(stage: &ExecutorStage, source: &str, times: usize) -> Result<Cost> {
    let mut request = stage.request(source);
    request["limits"]["timeMs"] = json!(60_000);
    request["runs"] = json!(vec![json!({}); times]);
    let started = Instant::now();
    let answer = stage.send(&request).await?;
    let took = started.elapsed();
    let body = answer.json(200)?;
    let runs = body["runs"].as_array().map_or(&[][..], Vec::as_slice);
    ensure!(
        runs.len() == times && runs.iter().all(|run| run["exitCode"] == 0),
        "a run failed: {body}"
    );
    let fuel = answer.header("redrive-fuel").parse()?;
    Ok(Cost { took, fuel })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

//! `batch run`: from file to file.

#[cfg(unix)]
mod files;
mod stopped;

use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{Bench, Said};

const RUN: &str = "batch run in.jsonl -o out.jsonl";

/// A file of so many requests, which all succeed.
fn requests(count: usize) -> String {
    let line = |place| json!({"prompt": format!("line {place}")}).to_string() + "\n";
    (1..=count).map(line).collect()
}

fn bench(count: usize) -> Bench {
    let bench = Bench::new();
    bench.write("in.jsonl", &requests(count));
    bench
}

/// Every line is there, and none twice.
#[track_caller]
fn assert_complete(bench: &Bench, count: usize) {
    let results = bench.lines("out.jsonl");
    let lines: BTreeSet<u64> = results
        .iter()
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    assert_eq!(results.len(), count, "as many results as lines");
    assert_eq!(lines.len(), count, "none twice");
    assert_eq!(bench.server.batches(), 1, "one batch");
    assert!(!bench.has("out.jsonl.redrive"), "the journal is gone");
}

fn end(mut child: Child) -> Said {
    child.stdin.take();
    child.wait_with_output().unwrap().into()
}

#[test]
fn every_line_comes_back_once() {
    let bench = bench(95);
    let said = bench.run(RUN).code(0);
    assert_complete(&bench, 95);
    assert_eq!(said.out, "", "results go to the file");
    assert!(said.err.contains("95 results in out.jsonl"), "{}", said.err);
    let submitted = &bench.server.seen()[1];
    assert_eq!(
        submitted.body,
        requests(95).into_bytes(),
        "the file as it is"
    );
}

#[test]
fn results_come_while_the_batch_goes_on() {
    let bench = bench(60);
    bench.run(RUN).code(0);
    let targets = bench.server.targets();
    let asked = targets
        .iter()
        .filter(|target| target.contains("order=completion"));
    assert!(asked.count() >= 6, "{targets:?}");
    let cursors = targets.iter().filter(|target| target.contains("cursor=c"));
    assert!(cursors.count() >= 5, "{targets:?}");
}

#[test]
fn lines_that_did_not_succeed_are_written_with_their_reason() {
    let bench = Bench::new();
    bench.write(
        "in.jsonl",
        "{\"prompt\":\"a\"}\n{\"prompt\":\"fail\"}\n{\"prompt\":\"die\"}\n{\"prompt\":\"b\"}\n",
    );
    let said = bench.run(RUN).code(1);
    assert_complete(&bench, 4);
    let errors = bench.lines("out.errors.jsonl");
    let places: Vec<&Value> = errors.iter().map(|line| &line["error"]["line"]).collect();
    assert_eq!(places, [2, 3]);
    assert!(
        said.err
            .contains("2 lines without success in out.errors.jsonl"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("redrive dlq groups --batch bat_1"),
        "{}",
        said.err
    );
}

#[test]
fn the_file_of_errors_has_the_name_that_was_given() {
    let bench = Bench::new();
    bench.write("in.jsonl", "{\"prompt\":\"fail\"}\n");
    bench
        .run("batch run in.jsonl -o out.jsonl --errors again.jsonl")
        .code(1);
    assert_eq!(bench.lines("again.jsonl").len(), 1);
    assert!(!bench.has("out.errors.jsonl"));
}

#[test]
fn a_file_that_is_refused_leaves_nothing_and_can_be_put_right() {
    let bench = Bench::new();
    bench.write("in.jsonl", "{\"prompt\":\"a\"}\nnonsense\n");
    let said = bench.run(RUN).code(3);
    assert!(
        said.err.contains("line 2 invalid_json: is not JSON"),
        "{}",
        said.err
    );
    assert!(said.err.contains("req_1"), "{}", said.err);
    assert!(
        said.err.contains("this command is --on-error skip"),
        "{}",
        said.err
    );
    assert!(!bench.has("out.jsonl") && !bench.has("out.jsonl.redrive"));

    bench.write("in.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n");
    bench.run(RUN).code(0);
    assert_complete(&bench, 2);
}

#[test]
fn lines_that_are_left_out_are_told() {
    let bench = Bench::new();
    bench.write("in.jsonl", "{\"prompt\":\"a\"}\nnonsense\n");
    let said = bench
        .run("batch run in.jsonl -o out.jsonl --on-error skip")
        .code(0);
    assert!(
        said.err.contains("counted as failed: 1 of 2 lines"),
        "{}",
        said.err
    );
    assert!(said.err.contains("line 2 invalid_json"), "{}", said.err);
}

#[test]
fn what_the_lines_have_in_common_is_sent_as_one_header() {
    let bench = bench(1);
    let line = "batch run in.jsonl -o out.jsonl --name nightly --kind generate --provider openai \
                --model small --max-tokens 50 --temperature 0.5 --max-attempts 3 \
                --deadline-seconds 600 --ref-type order --ref-id 7 --on-error skip \
                --defaults {\"topP\":0.5}";
    bench.run(line).code(0);
    let seen = bench.server.seen();
    let submitted = seen.iter().find(|seen| seen.method == "POST").unwrap();
    let target = "/api/v1/batches?name=nightly&onError=skip";
    assert_eq!(submitted.target, target);
    let defaults: Value = serde_json::from_str(submitted.defaults.as_ref().unwrap()).unwrap();
    assert_eq!(
        defaults,
        json!({
            "kind": "generate", "provider": "openai", "model": "small", "maxTokens": 50,
            "temperature": 0.5, "maxAttempts": 3, "deadlineSeconds": 600, "refType": "order",
            "refId": "7", "topP": 0.5,
        })
    );
}

#[test]
fn what_can_be_read_once_only_is_no_batch() {
    let bench = bench(1);
    for line in [
        "batch submit -",
        "batch run /dev/null -o out.jsonl",
        "batch submit .",
    ] {
        let said = bench.run(line).code(2);
        assert!(said.err.contains("is no file"), "{}", said.err);
    }
    assert_eq!(bench.server.batches(), 0);
}

#[test]
fn a_chain_of_providers_takes_the_place_of_one_in_the_defaults() {
    let bench = bench(1);
    let line = "batch submit in.jsonl --provider claude --provider openai/small \
                --defaults {\"provider\":\"other\",\"model\":\"large\",\"topP\":0.5}";
    bench.run(line).code(0);
    let seen = bench.server.seen();
    let defaults: Value = serde_json::from_str(seen[0].defaults.as_ref().unwrap()).unwrap();
    let chain = json!([{"provider": "claude"}, {"provider": "openai", "model": "small"}]);
    assert_eq!(defaults, json!({"providers": chain, "topP": 0.5}));
}

#[test]
fn scripts_get_the_batch_as_the_server_tells_it() {
    let bench = bench(3);
    let said = bench.run("batch run in.jsonl -o out.jsonl --json").code(0);
    assert_eq!(said.json()["counts"]["succeeded"], 3);
}

/// The most memory a process had, in KiB.
fn peak_memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_lines_take_no_more_memory_than_ten() {
    let peak = |count: usize| {
        let bench = bench(count);
        bench.server.set_pace(1000);
        bench.server.set_answer_bytes(4096);
        let mut child = bench.start(RUN);
        let limit = Instant::now() + Duration::from_mins(2);
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < limit, "the run does not end");
            peak = peak.max(peak_memory(&child).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(2));
        }
        end(child).code(0);
        assert_complete(&bench, count);
        peak
    };
    let (few, many) = (peak(10), peak(10_000));
    assert!(few > 0);
    // 40 MB went through.
    assert!(many < few + 8 * 1024, "{few} and {many} KiB");
}

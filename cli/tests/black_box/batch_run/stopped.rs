//! Stopped anywhere, a run goes on, and submits once.

use std::collections::BTreeSet;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{RUN, assert_complete, bench, end, requests};
use crate::command::{Bench, Said};
use crate::server::Fault;

pub(super) fn stop(child: Child, signal: Signal) -> Said {
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(id, signal).unwrap();
    end(child)
}

#[test]
fn a_run_killed_at_any_moment_goes_on_and_submits_once() {
    // What hangs, which one of its kind, and how: the run is killed there.
    let moments = [
        ("GET", "/api/v1/key", 0, Fault::HangBefore),
        ("POST", "/api/v1/batches", 0, Fault::HangBefore),
        ("POST", "/api/v1/batches", 0, Fault::HangAfter),
        ("POST", "/api/v1/batches", 0, Fault::HangIn(20)),
        ("GET", "/api/v1/batches/bat_1", 0, Fault::HangBefore),
        ("GET", "/api/v1/batches/bat_1", 2, Fault::HangAfter),
        ("GET", "/results", 1, Fault::HangBefore),
        ("GET", "/results", 1, Fault::HangIn(500)),
        ("GET", "/results", 2, Fault::HangIn(701)),
        ("GET", "/results", 3, Fault::HangAfter),
        ("GET", "/errors", 0, Fault::HangIn(10)),
    ];
    for (method, path, skip, fault) in moments {
        let bench = Bench::new();
        let lines = requests(40) + &json!({"prompt": "this will fail"}).to_string() + "\n";
        bench.write("in.jsonl", &lines);
        bench.server.lay(method, path, skip, fault);
        let child = bench.start(RUN);
        bench.server.wait_until_hanging();
        // Time for what came before the silence to reach the file.
        std::thread::sleep(Duration::from_millis(100));
        let said = stop(child, Signal::SIGKILL);
        assert_eq!(said.code, None, "{method} {path} {fault:?}: {said:?}");

        bench.run(RUN).code(1);
        assert_complete(&bench, 41);
        assert_eq!(bench.lines("out.errors.jsonl").len(), 1);
        let keys: BTreeSet<_> = bench
            .server
            .seen()
            .into_iter()
            .filter(|seen| seen.method == "POST")
            .map(|seen| seen.idempotency_key.unwrap())
            .collect();
        assert_eq!(keys.len(), 1, "{method} {path} {fault:?}: one name");
    }
}

#[test]
fn ctrl_c_keeps_what_is_there_and_says_how_to_go_on() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let bench = bench(50);
        bench.server.lay("GET", "/results", 2, Fault::HangIn(400));
        let child = bench.start(RUN);
        bench.server.wait_until_hanging();
        std::thread::sleep(Duration::from_millis(100));
        let said = stop(child, signal).code(130);
        assert!(
            said.err.contains("the same command goes on from here"),
            "{}",
            said.err
        );
        assert!(
            said.err.contains("redrive batch status bat_1"),
            "{}",
            said.err
        );
        let kept = bench.lines("out.jsonl").len();
        assert!(kept > 10 && kept < 50, "{kept}");

        let said = bench.run(RUN).code(0);
        assert!(
            said.err.contains(&format!("has {kept} results already")),
            "{}",
            said.err
        );
        assert_complete(&bench, 50);
    }
}

#[test]
fn a_lost_connection_is_made_again_after_the_last_result() {
    let bench = bench(60);
    for (skip, bytes) in [(1, 0), (1, 301), (1, 150), (2, 999)] {
        bench
            .server
            .lay("GET", "/results", skip, Fault::CutAfter(bytes));
    }
    let said = bench.run(RUN).code(0);
    assert!(said.err.contains("broke off"), "{}", said.err);
    assert_complete(&bench, 60);
}

#[test]
fn a_lost_answer_to_the_submit_makes_no_second_batch() {
    let bench = bench(5);
    bench
        .server
        .lay("POST", "/api/v1/batches", 0, Fault::LostAnswer);
    bench
        .server
        .lay("POST", "/api/v1/batches", 0, Fault::Status(503, Some(0)));
    bench.run(RUN).code(0);
    assert_complete(&bench, 5);
    let posts = bench.server.targets();
    assert_eq!(
        posts
            .iter()
            .filter(|target| target.starts_with("POST"))
            .count(),
        3
    );
}

#[test]
fn a_journal_of_another_input_is_refused() {
    let bench = bench(30);
    bench.server.lay("GET", "/results", 1, Fault::HangBefore);
    let child = bench.start(RUN);
    bench.server.wait_until_hanging();
    stop(child, Signal::SIGKILL);
    bench.write("in.jsonl", &requests(31));
    let said = bench.run(RUN).code(2);
    assert!(
        said.err.contains("it belongs to another input"),
        "{}",
        said.err
    );
    let said = bench
        .run("batch run in.jsonl -o out.jsonl --model large")
        .code(2);
    assert!(
        said.err.contains("it belongs to another input"),
        "{}",
        said.err
    );
    bench.write("in.jsonl", &requests(30));
    let said = bench
        .run("batch run in.jsonl -o out.jsonl --model large")
        .code(2);
    assert!(
        said.err.contains("a run with other options"),
        "{}",
        said.err
    );
    bench.run(RUN).code(0);
    assert_complete(&bench, 30);
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let bench = bench(30);
    bench.server.lay("GET", "/results", 1, Fault::HangBefore);
    let child = bench.start(RUN);
    bench.server.wait_until_hanging();
    let said = bench.run(RUN).code(2);
    assert!(said.err.contains("another run is at work"), "{}", said.err);
    stop(child, Signal::SIGKILL);
    bench.run(RUN).code(0);
    assert_complete(&bench, 30);
}

#[test]
fn a_finished_output_is_not_submitted_again() {
    let bench = bench(3);
    bench.run(RUN).code(0);
    let said = bench.run(RUN).code(2);
    assert!(said.err.contains("holds something already"), "{}", said.err);
    assert_complete(&bench, 3);
}

#[test]
fn a_server_that_stays_away_ends_the_run_and_the_next_one_goes_on() {
    let bench = bench(20);
    for skip in [1, 0] {
        bench
            .server
            .lay("GET", "/results", skip, Fault::Status(503, Some(0)));
    }
    let said = bench
        .run("batch run in.jsonl -o out.jsonl --retries 1")
        .code(4);
    assert!(said.err.contains("storage-unavailable"), "{}", said.err);
    assert!(
        said.err.contains("the same command goes on from here"),
        "{}",
        said.err
    );
    bench.run(RUN).code(0);
    assert_complete(&bench, 20);
}

#[test]
fn a_refusal_after_an_answer_was_lost_keeps_the_name_of_the_request() {
    let bench = bench(5);
    bench
        .server
        .lay("POST", "/api/v1/batches", 0, Fault::LostAnswer);
    bench
        .server
        .lay("POST", "/api/v1/batches", 0, Fault::Status(403, None));
    bench.run(RUN).code(3);
    assert!(bench.has("out.jsonl.redrive"), "the batch may be there");
    bench.run(RUN).code(0);
    assert_complete(&bench, 5);
}

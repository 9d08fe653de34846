//! Test cases on our own executors.

use super::support::{Slow, body, ran, report, runs, tests};
use crate::bench::Bench;
use redrive_shared::native::{Scripted, ScriptedTransport};
use redrive_shared::provider::TransportError;
use serde_json::{Value, json};

/// An answer in which each run returns one of `values`.
fn returned(values: &[Value]) -> Scripted {
    let each = values.iter().map(|value| ran(&json!({"value": value})));
    runs(&each.collect::<Vec<Value>>(), 0)
}

#[tokio::test]
async fn every_case_gets_its_verdict() {
    let bench = Bench::new();
    let inputs = [json!([1, 2]), json!("a"), json!(null)];
    let job = tests(&bench, "javascript", Some("f"), &inputs).await;
    let thrown = ran(&json!({"exitCode": 1, "stderr": "Uncaught Error"}));
    let reply = runs(
        &[
            ran(&json!({"value": [1.0, 2.0]})),
            ran(&json!({"value": "b", "stdout": "by the way"})),
            thrown,
        ],
        0,
    );
    let executor = ScriptedTransport::new([reply]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let asked = body(&executor.requests()[0]);
    assert_eq!(asked["functionName"], "f");
    assert_eq!(
        asked["runs"],
        json!([{"arguments": [1, 2]}, {"arguments": ["a"]}, {"arguments": [null]}])
    );
    let report = serde_json::to_value(report(&bench, &job).await).expect("JSON");
    assert_eq!(
        report,
        json!({
            "cases": [
                {"name": "case 1", "passed": true, "expected": [1, 2], "actual": [1.0, 2.0],
                 "stdout": "", "durationMs": 1},
                {"name": "case 2", "passed": false, "expected": "a", "actual": "b",
                 "stdout": "by the way", "durationMs": 1},
                {"name": "case 3", "passed": false, "expected": null, "actual": null, "stdout": "",
                 "stderr": "Uncaught Error", "error": "The program ended with exit code 1.",
                 "durationMs": 1}
            ],
            "total": 3, "passed": 1, "failed": 2
        })
    );
}

#[tokio::test]
async fn cases_for_which_there_was_no_time_have_failed() {
    let bench = Bench::new();
    let job = tests(
        &bench,
        "python",
        None,
        &[json!("1"), json!("2"), json!("3")],
    )
    .await;
    let executor = ScriptedTransport::new([runs(&[ran(&json!({"stdout": "1\n"}))], 2)]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    assert_eq!(executor.requests().len(), 1);
    let report = report(&bench, &job).await;
    assert_eq!((report.passed, report.failed), (1, 2));
    for case in &report.cases[1..] {
        let error = case.error.as_deref().expect("told");
        assert!(error.contains("was not run"), "{error}");
    }
}

#[tokio::test]
async fn runs_whose_outputs_are_more_than_a_reply_holds_are_asked_for_in_halves() {
    let bench = Bench::new();
    let inputs: Vec<Value> = (0..5).map(Value::from).collect();
    let job = tests(&bench, "python", Some("f"), &inputs).await;
    let executor = ScriptedTransport::new([
        Err(TransportError::BodyTooLarge),
        returned(&inputs[..2]),
        Err(TransportError::BodyTooLarge),
        returned(&inputs[2..3]),
        returned(&inputs[3..]),
    ]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let asked = executor.requests();
    let asked: Vec<Value> = asked
        .iter()
        .map(|request| body(request)["runs"].clone())
        .collect();
    let arguments = |range: std::ops::Range<usize>| -> Value {
        range.map(|number| json!({"arguments": [number]})).collect()
    };
    assert_eq!(
        asked,
        [
            arguments(0..5),
            arguments(0..2),
            arguments(2..5),
            arguments(2..3),
            arguments(3..5)
        ]
    );
    let report = report(&bench, &job).await;
    assert_eq!((report.total, report.passed), (5, 5));
}

#[tokio::test]
async fn a_value_of_very_many_parts_is_read() {
    let bench = Bench::new();
    // A single run's value may hold half as many as it has bytes.
    let value = json!(vec![1; 32_000]);
    let inputs = vec![json!([value]); 6];
    let job = tests(&bench, "python", Some("f"), &inputs).await;
    let passed = returned(&inputs[..3]);
    let executor = ScriptedTransport::new([returned(&inputs), passed.clone(), passed]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    assert_eq!(
        executor.requests().len(),
        3,
        "six are more than one reply may hold"
    );
    let report = report(&bench, &job).await;
    assert_eq!((report.total, report.passed), (6, 6));
}

#[tokio::test]
async fn a_report_is_cut_so_that_it_can_be_stored() {
    let bench = Bench::new();
    let inputs: Vec<Value> = (0..100).map(Value::from).collect();
    let job = tests(&bench, "python", Some("f"), &inputs).await;
    let large = "x".repeat(65_536);
    let half = |from: usize| {
        let range = inputs[from..from + 50].iter();
        let each = range.map(|value| ran(&json!({"value": value, "stdout": large})));
        runs(&each.collect::<Vec<Value>>(), 0)
    };
    let executor = ScriptedTransport::new([Err(TransportError::BodyTooLarge), half(0), half(50)]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let stored = bench.read(&job).await.result;
    assert!(stored.output.expect("stored").len() < 1_900_000);
    assert_eq!(stored.truncated, Some(1));
    let report = report(&bench, &job).await;
    assert_eq!((report.total, report.passed), (100, 100));
    for case in &report.cases {
        assert!(case.stdout_truncated && case.stdout.len() == 16_384);
    }
}

#[tokio::test]
async fn halves_for_which_there_is_no_time_are_not_run() {
    let bench = Bench::new();
    let inputs = [json!(1), json!(2), json!(3)];
    let job = tests(&bench, "python", Some("f"), &inputs).await;
    let executor = Slow {
        inner: ScriptedTransport::new([Err(TransportError::BodyTooLarge), returned(&inputs[..1])]),
        clock: &bench.ports.clock,
        millis: 58_000,
    };
    executor.deliver(&bench, &job).await;
    let totals: Vec<Value> = executor
        .inner
        .requests()
        .iter()
        .map(|request| body(request)["limits"]["totalTimeMs"].clone())
        .collect();
    assert_eq!(
        totals,
        [95_000, 37_000],
        "of two minutes, less five seconds and what the last run may take"
    );
    let report = report(&bench, &job).await;
    assert_eq!((report.total, report.passed), (3, 1));
}

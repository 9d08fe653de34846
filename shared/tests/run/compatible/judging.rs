use super::*;
use redrive_shared::ids::BATCH_JOBS;

/// What a batch of this file is found to have wrong.
async fn errors(bench: &Bench, text: &str) -> Vec<(String, Value, Value)> {
    let batch = bench.submit_batch(text).await;
    bench.step(&batch).await;
    let shown = bench.shown(&batch).await;
    assert_eq!(shown["status"], "failed", "{shown}");
    assert!(shown["failed_at"].is_i64(), "{shown}");
    let counts = json!({"total": 0, "completed": 0, "failed": 0});
    assert_eq!(shown["request_counts"], counts);
    assert_eq!(bench.rows("jobs"), 0);
    let errors = shown["errors"]["data"].as_array().expect("errors");
    let told = |error: &Value| {
        let code = error["code"].as_str().expect("a code").to_owned();
        (code, error["line"].clone(), error["param"].clone())
    };
    errors.iter().map(told).collect()
}

fn error(code: &str, line: Value, param: Value) -> (String, Value, Value) {
    (code.to_owned(), line, param)
}

#[tokio::test]
async fn a_file_is_judged_as_a_whole_before_anything_is_done() {
    let bench = Bench::new();
    let [a, b] = ["a", "b"].map(|name| lines([name.to_owned()]));
    let twice = format!("{a}\n{b}{a}");
    let expected = [error("duplicate_custom_id", json!(4), json!("custom_id"))];
    assert_eq!(errors(&bench, &twice).await, expected);
    for text in ["", "\n\r\n  \n"] {
        let expected = [error("empty_file", json!(null), json!(null))];
        assert_eq!(errors(&bench, text).await, expected);
    }
    let wrong = format!("{a}{{\n{}", b.replace(CHAT, "/v1/responses"));
    let expected = [
        error("invalid_json_line", json!(2), json!(null)),
        error("url_mismatch", json!(3), json!("url")),
    ];
    assert_eq!(errors(&bench, &wrong).await, expected);
}

#[tokio::test]
async fn the_first_hundred_mistakes_are_told() {
    let bench = Bench::new();
    let expected = (1..=100).map(|line| error("invalid_json_line", json!(line), json!(null)));
    let expected: Vec<_> = expected.collect();
    assert_eq!(errors(&bench, &"{\n".repeat(150)).await, expected);
}

#[tokio::test]
async fn a_file_has_as_many_lines_as_a_batch_may_have() {
    let bench = Bench::new();
    let most = usize::try_from(BATCH_JOBS).expect("it fits");
    let text = lines(named(most));
    let expected = [error("too_many_tasks", json!(null), json!(null))];
    let one_more = text.clone() + &lines(["one more".to_owned()]);
    assert_eq!(errors(&bench, &one_more).await, expected);
    let batch = bench.submit_batch(&text).await;
    bench.step(&batch).await;
    let record = bench.record(&batch).await;
    assert_eq!(
        (record.status, record.lines),
        (BatchStatus::InProgress, BATCH_JOBS)
    );
}

#[tokio::test]
async fn a_file_that_is_gone_is_told() {
    let bench = Bench::new();
    let file = bench.upload(b"{}\n", 9).await.expect("taken");
    let batch = bench.batch_of(file.id).await;
    bench.execute("DELETE FROM files; DELETE FROM file_chunks");
    bench.step(&batch).await;
    let shown = bench.shown(&batch).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["errors"]["data"][0]["code"], "invalid_request");
}

#[tokio::test]
async fn the_model_of_all_lines_is_shown() {
    let bench = Bench::new();
    let same = lines(named(2));
    for (text, model) in [
        (same.clone(), json!("sim-ok")),
        (
            same + &lines(["x".to_owned()]).replace("sim-ok", "other"),
            json!(null),
        ),
    ] {
        let batch = bench.submit_batch(&text).await;
        bench.step(&batch).await;
        assert_eq!(bench.shown(&batch).await["model"], model);
    }
}

use super::*;
use crate::bench::{START, answer, status, transient};
use redrive_shared::audit::Actor;
use redrive_shared::batch::{self, CancelledBatch};
use redrive_shared::native::{Fault, MemoryBucket};

fn good(count: usize) -> ScriptedTransport {
    ScriptedTransport::new((0..count).map(|number| answer(&format!("answer {number}"))))
}

#[tokio::test]
async fn a_batch_ends_with_its_answers_in_one_file_and_its_errors_in_the_other() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&lines(named(3))).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.step(&batch).await;
    let transport = ScriptedTransport::new([answer("one"), status(400), answer("three")]);
    bench.run_all(&transport).await;
    let record = bench.step_to(&batch, BatchStatus::Completed).await;
    let shown = bench.shown(&batch).await;
    let counts = json!({"total": 3, "completed": 2, "failed": 1});
    assert_eq!(shown["request_counts"], counts);
    let usage = json!({
        "input_tokens": 4, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 14,
    });
    assert_eq!(shown["usage"], usage);
    let outputs = bench.answers(&shown["output_file_id"]).await;
    assert_eq!(outputs.keys().collect::<Vec<_>>(), ["ask-0", "ask-2"]);
    let said = &outputs["ask-2"]["response"]["body"]["choices"][0]["message"]["content"];
    assert_eq!(said, "three");
    let job = outputs["ask-2"]["response"]["request_id"].as_str();
    assert_eq!(job, Some(batch.job(2).as_str()));
    let errors = bench.answers(&shown["error_file_id"]).await;
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["ask-1"]);
    assert_eq!(errors["ask-1"]["response"]["status_code"], 400);
    let file = record.output_file_id.expect("a file");
    let file = bench.ports.store.file(&bench.tenant, &file).await;
    let file = file.expect("readable").expect("there");
    assert_eq!(file.name, Some(format!("{batch}_output.jsonl")));
    assert_eq!(
        file.expires_at,
        file.created_at.plus_seconds(7 * DAY_SECONDS)
    );
}

#[tokio::test]
async fn a_batch_without_errors_has_no_file_of_them() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&lines(named(2))).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.step(&batch).await;
    bench.run_all(&good(2)).await;
    bench.step_to(&batch, BatchStatus::Completed).await;
    let shown = bench.shown(&batch).await;
    assert_eq!(shown["error_file_id"], json!(null));
    assert_eq!(bench.answers(&shown["output_file_id"]).await.len(), 2);
}

/// A batch of these lines of which every job has an answer, and whose files are to be written.
async fn answered(bench: &Bench, count: usize) -> BatchId {
    let batch = bench.submit_batch(&lines(named(count))).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    while bench.record(&batch).await.status == BatchStatus::InProgress {
        bench.step(&batch).await;
        bench.run_all(&good(count)).await;
        bench.ports.clock.advance_millis(1_000);
    }
    batch
}

#[tokio::test]
async fn files_of_many_chunks_are_whole_wherever_they_lie() {
    for in_bucket in [false, true] {
        let mut bench = Bench::new();
        bench.ports.bucket = in_bucket.then(MemoryBucket::default);
        let batch = answered(&bench, 30).await;
        let long = "y".repeat(400_000);
        bench.execute(&format!("UPDATE task_results SET output = '{long}'"));
        let record = bench.step_to(&batch, BatchStatus::Completed).await;
        let file = record.output_file_id.expect("a file");
        let found = bench.ports.store.file(&bench.tenant, &file).await;
        let found = found.expect("readable").expect("there");
        assert_eq!((found.chunks, found.lines), (15, 30));
        let answers = bench.answers(&json!(file)).await;
        assert_eq!(answers.len(), 30);
        assert!(answers.contains_key("ask-29"));
    }
}

#[tokio::test]
async fn an_answer_that_no_row_can_hold_is_told_where_there_is_no_bucket() {
    for in_bucket in [false, true] {
        let mut bench = Bench::new();
        bench.ports.bucket = in_bucket.then(MemoryBucket::default);
        let batch = answered(&bench, 2).await;
        let id = batch.job(0);
        bench.execute(&format!(
            "UPDATE task_results SET output = replace(hex(zeroblob(900000)), '0', char(10)) \
             WHERE job_id = '{id}'"
        ));
        bench.step_to(&batch, BatchStatus::Completed).await;
        let shown = bench.shown(&batch).await;
        let outputs = bench.answers(&shown["output_file_id"]).await;
        assert_eq!(outputs.len(), if in_bucket { 2 } else { 1 });
        if !in_bucket {
            let errors = bench.answers(&shown["error_file_id"]).await;
            assert_eq!(errors["ask-0"]["error"]["code"], "answer_too_large");
        }
    }
}

#[tokio::test]
async fn writing_that_dies_or_fails_at_any_time_writes_every_line_once() {
    // Every batch of the database in turn fails before or after it took effect.
    for number in 0..12 {
        for fault in [Fault::Before(transient()), Fault::After(transient())] {
            let bench = Bench::new();
            let batch = answered(&bench, 8).await;
            let long = "y".repeat(400_000);
            bench.execute(&format!("UPDATE task_results SET output = '{long}'"));
            let mut faults = vec![Fault::None; number];
            // It is repeated a few times, and then given up.
            faults.extend(vec![fault.clone(); 6]);
            bench.fail_next(faults);
            bench.step(&batch).await;
            bench.ports.store.database().recover();
            let record = bench.step_to(&batch, BatchStatus::Completed).await;
            let answers = bench.answers(&json!(record.output_file_id)).await;
            let names: Vec<_> = named(8).collect();
            assert_eq!(answers.keys().cloned().collect::<Vec<_>>(), names);
            assert_eq!(record.error_file_id, None);
        }
    }
}

#[tokio::test]
async fn two_steps_at_once_write_every_line_once() {
    let bench = Bench::new();
    let batch = answered(&bench, 12).await;
    let long = "y".repeat(400_000);
    bench.execute(&format!("UPDATE task_results SET output = '{long}'"));
    tokio::join!(bench.step(&batch), bench.step(&batch));
    let record = bench.step_to(&batch, BatchStatus::Completed).await;
    let text = bench
        .text(record.output_file_id.expect("a file").as_str())
        .await;
    assert_eq!(text.lines().count(), 12);
    assert_eq!(
        bench
            .answers(&json!(bench.record(&batch).await.output_file_id))
            .await
            .len(),
        12
    );
}

#[tokio::test]
async fn a_cancelled_batch_tells_every_line_that_was_not_run() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&lines(named(1_200))).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.step(&batch).await;
    let made = bench.record(&batch).await.at.jobs;
    assert!(made < 1_200, "not all of them are made at once");
    let mut messages = bench.ports.bulk_jobs.take();
    messages.truncate(2);
    for message in messages {
        let messages = [delivered(Some(message), 1)];
        let (settings, circuits) = (&bench.settings, &bench.circuits);
        run_delivery(
            &bench.ports,
            &good(1),
            settings,
            circuits,
            Lane::Bulk,
            &messages,
        )
        .await;
    }
    cancel(&bench, &batch).await;
    bench.step_to(&batch, BatchStatus::Cancelled).await;
    let shown = bench.shown(&batch).await;
    let counts = json!({"total": 1_200, "completed": 2, "failed": 1_198});
    assert_eq!(shown["request_counts"], counts);
    assert!(
        shown["cancelling_at"].is_i64() && shown["cancelled_at"].is_i64(),
        "{shown}"
    );
    assert_eq!(bench.answers(&shown["output_file_id"]).await.len(), 2);
    let errors = bench.answers(&shown["error_file_id"]).await;
    assert_eq!(errors.len(), 1_198);
    let never = &errors["ask-1199"];
    assert_eq!(
        (&never["response"], &never["error"]["code"]),
        (&json!(null), &json!("batch_cancelled"))
    );
    let id = batch.job(1_199).as_str().replace("job_", "batch_req_");
    assert_eq!(never["id"], id);
}

async fn cancel(bench: &Bench, batch: &BatchId) {
    let cancelled = batch::cancel(&bench.ports, &bench.tenant, batch, Actor::Operator).await;
    assert!(matches!(cancelled, Ok(CancelledBatch::Done(_))));
}

#[tokio::test]
async fn a_batch_that_is_cancelled_before_it_is_judged_has_no_files() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&lines(named(3))).await;
    cancel(&bench, &batch).await;
    bench.step_to(&batch, BatchStatus::Cancelled).await;
    let shown = bench.shown(&batch).await;
    assert_eq!(shown["request_counts"]["total"], 0);
    assert_eq!(
        (&shown["output_file_id"], &shown["error_file_id"]),
        (&json!(null), &json!(null))
    );
}

#[tokio::test]
async fn a_batch_whose_window_is_over_expires_with_what_was_done() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&lines(named(3))).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.step(&batch).await;
    let mut messages = bench.ports.bulk_jobs.take();
    messages.truncate(1);
    for message in messages {
        let messages = [delivered(Some(message), 1)];
        let (settings, circuits) = (&bench.settings, &bench.circuits);
        run_delivery(
            &bench.ports,
            &good(1),
            settings,
            circuits,
            Lane::Bulk,
            &messages,
        )
        .await;
    }
    let over = START
        .plus_seconds(DAY_SECONDS)
        .millis_since(bench.ports.clock.now());
    bench.ports.clock.advance_millis(over);
    bench.step_to(&batch, BatchStatus::Expired).await;
    let shown = bench.shown(&batch).await;
    assert!(shown["expired_at"].is_i64(), "{shown}");
    assert_eq!(bench.answers(&shown["output_file_id"]).await.len(), 1);
    let errors = bench.answers(&shown["error_file_id"]).await;
    assert_eq!(errors.len(), 2);
    assert!(
        errors
            .values()
            .all(|line| line["error"]["code"] == "batch_expired")
    );
}

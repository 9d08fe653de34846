//! Batches whose input file cannot be read.

use super::*;

/// Four lines, two a chunk.
fn long() -> String {
    let text = "p".repeat(400_000);
    let line = |name: String| {
        let body = json!({"model": "sim-ok", "messages": [{"role": "user", "content": text}]});
        let line = json!({"custom_id": name, "method": "POST", "url": CHAT, "body": body});
        format!("{line}\n")
    };
    named(4).map(line).collect()
}

impl Bench {
    /// Steps and runs until the batch has ended, half a minute at a time.
    async fn wait_for_end(&self, batch: &BatchId) -> Value {
        for _ in 0..100 {
            if self.record(batch).await.status.is_terminal() {
                break;
            }
            self.step(batch).await;
            self.run_all(&ScriptedTransport::new([
                crate::bench::answer("yes"),
                crate::bench::answer("yes"),
            ]))
            .await;
            self.ports.clock.advance_millis(30_000);
        }
        self.shown(batch).await
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_judged_by_what_is_left_of_it() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&long()).await;
    bench.execute("DELETE FROM file_chunks WHERE number = 1");
    bench.step(&batch).await;
    let record = bench.record(&batch).await;
    assert_eq!(record.status, BatchStatus::Validating);
    assert!(record.unreadable_at.is_some());
    let shown = bench.wait_for_end(&batch).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["errors"]["data"][0]["code"], "input_file_unreadable");
    assert_eq!(bench.rows("jobs"), 0);
}

#[tokio::test]
async fn a_batch_whose_lines_cannot_be_read_any_more_gives_the_answers_that_it_has() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&long()).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.execute("DELETE FROM file_chunks WHERE number = 1");
    let shown = bench.wait_for_end(&batch).await;
    assert_eq!(shown["status"], "failed");
    assert!(shown["failed_at"].is_i64());
    let error = &shown["errors"]["data"][0];
    assert_eq!(
        (&error["code"], &error["line"]),
        (&json!("input_file_unreadable"), &json!(3))
    );
    let counts = json!({"total": 4, "completed": 2, "failed": 2});
    assert_eq!(shown["request_counts"], counts);
    assert_eq!(bench.answers(&shown["output_file_id"]).await.len(), 2);
    assert_eq!(shown["error_file_id"], json!(null));
}

#[tokio::test]
async fn a_cancelled_batch_ends_though_the_rest_of_its_lines_cannot_be_read() {
    let bench = Bench::new();
    let batch = bench.submit_batch(&long()).await;
    bench.step_to(&batch, BatchStatus::InProgress).await;
    bench.execute("DELETE FROM file_chunks WHERE number = 1");
    let actor = redrive_shared::audit::Actor::Operator;
    redrive_shared::batch::cancel(&bench.ports, &bench.tenant, &batch, actor)
        .await
        .expect("cancelled");
    let shown = bench.wait_for_end(&batch).await;
    assert_eq!(shown["status"], "cancelled");
    let error = &shown["errors"]["data"][0];
    assert_eq!(error["code"], "input_file_unreadable");
    assert_eq!(bench.answers(&shown["error_file_id"]).await.len(), 2);
}

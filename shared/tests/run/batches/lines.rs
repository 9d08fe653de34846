//! What is told of each line.

use super::{errors, read, results, run_to_the_end, step, take, upload};
use crate::bench::{Bench, answer};
use redrive_shared::batch::intake::Refused;
use redrive_shared::batch::line::LineErrorCode;
use redrive_shared::batch::results::After;
use redrive_shared::job::JobState;
use redrive_shared::native::ScriptedTransport;
use serde_json::{Value, json};

#[tokio::test]
async fn lines_that_break_a_rule_are_told_by_number_and_either_stop_the_batch_or_fail() {
    let bench = Bench::new();
    let upload = concat!(
        "\u{feff}{\"customId\":\"a\",\"prompt\":\"p\"}\r\n",
        "\n",
        "{\"customId\":\"a\",\"prompt\":\"p\"}\n",
        "not json\n",
        "{\"customId\":\"b\",\"prompt\":7}\n",
        "{\"prompt\":\"p\"}",
    );
    let refused = take(&bench, upload, false).await.expect_err("refused");
    let told = if let Refused::Invalid(3, lines) = &refused {
        lines.as_slice()
    } else {
        &[]
    };
    let told: Vec<_> = told.iter().map(|line| (line.line, line.code)).collect();
    let expected = [
        (3, LineErrorCode::DuplicateCustomId),
        (4, LineErrorCode::InvalidJson),
        (5, LineErrorCode::InvalidRequest),
    ];
    assert_eq!(told, expected, "{refused:?}");
    for table in ["files", "file_chunks", "batches", "jobs"] {
        assert_eq!(bench.rows(table), 0, "{table}");
    }
    let taken = take(&bench, upload, true).await.expect("taken");
    assert_eq!((taken.lines, taken.invalid_lines), (5, 3));
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!((record.counts.succeeded, record.counts.failed), (2, 3));
    let by_line = results(&bench, &taken.id, After::Line(None)).await;
    let lines: Vec<u32> = by_line.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 3, 4, 5, 6]);
    let again = errors(&bench, &taken.id).await;
    let again: Vec<Value> = again
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(again[0]["customId"], "a");
    assert_eq!(again[0]["error"]["line"], 3);
    assert_eq!(again[1]["invalidLine"], "not json");
    assert_eq!((&again[2]["prompt"], again.len()), (&json!(7), 3));
    assert!(take(&bench, "", true).await == Err(Refused::Empty));
}

#[tokio::test]
async fn results_by_line_wait_for_a_line_and_by_completion_for_none() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(3), false).await.expect("taken");
    step(&bench).await;
    let end = async |place| {
        let provider = ScriptedTransport::new([answer("yes")]);
        let message = bench.message(&taken.id.job(place));
        bench.deliver(&provider, &[message]).await;
    };
    end(2).await;
    assert_eq!(results(&bench, &taken.id, After::Line(None)).await, []);
    let third = [(3, JobState::Succeeded)];
    assert_eq!(
        results(&bench, &taken.id, After::Completion(0)).await,
        third
    );
    end(0).await;
    let first = [(1, JobState::Succeeded)];
    assert_eq!(results(&bench, &taken.id, After::Line(None)).await, first);
    assert_eq!(
        results(&bench, &taken.id, After::Completion(1)).await,
        first
    );
    // A job that ends again after a replay comes again, and not before.
    let job = taken.id.job(0);
    bench.execute(&format!(
        "UPDATE jobs SET state = 'queued', due_at_ms = 1, completed_at_ms = NULL, expires_at_ms = NULL WHERE id = '{job}'"
    ));
    assert_eq!(results(&bench, &taken.id, After::Completion(1)).await, []);
    bench.execute("DELETE FROM task_results");
    end(0).await;
    assert_eq!(
        results(&bench, &taken.id, After::Completion(2)).await,
        first
    );
    assert_eq!(read(&bench, &taken.id).await.completions, 3);
}

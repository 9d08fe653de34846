//! Long uploads, made while they are sent.

use anyhow::{Context as _, Result, ensure};
use redrive_tests::poll;
use redrive_tests::raw_http::Upload;
use redrive_tests::stage::{FileRows, Stage};
use serde_json::{Value, json};
use xtask::faults::Faults;

use super::{BATCHES, lines, post};
use crate::stages::faulty;

/// 100 MiB, in lines of about 200 KB.
const LINES: usize = 500;
const PADDING: usize = 200_000;

/// What the line with this number is; that in the middle is broken.
fn line(number: usize, padding: &str) -> Vec<u8> {
    if number == LINES / 2 {
        return b"{\"customId\":\"broken\",\"prompt\":\n".to_vec();
    }
    format!("{{\"customId\":\"q-{number}\",\"prompt\":\"c4n4ry-prompt {number}{padding}\"}}\n")
        .into_bytes()
}

async fn upload(stage: &Stage, key: &str, query: &str) -> Result<(u16, Value)> {
    let padding = "x".repeat(PADDING);
    let pieces = (1..=LINES).map(|number| line(number, &padding));
    let mut upload = Upload::begin(&stage.authority()?, &format!("{BATCHES}{query}"), key).await?;
    let mut bytes = 0;
    for piece in pieces {
        bytes += piece.len();
        upload.send(&piece).await?;
    }
    ensure!(bytes > 95_000_000, "{bytes} bytes");
    let answer = upload.finish().await?;
    let body = serde_json::from_str(&answer.body).context("no JSON")?;
    Ok((answer.status, body))
}

#[test]
fn upload_of_a_hundred_megabytes_with_a_broken_line_is_refused_whole_or_taken_without_it()
-> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let (_, key) = stage.key(&tenant.id, &["jobs:read", "jobs:write"]).await?;
        // What is taken is not run.
        let mut faults = Faults::default();
        faults.producer.tasks.drop = 1.0;
        stage.set_faults(faults)?;
        let (status, problem) = upload(stage, &key, "").await?;
        assert_eq!(
            (status, &problem["code"]),
            (422, &json!("invalid-lines")),
            "{problem:#}"
        );
        assert_eq!(
            (&problem["invalidLines"], &problem["lines"][0]["line"]),
            (&json!(1), &json!(LINES / 2))
        );
        assert_eq!(stage.files(&tenant.id)?, FileRows::default());
        assert_eq!(stage.batches_of(&tenant.id)?, 0);

        let (status, accepted) = upload(stage, &key, "?onError=skip").await?;
        assert_eq!(
            (status, &accepted["lines"]),
            (202, &json!(LINES)),
            "{accepted:#}"
        );
        assert_eq!(accepted["errors"][0]["line"], LINES / 2, "{accepted:#}");
        let files = stage.files(&tenant.id)?;
        assert_eq!((files.files, files.writing), (1, 0));
        assert!(files.chunks >= 95 && files.bytes > 95_000_000, "{files:?}");
        let cancel = format!(
            "{}/cancel",
            accepted["batchId"].as_str().unwrap_or_default()
        );
        tenant
            .client
            .post(&format!("{BATCHES}/{cancel}"), &json!({}))
            .await?
            .json(202)?;
        Ok(())
    })
}

#[test]
fn upload_that_is_cut_is_no_batch_and_what_is_left_of_it_has_an_end() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let (_, key) = stage.key(&tenant.id, &["jobs:write"]).await?;
        let mut cut = Upload::begin(&stage.authority()?, BATCHES, &key).await?;
        cut.send(lines("sim-ok", 60, 60_000).as_bytes()).await?;
        poll::until("some of it is stored", async || {
            Ok((stage.files(&tenant.id)?.chunks > 0).then_some(()))
        })
        .await?;
        drop(cut);
        // The same tenant is served as before.
        let whole = post(&tenant.client, "", lines("sim-ok", 3, 0)).await?;
        assert_eq!(whole.status, 202, "{}", whole.body);
        assert_eq!(stage.batches_of(&tenant.id)?, 1);
        let files = stage.files(&tenant.id)?;
        // The request may be dead before it could delete what it had stored; that is for the sweep.
        assert!(
            files.files - files.writing == 1 && files.writing <= 1,
            "{files:?}"
        );
        assert!(stage.unfinished_files_end_within_a_day(&tenant.id)?);
        Ok(())
    })
}

//! Batches that are cancelled while they run.

use anyhow::Result;
use redrive_tests::poll;
use serde_json::json;

use super::{BATCHES, batch, begun, ended, lines, submit, told};
use crate::stages::shared;

#[test]
fn cancelled_batch_ends_with_what_ran_and_runs_nothing_more() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        // Lines of this length become jobs in several steps.
        let id = submit(client, "", lines("sim-slow-300", 150, 60_000)).await?;
        begun(stage, &id).await?;
        poll::until("some lines are answered", async || {
            let succeeded = batch(client, &id).await?["counts"]["succeeded"].as_u64();
            Ok((succeeded >= Some(3)).then_some(()))
        })
        .await?;
        let cancel = format!("{BATCHES}/{id}/cancel");
        let cancelled = client.post(&cancel, &json!({})).await?.json(202)?;
        assert_eq!(cancelled["status"], "cancelling", "{cancelled:#}");
        let made = stage.lines_made(&id)?;
        let document = ended(client, &id, async || Ok(())).await?;
        assert_eq!(document["status"], "cancelled", "{document:#}");
        assert_eq!(
            stage.lines_made(&id)?,
            made,
            "no line became a job any more"
        );
        let counts = &document["counts"];
        assert_eq!(counts["pending"], 0, "{document:#}");
        assert!(counts["cancelled"].as_u64() >= Some(100), "{document:#}");
        let errors = told(client, &id, "errors").await?;
        assert_eq!(counts["cancelled"], errors.len());
        assert!(
            errors
                .iter()
                .all(|line| line["error"]["code"] == "cancelled")
        );
        // What was cancelled stays so.
        let calls = stage.provider_counts().await?;
        assert_eq!(client.post(&cancel, &json!({})).await?.json(202)?, document);
        let again = batch(client, &id).await?;
        assert_eq!(again, document, "{calls}");
        Ok(())
    })
}

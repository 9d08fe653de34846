//! Keys are nowhere but with whom they were given to.

use anyhow::Result;
use redrive_tests::poll;
use serde_json::json;

use crate::stages::shared;

#[test]
fn no_key_is_stored_anywhere() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        tenant.client.job_in(&job, "succeeded").await?;
        // The cache is written just after the database.
        poll::until("the job is stored", async || {
            Ok(stage.storage_holds(&job)?.then_some(()))
        })
        .await
    })
}

//! Faults that pass: retried, and told apart by who is to blame.

use anyhow::Result;
use redrive_tests::client::column;
use serde_json::json;

use crate::stages::shared;

#[test]
fn flaky_provider_is_asked_again_and_every_attempt_is_listed() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant
            .client
            .submit("sim-flaky-2@retries", json!({}))
            .await?;
        let waiting = tenant.client.job_in(&job, "retry_scheduled").await?;
        assert!(waiting["nextAttemptAt"].is_string(), "{waiting:#}");
        assert_eq!(waiting["error"]["retryable"], true, "{waiting:#}");
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        let attempts = &ended["attempts"];
        assert_eq!(column(attempts, "attempt"), [1, 2, 3]);
        assert_eq!(
            column(attempts, "outcome"),
            ["failed", "failed", "succeeded"]
        );
        assert_eq!(
            column(attempts, "code"),
            [
                &json!("provider_error"),
                &json!("provider_error"),
                &json!(null)
            ]
        );
        assert_eq!(ended["error"], json!(null), "{ended:#}");
        assert_eq!(stage.calls(&job).await?.len(), 3);
        Ok(())
    })
}

#[test]
fn throttled_job_is_deferred_without_blame() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        // One failure would be the end of it.
        let job = tenant
            .client
            .submit("sim-throttle-2@retries", json!({"maxAttempts": 1}))
            .await?;
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        let attempts = &ended["attempts"];
        assert_eq!(
            column(attempts, "outcome"),
            ["deferred", "deferred", "succeeded"]
        );
        assert_eq!(
            column(attempts, "providerStatus"),
            [&json!(429), &json!(429), &json!(null)]
        );
        assert_eq!(stage.calls(&job).await?.len(), 3);
        Ok(())
    })
}

//! Settings that are missing: told to the operator, and to the owner of the job.

use anyhow::{Context as _, Result};
use redrive_tests::client::column;
use serde_json::{Value, json};

use crate::stages::{shared, with_mistakes, without_provider};

#[test]
fn pipeline_with_a_provider_is_ready() -> Result<()> {
    shared(async |stage| {
        let ready = stage.client(None)?.get("/api/ready").await?.json(200)?;
        assert_eq!(ready["status"], "ready", "{ready:#}");
        for path in ["/health", "/api/health"] {
            assert_eq!(
                stage.client(None)?.get(path).await?.json(200)?["status"],
                "ok"
            );
        }
        Ok(())
    })
}

#[test]
fn missing_provider_key_is_named_by_readiness_and_by_the_job() -> Result<()> {
    without_provider(async |stage| {
        let answer = stage.client(None)?.get("/api/ready").await?;
        let ready = answer.json(503)?;
        assert_eq!(ready["status"], "not_ready", "{ready:#}");
        assert_eq!(ready["checks"]["consumer"]["ok"], false, "{ready:#}");
        let detail = ready["checks"]["consumer"]["detail"]
            .as_str()
            .context("no detail")?;
        assert!(detail.contains("OPENAI_API_KEY"), "{detail}");
        for check in ["settings", "database", "cache", "queue"] {
            assert_eq!(ready["checks"][check]["ok"], true, "{ready:#}");
        }
        assert_ne!(answer.header("retry-after"), "");

        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("gpt-4o-mini", json!({})).await?;
        let ended = tenant.client.job_in(&job, "dead_lettered").await?;
        check_error(&ended, "OPENAI_API_KEY");
        Ok(())
    })
}

#[test]
fn mistakes_about_the_providers_are_named_by_both_workers_and_no_job_is_taken() -> Result<()> {
    with_mistakes(async |stage| {
        let ready = stage.client(None)?.get("/api/ready").await?.json(503)?;
        for check in ["settings", "consumer"] {
            let detail = ready["checks"][check]["detail"].as_str();
            let detail = detail.context("no detail")?;
            for mistake in ["/providers/a/api_key_secret", "/default_providers/0"] {
                assert!(detail.contains(mistake), "{check}: {detail}");
            }
        }
        let tenant = stage.tenant().await?;
        let request = json!({"prompt": redrive_tests::client::PROMPT});
        let answer = tenant.client.post("/api/v1/generate", &request).await?;
        assert_eq!(answer.json(503)?["code"], "misconfigured");
        Ok(())
    })
}

fn check_error(job: &Value, setting: &str) {
    let error = &job["error"];
    assert_eq!(error["code"], "provider_misconfigured", "{job:#}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains(setting)),
        "{job:#}"
    );
    assert_eq!(
        column(&job["attempts"], "code"),
        ["provider_misconfigured"],
        "{job:#}"
    );
}

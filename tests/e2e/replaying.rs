//! Dead letters: why they died, and another chance.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::{Answer, Client, column, text};
use redrive_tests::poll;
use redrive_tests::stage::{Stage, Tenant};
use serde_json::{Value, json};

use crate::stages::shared;

const LETTERS: &str = "/api/v1/dead-letters";

/// A tenant, and a client that looks after its dead letters.
async fn tenant(stage: &Stage) -> Result<(Tenant, Client)> {
    let tenant = stage.tenant().await?;
    let (_, key) = stage.key(&tenant.id, &["ops:read", "ops:write"]).await?;
    let operator = stage.client(Some(&key))?;
    Ok((tenant, operator))
}

async fn replay(operator: &Client, job: &str, body: &Value) -> Result<Answer> {
    operator
        .post(&format!("{LETTERS}/{job}/replay"), body)
        .await
}

/// A job that died of the first failure.
async fn dead(tenant: &Tenant, model: &str) -> Result<String> {
    let fields = json!({"maxAttempts": 1});
    let job = tenant.client.submit(model, fields).await?;
    tenant.client.job_in(&job, "dead_lettered").await?;
    Ok(job)
}

#[test]
fn f30_twenty_replays_at_once_run_the_job_once() -> Result<()> {
    shared(async |stage| {
        let (tenant, operator) = tenant(stage).await?;
        let job = dead(&tenant, "sim-flaky-1@f30").await?;
        let nothing = json!({});
        let answers = try_join_all((0..20).map(|_| replay(&operator, &job, &nothing))).await?;
        let (accepted, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 202);
        assert_eq!((accepted.len(), refused.len()), (1, 19));
        assert_eq!(text(&accepted[0].json(202)?, "jobId")?, job);
        for answer in refused {
            assert_eq!(answer.json(409)?["code"], "not-dead-lettered");
        }
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        assert_eq!(column(&ended["attempts"], "attempt"), [1, 2]);
        assert_eq!(ended["replays"].as_array().map(Vec::len), Some(1));
        assert_eq!(stage.calls(&job).await?.len(), 2);
        Ok(())
    })
}

#[test]
fn replayed_job_succeeds_once_the_provider_does_and_its_attempts_keep_counting() -> Result<()> {
    shared(async |stage| {
        let (tenant, operator) = tenant(stage).await?;
        let job = dead(&tenant, "sim-flaky-2@mended").await?;
        for attempt in [1, 2] {
            let path = format!("{LETTERS}/{job}");
            let letter = operator.get(&path).await?.json(200)?;
            assert_eq!(letter["code"], "attempts_exhausted", "{letter:#}");
            assert_eq!(letter["cause"], "provider_error", "{letter:#}");
            let fingerprint = text(&letter, "fingerprint")?;
            assert!(
                fingerprint.starts_with("attempts_exhausted:provider_error:")
                    && fingerprint.ends_with(":sim-flaky-2@mended:500"),
                "{fingerprint}"
            );
            assert_eq!(
                (&letter["attempt"], &letter["counts"]["failures"]),
                (&json!(attempt), &json!(1)),
                "{letter:#}"
            );
            assert!(letter["excerpt"].is_string(), "{letter:#}");
            let page = operator.get(LETTERS).await?.json(200)?;
            assert_eq!(column(&page["data"], "jobId"), [job.as_str()]);
            let note = json!({"note": "the provider says that it is mended"});
            replay(&operator, &job, &note).await?.json(202)?;
            let end = if attempt == 1 {
                "dead_lettered"
            } else {
                "succeeded"
            };
            let ended = ended_as(&tenant, &job, attempt + 1, end).await?;
            let numbers: Vec<i32> = (1..=attempt + 1).collect();
            assert_eq!(column(&ended["attempts"], "attempt"), numbers);
        }
        let ended = tenant.client.job(&job).await?;
        assert_eq!(column(&ended["replays"], "afterAttempt"), [1, 2]);
        assert_eq!(column(&ended["replays"], "code"), ["attempts_exhausted"; 2]);
        assert_eq!(ended["error"], Value::Null, "{ended:#}");
        let gone = operator.get(&format!("{LETTERS}/{job}")).await?;
        assert_eq!(gone.status, 404, "{}", gone.body);
        let page = operator.get(LETTERS).await?.json(200)?;
        assert_eq!(page["data"], json!([]));
        assert_eq!(stage.calls(&job).await?.len(), 3);
        Ok(())
    })
}

/// The job once this attempt of it has ended, in this state.
async fn ended_as(tenant: &Tenant, job: &str, attempt: i32, state: &str) -> Result<Value> {
    poll::until(format!("attempt {attempt} of {job} ends"), async || {
        let document = tenant.client.job(job).await?;
        let is_there = document["attempt"] == attempt && document["status"] == state;
        Ok(is_there.then_some(document))
    })
    .await
}

#[test]
fn replay_with_another_model_asks_that_one() -> Result<()> {
    shared(async |stage| {
        let (tenant, operator) = tenant(stage).await?;
        let job = dead(&tenant, "sim-404@replaying").await?;
        let other = json!({"model": "sim-ok@replaying", "maxAttempts": 2, "deadlineSeconds": 600});
        replay(&operator, &job, &other).await?.json(202)?;
        tenant.client.job_in(&job, "succeeded").await?;
        let calls = stage.calls(&job).await?;
        let models: Vec<&Value> = calls.iter().map(|call| &call["model"]).collect();
        assert_eq!(models, ["sim-404@replaying", "sim-ok@replaying"]);
        let again = replay(&operator, &job, &json!({})).await?.json(409)?;
        assert_eq!(again["code"], "not-dead-lettered");
        let detail = text(&again, "detail")?;
        assert!(detail.contains("succeeded"), "{detail}");
        Ok(())
    })
}

#[test]
fn dead_letters_are_shown_to_the_operators_of_their_tenant_alone() -> Result<()> {
    shared(async |stage| {
        let (owner, _) = tenant(stage).await?;
        let (_, stranger) = tenant(stage).await?;
        let job = dead(&owner, "sim-404@tenancy").await?;
        let foreign = stranger.get(&format!("{LETTERS}/{job}")).await?;
        assert_eq!(foreign.status, 404, "{}", foreign.body);
        assert_eq!(replay(&stranger, &job, &json!({})).await?.status, 404);
        // Its owner's key may read and write jobs, and no more.
        for answer in [
            owner.client.get(&format!("{LETTERS}/{job}")).await?,
            replay(&owner.client, &job, &json!({})).await?,
        ] {
            assert_eq!(answer.json(403)?["code"], "insufficient-scope");
        }
        assert_eq!(owner.client.job(&job).await?["status"], "dead_lettered");
        Ok(())
    })
}

//! An operator on a bad day: many dead letters, put back at a pace, and what is left deleted.

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::{Answer, Client, column, text};
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stages::{alone, shared};

const LETTERS: &str = "/api/v1/dead-letters";
const REPLAYS: &str = "/api/v1/replays";

/// A tenant's client, and one that looks after its dead letters.
async fn clients(stage: &Stage) -> Result<(Client, Client)> {
    let tenant = stage.tenant().await?;
    let scopes = ["jobs:read", "ops:read", "ops:write"];
    let (_, key) = stage.key(&tenant.id, &scopes).await?;
    Ok((tenant.client, stage.client(Some(&key))?))
}

/// Jobs that die of their first failure, and would succeed at a second try.
async fn letters(client: &Client, operator: &Client, number: usize, name: &str) -> Result<()> {
    for index in 0..number {
        let model = format!("sim-flaky-1@{name}{index}");
        client.submit(&model, json!({"maxAttempts": 1})).await?;
    }
    poll::until(format!("{number} letters"), async || {
        let groups = operator
            .get(&format!("{LETTERS}/groups"))
            .await?
            .json(200)?;
        Ok((groups["total"] == number).then_some(()))
    })
    .await
}

async fn begin(operator: &Client, body: &Value) -> Result<String> {
    let begun = operator.post(REPLAYS, body).await?.json(202)?;
    text(&begun, "replayId")
}

/// The replay once it is as asked.
async fn replay_in(operator: &Client, replay: &str, is: impl Fn(&Value) -> bool) -> Result<Value> {
    poll::until(format!("{replay} is as it should be"), async || {
        let found = operator
            .get(&format!("{REPLAYS}/{replay}"))
            .await?
            .json(200)?;
        Ok(is(&found).then_some(found))
    })
    .await
}

async fn control(operator: &Client, replay: &str, wish: &str) -> Result<Answer> {
    let path = format!("{REPLAYS}/{replay}/{wish}");
    operator.post(&path, &json!({})).await
}

#[test]
fn an_operator_groups_tries_replays_and_purges() -> Result<()> {
    shared(async |stage| {
        let (client, operator) = clients(stage).await?;
        letters(&client, &operator, 12, "flow").await?;
        let for_good = client.submit("sim-404", json!({})).await?;
        client.job_in(&for_good, "dead_lettered").await?;
        let dry = json!({"filter": {"code": "attempts_exhausted"}, "dryRun": true});
        let told = operator.post(REPLAYS, &dry).await?.json(200)?;
        ensure!(told["matched"] == 12, "{told:#}");
        let replay = begin(
            &operator,
            &json!({
                "filter": {"code": "attempts_exhausted", "kind": "generate"}, "maxPerSecond": 5,
                "sample": {"count": 3, "minSuccessPercent": 100}, "note": "it is up again"
            }),
        )
        .await?;
        let refused = operator.post(REPLAYS, &json!({"filter": {}})).await?;
        let refused = refused.json(409)?;
        ensure!(refused["replayId"] == replay.as_str(), "{refused:#}");
        let done = replay_in(&operator, &replay, |replay| {
            replay["outcomes"]["succeeded"] == 12
        })
        .await?;
        assert_eq!(
            (&done["status"], &done["replayed"]),
            (&json!("completed"), &json!(12))
        );
        assert_eq!(done["sample"]["succeeded"], 3);
        let jobs = operator
            .get(&format!("{REPLAYS}/{replay}/jobs?limit=100"))
            .await?;
        let jobs = jobs.json(200)?;
        let put_back = column(&jobs["data"], "jobId");
        assert_eq!(put_back.len(), 12);
        let one = put_back[0].as_str().context("an id")?;
        let lineage = client.job(one).await?;
        assert_eq!(lineage["replays"][0]["replayId"], replay.as_str());
        let count = operator.request(Method::DELETE, &format!("{LETTERS}?all=true&dryRun=true"));
        let count = Answer::of(count).await?.json(200)?;
        ensure!(count["matched"] == 1, "{count:#}");
        let purge = format!("{LETTERS}?all=true&expectedCount=1");
        let purged = Answer::of(operator.request(Method::DELETE, &purge))
            .await?
            .json(200)?;
        assert_eq!(purged["purged"], 1);
        assert_eq!(
            client
                .get(&format!("/api/v1/jobs/{for_good}"))
                .await?
                .status,
            404
        );
        let audit = operator.get("/api/v1/audit").await?.json(200)?;
        let actions = column(&audit["data"], "action");
        for action in [
            "dead_letters.purge",
            "replay.end",
            "replay.create",
            "key.create",
        ] {
            ensure!(actions.contains(&&json!(action)), "{action}: {audit:#}");
        }
        Ok(())
    })
}

#[test]
fn a_paused_replay_waits_and_an_aborted_one_leaves_the_rest_dead() -> Result<()> {
    shared(async |stage| {
        let (client, operator) = clients(stage).await?;
        letters(&client, &operator, 8, "stop").await?;
        let replay = begin(&operator, &json!({"filter": {}, "maxPerSecond": 1})).await?;
        replay_in(&operator, &replay, |replay| replay["replayed"] != 0).await?;
        let paused = control(&operator, &replay, "pause").await?.json(200)?;
        assert_eq!(paused["status"], "paused");
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let still = replay_in(&operator, &replay, |_| true).await?;
        assert_eq!(still["replayed"], paused["replayed"]);
        control(&operator, &replay, "resume").await?.json(200)?;
        let more = replay_in(&operator, &replay, |now| {
            now["replayed"].as_u64() > paused["replayed"].as_u64()
        });
        more.await?;
        let aborted = control(&operator, &replay, "abort").await?.json(200)?;
        let left = operator
            .get(&format!("{LETTERS}/groups"))
            .await?
            .json(200)?;
        assert_eq!(left["total"], aborted["remaining"]);
        ensure!(aborted["remaining"] != 0, "{aborted:#}");
        assert_eq!(control(&operator, &replay, "resume").await?.status, 409);
        Ok(())
    })
}

#[test]
fn f28_a_replay_survives_a_kill_and_puts_each_letter_back_once() -> Result<()> {
    alone(async |stage| {
        let (client, operator) = clients(stage).await?;
        letters(&client, &operator, 30, "kill").await?;
        let replay = begin(&operator, &json!({"filter": {}, "maxPerSecond": 5})).await?;
        replay_in(&operator, &replay, |replay| replay["replayed"] != 0).await?;
        stage.crash()?;
        let done = poll::until("the replay has ended".to_owned(), async || {
            // The local queues are in memory: the sweep sends what the kill took along.
            stage.sweep().await?;
            let found = operator
                .get(&format!("{REPLAYS}/{replay}"))
                .await?
                .json(200)?;
            Ok((found["outcomes"]["succeeded"] == 30).then_some(found))
        })
        .await?;
        assert_eq!(
            (&done["status"], &done["replayed"]),
            (&json!("completed"), &json!(30))
        );
        let jobs = client.jobs().await?;
        assert_eq!(jobs.len(), 30);
        for job in &jobs {
            let document = client.job(job).await?;
            let replays = document["replays"].as_array().map(Vec::len);
            assert_eq!(replays, Some(1), "{document:#}");
        }
        Ok(())
    })
}

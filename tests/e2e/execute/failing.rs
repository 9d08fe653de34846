//! An executor that fails: the failure is the executor's, never a result of the program.

use anyhow::Result;
use redrive_tests::client::{Client, column, text};
use redrive_tests::stage::{Stage, Tenant};
use serde_json::{Value, json};
use xtask::faults::{CallFaults, Faults};

use super::{EXECUTE, TESTS, program, ran, submit, warm_up};
use crate::crashes::swept_to_its_end;
use crate::stages::faulty;

/// These faults of the executors.
fn executors(faults: CallFaults) -> Faults {
    let mut all = Faults::default();
    all.consumer.executors = faults;
    all
}

/// Faults that strike so often.
fn times(times: u32, faults: CallFaults) -> CallFaults {
    CallFaults {
        times: Some(times),
        ..faults
    }
}

#[test]
fn executor_that_throws_is_asked_again_and_the_job_succeeds() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        let ended = CallFaults::always().saying("Worker exceeded memory limit.");
        for (language, source, fault) in [
            ("python", "print(1)", ended),
            ("javascript", "console.log(1)", CallFaults::always()),
            ("python", "print(1)", CallFaults::always_after()),
        ] {
            let mark = stage.mark()?;
            stage.set_faults(executors(times(1, fault)))?;
            let request = program(language, source, json!({}));
            let job = submit(&tenant.client, EXECUTE, &request).await?;
            let ended = tenant.client.job_in(&job, "succeeded").await?;
            let binding = format!("EXECUTOR_{}", language.to_uppercase());
            assert_eq!(stage.events_since(mark, "binding", &binding)?.len(), 1);
            assert_eq!(
                column(&ended["attempts"], "outcome"),
                ["failed", "succeeded"],
                "{ended:#}"
            );
            assert_eq!(
                column(&ended["attempts"], "code"),
                [&json!("provider_unreachable"), &Value::Null]
            );
            assert_eq!(ended["result"]["stdout"], "1\n", "{ended:#}");
            assert_eq!(stage.row(&job)?.results, 1);
        }
        Ok(())
    })
}

/// A job of each kind that one failure of the executor made a dead letter.
async fn dead_letters(tenant: &Tenant) -> Result<[String; 2]> {
    let run = program("python", "print(1)", json!({"maxAttempts": 1}));
    let run = submit(&tenant.client, EXECUTE, &run).await?;
    let tests = json!({
        "language": "javascript", "userCode": "f = x => x", "functionName": "f", "maxAttempts": 1,
        "testCases": [{"input": 1, "expected": 1}, {"input": 2, "expected": 3}],
    });
    let tests = submit(&tenant.client, TESTS, &tests).await?;
    for job in [&run, &tests] {
        tenant.client.job_in(job, "dead_lettered").await?;
    }
    Ok([run, tests])
}

#[test]
fn dead_letter_of_an_executor_is_replayed_and_succeeds() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        let (_, key) = stage.key(&tenant.id, &["ops:read", "ops:write"]).await?;
        let operator = stage.client(Some(&key))?;
        stage.set_faults(executors(CallFaults::always()))?;
        let jobs = dead_letters(&tenant).await?;
        for job in &jobs {
            let dead = tenant.client.job(job).await?;
            assert_eq!(dead["error"]["code"], "attempts_exhausted", "{dead:#}");
            assert_eq!(column(&dead["attempts"], "code"), ["provider_unreachable"]);
            assert_eq!(dead["result"], Value::Null, "{dead:#}");
            let message = text(&dead["error"], "message")?;
            assert!(message.contains("executor"), "{message}");
            let path = format!("/api/v1/dead-letters/{job}");
            let letter = operator.get(&path).await?.json(200)?;
            assert_eq!(letter["cause"], "provider_unreachable", "{letter:#}");
        }
        stage.recover()?;
        let replayed = replayed(stage, &tenant, &operator, &jobs).await?;
        assert_eq!(replayed[0]["result"]["stdout"], "1\n");
        let report = &replayed[1]["result"];
        assert_eq!([&report["passed"], &report["failed"]], [1, 1], "{report:#}");
        Ok(())
    })
}

/// The jobs once they were replayed and have succeeded.
async fn replayed(
    stage: &Stage,
    tenant: &Tenant,
    operator: &Client,
    jobs: &[String],
) -> Result<Vec<Value>> {
    let mut ended = Vec::new();
    for job in jobs {
        let path = format!("/api/v1/dead-letters/{job}/replay");
        let note = json!({"note": "the executor is there again"});
        operator.post(&path, &note).await?.json(202)?;
        let document = tenant.client.ended(job).await?;
        assert_eq!(document["status"], "succeeded", "{document:#}");
        assert_eq!(column(&document["attempts"], "attempt"), [1, 2]);
        assert_eq!(document["error"], Value::Null, "{document:#}");
        assert_eq!(stage.row(job)?.results, 1);
        ended.push(document);
    }
    Ok(ended)
}

#[test]
fn executor_that_does_not_answer_is_given_up_at_the_end_of_the_attempt() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        let held = CallFaults {
            hold_before_ms: 6_000,
            ..CallFaults::default()
        };
        stage.set_faults(executors(times(1, held)))?;
        let request = program("python", "print(1)", json!({"maxAttempts": 1}));
        let job = submit(&tenant.client, EXECUTE, &request).await?;
        let dead = tenant.client.job_in(&job, "dead_lettered").await?;
        assert_eq!(dead["error"]["code"], "attempts_exhausted", "{dead:#}");
        assert_eq!(column(&dead["attempts"], "code"), ["provider_timeout"]);
        assert_eq!(stage.row(&job)?.results, 0);
        // Other programs are run as ever.
        let result = ran(&tenant.client, &program("python", "1 + 1", json!({}))).await?;
        assert_eq!(result["value"], 2, "{result:#}");
        Ok(())
    })
}

#[test]
fn program_of_a_longer_limit_than_the_attempt_is_ended_by_it_and_its_job_succeeds() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        for (language, source) in [
            ("python", "while True: pass"),
            ("javascript", "for (;;) {}"),
        ] {
            let fields = json!({"timeLimit": 30, "maxAttempts": 1});
            let request = program(language, source, fields);
            let job = submit(&tenant.client, EXECUTE, &request).await?;
            let ended = tenant.client.job_in(&job, "succeeded").await?;
            assert_eq!(ended["result"]["limit"], "time", "{ended:#}");
        }
        Ok(())
    })
}

#[test]
fn cases_for_which_there_is_no_time_are_failed_and_not_the_job() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        let source = "function f(x) { for (;;) {} }";
        let cases: Vec<Value> = (0..4)
            .map(|number| json!({"input": number, "expected": number}))
            .collect();
        let request = json!({
            "language": "javascript", "userCode": source, "functionName": "f",
            "testCases": cases, "timeLimit": 30, "maxAttempts": 1,
        });
        let job = submit(&tenant.client, TESTS, &request).await?;
        let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        let report = &ended["result"];
        assert_eq!(report["failed"], 4, "{report:#}");
        assert_eq!(report["cases"][0]["limit"], "time", "{report:#}");
        for case in &report["cases"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()[1..]
        {
            let error = text(case, "error")?;
            assert!(error.starts_with("The case was not run"), "{report:#}");
        }
        Ok(())
    })
}

//! The runtime is killed while a program runs: it runs again, and its result is there once.

use anyhow::Result;
use redrive_tests::client::column;
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use serde_json::{Value, json};

use super::{EXECUTE, TESTS, program, submit, warm_up};
use crate::crashes::swept_to_its_end;
use crate::stages::alone;

/// Waits until a job runs. The database is asked past the Workers: while a program runs, the local
/// runtime answers nobody.
async fn runs(stage: &Stage, job: &str) -> Result<()> {
    poll::until(format!("{job} runs"), async || {
        Ok((stage.row(job)?.state == "running").then_some(()))
    })
    .await
}

#[test]
fn program_that_was_killed_with_the_runtime_runs_again_and_has_one_result() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        warm_up(&tenant.client).await?;
        let looping = "let n = 0; console.log('begun'); for (;;) n++";
        let cases: Vec<Value> = (0..3)
            .map(|number| json!({"input": number, "expected": number}))
            .collect();
        let tests = json!({
            "language": "python", "functionName": "f", "timeLimit": 1,
            "userCode": "def f(x):\n    while x == 0:\n        pass\n    return x\n",
            "testCases": cases,
        });
        for (path, request) in [
            (
                EXECUTE,
                program("javascript", looping, json!({"timeLimit": 1})),
            ),
            (TESTS, tests),
        ] {
            // Behind the held call both wait in the queue, and the runtime still answers.
            let held = tenant.client.submit("sim-hold", json!({})).await?;
            stage.called(&held, 1).await?;
            let job = submit(&tenant.client, path, &request).await?;
            let other = program("python", "print(7)", json!({}));
            let other = submit(&tenant.client, EXECUTE, &other).await?;
            stage.release().await?;
            runs(stage, &job).await?;
            stage.crash()?;
            let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
            assert_eq!(ended["status"], "succeeded", "{ended:#}");
            // Between the two, the new isolate's first start may have taken longer than an attempt.
            let outcomes = column(&ended["attempts"], "outcome");
            assert_eq!(outcomes.first(), Some(&&json!("rescued")), "{ended:#}");
            assert_eq!(outcomes.last(), Some(&&json!("succeeded")), "{ended:#}");
            let row = stage.row(&job)?;
            assert_eq!((row.rescues, row.results), (1, 1), "{row:?}");
            if path == EXECUTE {
                assert_eq!(ended["result"]["stdout"], "begun\n", "{ended:#}");
            } else {
                let cases = &ended["result"]["cases"];
                assert_eq!(cases[0]["limit"], "time", "{ended:#}");
            }
            // It ran beside the other, or waited in the memory of the queue and was lost with it.
            for (beside, field, result) in
                [(other, "stdout", "7\n"), (held, "finishReason", "stop")]
            {
                let ended = swept_to_its_end(stage, &tenant.client, &beside).await?;
                assert_eq!(ended["result"][field], result, "{ended:#}");
                assert_eq!(stage.row(&beside)?.results, 1);
            }
        }
        Ok(())
    })
}

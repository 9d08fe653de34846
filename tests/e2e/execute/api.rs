//! Jobs that run code, as the API takes them: like every other job.

use anyhow::{Context as _, Result};
use redrive_tests::client::{Answer, Client, field, text};
use reqwest::Method;
use serde_json::{Value, json};

use super::{EXECUTE, TESTS, program, submit};
use crate::stages::{alone, shared};

#[test]
fn languages_are_listed_with_who_runs_them_and_their_limits() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let listed = tenant.client.get("/api/v1/languages").await?.json(200)?;
        let languages = listed["data"].as_array().context("no data")?;
        let ours = languages.iter().filter(|one| one["runner"] == "executor");
        let ours: Vec<&Value> = ours.collect();
        let limits = json!({
            "maxTimeLimit": 30.0, "defaultTimeLimit": 10.0,
            "maxMemoryLimit": 64, "defaultMemoryLimit": 64,
        });
        let language = |name: &str, aliases: [&str; 2]| {
            json!({
                "language": name, "aliases": aliases, "runner": "executor",
                "functionCalls": true, "limits": limits,
            })
        };
        assert_eq!(
            ours,
            [
                &language("javascript", ["js", "node"]),
                &language("python", ["py", "python3"]),
            ]
        );
        let nobody = stage.client(None)?.get("/api/v1/languages").await?;
        assert_eq!(nobody.status, 401, "{}", nobody.body);
        Ok(())
    })
}

/// The fields that a refused request is told about, with the rules.
async fn refused(client: &Client, path: &str, request: &Value) -> Result<Vec<(String, String)>> {
    let problem = client.post(path, request).await?.json(422)?;
    assert_eq!(problem["code"], "validation-failed", "{problem:#}");
    let errors = problem["errors"].as_array().context("no errors")?;
    errors
        .iter()
        .map(|error| Ok((text(error, "pointer")?, text(error, "detail")?)))
        .collect()
}

#[test]
fn request_that_cannot_be_run_is_refused_by_the_names_of_its_fields() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let case = json!([{"input": 1, "expected": 1}]);
        let ran = |fields: Value| (EXECUTE, program("python", "1", fields));
        let judged = |fields: Value| {
            let mut request = json!({"language": "js", "userCode": "1", "testCases": case});
            if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
                request.extend(fields);
            }
            (TESTS, request)
        };
        for ((path, request), pointer, rule) in [
            (
                ran(json!({"language": "cobol"})),
                "/language",
                "`javascript`",
            ),
            (ran(json!({"language": 7})), "/language", "`python`"),
            (
                ran(json!({"source_code": "2"})),
                "/source_code",
                "`sourceCode`",
            ),
            (
                (EXECUTE, json!({"language": "python", "sourceCode": ""})),
                "/sourceCode",
                "1",
            ),
            (ran(json!({"timeLimit": 31})), "/timeLimit", "30"),
            (ran(json!({"timeLimit": 0})), "/timeLimit", "0.1"),
            (ran(json!({"memory_limit": 65})), "/memory_limit", "64"),
            (
                ran(json!({"functionName": "f"})),
                "/functionName",
                "not a known field",
            ),
            (ran(json!({"prompt": "x"})), "/prompt", "not a known field"),
            (judged(json!({"testCases": []})), "/testCases", "1"),
            (
                judged(json!({"testCases": [{"input": 1}]})),
                "/testCases/0/expected",
                "required",
            ),
            (
                judged(json!({"functionName": "f()"})),
                "/functionName",
                "name of a function",
            ),
            (judged(json!({"tolerance": 2})), "/tolerance", "1"),
            (judged(json!({"stdin": "x"})), "/stdin", "not a known field"),
        ] {
            let errors = refused(&tenant.client, path, &request).await?;
            assert_eq!(errors.len(), 1, "{request}: {errors:?}");
            let (named, detail) = &errors[0];
            assert_eq!(named, pointer, "{request}: {errors:?}");
            assert!(detail.contains(rule), "no {rule:?}: {request}: {errors:?}");
        }
        assert_eq!(tenant.client.jobs().await?, Vec::<String>::new());
        Ok(())
    })
}

#[test]
fn source_and_input_may_have_256_kib_each_and_a_body_a_mebibyte() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let source = format!("#{}\nlen(input())", "x".repeat(262_144 - 14));
        let mut request = json!({
            "language": "python", "sourceCode": source, "stdin": "ä".repeat(131_072),
        });
        let job = submit(&tenant.client, EXECUTE, &request).await?;
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        assert_eq!(ended["result"]["value"], 131_072, "{ended:#}");
        request["sourceCode"] = json!(format!("{source}1"));
        let errors = refused(&tenant.client, EXECUTE, &request).await?;
        let pointers: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/sourceCode"]);
        let large = program("python", "1", json!({"stdin": "x".repeat(1_100_000)}));
        let refused = tenant.client.post(EXECUTE, &large).await?;
        assert_eq!(refused.status, 413, "{}", refused.body);
        Ok(())
    })
}

async fn post_with_key(client: &Client, path: &str, key: &str, request: &Value) -> Result<Answer> {
    let post = client.request(Method::POST, path).json(request);
    Answer::of(post.header("idempotency-key", key)).await
}

#[test]
fn second_post_with_the_same_key_answers_with_the_first_job() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let request = program("python", "import random\nrandom.random()", json!({}));
        let first = post_with_key(client, EXECUTE, "once", &request).await?;
        let job = text(&first.json(202)?, "jobId")?;
        let ended = client.job_in(&job, "succeeded").await?;
        let again = post_with_key(client, EXECUTE, "once", &request).await?;
        assert_eq!((again.status, &again.body), (202, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(client.job(&job).await?, ended);
        assert_eq!(client.jobs().await?, [job.as_str()]);
        let other = program("python", "2", json!({}));
        let refused = post_with_key(client, EXECUTE, "once", &other).await?;
        assert_eq!(refused.json(422)?["code"], "idempotency-key-reused");
        // A key belongs to its route.
        let tests = json!({
            "language": "python", "userCode": "1", "testCases": [{"input": 1, "expected": 1}],
        });
        let elsewhere = post_with_key(client, TESTS, "once", &tests).await?;
        assert_ne!(text(&elsewhere.json(202)?, "jobId")?, job);
        Ok(())
    })
}

#[test]
fn job_that_is_cancelled_while_it_waits_is_never_run() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        let held = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&held, 1).await?;
        let request = program("python", "print(1)", json!({}));
        let job = submit(&tenant.client, EXECUTE, &request).await?;
        let cancel = format!("/api/v1/jobs/{job}/cancel");
        let cancel = tenant.client.request(Method::POST, &cancel);
        let cancelled = Answer::of(cancel).await?.json(200)?;
        assert_eq!(cancelled["status"], "cancelled", "{cancelled:#}");
        stage.release().await?;
        // Its message is delivered before this one's.
        let after = submit(&tenant.client, EXECUTE, &request).await?;
        tenant.client.job_in(&after, "succeeded").await?;
        let still = tenant.client.job(&job).await?;
        assert_eq!(still, cancelled);
        assert_eq!(
            (field(&still, "attempts"), field(&still, "result")),
            (&json!([]), &Value::Null)
        );
        Ok(())
    })
}

//! Batches that nothing goes wrong with.

use anyhow::{Result, ensure};
use redrive_tests::client::column;
use serde_json::{Value, json};

use super::{BATCHES, batch, check_answered, ended, lines, submit, told};
use crate::stages::shared;

#[test]
fn batch_of_hundreds_of_lines_gives_results_in_the_order_of_its_lines() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let id = submit(client, "?name=hundreds", lines("sim-ok", 300, 0)).await?;
        let document = ended(client, &id, async || Ok(())).await?;
        assert_eq!(
            (&document["name"], &document["percent"]),
            (&json!("hundreds"), &json!(100.0))
        );
        check_answered(stage, client, &id, 300).await?;

        // The same lines in the order in which they ended, read in two parts.
        let all = told(client, &id, "results?order=completion").await?;
        let first = told(client, &id, "results?order=completion&limit=120").await?;
        assert_eq!(first, all[..120]);
        let cursor = first[119]["cursor"].as_str().unwrap_or_default();
        let rest = told(
            client,
            &id,
            &format!("results?order=completion&cursor={cursor}"),
        )
        .await?;
        assert_eq!(rest, all[120..]);
        let mut lines: Vec<u64> = all.iter().filter_map(|one| one["line"].as_u64()).collect();
        lines.sort_unstable();
        assert_eq!(lines, (1..=300).collect::<Vec<_>>());
        for place in [0, 150, 299] {
            let job = all[place]["jobId"].as_str().unwrap_or_default();
            assert_eq!(stage.calls(job).await?.len(), 1);
        }
        let page = client.get("/api/v1/jobs?limit=1").await?.json(200)?;
        assert_eq!(page["data"][0]["batchId"], id.as_str());
        Ok(())
    })
}

#[test]
fn lines_fail_for_themselves_and_can_be_posted_again() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let body = [
            json!({"customId": "good", "model": "sim-ok", "prompt": "c4n4ry-prompt: one"}),
            json!({"customId": "refused", "model": "sim-400", "prompt": "c4n4ry-prompt: two"}),
            json!({"customId": "wrong", "model": "sim-ok", "prompt": 3}),
            json!({"customId": "dead", "model": "sim-401@lines", "prompt": "c4n4ry-prompt: four"}),
        ];
        let body = body.map(|line| line.to_string()).join("\n\n");
        let id = submit(client, "?onError=skip", body).await?;
        let document = ended(client, &id, async || Ok(())).await?;
        assert_eq!(document["status"], "completed", "{document:#}");
        assert_eq!(document["counts"]["succeeded"], 1, "{document:#}");
        let results = Value::Array(told(client, &id, "results").await?);
        assert_eq!(column(&results, "line"), [1, 3, 5, 7]);
        let errors = told(client, &id, "errors").await?;
        let names: Vec<&Value> = errors.iter().map(|line| &line["customId"]).collect();
        assert_eq!(names, ["refused", "wrong", "dead"]);
        assert!(
            errors.iter().all(|line| line["error"]["code"].is_string()),
            "{errors:#?}"
        );
        let text: Vec<String> = errors.iter().map(Value::to_string).collect();
        let again = submit(client, "?onError=skip", text.join("\n")).await?;
        assert_eq!(batch(client, &again).await?["invalidLines"], 1);
        Ok(())
    })
}

#[test]
fn batches_of_two_tenants_run_side_by_side_and_see_nothing_of_each_other() -> Result<()> {
    shared(async |stage| {
        let (one, two) = (stage.tenant().await?, stage.tenant().await?);
        let first = submit(&one.client, "", lines("sim-ok@one", 60, 0)).await?;
        let second = submit(&two.client, "", lines("sim-ok@two", 60, 0)).await?;
        for (tenant, own, foreign) in [(&one, &first, &second), (&two, &second, &first)] {
            ended(&tenant.client, own, async || Ok(())).await?;
            check_answered(stage, &tenant.client, own, 60).await?;
            for rest in ["", "/results", "/errors"] {
                let answer = tenant
                    .client
                    .get(&format!("{BATCHES}/{foreign}{rest}"))
                    .await?;
                assert_eq!(answer.status, 404, "{rest}");
            }
            let list = tenant.client.get(BATCHES).await?.json(200)?;
            assert_eq!(column(&list["data"], "batchId"), [own]);
        }
        Ok(())
    })
}

#[test]
fn batch_of_programs_gives_what_each_of_them_prints() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let program = |number: usize| {
            let (language, source) = if number.is_multiple_of(2) {
                ("python", format!("print({number} * 111)"))
            } else {
                ("javascript", format!("console.log({number} * 111)"))
            };
            json!({"language": language, "sourceCode": source}).to_string()
        };
        let body: Vec<String> = (1..=8).map(program).collect();
        let id = submit(client, "?kind=execute&maxAttempts=1", body.join("\n")).await?;
        let document = ended(client, &id, async || Ok(())).await?;
        assert_eq!(document["counts"]["succeeded"], 8, "{document:#}");
        for (result, number) in told(client, &id, "results").await?.iter().zip(1..) {
            let printed = format!("{}", number * 111);
            ensure!(
                result["result"].to_string().contains(&printed),
                "{result:#}"
            );
        }
        Ok(())
    })
}

//! Chains of two providers: when the second one is asked, and what is told of the first.

use anyhow::Result;
use redrive_tests::client::{PROMPT, column, text};
use redrive_tests::stage::{Stage, Tenant};
use serde_json::{Value, json};

use super::kinds::{Ended, KINDS, Kind, with_all};
use crate::stages::shared;

/// Who is asked after this one.
fn next(kind: Kind) -> Kind {
    let index = KINDS.iter().position(|one| one.provider == kind.provider);
    let next = index.map_or(0, |index| (index + 1) % KINDS.len());
    KINDS[next]
}

/// A chain of this kind and the next one.
struct Chain {
    first: Kind,
    first_model: String,
    second: Kind,
    second_model: String,
}

impl Chain {
    fn new(first: Kind, behaviour: &str, test: &str) -> Self {
        let second = next(first);
        Self {
            first,
            first_model: first.model(behaviour, test),
            second,
            second_model: second.model("sim-ok", test),
        }
    }

    async fn ended(&self, stage: &Stage, tenant: &Tenant, mut request: Value) -> Result<Ended> {
        request["prompt"] = json!(PROMPT);
        request["providers"] = json!([
            {"provider": self.first.provider, "model": self.first_model},
            {"provider": self.second.provider, "model": self.second_model},
        ]);
        let accepted = tenant.client.post("/api/v1/generate", &request).await?;
        let job = text(&accepted.json(202)?, "jobId")?;
        Ok(Ended {
            model: self.second_model.clone(),
            document: tenant.client.ended(&job).await?,
            calls: stage.calls(&job).await?,
        })
    }

    /// After so many calls of the first provider the second one answered, and the last attempt
    /// tells why the first did not.
    fn check(&self, ended: &Ended, calls: usize, code: &str, status: u16) {
        let document = &ended.document;
        let told = format!("{:?}: {document:#}", self.first);
        assert_eq!(document["status"], "succeeded", "{told}");
        assert_eq!(document["provider"], self.second.provider, "{told}");
        assert_eq!(document["model"], self.second_model, "{told}");
        let attempts = &document["attempts"];
        let mut outcomes = vec!["deferred"; calls - 1];
        outcomes.push("succeeded");
        assert_eq!(column(attempts, "outcome"), outcomes, "{told}");
        let mut providers = vec![self.first.provider; calls - 1];
        providers.push(self.second.provider);
        assert_eq!(column(attempts, "provider"), providers, "{told}");
        let fallbacks = &attempts[calls - 1]["fallbacks"];
        assert_eq!(
            column(fallbacks, "provider"),
            [self.first.provider],
            "{told}"
        );
        let passed = &fallbacks[0];
        assert_eq!(passed["model"], self.first_model, "{told}");
        assert_eq!(passed["code"], code, "{told}");
        assert_eq!(passed["called"], true, "{told}");
        assert_eq!(passed["providerStatus"], status, "{told}");
        let mut customers = vec![json!(self.first.customer); calls];
        customers.push(json!(self.second.customer));
        let called: Vec<&Value> = ended.calls.iter().map(|call| &call["customer"]).collect();
        assert_eq!(called, customers.iter().collect::<Vec<_>>(), "{told}");
    }
}

#[test]
fn overloaded_provider_is_asked_again_and_then_the_next_one_answers() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        // With a hint of a second, so that nobody has to wait long.
        let chain = |kind: Kind| match kind.provider {
            "anthropic" => (Chain::new(kind, "sim-529-1", "overloaded"), 2, 529),
            _ => (Chain::new(kind, "sim-503-1", "overloaded"), 3, 503),
        };
        let ended = with_all(async |kind| chain(kind).0.ended(stage, &tenant, json!({})).await);
        for (kind, ended) in ended.await? {
            let (chain, calls, status) = chain(kind);
            chain.check(&ended, calls, "provider_unavailable", status);
        }
        Ok(())
    })
}

#[test]
fn refused_key_and_missing_model_send_a_job_to_the_next_provider_at_once() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (behaviour, code, status) in [
            ("sim-401", "provider_auth", 401),
            ("sim-404", "model_unavailable", 404),
        ] {
            let chain = |kind| Chain::new(kind, behaviour, "next");
            let ended = with_all(async |kind| chain(kind).ended(stage, &tenant, json!({})).await);
            for (kind, ended) in ended.await? {
                chain(kind).check(&ended, 1, code, status);
            }
        }
        Ok(())
    })
}

#[test]
fn filtered_answer_goes_to_the_next_provider_where_the_job_says_so() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let request = json!({"onContentFilter": "fallback", "onRefusal": "fallback"});
        let chain = |kind: Kind| match kind.provider {
            "anthropic" => (Chain::new(kind, "sim-row-9-partial", "policy"), "refused"),
            _ => (Chain::new(kind, "sim-row-8", "policy"), "content_filtered"),
        };
        let ended =
            with_all(async |kind| chain(kind).0.ended(stage, &tenant, request.clone()).await);
        for (kind, ended) in ended.await? {
            let (chain, code) = chain(kind);
            chain.check(&ended, 1, code, 200);
        }
        Ok(())
    })
}

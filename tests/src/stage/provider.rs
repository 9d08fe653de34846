//! The simulator of a stage, which is all its providers: what it was asked, and when it answers.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Stage;
use super::providers::DEFAULT_KEY;
use crate::client::{Client, PROMPT, field};
use crate::poll;

impl Stage {
    /// The calls that the provider got for a job, the earliest first.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn calls(&self, job: &str) -> Result<Vec<Value>> {
        let calls = self
            .provider()?
            .get(&format!("/calls/{job}"))
            .await?
            .json(200)?;
        Ok(field(&calls, "calls")
            .as_array()
            .context("no calls")?
            .clone())
    }

    /// Waits until the provider has got this many calls for a job.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn called(&self, job: &str, times: usize) -> Result<()> {
        poll::until(format!("call {times} for {job}"), async || {
            Ok((self.calls(job).await?.len() >= times).then_some(()))
        })
        .await
    }

    /// What the provider counted over all jobs.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn provider_counts(&self) -> Result<Value> {
        self.provider()?.get("/calls").await?.json(200)
    }

    /// Answers the calls that the provider holds.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn release(&self) -> Result<()> {
        self.provider()?
            .post("/release", &json!({}))
            .await?
            .json(200)?;
        Ok(())
    }

    /// The body of the provider's answer for a model, as the consumer gets it.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn provider_reply(&self, model: &str) -> Result<String> {
        let client = Client::new(self.simulator.url(), Some(DEFAULT_KEY.to_owned()))?;
        let call = json!({"model": model, "messages": [{"role": "user", "content": PROMPT}]});
        Ok(client.post("/chat/completions", &call).await?.body)
    }

    fn provider(&self) -> Result<Client> {
        Client::new(self.simulator.control_url(), None)
    }
}

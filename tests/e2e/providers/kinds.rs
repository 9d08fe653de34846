//! The kinds of providers that a stage has, and what is done with all of them at once.

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use redrive_shared::clock::Instant;
use redrive_tests::stage::{Stage, Tenant};
use serde_json::{Value, json};

/// One way to ask for an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The provider's name on the stage.
    pub(crate) provider: &'static str,
    /// As whom it calls the simulator; `None`: as nobody in particular.
    pub(crate) customer: Option<&'static str>,
    /// The route of the simulator that it calls.
    pub(crate) route: &'static str,
    /// The kinds of key that it carries.
    pub(crate) auth: &'static str,
}

const fn kind(provider: &'static str, route: &'static str, auth: &'static str) -> Kind {
    Kind {
        provider,
        customer: Some(provider),
        route,
        auth,
    }
}

/// All of them.
pub(crate) const KINDS: [Kind; 8] = [
    Kind {
        customer: None,
        ..kind("openai_compatible", "openai.chat", "bearer")
    },
    kind("openai", "openai.chat", "bearer"),
    kind("openai-responses", "openai.responses", "bearer"),
    kind("azure-classic", "azure.deployment", "api-key"),
    kind("azure-v1", "azure.chat", "api-key"),
    kind("anthropic", "anthropic.messages", "x-api-key"),
    kind("workers-ai", "workers-ai.run", "bearer"),
    kind("workers-ai-binding", "workers-ai.run", "bearer"),
];

/// A job that has ended, and the calls that the simulator got for it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) model: String,
    pub(crate) document: Value,
    pub(crate) calls: Vec<Value>,
}

impl Kind {
    pub(crate) fn is_workers_ai(self) -> bool {
        self.provider.starts_with("workers-ai")
    }

    /// A model of this behaviour, whose circuit is that of this test alone.
    pub(crate) fn model(self, behaviour: &str, test: &str) -> String {
        let author = if self.is_workers_ai() {
            "@cf/redrive/"
        } else {
            ""
        };
        format!("{author}{behaviour}@{test}")
    }

    /// Submits a job for a model, and gives back its id.
    pub(crate) async fn submit(
        self,
        tenant: &Tenant,
        model: &str,
        fields: &Value,
    ) -> Result<String> {
        let mut fields = fields.clone();
        fields["provider"] = json!(self.provider);
        tenant.client.submit(model, fields).await
    }

    /// The job, once it has ended.
    pub(crate) async fn ended(
        self,
        stage: &Stage,
        tenant: &Tenant,
        model: String,
        fields: &Value,
    ) -> Result<Ended> {
        let job = self.submit(tenant, &model, fields).await?;
        Ok(Ended {
            model,
            document: tenant.client.ended(&job).await?,
            calls: stage.calls(&job).await?,
        })
    }
}

/// Does something with every kind at once.
pub(crate) async fn with_all<T>(work: impl AsyncFn(Kind) -> Result<T>) -> Result<Vec<(Kind, T)>> {
    let work = &work;
    try_join_all(KINDS.map(async |kind| Ok((kind, work(kind).await?)))).await
}

/// Has every kind asked for a model of this behaviour, and waits until all jobs have ended.
pub(crate) async fn all_ended(
    stage: &Stage,
    test: &str,
    fields: Value,
    behaviour: impl Fn(Kind) -> &'static str,
) -> Result<Vec<(Kind, Ended)>> {
    let tenant = stage.tenant().await?;
    with_all(async |kind| {
        let model = kind.model(behaviour(kind), test);
        kind.ended(stage, &tenant, model, &fields).await
    })
    .await
}

/// An instant of a document.
pub(crate) fn instant(value: &Value) -> Result<Instant> {
    let text = value.as_str().context("no instant")?;
    Instant::parse_rfc3339(text).with_context(|| format!("no instant: {text}"))
}

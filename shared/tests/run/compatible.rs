//! Batches in OpenAI's shape, from the upload to the files of their answers.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets another document than it expects fails"
)]

mod answers;
mod files;
mod judging;
mod unreadable;

use crate::bench::{Bench, delivered, providers};
use redrive_shared::clock::Clock;
use redrive_shared::configuration::Configuration;
use redrive_shared::file;
use redrive_shared::file::upload::{Refused, Upload};
use redrive_shared::ids::{BatchId, FileId};
use redrive_shared::native::ScriptedTransport;
use redrive_shared::openai::BatchObject;
use redrive_shared::queue::Lane;
use redrive_shared::run::{Disposition, run_delivery};
use redrive_shared::store::{BatchRecord, BatchStatus, FileRecord, NewBatch};
use redrive_shared::task;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CHAT: &str = "/v1/chat/completions";
const DAY_SECONDS: i64 = 86_400;

fn configuration() -> Configuration {
    providers("sk-canary-secret").configuration().clone()
}

/// Lines of an input file, one a name.
fn lines(names: impl IntoIterator<Item = String>) -> String {
    let line = |name: String| {
        let body =
            json!({"model": "sim-ok", "messages": [{"role": "user", "content": "canary prompt"}]});
        let line = json!({"custom_id": name, "method": "POST", "url": CHAT, "body": body});
        format!("{line}\n")
    };
    names.into_iter().map(line).collect()
}

fn named(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("ask-{number}"))
}

impl Bench {
    /// Uploads a file in pieces of this length.
    async fn upload(&self, text: &[u8], piece: usize) -> Result<FileRecord, Refused> {
        let name = Some("lines.jsonl".to_owned());
        let mut upload = Upload::begin(&self.ports, &self.tenant, name).await?;
        for piece in text.chunks(piece) {
            if let Err(refused) = upload.push(piece).await {
                upload.discard().await;
                return Err(refused);
            }
        }
        upload.finish(3_600).await
    }

    /// Uploads lines and makes their batch.
    async fn submit_batch(&self, text: &str) -> BatchId {
        let file = self.upload(text.as_bytes(), 65_536).await.expect("taken");
        self.batch_of(file.id).await
    }

    async fn batch_of(&self, file_id: FileId) -> BatchId {
        let now = self.ports.clock.now();
        let batch = NewBatch {
            tenant_id: self.tenant.clone(),
            id: BatchId::new(now, &self.ports.entropy),
            status: BatchStatus::Validating,
            endpoint: Some(CHAT.to_owned()),
            file_id,
            file_kept_until: now.plus_seconds(DAY_SECONDS),
            name: None,
            metadata: BTreeMap::new(),
            skips_invalid: false,
            defaults: Map::new(),
            lines: 0,
            invalid_lines: 0,
            created_at: now,
            window_ends_at: Some(now.plus_seconds(DAY_SECONDS)),
            output_seconds: None,
        };
        let holder = self.ports.store.insert_batch(&batch, None).await;
        holder.expect("stored").id
    }

    async fn record(&self, batch: &BatchId) -> BatchRecord {
        let found = self.ports.store.find_batch(&self.tenant, batch).await;
        found.expect("readable").expect("there")
    }

    async fn shown(&self, batch: &BatchId) -> Value {
        json!(BatchObject::of(self.record(batch).await).expect("in this shape"))
    }

    /// Takes the next step that is due, as its message would.
    async fn step(&self, batch: &BatchId) -> Disposition {
        let body = json!({"v": 1, "task": "batch", "id": batch, "tenant": self.tenant}).to_string();
        let messages = [delivered(Some(body), 1)];
        let dispositions = task::receive(&self.ports, &configuration(), &messages).await;
        dispositions.into_iter().next().expect("one each")
    }

    /// Takes steps until the batch stands so, and time passes meanwhile.
    async fn step_to(&self, batch: &BatchId, status: BatchStatus) -> BatchRecord {
        for _ in 0..50 {
            let record = self.record(batch).await;
            if record.status == status {
                return record;
            }
            self.step(batch).await;
            self.ports.clock.advance_millis(1_000);
        }
        panic!("it is {:?}", self.record(batch).await)
    }

    /// Runs every job that has a message, with these answers.
    async fn run_all(&self, transport: &ScriptedTransport) {
        let messages: Vec<_> = self.ports.bulk_jobs.take();
        let messages: Vec<_> = messages
            .into_iter()
            .map(|body| delivered(Some(body), 1))
            .collect();
        let (settings, circuits) = (&self.settings, &self.circuits);
        for message in messages {
            let messages = [message];
            run_delivery(
                &self.ports,
                transport,
                settings,
                circuits,
                Lane::Bulk,
                &messages,
            )
            .await;
        }
    }

    /// The whole text of a file.
    async fn text(&self, file: &str) -> String {
        let file: FileId = file.parse().expect("an id");
        let mut text = String::new();
        let mut number = 0;
        while let Some(chunk) = file::read(&self.ports, &self.tenant, &file, number)
            .await
            .expect("readable")
        {
            text.push_str(&chunk);
            number += 1;
        }
        text
    }

    /// The lines of a file of answers by their names.
    async fn answers(&self, file: &Value) -> BTreeMap<String, Value> {
        let text = self.text(file.as_str().expect("a file")).await;
        let lines = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            (line["custom_id"].as_str().expect("a name").to_owned(), line)
        });
        lines.collect()
    }
}

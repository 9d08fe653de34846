//! A tenant on the native ports, and a provider that answers by script.

use redrive_shared::circuit::CircuitMemory;
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::configuration::{Configuration, ProviderConfiguration};
use redrive_shared::database::DatabaseError;
use redrive_shared::ids::{JobId, TenantId};
use redrive_shared::job::{JobRecord, Kind};
use redrive_shared::message::JobMessage;
use redrive_shared::native::{
    Fault, FaultyDatabase, NativePorts, Scripted, ScriptedTransport, SqliteDatabase,
};
use redrive_shared::provider::{Provider, Providers};
use redrive_shared::queue::Lane;
use redrive_shared::run::{Delivered, Disposition, RunSettings, run_delivery};
use redrive_shared::store::NewJob;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const START: Instant = Instant::from_millis(1_795_000_000_000);
pub(crate) const ACK: Disposition = Disposition::Acknowledge;

pub(crate) type Ports = NativePorts<FaultyDatabase<SqliteDatabase>>;

/// The one provider of the tests, with its key.
pub(crate) fn providers(key: &'static str) -> Providers {
    let url = "http://127.0.0.1:9/v1";
    let mut one = ProviderConfiguration::new("local", Provider::Compatible, url);
    one.api_key_secret = Some("LOCAL_API_KEY".to_owned());
    one.default_model = Some("sim-ok".to_owned());
    Providers::new(Configuration::single(one), |_| Some(key.to_owned()))
}

pub(crate) struct Bench {
    pub(crate) ports: Ports,
    pub(crate) tenant: TenantId,
    pub(crate) settings: RunSettings,
    /// What the isolate knows.
    pub(crate) circuits: CircuitMemory,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let database = FaultyDatabase::new(SqliteDatabase::in_memory().expect("migrates"));
        let ports = NativePorts::new(database, START, 7);
        let tenant = TenantId::new(START, &ports.entropy);
        let settings = RunSettings {
            providers: providers("sk-canary-secret"),
            attempt_timeout: Duration::from_mins(2),
            lease_margin: Duration::from_mins(1),
        };
        Self {
            ports,
            tenant,
            settings,
            circuits: CircuitMemory::new(),
        }
    }

    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.ports.store.database().fail_next(faults);
    }

    pub(crate) async fn submit(&self) -> JobId {
        let job = NewJob {
            tenant_id: self.tenant.clone(),
            id: JobId::new(self.ports.clock.now(), &self.ports.entropy),
            kind: Kind::Generate,
            max_attempts: 3,
            created_at: self.ports.clock.now(),
            deadline_seconds: 3_600,
            model: None,
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: r#"{"messages":[{"role":"user","content":"canary prompt"}]}"#.to_owned(),
        };
        self.ports.store.insert_job(&job).await.expect("stored");
        job.id
    }

    pub(crate) fn message(&self, job: &JobId) -> Delivered {
        let message = JobMessage {
            tenant_id: self.tenant.clone(),
            job_id: job.clone(),
        };
        delivered(Some(message.encode()), 1)
    }

    pub(crate) async fn deliver(
        &self,
        transport: &ScriptedTransport,
        messages: &[Delivered],
    ) -> Vec<Disposition> {
        run_delivery(
            &self.ports,
            transport,
            &self.settings,
            &self.circuits,
            Lane::Single,
            messages,
        )
        .await
    }

    pub(crate) async fn read(&self, job: &JobId) -> JobRecord {
        self.ports
            .store
            .job(&self.tenant, job)
            .await
            .expect("readable")
            .expect("there")
    }

    /// How many events of this name were logged.
    pub(crate) fn events(&self, name: &str) -> usize {
        let mark = format!(r#""event":"{name}""#);
        let lines = self.ports.log.lines();
        lines.iter().filter(|line| line.contains(&mark)).count()
    }

    /// Changes the tables behind the store's back.
    pub(crate) fn execute(&self, sql: &str) {
        let database = self.ports.store.database().inner();
        database.with_connection(|connection| connection.execute_batch(sql).expect("runs"));
    }

    pub(crate) fn rows(&self, table: &str) -> i64 {
        let database = self.ports.store.database().inner();
        database.with_connection(|connection| {
            let sql = format!("SELECT count(*) FROM {table}");
            connection
                .query_row(&sql, [], |row| row.get(0))
                .expect("counts")
        })
    }
}

pub(crate) fn delivered(body: Option<String>, deliveries: u32) -> Delivered {
    Delivered {
        id: "m1".to_owned(),
        queue: "redrive-jobs".to_owned(),
        deliveries,
        body,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
pub(crate) fn answer(text: &str) -> Scripted {
    let body = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "sim-ok-2026",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7},
    });
    Ok((200, body.to_string()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
pub(crate) fn status(status: u16) -> Scripted {
    Ok((
        status,
        r#"{"error":{"message":"no","type":"x","param":null,"code":null}}"#.to_owned(),
    ))
}

pub(crate) fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

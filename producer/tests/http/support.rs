//! The API on fakes that keep state, and a client for it.

mod database;
mod described;
mod openai;
mod reply;

pub(crate) use database::{ScriptedDatabase, Step};
pub(crate) use openai::{form, line};
pub(crate) use reply::Reply;

use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use redrive_producer::{App, KeyCache, Readiness, Secrets, router};
use redrive_shared::clock::Instant;
use redrive_shared::configuration::{Configuration, Found, ProviderConfiguration};
use redrive_shared::native::MemoryBucket;
use redrive_shared::native::{
    ManualClock, MemoryLog, MemoryQueue, MemoryStatusCache, SeededEntropy,
};
use redrive_shared::ports::Ports;
use redrive_shared::provider::Provider;
use redrive_shared::queue::Lane;
use redrive_shared::store::Store;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier, Mutex};
use tower::ServiceExt;

pub(crate) const ADMIN_KEY: &str = "operator-0123456789-0123456789-abcdef";
pub(crate) const KEY_HASH_SECRET: &str = "pepper-0123456789-0123456789-abcdefgh";
/// The instant at which every test begins.
pub(crate) const START: Instant = Instant::from_millis(1_795_258_517_372);

/// Ports that keep state.
pub(crate) struct TestPorts {
    pub(crate) store: Store<ScriptedDatabase>,
    pub(crate) jobs: MemoryQueue,
    pub(crate) bulk_jobs: MemoryQueue,
    pub(crate) tasks: MemoryQueue,
    pub(crate) dead_letters: MemoryQueue,
    pub(crate) cache: MemoryStatusCache,
    pub(crate) clock: ManualClock,
    pub(crate) entropy: SeededEntropy,
    pub(crate) log: MemoryLog,
}

impl Ports for TestPorts {
    type Database = ScriptedDatabase;
    type Queue = MemoryQueue;
    type Cache = MemoryStatusCache;
    type Bucket = MemoryBucket;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;
    type Log = MemoryLog;

    fn store(&self) -> &Store<ScriptedDatabase> {
        &self.store
    }
    fn jobs(&self, lane: Lane) -> &MemoryQueue {
        match lane {
            Lane::Single => &self.jobs,
            Lane::Bulk => &self.bulk_jobs,
        }
    }
    fn tasks(&self) -> &MemoryQueue {
        &self.tasks
    }
    fn dead_letters(&self) -> &MemoryQueue {
        &self.dead_letters
    }
    fn cache(&self) -> &MemoryStatusCache {
        &self.cache
    }
    fn bucket(&self) -> Option<&MemoryBucket> {
        None
    }
    fn clock(&self) -> &ManualClock {
        &self.clock
    }
    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
    fn log(&self) -> &MemoryLog {
        &self.log
    }
}

/// Readiness as the test sets it.
pub(crate) struct TestReadiness {
    pub(crate) queue: Mutex<Result<(), String>>,
    pub(crate) consumer: Mutex<Result<(), String>>,
}

impl Readiness for TestReadiness {
    async fn queue(&self) -> Result<(), String> {
        self.queue.lock().expect("not poisoned").clone()
    }

    async fn consumer(&self) -> Result<(), String> {
        self.consumer.lock().expect("not poisoned").clone()
    }
}

/// The API with nothing in it.
pub(crate) struct Api {
    pub(crate) app: Arc<App<TestPorts, TestReadiness>>,
    router: Router,
}

/// A tenant with a key.
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// A deployment with one provider.
pub(crate) fn configuration() -> Configuration {
    let url = "https://api.openai.com/v1";
    let mut one = ProviderConfiguration::new("openai", Provider::OpenAi, url);
    one.default_model = Some("gpt-4o-mini".to_owned());
    Configuration::single(one)
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with_secrets(Some(ADMIN_KEY), Some(KEY_HASH_SECRET))
    }

    pub(crate) fn with_secrets(admin_key: Option<&str>, key_hash_secret: Option<&str>) -> Self {
        let secrets = Secrets::read(admin_key, key_hash_secret);
        Self::with(secrets, Ok(Arc::new(configuration())))
    }

    pub(crate) fn with_configuration(configuration: Found) -> Self {
        let secrets = Secrets::read(Some(ADMIN_KEY), Some(KEY_HASH_SECRET));
        Self::with(secrets, configuration)
    }

    fn with(secrets: Secrets, configuration: Found) -> Self {
        let ports = TestPorts {
            store: Store::new(ScriptedDatabase::in_memory()),
            jobs: MemoryQueue::default(),
            bulk_jobs: MemoryQueue::default(),
            tasks: MemoryQueue::default(),
            dead_letters: MemoryQueue::default(),
            cache: MemoryStatusCache::default(),
            clock: ManualClock::at(START),
            entropy: SeededEntropy::new(7),
            log: MemoryLog::default(),
        };
        let readiness = TestReadiness {
            queue: Mutex::new(Ok(())),
            consumer: Mutex::new(Ok(())),
        };
        Self::of(App {
            ports,
            readiness,
            secrets,
            configuration,
            keys: Arc::new(KeyCache::default()),
        })
    }

    fn of(app: App<TestPorts, TestReadiness>) -> Self {
        let app = Arc::new(app);
        let router = router(Arc::clone(&app));
        Self { app, router }
    }

    /// The same deployment, told of other providers.
    pub(crate) fn reconfigured(self, configuration: Configuration) -> Self {
        drop(self.router);
        let app = Arc::into_inner(self.app).expect("only the router had it");
        Self::of(App {
            configuration: Ok(Arc::new(configuration)),
            ..app
        })
    }

    pub(crate) fn ports(&self) -> &TestPorts {
        &self.app.ports
    }

    pub(crate) fn database(&self) -> &ScriptedDatabase {
        self.app.ports.store.database()
    }

    /// Sends a request, and holds the answer against the description of the API.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router never fails");
        let reply = Reply::read(response).await;
        reply.check_headers();
        described::check(&method, &path, &reply);
        reply
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Reply {
        self.send(request(Method::GET, path, key, None)).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(request(Method::POST, path, key, Some(body)))
            .await
    }

    /// A new tenant with a key of these scopes.
    pub(crate) async fn tenant(&self, scopes: &[&str]) -> Tenant {
        let tenant = self
            .post(
                "/api/v1/admin/tenants",
                ADMIN_KEY,
                &json!({"name": "a tenant"}),
            )
            .await;
        let id = tenant.json()["tenantId"]
            .as_str()
            .expect("an id")
            .to_owned();
        let key = self.key(&id, scopes).await;
        Tenant { id, key }
    }

    /// A new key of a tenant.
    pub(crate) async fn key(&self, tenant: &str, scopes: &[&str]) -> String {
        let body = json!({"tenantId": tenant, "name": "a key", "scopes": scopes});
        let reply = self.post("/api/v1/admin/keys", ADMIN_KEY, &body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["key"].as_str().expect("a key").to_owned()
    }

    /// A new tenant that may read and write jobs, and look after its dead letters.
    pub(crate) async fn operator(&self) -> Tenant {
        self.tenant(&["jobs:read", "jobs:write", "ops:read", "ops:write"])
            .await
    }

    /// A new tenant that may read and write jobs.
    pub(crate) async fn user(&self) -> Tenant {
        self.tenant(&["jobs:read", "jobs:write"]).await
    }

    /// A new job in `queued`; answers its id.
    pub(crate) async fn job(&self, tenant: &Tenant) -> String {
        let reply = self
            .post("/api/v1/generate", &tenant.key, &json!({"prompt": "Hello"}))
            .await;
        assert_eq!(reply.status, 202, "{reply:?}");
        reply.json()["jobId"].as_str().expect("an id").to_owned()
    }

    /// A new batch of one line; answers its id.
    pub(crate) async fn batch(&self, tenant: &Tenant) -> String {
        let body = json!([{"prompt": "Hello"}]);
        let reply = self.post("/api/v1/batches", &tenant.key, &body).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        reply.json()["batchId"].as_str().expect("an id").to_owned()
    }

    /// A new replay of a new dead letter; answers its id.
    pub(crate) async fn replay(&self, tenant: &Tenant) -> String {
        self.dead(tenant).await;
        self.ports().clock.advance_millis(1_000);
        let body = json!({"filter": {}});
        let reply = self.post("/api/v1/replays", &tenant.key, &body).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        reply.json()["replayId"].as_str().expect("an id").to_owned()
    }

    /// Makes the same request that many times at once, each on a thread of its own.
    pub(crate) fn at_once(
        &self,
        times: usize,
        make: impl Fn(usize) -> Request<Body> + Sync,
    ) -> Vec<Reply> {
        let together = Barrier::new(times);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..times)
                .map(|number| {
                    let (together, make) = (&together, &make);
                    scope.spawn(move || {
                        let runtime = tokio::runtime::Builder::new_current_thread()
                            .build()
                            .expect("a runtime");
                        together.wait();
                        runtime.block_on(self.send(make(number)))
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no thread panics"))
                .collect()
        })
    }

    /// A new job that is dead; answers its id.
    pub(crate) async fn dead(&self, tenant: &Tenant) -> String {
        let job = self.job(tenant).await;
        self.ports().jobs.take();
        self.put_job(&job, "dead_lettered");
        job
    }

    /// Puts a job into a state by hand.
    pub(crate) fn put_job(&self, job: &str, state: &str) {
        let due = match state {
            "queued" | "running" => "created_at_ms",
            "retry_scheduled" => "created_at_ms + 30000",
            _ => "NULL",
        };
        let (completed, expires) = if due == "NULL" {
            ("created_at_ms + 10", "created_at_ms + 10 + 604800000")
        } else {
            ("NULL", "NULL")
        };
        let (code, error) = match state {
            "failed" | "dead_lettered" | "retry_scheduled" => (
                "'provider_error'",
                r#"'{"message":"The provider failed.","retryable":true,"excerpt":"the provider said this"}'"#,
            ),
            _ => ("NULL", "NULL"),
        };
        self.database().execute(&format!(
            "UPDATE jobs SET state = '{state}', attempt = 1, started_at_ms = created_at_ms + 5, \
             due_at_ms = {due}, completed_at_ms = {completed}, expires_at_ms = {expires}, \
             error_code = {code}, error = {error}, fingerprint = 'provider_error:-:-:-:-' \
             WHERE id = '{job}'"
        ));
    }

    /// How many rows each table has.
    pub(crate) fn rows(&self) -> [u64; 3] {
        ["tenants", "api_keys", "jobs"].map(|table| self.database().count(table))
    }

    /// The events of the log, parsed.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.ports().log.lines();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).expect("a line is JSON"))
            .collect()
    }
}

/// A request with a bearer token (none when empty), and a JSON body.
pub(crate) fn request(
    method: Method,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "api.test");
    if !key.is_empty() {
        builder = builder.header("authorization", format!("Bearer {key}"));
    }
    let body = match body {
        Some(body) => {
            builder = builder.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    builder.body(body).expect("a valid request")
}

/// The request with one more header.
pub(crate) fn with_header(
    mut request: Request<Body>,
    name: &'static str,
    value: &str,
) -> Request<Body> {
    request
        .headers_mut()
        .append(name, value.parse().expect("a valid header"));
    request
}

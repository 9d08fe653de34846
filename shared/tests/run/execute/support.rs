//! Jobs that run code, executors that answer by script, and one whose calls take their time.

use crate::bench::Bench;
use redrive_shared::clock::Clock;
use redrive_shared::configuration::RemoteExecutor;
use redrive_shared::document::{JobDocument, ResultDocument};
use redrive_shared::execute::{ExecuteInput, ExecuteTestsInput, RunLimits, TestCase, TestReport};
use redrive_shared::ids::JobId;
use redrive_shared::job::{JobState, Kind};
use redrive_shared::native::{ManualClock, Scripted, ScriptedTransport};
use redrive_shared::provider::{
    ProviderReply, ProviderRequest, Providers, Transport, TransportError,
};
use redrive_shared::queue::Lane;
use redrive_shared::run::run_delivery;
use redrive_shared::store::NewJob;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const LIMITS: RunLimits = RunLimits {
    time_ms: 10_000,
    memory_mib: 64,
};

async fn submit(bench: &Bench, kind: Kind, language: &str, request: String) -> JobId {
    let job = NewJob {
        tenant_id: bench.tenant.clone(),
        id: JobId::new(bench.ports.clock.now(), &bench.ports.entropy),
        kind,
        max_attempts: 3,
        created_at: bench.ports.clock.now(),
        deadline_seconds: 3_600,
        model: Some(language.to_owned()),
        ref_type: None,
        ref_id: None,
        metadata: BTreeMap::new(),
        request,
    };
    bench.ports.store.insert_job(&job).await.expect("stored");
    job.id
}

/// A job that runs a program.
pub(crate) async fn program(bench: &Bench, language: &str) -> JobId {
    let input = ExecuteInput {
        language: language.to_owned(),
        source_code: "canary source".to_owned(),
        stdin: "in".to_owned(),
        limits: LIMITS,
    };
    let request = serde_json::to_string(&input).expect("JSON");
    submit(bench, Kind::Execute, language, request).await
}

/// A job that tries each input, and expects the same back.
pub(crate) async fn tests(
    bench: &Bench,
    language: &str,
    function_name: Option<&str>,
    inputs: &[Value],
) -> JobId {
    let case = |input: &Value| TestCase {
        name: None,
        input: input.clone(),
        expected: input.clone(),
    };
    let input = ExecuteTestsInput {
        language: language.to_owned(),
        source_code: "canary source".to_owned(),
        function_name: function_name.map(str::to_owned),
        test_cases: inputs.iter().map(case).collect(),
        tolerance: 1e-9,
        limits: LIMITS,
    };
    let request = serde_json::to_string(&input).expect("JSON");
    submit(bench, Kind::ExecuteTests, language, request).await
}

/// A run in which all went well, but for what is said.
pub(crate) fn ran(but: &Value) -> Value {
    let usual = json!({"stdout": "", "stderr": "", "exitCode": 0, "durationMs": 1});
    let fields = [usual, but.clone()];
    fields
        .iter()
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What an executor of ours answers.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
pub(crate) fn runs(runs: &[Value], not_run: usize) -> Scripted {
    Ok((200, json!({"runs": runs, "notRun": not_run}).to_string()))
}

/// What Piston answers.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
pub(crate) fn piston(stdout: &str) -> Scripted {
    let run = json!({
        "stdout": stdout, "stderr": "", "output": stdout, "code": 0, "signal": null,
        "memory": 9_400_000, "message": null, "status": null, "cpu_time": 12, "wall_time": 31
    });
    let body = json!({"run": run, "language": "rust", "version": "1.68.2"});
    Ok((200, body.to_string()))
}

/// The body of a request.
pub(crate) fn body(request: &ProviderRequest) -> Value {
    serde_json::from_str(&request.body).expect("JSON")
}

/// The report of a job that succeeded.
pub(crate) async fn report(bench: &Bench, job: &JobId) -> TestReport {
    let record = bench.read(job).await;
    assert_eq!(record.state, JobState::Succeeded, "{:?}", record.error);
    let report = match JobDocument::from(record).result {
        Some(ResultDocument::Tests(report)) => Some(report),
        Some(ResultDocument::Answer(_) | ResultDocument::Run(_)) | None => None,
    };
    report.expect("a report")
}

/// A bench whose deployment has a remote executor for Rust and Ruby.
pub(crate) fn with_remote_executor() -> Bench {
    let mut bench = Bench::new();
    let mut configuration = bench.settings.providers.configuration().clone();
    let languages = [("rust", "1.68.2"), ("ruby", "3.0.1"), ("python", "3.12.0")];
    let languages = languages.map(|(name, version)| (name.to_owned(), version.to_owned()));
    configuration.remote_executor = Some(RemoteExecutor {
        base_url: "http://127.0.0.1:9".to_owned(),
        api_key_secret: Some("PISTON_KEY".to_owned()),
        languages: languages.into(),
        time_limit_seconds: 10,
        memory_limit_mib: 512,
    });
    bench.settings.providers = Providers::new(configuration, |_| Some("piston-key".to_owned()));
    bench
}

/// An executor each of whose calls takes so long.
pub(crate) struct Slow<'a> {
    pub(crate) inner: ScriptedTransport,
    pub(crate) clock: &'a ManualClock,
    pub(crate) millis: i64,
}

impl Transport for Slow<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let longest = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        self.clock.advance_millis(self.millis.min(longest));
        let reply = self.inner.send(request, timeout).await;
        if self.millis > longest {
            return Err(TransportError::Timeout);
        }
        reply
    }
}

impl Slow<'_> {
    pub(crate) async fn deliver(&self, bench: &Bench, job: &JobId) {
        let messages = [bench.message(job)];
        let (ports, settings) = (&bench.ports, &bench.settings);
        run_delivery(
            ports,
            self,
            settings,
            &bench.circuits,
            Lane::Single,
            &messages,
        )
        .await;
    }
}

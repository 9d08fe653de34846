//! What the witness sees at the queues, the log, the provider and the cache.

use super::snapshot::CircuitRow;
use super::{Asked, Breach, CLOCKS_APART_MS, Call, Invariant, Watched, Witness, ensure};
use crate::sim::gate::RunId;
use crate::sim::operation::Way;
use crate::sim::replies::CANARY;
use crate::sim::shape::MODEL;
use futures_util::FutureExt as _;
use redrive_shared::clock::Instant;
use redrive_shared::database::Statement;
use redrive_shared::document::JobDocument;
use redrive_shared::message::JobMessage;
use redrive_shared::native::SqliteDatabase;
use redrive_shared::status_cache;
use redrive_shared::store::Store;
use serde::Deserialize;

/// Longer than any body of ours, which holds ids only.
const BODY_BYTES: usize = 300;

/// Events by which a run says that it gave up on something it owes.
const GIVING_UP: [&str; 3] = [
    "commit_failed",
    "read_back_failed",
    "dropped_answer_not_recorded",
];

/// The fields of a line of the log that are looked at.
#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(default, rename = "job.id")]
    job: String,
    #[serde(default)]
    attempt: u32,
}

impl Witness {
    /// A run sent these bodies this way.
    pub(crate) fn sent(&mut self, run: RunId, way: Way, bodies: &[String]) {
        let deeds = self.deeds.entry(run.number).or_default();
        deeds.sent += bodies.len();
        if matches!(way, Way::Single | Way::Bulk) {
            let jobs = bodies
                .iter()
                .filter_map(|body| JobMessage::decode(body).ok());
            deeds.resent.extend(jobs.map(|job| job.job_id.to_string()));
        }
        for body in bodies {
            let clean = !body.contains(CANARY) && body.len() <= BODY_BYTES;
            self.judge(ensure(clean, Invariant::NothingLeaks, || {
                format!("a body on the queue: {body}")
            }));
        }
    }

    /// A run wrote this line to the log.
    pub(crate) fn logged(&mut self, run: RunId, line: &str) {
        let clean = !line.contains(CANARY);
        self.judge(ensure(clean, Invariant::NothingLeaks, || {
            format!("a line in the log: {line}")
        }));
        let judged = match serde_json::from_str::<Line>(line) {
            Ok(line) => self.told(run, &line),
            Err(error) => Err(Breach::new(
                Invariant::NothingHangs,
                format!("{error}: {line}"),
            )),
        };
        self.judge(judged);
    }

    fn told(&mut self, run: RunId, line: &Line) -> Result<(), Breach> {
        let deeds = self.deeds.entry(run.number).or_default();
        if GIVING_UP.contains(&line.event.as_str()) {
            deeds.gave_up = true;
        }
        if line.event != "fenced" {
            return Ok(());
        }
        self.seen.fenced += 1;
        // What became of an attempt of a letter that was purged since, nobody can read any more.
        let Some(watched) = self.jobs.get(&line.job).filter(|watched| !watched.gone) else {
            return Ok(());
        };
        let outcome = watched.history.outcome(line.attempt);
        let is_own = outcome.is_some_and(|outcome| !matches!(outcome, "rescued" | "cancelled"));
        ensure(deeds.gave_up || !is_own, Invariant::FenceIsHonest, || {
            format!(
                "attempt {} is said to be fenced, and ended as {outcome:?}: {:?}",
                line.attempt, watched.row
            )
        })
    }

    /// A run asks for a batch.
    pub(crate) fn asks(&mut self, run: RunId, statements: &[Statement]) {
        self.deeds.entry(run.number).or_default().asked_after = self.transactions;
        self.hears(run, statements);
    }

    /// A run gets the batch it asked for.
    pub(crate) fn hears(&mut self, run: RunId, statements: &[Statement]) {
        let first = statements.first().map_or("", |statement| statement.sql);
        // A claim also reads the circuits, but not first.
        if first.contains("provider_circuits") {
            self.circuit_news.insert(run.machine, self.transactions);
        }
    }

    /// An attempt asks the provider.
    pub(crate) fn asked(&mut self, run: RunId, asked: &Asked, now: Instant) {
        self.seen.calls += 1;
        let judged = self.may_ask(run, asked, now);
        self.judge(judged);
        let call = Call {
            run: run.number,
            answer: None,
        };
        self.calls.insert(asked.clone(), call);
    }

    fn may_ask(&self, run: RunId, asked: &Asked, now: Instant) -> Result<(), Breach> {
        let (job, attempt, provider) = asked;
        let asked_before = self.calls.contains_key(asked);
        let fail = |invariant, why: &str| {
            let what = format!("{run:?} asks {provider} for attempt {attempt} of {job}: {why}");
            Err(Breach::new(invariant, what))
        };
        if asked_before {
            return fail(Invariant::CallsAreBounded, "asked before");
        }
        let Some(watched) = self.jobs.get(job) else {
            return fail(Invariant::CallsAreBounded, "no such job");
        };
        // A run that was slow may ask for an attempt that was taken over since.
        let number = attempt.parse::<u32>().unwrap_or(u32::MAX);
        let is_late = watched.owner.is_some_and(|owner| number < owner.attempt);
        if !is_late && !watched.is_claimed_by(number, run.number) {
            return fail(Invariant::CallsAreBounded, "not claimed");
        }
        if !is_late && let Some(circuit) = self.open_circuit(run, watched, provider, now) {
            return fail(Invariant::CircuitHolds, &format!("{circuit:?}"));
        }
        let gave_up = self
            .deeds
            .get(&run.number)
            .is_some_and(|deeds| deeds.gave_up);
        // A job whose claim was lost on the way back is not at stake: nobody runs it.
        let others = self
            .jobs
            .values()
            .filter(|other| other.row.id != *job && other.is_held_by(run.number))
            .filter(|other| {
                let attempt = other.row.attempt.to_string();
                let mut asked = self.calls.keys();
                asked.any(|(job, of, _)| *job == other.row.id && *of == attempt)
            });
        let is_suspect = |job: &Watched| job.row.rescues > 0;
        let together: Vec<_> = others.collect();
        let suspect = is_suspect(watched) || together.iter().any(|other| is_suspect(other));
        if !gave_up && suspect && !together.is_empty() {
            return fail(Invariant::SuspectsRunAlone, "beside others");
        }
        Ok(())
    }

    /// The circuit of a job, when it is open and was so when the job was claimed.
    ///
    /// A machine that finds out about circuits by itself passes over the news of claims it had
    /// asked for before: they may be older.
    fn open_circuit(
        &self,
        run: RunId,
        watched: &Watched,
        provider: &str,
        now: Instant,
    ) -> Option<&CircuitRow> {
        let owner = watched.owner?;
        let own_news = self.circuit_news.get(&run.machine);
        if own_news.is_some_and(|news| *news >= owner.asked_after) {
            return None;
        }
        let claimed_in = owner.transaction;
        let model = watched.origin.model.as_deref().unwrap_or(MODEL);
        let soon = now.plus_millis(CLOCKS_APART_MS);
        self.circuits
            .iter()
            .filter(|(circuit, since)| {
                circuit.provider == provider
                    && circuit.model == model
                    && circuit.state == "open"
                    && circuit.until > soon
                    && *since < claimed_in
            })
            .map(|(circuit, _)| circuit)
            .next()
    }

    /// The provider gave an answer that a result has to hold.
    pub(crate) fn answered(&mut self, asked: &Asked, text: String) {
        if let Some(call) = self.calls.get_mut(asked) {
            call.answer = Some(text);
        }
    }

    /// The cache is to hold, or holds, this.
    ///
    /// # Errors
    /// The database says something else, or what it says can change.
    pub(crate) fn cached(
        &self,
        database: &SqliteDatabase,
        key: &str,
        text: &str,
    ) -> Result<(), Breach> {
        let fail = |why: &str| Breach::new(Invariant::CacheFollows, format!("{why}: {key} {text}"));
        let document: JobDocument =
            serde_json::from_str(text).map_err(|error| fail(&error.to_string()))?;
        if !document.status.is_immutable() {
            return Err(fail("a state that can change"));
        }
        let watched = self.jobs.get(document.job_id.as_str());
        let tenant = watched.and_then(|watched| watched.row.tenant.parse().ok());
        let tenant = tenant.ok_or_else(|| fail("no such job"))?;
        if key != status_cache::key(&tenant, &document.job_id) {
            return Err(fail("under another key"));
        }
        let stored = Store::new(database)
            .job(&tenant, &document.job_id)
            .now_or_never();
        let Some(Ok(Some(record))) = stored else {
            return Err(fail(&format!("the database has {stored:?}")));
        };
        let stored = JobDocument::from(record);
        ensure(same(&document, &stored), Invariant::CacheFollows, || {
            format!("{document:?} is cached, and stored is {stored:?}")
        })
    }
}

/// Whether two documents say the same, but for what a dropped answer cost, which may be told later.
fn same(one: &JobDocument, other: &JobDocument) -> bool {
    let told = |document: &JobDocument| {
        let mut value = serde_json::to_value(document).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("droppedAnswers");
        }
        value
    };
    one == other || told(one) == told(other)
}

//! What came of the lines of a batch, read page by page however long it is.

use super::stored;
use crate::database::DatabaseError;
use crate::document::JobDocument;
use crate::file;
use crate::ids::{FileId, JobId, TenantId};
use crate::job::{JobRecord, JobState};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{BatchPart, BatchRecord, BatchStatus, Completion};
use serde_json::{Map, Value, json};

/// Jobs of the first page. An answer may have 2 MB, so a page that could be long begins short.
const FIRST_PAGE: u32 = 16;

/// Jobs of a page at most.
const LONGEST_PAGE: u32 = 500;

/// Bytes of a page after which the next one is not longer.
const PAGE_BYTES: usize = 512 * 1024;

/// In what order results are read, and after which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// By line, after the line of this job; `None`: from the first. It ends before the first line
    /// that has no outcome.
    Line(Option<JobId>),
    /// In the order in which jobs ended, after this number. A job that is replayed and ends again
    /// comes again.
    Completion(u32),
}

/// Reads the results of a batch page by page.
#[derive(Clone, Debug)]
pub struct Results {
    tenant: TenantId,
    batch: BatchRecord,
    after: After,
    left: u32,
    page: u32,
}

/// A result, and where to go on after it.
#[derive(Clone, Debug, PartialEq)]
pub struct OneResult {
    /// The job as its owner reads it.
    pub job: JobDocument,
    /// Where to go on.
    pub after: After,
}

impl Results {
    /// At most `limit` results of a batch.
    #[must_use]
    pub const fn new(tenant: TenantId, batch: BatchRecord, after: After, limit: u32) -> Self {
        Self {
            tenant,
            batch,
            after,
            left: limit,
            page: FIRST_PAGE,
        }
    }

    /// The next results; none at the end of what there is by now.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn next<P: Ports>(&mut self, ports: &P) -> Result<Vec<OneResult>, DatabaseError> {
        let limit = self.page.min(self.left);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let found = match self.after.clone() {
            After::Line(after) => self.by_line(ports, after.as_ref(), limit).await?,
            After::Completion(after) => self.by_completion(ports, after, limit).await?,
        };
        if let Some(last) = found.last() {
            self.after = last.after.clone();
        }
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(count);
        Ok(found)
    }

    async fn by_line<P: Ports>(
        &self,
        ports: &P,
        after: Option<&JobId>,
        limit: u32,
    ) -> Result<Vec<OneResult>, DatabaseError> {
        let (store, tenant, batch) = (ports.store(), &self.tenant, &self.batch.id);
        let read = || store.jobs_of_batch(tenant, batch, BatchPart::All, after, limit);
        let jobs = repeat(ports.clock(), read).await?;
        let ended = jobs.into_iter().take_while(|job| job.state.is_terminal());
        let one = |job: JobRecord| OneResult {
            after: After::Line(Some(job.id.clone())),
            job: job.into(),
        };
        Ok(ended.map(one).collect())
    }

    async fn by_completion<P: Ports>(
        &self,
        ports: &P,
        mut after: u32,
        limit: u32,
    ) -> Result<Vec<OneResult>, DatabaseError> {
        let (store, tenant, batch) = (ports.store(), &self.tenant, &self.batch.id);
        loop {
            let read = || store.completions_of_batch(tenant, batch, after, limit);
            let completions = repeat(ports.clock(), read).await?;
            let Some(last) = completions.last() else {
                return Ok(Vec::new());
            };
            after = last.sequence;
            // A job that was replayed and runs again comes with a later number.
            let ended = completions
                .into_iter()
                .filter(|one| one.job.state.is_terminal());
            let one = |one: Completion| OneResult {
                after: After::Completion(one.sequence),
                job: one.job.into(),
            };
            let found: Vec<OneResult> = ended.map(one).collect();
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }

    /// Tells how long a page was, so that the next one is neither too long nor too short.
    pub fn took(&mut self, bytes: usize) {
        self.page = if bytes < PAGE_BYTES {
            (self.page * 2).min(LONGEST_PAGE)
        } else {
            (self.page / 2).max(1)
        };
    }
}

/// Reads the lines of a batch that brought nothing, as they were uploaded, each with why.
#[derive(Clone, Debug)]
pub struct Unsuccessful {
    tenant: TenantId,
    batch: BatchRecord,
    after: Option<JobId>,
    lines: Lines,
    /// Whether the jobs are all read, and the lines follow that never became jobs.
    at_rest: bool,
}

impl Unsuccessful {
    /// Those of a batch.
    #[must_use]
    pub fn new(tenant: TenantId, batch: BatchRecord) -> Self {
        let lines = Lines::new(tenant.clone(), batch.file_id.clone());
        Self {
            tenant,
            batch,
            after: None,
            lines,
            at_rest: false,
        }
    }

    /// The next lines, each with its end; none at the end.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn next<P: Ports>(&mut self, ports: &P) -> Result<String, DatabaseError> {
        let mut text = String::new();
        if !self.at_rest {
            let (store, tenant, batch) = (ports.store(), &self.tenant, &self.batch.id);
            let (part, after) = (BatchPart::Unsuccessful, self.after.as_ref());
            let read = || store.jobs_of_batch(tenant, batch, part, after, FIRST_PAGE);
            let jobs = repeat(ports.clock(), read).await?;
            for job in jobs {
                self.after = Some(job.id.clone());
                let line = job.line.unwrap_or_default();
                let message = job.error.as_ref().map(|error| error.message.as_str());
                let message = message.unwrap_or("The job was cancelled.");
                let code = job.error_code.map_or("cancelled", |code| code.as_str());
                let code = if job.state == JobState::Cancelled {
                    "cancelled"
                } else {
                    code
                };
                let why = json!({"code": code, "message": message, "line": line, "jobId": job.id});
                text.push_str(&match self.lines.find(ports, line).await? {
                    Some(found) => with_reason(&found, why),
                    // Nothing is left of it but its name.
                    None => with_reason(&named(&self.batch, job.custom_id), why),
                });
                // The others are read again: what is held in memory stays small.
                if text.len() >= PAGE_BYTES {
                    break;
                }
            }
            if !text.is_empty() {
                return Ok(text);
            }
            self.at_rest = true;
        }
        self.rest(ports).await
    }

    /// The lines of a batch that has ended which never became jobs: it was cancelled before, or they
    /// could not be read. Those that cannot be read now are not told.
    async fn rest<P: Ports>(&mut self, ports: &P) -> Result<String, DatabaseError> {
        let mut text = String::new();
        let batch = &mut self.batch;
        let code = if batch.status == BatchStatus::Failed {
            "lines_unreadable"
        } else {
            "cancelled"
        };
        while batch.status.is_terminal() && batch.at.jobs < batch.lines && text.len() < PAGE_BYTES {
            let line = batch.at.line;
            let Some(found) = self.lines.find(ports, line).await? else {
                break;
            };
            batch.at.line += 1;
            if !found.trim().is_empty() {
                batch.at.jobs += 1;
                let message = "The batch ended before this line became a job.";
                let why = json!({"code": code, "message": message, "line": line});
                text.push_str(&with_reason(&found, why));
            }
        }
        Ok(text)
    }
}

/// A line of which only the name is known, in the shape of its batch.
fn named(batch: &BatchRecord, custom_id: Option<String>) -> String {
    let field = if batch.endpoint.is_some() {
        "custom_id"
    } else {
        "customId"
    };
    match custom_id {
        Some(name) => json!({ field: name }).to_string(),
        None => "{}".to_owned(),
    }
}

/// A line as it was uploaded, with why it brought nothing. What is no object stands in a field of
/// its own, and is refused again.
fn with_reason(line: &str, why: Value) -> String {
    let invalid = stored::read_invalid(line);
    let text = invalid
        .as_ref()
        .map_or(line, |invalid| invalid.text.as_str());
    let mut fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::from_iter([("invalidLine".to_owned(), text.into())]),
    };
    fields.insert("error".to_owned(), why);
    format!("{}\n", Value::Object(fields))
}

/// Finds lines of a file by their numbers, quickly when they are asked for in their order.
#[derive(Clone, Debug)]
struct Lines {
    tenant: TenantId,
    file: FileId,
    /// The chunk read last: the number of the line at `offset`, and the text.
    line: u32,
    offset: usize,
    text: String,
}

impl Lines {
    const fn new(tenant: TenantId, file: FileId) -> Self {
        Self {
            tenant,
            file,
            line: 1,
            offset: 0,
            text: String::new(),
        }
    }

    /// The line with this number; `None`: the file is gone, ends before, or cannot be read.
    async fn find<P: Ports>(
        &mut self,
        ports: &P,
        line: u32,
    ) -> Result<Option<String>, DatabaseError> {
        if let Some(found) = self.seek(line) {
            return Ok(Some(found));
        }
        let store = ports.store();
        let (tenant, file) = (&self.tenant, &self.file);
        let chunk = repeat(ports.clock(), || store.chunk_of_line(tenant, file, line)).await?;
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        self.line = chunk.first_line;
        self.offset = 0;
        self.text = match file::text_of(ports, &self.file, chunk).await {
            Err(DatabaseError::Corrupt(_)) => return Ok(None),
            found => found?,
        };
        Ok(self.seek(line))
    }

    fn seek(&mut self, line: u32) -> Option<String> {
        if line < self.line {
            return None;
        }
        while let Some(next) = self.text.get(self.offset..)?.split_inclusive('\n').next() {
            if self.line == line {
                return Some(next.trim_end_matches(['\n', '\r']).to_owned());
            }
            self.line += 1;
            self.offset += next.len();
        }
        None
    }
}

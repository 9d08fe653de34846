//! One round: lines of both files, until a chunk of one is full.

use super::super::{custom_id, lines};
use crate::batch::unreadable;
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::file::{self, CHUNK_BYTES};
use crate::ids::{BATCH_JOBS, BatchId, FileId};
use crate::job::JobRecord;
use crate::openai::{FileSoFar, Files, Outcome, Rest, Writing};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{BatchPart, BatchRecord, NewChunk, NewFile, Purpose, WrittenChunk};

/// Jobs that are read together: their answers are held in memory.
const JOBS: u32 = 64;

/// The longest text of a row of D1, with room for the other columns.
const ROW_BYTES: usize = 1_950_000;

/// What one round adds to the files.
pub(super) struct Round {
    /// How far they reach with it.
    pub(super) writing: Writing,
    /// Whether nothing is left to write.
    pub(super) is_last: bool,
    /// Whether the next line that never became a job cannot be read, and is to be asked for again.
    pub(super) is_cut_short: bool,
    /// Since when it cannot be read; `None`: it can, or nobody has looked.
    pub(super) unreadable_at: Option<Instant>,
    output: Page,
    error: Page,
}

/// Lines of one file.
#[derive(Default)]
struct Page {
    text: String,
    lines: u32,
}

impl Page {
    /// Adds a line, unless the page is full.
    fn takes(&mut self, line: &str) -> bool {
        if !self.text.is_empty() && self.text.len() + line.len() > CHUNK_BYTES {
            return false;
        }
        self.text.push_str(line);
        self.lines += 1;
        true
    }
}

impl Round {
    /// Reads on from where the files are.
    pub(super) async fn gather<P: Ports>(
        ports: &P,
        record: &BatchRecord,
        files: Files,
        writing: Writing,
    ) -> Result<Self, DatabaseError> {
        let mut round = Self {
            writing,
            is_last: false,
            is_cut_short: false,
            unreadable_at: record.unreadable_at,
            output: Page::default(),
            error: Page::default(),
        };
        round.is_last = round.read_jobs(ports, record, files).await?
            && round.read_rest(ports, record, files).await?;
        Ok(round)
    }

    /// Answers whether all of them have their line.
    async fn read_jobs<P: Ports>(
        &mut self,
        ports: &P,
        record: &BatchRecord,
        files: Files,
    ) -> Result<bool, DatabaseError> {
        let (tenant, batch) = (&record.tenant_id, &record.id);
        while self.writing.jobs < record.at.jobs {
            let after = self.writing.jobs.checked_sub(1).map(|last| batch.job(last));
            let read = || {
                let store = ports.store();
                store.jobs_of_batch(tenant, batch, BatchPart::All, after.as_ref(), JOBS)
            };
            let jobs = repeat(ports.clock(), read).await?;
            if jobs.is_empty() {
                // Their time was over before the files were written.
                self.writing.jobs = record.at.jobs;
            }
            for job in jobs {
                let mut outcome = files.line(&job);
                if ports.bucket().is_none() && text_of(&outcome).len() > ROW_BYTES {
                    outcome = files.too_large(&job);
                }
                if !self.takes(&outcome) {
                    return Ok(false);
                }
                if matches!(outcome, Outcome::Answered(_)) {
                    self.writing.usage.add(&job.result);
                }
                self.writing.jobs = place_after(batch, &job, self.writing.jobs);
            }
        }
        Ok(true)
    }

    /// Answers whether all lines that never became a job have theirs, but for those that cannot be
    /// read and are given up.
    async fn read_rest<P: Ports>(
        &mut self,
        ports: &P,
        record: &BatchRecord,
        files: Files,
    ) -> Result<bool, DatabaseError> {
        if unreadable::is_the_end_of(record) {
            return Ok(true);
        }
        let mut rest = self.writing.rest.unwrap_or(Rest {
            chunk: record.at.chunk,
            offset: record.at.chunk_offset,
            place: record.at.jobs,
        });
        while rest.place < record.lines.min(BATCH_JOBS) {
            let Some(text) = unreadable::read(ports, record, rest.chunk).await? else {
                let now = ports.clock().now();
                self.is_cut_short = !unreadable::is_given_up(self.unreadable_at, now);
                self.writing.rest = Some(rest);
                return Ok(!self.is_cut_short);
            };
            self.unreadable_at = None;
            for (bytes, line) in lines(&text, rest.offset) {
                if let Some(line) = line {
                    let name = custom_id(line).unwrap_or_default();
                    if !self.takes(&files.never_made(&record.id.job(rest.place), &name)) {
                        self.writing.rest = Some(rest);
                        return Ok(false);
                    }
                    rest.place += 1;
                }
                rest.offset = rest.offset.saturating_add(bytes);
            }
            rest.chunk += 1;
            rest.offset = 0;
        }
        Ok(true)
    }

    fn takes(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Answered(line) => self.output.takes(line),
            Outcome::Unanswered(line) => self.error.takes(line),
        }
    }

    /// Makes the files where they are not there, and puts the texts where they belong; what is left
    /// is to be written in one transaction.
    pub(super) async fn store<P: Ports>(
        &mut self,
        ports: &P,
        record: &BatchRecord,
    ) -> Result<Vec<WrittenChunk>, DatabaseError> {
        let now = ports.clock().now();
        let mut chunks = Vec::new();
        for (page, so_far, name) in [
            (&mut self.output, &mut self.writing.output, "output"),
            (&mut self.error, &mut self.writing.error, "error"),
        ] {
            if page.text.is_empty() {
                continue;
            }
            let file = match so_far.take() {
                Some(file) => file,
                None => begin(ports, record, name, now).await?,
            };
            let text = std::mem::take(&mut page.text);
            let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
            chunks.push(WrittenChunk {
                file: file.id.clone(),
                chunk: NewChunk {
                    number: file.chunks,
                    first_line: file.lines + 1,
                    lines: page.lines,
                    bytes,
                    body: file::put(ports, &file.id, file.chunks, text).await?,
                },
            });
            *so_far = Some(FileSoFar {
                chunks: file.chunks + 1,
                lines: file.lines + page.lines,
                ..file
            });
        }
        Ok(chunks)
    }
}

/// The file is there before its first text, so that it is found and deleted if the step dies.
async fn begin<P: Ports>(
    ports: &P,
    record: &BatchRecord,
    name: &str,
    now: Instant,
) -> Result<FileSoFar, DatabaseError> {
    let file = NewFile {
        tenant_id: record.tenant_id.clone(),
        id: FileId::new(now, ports.entropy()),
        purpose: Purpose::BatchOutput,
        name: Some(format!("{}_{name}.jsonl", record.id)),
        created_at: now,
    };
    repeat(ports.clock(), || ports.store().insert_file(&file)).await?;
    Ok(FileSoFar {
        id: file.id,
        chunks: 0,
        lines: 0,
    })
}

fn text_of(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Answered(line) | Outcome::Unanswered(line) => line,
    }
}

/// How many places are done with this job; a job whose place cannot be read is the next one.
fn place_after(batch: &BatchId, job: &JobRecord, before: u32) -> u32 {
    batch.place(&job.id).unwrap_or(before).saturating_add(1)
}

//! Takes a batch while it arrives: cuts it into lines, judges each, and stores them. What it holds
//! in memory is a chunk of the file and the names of the lines.

use super::line::{LineError, LineErrorCode, LineJob, LineReader};
use super::splitter::{Form, NotAnArray, RawLine, Splitter};
use super::stored;
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::file::{FILE_BYTES, FileWriter};
use crate::hex::hex;
use crate::idempotency::{Idempotency, IdempotencyKey};
use crate::ids::{BATCH_JOBS, BatchId, FileId, TenantId};
use crate::message::{Task, TaskMessage};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::request::Known;
use crate::store::{BatchStatus, NewBatch, NewFile, Purpose};
use crate::task;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The most invalid lines that an answer tells; the others are counted.
pub const TOLD_LINES: usize = 100;

/// How long a file is kept that no batch has any more, in seconds: 90 days. A batch keeps its file
/// until it ends, and its end sets another time.
const FILE_SECONDS: i64 = 7_776_000;

/// What is asked for beside the lines.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRequest {
    /// How the upload is cut into lines.
    pub form: Form,
    /// Whether a line that breaks a rule is passed over; otherwise it stops the batch.
    pub skips_invalid: bool,
    /// The client's own name.
    pub name: Option<String>,
    /// Fields of every line that does not have them.
    pub defaults: Map<String, Value>,
}

/// Why a batch is not taken. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not the array that it is said to be.
    NotAnArray(NotAnArray),
    /// It has no line.
    Empty,
    /// It has more lines than [`BATCH_JOBS`].
    TooManyLines,
    /// It has more bytes than [`FILE_BYTES`].
    TooLarge,
    /// Lines break a rule: how many, and the first of them.
    Invalid(u32, Vec<LineError>),
    /// An earlier request has the idempotency key, and asked for something else.
    KeyReused,
    /// The database did not take it.
    Database(DatabaseError),
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// A batch that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The batch.
    pub id: BatchId,
    /// Its lines.
    pub lines: u32,
    /// Those of them that broke a rule and were passed over.
    pub invalid_lines: u32,
    /// The first of these.
    pub errors: Vec<LineError>,
    /// Whether an earlier request with the same idempotency key made it.
    pub is_repeated: bool,
}

/// A batch while it arrives.
pub struct Intake<'a, P> {
    ports: &'a P,
    tenant: TenantId,
    request: &'a BatchRequest,
    reader: LineReader<'a>,
    splitter: Splitter,
    writer: FileWriter<'a, P>,
    created_at: Instant,
    hash: Sha256,
    bytes: u64,
    lines: u32,
    invalid_lines: u32,
    errors: Vec<LineError>,
    /// The lines by the client's own names.
    names: BTreeMap<String, u32>,
}

impl<'a, P: Ports> Intake<'a, P> {
    /// Begins to take a batch.
    ///
    /// # Errors
    /// [`DatabaseError`]: nothing is stored but an empty file, whose time ends by itself.
    pub async fn begin(
        ports: &'a P,
        known: Known<'a>,
        tenant: &TenantId,
        request: &'a BatchRequest,
    ) -> Result<Self, DatabaseError> {
        let now = ports.clock().now();
        let file = NewFile {
            tenant_id: tenant.clone(),
            id: FileId::new(now, ports.entropy()),
            purpose: Purpose::Lines,
            name: request.name.clone(),
            created_at: now,
        };
        let said = (
            request.skips_invalid,
            request.form == Form::Array,
            &request.name,
            &request.defaults,
        );
        // Flags, text and maps always have a JSON form.
        let said = serde_json::to_vec(&said).unwrap_or_default();
        Ok(Self {
            ports,
            tenant: tenant.clone(),
            request,
            reader: LineReader {
                known,
                defaults: &request.defaults,
            },
            splitter: Splitter::new(request.form),
            writer: FileWriter::begin(ports, &file).await?,
            created_at: now,
            hash: Sha256::new().chain_update(said).chain_update([0]),
            bytes: 0,
            lines: 0,
            invalid_lines: 0,
            errors: Vec::new(),
            names: BTreeMap::new(),
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Refused`]: discard it.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.bytes > FILE_BYTES {
            return Err(Refused::TooLarge);
        }
        self.hash.update(bytes);
        for line in self.splitter.push(bytes).map_err(Refused::NotAnArray)? {
            self.take(line).await?;
        }
        Ok(())
    }

    async fn take(&mut self, line: RawLine) -> Result<(), Refused> {
        if self.lines >= BATCH_JOBS {
            return Err(Refused::TooManyLines);
        }
        self.lines += 1;
        let number = line.number;
        let text = match self.judge(&line) {
            Ok(()) => String::from_utf8_lossy(&line.bytes).into_owned(),
            Err(error) => {
                self.invalid_lines += 1;
                let text = stored::invalid(&error, &line.bytes);
                if self.errors.len() < TOLD_LINES {
                    self.errors.push(*error);
                }
                text
            }
        };
        // What is to be refused is only judged from here on, so that all that is wrong can be told.
        if self.invalid_lines == 0 || self.request.skips_invalid {
            self.writer.skip_to(number).await?;
            self.writer.push(&(text + "\n")).await?;
        }
        Ok(())
    }

    fn judge(&mut self, line: &RawLine) -> Result<(), Box<LineError>> {
        let failed = |custom_id: Option<String>, code, detail: String| {
            Err(Box::new(LineError {
                line: line.number,
                custom_id,
                code,
                detail,
                errors: Vec::new(),
            }))
        };
        if line.is_too_long {
            let detail = "the line must be at most 1 MiB long".to_owned();
            return failed(None, LineErrorCode::LineTooLong, detail);
        }
        if std::str::from_utf8(&line.bytes).is_err() {
            let detail = "the line must be UTF-8".to_owned();
            return failed(None, LineErrorCode::NotUtf8, detail);
        }
        let LineJob { custom_id, .. } = self.reader.read(line.number, &line.bytes)?;
        let Some(name) = custom_id else {
            return Ok(());
        };
        if let Some(first) = self.names.get(&name) {
            let detail = format!("line {first} has the same customId");
            return failed(Some(name), LineErrorCode::DuplicateCustomId, detail);
        }
        self.names.insert(name, line.number);
        Ok(())
    }

    /// The batch has arrived: it exists from here on, and its lines are owed. An earlier request with
    /// the same key may have made it; then nothing is stored.
    ///
    /// # Errors
    /// [`Refused`]; nothing is stored. Only when the database does not say whether it took the batch,
    /// the batch may be there, and its lines stay: for as long as it needs them, or for a day.
    pub async fn finish(mut self, key: Option<IdempotencyKey>) -> Result<Taken, Refused> {
        let digest: [u8; 32] = self.hash.clone().finalize().into();
        let idempotency = key.map(|key| Idempotency {
            key,
            request_hash: hex(&digest),
        });
        if let Err(refused) = self.close().await {
            let earlier = self.earlier(idempotency.as_ref()).await;
            let taken = earlier.map(|id| self.taken(id, true));
            self.discard().await;
            return taken.ok_or(refused);
        }
        let batch = self.batch();
        let insert = || {
            self.ports
                .store()
                .insert_batch(&batch, idempotency.as_ref())
        };
        let holder = repeat(self.ports.clock(), insert).await?;
        let is_repeated = holder.id != batch.id;
        if is_repeated {
            let same = |given: &Idempotency| given.request_hash == holder.request_hash;
            let is_same = idempotency.as_ref().is_some_and(same);
            let taken = self.taken(holder.id, is_repeated);
            self.discard().await;
            return if is_same {
                Ok(taken)
            } else {
                Err(Refused::KeyReused)
            };
        }
        let message = TaskMessage {
            tenant_id: self.tenant.clone(),
            task: Task::Batch(batch.id),
        };
        task::send(self.ports, &message, self.created_at).await;
        Ok(self.taken(holder.id, is_repeated))
    }

    /// The batch that an earlier request made with the same key of the same upload, though it would be
    /// refused by now. When the database does not tell, the refusal stands.
    async fn earlier(&self, idempotency: Option<&Idempotency>) -> Option<BatchId> {
        let given = idempotency?;
        let (store, now) = (self.ports.store(), self.created_at);
        let find = || store.batch_of_key(&self.tenant, &given.key, now);
        let holder = repeat(self.ports.clock(), find).await.ok().flatten()?;
        (holder.request_hash == given.request_hash).then_some(holder.id)
    }

    /// The upload has ended: judges it as a whole, and stores the rest of its file.
    async fn close(&mut self) -> Result<(), Refused> {
        let splitter = std::mem::replace(&mut self.splitter, Splitter::new(self.request.form));
        if let Some(line) = splitter.finish().map_err(Refused::NotAnArray)? {
            self.take(line).await?;
        }
        if self.lines == 0 {
            return Err(Refused::Empty);
        }
        if self.invalid_lines > 0 && !self.request.skips_invalid {
            let errors = std::mem::take(&mut self.errors);
            return Err(Refused::Invalid(self.invalid_lines, errors));
        }
        self.writer.flush().await?;
        Ok(())
    }

    fn taken(&mut self, id: BatchId, is_repeated: bool) -> Taken {
        Taken {
            id,
            lines: self.lines,
            invalid_lines: self.invalid_lines,
            errors: std::mem::take(&mut self.errors),
            is_repeated,
        }
    }

    fn batch(&self) -> NewBatch {
        NewBatch {
            tenant_id: self.tenant.clone(),
            id: BatchId::new(self.created_at, self.ports.entropy()),
            status: BatchStatus::InProgress,
            endpoint: None,
            file_id: self.writer.id().clone(),
            file_kept_until: self.created_at.plus_seconds(FILE_SECONDS),
            name: self.request.name.clone(),
            metadata: BTreeMap::new(),
            skips_invalid: self.request.skips_invalid,
            defaults: self.request.defaults.clone(),
            lines: self.lines,
            invalid_lines: self.invalid_lines,
            created_at: self.created_at,
            window_ends_at: None,
            output_seconds: None,
        }
    }

    /// Deletes what was stored of a batch that is refused.
    pub async fn discard(self) {
        self.writer.discard().await;
    }
}

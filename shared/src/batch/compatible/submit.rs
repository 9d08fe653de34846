//! Submit: a batch of the lines of a file that was uploaded before.

use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::idempotency::Idempotency;
use crate::ids::{BatchId, FileId, TenantId};
use crate::message::{Task, TaskMessage};
use crate::openai::Endpoint;
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{BatchRecord, BatchStatus, NewBatch, Purpose};
use crate::task;
use serde_json::Map;
use std::collections::BTreeMap;

/// After so many seconds no more lines become jobs: the only completion window there is.
const WINDOW_SECONDS: i64 = 86_400;

/// Seconds after the end of the window for which the file of the lines is kept, so that those that
/// did not become jobs can be told.
const GRACE_SECONDS: i64 = 3_600;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBatch {
    /// The file of the lines.
    pub file: FileId,
    /// What they are written for.
    pub endpoint: Endpoint,
    /// The client's own labels.
    pub metadata: BTreeMap<String, String>,
    /// How many seconds the files of the answers are kept at most.
    pub output_seconds: Option<u32>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmittedBatch {
    /// It is there, and will be judged.
    New(Box<BatchRecord>),
    /// An earlier request with the same idempotency key made it.
    Repeated(Box<BatchRecord>),
    /// The tenant has no such file, or it is none that was uploaded for a batch.
    NoFile,
    /// An earlier request has the idempotency key, and asked for something else.
    KeyReused,
}

/// Makes a batch. From here on it is owed a judgement of its file, and then an end.
///
/// 1. The file is looked at: it must be whole, and uploaded for a batch.
/// 2. The row is stored, and with it the file is kept for as long as lines may become jobs. With a
///    key, an earlier request may have made it.
/// 3. The message of its first step is sent. When it is not taken, the sweep sends it.
///
/// # Errors
/// [`DatabaseError`]: nothing is promised.
pub async fn submit<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    request: &FileBatch,
    idempotency: Option<&Idempotency>,
) -> Result<SubmittedBatch, DatabaseError> {
    let (store, clock) = (ports.store(), ports.clock());
    let now = clock.now();
    let window_ends_at = now.plus_seconds(WINDOW_SECONDS);
    let find = || store.file(tenant, &request.file);
    let found = repeat(clock, find).await?;
    if !found.is_some_and(|file| file.is_shown() && file.purpose == Purpose::Batch) {
        return Ok(SubmittedBatch::NoFile);
    }
    let batch = NewBatch {
        tenant_id: tenant.clone(),
        id: BatchId::new(now, ports.entropy()),
        status: BatchStatus::Validating,
        endpoint: Some(request.endpoint.as_str().to_owned()),
        file_id: request.file.clone(),
        file_kept_until: window_ends_at.plus_seconds(GRACE_SECONDS),
        name: None,
        metadata: request.metadata.clone(),
        skips_invalid: false,
        defaults: Map::new(),
        lines: 0,
        invalid_lines: 0,
        created_at: now,
        window_ends_at: Some(window_ends_at),
        output_seconds: request.output_seconds,
    };
    let holder = repeat(clock, || store.insert_batch(&batch, idempotency)).await?;
    let is_new = holder.id == batch.id;
    let same = |given: &Idempotency| given.request_hash == holder.request_hash;
    if !is_new && !idempotency.is_some_and(same) {
        return Ok(SubmittedBatch::KeyReused);
    }
    if is_new {
        let message = TaskMessage {
            tenant_id: tenant.clone(),
            task: Task::Batch(holder.id.clone()),
        };
        task::send(ports, &message, now).await;
    }
    let found = repeat(clock, || store.find_batch(tenant, &holder.id)).await?;
    let missing = || DatabaseError::Corrupt("a batch that was stored is gone".to_owned());
    let found = Box::new(found.ok_or_else(missing)?);
    Ok(if is_new {
        SubmittedBatch::New(found)
    } else {
        SubmittedBatch::Repeated(found)
    })
}

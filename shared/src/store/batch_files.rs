//! The files of a batch's answers: written chunk by chunk, in the transactions of its steps.

use super::batches::{key, moving};
use super::{BatchGround, BatchMove, BatchRecord, NewChunk, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::ids::FileId;
use serde_json::Value as Json;

/// A chunk of one of these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenChunk {
    /// The file, which is there.
    pub file: FileId,
    /// The chunk.
    pub chunk: NewChunk,
}

/// What a batch has brought, when its files are whole.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchFiles {
    /// The file of its answers; `None`: there was none.
    pub output: Option<FileId>,
    /// The file of what was not answered; `None`: there was nothing.
    pub error: Option<FileId>,
    /// Tokens of all answers.
    pub usage: Json,
    /// How many seconds the files are kept.
    pub seconds: u32,
}

impl<D: Database> Store<D> {
    /// A step of a batch whose files are written: what is added to them, and where the batch stands
    /// after it, in one transaction, if no other step was taken since `record` was read; with
    /// `whole`, the files are. Answers whether it was this one.
    ///
    /// # Errors
    /// [`DatabaseError`]: it may have taken effect. Repeating it answers `false` then.
    pub async fn write_batch(
        &self,
        record: &BatchRecord,
        ground: &BatchGround,
        chunks: &[WrittenChunk],
        moved: &BatchMove,
        whole: Option<&BatchFiles>,
        now: Instant,
    ) -> Result<bool, DatabaseError> {
        let mut statements = Vec::new();
        for written in chunks {
            statements.extend(writing(record, written));
        }
        statements.extend(whole.map(|files| setting(record, files)));
        let before = statements.len();
        statements.push(moving(record, ground, moved, now));
        statements.extend(whole.map(|files| storing(record, files)));
        let mut results = self.batch(statements).await?;
        for _ in 0..before {
            results.next()?;
        }
        Ok(results.next()?.changes > 0)
    }
}

fn writing(record: &BatchRecord, written: &WrittenChunk) -> [Statement; 2] {
    let chunk = &written.chunk;
    let file: [Value; 2] = [
        record.tenant_id.as_str().into(),
        written.file.as_str().into(),
    ];
    let fence: [Value; 2] = [record.id.as_str().into(), record.step.into()];
    let mut insert = file.to_vec();
    insert.extend([
        chunk.number.into(),
        chunk.first_line.into(),
        chunk.bytes.into(),
        chunk.body.as_deref().into(),
    ]);
    insert.extend(fence.clone());
    let mut grow = file.to_vec();
    grow.extend([chunk.number.into(), chunk.bytes.into(), chunk.lines.into()]);
    grow.extend(fence);
    [
        Statement::new(include_str!("../../sql/write_chunk.sql"), insert),
        Statement::new(include_str!("../../sql/grow_written_file.sql"), grow),
    ]
}

fn setting(record: &BatchRecord, files: &BatchFiles) -> Statement {
    let mut parameters = key(&record.tenant_id, &record.id);
    parameters.extend([
        record.step.into(),
        files.output.as_ref().map(FileId::as_str).into(),
        files.error.as_ref().map(FileId::as_str).into(),
        files.usage.to_string().into(),
    ]);
    Statement::new(include_str!("../../sql/set_batch_files.sql"), parameters)
}

fn storing(record: &BatchRecord, files: &BatchFiles) -> Statement {
    let mut parameters = key(&record.tenant_id, &record.id);
    parameters.push(files.seconds.into());
    Statement::new(include_str!("../../sql/store_batch_files.sql"), parameters)
}

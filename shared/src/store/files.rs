//! Files: their text in chunks of whole lines.

use super::Store;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::ids::{FileId, TenantId};
use serde::{Deserialize, Serialize};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The lines of a batch of our own shape.
    Lines,
    /// Uploaded for a batch in OpenAI's shape.
    Batch,
    /// What came of such a batch.
    BatchOutput,
}

impl Purpose {
    /// The purpose as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Batch => "batch",
            Self::BatchOutput => "batch_output",
        }
    }
}

/// Whether a file may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Chunks are still added.
    Writing,
    /// It is whole, and does not change.
    Stored,
}

/// A new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: FileId,
    /// What it is for.
    pub purpose: Purpose,
    /// The client's own name for it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Instant,
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FileRecord {
    /// Its id.
    pub id: FileId,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it may be read.
    pub state: FileState,
    /// The client's own name for it.
    pub name: Option<String>,
    /// How many chunks it has.
    pub chunks: u32,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its lines, blank ones included.
    pub lines: u32,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// When it is deleted.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Instant,
}

/// A chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Chunk {
    /// Its number, from 0.
    pub number: u32,
    /// The number of its first line, from 1.
    pub first_line: u32,
    /// Its text; `None`: it lies in the bucket.
    pub body: Option<String>,
}

/// A chunk that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChunk {
    /// Its number, from 0: how many there are before it.
    pub number: u32,
    /// The number of its first line, from 1.
    pub first_line: u32,
    /// Its lines.
    pub lines: u32,
    /// Its length in bytes.
    pub bytes: u32,
    /// Its text; `None`: it lies in the bucket.
    pub body: Option<String>,
}

/// A file whose time is over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExpiredFile {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The file.
    pub id: FileId,
    /// How many chunks it has.
    pub chunks: u32,
}

/// How long a file is kept at first, in seconds: a day. Whoever writes it gives it another time when
/// it is whole and somebody owns it; what is left of a writer that died is deleted then.
const UNFINISHED_SECONDS: i64 = 86_400;

fn key(tenant: &TenantId, file: &FileId) -> Vec<Value> {
    vec![tenant.as_str().into(), file.as_str().into()]
}

impl NewFile {
    pub(super) fn insert(&self) -> Statement {
        let mut parameters = key(&self.tenant_id, &self.id);
        parameters.extend([
            self.purpose.as_str().into(),
            self.name.as_deref().into(),
            self.created_at.into(),
            self.created_at.plus_seconds(UNFINISHED_SECONDS).into(),
        ]);
        Statement::new(include_str!("../../sql/insert_file.sql"), parameters)
    }
}

impl<D: Database> Store<D> {
    /// The file exists, and is written from here on. It is kept for a day, unless it gets another time.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn insert_file(&self, file: &NewFile) -> Result<(), DatabaseError> {
        self.batch(vec![file.insert()]).await?.next()?;
        Ok(())
    }

    /// Adds the next chunk of a file that is still written.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn append_chunk(
        &self,
        tenant: &TenantId,
        file: &FileId,
        chunk: &NewChunk,
    ) -> Result<(), DatabaseError> {
        self.batch(appending(tenant, file, chunk)).await?.next()?;
        Ok(())
    }

    /// The file is whole, and is kept until `expires_at`.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn finish_file(
        &self,
        tenant: &TenantId,
        file: &FileId,
        expires_at: Instant,
    ) -> Result<(), DatabaseError> {
        let mut parameters = key(tenant, file);
        parameters.push(expires_at.into());
        self.run(include_str!("../../sql/finish_file.sql"), parameters)
            .await?;
        Ok(())
    }

    /// What is known of a file; `None`: the tenant has no such file.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn file(
        &self,
        tenant: &TenantId,
        file: &FileId,
    ) -> Result<Option<FileRecord>, DatabaseError> {
        let sql = include_str!("../../sql/get_file.sql");
        let result = self.run(sql, key(tenant, file)).await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// A chunk of a whole file by its number; `None`: the tenant has no such file, or it ends before.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn chunk(
        &self,
        tenant: &TenantId,
        file: &FileId,
        number: u32,
    ) -> Result<Option<Chunk>, DatabaseError> {
        let mut parameters = key(tenant, file);
        parameters.push(number.into());
        let sql = include_str!("../../sql/get_chunk.sql");
        let result = self.run(sql, parameters).await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// The chunk of a whole file that holds a line; `None` as for [`Self::chunk`].
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn chunk_of_line(
        &self,
        tenant: &TenantId,
        file: &FileId,
        line: u32,
    ) -> Result<Option<Chunk>, DatabaseError> {
        let mut parameters = key(tenant, file);
        parameters.push(line.into());
        let sql = include_str!("../../sql/find_chunk.sql");
        let result = self.run(sql, parameters).await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// Deletes a file with its text; with `expired_at`, only if its time is over by then.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn delete_file(
        &self,
        tenant: &TenantId,
        file: &FileId,
        expired_at: Option<Instant>,
    ) -> Result<bool, DatabaseError> {
        let mut parameters = key(tenant, file);
        parameters.push(expired_at.into());
        let chunks = include_str!("../../sql/delete_chunks.sql");
        let whole = include_str!("../../sql/delete_file.sql");
        let mut results = self
            .batch(vec![
                Statement::new(chunks, parameters.clone()),
                Statement::new(whole, parameters),
            ])
            .await?;
        results.next()?;
        Ok(results.next()?.changes > 0)
    }
}

/// The statements that add a chunk.
fn appending(tenant: &TenantId, file: &FileId, chunk: &NewChunk) -> Vec<Statement> {
    let mut insert = key(tenant, file);
    insert.extend([
        chunk.number.into(),
        chunk.first_line.into(),
        chunk.bytes.into(),
        chunk.body.as_deref().into(),
    ]);
    let mut grow = key(tenant, file);
    grow.extend([chunk.number.into(), chunk.bytes.into(), chunk.lines.into()]);
    vec![
        Statement::new(include_str!("../../sql/insert_chunk.sql"), insert),
        Statement::new(include_str!("../../sql/grow_file.sql"), grow),
    ]
}

//! Files: text that is kept in chunks of whole lines, in the bucket where the deployment has one,
//! and in the database otherwise.

pub mod upload;

use crate::bucket::{Bucket, BucketError};
use crate::clock::Instant;
use crate::database::DatabaseError;
use crate::ids::{FileId, TenantId};
use crate::log::{Event, Log};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{Chunk, NewChunk, NewFile};

/// Bytes of a chunk: a row of D1 takes 2 MB. One line alone may make a chunk a little longer.
pub const CHUNK_BYTES: usize = 1024 * 1024;

/// The longest line, without its end.
pub const LINE_BYTES: usize = 1024 * 1024;

/// The most bytes of a file: 100 MiB.
pub const FILE_BYTES: u64 = 100 * 1024 * 1024;

/// Objects that the bucket deletes in one call.
const DELETED_TOGETHER: usize = 1_000;

impl From<BucketError> for DatabaseError {
    /// A bucket that fails is treated like a database that does: wait, and repeat.
    fn from(error: BucketError) -> Self {
        Self::Transient(error.to_string())
    }
}

fn object(file: &FileId, number: u32) -> String {
    format!("files/{file}/{number}")
}

/// Writes a file line by line, a chunk at a time: what it holds in memory is a chunk at most.
pub struct FileWriter<'a, P> {
    ports: &'a P,
    tenant: TenantId,
    id: FileId,
    number: u32,
    first_line: u32,
    next_line: u32,
    text: String,
}

impl<'a, P: Ports> FileWriter<'a, P> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`DatabaseError`]: the file may be there, empty; its time ends by itself.
    pub async fn begin(ports: &'a P, file: &NewFile) -> Result<Self, DatabaseError> {
        repeat(ports.clock(), || ports.store().insert_file(file)).await?;
        Ok(Self {
            ports,
            tenant: file.tenant_id.clone(),
            id: file.id.clone(),
            number: 0,
            first_line: 1,
            next_line: 1,
            text: String::new(),
        })
    }

    /// The file.
    #[must_use]
    pub const fn id(&self) -> &FileId {
        &self.id
    }

    /// Adds a line, given with the end that it has. A chunk that is full is stored first.
    ///
    /// # Errors
    /// [`DatabaseError`]: discard the file.
    pub async fn push(&mut self, line: &str) -> Result<(), DatabaseError> {
        if !self.text.is_empty() && self.text.len() + line.len() > CHUNK_BYTES {
            self.flush().await?;
        }
        self.text.push_str(line);
        self.next_line += 1;
        Ok(())
    }

    /// Adds blank lines until the next one is `line`.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn skip_to(&mut self, line: u32) -> Result<(), DatabaseError> {
        while self.next_line < line {
            self.push("\n").await?;
        }
        Ok(())
    }

    /// Stores what is left. Nobody reads the file yet, and its time is still a day.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn flush(&mut self) -> Result<(), DatabaseError> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let body = put(self.ports, &self.id, self.number, text).await?;
        let chunk = NewChunk {
            number: self.number,
            first_line: self.first_line,
            lines: self.next_line - self.first_line,
            bytes,
            body,
        };
        let store = self.ports.store();
        repeat(self.ports.clock(), || {
            store.append_chunk(&self.tenant, &self.id, &chunk)
        })
        .await?;
        self.number += 1;
        self.first_line = self.next_line;
        Ok(())
    }

    /// Stores what is left; the file is whole, and is kept until `expires_at`.
    ///
    /// # Errors
    /// [`DatabaseError`]: discard the file.
    pub async fn finish(&mut self, expires_at: Instant) -> Result<(), DatabaseError> {
        self.flush().await?;
        let store = self.ports.store();
        repeat(self.ports.clock(), || {
            store.finish_file(&self.tenant, &self.id, expires_at)
        })
        .await
    }

    /// Deletes what was written. When that fails, its time ends by itself.
    pub async fn discard(self) {
        if let Err(error) = delete(self.ports, &self.tenant, &self.id, self.number, None).await {
            self.ports.log().write(
                Event::new("file_not_deleted")
                    .with("file.id", self.id.as_str())
                    .with("error.code", error.code())
                    .with("error.message", error.to_string()),
            );
        }
    }
}

/// Puts a chunk's text into the bucket; without one gives it back, to be put into the database.
///
/// # Errors
/// [`DatabaseError`]. Repeating is safe.
pub(crate) async fn put<P: Ports>(
    ports: &P,
    file: &FileId,
    number: u32,
    text: String,
) -> Result<Option<String>, DatabaseError> {
    let Some(bucket) = ports.bucket() else {
        return Ok(Some(text));
    };
    let put = || async {
        let put = bucket.put(&object(file, number), text.clone()).await;
        put.map_err(DatabaseError::from)
    };
    repeat(ports.clock(), put).await?;
    Ok(None)
}

/// Deletes a file of `chunks` chunks; with `expired_at`, only if its time is over by then. Answers
/// whether there was one.
///
/// # Errors
/// [`DatabaseError`]: some of it may be left. Repeating is safe.
pub async fn delete<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    file: &FileId,
    chunks: u32,
    expired_at: Option<Instant>,
) -> Result<bool, DatabaseError> {
    if let Some(bucket) = ports.bucket() {
        // One more than there are rows: whoever put it may have died before its row was written.
        let objects: Vec<String> = (0..=chunks).map(|number| object(file, number)).collect();
        for together in objects.chunks(DELETED_TOGETHER) {
            bucket.delete(together.to_vec()).await?;
        }
    }
    let store = ports.store();
    repeat(ports.clock(), || {
        store.delete_file(tenant, file, expired_at)
    })
    .await
}

/// A chunk's text, wherever it lies.
///
/// # Errors
/// [`DatabaseError`].
pub async fn text_of<P: Ports>(
    ports: &P,
    file: &FileId,
    chunk: Chunk,
) -> Result<String, DatabaseError> {
    if let Some(body) = chunk.body {
        return Ok(body);
    }
    // Whoever forgot to bind it can put that right; the text is not lost.
    let unbound = || DatabaseError::Other("a file lies in a bucket, and none is bound".to_owned());
    let missing = || DatabaseError::Corrupt("a chunk of a file lies nowhere".to_owned());
    let bucket = ports.bucket().ok_or_else(unbound)?;
    let found = bucket.get(&object(file, chunk.number)).await?;
    found.ok_or_else(missing)
}

/// The text of a whole file's chunk by its number; `None` where the file ends before, or there is none.
///
/// # Errors
/// [`DatabaseError`].
pub async fn read<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    file: &FileId,
    number: u32,
) -> Result<Option<String>, DatabaseError> {
    let store = ports.store();
    match repeat(ports.clock(), || store.chunk(tenant, file, number)).await? {
        Some(chunk) => text_of(ports, file, chunk).await.map(Some),
        None => Ok(None),
    }
}

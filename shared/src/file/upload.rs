//! Takes a file while it arrives, and stores it byte for byte. What it holds in memory is a chunk
//! and a line.

use super::{FILE_BYTES, FileWriter, LINE_BYTES};
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::ids::{FileId, TenantId};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{FileRecord, NewFile, Purpose};

/// Why a file is not taken. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It has more bytes than [`FILE_BYTES`].
    TooLarge,
    /// The line with this number has more bytes than [`LINE_BYTES`].
    LineTooLong(u32),
    /// The line with this number is not UTF-8.
    NotUtf8(u32),
    /// The database did not take it.
    Database(DatabaseError),
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// A file while it arrives.
pub struct Upload<'a, P> {
    ports: &'a P,
    tenant: TenantId,
    writer: FileWriter<'a, P>,
    created_at: Instant,
    bytes: u64,
    /// The number of the line that is arriving, from 1.
    line: u32,
    held: Vec<u8>,
}

impl<'a, P: Ports> Upload<'a, P> {
    /// Begins to take a file that is uploaded for a batch.
    ///
    /// # Errors
    /// [`DatabaseError`]: nothing is stored but an empty file, whose time ends by itself.
    pub async fn begin(
        ports: &'a P,
        tenant: &TenantId,
        name: Option<String>,
    ) -> Result<Self, DatabaseError> {
        let now = ports.clock().now();
        let file = NewFile {
            tenant_id: tenant.clone(),
            id: FileId::new(now, ports.entropy()),
            purpose: Purpose::Batch,
            name,
            created_at: now,
        };
        Ok(Self {
            ports,
            tenant: tenant.clone(),
            writer: FileWriter::begin(ports, &file).await?,
            created_at: now,
            bytes: 0,
            line: 1,
            held: Vec::new(),
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Refused`]: discard it.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        if self.bytes > FILE_BYTES {
            return Err(Refused::TooLarge);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.held.extend_from_slice(piece);
            let end = self.held.strip_suffix(b"\n");
            let is_whole = end.is_some();
            let line = end.unwrap_or(&self.held);
            if line.strip_suffix(b"\r").unwrap_or(line).len() > LINE_BYTES {
                return Err(Refused::LineTooLong(self.line));
            }
            if is_whole {
                self.store().await?;
            }
        }
        Ok(())
    }

    /// Stores the line that has arrived.
    async fn store(&mut self) -> Result<(), Refused> {
        let line = std::str::from_utf8(&self.held).or(Err(Refused::NotUtf8(self.line)))?;
        self.writer.push(line).await?;
        self.held.clear();
        self.line = self.line.saturating_add(1);
        Ok(())
    }

    /// The file has arrived, and is kept for so many seconds.
    ///
    /// # Errors
    /// [`Refused`]; nothing is kept.
    pub async fn finish(mut self, seconds: u32) -> Result<FileRecord, Refused> {
        match self.close(seconds).await {
            Ok(file) => Ok(file),
            Err(refused) => {
                self.discard().await;
                Err(refused)
            }
        }
    }

    async fn close(&mut self, seconds: u32) -> Result<FileRecord, Refused> {
        if !self.held.is_empty() {
            self.store().await?;
        }
        let expires_at = self.created_at.plus_seconds(seconds.into());
        self.writer.finish(expires_at).await?;
        let (store, id) = (self.ports.store(), self.writer.id());
        let find = || store.file(&self.tenant, id);
        let found = repeat(self.ports.clock(), find).await?;
        let missing = || DatabaseError::Corrupt("a file that was stored is gone".to_owned());
        Ok(found.ok_or_else(missing)?)
    }

    /// Deletes what was stored of a file that is refused.
    pub async fn discard(self) {
        self.writer.discard().await;
    }
}

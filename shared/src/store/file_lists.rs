//! Pages of files, and whose lines a file holds.

use super::{FileRecord, Purpose, Store};
use crate::database::{Database, DatabaseError, Value};
use crate::ids::{BatchId, FileId, TenantId};
use serde::Deserialize;

/// Which files a page is to have. Lines of batches of our own shape are no files to their owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFilter {
    /// For this alone.
    pub purpose: Option<Purpose>,
    /// The oldest first, not the newest.
    pub oldest_first: bool,
    /// Beyond this one: where the page before ended.
    pub after: Option<FileId>,
}

impl<D: Database> Store<D> {
    /// At most `limit` whole files of the tenant that `filter` lets through.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn files(
        &self,
        tenant: &TenantId,
        filter: &FileFilter,
        limit: u32,
    ) -> Result<Vec<FileRecord>, DatabaseError> {
        const ABOVE_EVERY_ID: &str = "file-~";
        let after = filter.after.as_ref().map(FileId::as_str);
        let (sql, bound) = if filter.oldest_first {
            (
                include_str!("../../sql/list_files_oldest.sql"),
                after.unwrap_or_default(),
            )
        } else {
            (
                include_str!("../../sql/list_files.sql"),
                after.unwrap_or(ABOVE_EVERY_ID),
            )
        };
        let parameters: Vec<Value> = vec![
            tenant.as_str().into(),
            bound.into(),
            filter.purpose.map(Purpose::as_str).into(),
            limit.into(),
        ];
        self.run(sql, parameters).await?.decode()
    }

    /// A batch that has not ended and has its lines in this file.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn batch_of_file(
        &self,
        tenant: &TenantId,
        file: &FileId,
    ) -> Result<Option<BatchId>, DatabaseError> {
        #[derive(Deserialize)]
        struct Row {
            id: BatchId,
        }
        let parameters = vec![tenant.as_str().into(), file.as_str().into()];
        let sql = include_str!("../../sql/find_batch_of_file.sql");
        let rows: Vec<Row> = self.run(sql, parameters).await?.decode()?;
        Ok(rows.into_iter().next().map(|row| row.id))
    }
}

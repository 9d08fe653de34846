//! What a stage holds of batches and their files.

use anyhow::Result;
use rusqlite::Row;

use super::Stage;

/// The files of a tenant, as the database has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileRows {
    /// Files.
    pub files: u32,
    /// Those of them that are still written, or were when their request died.
    pub writing: u32,
    /// Their chunks.
    pub chunks: u32,
    /// Bytes of the chunks that lie in the database.
    pub bytes: i64,
}

impl Stage {
    /// The files of a tenant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn files(&self, tenant: &str) -> Result<FileRows> {
        let sql = "SELECT count(DISTINCT id), count(DISTINCT iif(state = 'writing', id, NULL)), \
                   count(number), coalesce(sum(length(CAST(body AS BLOB))), 0) \
                   FROM files LEFT JOIN file_chunks ON file_id = id WHERE tenant_id = ?1";
        let read = |row: &Row<'_>| {
            Ok(FileRows {
                files: row.get(0)?,
                writing: row.get(1)?,
                chunks: row.get(2)?,
                bytes: row.get(3)?,
            })
        };
        Ok(self.database()?.query_row(sql, [tenant], read)?)
    }

    /// How many lines of a batch are jobs by now, as its row says.
    ///
    /// # Errors
    /// When there is no such batch.
    pub fn lines_made(&self, batch: &str) -> Result<u32> {
        let sql = "SELECT jobs FROM batches WHERE id = ?1";
        Ok(self.database()?.query_row(sql, [batch], |row| row.get(0))?)
    }

    /// How many rows there are of a batch's jobs, of lines that they are of, and of results that they
    /// have. Of a batch that was done, the three are its lines.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows_of_batch(&self, batch: &str) -> Result<[u32; 3]> {
        let sql = "SELECT count(*), count(DISTINCT line), \
                   coalesce(sum((SELECT count(*) FROM task_results WHERE job_id = jobs.id)), 0) \
                   FROM jobs WHERE batch_id = ?1";
        let read = |row: &Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?]);
        Ok(self.database()?.query_row(sql, [batch], read)?)
    }

    /// Whether the sweep deletes each file within a day that is still written, or was when its request
    /// died.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unfinished_files_end_within_a_day(&self, tenant: &str) -> Result<bool> {
        let sql = "SELECT count(*) = 0 FROM files \
                   WHERE tenant_id = ?1 AND state = 'writing' AND expires_at_ms > created_at_ms + 86400000";
        Ok(self
            .database()?
            .query_row(sql, [tenant], |row| row.get(0))?)
    }

    /// How many batches a tenant has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn batches_of(&self, tenant: &str) -> Result<u32> {
        let sql = "SELECT count(*) FROM batches WHERE tenant_id = ?1";
        Ok(self
            .database()?
            .query_row(sql, [tenant], |row| row.get(0))?)
    }

    /// How many objects the bucket has.
    ///
    /// # Errors
    /// When the stage has none.
    pub fn objects(&self) -> Result<usize> {
        // The folder is made with the first object.
        let folder = "v3/r2/redrive-files/blobs";
        Ok(if self.watched.has(folder) {
            self.watched.contents(folder)?.len()
        } else {
            0
        })
    }
}

//! What worlds are built on, one after the other: a database with the tables and no rows.

use super::control::{Control, Rewrites};
use redrive_shared::native::SqliteDatabase;
use std::sync::Arc;

/// Prepared statements to keep: more than the product has, so that none is prepared twice.
const STATEMENTS: usize = 256;

/// A database for one world at a time, and what those worlds go without.
///
/// It is kept from world to world, because to apply the migrations and to prepare the statements
/// takes longer than what happens in most of them.
#[derive(Debug)]
pub struct Ground {
    pub(crate) database: Arc<SqliteDatabase>,
    pub(crate) control: Control,
    pub(crate) rewrites: Arc<Rewrites>,
}

impl Ground {
    /// A ground for worlds without what `control` names.
    ///
    /// # Errors
    /// If the migrations do not run, or the tables are not those the control expects.
    pub fn new(control: Control) -> anyhow::Result<Self> {
        let database = SqliteDatabase::in_memory()?;
        control.prepare(&database)?;
        database.with_connection(|connection| {
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
        });
        Ok(Self {
            database: Arc::new(database),
            control,
            rewrites: Arc::new(control.rewrites()),
        })
    }

    /// Deletes every row of every table.
    ///
    /// # Errors
    /// What `SQLite` says.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        self.database.with_connection(|connection| {
            let mut tables =
                connection.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
            let names = tables.query_map([], |row| row.get::<_, String>(0))?;
            for name in names {
                let name = name?;
                connection
                    .prepare_cached(&format!("DELETE FROM {name}"))?
                    .execute([])?;
            }
            Ok(())
        })
    }
}

//! No statement scans: `SQLite` itself says how it would run each.

use std::fs;

use redrive_shared::database::{Database, Statement, Value};
use redrive_shared::native::SqliteDatabase;
use xtask::checkout;

/// Statements that may read a table without an index, each with the words of the plan that are
/// excused, and why.
const EXCUSED: [(&str, &str); 2] = [
    // Asks for at most one row of each table, to see that the table is there.
    ("check_schema.sql", "SCAN "),
    // Sorts groups, which are few, not letters.
    ("group_dead_letters.sql", "USE TEMP B-TREE FOR ORDER BY"),
];

#[tokio::test]
async fn every_statement_uses_an_index() {
    check(&SqliteDatabase::in_memory().expect("the migrations run")).await;
}

#[tokio::test]
async fn a_statement_that_scans_or_sorts_is_found() {
    let database = SqliteDatabase::in_memory().expect("the migrations run");
    for (sql, found) in [
        ("SELECT id FROM jobs WHERE model = ?1", "SCAN jobs"),
        (
            "SELECT id FROM jobs WHERE tenant_id = ?1 ORDER BY model",
            "USE TEMP B-TREE FOR ORDER BY",
        ),
        (
            "UPDATE jobs SET model = ?1 WHERE model IN (SELECT name FROM tenants)",
            "SCAN tenants",
        ),
    ] {
        let steps = plan(&database, sql).await;
        let slow: Vec<&String> = steps.iter().filter(|step| is_slow(step, &steps)).collect();
        assert!(
            slow.iter().any(|step| step.starts_with(found)),
            "{sql}: {steps:?}"
        );
    }
}

#[tokio::test]
async fn a_filter_of_dead_letters_reads_nothing_of_those_it_passes_over() {
    let database = SqliteDatabase::in_memory().expect("the migrations run");
    let mut filters = std::collections::BTreeSet::new();
    let mut files = 0;
    for (name, sql) in statements() {
        let Some(filter) = filter_of(&sql) else {
            continue;
        };
        files += 1;
        filters.insert(filter);
        let steps = plan(&database, &sql).await;
        let covered = steps
            .iter()
            .any(|step| step.starts_with("SEARCH jobs USING COVERING INDEX jobs_dead_letters"));
        assert!(covered, "{name}: {steps:?}");
    }
    assert!(files >= 2, "{files}");
    assert_eq!(filters.len(), 1, "one filter, word for word: {filters:#?}");
}

/// The conditions by which a statement picks dead letters, if it does.
fn filter_of(sql: &str) -> Option<Vec<String>> {
    let lines = sql.lines().map(str::trim);
    let lines: Vec<String> = lines
        .skip_while(|line| !line.starts_with("AND (?4 ->> '$.code'"))
        .take_while(|line| line.starts_with("AND (?4 ->> "))
        .map(str::to_owned)
        .collect();
    (!lines.is_empty()).then_some(lines)
}

/// Every file of `shared/sql/`, by its name.
fn statements() -> Vec<(String, String)> {
    let folder = checkout::path("shared/sql");
    let entries = fs::read_dir(&folder).expect("the folder can be read");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let file = entry.expect("the folder can be read").path();
        let name = file.file_name().unwrap_or_default();
        let sql = fs::read_to_string(&file).expect("a statement is text");
        (name.to_string_lossy().into_owned(), sql)
    };
    entries.map(read).collect()
}

/// Holds every file of `shared/sql/` to the rule.
pub(crate) async fn check(database: &impl Database) {
    let mut slow = Vec::new();
    let mut files = 0;
    for (name, sql) in statements() {
        let steps = plan(database, &sql).await;
        // A row that is written as given is all the plan there is.
        let is_given = steps.is_empty() && sql.contains("\nVALUES");
        assert!(is_given || !steps.is_empty(), "{name} has no plan");
        files += 1;
        for step in steps.iter().filter(|step| is_slow(step, &steps)) {
            let excused = |(file, words): &(&str, &str)| *file == name && step.starts_with(words);
            if !EXCUSED.iter().any(excused) {
                slow.push(format!("{name}: {step}"));
            }
        }
    }
    assert!(files > 0, "there are no statements");
    assert!(
        slow.is_empty(),
        "statements read more than they need: {slow:#?}"
    );
}

/// The steps in which a statement would be run.
async fn plan(database: &impl Database, sql: &str) -> Vec<String> {
    let explained = format!("EXPLAIN QUERY PLAN {sql}");
    let statement = Statement::new(
        // A statement's text is `'static`; there are a few dozen.
        String::leak(explained),
        vec![Value::Null; parameters(sql)],
    );
    let results = database
        .batch(vec![statement])
        .await
        .expect("the statement can be explained");
    results
        .iter()
        .flat_map(|result| &result.rows)
        .filter_map(|row| Some(row.get("detail")?.as_str()?.to_owned()))
        .collect()
}

/// The highest number of a parameter outside the comments.
fn parameters(sql: &str) -> usize {
    sql.lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .flat_map(|line| line.split('?').skip(1))
        .filter_map(|rest| {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            rest.get(..digits)?.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

/// Whether a step reads every row of a table or an index, or sorts what it has read.
///
/// A constant row, the rows of a JSON parameter and those of a subquery are no tables: how a
/// subquery gets its rows is a step of its own.
fn is_slow(step: &str, steps: &[String]) -> bool {
    let is_subquery = |name: &str| {
        let made = ["CO-ROUTINE", "MATERIALIZE"].map(|how| format!("{how} {name}"));
        name.starts_with("(subquery-") || steps.iter().any(|step| made.contains(step))
    };
    let scanned = step.strip_prefix("SCAN ").filter(|scanned| {
        let is_table = *scanned != "CONSTANT ROW" && !scanned.contains(" VIRTUAL TABLE ");
        is_table && !is_subquery(scanned)
    });
    scanned.is_some() || step.contains("USE TEMP B-TREE FOR ORDER BY") || step.contains("AUTOMATIC")
}

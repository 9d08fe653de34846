//! Holds the enum, the statements, the schema and the page together.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Edges = BTreeSet<(String, String)>;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).expect("the file is there")
}

fn is_state(word: &str) -> bool {
    JobState::ALL.iter().any(|state| state.as_str() == word)
}

/// The words in backquotes of a cell.
fn quoted(cell: &str, quote: char) -> impl Iterator<Item = &str> {
    cell.split(quote).skip(1).step_by(2)
}

/// What the enum allows.
fn allowed() -> Edges {
    let mut edges = Edges::new();
    for from in JobState::ALL {
        for to in JobState::ALL.into_iter().filter(|to| from.may_become(*to)) {
            edges.insert((from.as_str().to_owned(), to.as_str().to_owned()));
        }
    }
    edges
}

/// The rows of the page's table of transitions: statement to the states it leaves and enters.
fn table(page: &str) -> BTreeMap<String, (BTreeSet<String>, String)> {
    let rows = page.lines().filter(|line| line.contains(".sql` |"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let from = quoted(cells[1], '`').map(str::to_owned).collect();
        let to = quoted(cells[2], '`').next().expect("a state").to_owned();
        let statement = quoted(cells[3], '`').next().expect("a file").to_owned();
        (statement, (from, to))
    })
    .collect()
}

/// A statement without its comments.
fn code(sql: &str) -> String {
    sql.lines()
        .filter(|line| !line.starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The statements that change the state of a job, by the name of their file.
fn moving_statements() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path.file_name().expect("named").to_string_lossy();
            (
                name.into_owned(),
                code(&fs::read_to_string(&path).expect("text")),
            )
        })
        .filter(|(_, sql)| {
            let set = sql.split("WHERE").next().unwrap_or_default();
            sql.starts_with("UPDATE jobs") && set.contains(" state = '")
        })
        .collect()
}

#[test]
fn the_page_lists_just_the_statements_that_move_a_job() {
    let page = read("docs/state-machine.md");
    let statements = moving_statements();
    let table = table(&page);
    assert_eq!(
        table.keys().collect::<Vec<_>>(),
        statements.keys().collect::<Vec<_>>()
    );
    for (name, sql) in &statements {
        let (from, to) = &table[name];
        let named: BTreeSet<String> = quoted(sql, '\'')
            .filter(|word| is_state(word))
            .map(str::to_owned)
            .collect();
        let expected: BTreeSet<String> = from.iter().chain([to]).cloned().collect();
        assert_eq!(named, expected, "{name}");
    }
}

#[test]
fn the_statements_make_just_the_transitions_that_are_allowed() {
    let page = read("docs/state-machine.md");
    let made: Edges = table(&page)
        .into_values()
        .flat_map(|(from, to)| from.into_iter().map(move |from| (from, to.clone())))
        .collect();
    assert_eq!(made, allowed());
}

#[test]
fn the_diagram_draws_just_the_transitions_that_are_allowed() {
    let page = read("docs/state-machine.md");
    let drawn: Edges = page
        .lines()
        .filter_map(|line| line.trim().split_once(" --> "))
        .filter_map(|(from, rest)| {
            let to = rest.split(':').next()?;
            (from != "[*]" && to != "[*]").then(|| (from.to_owned(), to.to_owned()))
        })
        .collect();
    assert_eq!(drawn, allowed());
}

#[test]
fn the_schema_knows_just_the_states_of_the_enum() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut migrations: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    migrations.sort();
    let latest = migrations
        .iter()
        .rev()
        .map(|path| fs::read_to_string(path).expect("text"))
        .find_map(|sql| {
            let list = sql.split("jobs_state_known CHECK (state IN (").nth(1)?;
            list.split(')').next().map(str::to_owned)
        })
        .expect("a migration has the check");
    let names: Vec<&str> = quoted(&latest, '\'').collect();
    assert_eq!(names, JobState::ALL.map(JobState::as_str));
}

#[test]
fn a_terminal_state_moves_only_by_a_replay() {
    for from in JobState::ALL
        .into_iter()
        .filter(|state| state.is_terminal())
    {
        for to in JobState::ALL {
            let is_replay = from == JobState::DeadLettered && to == JobState::Queued;
            assert_eq!(from.may_become(to), is_replay);
        }
    }
}

//! `dlq`: why jobs died, and how they come back.

mod purge;
mod replay;
mod show;

use super::Context;
use super::page::{List, plain};
use crate::arguments::{DeadLetterCommand, LetterFilter, ListLetters};
use crate::client::Call;
use crate::console::{Console, Table, cost, day_time, grouped, one_line};
use crate::documents::{DeadLetter, LetterGroup, LetterGroups};
use crate::failure::{Failure, Outcome};

/// Characters of a message in a table.
const MESSAGE: usize = 60;

/// Does what is to be done with dead letters.
pub(super) async fn carry_out(
    context: &Context<'_>,
    command: DeadLetterCommand,
) -> Result<Outcome, Failure> {
    match command {
        DeadLetterCommand::Ls(options) => list(context, options).await,
        DeadLetterCommand::Groups(filter) => groups(context, &filter).await,
        DeadLetterCommand::Show { job } => show::show(context, &job).await,
        DeadLetterCommand::Replay(options) => replay::replay(context, options).await,
        DeadLetterCommand::Purge(options) => purge::purge(context, &options).await,
    }
}

async fn list(context: &Context<'_>, options: ListLetters) -> Result<Outcome, Failure> {
    let list = List {
        call: Call::get(["dead-letters"]).queries(options.filter.parameters()),
        head: [
            "JOB",
            "KIND",
            "CODE",
            "CAUSE",
            "PROVIDER",
            "MODEL",
            "ATTEMPTS",
            "DIED",
            "REPLAYABLE",
            "MESSAGE",
        ],
        right: &[6],
        row: |letter: DeadLetter| {
            [
                plain(letter.job_id),
                plain(letter.kind),
                plain(letter.code),
                plain(letter.cause.unwrap_or_default()),
                plain(letter.provider.unwrap_or_default()),
                plain(letter.model.unwrap_or_default()),
                plain(letter.counts.attempts.to_string()),
                plain(day_time(&letter.dead_at)),
                plain(if letter.replayable { "yes" } else { "no" }),
                plain(one_line(&letter.message, MESSAGE)),
            ]
        },
        nothing: "No dead letters.",
    };
    list.print(context, &options.page).await
}

async fn groups(context: &Context<'_>, filter: &LetterFilter) -> Result<Outcome, Failure> {
    let call = Call::get(["dead-letters", "groups"]).queries(filter.parameters());
    let document = context.client.document(&call).await?;
    let console = context.console;
    if console.json {
        console.line(&document.text)?;
        return Ok(Outcome::Done);
    }
    let groups: LetterGroups = document.read_as()?;
    console.table(&group_table(&groups.data), "No dead letters.")?;
    tell_total(console, &groups);
    Ok(Outcome::Done)
}

fn tell_total(console: &Console, groups: &LetterGroups) {
    let total = grouped(groups.total);
    if groups.truncated {
        console.note(&format!(
            "{total} in all; smaller groups are left out: narrow the filter"
        ));
    } else if groups.data.len() > 1 {
        console.note(&format!("{total} in all"));
    }
}

/// Groups of dead letters, one a line.
fn group_table(groups: &[LetterGroup]) -> Table {
    let mut table = Table::new([
        "COUNT",
        "CODE",
        "PROVIDER",
        "MODEL",
        "FIRST",
        "LAST",
        "COST",
        "EXAMPLE",
        "FINGERPRINT",
    ])
    .right([0, 6]);
    for group in groups {
        table.row([
            grouped(group.count),
            group.code.clone(),
            group.provider.clone().unwrap_or_default(),
            group.model.clone().unwrap_or_default(),
            day_time(&group.first_at),
            day_time(&group.last_at),
            group.cost_micro_usd.map(cost).unwrap_or_default(),
            group.sample_job_id.clone().unwrap_or_default(),
            group.fingerprint.clone(),
        ]);
    }
    table
}

/// Refuses to work on everything unless that was said.
fn demand_choice(is_chosen: bool, all: bool, what: &str) -> Result<(), String> {
    match (is_chosen, all) {
        (true, true) => Err(format!("--all and {what} exclude each other")),
        (false, false) => Err(format!("say which dead letters: give {what}, or --all")),
        (true, false) | (false, true) => Ok(()),
    }
}

use crate::commands::Context;
use crate::console::{Table, day_time, printable};
use crate::documents::Replayed;
use crate::failure::Failure;

/// Prints when and by whom a job was put back, and where it stands why.
pub(crate) fn print_replays(
    context: &Context<'_>,
    job: &str,
    replays: &[Replayed],
) -> Result<(), Failure> {
    let Some(latest) = replays.last() else {
        return Ok(());
    };
    let console = context.console;
    console.line("")?;
    console.table(&table(replays), "")?;
    // The note and what was to be different stand with the replay of many, or in the audit log.
    let place = match &latest.replay_id {
        Some(replay) => format!("replay status {}", printable(replay)),
        None => format!("audit ls --subject {}", printable(job)),
    };
    console.note(&format!(
        "the note of the latest replay, and what it changed: redrive {place}"
    ));
    Ok(())
}

/// The replays of a job, one a line.
fn table(replays: &[Replayed]) -> Table {
    let mut table = Table::new(["REPLAYED", "BY", "AFTER ATTEMPT", "DIED OF", "REPLAY"]).right([2]);
    for replay in replays {
        table.row([
            day_time(&replay.at),
            replay.actor.clone(),
            replay.after_attempt.to_string(),
            replay.code.clone(),
            replay.replay_id.clone().unwrap_or_default(),
        ]);
    }
    table
}

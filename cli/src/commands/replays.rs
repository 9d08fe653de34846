//! `replay`: replays of many dead letters.

use super::Context;
use super::page::{List, plain};
use crate::arguments::ReplayCommand;
use crate::client::{Call, Document};
use crate::console::{
    Table, cost, day_time, duration, grouped, painted, printable, style_of_state,
};
use crate::documents::{Replay, ReplayedJob};
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;

/// Does what is to be done with replays.
pub(super) async fn carry_out(
    context: &Context<'_>,
    command: ReplayCommand,
) -> Result<Outcome, Failure> {
    match command {
        ReplayCommand::Ls(page) => list().print(context, &page).await,
        ReplayCommand::Status {
            replay,
            watch: true,
        } => watch(context, &replay).await,
        ReplayCommand::Status {
            replay,
            watch: false,
        } => {
            let call = Call::get(["replays", &replay]);
            show(context, &context.client.document(&call).await?)?;
            Ok(Outcome::Done)
        }
        ReplayCommand::Jobs { replay, page } => jobs(&replay).print(context, &page).await,
        ReplayCommand::Pause { replay } => steer(context, &replay, "pause").await,
        ReplayCommand::Resume { replay } => steer(context, &replay, "resume").await,
        ReplayCommand::Abort { replay } => steer(context, &replay, "abort").await,
    }
}

fn list() -> List<'static, Replay, 10> {
    List {
        call: Call::get(["replays"]),
        head: [
            "REPLAY",
            "STATUS",
            "MATCHED",
            "REPLAYED",
            "SUCCEEDED",
            "FAILED",
            "DEAD",
            "CREATED",
            "FINISHED",
            "NOTE",
        ],
        right: &[2, 3, 4, 5, 6],
        row: |replay| {
            let style = style_of_state(&replay.status);
            [
                plain(replay.replay_id),
                (replay.status, style),
                plain(grouped(replay.matched)),
                plain(grouped(replay.replayed)),
                plain(grouped(replay.outcomes.succeeded)),
                plain(grouped(replay.outcomes.failed)),
                plain(grouped(replay.outcomes.dead_lettered)),
                plain(day_time(&replay.created_at)),
                plain(
                    replay
                        .finished_at
                        .as_deref()
                        .map(day_time)
                        .unwrap_or_default(),
                ),
                plain(replay.note.unwrap_or_default()),
            ]
        },
        nothing: "No replays.",
    }
}

fn jobs(replay: &str) -> List<'static, ReplayedJob, 2> {
    List {
        call: Call::get(["replays", replay, "jobs"]),
        head: ["JOB", "STATUS"],
        right: &[],
        row: |job| {
            let style = style_of_state(&job.status);
            [plain(job.job_id), (job.status, style)]
        },
        nothing: "No jobs.",
    }
}

/// A try whose answer was lost is not repeated: the second could find the replay ended by the first.
async fn steer(context: &Context<'_>, id: &str, verb: &str) -> Result<Outcome, Failure> {
    let call = Call::post(["replays", id, verb]);
    show(context, &context.client.document(&call).await?)?;
    Ok(Outcome::Done)
}

/// Shows the progress of a replay until all that it put back has ended, or until it was stopped and
/// waits for somebody to decide.
pub(super) async fn watch(context: &Context<'_>, id: &str) -> Result<Outcome, Failure> {
    let progress = Progress::new(context.console);
    let call = Call::get(["replays", id]);
    let (document, replay) = loop {
        let document = context.client.document(&call).await?;
        let replay: Replay = document.read_as()?;
        progress.show(
            replay.replayed + replay.skipped,
            replay.matched,
            &text(&replay),
        );
        if replay.is_settled() {
            break (document, replay);
        }
        tokio::time::sleep(super::PAUSE).await;
    };
    drop(progress);
    show(context, &document)?;
    let is_good = replay.status == "completed" && replay.outcomes.not_succeeded() == 0;
    Ok(if is_good {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

fn text(replay: &Replay) -> String {
    let outcomes = &replay.outcomes;
    let mut parts = vec![replay.status.clone()];
    parts.extend(replay.rate_per_second.map(|rate| format!("{rate:.1}/s")));
    parts.extend(replay.cost_micro_usd.map(cost));
    for (count, what) in [
        (outcomes.under_way(), "under way"),
        (outcomes.succeeded, "succeeded"),
        (outcomes.failed, "failed"),
        (outcomes.dead_lettered, "dead again"),
        (outcomes.cancelled, "cancelled"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    }
    parts.join(", ")
}

fn show(context: &Context<'_>, document: &Document) -> Result<(), Failure> {
    let console = context.console;
    if console.json {
        return console.line(&document.text);
    }
    let replay: Replay = document.read_as()?;
    let id = printable(&replay.replay_id);
    let status = painted(style_of_state(&replay.status), &printable(&replay.status));
    console.line(&format!("{id} {status}"))?;
    console.table(&facts(&replay), "")?;
    if replay.status == "paused" {
        console.note(&format!(
            "go on: redrive replay resume {id}; or end it: redrive replay abort {id}"
        ));
    }
    Ok(())
}

fn facts(replay: &Replay) -> Table {
    let mut table = Table::facts();
    table.fact("reason", replay.reason.as_ref());
    table.fact("created", Some(day_time(&replay.created_at)));
    table.fact("finished", replay.finished_at.as_deref().map(day_time));
    table.fact("by", replay.actor.as_ref());
    table.fact("note", replay.note.as_ref());
    table.fact("filter", replay.filter.as_ref().map(ToString::to_string));
    let changes = replay.overrides.as_ref().map(ToString::to_string);
    table.fact(
        "different",
        changes.filter(|changes| changes != "{}" && changes != "null"),
    );
    table.fact(
        "at most",
        Some(format!("{} a second", replay.max_per_second)),
    );
    if let Some(sample) = &replay.sample {
        let text = format!(
            "{} of {} ended, {} succeeded; {} % must",
            sample.finished, sample.count, sample.succeeded, sample.min_success_percent
        );
        table.fact("sample", Some(text));
    }
    table.fact("matched", Some(grouped(replay.matched)));
    table.fact("replayed", Some(grouped(replay.replayed)));
    let skipped = Some(replay.skipped).filter(|jobs| *jobs > 0);
    table.fact("skipped", skipped.map(grouped));
    table.fact("remaining", Some(grouped(replay.remaining)));
    for (name, count) in replay.outcomes.named() {
        table.fact(
            &format!("  {name}"),
            Some(count).filter(|count| *count > 0).map(grouped),
        );
    }
    table.fact(
        "rate",
        replay.rate_per_second.map(|rate| format!("{rate:.1}/s")),
    );
    let left = replay.time_left().filter(|_| replay.remaining > 0);
    table.fact("time left", left.map(duration));
    table.fact("cost", replay.cost_micro_usd.map(cost));
    table
}

use crate::client::Call;
use crate::commands::Context;
use crate::commands::job::{attempts, print_replays};
use crate::console::{BAD, Table, cost, day_time, grouped, painted, printable};
use crate::documents::{AttemptCounts, DeadLetter};
use crate::failure::{Failure, Outcome};

/// Shows a dead letter with its history.
pub(super) async fn show(context: &Context<'_>, job: &str) -> Result<Outcome, Failure> {
    let call = Call::get(["dead-letters", job]);
    let document = context.client.document(&call).await?;
    let console = context.console;
    if console.json {
        console.line(&document.text)?;
        return Ok(Outcome::Done);
    }
    let letter: DeadLetter = document.read_as()?;
    let id = printable(&letter.job_id);
    let code = painted(BAD, &printable(&letter.code));
    console.line(&format!("{id} {code}"))?;
    console.line(&printable(&letter.message))?;
    console.line("")?;
    console.table(&facts(&letter), "")?;
    if let Some(excerpt) = &letter.excerpt {
        console.line("\nThe provider's own words:")?;
        for line in printable(excerpt).lines() {
            console.line(&format!("  {line}"))?;
        }
    }
    console.line("")?;
    console.table(&attempts(&letter.attempts), "No attempt has finished.")?;
    print_replays(context, &id, &letter.replays)?;
    if letter.replayable {
        console.note(&format!("put it back: redrive dlq replay {id}"));
    }
    Ok(Outcome::Done)
}

fn facts(letter: &DeadLetter) -> Table {
    let mut table = Table::facts();
    table.fact("kind", Some(&letter.kind));
    table.fact("cause", letter.cause.as_ref());
    table.fact("provider", letter.provider.as_ref());
    table.fact("model", letter.model.as_ref());
    table.fact(
        "provider status",
        letter.provider_status.map(|status| status.to_string()),
    );
    table.fact("provider request", letter.provider_request_id.as_ref());
    table.fact("fingerprint", Some(&letter.fingerprint));
    table.fact("created", Some(day_time(&letter.created_at)));
    table.fact("died", Some(day_time(&letter.dead_at)));
    table.fact("attempts", Some(counts(&letter.counts)));
    let known = letter.cost.as_ref().and_then(|cost| cost.cost_micro_usd);
    table.fact("cost so far", known.map(cost));
    table.fact(
        "request kept until",
        letter.payload_expires_at.as_deref().map(day_time),
    );
    table.fact(
        "replayable",
        Some(if letter.replayable {
            "yes"
        } else {
            "no: its request was deleted"
        }),
    );
    table
}

/// How many attempts there were, and what became of them.
fn counts(counts: &AttemptCounts) -> String {
    let outcomes = [
        (counts.failures, "failed"),
        (counts.deferrals, "deferred"),
        (counts.rescues, "rescued"),
    ];
    let outcomes: Vec<String> = outcomes
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, outcome)| format!("{} {outcome}", grouped(count)))
        .collect();
    let attempts = grouped(counts.attempts);
    if outcomes.is_empty() {
        attempts
    } else {
        format!("{attempts}: {}", outcomes.join(", "))
    }
}

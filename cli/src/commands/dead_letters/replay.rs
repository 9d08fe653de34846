use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::{demand_choice, group_table};
use crate::arguments::{Changes, ReplayLetters};
use crate::client::{Call, Document};
use crate::commands::{Context, job, replays};
use crate::console::{cost, counted, grouped, printable};
use crate::documents::{Accepted, ReplayAccepted, ReplayPlan};
use crate::failure::{Failure, Outcome};

/// Puts dead letters back: one at once, several as a replay.
pub(super) async fn replay(
    context: &Context<'_>,
    options: ReplayLetters,
) -> Result<Outcome, Failure> {
    demand_one_choice(&options).map_err(|text| {
        let hint = options.mix_up().map(|hint| format!(" ({hint})"));
        Failure::Usage(text + &hint.unwrap_or_default())
    })?;
    match options.jobs.as_slice() {
        [one] if is_plain(&options) => replay_one(context, one, &options).await,
        _ => replay_many(context, &options).await,
    }
}

/// Jobs, a filter, or all: one of them.
fn demand_one_choice(options: &ReplayLetters) -> Result<(), String> {
    let by_id = !options.jobs.is_empty();
    if by_id && !options.filter.is_empty() {
        let text = "jobs and filters exclude each other: name the jobs, or say how to find them";
        return Err(text.to_owned());
    }
    let is_chosen = by_id || !options.filter.is_empty();
    demand_choice(is_chosen, options.all, "jobs or a filter")
}

/// Whether nothing is asked for that only a replay of many can do.
fn is_plain(options: &ReplayLetters) -> bool {
    !options.dry_run && options.max_per_second.is_none() && options.sample.is_none()
}

/// One job is put back beside whatever replay is running.
async fn replay_one(
    context: &Context<'_>,
    id: &str,
    options: &ReplayLetters,
) -> Result<Outcome, Failure> {
    let mut body = changes(&options.changes)?;
    if let Some(note) = &options.note {
        body.insert("note".to_owned(), json!(note));
    }
    let call = Call::create(["dead-letters", id, "replay"]).json(&body)?;
    let document = context.client.document(&call).await?;
    let accepted: Accepted = document.read_as()?;
    let console = context.console;
    if options.wait {
        console.note(&format!("{} runs again", printable(&accepted.job_id)));
        let (document, ended) = job::wait(context, &accepted.job_id).await?;
        if console.json {
            console.line(&document.text)?;
        } else {
            job::print_job(context, &ended)?;
        }
        return Ok(job::outcome(&ended));
    }
    if console.json {
        console.line(&document.text)?;
    } else {
        console.line(&printable(&accepted.job_id))?;
        console.note("it runs again");
    }
    Ok(Outcome::Done)
}

async fn replay_many(context: &Context<'_>, options: &ReplayLetters) -> Result<Outcome, Failure> {
    let call = Call::create(["replays"]).json(&request(options)?)?;
    let document =
        context
            .client
            .document(&call)
            .await
            .map_err(|failure| match options.mix_up() {
                Some(hint) if failure.is("nothing-matches") => failure.with_hint(hint),
                _ => failure,
            })?;
    let console = context.console;
    if options.dry_run {
        show_plan(context, &document, options)?;
        return Ok(Outcome::Done);
    }
    let accepted: ReplayAccepted = document.read_as()?;
    let id = printable(&accepted.replay_id);
    if options.wait {
        console.note(&format!(
            "{id} puts {} back",
            counted(accepted.matched, "job")
        ));
        return replays::watch(context, &accepted.replay_id).await;
    }
    if console.json {
        console.line(&document.text)?;
    } else {
        console.line(&id)?;
        console.note(&format!(
            "puts {} back; see: redrive replay status {id} --watch",
            counted(accepted.matched, "job")
        ));
    }
    Ok(Outcome::Done)
}

/// What is to be different, as fields of the request.
fn changes(changes: &Changes) -> Result<Map<String, Value>, Failure> {
    const WRITING: &str = "cannot write the request";
    let whom = serde_json::to_value(changes.whom()?).context(WRITING)?;
    let rest = serde_json::to_value(changes).context(WRITING)?;
    let mut fields = Map::new();
    for part in [whom, rest] {
        if let Value::Object(part) = part {
            fields.extend(part);
        }
    }
    Ok(fields)
}

fn request(options: &ReplayLetters) -> Result<Value, Failure> {
    let mut body = json!({});
    let mut set = |name: &str, value: Value| {
        if let Value::Object(fields) = &mut body {
            fields.insert(name.to_owned(), value);
        }
    };
    if options.jobs.is_empty() {
        set("filter", json!(options.filter));
    } else {
        set("jobIds", json!(options.jobs));
    }
    if options.dry_run {
        set("dryRun", json!(true));
    }
    if let Some(rate) = options.max_per_second {
        set("maxPerSecond", json!(rate));
    }
    if let (Some(count), Some(percent)) = (options.sample, options.min_success) {
        set(
            "sample",
            json!({"count": count, "minSuccessPercent": percent}),
        );
    }
    if options.changes != Changes::default() {
        set("overrides", Value::Object(changes(&options.changes)?));
    }
    if let Some(note) = &options.note {
        set("note", json!(note));
    }
    Ok(body)
}

fn show_plan(
    context: &Context<'_>,
    document: &Document,
    options: &ReplayLetters,
) -> Result<(), Failure> {
    let console = context.console;
    if console.json {
        return console.line(&document.text);
    }
    let plan: ReplayPlan = document.read_as()?;
    console.table(&group_table(&plan.groups), "No dead letters.")?;
    console.note(&format!("{} would be put back", grouped(plan.matched)));
    if let Some(hint) = options.mix_up().filter(|_| plan.matched == 0) {
        console.note(hint);
    }
    if plan.payload_deleted > 0 {
        let gone = grouped(plan.payload_deleted);
        console.note(&format!(
            "{gone} more match, and cannot be: their requests were deleted"
        ));
    }
    let unknown = counted(plan.without_estimate, "job");
    match (plan.estimated_cost_micro_usd, plan.without_estimate) {
        (None, 0) => {}
        (None, _) => console.note(&format!("likely cost: nothing is known of {unknown}")),
        (Some(estimate), 0) => console.note(&format!("likely cost: {}", cost(estimate))),
        (Some(estimate), _) => console.note(&format!(
            "likely cost: {}, and what {unknown} cost of which nothing is known",
            cost(estimate)
        )),
    }
    Ok(())
}

#[cfg(test)]
mod tests;

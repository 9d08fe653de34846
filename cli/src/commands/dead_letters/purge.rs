use std::io::{BufRead as _, Write as _};

use redrive_shared::store::PURGED_LETTERS;

use super::{demand_choice, group_table};
use crate::arguments::PurgeLetters;
use crate::client::{Call, Document};
use crate::commands::Context;
use crate::console::{Console, grouped, printable};
use crate::documents::{PurgePlan, Purged};
use crate::failure::{Failure, Outcome};

/// Deletes dead letters: shows what would go, asks, and deletes as many as were shown or none.
pub(super) async fn purge(
    context: &Context<'_>,
    options: &PurgeLetters,
) -> Result<Outcome, Failure> {
    demand_choice(!options.filter.is_empty(), options.all, "a filter").map_err(Failure::Usage)?;
    let console = context.console;
    let call = Call::delete(["dead-letters"])
        .queries(options.filter.parameters())
        .query("all", options.all.then_some(true));
    let dry = call.clone().query("dryRun", Some(true)).same_twice();
    let document = context.client.document(&dry).await?;
    let plan: PurgePlan = document.read_as()?;
    if !console.json {
        console.table(&group_table(&plan.groups), "No dead letters.")?;
    }
    if !options.dry_run {
        demand_expected(&plan, options)?;
    }
    if options.dry_run || plan.matched == 0 {
        return tell_plan(console, &plan, &document);
    }
    agree(&plan, options)?;
    let call = call
        .query("expectedCount", Some(plan.matched))
        .query("note", options.note.as_ref());
    let document = context.client.document(&call).await?;
    if console.json {
        console.line(&document.text)?;
        return Ok(Outcome::Done);
    }
    let purged: Purged = document.read_as()?;
    let audit = printable(&purged.audit_id);
    console.line(&format!(
        "{} deleted; audit entry {audit}",
        grouped(purged.purged)
    ))?;
    if purged.remaining > 0 {
        console.warn(&format!(
            "{} of those counted are left, replayed meanwhile or for lack of time: look again with \
             --dry-run",
            grouped(purged.remaining)
        ));
    }
    Ok(Outcome::Done)
}

/// Tells what would go, where nothing does.
fn tell_plan(console: &Console, plan: &PurgePlan, document: &Document) -> Result<Outcome, Failure> {
    if console.json {
        console.line(&document.text)?;
    } else if plan.matched > 0 {
        let matched = plan.matched;
        console.note(&format!("{} would be deleted", grouped(matched)));
        console.note(&too_many(plan).unwrap_or_else(|| {
            format!("to delete them without a question: --yes --expected-count {matched}")
        }));
    }
    Ok(Outcome::Done)
}

/// What to say when more match than one purge deletes.
fn too_many(plan: &PurgePlan) -> Option<String> {
    let most = u64::from(PURGED_LETTERS);
    (plan.matched > most).then(|| {
        let most = grouped(most);
        format!("one purge deletes {most} at most: narrow the filter, as by --dead-before")
    })
}

/// As many must match as somebody said.
fn demand_expected(plan: &PurgePlan, options: &PurgeLetters) -> Result<(), Failure> {
    match options.expected_count {
        Some(expected) if expected != plan.matched => Err(Failure::Failed(format!(
            "{} match, and not {}: nothing was deleted",
            grouped(plan.matched),
            grouped(expected)
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Somebody must have said that so many may go: at the question, or on the command line.
fn agree(plan: &PurgePlan, options: &PurgeLetters) -> Result<(), Failure> {
    let matched = plan.matched;
    if let Some(text) = too_many(plan) {
        let matched = grouped(matched);
        return Err(Failure::Failed(format!(
            "{matched} match: {text}; nothing was deleted"
        )));
    }
    if options.yes {
        return Ok(());
    }
    if !Console::can_ask() {
        return Err(Failure::Usage(format!(
            "nobody can be asked here: give --yes --expected-count {matched}"
        )));
    }
    if is_answer_yes(matched) {
        Ok(())
    } else {
        Err(Failure::Failed("nothing was deleted".to_owned()))
    }
}

/// Asks at the terminal; the number must be typed, so that it is read.
fn is_answer_yes(matched: u64) -> bool {
    let mut err = std::io::stderr().lock();
    let question = format!("Delete {} for good? Type the number: ", grouped(matched));
    if err
        .write_all(question.as_bytes())
        .and_then(|()| err.flush())
        .is_err()
    {
        return false;
    }
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim().replace(',', "") == matched.to_string()
}

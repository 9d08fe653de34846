//! `batch`: many jobs at once.

use std::path::Path;

use super::Context;
use super::page::{List, plain};
use crate::arguments::{
    BatchCommand, BatchResults, FileToWrite, ListBatches, SubmitBatch, WatchBatch,
};
use crate::batch::{
    self, Reading, Source, Submission, Target, parameters, progress_text, read_results,
};
use crate::client::{Call, Document};
use crate::console::{
    cost, counted, day_time, grouped, painted, percent, printable, style_of_state,
};
use crate::documents::Batch;
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;

/// Does what is to be done with batches.
pub(super) async fn carry_out(
    context: &Context<'_>,
    command: BatchCommand,
) -> Result<Outcome, Failure> {
    match command {
        BatchCommand::Run(request) => batch::run(context, &request).await,
        BatchCommand::Submit(request) => submit(context, request).await,
        BatchCommand::Ls(options) => list(context, options).await,
        BatchCommand::Status(options) => status(context, &options).await,
        BatchCommand::Cancel { batch } => cancel(context, &batch).await,
        BatchCommand::Results(options) => results(context, options).await,
        BatchCommand::Errors { batch, file } => errors(context, &batch, &file).await,
    }
}

async fn submit(context: &Context<'_>, request: SubmitBatch) -> Result<Outcome, Failure> {
    let source = Source::read(&request.input)?;
    source.check()?;
    let submission = Submission {
        source: &source,
        parameters: &parameters(&request.batch)?,
        idempotency_key: request.idempotency_key,
    };
    let (document, accepted) = batch::submit(&context.client, &submission).await?;
    if context.console.json {
        context.console.line(&document.text)?;
    } else {
        batch::tell_invalid_lines(context.console, &accepted);
        context.console.line(&printable(&accepted.batch_id))?;
    }
    Ok(Outcome::Done)
}

async fn list(context: &Context<'_>, options: ListBatches) -> Result<Outcome, Failure> {
    let call = Call::get(["batches"])
        .query("status", options.status)
        .query("createdAfter", options.created_after)
        .query("createdBefore", options.created_before);
    let list = List {
        call,
        head: [
            "BATCH", "STATUS", "LINES", "DONE", "FAILED", "DEAD", "COST", "CREATED", "ENDED",
            "NAME",
        ],
        right: &[2, 3, 4, 5, 6],
        row: |batch: Batch| {
            let style = style_of_state(&batch.status);
            [
                plain(batch.batch_id),
                (batch.status, style),
                plain(grouped(batch.lines)),
                plain(batch.percent.map(percent).unwrap_or_default()),
                plain(grouped(batch.counts.failed)),
                plain(grouped(batch.counts.dead_lettered)),
                plain(batch.cost_micro_usd.map(cost).unwrap_or_default()),
                plain(day_time(&batch.created_at)),
                plain(
                    batch
                        .completed_at
                        .as_deref()
                        .map(day_time)
                        .unwrap_or_default(),
                ),
                plain(batch.name.unwrap_or_default()),
            ]
        },
        nothing: "No batches.",
    };
    list.print(context, &options.page).await
}

async fn status(context: &Context<'_>, options: &WatchBatch) -> Result<Outcome, Failure> {
    let call = Call::get(["batches", &options.batch]);
    if !options.watch {
        let document = context.client.document(&call).await?;
        show(context, &document)?;
        return Ok(Outcome::Done);
    }
    let (document, batch) = watch(context, &call).await?;
    show(context, &document)?;
    Ok(batch::outcome(&batch))
}

/// Shows the progress until the batch has ended.
async fn watch(context: &Context<'_>, call: &Call) -> Result<(Document, Batch), Failure> {
    let progress = Progress::new(context.console);
    let mut is_hinted = false;
    loop {
        let document = context.client.document(call).await?;
        let batch: Batch = document.read_as()?;
        if let Some(hint) = batch::stalled_hint(&batch).filter(|_| !is_hinted) {
            context.console.note(&hint);
            is_hinted = true;
        }
        progress.show(
            batch.counts.ended(),
            batch.lines,
            &progress_text(&batch, None),
        );
        if batch.has_ended() {
            return Ok((document, batch));
        }
        tokio::time::sleep(super::PAUSE).await;
    }
}

fn show(context: &Context<'_>, document: &Document) -> Result<(), Failure> {
    let console = context.console;
    if console.json {
        return console.line(&document.text);
    }
    let batch: Batch = document.read_as()?;
    let status = painted(style_of_state(&batch.status), &printable(&batch.status));
    console.line(&format!("{} {status}", printable(&batch.batch_id)))?;
    console.table(&batch::facts(&batch), "")?;
    let id = printable(&batch.batch_id);
    if let Some(hint) = batch::retries_hint(&batch) {
        console.note(&hint);
    }
    if batch.counts.not_succeeded() > 0 {
        console.note(&format!("what did not succeed: redrive batch errors {id}"));
    }
    if batch.counts.dead_lettered > 0 {
        console.note(&format!("why jobs died: redrive dlq groups --batch {id}"));
    }
    Ok(())
}

/// Cancels a batch. Sent again after a lost answer, the server may say that it has ended.
async fn cancel(context: &Context<'_>, id: &str) -> Result<Outcome, Failure> {
    let call = Call::post(["batches", id, "cancel"]).same_twice();
    let document = context.client.document(&call).await?;
    show(context, &document)?;
    Ok(Outcome::Done)
}

async fn results(context: &Context<'_>, options: BatchResults) -> Result<Outcome, Failure> {
    let mut reading = Reading {
        batch: &options.batch,
        order: &options.order,
        cursor: options.cursor,
    };
    let client = &context.client;
    let Some(target) = target(&options.file)? else {
        read_results(client, &mut reading, |line, _| {
            context.console.raw_line(line)
        })
        .await?;
        return Ok(Outcome::Done);
    };
    let lines = target
        .write(async |out| {
            use std::io::Write as _;
            read_results(client, &mut reading, |line, _| {
                out.write_all(line)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(Failure::of_output)
            })
            .await
        })
        .await?;
    tell_file(context, lines, "result", target.path());
    Ok(Outcome::Done)
}

async fn errors(context: &Context<'_>, id: &str, file: &FileToWrite) -> Result<Outcome, Failure> {
    if let Some(target) = target(file)? {
        let lines = batch::write_errors(&context.client, id, &target).await?;
        tell_file(context, lines, "line", target.path());
    } else {
        let take = |line: &[u8]| context.console.raw_line(line);
        batch::read_errors(&context.client, id, take).await?;
    }
    Ok(Outcome::Done)
}

/// Where to write; `None` for standard output.
fn target(file: &FileToWrite) -> Result<Option<Target>, Failure> {
    let named = file.output.as_deref();
    let Some(path) = named.filter(|path| *path != Path::new("-")) else {
        return Ok(None);
    };
    let target = Target::find(path)?;
    if target.is_filled() && !file.force {
        return Err(Failure::Usage(format!(
            "{} holds something already: name another file, or give --force to overwrite it",
            path.display()
        )));
    }
    Ok(Some(target))
}

fn tell_file(context: &Context<'_>, lines: u64, what: &str, path: &Path) {
    let (lines, path) = (counted(lines, what), path.display());
    context.console.note(&format!("{lines} in {path}"));
}

//! `batch run`: submits, follows, downloads, and can be stopped at any moment.

use std::path::PathBuf;
use std::time::Duration;

use super::download::Download;
use super::errors_file::write_errors;
use super::journal::Subject;
use super::places;
use super::results::{Reading, read_results};
use super::source::Source;
use super::submit::{Accepted, Submission, parameters, submit, tell_invalid_lines};
use super::summary::{facts, outcome, progress_text, stalled_hint};
use super::target::Target;
use crate::arguments::RunBatch;
use crate::client::{Call, Client, Document};
use crate::commands::Context;
use crate::console::{counted, painted, printable, style_of_state};
use crate::documents::{Batch, OwnKey};
use crate::failure::{Failure, Outcome};
use crate::interrupt;
use crate::progress::Progress;

/// A lost connection is made again this often before the run gives up: more than ten minutes.
const RETRIES: u32 = 100;
/// The time between two questions, at first and when nothing moves.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is at work in a run.
struct Run<'r, 'c> {
    context: &'r Context<'c>,
    client: Client<'c>,
    request: &'r RunBatch,
    /// Where lines go that did not succeed.
    errors: Target,
}

/// A batch that has ended and is downloaded.
struct Ended {
    document: Document,
    batch: Batch,
    /// The file of lines that did not succeed, and their number.
    errors: Option<(PathBuf, u64)>,
}

/// Runs a batch from file to file.
///
/// # Errors
/// When it cannot go on now; unless the server refused the file, the same command goes on later.
pub(crate) async fn run(context: &Context<'_>, request: &RunBatch) -> Result<Outcome, Failure> {
    let retries = context.options.retries.unwrap_or(RETRIES);
    let run = Run {
        context,
        client: context.client.with_retries(retries),
        request,
        errors: places::look_at(request)?,
    };
    let subject = run.subject().await?;
    let mut download = Download::open(&request.output, subject)?;
    let ended = tokio::select! {
        ended = run.pursue(&mut download) => ended,
        () = interrupt::requested() => Err(Failure::Interrupted),
    };
    match ended {
        Ok(ended) => {
            let lines = download.journal().written_lines;
            download.finish()?;
            run.tell_end(&ended, lines)?;
            Ok(outcome(&ended.batch))
        }
        Err(failure) => Err(run.give_up(download, failure)),
    }
}

impl Run<'_, '_> {
    async fn subject(&self) -> Result<Subject, Failure> {
        let input = Source::read(&self.request.input)?;
        input.check()?;
        let tenant_id = match self.client.document(&Call::get(["key"])).await {
            Ok(document) => Some(document.read_as::<OwnKey>()?.tenant_id),
            Err(Failure::Api(error)) if error.is("route-not-found") => None,
            Err(failure) => return Err(failure),
        };
        Ok(Subject {
            url: self.client.base().to_string(),
            tenant_id,
            input,
            parameters: parameters(&self.request.batch)?,
        })
    }

    async fn pursue(&self, download: &mut Download) -> Result<Ended, Failure> {
        let id = self.submitted(download).await?;
        let (document, batch) = self.follow(&id, download).await?;
        let mut errors = None;
        if batch.counts.not_succeeded() > 0 {
            download.own(&self.errors)?;
            let lines = write_errors(&self.client, &id, &self.errors).await?;
            errors = Some((self.errors.path().to_owned(), lines));
        }
        Ok(Ended {
            document,
            batch,
            errors,
        })
    }

    /// The batch's id: from the journal, or from the server, which knows the request by its name.
    async fn submitted(&self, download: &mut Download) -> Result<String, Failure> {
        let console = self.context.console;
        let journal = download.journal();
        if let Some(id) = journal.batch_id.clone() {
            let results = counted(journal.written_lines, "result");
            console.note(&format!("goes on with {id}, has {results} already"));
            return Ok(id);
        }
        let journal = journal.clone();
        let source = journal.subject.input;
        let (path, lines) = (source.path.display(), counted(source.lines, "line"));
        let bytes = counted(source.bytes, "byte");
        console.note(&format!("submits {path}: {lines}, {bytes}"));
        let submission = Submission {
            source: &source,
            parameters: &journal.subject.parameters,
            idempotency_key: Some(journal.idempotency_key),
        };
        let accepted = self.send(&submission, download).await?;
        let id = accepted.batch_id.clone();
        download.submitted(id.clone())?;
        console.note(&format!("{id} has {}", counted(accepted.lines, "line")));
        tell_invalid_lines(console, &accepted);
        Ok(id)
    }

    /// Sends the file until there is an answer, and notes when one may have been lost.
    async fn send(
        &self,
        submission: &Submission<'_>,
        download: &mut Download,
    ) -> Result<Accepted, Failure> {
        let client = self.client.with_retries(0);
        let mut tries = 0;
        loop {
            match submit(&client, submission).await {
                Ok((_, accepted)) => return Ok(accepted),
                Err(failure) => {
                    if failure.may_pass() {
                        download.doubt();
                    }
                    tries += 1;
                    self.client.pause(failure, tries).await?;
                }
            }
        }
    }

    /// Downloads what has ended, again and again, until the batch has ended and nothing more comes.
    async fn follow(
        &self,
        id: &str,
        download: &mut Download,
    ) -> Result<(Document, Batch), Failure> {
        let progress = Progress::new(self.context.console);
        let call = Call::get(["batches", id]);
        let mut reading = Reading {
            batch: id,
            order: "completion",
            cursor: download.journal().cursor.clone(),
        };
        let mut pause = SHORTEST_PAUSE;
        let mut is_hinted = false;
        loop {
            // Asked before the results: what had ended by then is among them.
            let document = self.client.document(&call).await?;
            let batch: Batch = document.read_as()?;
            if let Some(hint) = stalled_hint(&batch).filter(|_| !is_hinted) {
                self.context.console.note(&hint);
                is_hinted = true;
            }
            let show = |lines| {
                let text = progress_text(&batch, Some(lines));
                progress.show(batch.counts.ended(), batch.lines, &text);
            };
            show(download.journal().written_lines);
            let came = read_results(&self.client, &mut reading, |line, cursor| {
                download.append(line, cursor)?;
                show(download.journal().written_lines);
                Ok(())
            })
            .await?;
            download.save()?;
            if came > 0 {
                pause = SHORTEST_PAUSE;
            } else if batch.has_ended() {
                return Ok((document, batch));
            } else {
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            }
        }
    }

    fn tell_end(&self, ended: &Ended, results: u64) -> Result<(), Failure> {
        let console = self.context.console;
        if console.json {
            console.line(&ended.document.text)?;
        }
        let batch = &ended.batch;
        let status = painted(style_of_state(&batch.status), &printable(&batch.status));
        console.note(&format!("{} {status}", printable(&batch.batch_id)));
        console.note(facts(batch).to_string().trim_end());
        console.note(&format!(
            "{} in {}",
            counted(results, "result"),
            self.request.output.display()
        ));
        if let Some((path, lines)) = &ended.errors {
            console.note(&format!(
                "{} without success in {}, each with its reason: put that right, and run this file",
                counted(*lines, "line"),
                path.display()
            ));
        }
        if batch.counts.dead_lettered > 0 {
            let id = printable(&batch.batch_id);
            console.note(&format!("why jobs died: redrive dlq groups --batch {id}"));
        }
        Ok(())
    }

    /// Leaves everything so that the same command goes on, or nothing if there is nothing to go on
    /// with.
    fn give_up(&self, mut download: Download, failure: Failure) -> Failure {
        let is_refused = matches!(&failure, Failure::Api(error) if error.status < 500);
        if is_refused && download.is_surely_unknown() {
            download.abandon();
            return failure;
        }
        if let Err(unsaved) = download.save() {
            return unsaved;
        }
        let console = self.context.console;
        let (lines, output) = (
            download.journal().written_lines,
            self.request.output.display(),
        );
        console.note(&format!(
            "{} in {output}; the same command goes on from here, and submits nothing twice",
            counted(lines, "result")
        ));
        if let Some(id) = &download.journal().batch_id {
            console.note(&format!(
                "the batch goes on meanwhile: redrive batch status {id}"
            ));
        }
        failure
    }
}

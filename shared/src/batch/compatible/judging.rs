//! Judges every line of a file before the first becomes a job.

use super::{content, endpoint, lines};
use crate::batch::unreadable;
use crate::clock::Clock;
use crate::configuration::Configuration;
use crate::database::DatabaseError;
use crate::file::LINE_BYTES;
use crate::ids::BATCH_JOBS;
use crate::openai::{Endpoint, Fault, Finding, Line, LineFault};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::request::Known;
use crate::store::{BatchGround, BatchMove, BatchRecord, BatchStatus};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most mistakes that are told; the file has to be put right anyway.
const TOLD: usize = 100;

/// Reads the whole file of a batch, 100 MB at most, a chunk at a time. After that its lines are
/// counted, and will become jobs; or it has failed. A file that is there and cannot be read is read
/// again later, until that is given up.
///
/// # Errors
/// [`DatabaseError`]. Repeating is safe: nothing is written.
pub(in crate::batch) async fn validate<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    record: &BatchRecord,
    ground: &BatchGround,
    moved: &mut BatchMove,
) -> Result<(), DatabaseError> {
    let Some(endpoint) = endpoint(record)? else {
        let message = "a batch of our own shape is judged while it arrives";
        return Err(DatabaseError::Corrupt(message.to_owned()));
    };
    let mut judge = Judge {
        known: Known {
            configuration,
            default_providers: &ground.default_providers,
        },
        endpoint,
        number: 0,
        lines: 0,
        faults: Vec::new(),
        names: BTreeMap::new(),
        model: Model::Nobody,
    };
    let (tenant, file) = (&record.tenant_id, &record.file_id);
    let find = || ports.store().file(tenant, file);
    let Some(found) = repeat(ports.clock(), find).await? else {
        judge.faults.push(Fault::no_file().at(None));
        judge.end(moved);
        return Ok(());
    };
    for chunk in 0..found.chunks {
        let Some(text) = unreadable::read(ports, record, chunk).await? else {
            let now = ports.clock().now();
            if unreadable::wait(moved, record.unreadable_at, now) {
                moved.status = BatchStatus::Failed;
                moved.due_at = None;
            }
            return Ok(());
        };
        for (_bytes, line) in lines(&text, 0) {
            judge.number += 1;
            if let Some(line) = line {
                judge.line(line);
            }
        }
    }
    if judge.lines == 0 {
        judge.faults.push(Fault::empty_file().at(None));
    }
    moved.unreadable_at = None;
    judge.end(moved);
    Ok(())
}

/// Which model lines name.
enum Model {
    /// No line was read.
    Nobody,
    /// All the same.
    One(String),
    /// Different ones.
    Several,
}

/// The lines so far.
struct Judge<'a> {
    known: Known<'a>,
    endpoint: Endpoint,
    /// Of the latest line in the file, from 1.
    number: u32,
    lines: u32,
    faults: Vec<LineFault>,
    /// The numbers of the lines by their names.
    names: BTreeMap<String, u32>,
    model: Model,
}

impl Judge<'_> {
    fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        if self.lines > BATCH_JOBS || self.faults.len() >= TOLD {
            return;
        }
        let number = self.number;
        let faults = self.read(content(number, line)).err().unwrap_or_default();
        let room = TOLD.saturating_sub(self.faults.len());
        let told = faults.into_iter().take(room);
        self.faults.extend(told.map(|fault| fault.at(Some(number))));
    }

    fn read(&mut self, text: &str) -> Result<(), Vec<Fault>> {
        if text.len() > LINE_BYTES {
            return Err(vec![Fault::too_long(LINE_BYTES)]);
        }
        let line = Line::read(text.as_bytes(), self.endpoint, &self.known)?;
        line.judge(&self.known)?;
        let model = line.request.get("model").and_then(Value::as_str);
        self.model = match (std::mem::replace(&mut self.model, Model::Several), model) {
            (Model::Nobody, Some(model)) => Model::One(model.to_owned()),
            (Model::One(known), Some(model)) if known == model => Model::One(known),
            (Model::Nobody | Model::One(_) | Model::Several, _) => Model::Several,
        };
        if let Some(first) = self.names.get(&line.custom_id) {
            return Err(vec![Fault::duplicate(*first)]);
        }
        self.names.insert(line.custom_id, self.number);
        Ok(())
    }

    /// Where the batch stands now. It goes on at once.
    fn end(mut self, moved: &mut BatchMove) {
        if self.lines > BATCH_JOBS {
            self.faults = vec![Fault::too_many(BATCH_JOBS).at(None)];
        }
        if self.faults.is_empty() {
            moved.status = BatchStatus::InProgress;
            moved.lines = self.lines;
        } else {
            moved.status = BatchStatus::Failed;
            moved.due_at = None;
        }
        let model = match self.model {
            Model::One(model) => Some(model),
            Model::Nobody | Model::Several => None,
        };
        let finding = Finding {
            model,
            faults: self.faults,
            writing: None,
        };
        moved.finding = serde_json::to_value(finding).ok();
    }
}

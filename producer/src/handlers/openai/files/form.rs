//! The form of an upload: `file`, `purpose`, and when the file is deleted.
//!
//! The vendor's clients send the parts in any order, so the file may have to be stored before
//! anybody knows whether it is wanted.

use super::super::{ANCHORS, EXPIRY_SECONDS, must};
use crate::body::{Incoming, too_large};
use crate::multipart::{FilePart, Form, Part};
use crate::problem::{Problem, Violation};
use http::HeaderMap;
use redrive_shared::clock::Clock;
use redrive_shared::file::upload::{Refused, Upload};
use redrive_shared::file::{FILE_BYTES, LINE_BYTES};
use redrive_shared::ids::TenantId;
use redrive_shared::ports::Ports;
use redrive_shared::store::{FileRecord, Purpose};
use std::collections::BTreeMap;

const FILE: &str = "file";
const PURPOSE: &str = "purpose";
const ANCHOR: &str = "expires_after[anchor]";
const SECONDS: &str = "expires_after[seconds]";

/// The longest name of a file.
const NAME_BYTES: usize = 255;

/// Takes a form, and stores its file.
///
/// # Errors
/// 400 with every part that is missing or wrong; 408, 413, 415, 503. Nothing is kept then.
pub(super) async fn take<P: Ports>(
    ports: &P,
    headers: &HeaderMap,
    incoming: Incoming,
    tenant: &TenantId,
) -> Result<FileRecord, Problem> {
    let mut form = Form::of(headers, incoming, FILE_BYTES, ports.clock())?;
    let mut taken = Taken::default();
    let read = taken.read(ports, &mut form, tenant).await;
    let judged = read.and_then(|()| taken.judge());
    match (taken.upload, judged) {
        (Some(upload), Ok(seconds)) => upload.finish(seconds).await.map_err(refused),
        (Some(upload), Err(problem)) => {
            upload.discard().await;
            Err(problem)
        }
        (None, Ok(_seconds)) => Err(Problem::invalid([must(FILE, "is required")])),
        (None, Err(problem)) => Err(problem),
    }
}

/// The parts so far.
struct Taken<'a, P> {
    upload: Option<Upload<'a, P>>,
    texts: BTreeMap<String, String>,
    violations: Vec<Violation>,
}

impl<P> Default for Taken<'_, P> {
    fn default() -> Self {
        Self {
            upload: None,
            texts: BTreeMap::new(),
            violations: Vec::new(),
        }
    }
}

impl<'a, P: Ports> Taken<'a, P> {
    async fn read<C: Clock>(
        &mut self,
        ports: &'a P,
        form: &mut Form<'_, C>,
        tenant: &TenantId,
    ) -> Result<(), Problem> {
        while let Some(part) = form.next().await? {
            match part {
                Part::Text(name, text) => self.text(&name, text),
                Part::File(file) => self.file(ports, tenant, *file).await?,
            }
        }
        Ok(())
    }

    fn text(&mut self, name: &str, text: String) {
        let rule = if name == FILE {
            "must be a file: send it with a file name"
        } else if ![PURPOSE, ANCHOR, SECONDS].contains(&name) {
            "is not a known field"
        } else if self.texts.insert(name.to_owned(), text).is_some() {
            "must be given once"
        } else {
            return;
        };
        self.violations.push(must(name, rule));
    }

    /// Stores the file, or reads past it when it is not wanted.
    async fn file<C: Clock>(
        &mut self,
        ports: &'a P,
        tenant: &TenantId,
        mut file: FilePart<'_, '_, C>,
    ) -> Result<(), Problem> {
        if file.name != FILE {
            self.violations.push(must(&file.name, "must be text"));
        } else if self.upload.is_some() {
            self.violations.push(must(FILE, "must be given once"));
        } else if self
            .texts
            .get(PURPOSE)
            .is_none_or(|purpose| is_known(purpose))
        {
            let name = file.file_name.as_deref().map(cleaned);
            self.upload = Some(Upload::begin(ports, tenant, name).await?);
            while let (Some(piece), Some(upload)) = (file.piece().await?, &mut self.upload) {
                upload.push(&piece).await.map_err(refused)?;
            }
            return Ok(());
        }
        while file.piece().await?.is_some() {}
        Ok(())
    }

    /// How many seconds the file is kept.
    fn judge(&mut self) -> Result<u32, Problem> {
        let mut violations = std::mem::take(&mut self.violations);
        match self.texts.get(PURPOSE) {
            None => violations.push(must(PURPOSE, "is required")),
            Some(purpose) if is_known(purpose) => {}
            Some(_) => violations.push(must(PURPOSE, "must be `batch`")),
        }
        let anchor = self.texts.get(ANCHOR);
        let seconds = self.texts.get(SECONDS);
        if anchor.is_some() != seconds.is_some() {
            let missing = if anchor.is_none() { ANCHOR } else { SECONDS };
            violations.push(must(missing, "is required"));
        }
        let anchors = || ANCHORS.iter().map(|(name, ())| *name);
        if anchor.is_some_and(|anchor| !anchors().any(|name| name == anchor)) {
            violations.push(must(ANCHOR, "must be `created_at`"));
        }
        let most = *EXPIRY_SECONDS.end();
        let kept = seconds.map_or(Some(most), |seconds| {
            let seconds = seconds.parse().ok();
            seconds.filter(|seconds| EXPIRY_SECONDS.contains(seconds))
        });
        if kept.is_none() {
            let least = EXPIRY_SECONDS.start();
            let rule = format!("must be a whole number from {least} to {most}");
            violations.push(must(SECONDS, &rule));
        }
        if violations.is_empty() {
            Ok(kept.unwrap_or(most))
        } else {
            Err(Problem::invalid(violations))
        }
    }
}

fn is_known(purpose: &str) -> bool {
    purpose == Purpose::Batch.as_str()
}

/// A name that fits on one line.
fn cleaned(name: &str) -> String {
    let name = name.get(..name.floor_char_boundary(NAME_BYTES));
    let name = name.unwrap_or_default();
    name.replace(char::is_control, "\u{fffd}")
}

fn refused(refused: Refused) -> Problem {
    let invalid = |rule: String| Problem::invalid([must(FILE, &rule)]);
    match refused {
        Refused::TooLarge => too_large(FILE_BYTES),
        Refused::LineTooLong(line) => invalid(format!(
            "must have lines of at most {LINE_BYTES} bytes: line {line} is longer"
        )),
        Refused::NotUtf8(line) => invalid(format!("must be UTF-8: line {line} is not")),
        Refused::Database(error) => error.into(),
    }
}

//! The files of a run, looked at before anything is sent.

use std::path::{Path, PathBuf};

use super::download::refuse_filled;
use super::journal::Journal;
use super::target::{Target, is_same_file};
use crate::arguments::RunBatch;
use crate::failure::Failure;

/// Finds out whether the files of a run can be what the command line says, and gives the place of
/// the lines that do not succeed.
///
/// # Errors
/// When a file would be destroyed, or cannot be written.
pub(super) fn look_at(request: &RunBatch) -> Result<Target, Failure> {
    let output = &request.output;
    let errors = request.errors.clone().unwrap_or_else(|| beside(output));
    for (option, path) in [("-o", output), ("--errors", &errors)] {
        if path == Path::new("-") {
            return Err(Failure::Usage(format!(
                "{option} - is no file: name a file, which a run that was stopped goes on with"
            )));
        }
    }
    let place = Journal::place(output);
    let files = [
        ("the input", request.input.as_path()),
        ("the output (-o)", output),
        ("the journal of the output", &place),
        ("the file of errors (--errors)", &errors),
    ];
    let pairs = files
        .iter()
        .enumerate()
        .flat_map(|(place, one)| files.iter().skip(place + 1).map(move |other| (one, other)));
    for ((one, path), (other, same)) in pairs {
        if is_same_file(path, same) {
            return Err(Failure::Usage(format!(
                "{one} and {other} are the same file, {}: name different ones",
                path.display()
            )));
        }
    }
    look_at_output(output, &place)?;
    let errors = Target::find(&errors)?;
    let journal = Journal::load(&place)?;
    if errors.is_filled() && !journal.is_some_and(|journal| journal.owns(&errors)) {
        return Err(Failure::Usage(format!(
            "{} holds something already, and no journal says that this run wrote it: name another \
             file with --errors, or remove it",
            errors.path().display()
        )));
    }
    Ok(errors)
}

/// A run goes on in its output, which must so be a file.
fn look_at_output(output: &Path, place: &Path) -> Result<(), Failure> {
    let Ok(found) = std::fs::metadata(output) else {
        // It is not there, or says why when it is opened.
        return Ok(());
    };
    if !found.is_file() {
        return Err(Failure::Usage(format!(
            "{} is no regular file: a run goes on in its output after it was stopped, so name a \
             file",
            output.display()
        )));
    }
    if place.exists() {
        Ok(())
    } else {
        refuse_filled(output, found.len())
    }
}

/// `out.errors.jsonl` for `out.jsonl`.
fn beside(output: &Path) -> PathBuf {
    let is_lines = output.extension().is_some_and(|end| end == "jsonl");
    let stem = if is_lines {
        output.with_extension("")
    } else {
        output.to_owned()
    };
    let mut name = stem.into_os_string();
    name.push(".errors.jsonl");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_lie_beside_the_output() {
        for (output, errors) in [
            ("out.jsonl", "out.errors.jsonl"),
            ("a/out.v2.jsonl", "a/out.v2.errors.jsonl"),
            ("results", "results.errors.jsonl"),
        ] {
            assert_eq!(beside(Path::new(output)), Path::new(errors));
        }
    }
}

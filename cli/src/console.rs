//! Where a command speaks: results on standard output, everything else on standard error.

mod format;
mod table;

pub(crate) use format::{cost, counted, day_time, duration, grouped, one_line, percent, printable};
pub(crate) use table::Table;

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;

use crate::client::ApiError;
use crate::failure::Failure;

/// For words that say that all is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For words that say that something is not, or not yet.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// For words that say that something failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// For what matters more.
pub(crate) const STRONG: Style = Style::new().bold();

/// The most lines of a refused request that are shown one by one.
const SHOWN_FAULTS: usize = 20;

/// Both streams of one command. Colours are written always, and taken out again where the stream is
/// no terminal or `NO_COLOR` is set.
pub(crate) struct Console {
    /// Whether results are for scripts.
    pub(crate) json: bool,
    out: RefCell<Box<dyn Write>>,
    err: RefCell<Box<dyn Write>>,
    /// Drawn on standard error; what is written there goes above it.
    bar: RefCell<Option<ProgressBar>>,
}

impl Console {
    /// The streams of this process.
    pub(crate) fn of_process(json: bool) -> Self {
        Self {
            json,
            out: RefCell::new(Box::new(AutoStream::auto(std::io::stdout()))),
            err: RefCell::new(Box::new(AutoStream::auto(std::io::stderr()))),
            bar: RefCell::new(None),
        }
    }

    /// Whether somebody watches standard error.
    pub(crate) fn is_watched() -> bool {
        std::io::stderr().is_terminal()
    }

    /// Whether somebody can answer a question.
    pub(crate) fn can_ask() -> bool {
        Self::is_watched() && std::io::stdin().is_terminal()
    }

    /// Writes one line of the result.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        let mut out = self.out.borrow_mut();
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(Failure::of_output)
    }

    /// Writes one line of the result as it came, byte for byte.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn raw_line(&self, line: &[u8]) -> Result<(), Failure> {
        let mut out = self.out.borrow_mut();
        out.write_all(line)
            .and_then(|()| out.write_all(b"\n"))
            .map_err(Failure::of_output)
    }

    /// Writes a table, or says that there is nothing.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn table(&self, table: &Table, nothing: &str) -> Result<(), Failure> {
        if table.is_empty() {
            self.note(nothing);
            return Ok(());
        }
        self.line(table.to_string().trim_end_matches('\n'))
    }

    /// Tells something that is no result.
    pub(crate) fn note(&self, text: &str) {
        let write = || {
            // Who cannot be told cannot be told that either.
            drop(writeln!(self.err.borrow_mut(), "{text}"));
        };
        match self.bar.borrow().as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Warns of something that goes on all the same.
    pub(crate) fn warn(&self, text: &str) {
        self.note(&format!("{} {text}", painted(WARNING, "warning:")));
    }

    /// Tells why the command ends here.
    pub(crate) fn fail(&self, failure: &Failure) {
        match failure {
            Failure::Unread | Failure::Interrupted => {}
            Failure::Api(error) => self.fail_by_answer(error),
            Failure::Usage(_)
            | Failure::Unreachable(_)
            | Failure::Failed(_)
            | Failure::Local(_) => {
                self.note(&format!(
                    "{} {}",
                    painted(BAD, "error:"),
                    printable(&failure.to_string())
                ));
            }
        }
    }

    /// The problem's code and the request id come with every refusal.
    fn fail_by_answer(&self, error: &ApiError) {
        let code = error.code.as_deref().unwrap_or("no problem document");
        self.note(&format!(
            "{} {} {}",
            painted(BAD, "error:"),
            painted(STRONG, &printable(code)),
            painted(FAINT, &format!("(HTTP {})", error.status)),
        ));
        self.note(&format!("  {}", printable(&error.detail)));
        let faults = error.faults();
        for fault in faults.iter().take(SHOWN_FAULTS) {
            self.note(&format!("  - {}", printable(fault)));
        }
        if let Some(more) = faults.len().checked_sub(SHOWN_FAULTS).filter(|n| *n > 0) {
            self.note(&format!("  … and {more} more"));
        }
        if let Some(hint) = error.hint() {
            self.note(&format!("  {hint}"));
        }
        if let Some(id) = &error.request_id {
            self.note(&painted(FAINT, &format!("  request id {}", printable(id))));
        }
    }

    /// Draws a bar below everything that is told, until it is taken away with `None`.
    pub(crate) fn show(&self, bar: Option<ProgressBar>) {
        if let Some(old) = self.bar.replace(bar) {
            old.finish_and_clear();
        }
    }
}

/// A text in a style.
pub(crate) fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The colour of a job's, batch's or replay's state.
pub(crate) fn style_of_state(state: &str) -> Style {
    match state {
        "succeeded" | "completed" => GOOD,
        "failed" | "dead_lettered" | "expired" => BAD,
        "cancelled" | "cancelling" | "paused" | "aborted" | "retry_scheduled" => WARNING,
        _ => Style::new(),
    }
}

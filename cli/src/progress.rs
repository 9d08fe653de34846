//! How far something is: a bar for who watches, a line now and then for a log.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::{Console, grouped};

/// The time between two lines of a log.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// A line that says the same is repeated after so long, as a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_mins(1);

/// Shows how far something is, on standard error, until it is dropped.
pub(crate) struct Progress<'c> {
    console: &'c Console,
    bar: Option<ProgressBar>,
    told: Cell<Option<Instant>>,
    last: RefCell<String>,
}

impl<'c> Progress<'c> {
    /// Nothing is shown yet.
    pub(crate) fn new(console: &'c Console) -> Self {
        let bar = Console::is_watched().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:24} {percent:>3} % {wide_msg}");
            if let Ok(style) = style {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        console.show(bar.clone());
        Self {
            console,
            bar,
            told: Cell::new(None),
            last: RefCell::new(String::new()),
        }
    }

    /// Shows that `done` of `total` are done, and what else there is to say.
    pub(crate) fn show(&self, done: u64, total: u64, text: &str) {
        let text = format!("{}/{} {text}", grouped(done), grouped(total));
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(text);
            return;
        }
        let since = self.told.get().map(|told| told.elapsed());
        let is_due = match since {
            None => true,
            Some(since) if text == *self.last.borrow() => since >= SIGN_OF_LIFE,
            Some(since) => since >= BETWEEN_LINES,
        };
        if is_due {
            self.console.note(&text);
            self.told.set(Some(Instant::now()));
            self.last.replace(text);
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.console.show(None);
    }
}

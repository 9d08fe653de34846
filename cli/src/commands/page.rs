//! Lists, page by page.

use anstyle::Style;
use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::Context;
use crate::arguments::PageOptions;
use crate::client::Call;
use crate::console::Table;
use crate::documents::Page;
use crate::failure::{Failure, Outcome};

/// A list: how it is asked for, and how it is shown.
pub(super) struct List<'l, T, const COLUMNS: usize> {
    /// Asks for the first page.
    pub(super) call: Call,
    pub(super) head: [&'static str; COLUMNS],
    /// Columns of numbers.
    pub(super) right: &'l [usize],
    pub(super) row: fn(T) -> [(String, Style); COLUMNS],
    /// What is said when there is nothing.
    pub(super) nothing: &'static str,
}

/// A cell without a colour.
pub(super) fn plain(text: impl Into<String>) -> (String, Style) {
    (text.into(), Style::new())
}

impl<T: DeserializeOwned, const COLUMNS: usize> List<'_, T, COLUMNS> {
    /// Prints one page, or all of them, each as soon as it is there.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub(super) async fn print(
        self,
        context: &Context<'_>,
        options: &PageOptions,
    ) -> Result<Outcome, Failure> {
        let mut cursor = options.cursor.clone();
        loop {
            // All pages are asked for in large ones.
            let limit = options.limit.or(options.all.then_some(100));
            let call = self
                .call
                .clone()
                .query("limit", limit)
                .query("cursor", cursor.as_ref());
            let document = context.client.document(&call).await?;
            let page: Page = document.read_as()?;
            if !context.console.json {
                self.print_table(context, &page)?;
            } else if options.all {
                for entry in &page.data {
                    context.console.line(entry.get())?;
                }
            } else {
                context.console.line(&document.text)?;
            }
            match page.next_cursor {
                Some(next) if options.all => cursor = Some(next),
                Some(next) => {
                    if !context.console.json {
                        context
                            .console
                            .note(&format!("There is more: --cursor {next}, or --all"));
                    }
                    return Ok(Outcome::Done);
                }
                None => return Ok(Outcome::Done),
            }
        }
    }

    fn print_table(&self, context: &Context<'_>, page: &Page) -> Result<(), Failure> {
        let mut table = Table::new(self.head).right(self.right.iter().copied());
        for entry in &page.data {
            let entry = serde_json::from_str(entry.get())
                .context("an entry of the list was not understood")?;
            table.styled((self.row)(entry));
        }
        context.console.table(&table, self.nothing)
    }
}

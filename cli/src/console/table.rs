//! Tables for people: columns apart by two spaces, no lines, so that a word is copied with one
//! double click.

use std::fmt;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::{FAINT, painted, printable};

/// Spaces between two columns.
const GAP: usize = 2;

/// A cell: its text, and how it is shown.
#[derive(Clone, Debug)]
struct Cell {
    text: String,
    style: Style,
}

/// A table with a head.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// Columns of numbers, by their place.
    right: Vec<usize>,
}

impl Table {
    /// A table with these columns, and no row yet.
    pub(crate) fn new(head: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            head: head.into_iter().collect(),
            rows: Vec::new(),
            right: Vec::new(),
        }
    }

    /// Names and values, one pair a line, without a head.
    pub(crate) fn facts() -> Self {
        Self::new(["", ""])
    }

    /// Adds a name and its value, if it has one.
    pub(crate) fn fact(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            self.styled([(name.to_owned(), FAINT), (value, Style::new())]);
        }
    }

    /// Sets columns flush right.
    pub(crate) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right = columns.into_iter().collect();
        self
    }

    /// Adds a row without colours.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.styled(cells.into_iter().map(|text| (text, Style::new())));
    }

    /// Adds a row, each cell in its style.
    pub(crate) fn styled(&mut self, cells: impl IntoIterator<Item = (String, Style)>) {
        let cells = cells.into_iter().map(|(text, style)| Cell {
            text: printable(&text).replace(['\n', '\t'], " "),
            style,
        });
        self.rows.push(cells.collect());
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How wide each column is; one that is empty in every row is left out with 0.
    fn widths(&self) -> Vec<usize> {
        let width = |column: usize, title: &str| {
            let widest = self
                .rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.text.width())
                .max()
                .unwrap_or_default();
            if widest == 0 {
                0
            } else {
                widest.max(title.width())
            }
        };
        self.head
            .iter()
            .enumerate()
            .map(|(column, title)| width(column, title))
            .collect()
    }

    fn write_row<'c>(
        &self,
        widths: &[usize],
        cells: impl Iterator<Item = (&'c str, Style)>,
        formatter: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        // Spaces are written only once something follows them: no line ends in spaces.
        let mut owed = 0;
        for (column, ((text, style), width)) in cells.zip(widths).enumerate() {
            if *width == 0 {
                continue;
            }
            if text.is_empty() {
                owed += width + GAP;
                continue;
            }
            let missing = width.saturating_sub(text.width());
            let (before, after) = if self.right.contains(&column) {
                (missing, 0)
            } else {
                (0, missing)
            };
            line.push_str(&" ".repeat(owed + before));
            line.push_str(&painted(style, text));
            owed = after + GAP;
        }
        writeln!(formatter, "{line}")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        if self.head.iter().any(|title| !title.is_empty()) {
            let head = self.head.iter().map(|title| (*title, FAINT));
            self.write_row(&widths, head, formatter)?;
        }
        for row in &self.rows {
            let cells = row.iter().map(|cell| (cell.text.as_str(), cell.style));
            self.write_row(&widths, cells, formatter)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(table: &Table) -> String {
        anstream::adapter::strip_str(&table.to_string()).to_string()
    }

    #[test]
    fn columns_line_up_and_lines_end_without_spaces() {
        let mut table = Table::new(["NAME", "COUNT", "NOTE"]).right([1]);
        table.row(["a".to_owned(), "1,000".to_owned(), String::new()]);
        table.row(["längerer".to_owned(), "7".to_owned(), "x".to_owned()]);
        assert_eq!(
            shown(&table),
            "NAME      COUNT  NOTE\na         1,000\nlängerer      7  x\n"
        );
    }

    #[test]
    fn a_column_that_nobody_fills_is_left_out() {
        let mut table = Table::new(["A", "B", "C"]);
        table.row(["1".to_owned(), String::new(), "3".to_owned()]);
        assert_eq!(shown(&table), "A  C\n1  3\n");
    }

    #[test]
    fn an_empty_cell_keeps_its_place() {
        let mut table = Table::new(["A", "B", "C"]).right([1]);
        table.row(["1".to_owned(), String::new(), "3".to_owned()]);
        table.row(["1".to_owned(), "22".to_owned(), "3".to_owned()]);
        assert_eq!(shown(&table), "A   B  C\n1      3\n1  22  3\n");
    }

    #[test]
    fn facts_have_no_head_and_no_empty_value() {
        let mut table = Table::facts();
        table.fact("kind", Some("generate"));
        table.fact("model", None::<String>);
        table.fact("provider", Some(""));
        table.fact("cost", Some("$1.00"));
        assert_eq!(shown(&table), "kind  generate\ncost  $1.00\n");
    }

    #[test]
    fn a_cell_cannot_break_its_line() {
        let mut table = Table::new(["A"]);
        table.row(["one\ntwo".to_owned()]);
        assert_eq!(shown(&table), "A\none two\n");
    }
}

use std::fmt;

use super::operations::Cost;

/// What an operation cost beside a small crowd and beside a large one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// What was done.
    pub operation: &'static str,
    /// The cost beside the small crowd.
    pub small: u64,
    /// The cost beside the large crowd.
    pub large: u64,
}

impl Comparison {
    /// How many times as much it cost beside the large crowd.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a ratio for people to read"
    )]
    pub fn ratio(&self) -> f64 {
        self.large as f64 / self.small.max(1) as f64
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            small,
            large,
        } = self;
        let ratio = self.ratio();
        write!(
            formatter,
            "{operation:<30}{small:>10}{large:>12}{ratio:>8.2}"
        )
    }
}

/// Puts the costs of several rounds at two sizes side by side: of each operation the median.
///
/// The rounds have the same operations in the same order.
#[must_use]
pub fn compare(small: &[Vec<Cost>], large: &[Vec<Cost>]) -> Vec<Comparison> {
    let medians = median(small).zip(median(large));
    medians
        .map(|(small, large)| Comparison {
            operation: small.operation,
            small: small.spent,
            large: large.spent,
        })
        .collect()
}

fn median(rounds: &[Vec<Cost>]) -> impl Iterator<Item = Cost> {
    let operations = rounds.first().map_or(0, Vec::len);
    (0..operations).filter_map(|operation| {
        let mut costs: Vec<Cost> = rounds
            .iter()
            .filter_map(|round| round.get(operation).copied())
            .collect();
        costs.sort_by_key(|cost| cost.spent);
        costs.get(costs.len() / 2).copied()
    })
}

//! Usage: what the calls of a day used, written with the commits and read by its tenant.

use super::{Commit, Results, Settlement, Store};
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::day::Day;
use crate::ids::{JobId, TenantId};
use crate::job::Called;
use crate::usage::{GroupBy, UsageRange, UsageSums};
use serde::{Deserialize, Serialize};

/// Rows that one reading adds up at most, those of the latest days.
pub const USAGE_ROWS: u32 = 10_000;

/// More tokens than any call has. What a provider counts beyond is not believed, and a sum never
/// outgrows what the database can hold.
const MOST_TOKENS: u64 = 1_000_000_000;

/// More micro-dollars than any call costs: a million dollars.
const HIGHEST_COST: Cost = 1_000_000_000_000;

/// One call, as `record_usage` takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallRow<'a> {
    day: Day,
    tenant: &'a TenantId,
    job: &'a JobId,
    attempt: u32,
    provider: &'a str,
    model: &'a str,
    answered: u8,
    input: Option<u64>,
    output: Option<u64>,
    cached: Option<u64>,
    reasoning: Option<u64>,
    cost: Option<Cost>,
    without_usage: u8,
    without_price: u8,
}

impl Commit {
    /// The calls that the attempt made. One whose answer is still worked on is counted with the
    /// attempt that gets it, or that gives it up.
    fn calls(&self) -> impl Iterator<Item = Called<'_>> {
        let record = self.attempts.last();
        let given_up = record.filter(|record| {
            record.pending.is_some() && matches!(self.settlement, Settlement::DeadLettered { .. })
        });
        let given_up = given_up.and_then(|record| {
            Some(Called {
                provider: record.provider.as_deref()?,
                model: record.model.as_deref()?,
                answered: false,
                usage: None,
                cost: None,
                possibly_billed: true,
            })
        });
        record
            .into_iter()
            .flat_map(crate::job::AttemptRecord::calls)
            .chain(given_up)
    }

    /// What the calls of the attempt cost, as far as it is known and believed.
    pub(super) fn cost(&self) -> Option<Cost> {
        let costs = self.calls().filter_map(|call| call.cost);
        let believed = costs.filter(|cost| *cost <= HIGHEST_COST);
        believed.reduce(Cost::saturating_add)
    }

    fn call_rows(&self) -> impl Iterator<Item = CallRow<'_>> {
        let day = Day::of(self.finished_at);
        self.calls().map(move |call| {
            let usage = call.usage.unwrap_or_default();
            let believed = |tokens: Option<u64>| tokens.filter(|tokens| *tokens <= MOST_TOKENS);
            CallRow {
                day,
                tenant: &self.tenant_id,
                job: &self.job_id,
                attempt: self.attempt,
                provider: call.provider,
                model: call.model,
                answered: u8::from(call.answered),
                input: believed(usage.input_tokens),
                output: believed(usage.output_tokens),
                cached: believed(usage.cached_tokens),
                reasoning: believed(usage.reasoning_tokens),
                cost: call.cost.filter(|cost| *cost <= HIGHEST_COST),
                without_usage: u8::from(call.is_untold()),
                without_price: u8::from(call.is_unpriced()),
            }
        })
    }
}

/// The calls as the statements take them; `None` when nobody was called.
fn calls(commits: &[Commit]) -> Option<Value> {
    let calls: Vec<CallRow<'_>> = commits.iter().flat_map(Commit::call_rows).collect();
    // Text and numbers always have a JSON form.
    (!calls.is_empty()).then(|| serde_json::to_string(&calls).unwrap_or_default().into())
}

/// Adds what the attempts' calls used, each behind its fence; `None` when nobody was called. It
/// comes before the statements of the commits, which close the fences.
pub(super) fn record(commits: &[Commit]) -> Option<Statement> {
    let sql = include_str!("../../sql/record_usage.sql");
    Some(Statement::new(sql, vec![calls(commits)?]))
}

/// The same for an attempt whose fence was closed, before its dropped answer is recorded.
pub(super) fn record_dropped(commit: &Commit) -> Option<Statement> {
    let sql = include_str!("../../sql/record_dropped_usage.sql");
    let mut parameters = vec![calls(std::slice::from_ref(commit))?];
    parameters.extend(commit.fence());
    Some(Statement::new(sql, parameters))
}

/// The sums of one group, as the database gives them.
#[derive(Deserialize)]
struct GroupRow {
    name: String,
    rows_read: u32,
    #[serde(flatten)]
    sums: UsageSums,
}

/// What a tenant used, by group, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageGroups {
    /// The name of each group, and its sums.
    pub groups: Vec<(String, UsageSums)>,
    /// Whether there were so many rows that those of the earliest days may be left out.
    pub is_cut: bool,
}

fn groups(mut results: Results) -> Result<UsageGroups, DatabaseError> {
    let rows: Vec<GroupRow> = results.next()?.decode()?;
    let read: u32 = rows.iter().map(|row| row.rows_read).sum();
    Ok(UsageGroups {
        is_cut: read >= USAGE_ROWS,
        groups: rows.into_iter().map(|row| (row.name, row.sums)).collect(),
    })
}

impl<D: Database> Store<D> {
    /// What the tenant's calls used in the days of `range`, by day, model or provider.
    ///
    /// At most [`USAGE_ROWS`] rows are added up, of the latest days.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn usage(
        &self,
        tenant: &TenantId,
        range: &UsageRange,
        group_by: GroupBy,
    ) -> Result<UsageGroups, DatabaseError> {
        let sql = match group_by {
            GroupBy::Day => include_str!("../../sql/usage_by_day.sql"),
            GroupBy::Model => include_str!("../../sql/usage_by_model.sql"),
            GroupBy::Provider => include_str!("../../sql/usage_by_provider.sql"),
        };
        let days: Vec<String> = range.days_backwards().map(|day| day.to_string()).collect();
        let days = serde_json::to_string(&days)
            .map_err(|error| DatabaseError::Corrupt(error.to_string()))?;
        let parameters: Vec<Value> = vec![days.into(), tenant.as_str().into(), USAGE_ROWS.into()];
        groups(self.batch(vec![Statement::new(sql, parameters)]).await?)
    }
}

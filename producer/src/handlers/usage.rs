use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{UsageGroup, UsageReport, UsageTotals};
use http::StatusCode;
use redrive_shared::clock::Clock;
use redrive_shared::day::Day;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{checked, choice, text};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::UsageGroups;
use redrive_shared::usage::{GroupBy, MOST_DAYS, NoRange, UsageRange, UsageSums};

/// `GET /api/v1/usage`: gives what the tenant's calls used, by day, model or provider.
///
/// 1. Parameters that are unknown, repeated or wrong: 422.
/// 2. The usage is read: 503 when the database does not answer.
/// 3. 200 with the groups and their total.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let today = Day::of(app.ports.clock().now());
    let query = Query::of(&call.parts.uri)?;
    let (range, group_by) = query.read(|mut fields| {
        let range = range(&mut fields, today);
        let groups = GroupBy::ALL.map(|group| (group.as_str(), group));
        let group_by = fields.optional("groupBy", choice(&groups));
        fields.finish(|| Some((range?, group_by.unwrap_or_default())))
    })?;
    let store = app.ports.store();
    let groups = repeat(app.ports.clock(), || store.usage(&tenant, &range, group_by)).await?;
    Answer::json(StatusCode::OK, &report(range, group_by, groups))
}

fn range(fields: &mut Fields<'_>, today: Day) -> Option<UsageRange> {
    let day = |text: &str| Day::parse(text).ok_or("must be a day in UTC, such as `2026-11-21`");
    let from = fields.optional("from", checked(text(1..=10), day));
    let to = fields.optional("to", checked(text(1..=10), day));
    let is_read = from.is_some() == fields.has("from") && to.is_some() == fields.has("to");
    match UsageRange::new(from, to, today) {
        Ok(range) => Some(range),
        // What could not be read is told already.
        Err(_) if !is_read => None,
        Err(NoRange::Backwards) => {
            fields.refuse(
                "from",
                "must not be after `to`, which is today unless given",
            );
            None
        }
        Err(NoRange::TooLong) => {
            let detail = format!(
                "must make at most {MOST_DAYS} days with `to`, which is today unless given"
            );
            fields.refuse("from", detail);
            None
        }
    }
}

fn report(range: UsageRange, group_by: GroupBy, read: UsageGroups) -> UsageReport {
    let total: UsageSums = read.groups.iter().map(|(_, sums)| *sums).sum();
    let data = read.groups.into_iter().map(|(name, sums)| {
        let named = |group: GroupBy| (group == group_by).then(|| name.clone());
        UsageGroup {
            day: named(GroupBy::Day),
            model: named(GroupBy::Model),
            provider: named(GroupBy::Provider),
            sums: UsageTotals::from(sums),
        }
    });
    UsageReport {
        from: range.from().to_string(),
        to: range.to().to_string(),
        group_by,
        data: data.collect(),
        total: UsageTotals::from(total),
        truncated: read.is_cut,
    }
}

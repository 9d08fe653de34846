//! `usage`, `keys` and `tenants`.

use anstyle::Style;

use super::Context;
use super::page::{List, plain};
use crate::arguments::{KeyCommand, TenantCommand, UsageOptions};
use crate::client::Call;
use crate::console::{Table, WARNING, cost, day_time, grouped, printable};
use crate::documents::{Key, NewKey, Sums, Tenant, UsageReport};
use crate::entropy::now;
use crate::failure::{Failure, Outcome};

/// Adds up what was used.
pub(super) async fn usage(
    context: &Context<'_>,
    options: UsageOptions,
) -> Result<Outcome, Failure> {
    let call = Call::get(["usage"])
        .query("from", options.from)
        .query("to", options.to)
        .query("groupBy", options.group_by);
    let document = context.client.document(&call).await?;
    let console = context.console;
    if console.json {
        console.line(&document.text)?;
        return Ok(Outcome::Done);
    }
    let report: UsageReport = document.read_as()?;
    let mut table = Table::new([
        "GROUP",
        "CALLS",
        "ANSWERS",
        "INPUT",
        "OUTPUT",
        "CACHED",
        "REASONING",
        "COST",
        "NO USAGE",
        "NO PRICE",
    ])
    .right(1..10);
    for group in &report.data {
        let names = [&group.day, &group.model, &group.provider];
        let name = names.into_iter().flatten().next().cloned();
        table.row(sums(name.unwrap_or_else(|| "?".to_owned()), &group.sums));
    }
    if !report.data.is_empty() {
        table.row(sums("total".to_owned(), &report.total));
    }
    let nothing = format!("Nothing was used from {} to {}.", report.from, report.to);
    console.table(&table, &printable(&nothing))?;
    if report.truncated {
        console.warn("there was too much to add up, the earliest days are missing: ask for fewer");
    }
    Ok(Outcome::Done)
}

fn sums(name: String, sums: &Sums) -> [String; 10] {
    let known = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), grouped);
    let odd = |count: u64| Some(count).filter(|count| *count > 0).map(grouped);
    [
        name,
        grouped(sums.calls),
        grouped(sums.answers),
        known(sums.input_tokens),
        known(sums.output_tokens),
        known(sums.cached_tokens),
        known(sums.reasoning_tokens),
        sums.cost_micro_usd.map_or_else(|| "?".to_owned(), cost),
        odd(sums.calls_without_usage).unwrap_or_default(),
        odd(sums.calls_without_price).unwrap_or_default(),
    ]
}

/// Makes, lists or revokes API keys.
pub(super) async fn keys(context: &Context<'_>, command: KeyCommand) -> Result<Outcome, Failure> {
    let console = context.console;
    match command {
        KeyCommand::Create(request) => {
            let call = Call::post(["admin", "keys"]).json(&request)?;
            let document = context.client.document(&call).await?;
            if console.json {
                console.line(&document.text)?;
            } else {
                let new: NewKey = document.read_as()?;
                console.note(&format!(
                    "{} is made; keep the key, it is shown this once",
                    printable(&new.key_id)
                ));
                console.line(&printable(&new.key))?;
            }
            Ok(Outcome::Done)
        }
        KeyCommand::Ls { tenant, page } => key_list(&tenant).print(context, &page).await,
        KeyCommand::Revoke { key_id } => {
            // A key in its place would stand in logs on the way.
            if !key_id.starts_with("key_") {
                return Err(Failure::Usage(
                    "that is no id of a key, and was not sent: an id begins with key_, and \
                     `redrive keys ls` lists them"
                        .to_owned(),
                ));
            }
            let call = Call::delete(["admin", "keys", &key_id]).same_twice();
            let document = context.client.document(&call).await?;
            if console.json {
                console.line(&document.text)?;
            } else {
                let key: Key = document.read_as()?;
                let since = key.revoked_at.as_deref().map(day_time).unwrap_or_default();
                console.line(&format!("{} revoked {since}", printable(&key.key_id)))?;
            }
            Ok(Outcome::Done)
        }
    }
}

fn key_list(tenant: &str) -> List<'static, Key, 7> {
    List {
        call: Call::get(["admin", "keys"]).query("tenantId", Some(tenant)),
        head: [
            "KEY", "START", "NAME", "SCOPES", "STATE", "CREATED", "EXPIRES",
        ],
        right: &[],
        row: |key| {
            let state = state(&key);
            [
                plain(key.key_id),
                plain(key.start),
                plain(key.name),
                plain(key.scopes.join(",")),
                state,
                plain(day_time(&key.created_at)),
                plain(key.expires_at.as_deref().map(day_time).unwrap_or_default()),
            ]
        },
        nothing: "No keys.",
    }
}

fn state(key: &Key) -> (String, Style) {
    // Times of the API have one length, so that they are compared as texts.
    let is_over = key
        .expires_at
        .as_ref()
        .is_some_and(|expiry| *expiry <= now().to_rfc3339());
    match (&key.revoked_at, is_over) {
        (Some(_), _) => ("revoked".to_owned(), WARNING),
        (None, true) => ("expired".to_owned(), WARNING),
        (None, false) => ("active".to_owned(), Style::new()),
    }
}

/// Makes or lists tenants.
pub(super) async fn tenants(
    context: &Context<'_>,
    command: TenantCommand,
) -> Result<Outcome, Failure> {
    let console = context.console;
    match command {
        TenantCommand::Create(request) => {
            let call = Call::post(["admin", "tenants"]).json(&request)?;
            let document = context.client.document(&call).await?;
            if console.json {
                console.line(&document.text)?;
            } else {
                let tenant: Tenant = document.read_as()?;
                console.line(&printable(&tenant.tenant_id))?;
            }
            Ok(Outcome::Done)
        }
        TenantCommand::Ls(page) => tenant_list().print(context, &page).await,
    }
}

fn tenant_list() -> List<'static, Tenant, 5> {
    List {
        call: Call::get(["admin", "tenants"]),
        head: ["TENANT", "NAME", "JOB DAYS", "PAYLOAD DAYS", "CREATED"],
        right: &[2, 3],
        row: |tenant| {
            [
                plain(tenant.tenant_id),
                plain(tenant.name),
                plain(tenant.retention_days.to_string()),
                plain(tenant.payload_retention_days.to_string()),
                plain(day_time(&tenant.created_at)),
            ]
        },
        nothing: "No tenants.",
    }
}

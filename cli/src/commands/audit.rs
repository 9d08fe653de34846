//! `audit`: what operators and owners did.

use serde_json::Value;

use super::Context;
use super::page::{List, plain};
use crate::arguments::{AuditCommand, ListAudit};
use crate::client::Call;
use crate::console::{day_time, one_line};
use crate::documents::AuditEntry;
use crate::failure::{Failure, Outcome};

/// Characters of what an entry tells, in a table.
const DETAIL: usize = 200;

/// Lists entries of the audit log.
pub(super) async fn list(context: &Context<'_>, command: AuditCommand) -> Result<Outcome, Failure> {
    let AuditCommand::Ls(options) = command;
    let ListAudit { page, .. } = &options;
    let call = Call::get(["audit"])
        .query("action", options.action.as_ref())
        .query("actor", options.actor.as_ref())
        .query("subject", options.subject.as_ref())
        .query("after", options.after.as_ref())
        .query("before", options.before.as_ref());
    let list = List {
        call,
        head: ["AT", "ACTION", "SUBJECT", "ACTOR", "DETAIL"],
        right: &[],
        row: |entry: AuditEntry| {
            let detail = entry.detail.map(|detail| one_line(&told(&detail), DETAIL));
            [
                plain(day_time(&entry.at)),
                plain(entry.action),
                plain(entry.subject),
                plain(entry.actor),
                plain(detail.unwrap_or_default()),
            ]
        },
        nothing: "No entries.",
    };
    list.print(context, page).await
}

/// What an entry tells, what somebody said and asked for first.
fn told(detail: &Value) -> String {
    let Value::Object(fields) = detail else {
        return detail.to_string();
    };
    let is_said = |name: &str| matches!(name, "note" | "reason" | "overrides" | "filter");
    let (said, rest): (Vec<_>, Vec<_>) = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(name, _)| is_said(name));
    let shown = |(name, value): (&String, &Value)| match value.as_str() {
        Some(text) => format!("{name}: {text}"),
        None => format!("{name}: {value}"),
    };
    let parts: Vec<String> = said.into_iter().chain(rest).map(shown).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_somebody_said_comes_first() {
        let detail = json!({"attempt": 1, "code": "provider_auth", "reason": null,
            "note": "why", "overrides": {"model": "large"}});
        assert_eq!(
            told(&detail),
            r#"note: why; overrides: {"model":"large"}; attempt: 1; code: provider_auth"#
        );
    }
}

//! `GET /api/v1/admin/circuits`.

use crate::support::{ADMIN_KEY, Api, Step};
use redrive_shared::database::DatabaseError;
use serde_json::json;

const CIRCUITS: &str = "/api/v1/admin/circuits";

#[tokio::test]
async fn circuits_that_are_not_closed_are_listed_with_why_and_until_when() {
    let api = Api::new();
    let none = api.get(CIRCUITS, ADMIN_KEY).await;
    assert_eq!((none.status, none.json()), (200, json!({"data": []})));
    api.database().execute(
        "INSERT INTO provider_circuits \
         (provider, model, credential, state, code, opened_at_ms, until_ms) VALUES \
         ('openai', 'm-2', '9f86d081884c', 'half_open', 'provider_error', 1795258517372, 1795258532372), \
         ('openai', 'm-1', '', 'open', 'provider_auth', 1795258517372, 1795258817372)",
    );
    let opened = "2026-11-21T10:55:17.372Z";
    assert_eq!(
        api.get(CIRCUITS, ADMIN_KEY).await.json()["data"],
        json!([
            {"provider": "openai", "model": "m-1", "credential": "", "state": "open",
             "code": "provider_auth", "openedAt": opened, "until": "2026-11-21T11:00:17.372Z"},
            {"provider": "openai", "model": "m-2", "credential": "9f86d081884c",
             "state": "half_open", "code": "provider_error", "openedAt": opened,
             "until": "2026-11-21T10:55:32.372Z"}
        ])
    );
}

#[tokio::test]
async fn circuits_take_no_parameter_and_need_the_database() {
    let api = Api::new();
    let reply = api.get(&format!("{CIRCUITS}?limit=1"), ADMIN_KEY).await;
    assert_eq!(
        (reply.status, reply.named()),
        (422, vec!["?limit".to_owned()])
    );
    let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
    api.database().script([Step::FailBefore(overloaded)]);
    let reply = api.get(CIRCUITS, ADMIN_KEY).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("10"))
    );
}

//! What one tenant learns of another: nothing.

use crate::support::{ADMIN_KEY, Api, request};
use redrive_producer::{Access, Operation, ROUTES};
use redrive_shared::clock::Instant;
use redrive_shared::ids::{BatchId, FileId, JobId, KeyId, ReplayId};
use redrive_shared::native::SeededEntropy;

/// An id that nobody has.
fn unknown_of<I: ToString>(make: fn(Instant, &SeededEntropy) -> I) -> String {
    make(crate::support::START, &SeededEntropy::new(1)).to_string()
}

#[tokio::test]
async fn a_foreign_id_answers_like_an_unknown_one_on_every_route() {
    let mut compared = 0;
    for route in ROUTES.iter().filter(|route| route.path.contains("{id}")) {
        if route.access == Access::Admin {
            continue;
        }
        let api = Api::new();
        let (owner, stranger) = (api.operator().await, api.operator().await);
        let job = api.job(&owner).await;
        let is_openai = route.path.starts_with("/v1/");
        let (foreign, unknown) = if route.path.contains("/files/") {
            (api.file(&owner).await, unknown_of(FileId::new))
        } else if route.path.contains("/batches/") && is_openai {
            (api.file_batch(&owner).await, unknown_of(BatchId::new))
        } else if route.path.contains("/batches/") {
            (api.batch(&owner).await, unknown_of(BatchId::new))
        } else if route.path.contains("/replays/") {
            (api.replay(&owner).await, unknown_of(ReplayId::new))
        } else {
            (job.clone(), unknown_of(JobId::new))
        };
        let state = if route.path.contains("dead-letters") {
            api.put_job(&job, "dead_lettered");
            "dead_lettered"
        } else {
            "queued"
        };
        let mut replies = Vec::new();
        for id in [&foreign, &unknown] {
            let path = route.path.replace("{id}", id);
            let reply = api
                .send(request(route.method.clone(), &path, &stranger.key, None))
                .await;
            assert_eq!(reply.status, 404, "{route:?}");
            if !is_openai {
                assert_eq!(reply.json()["instance"], path);
            }
            let names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
            let text = reply.text.replace(id.as_str(), "ID").replace(
                reply.header("x-request-id").expect("every answer has one"),
                "REQUEST",
            );
            replies.push((text, names));
        }
        assert_eq!(replies[0], replies[1], "{route:?}");
        let kept = format!("SELECT state FROM jobs WHERE id = '{job}'");
        assert_eq!(api.database().text(&kept), state);
        let own = route.path.replace("{id}", &foreign);
        let reply = api
            .send(request(route.method.clone(), &own, &owner.key, None))
            .await;
        assert!(
            [200, 202].contains(&reply.status),
            "its owner reaches it: {route:?}"
        );
        compared += 1;
    }
    assert_eq!(compared, 20);
}

#[tokio::test]
async fn an_unknown_key_cannot_be_revoked() {
    let api = Api::new();
    let unknown = KeyId::new(crate::support::START, &SeededEntropy::new(1)).to_string();
    let route = ROUTES
        .iter()
        .find(|route| route.operation == Operation::RevokeKey)
        .expect("a route");
    for id in [unknown.as_str(), "key_", "x"] {
        let path = route.path.replace("{id}", id);
        let reply = api
            .send(request(route.method.clone(), &path, ADMIN_KEY, None))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (404, "not-found".to_owned()),
            "{id}"
        );
    }
}

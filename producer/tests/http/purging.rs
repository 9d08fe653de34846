//! `DELETE /api/v1/dead-letters`.

use crate::support::{Api, Reply, Step, Tenant, request};
use http::Method;
use redrive_shared::clock::Clock;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const LETTERS: &str = "/api/v1/dead-letters";

async fn purge(api: &Api, user: &Tenant, query: &str) -> Reply {
    let path = format!("{LETTERS}?{query}");
    api.send(request(Method::DELETE, &path, &user.key, None))
        .await
}

async fn letters(api: &Api, user: &Tenant, number: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..number {
        made.push(api.dead(user).await);
        api.ports().clock.advance_millis(20);
    }
    made
}

/// How many jobs there are, and how many purges the audit log tells of.
fn left(api: &Api) -> (u64, u64) {
    let entries = "audit_log WHERE action = 'dead_letters.purge'";
    (api.database().count("jobs"), api.database().count(entries))
}

#[tokio::test]
async fn a_purge_deletes_what_was_counted_and_is_written_down() {
    let api = Api::new();
    let (user, other) = (api.operator().await, api.operator().await);
    let made = letters(&api, &user, 250).await;
    letters(&api, &other, 2).await;
    let kept = api.job(&user).await;
    api.database().execute(&format!(
        "UPDATE jobs SET fingerprint = 'poison:-:-:-:-' WHERE id = '{}'",
        made[3]
    ));
    let filter = "fingerprint=provider_error:-:-:-:-";
    let told = purge(&api, &user, &format!("{filter}&dryRun=true")).await;
    assert_eq!(told.status, 200, "{told:?}");
    let told = told.json();
    assert_eq!(
        (&told["matched"], &told["groups"][0]["count"]),
        (&json!(249), &json!(249))
    );
    assert_eq!(left(&api), (253, 0));
    let reply = purge(&api, &user, &format!("{filter}&expectedCount=249&note=old")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let done = reply.json();
    let audit = done["auditId"].as_str().expect("an id").to_owned();
    assert_eq!(
        done,
        json!({"purged": 249, "remaining": 0, "auditId": audit})
    );
    assert_eq!(left(&api), (4, 1));
    for (job, status) in [(&made[0], 404), (&made[3], 200), (&kept, 200)] {
        let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
        assert_eq!(reply.status, status);
    }
    let page = api
        .get("/api/v1/audit?action=dead_letters.purge", &user.key)
        .await
        .json();
    let entry = &page["data"][0];
    assert_eq!(
        (&entry["auditId"], &entry["subject"]),
        (&json!(audit), &json!(user.id))
    );
    assert_eq!(
        entry["detail"],
        json!({"filter": {"fingerprint": "provider_error:-:-:-:-"}, "expectedCount": 249,
               "note": "old", "purged": 249})
    );
    let again = purge(&api, &user, &format!("{filter}&expectedCount=249")).await;
    assert_eq!(
        (again.status, again.code()),
        (409, "count-changed".to_owned())
    );
    assert_eq!(again.json()["count"], 0);
    assert_eq!(left(&api), (4, 1));
}

#[tokio::test]
async fn a_purge_needs_the_count_that_holds() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 3).await;
    for (query, named) in [
        ("all=true", "?expectedCount"),
        ("code=provider_error", "?expectedCount"),
        ("code=provider_error&expectedCount=0", "?expectedCount"),
        ("code=provider_error&expectedCount=25001", "?expectedCount"),
        ("code=provider_error&expectedCount=-3", "?expectedCount"),
        ("code=provider_error&dryRun=false", "?expectedCount"),
        ("expectedCount=3", "?all"),
        ("dryRun=true", "?all"),
        ("all=false&expectedCount=3", "?all"),
        ("all=true&code=provider_error&expectedCount=3", "?all"),
        ("all=yes&code=poison&expectedCount=3", "?all"),
        ("code=nonsense&expectedCount=3", "?code"),
        ("code=poison&expectedCount=3&limit=1", "?limit"),
    ] {
        let reply = purge(&api, &user, query).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
    for (query, count) in [
        ("all=true&expectedCount=2", 3),
        ("all=true&expectedCount=4", 3),
        ("code=poison&expectedCount=3", 0),
    ] {
        let reply = purge(&api, &user, query).await;
        assert_eq!(
            (reply.status, reply.code()),
            (409, "count-changed".to_owned()),
            "{query}"
        );
        assert_eq!(reply.json()["count"], count, "{query}");
    }
    assert_eq!(left(&api), (3, 0));
    let reader = api.key(&user.id, &["ops:read"]).await;
    let reply = api
        .send(request(
            Method::DELETE,
            &format!("{LETTERS}?all=true&expectedCount=3"),
            &reader,
            None,
        ))
        .await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        purge(&api, &user, "all=true&expectedCount=3").await.json()["purged"],
        3
    );
}

#[tokio::test]
async fn a_letter_that_is_replayed_meanwhile_stays() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 3).await;
    let queued = format!(
        "UPDATE jobs SET state = 'queued', due_at_ms = 1, completed_at_ms = NULL, \
         expires_at_ms = NULL WHERE id = '{}'",
        made[2]
    );
    api.database().script([Step::Run, Step::After(queued)]);
    let reply = purge(&api, &user, "all=true&expectedCount=3").await;
    let told = reply.json();
    assert_eq!(
        (&told["purged"], &told["remaining"]),
        (&json!(2), &json!(1))
    );
    let state = format!("SELECT state FROM jobs WHERE id = '{}'", made[2]);
    assert_eq!(api.database().text(&state), "queued");
}

#[tokio::test]
async fn a_letter_that_died_again_meanwhile_stays() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 2).await;
    let now = api.ports().clock.now().as_millis();
    let died_again = format!(
        "UPDATE jobs SET completed_at_ms = {} WHERE id = '{}'",
        now + 1,
        made[1]
    );
    api.database().script([Step::Run, Step::After(died_again)]);
    let reply = purge(&api, &user, "all=true&expectedCount=2").await;
    assert_eq!(reply.json()["purged"], 1);
    assert_eq!(api.database().text("SELECT id FROM jobs"), made[1]);
}

#[tokio::test]
async fn the_log_tells_how_far_a_purge_came_that_the_database_stopped() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 150).await;
    let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database().script([
        Step::FailAfter(lost.clone()),
        Step::Run,
        Step::FailAfter(lost),
        Step::Run,
        Step::FailBefore(overloaded),
    ]);
    let reply = purge(&api, &user, "all=true&expectedCount=150").await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(left(&api), (50, 1));
    let purged =
        "SELECT detail ->> '$.purged' || '' FROM audit_log WHERE action = 'dead_letters.purge'";
    assert_eq!(api.database().text(purged), "100");
    let rest = purge(&api, &user, "all=true&expectedCount=50").await;
    assert_eq!(rest.json()["purged"], 50);
}

#[tokio::test]
async fn what_a_batch_and_a_replay_count_outlives_a_purge() {
    let api = Api::new();
    let user = api.operator().await;
    let batch = api.batch(&user).await;
    let replay = api.replay(&user).await;
    for _ in 0..3 {
        crate::replays::deliver(api.ports()).await;
    }
    let counts = "UPDATE batches SET dead_lettered = 1";
    api.database().execute(counts);
    let job = api
        .database()
        .text("SELECT id FROM jobs WHERE replay_id IS NOT NULL");
    api.put_job(&job, "dead_lettered");
    api.ports().clock.advance_millis(1_000);
    assert_eq!(
        purge(&api, &user, "all=true&expectedCount=1").await.status,
        200
    );
    let replay = crate::replays::read(&api, &user, &replay).await;
    assert_eq!(replay["outcomes"]["deadLettered"], 1);
    let batch = api
        .get(&format!("/api/v1/batches/{batch}"), &user.key)
        .await;
    let counted: Value = batch.json();
    assert_eq!(counted["counts"]["deadLettered"], 1, "{counted}");
}

//! Pause, resume, abort; and what a replay survives.

use super::{REPLAYS, begun, deliver, letters, read, run, sent};
use crate::support::{Api, Reply, Step, Tenant};
use redrive_shared::clock::Clock;
use redrive_shared::database::DatabaseError;
use redrive_shared::queue::Queue;
use redrive_shared::sweep::sweep;
use serde_json::{Value, json};

async fn control(api: &Api, user: &Tenant, replay: &str, wish: &str) -> Reply {
    let path = format!("{REPLAYS}/{replay}/{wish}");
    api.post(&path, &user.key, &json!({})).await
}

async fn status(api: &Api, user: &Tenant, replay: &str, wish: &str) -> String {
    let answer = control(api, user, replay, wish).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}

fn count(api: &Api, action: &str) -> u64 {
    let entries = format!("audit_log WHERE action = '{action}'");
    api.database().count(&entries)
}

#[tokio::test]
async fn a_paced_replay_puts_back_so_many_a_second() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 300).await;
    let began_at = api.ports().clock.now();
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    deliver(api.ports()).await;
    let put_back = sent(api.ports()).len();
    let seconds = api.ports().clock.now().millis_since(began_at) / 1_000;
    assert_eq!(
        (put_back, seconds),
        (210, 21),
        "one message is worth 20 seconds"
    );
    let now = read(&api, &user, &replay).await;
    assert_eq!(
        (&now["ratePerSecond"], &now["remaining"]),
        (&json!(10.0), &json!(90))
    );
    run(api.ports()).await;
    assert_eq!(sent(api.ports()).len(), 90);
    let seconds = api.ports().clock.now().millis_since(began_at) / 1_000;
    assert!((30..=31).contains(&seconds), "{seconds}");
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["ratePerSecond"]),
        (&json!("completed"), &Value::Null)
    );
}

#[tokio::test]
async fn an_operator_pauses_and_goes_on() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 250).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    deliver(api.ports()).await;
    let first = sent(api.ports());
    for _ in 0..2 {
        assert_eq!(status(&api, &user, &replay, "pause").await, "paused");
    }
    // The message that waits finds nothing to do, and the sweep sends none.
    run(api.ports()).await;
    api.ports().clock.advance_millis(3_600_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    run(api.ports()).await;
    api.ports().bulk_jobs.take();
    assert_eq!(read(&api, &user, &replay).await["remaining"], 40);
    let began_at = api.ports().clock.now();
    for _ in 0..2 {
        assert_eq!(status(&api, &user, &replay, "resume").await, "running");
    }
    run(api.ports()).await;
    assert_eq!([first, sent(api.ports())].concat(), made);
    let seconds = api.ports().clock.now().millis_since(began_at) / 1_000;
    assert!(
        (4..=5).contains(&seconds),
        "no burst makes up for the pause: {seconds}"
    );
    assert_eq!(
        (count(&api, "replay.pause"), count(&api, "replay.resume")),
        (1, 1)
    );
    assert_eq!(count(&api, "replay.end"), 1);
}

#[tokio::test]
async fn an_aborted_replay_leaves_the_rest_dead() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 250).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    deliver(api.ports()).await;
    assert_eq!(status(&api, &user, &replay, "pause").await, "paused");
    for _ in 0..2 {
        assert_eq!(status(&api, &user, &replay, "abort").await, "aborted");
    }
    run(api.ports()).await;
    assert_eq!(
        api.database().count("jobs WHERE state = 'dead_lettered'"),
        40
    );
    for wish in ["pause", "resume"] {
        let answer = control(&api, &user, &replay, wish).await;
        assert_eq!(
            (answer.status, answer.code()),
            (409, "replay-ended".to_owned())
        );
    }
    let ended = read(&api, &user, &replay).await;
    assert_eq!(
        (&ended["replayed"], &ended["remaining"]),
        (&json!(210), &json!(40))
    );
    assert!(ended["finishedAt"].is_string());
    assert_eq!(
        (count(&api, "replay.abort"), count(&api, "replay.end")),
        (1, 0)
    );
    let next = begun(&api, &user, &json!({"filter": {}})).await;
    run(api.ports()).await;
    assert_eq!(read(&api, &user, &next).await["replayed"], 40);
    let answer = control(&api, &user, &next, "abort").await;
    assert_eq!(
        (answer.status, answer.code()),
        (409, "replay-ended".to_owned())
    );
}

#[tokio::test]
async fn a_replay_is_moved_by_a_plain_request_only() {
    let api = Api::new();
    let user = api.operator().await;
    let replay = api.replay(&user).await;
    let path = format!("{REPLAYS}/{replay}/pause");
    let answer = api.post(&path, &user.key, &json!({"note": "x"})).await;
    assert_eq!(answer.named(), ["/note"]);
    let answer = api.get(&format!("{REPLAYS}/{replay}?x=1"), &user.key).await;
    assert_eq!(answer.named(), ["?x"]);
    for id in ["x", "rep_", "job_0192f0c1000070008000000000000000"] {
        assert_eq!(control(&api, &user, id, "pause").await.status, 404, "{id}");
    }
}

#[tokio::test]
async fn a_kill_between_the_commit_and_the_messages_loses_nothing() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 5).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    // Nothing is taken: neither the messages of the jobs, nor that of the next step.
    api.ports().bulk_jobs.set_broken(true);
    deliver(api.ports()).await;
    assert_eq!(read(&api, &user, &replay).await["replayed"], 5);
    api.ports().bulk_jobs.set_broken(false);
    assert!(sent(api.ports()).is_empty());
    api.ports().clock.advance_millis(120_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    assert_eq!(sent(api.ports()), made);
}

#[tokio::test]
async fn a_step_whose_message_is_lost_is_sent_again_by_the_sweep() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 5).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    api.ports().tasks.take();
    api.ports().clock.advance_millis(30_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    assert!(api.ports().tasks.take().is_empty(), "the grace is not over");
    api.ports().clock.advance_millis(60_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    run(api.ports()).await;
    assert_eq!(read(&api, &user, &replay).await["replayed"], 5);
}

#[tokio::test]
async fn a_step_repeated_after_a_lost_answer_is_taken_once() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 5).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database().script([
        Step::Run,
        Step::Run,
        Step::FailAfter(lost.clone()),
        Step::FailAfter(lost),
    ]);
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), made);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["replayed"]),
        (&json!("completed"), &json!(5))
    );
    assert_eq!(api.database().count("replay_items"), 5);
    let once = "jobs WHERE json_array_length(replays) = 1";
    assert_eq!(api.database().count(once), 5);
}

#[tokio::test]
async fn a_pause_that_comes_before_the_commit_fences_the_step_off() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 5).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    let pause = "UPDATE replays SET status = 'paused', due_at_ms = NULL, step = step + 1";
    api.database()
        .script([Step::Run, Step::Run, Step::After(pause.to_owned())]);
    deliver(api.ports()).await;
    assert!(sent(api.ports()).is_empty());
    let paused = read(&api, &user, &replay).await;
    assert_eq!(
        (&paused["status"], &paused["replayed"]),
        (&json!("paused"), &json!(0))
    );
    assert_eq!(
        api.database().count("jobs WHERE state = 'dead_lettered'"),
        5
    );
    assert_eq!(api.database().count("replay_items"), 0);
}

#[tokio::test]
async fn a_step_that_the_database_refuses_is_delivered_again() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 5).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    let waiting = api.ports().tasks.take();
    let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
    for steps in [0, 1, 2] {
        api.ports()
            .tasks
            .send(waiting.clone(), 0)
            .await
            .expect("sent");
        let mut script = vec![Step::Run; steps];
        script.push(Step::FailBefore(overloaded.clone()));
        api.database().script(script);
        let answered = deliver(api.ports()).await;
        assert!(
            matches!(
                answered[..],
                [redrive_shared::run::Disposition::Retry { .. }]
            ),
            "{answered:?}"
        );
    }
    api.ports().tasks.send(waiting, 0).await.expect("sent");
    run(api.ports()).await;
    assert_eq!(read(&api, &user, &replay).await["replayed"], 5);
}

#[tokio::test]
async fn two_steps_at_once_put_each_letter_back_once() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 400).await;
    let replay = begun(&api, &user, &json!({"filter": {}, "maxPerSecond": 100})).await;
    let waiting = api.ports().tasks.take();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    api.ports()
                        .tasks
                        .send(waiting.clone(), 0)
                        .await
                        .expect("sent");
                    run(api.ports()).await;
                });
            });
        }
    });
    // Whatever message was lost between them, the row goes on.
    for _ in 0..3 {
        api.ports().clock.advance_millis(120_000);
        sweep(api.ports(), 60).await.expect("sweeps");
        run(api.ports()).await;
    }
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["replayed"]),
        (&json!("completed"), &json!(400))
    );
    let once = "jobs WHERE json_array_length(replays) = 1 AND state = 'queued'";
    assert_eq!(api.database().count(once), 400);
    let mut sent = sent(api.ports());
    sent.sort();
    sent.dedup();
    assert_eq!(sent, made);
}

#[tokio::test]
async fn an_ended_replay_goes_with_what_it_put_back() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 5).await;
    begun(&api, &user, &json!({"filter": {}})).await;
    run(api.ports()).await;
    api.ports().clock.advance_millis(29 * 86_400_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    assert_eq!(api.database().count("replays"), 1);
    api.ports().clock.advance_millis(2 * 86_400_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    let left = ["replays", "replay_items"].map(|table| api.database().count(table));
    assert_eq!(left, [0, 0]);
}

use super::{START, count};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::store::{Permit, PermitLimits, Store};

/// When the minute of the clock begins in which the cases take permits.
const MINUTE: Instant = START.plus_millis(-START.as_millis() % 60_000);

const ROWS: &str =
    "SELECT (SELECT count(*) FROM provider_slots) + (SELECT count(*) FROM provider_minutes) AS n";

fn limits(concurrency: Option<u32>, calls_per_minute: Option<u32>) -> PermitLimits {
    PermitLimits {
        concurrency,
        calls_per_minute,
    }
}

/// Takes a permit for a call that lasts a minute at most, so many seconds into the minute.
async fn take<D: Database>(
    store: &Store<D>,
    limits: PermitLimits,
    (provider, holder): (&str, &str),
    seconds: i64,
) -> Permit {
    let now = MINUTE.plus_seconds(seconds);
    store
        .take_permit(provider, limits, holder, now, now.plus_seconds(60))
        .await
        .expect("asks")
}

pub(super) async fn as_many_slots_are_taken_as_there_are<D: Database>(store: &Store<D>) {
    let two = limits(Some(2), None);
    for (holder, seconds, expected) in [
        ("a", 0, Permit::Granted),
        ("b", 1, Permit::Granted),
        ("c", 2, Permit::NoSlot(MINUTE)),
    ] {
        let permit = take(store, two, ("openai", holder), seconds).await;
        assert_eq!(permit, expected, "{holder}");
    }
    let other = take(store, two, ("azure", "c"), 2).await;
    assert_eq!(other, Permit::Granted, "each provider has its own");
    for _ in 0..2 {
        store.give_back_slot("openai", "a").await.expect("runs");
    }
    let permit = take(store, two, ("openai", "c"), 3).await;
    assert_eq!(permit, Permit::Granted);
    let one = take(store, limits(Some(1), None), ("openai", "d"), 4).await;
    let since = MINUTE.plus_seconds(1);
    assert_eq!(one, Permit::NoSlot(since), "a limit that was lowered holds");
}

pub(super) async fn a_slot_is_free_when_its_time_is_over<D: Database>(store: &Store<D>) {
    let one = limits(Some(1), None);
    for (holder, seconds, expected) in [
        ("died", 0, Permit::Granted),
        ("b", 59, Permit::NoSlot(MINUTE)),
        ("b", 60, Permit::Granted),
        ("died", 61, Permit::NoSlot(MINUTE.plus_seconds(60))),
    ] {
        let permit = take(store, one, ("openai", holder), seconds).await;
        assert_eq!(permit, expected, "{holder} at {seconds}");
    }
    // What comes late takes nothing from who has the slot now.
    store.give_back_slot("openai", "died").await.expect("runs");
    let permit = take(store, one, ("openai", "c"), 62).await;
    assert_eq!(permit, Permit::NoSlot(MINUTE.plus_seconds(60)));
}

pub(super) async fn a_minute_has_so_many_calls<D: Database>(store: &Store<D>) {
    let two = limits(None, Some(2));
    let next = Permit::NextMinute(MINUTE.plus_seconds(60));
    for (holder, seconds, expected) in [
        ("a", 0, Permit::Granted),
        ("b", 59, Permit::Granted),
        ("c", 59, next),
        ("c", 60, Permit::Granted),
        // A machine whose clock is behind counts into the minute of the others.
        ("d", 59, Permit::Granted),
        ("e", 59, Permit::NextMinute(MINUTE.plus_seconds(120))),
        ("e", 600, Permit::Granted),
    ] {
        let permit = take(store, two, ("openai", holder), seconds).await;
        assert_eq!(permit, expected, "{holder} at {seconds}");
    }
    assert_eq!(count(store, ROWS, vec![]).await, 1, "one row a provider");
}

pub(super) async fn both_limits_hold_together<D: Database>(store: &Store<D>) {
    let both = limits(Some(1), Some(2));
    let next = Permit::NextMinute(MINUTE.plus_seconds(60));
    let taken = take(store, both, ("openai", "a"), 0).await;
    assert_eq!(taken, Permit::Granted);
    for holder in ["b", "c", "d"] {
        // None of them is counted.
        let permit = take(store, both, ("openai", holder), 1).await;
        assert_eq!(permit, Permit::NoSlot(MINUTE));
    }
    store.give_back_slot("openai", "a").await.expect("runs");
    let taken = take(store, both, ("openai", "b"), 2).await;
    assert_eq!(taken, Permit::Granted);
    store.give_back_slot("openai", "b").await.expect("runs");
    for holder in ["c", "d"] {
        // None of them takes the slot.
        let permit = take(store, both, ("openai", holder), 3).await;
        assert_eq!(permit, next);
    }
    let taken = take(store, both, ("openai", "d"), 60).await;
    assert_eq!(taken, Permit::Granted);
}

pub(super) async fn a_repeated_taking_takes_nothing_more<D: Database>(store: &Store<D>) {
    for (number, limits) in [
        limits(Some(2), None),
        limits(None, Some(2)),
        limits(Some(2), Some(2)),
    ]
    .into_iter()
    .enumerate()
    {
        let provider = format!("provider-{number}");
        for holder in ["a", "a", "b", "b"] {
            let permit = take(store, limits, (&provider, holder), 0).await;
            assert_eq!(permit, Permit::Granted, "{limits:?} {holder}");
        }
        let permit = take(store, limits, (&provider, "c"), 0).await;
        assert_ne!(permit, Permit::Granted, "{limits:?}");
    }
    // Others came in between, and the answer was lost: the slot tells.
    let both = limits(Some(2), Some(2));
    let permit = take(store, both, ("provider-2", "a"), 1).await;
    assert_eq!(permit, Permit::Granted);
}

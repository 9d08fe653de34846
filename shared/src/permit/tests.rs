use super::*;
use crate::configuration::{Configuration, ProviderConfiguration};
use crate::native::{Fault, FaultyDatabase, NativePorts, SqliteDatabase};
use crate::provider::{Provider, Providers};
use proptest::prelude::{prop_assert, proptest};

const START: Instant = Instant::from_millis(1_794_960_000_000);
const LASTS: Duration = Duration::from_secs(50);

type TestPorts = NativePorts<FaultyDatabase<SqliteDatabase>>;

fn ports() -> TestPorts {
    let database = FaultyDatabase::new(SqliteDatabase::in_memory().expect("migrates"));
    NativePorts::new(database, START, 7)
}

fn settings(concurrency: Option<u32>, calls_per_minute: Option<u32>) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("local", Provider::Compatible, "http://127.0.0.1:9");
    one.concurrency = concurrency;
    one.calls_per_minute = calls_per_minute;
    let providers = Providers::new(Configuration::single(one), |_| None);
    providers.get("local").expect("is configured").clone()
}

fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

async fn wait(ports: &TestPorts, settings: &ProviderSettings) -> i64 {
    match take(ports, settings, "job/1", LASTS).await {
        Taken::Wait(at) => at.millis_since(ports.clock.now()),
        Taken::Granted(held) => panic!("granted: {held:?}"),
    }
}

async fn granted(ports: &TestPorts, settings: &ProviderSettings) -> Option<Held> {
    match take(ports, settings, "job/1", LASTS).await {
        Taken::Granted(held) => held,
        Taken::Wait(at) => panic!("to wait until {at:?}"),
    }
}

#[tokio::test]
async fn a_provider_without_limits_costs_nothing() {
    let ports = ports();
    for _ in 0..3 {
        assert_eq!(granted(&ports, &settings(None, None)).await, None);
    }
    assert_eq!(ports.store.database().batches(), 0);
}

#[tokio::test]
async fn as_many_calls_as_there_are_slots_are_made_at_a_time() {
    let ports = ports();
    let settings = settings(Some(2), None);
    let first = granted(&ports, &settings).await.expect("holds a slot");
    ports.clock.advance_millis(20_000);
    let second = granted(&ports, &settings).await.expect("holds a slot");
    for _ in 0..100 {
        let wait = wait(&ports, &settings).await;
        // The slots are taken for 20 s at most so far.
        assert!((2_000..=22_000).contains(&wait), "{wait}");
    }
    first.give_back(&ports).await;
    let third = granted(&ports, &settings).await.expect("holds a slot");
    wait(&ports, &settings).await;
    drop((second, third));
}

#[tokio::test]
async fn a_slot_whose_holder_died_is_free_when_its_time_is_over() {
    let ports = ports();
    let settings = settings(Some(1), None);
    granted(&ports, &settings).await.expect("holds a slot");
    ports.clock.advance_millis(59_999);
    wait(&ports, &settings).await;
    ports.clock.advance_millis(1);
    granted(&ports, &settings).await.expect("holds a slot");
}

#[tokio::test]
async fn a_minute_has_so_many_calls_and_the_next_begins_anew() {
    let ports = ports();
    let settings = settings(None, Some(3));
    ports.clock.advance_millis(10_000);
    for _ in 0..3 {
        assert_eq!(granted(&ports, &settings).await, None);
    }
    for _ in 0..100 {
        let wait = wait(&ports, &settings).await;
        assert!((50_000..=65_000).contains(&wait), "{wait}");
    }
    ports.clock.advance_millis(50_000);
    for _ in 0..3 {
        assert_eq!(granted(&ports, &settings).await, None);
    }
    wait(&ports, &settings).await;
}

#[tokio::test]
async fn a_call_that_gets_no_slot_is_not_counted_and_the_other_way_round() {
    let ports = ports();
    let settings = settings(Some(1), Some(2));
    let first = granted(&ports, &settings).await.expect("holds a slot");
    for _ in 0..5 {
        wait(&ports, &settings).await;
    }
    first.give_back(&ports).await;
    // Of the two calls of this minute one was made.
    let second = granted(&ports, &settings).await.expect("holds a slot");
    second.give_back(&ports).await;
    let soonest = wait(&ports, &settings).await;
    assert!(soonest >= 60_000, "{soonest}");
    ports.clock.advance_millis(60_000);
    // Nobody took the slot meanwhile.
    granted(&ports, &settings).await.expect("holds a slot");
}

#[tokio::test]
async fn a_taking_whose_answer_was_lost_is_done_once() {
    for limits in [(Some(2), None), (Some(2), Some(2)), (None, Some(2))] {
        let ports = ports();
        let settings = settings(limits.0, limits.1);
        let lost = || {
            ports
                .store
                .database()
                .fail_next([Fault::After(transient()), Fault::None]);
        };
        lost();
        let first = granted(&ports, &settings).await;
        lost();
        let second = granted(&ports, &settings).await;
        wait(&ports, &settings).await;
        for held in [first, second].into_iter().flatten() {
            lost();
            held.give_back(&ports).await;
        }
        assert_eq!(ports.log.lines(), [""; 0], "{limits:?}");
    }
}

#[tokio::test]
async fn no_failure_of_the_database_keeps_a_call_from_being_made() {
    let ports = ports();
    let settings = settings(Some(1), Some(1));
    ports
        .store
        .database()
        .fail_next(vec![Fault::After(transient()); 3]);
    let held = granted(&ports, &settings).await.expect("may hold a slot");
    let told = |name: &str| ports.log.lines().iter().any(|line| line.contains(name));
    assert!(told("permit_not_taken"));
    // The slot was taken all the same, and is given back.
    wait(&ports, &settings).await;
    held.give_back(&ports).await;
    ports.clock.advance_millis(60_000);
    let held = granted(&ports, &settings).await.expect("holds a slot");
    ports
        .store
        .database()
        .fail_next(vec![Fault::Before(transient()); 3]);
    held.give_back(&ports).await;
    assert!(told("permit_not_given_back"));
    ports.clock.advance_millis(60_000);
    granted(&ports, &settings).await.expect("holds a slot");
}

proptest! {
    #[test]
    fn nobody_asks_before_there_may_be_a_permit_or_waits_for_long(
        now_ms in 0_i64..1_000_000,
        since_ms in 0_i64..2_000_000,
        unit in 0.0..1.0,
    ) {
        let (now, since) = (START.plus_millis(now_ms), START.plus_millis(since_ms));
        let slot = for_a_slot(since, now, unit).millis_since(now);
        prop_assert!((2_000..=62_000).contains(&slot));
        let minute = in_next_minute(since, now, unit);
        prop_assert!(minute >= since && minute >= now);
        prop_assert!(minute.millis_since(since.max(now)) <= 15_000);
    }
}

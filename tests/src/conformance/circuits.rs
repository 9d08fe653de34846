use super::{MODEL, START, Tenant};
use redrive_shared::circuit::{CircuitKey, CircuitRecord, CircuitState, Opening};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::store::Store;

fn key(model: &str) -> CircuitKey {
    CircuitKey {
        provider: "openai_compatible".to_owned(),
        model: model.to_owned(),
        credential: "ba7816bf8f01".to_owned(),
    }
}

fn opening(code: ErrorCode, seconds: i64) -> Opening {
    Opening {
        code,
        opened_at: START,
        until: START.plus_seconds(seconds),
    }
}

/// How the circuit of the cases' model stands: state, code, and seconds from the start to its end.
fn stands(record: &CircuitRecord) -> (CircuitState, ErrorCode, i64) {
    assert_eq!(record.opened_at, START);
    let seconds = record.until.millis_since(START) / 1_000;
    (record.state, record.code, seconds)
}

pub(super) async fn an_opening_is_never_shortened<D: Database>(store: &Store<D>) {
    let key = key(MODEL);
    let (short, long) = (ErrorCode::ProviderRateLimited, ErrorCode::ProviderBilling);
    for (code, seconds, expected) in [
        (short, 5, (CircuitState::Open, short, 5)),
        (short, 5, (CircuitState::Open, short, 5)),
        (long, 900, (CircuitState::Open, long, 900)),
        (short, 5, (CircuitState::Open, long, 900)),
    ] {
        let later = Opening {
            opened_at: START,
            ..opening(code, seconds)
        };
        let record = store.open_circuit(&key, &later).await.expect("opens");
        assert_eq!(stands(&record), expected);
    }
    // The first instant stays.
    let later = Opening {
        opened_at: START.plus_seconds(60),
        ..opening(short, 1_000)
    };
    let record = store.open_circuit(&key, &later).await.expect("opens");
    assert_eq!(stands(&record), (CircuitState::Open, short, 1_000));
    assert_eq!(store.circuits().await.expect("lists"), [record]);
}

pub(super) async fn one_attempt_probes_and_its_word_closes<D: Database>(store: &Store<D>) {
    let key = key(MODEL);
    let closed = store.probe_circuit(&key, START, START).await.expect("asks");
    assert_eq!((closed.won, closed.record), (false, None));
    let code = ErrorCode::ProviderAuth;
    store
        .open_circuit(&key, &opening(code, 300))
        .await
        .expect("opens");
    let probe = async |now: i64, until: i64| {
        let (now, until) = (START.plus_seconds(now), START.plus_seconds(until));
        let probed = store.probe_circuit(&key, now, until).await.expect("asks");
        (probed.won, stands(&probed.record.expect("not closed")))
    };
    let open = (CircuitState::Open, code, 300);
    assert_eq!(probe(299, 430).await, (false, open));
    let half_open = (CircuitState::HalfOpen, code, 430);
    assert_eq!(probe(300, 430).await, (true, half_open));
    assert_eq!(probe(300, 430).await, (false, half_open));
    assert_eq!(probe(429, 560).await, (false, half_open));
    // The first probe counts as lost, and its word as well.
    let second = (CircuitState::HalfOpen, code, 560);
    assert_eq!(probe(430, 560).await, (true, second));
    let close = async |seconds: i64| {
        let probe = START.plus_seconds(seconds);
        store.close_circuit(&key, probe).await.expect("runs");
        store.circuits().await.expect("lists").len()
    };
    assert_eq!(close(430).await, 1);
    // An opening while a probe is under way stays.
    let record = store
        .open_circuit(&key, &opening(code, 500))
        .await
        .expect("opens");
    assert_eq!(stands(&record), (CircuitState::Open, code, 500));
    assert_eq!(close(560).await, 1);
    assert!(probe(500, 630).await.0);
    assert_eq!(close(630).await, 0);
    assert_eq!(close(630).await, 0);
}

pub(super) async fn a_claim_tells_every_circuit_that_is_not_closed<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(91);
    let job = tenant.submit(store).await;
    let others = [
        key("another"),
        CircuitKey {
            credential: "another".to_owned(),
            ..key(MODEL)
        },
        CircuitKey {
            provider: "openai".to_owned(),
            ..key(MODEL)
        },
    ];
    let opening = opening(ErrorCode::ProviderAuth, 300);
    for other in &others {
        store.open_circuit(other, &opening).await.expect("opens");
    }
    let delivery = tenant.delivery();
    let claims = tenant
        .claim_all(store, &[&job], (&delivery, START, true))
        .await;
    // A chain may lead to any of them.
    let listed = store.circuits().await.expect("lists");
    assert_eq!(claims.circuits.len(), others.len());
    assert_eq!(claims.circuits, listed);
}

pub(super) async fn a_circuit_that_nobody_probed_for_a_day_is_forgotten<D: Database>(
    store: &Store<D>,
) {
    let code = ErrorCode::ProviderAuth;
    for (model, seconds) in [("a", 300), ("b", 300 + 86_399), ("c", 300 + 86_400)] {
        store
            .open_circuit(&key(model), &opening(code, seconds))
            .await
            .expect("opens");
    }
    let models: Vec<String> = store
        .circuits()
        .await
        .expect("lists")
        .into_iter()
        .map(|record| record.key.model)
        .collect();
    assert_eq!(models, ["b", "c"]);
}

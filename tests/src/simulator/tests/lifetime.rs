//! Starting and stopping.

use std::net::TcpListener;
use std::time::Instant;

use super::{Options, PATIENCE, Simulator, Stage};

#[test]
fn simulator_starts_and_stops_without_a_runtime_of_the_caller() {
    let simulator = Simulator::start(Options::default()).unwrap();
    assert!(simulator.url().starts_with("http://127.0.0.1:"));
    assert!(simulator.url().ends_with("/v1"));
    assert!(simulator.control_url().ends_with("/control"));
}

#[tokio::test]
async fn stop_closes_calls_that_would_wait_for_ever() {
    let stage = Stage::new();
    let hanging = tokio::spawn(stage.call("sim-hang").send());
    let held = tokio::spawn(stage.call("sim-hold").send());
    stage.until_count("inFlight", 2).await;
    let start = Instant::now();
    drop(stage.simulator);
    for call in [hanging, held] {
        let error = call.await.unwrap().unwrap_err();
        assert!(!error.is_timeout(), "{error:?}");
    }
    assert!(start.elapsed() < PATIENCE / 2);
}

#[tokio::test]
async fn stopped_simulator_leaves_its_port_free() {
    let stage = Stage::new();
    stage.answer("sim-ok").await;
    let port = stage.simulator.address.port();
    drop(stage);
    let again = Stage::with(Options {
        port,
        ..Options::default()
    });
    assert_eq!(again.answer("sim-ok").await.status, 200);
}

#[test]
fn taken_port_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = Options {
        port,
        ..Options::default()
    };
    let error = Simulator::start(options).err().unwrap();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[test]
fn fault_rate_that_is_no_probability_is_an_error() {
    for fault_rate in [-0.1, 1.1, f64::NAN] {
        let options = Options {
            fault_rate,
            ..Options::default()
        };
        assert!(Simulator::start(options).is_err(), "{fault_rate}");
    }
}

//! `doctor`: each finding with what to do about it.

use crate::command::{Bench, Said};
use crate::server::ADMIN_KEY;

/// The report with what differs from run to run taken out.
fn report(bench: &Bench, said: &Said) -> String {
    let digits = |word: &str| word.chars().all(|character| character.is_ascii_digit());
    let lines = said.out.replace(&bench.server.url(), "http://server");
    lines
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let is_time = |place: usize| {
                digits(words[place])
                    && words
                        .get(place + 1)
                        .is_some_and(|next| next.starts_with("ms"))
            };
            let shown = |place: usize| if is_time(place) { "N" } else { words[place] };
            (0..words.len()).map(shown).collect::<Vec<_>>().join(" ") + "\n"
        })
        .collect()
}

#[test]
fn all_is_well() {
    let bench = Bench::new();
    let said = bench.run("doctor").code(0);
    insta::assert_snapshot!(report(&bench, &said));
}

#[test]
fn a_scope_that_is_needed_and_missing_is_a_failure() {
    let bench = Bench::new();
    bench.run("doctor --need ops:read").code(0);
    let said = bench.run("doctor --need ops:write").code(1);
    assert!(
        said.out
            .contains("✗ scopes: jobs:read, jobs:write, ops:read; lacks ops:write"),
        "{}",
        said.out
    );
}

#[test]
fn a_key_is_told_apart_by_what_is_wrong_with_it() {
    let bench = Bench::new();
    for (key, found) in [
        ("rd_live_cut", "is not a whole API key (from --key)"),
        (
            "rd_live_lV2juOOTkhKJmbZGqoRsL4ieGOpO33nM13sU96",
            "is not known to this server",
        ),
    ] {
        let said = bench.run(&format!("doctor --key {key}")).code(1);
        assert!(said.out.contains(found), "{}", said.out);
        assert!(!said.out.contains(key), "{}", said.out);
    }
    let said = bench.run(&format!("doctor --key {ADMIN_KEY}")).code(0);
    assert!(
        said.out.contains("! key: the deployment's ADMIN_KEY"),
        "{}",
        said.out
    );
    let mut keyless = bench.command(&["doctor"]);
    let said = Said::from(keyless.env_remove("REDRIVE_KEY").output().unwrap()).code(1);
    assert!(said.out.contains("✗ key: there is none"), "{}", said.out);
}

#[test]
fn a_server_that_knows_nothing_of_keys_is_no_failure() {
    let bench = Bench::new();
    bench.server.set_old();
    let said = bench.run("doctor").code(0);
    assert!(said.out.contains("! key: is known"), "{}", said.out);
    let said = bench.run("doctor --key rd_live_cut").code(1);
    assert!(said.out.contains("is not a whole API key"), "{}", said.out);
}

#[test]
fn a_clock_that_is_off_is_told_with_its_direction() {
    for (ahead, found) in [
        (7230, "this machine's clock is 2h 0m behind the server's"),
        (-7230, "this machine's clock is 2h 0m ahead of the server's"),
    ] {
        let bench = Bench::new();
        bench.server.set_ahead(ahead);
        let said = bench.run("doctor").code(1);
        assert!(said.out.contains(found), "{}", said.out);
    }
}

#[test]
fn what_is_not_ready_is_named_with_its_reason() {
    let bench = Bench::new();
    bench
        .server
        .set_unready("queue", "the queue does not answer");
    let said = bench.run("doctor").code(1);
    assert!(
        said.out
            .contains("✗ readiness of queue: the queue does not answer"),
        "{}",
        said.out
    );
    assert_eq!(
        bench
            .server
            .targets()
            .iter()
            .filter(|target| target.contains("ready"))
            .count(),
        1,
        "asked once"
    );
}

#[test]
fn a_server_that_is_none_is_told() {
    let bench = Bench::new();
    let said = bench
        .run(&format!("doctor --url {}/html", bench.server.url()))
        .code(1);
    assert!(
        said.out.contains("✗ server: the answer is no JSON"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("Somebody else answers at this URL"),
        "{}",
        said.out
    );
    let said = bench
        .run("doctor --url http://127.0.0.1:1 --retries 0")
        .code(1);
    assert!(said.out.contains("Nothing listens there"), "{}", said.out);
    for (url, found) in [
        ("nonsense", "must begin with http:// or https://: nonsense"),
        (
            "localhost:8787",
            "must begin with http:// or https://: localhost:8787",
        ),
        ("http://", "is no URL: http://"),
        (
            "http://x/api/v1",
            "must be without /api/v1 at its end: leave that away: http://x/api/v1",
        ),
    ] {
        let said = bench.run(&format!("doctor --url {url}")).code(1);
        let found = format!("✗ configuration: the URL from --url {found}");
        assert!(said.out.contains(&found), "{}", said.out);
        assert!(said.out.contains("such as https://"), "{}", said.out);
    }
}

#[test]
fn scripts_get_one_document() {
    let bench = Bench::new();
    bench
        .server
        .set_unready("queue", "the queue does not answer");
    let said = bench.run("doctor --json").code(1);
    let report = said.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["checks"][0]["check"], "configuration");
}

#[test]
fn a_terminal_that_knows_ascii_only_gets_ascii() {
    let bench = Bench::new();
    let mut command = bench.command(&["doctor"]);
    let said = Said::from(command.env("LANG", "C").output().unwrap()).code(0);
    assert!(said.out.is_ascii(), "{}", said.out);
}

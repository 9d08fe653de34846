//! Dead letters: found, put back, deleted.

use serde_json::json;

use crate::command::Bench;
use crate::server::Fault;

fn bench(letters: usize) -> Bench {
    let bench = Bench::new();
    bench.server.set_letters(letters);
    bench
}

#[test]
fn letters_and_their_causes_are_tables() {
    let bench = bench(2);
    let (letters, groups) = (bench.run("dlq ls").code(0), bench.run("dlq groups").code(0));
    insta::assert_snapshot!(letters.out + "---\n" + &groups.out);
}

#[test]
fn a_letter_is_shown_with_its_history() {
    let said = bench(2).run("dlq show job_00001").code(0);
    insta::assert_snapshot!(said.out + "---\n" + &said.err, @r#"
    job_00001 provider_auth
    The provider refused the key.
    Set it anew, then replay this job please.

    kind         generate
    provider     openai
    model        small
    fingerprint  provider_auth:-:openai:small:401
    created      2026-11-21T08:00:00Z
    died         2026-11-21T09:00:00Z
    attempts     13: 1 failed, 12 deferred
    replayable   yes

    The provider's own words:
      {"error":"bad key"}

    ATTEMPT  OUTCOME  CODE           PROVIDER  MODEL  STARTED               FINISHED
         13  failed   provider_auth  openai    small  2026-11-21T08:59:00Z  2026-11-21T09:00:00Z

    REPLAYED              BY     AFTER ATTEMPT  DIED OF             REPLAY
    2026-11-21T09:10:00Z  key_1              1  provider_auth       rep_1
    2026-11-21T09:20:00Z  key_2             12  attempts_exhausted
    ---
    the note of the latest replay, and what it changed: redrive audit ls --subject job_00001
    put it back: redrive dlq replay job_00001
    "#);
}

#[test]
fn filters_of_letters_become_parameters() {
    let bench = bench(0);
    let filter = "--code provider_auth --provider openai --model small --kind generate --batch bat_1 \
                  --ref-type order --ref-id 7 --fingerprint a:b --created-after 2026-11-01 \
                  --created-before 2026-11-02 --dead-after 2026-11-03 --dead-before 2026-11-04 \
                  --min-attempts 3";
    bench.run(&format!("dlq groups {filter}")).code(0);
    bench.run(&format!("dlq ls --limit 5 {filter}")).code(0);
    let parameters = "code=provider_auth&provider=openai&model=small&kind=generate&batchId=bat_1\
        &refType=order&refId=7&fingerprint=a%3Ab&createdAfter=2026-11-01T00%3A00%3A00.000Z\
        &createdBefore=2026-11-02T00%3A00%3A00.000Z&deadAfter=2026-11-03T00%3A00%3A00.000Z\
        &deadBefore=2026-11-04T00%3A00%3A00.000Z&minAttempts=3";
    assert_eq!(
        bench.server.targets(),
        [
            format!("GET /api/v1/dead-letters/groups?{parameters}"),
            format!("GET /api/v1/dead-letters?{parameters}&limit=5"),
        ]
    );
}

#[test]
fn one_letter_is_put_back_at_once() {
    let bench = bench(2);
    let said = bench
        .run("dlq replay job_1 --with-model large --note fixed")
        .code(0);
    assert_eq!(said.out, "job_1\n");
    let seen = bench.server.seen();
    assert_eq!(seen[0].target, "/api/v1/dead-letters/job_1/replay");
    assert_eq!(seen[0].json(), json!({"model": "large", "note": "fixed"}));
    assert!(seen[0].idempotency_key.is_some());
}

#[test]
fn a_replay_that_is_tried_dry_changes_nothing() {
    let bench = bench(2);
    let said = bench
        .run("dlq replay --code provider_auth --dry-run")
        .code(0);
    assert_eq!(bench.server.letters(), 2);
    assert!(said.err.contains("2 would be put back"), "{}", said.err);
    assert!(
        said.err.contains("1 more match, and cannot be"),
        "{}",
        said.err
    );
    assert!(
        said.err
            .contains("likely cost: $0.500000, and what 2 jobs cost"),
        "{}",
        said.err
    );
}

#[test]
fn a_filter_that_was_meant_as_a_change_is_told_apart() {
    let bench = bench(0);
    let hint = "--model narrows the letters; to ask another model give --with-model";
    for (line, code) in [
        ("--model large", 3),
        ("--model large --dry-run", 0),
        ("--model large --all", 2),
        ("job_1 --model large", 2),
    ] {
        let said = bench.run(&format!("dlq replay {line}")).code(code);
        assert!(said.err.contains(hint), "{line}: {}", said.err);
    }
    for line in [
        "--model large --with-provider claude",
        "--code provider_auth",
    ] {
        let said = bench.run(&format!("dlq replay {line}")).code(3);
        assert!(!said.err.contains("narrow"), "{line}: {}", said.err);
    }
    let said = bench.run("dlq replay --provider claude").code(3);
    insta::assert_snapshot!(said.err, @r"
    error: nothing-matches (HTTP 422)
      No dead letter matches: nothing is to be done.
      --provider narrows the letters; to ask another provider give --with-provider
      request id req_1
    ");
}

#[test]
fn a_replay_is_followed_until_its_jobs_have_ended() {
    let bench = bench(3);
    let said = bench.run("dlq replay --all --wait").code(0);
    insta::assert_snapshot!(said.out, @r#"
    rep_1 completed
    created      2026-11-21T10:00:00Z
    by           key_1
    note         fixed
    filter       {"code":"provider_auth"}
    different    {"model":"large"}
    at most      10 a second
    matched      3
    replayed     3
    remaining    0
      succeeded  3
    rate         9.5/s
    cost         $0.010000
    "#);
}

#[test]
fn a_replay_that_is_paused_waits_for_somebody() {
    let bench = bench(3);
    assert_eq!(bench.run("dlq replay --all").code(0).out, "rep_1\n");
    bench.run("replay pause rep_1").code(0);
    let said = bench.run("replay status rep_1 --watch").code(1);
    assert!(
        said.err.contains("redrive replay resume rep_1"),
        "{}",
        said.err
    );
}

#[test]
fn a_replay_beside_another_is_refused_with_its_name() {
    let bench = bench(3);
    bench.run("dlq replay --all").code(0);
    let said = bench.run("dlq replay --all").code(3);
    assert!(
        said.err.contains("replay-running (HTTP 409)"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("redrive replay status rep_1"),
        "{}",
        said.err
    );
}

#[test]
fn a_purge_shows_what_would_go_and_wants_to_be_agreed_to() {
    let bench = bench(2);
    let said = bench.run("dlq purge --code provider_auth").code(2);
    assert!(
        said.out.contains("provider_auth:-:openai:small:401"),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("--yes --expected-count 2"),
        "{}",
        said.err
    );
    let said = bench.run("dlq purge --all --dry-run").code(0);
    assert!(
        said.err.contains("--yes --expected-count 2"),
        "{}",
        said.err
    );
    assert_eq!(bench.server.letters(), 2);
}

#[test]
fn a_purge_deletes_as_many_as_were_expected_or_none() {
    let bench = bench(2);
    let said = bench
        .run("dlq purge --all --yes --expected-count 3")
        .code(1);
    assert!(
        said.err.contains("2 match, and not 3: nothing was deleted"),
        "{}",
        said.err
    );
    let said = bench
        .run("dlq purge --all --yes --expected-count 2 --note old")
        .code(0);
    assert_eq!(
        said.out.lines().last(),
        Some("2 deleted; audit entry aud_1")
    );
    assert_eq!(bench.server.letters(), 0);
    let seen = bench.server.seen();
    let target = &seen.last().unwrap().target;
    assert_eq!(
        target,
        "/api/v1/dead-letters?all=true&expectedCount=2&note=old"
    );
}

#[test]
fn a_purge_of_nothing_says_so_and_is_no_purge_of_some() {
    let bench = bench(0);
    let said = bench.run("dlq purge --all").code(0);
    assert_eq!(said.err, "No dead letters.\n");
    let said = bench.run("dlq purge --all --json").code(0);
    assert_eq!(said.json()["matched"], 0);
    let said = bench
        .run("dlq purge --all --yes --expected-count 2")
        .code(1);
    assert!(said.err.contains("0 match, and not 2"), "{}", said.err);
}

#[test]
fn a_purge_of_more_than_one_deletes_is_not_asked_for() {
    let bench = bench(25_001);
    let rule = "one purge deletes 25,000 at most: narrow the filter";
    let said = bench.run("dlq purge --all --dry-run").code(0);
    assert!(said.err.contains(rule), "{}", said.err);
    let said = bench
        .run("dlq purge --all --yes --expected-count 25001")
        .code(1);
    assert!(said.err.contains(rule), "{}", said.err);
    assert_eq!(bench.server.seen().len(), 2, "two dry runs");
}

#[test]
fn a_purge_beside_a_new_letter_deletes_nothing_and_tells_how_to_go_on() {
    let bench = bench(2);
    let said = bench
        .run("dlq purge --all --yes --expected-count 2 --note late")
        .code(3);
    assert_eq!(bench.server.letters(), 3);
    insta::assert_snapshot!(said.err, @r"
    error: count-changed (HTTP 409)
      Another number matches.
      look again with --dry-run, then give --expected-count 3
      request id req_1
    ");
}

#[test]
fn a_purge_whose_answer_was_lost_is_not_sent_again() {
    let bench = bench(2);
    bench
        .server
        .lay("DELETE", "/dead-letters", 1, Fault::LostAnswer);
    bench
        .run("dlq purge --all --yes --expected-count 2")
        .code(4);
    assert_eq!(bench.server.seen().len(), 2, "the dry run, and the purge");
}

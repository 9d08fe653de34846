//! Tables and filters.

use crate::command::{Bench, Said};

#[test]
fn jobs_are_a_table_that_tells_how_to_see_more() {
    let bench = Bench::new();
    for prompt in ["hello", "fail"] {
        bench.run(&format!("submit generate --prompt {prompt}"));
    }
    let said = bench.run("jobs ls").code(0);
    insta::assert_snapshot!(said.out + "---\n" + &said.err, @r"
    JOB        KIND      STATUS     ATTEMPT  CREATED               ENDED                 MODEL  ERROR
    job_00000  generate  succeeded        1  2026-11-21T10:00:00Z  2026-11-21T10:00:02Z  small
    job_00001  generate  failed           1  2026-11-21T10:00:00Z  2026-11-21T10:00:02Z  small  refused
    ---
    There is more: --cursor c-next, or --all
    ");
}

#[test]
fn filters_of_jobs_become_parameters() {
    let bench = Bench::new();
    bench.run(
        "jobs ls --status dead_lettered --kind generate --batch bat_1 --ref-type order --ref-id a/b \
         --created-after 2026-11-01 --created-before 2026-11-02T00:00:00Z --limit 5 --cursor c1",
    );
    assert_eq!(
        bench.server.targets(),
        [
            "GET /api/v1/jobs?status=dead_lettered&kind=generate&batchId=bat_1&refType=order\
          &refId=a%2Fb&createdAfter=2026-11-01T00%3A00%3A00.000Z\
          &createdBefore=2026-11-02T00%3A00%3A00.000Z&limit=5&cursor=c1"
        ]
    );
}

#[test]
fn an_id_cannot_lead_to_another_path() {
    let bench = Bench::new();
    bench.run("status ../admin/keys?x=1").code(3);
    assert_eq!(
        bench.server.targets(),
        ["GET /api/v1/jobs/..%2Fadmin%2Fkeys%3Fx=1"]
    );
}

#[test]
fn nothing_is_said_on_standard_error() {
    let bench = Bench::new();
    let said = bench.run("dlq ls").code(0);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "No dead letters.\n")
    );
}

#[test]
fn a_batch_is_shown_followed_and_cancelled() {
    let bench = Bench::new();
    bench.write(
        "in.jsonl",
        &"{\"prompt\":\"a\"}\n".repeat(12).replace(
            "a\"}\n{\"prompt\":\"a\"}\n{",
            "die\"}\n{\"prompt\":\"a\"}\n{",
        ),
    );
    assert_eq!(
        bench.run("batch submit in.jsonl --name nightly").out,
        "bat_1\n"
    );
    bench.run("batch status bat_1");
    let shown = bench.run("batch status bat_1").code(0);
    insta::assert_snapshot!(shown.out + "---\n" + &shown.err);
    bench.run("batch status bat_1 --watch").code(1);
    let said = bench.run("batch cancel bat_1").code(3);
    assert!(said.err.contains("batch-ended (HTTP 409)"), "{}", said.err);
}

#[test]
fn a_batch_that_waits_for_retries_tells_how_to_see_why() {
    let bench = Bench::new();
    bench.write("in.jsonl", &"{\"prompt\":\"a\"}\n".repeat(12));
    bench.run("batch submit in.jsonl --name stalled");
    let hint = "why jobs wait for a retry: redrive jobs ls --batch bat_1 --status retry_scheduled";
    let said = bench.run("batch status bat_1").code(0);
    assert!(said.err.contains(hint), "{}", said.err);
    assert!(!said.out.contains("time left"), "{}", said.out);
    let said = bench.run("batch status bat_1 --watch").code(0);
    assert_eq!(said.err.matches(hint).count(), 1, "{}", said.err);
    let said = bench
        .run("batch run in.jsonl -o out.jsonl --name stalled")
        .code(0);
    assert_eq!(
        said.err.matches("redrive jobs ls").count(),
        1,
        "{}",
        said.err
    );
}

#[test]
fn results_and_errors_go_to_a_file_or_a_pipe() {
    let bench = Bench::new();
    bench.write("in.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":\"fail\"}\n");
    bench.run("batch submit in.jsonl");
    bench.run("batch status bat_1 --watch").code(1);
    let piped = bench.run("batch results bat_1").code(0);
    assert_eq!(piped.out.lines().count(), 2);
    bench
        .run("batch results bat_1 -o results.jsonl --order completion")
        .code(0);
    assert_eq!(bench.lines("results.jsonl").len(), 2);
    let errors = bench.run("batch errors bat_1").code(0);
    assert_eq!(errors.out.lines().count(), 1);
    bench.run("batch errors bat_1 -o errors.jsonl").code(0);
    assert_eq!(bench.read("errors.jsonl"), errors.out);
}

#[test]
fn a_file_of_results_is_whole_or_not_there() {
    let bench = Bench::new();
    bench.write("in.jsonl", &"{\"prompt\":\"a\"}\n".repeat(9));
    bench.run("batch submit in.jsonl");
    bench.run("batch status bat_1 --watch");
    bench
        .server
        .lay("GET", "/results", 0, crate::server::Fault::CutAfter(200));
    bench
        .run("batch results bat_1 -o results.jsonl --retries 0")
        .code(4);
    assert!(!bench.has("results.jsonl"));
    bench
        .server
        .lay("GET", "/results", 0, crate::server::Fault::CutAfter(200));
    bench.run("batch results bat_1 -o results.jsonl").code(0);
    assert_eq!(bench.lines("results.jsonl").len(), 9);
}

#[test]
fn keys_and_tenants_are_listed_by_the_admin_key() {
    let bench = Bench::new();
    let admin = "--key the-admin-key-of-the-deployment";
    let keys = bench
        .run(&format!("keys ls --tenant ten_1 {admin}"))
        .code(0);
    let tenants = bench.run(&format!("tenants ls {admin}")).code(0);
    insta::assert_snapshot!(keys.out + "---\n" + &tenants.out, @r"
    KEY    START      NAME     SCOPES                STATE    CREATED               EXPIRES
    key_1  rd_live_a  backend  jobs:read,jobs:write  active   2026-11-01T10:00:00Z
    key_2  rd_live_b  old      jobs:read             expired  2026-10-01T10:00:00Z  2026-10-02T10:00:00Z
    ---
    TENANT  NAME  JOB DAYS  PAYLOAD DAYS  CREATED
    ten_1   acme        30             7  2026-11-01T10:00:00Z
    ");
    let sent = bench.server.seen().len();
    let said = bench
        .run(&format!("keys revoke rd_live_secret {admin}"))
        .code(2);
    assert!(said.err.contains("begins with key_"), "{}", said.err);
    assert!(!said.err.contains("rd_live_secret"), "{}", said.err);
    assert_eq!(bench.server.seen().len(), sent, "nothing was sent");
    let revoked = bench.run(&format!("keys revoke key_1 {admin}")).code(0);
    assert_eq!(revoked.out, "key_1 revoked 2026-11-21T10:00:00Z\n");
    let mut by_variable = bench.command(&["keys", "revoke", "key_1"]);
    by_variable.env("REDRIVE_KEY", crate::server::ADMIN_KEY);
    Said::from(by_variable.output().unwrap()).code(0);
    let made = bench.run(&format!(
        "keys create --tenant ten_1 --name backend --scope jobs:read --scope ops:read {admin}"
    ));
    assert_eq!(
        made.out, "rd_live_new\n",
        "the key alone, to be put into a variable"
    );
    let seen = bench.server.seen();
    let body = seen.last().unwrap().json();
    assert_eq!(body["scopes"], serde_json::json!(["jobs:read", "ops:read"]));
}

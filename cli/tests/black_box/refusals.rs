//! What is said, and with which exit code, when something is not right.

use crate::command::{Bench, Said, bare};
use crate::server::Fault;

#[test]
fn a_refusal_names_code_field_and_request() {
    let bench = Bench::new();
    let mut command = bench.command(&["submit", "generate", "--prompt", ""]);
    let said = Said::from(command.output().unwrap()).code(3);
    assert_eq!(said.out, "");
    insta::assert_snapshot!(said.err, @r"
    error: validation-failed (HTTP 422)
      The request is not valid: see `errors`.
      - /prompt: must have 1 byte
      request id req_1
    ");
}

#[test]
fn a_key_that_is_refused_leads_to_the_doctor() {
    let bench = Bench::new();
    let said = bench.run("jobs ls --key rd_live_wrong").code(3);
    assert!(
        said.err.contains("unauthenticated (HTTP 401)"),
        "{}",
        said.err
    );
    assert!(said.err.contains("`redrive doctor`"), "{}", said.err);
    assert!(!said.err.contains("rd_live_wrong"), "{}", said.err);
}

#[test]
fn a_server_that_cannot_serve_ends_with_4() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench
            .server
            .lay("GET", "/jobs", 0, Fault::Status(503, Some(0)));
    }
    let said = bench.run("jobs ls --retries 1").code(4);
    assert!(
        said.err.contains("trying again in 0.2 s (1 of 1)")
            || said.err.contains("trying again in 0.3 s (1 of 1)"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("storage-unavailable (HTTP 503)"),
        "{}",
        said.err
    );
}

#[test]
fn a_server_that_asks_for_an_hour_is_not_waited_for() {
    let bench = Bench::new();
    bench
        .server
        .lay("GET", "/jobs", 0, Fault::Status(503, Some(3600)));
    let said = bench.run("jobs ls").code(4);
    assert!(
        said.err.contains("the server asks to wait for 3600 s"),
        "{}",
        said.err
    );
    assert_eq!(bench.server.seen().len(), 1);
}

#[test]
fn a_server_that_is_not_there_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let mut command = bare(folder.path());
    command.args(["jobs", "ls", "--retries", "0", "--url", &url]);
    let said = Said::from(command.output().unwrap()).code(4);
    assert!(said.err.contains("error: cannot reach"), "{}", said.err);
}

#[test]
fn a_server_that_says_nothing_ends_with_4() {
    let bench = Bench::new();
    bench.server.lay("GET", "/jobs", 0, Fault::HangBefore);
    let said = bench.run("jobs ls --retries 0 --timeout 1").code(4);
    assert!(said.err.contains("said nothing for 1 s"), "{}", said.err);
}

#[test]
fn what_may_not_be_repeated_is_sent_once() {
    let bench = Bench::new();
    bench
        .server
        .lay("POST", "/admin/keys", 0, Fault::LostAnswer);
    let line = "keys create --tenant ten_1 --name backend --scope jobs:read --key the-admin-key-of-the-deployment";
    let said = bench.run(line).code(4);
    assert!(said.err.contains("broke off"), "{}", said.err);
    assert_eq!(bench.server.seen().len(), 1);
    assert_eq!(bench.server.seen()[0].idempotency_key, None);
}

#[test]
fn a_redirect_is_not_followed_with_the_key() {
    let bench = Bench::new();
    let url = format!("{}/moved", bench.server.url());
    let said = bench.run(&format!("jobs ls --url {url}")).code(3);
    assert!(
        said.err.contains("https://elsewhere.example.com/"),
        "{}",
        said.err
    );
}

#[test]
fn another_server_is_told_from_redrive() {
    let bench = Bench::new();
    let url = format!("{}/html", bench.server.url());
    let said = bench.run(&format!("jobs ls --url {url}")).code(1);
    assert!(
        said.err.contains("is the URL that of a Redrive server?"),
        "{}",
        said.err
    );
}

#[test]
fn a_command_line_that_is_wrong_ends_with_2() {
    let bench = Bench::new();
    for line in [
        "nonsense",
        "jobs ls --status nonsense",
        "jobs ls --created-after yesterday",
        "jobs ls --ref-type order",
        "submit generate",
        "dlq replay",
        "dlq replay --all --code provider_auth",
        "dlq replay job_1 --code provider_auth",
        "dlq replay --all --sample 5",
        "dlq purge",
        "dlq purge --all --yes",
        "batch run in.jsonl",
        "batch run nowhere.jsonl -o out.jsonl",
        "batch submit in.jsonl --defaults []",
        "jobs ls --url nonsense",
        "jobs ls --profile nobody",
    ] {
        let said = bench.run(line).code(2);
        assert!(said.err.contains("error:"), "{line}: {}", said.err);
    }
    let sent = bench.server.targets();
    assert_eq!(sent, [""; 0], "nothing was sent");
}

#[test]
fn without_a_server_it_is_said_how_to_name_one() {
    let folder = tempfile::tempdir().unwrap();
    let said = Said::from(bare(folder.path()).args(["jobs", "ls"]).output().unwrap()).code(2);
    assert!(said.err.contains("REDRIVE_URL"), "{}", said.err);
}

#[test]
fn a_profile_is_found_where_the_platform_keeps_configurations() {
    let bench = Bench::new();
    let folder = bench.folder.path().join(".config/redrive");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "default_profile = \"local\"\n[profiles.local]\nurl = \"{}\"\nkey = \"{}\"\n",
        bench.server.url(),
        crate::server::KEY
    );
    std::fs::write(folder.join("config.toml"), text).unwrap();
    let said = Said::from(
        bare(bench.folder.path())
            .args(["jobs", "ls"])
            .output()
            .unwrap(),
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    #[cfg(target_os = "linux")]
    assert!(
        said.err.contains("others can read it: chmod 600"),
        "{}",
        said.err
    );
}

#[test]
fn colours_are_for_terminals_and_for_who_insists() {
    let bench = Bench::new();
    bench.run("submit generate --prompt fail");
    let plain = bench.run("status job_00000");
    assert!(!plain.out.contains('\u{1b}'), "{plain:?}");
    let colours = |command: &mut std::process::Command| {
        let said = Said::from(command.output().unwrap());
        said.out.contains('\u{1b}')
    };
    let mut insists = bench.command(&["status", "job_00000"]);
    assert!(colours(insists.env("CLICOLOR_FORCE", "1")));
    assert!(!colours(
        insists.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE")
    ));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    let mut child = bench
        .command(&["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let said = Said::from(child.wait_with_output().unwrap()).code(0);
    assert_eq!(said.err, "");
}

#[test]
fn a_key_with_a_line_break_is_told_and_not_sent() {
    let bench = Bench::new();
    let with_key = |line: &[&str]| {
        let mut command = bench.command(line);
        Said::from(
            command
                .env("REDRIVE_KEY", "rd_live_tenant\n")
                .output()
                .unwrap(),
        )
    };
    let told = "the API key from REDRIVE_KEY holds a line break";
    let said = with_key(&["jobs", "ls"]).code(2);
    assert!(said.err.contains(told), "{}", said.err);
    assert!(!said.err.contains("rd_live_tenant"), "{}", said.err);
    let said = with_key(&["doctor"]).code(1);
    assert!(said.out.contains(told), "{}", said.out);
    let is_sent = bench.server.seen().iter().any(|seen| seen.key.is_some());
    assert!(!is_sent);
}

#[test]
fn a_key_is_not_sent_to_the_server_of_another_profile() {
    let bench = Bench::new();
    let text = format!(
        "default_profile = \"d\"\n[profiles.c]\nurl = \"{url}\"\n\
         [profiles.d]\nurl = \"http://127.0.0.1:1\"\nkey = \"rd_live_d\"\n",
        url = bench.server.url(),
    );
    bench.write("config.toml", &text);
    let said = bench
        .run("jobs ls --config config.toml --profile c")
        .code(2);
    assert!(said.err.contains("profile c has no key"), "{}", said.err);
    let mut command = bench.command(&["jobs", "ls", "--config", "config.toml"]);
    let said = Said::from(command.env_remove("REDRIVE_KEY").output().unwrap()).code(2);
    assert!(
        said.err.contains("from profile d is not sent"),
        "{}",
        said.err
    );
    let said = bench.run("doctor --config config.toml --profile c").code(1);
    assert!(said.out.contains("profile c has no key"), "{}", said.out);
    let is_sent = bench.server.seen().iter().any(|seen| seen.key.is_some());
    assert!(!is_sent);
}

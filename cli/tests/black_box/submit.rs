//! One job: submitted, waited for, shown.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::command::{Bench, Said};
use crate::server::Fault;

#[test]
fn a_job_is_submitted_and_its_id_printed() {
    let bench = Bench::new();
    let said = bench.run("submit generate --prompt hello").code(0);
    assert_eq!(said.out, "job_00000\n");
    assert_eq!(bench.server.seen()[0].json(), json!({"prompt": "hello"}));
}

#[test]
fn every_option_becomes_a_field() {
    let bench = Bench::new();
    bench
        .run(
            "submit generate --prompt hello --system brief --provider openai --model small \
         --max-tokens 50 --temperature 0.5 --response-format json --ref-type order --ref-id 7 \
         --metadata a=1 --metadata b=2 --deadline-seconds 600 --max-attempts 3",
        )
        .code(0);
    assert_eq!(
        bench.server.seen()[0].json(),
        json!({
            "prompt": "hello", "system": "brief", "provider": "openai", "model": "small",
            "maxTokens": 50, "temperature": 0.5, "responseFormat": "json", "refType": "order",
            "refId": "7", "metadata": {"a": "1", "b": "2"}, "deadlineSeconds": 600,
            "maxAttempts": 3,
        })
    );
}

#[test]
fn several_providers_are_a_chain_that_takes_no_model_beside_it() {
    let bench = Bench::new();
    bench
        .run("submit generate --prompt hello --provider claude --provider openai/small")
        .code(0);
    assert_eq!(
        bench.server.seen()[0].json(),
        json!({"prompt": "hello", "providers": [
            {"provider": "claude"}, {"provider": "openai", "model": "small"},
        ]})
    );
    let said = bench
        .run("submit generate --prompt hello --provider openai/small --model large")
        .code(2);
    assert!(said.err.contains("--provider NAME/MODEL"), "{}", said.err);
    assert_eq!(bench.server.seen().len(), 1, "nothing was sent");
}

#[test]
fn a_program_and_its_input_are_read_from_files() {
    let bench = Bench::new();
    bench.write("p.py", "print(input())\n");
    bench.write("in.txt", "Ada\n");
    bench.write("cases.json", "[{\"input\": [1], \"expected\": 1}]");
    bench.run("submit execute p.py --language python --stdin-file in.txt --time-limit 2.5");
    bench.run("submit tests p.py cases.json --language python --function f --tolerance 0.1");
    let seen = bench.server.seen();
    assert_eq!(seen[0].target, "/api/v1/execute");
    assert_eq!(
        seen[0].json(),
        json!({"sourceCode": "print(input())\n", "language": "python", "stdin": "Ada\n",
               "timeLimit": 2.5})
    );
    assert_eq!(seen[1].target, "/api/v1/execute/tests");
    assert_eq!(
        seen[1].json(),
        json!({"userCode": "print(input())\n", "language": "python", "functionName": "f",
               "tolerance": 0.1, "testCases": [{"input": [1], "expected": 1}]})
    );
}

#[test]
fn a_dash_reads_standard_input() {
    let bench = Bench::new();
    let mut child = bench
        .command(&["submit", "generate", "--prompt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"from the pipe")
        .unwrap();
    let said: Said = child.wait_with_output().unwrap().into();
    said.code(0);
    assert_eq!(
        bench.server.seen()[0].json(),
        json!({"prompt": "from the pipe"})
    );
}

#[test]
fn a_request_is_sent_as_its_file_says() {
    let bench = Bench::new();
    bench.write("request.json", "{\"messages\": [], \"prompt\": \"x\"}");
    bench.run("submit file request.json").code(0);
    assert_eq!(
        bench.server.seen()[0].json(),
        json!({"messages": [], "prompt": "x"})
    );
    let twice = "{\"prompt\": \"x\",\n \"temperature\": 1.0, \"prompt\": \"y\"}";
    bench.write("twice.json", &format!("{twice}\n"));
    bench.run("submit file twice.json").code(0);
    assert_eq!(bench.server.seen()[1].body, twice.as_bytes());
    bench.write("broken.json", "{");
    bench.run("submit file broken.json").code(2);
    bench.run("submit file nowhere.json").code(2);
    assert_eq!(bench.server.seen().len(), 2, "nothing was sent");
}

#[test]
fn waiting_prints_the_result_alone() {
    let bench = Bench::new();
    let said = bench.run("submit generate --prompt hello --wait").code(0);
    assert_eq!(said.out, "You said: hello\n");
    let prefer = bench.server.targets();
    assert_eq!(prefer[1], "GET /api/v1/jobs/job_00000");
}

#[test]
fn waiting_for_a_job_that_fails_ends_with_1() {
    let bench = Bench::new();
    let said = bench.run("submit generate --prompt fail --wait").code(1);
    assert_eq!(said.out, "");
    assert!(
        said.err
            .contains("the job is failed: refused: The model declined."),
        "{}",
        said.err
    );
    bench.run("status job_00000 --wait").code(1);
    bench.run("status job_00000").code(0);
}

#[test]
fn a_repeated_request_makes_one_job() {
    let bench = Bench::new();
    bench.server.lay("POST", "/generate", 0, Fault::LostAnswer);
    bench
        .server
        .lay("POST", "/generate", 0, Fault::Status(429, Some(0)));
    bench
        .server
        .lay("POST", "/generate", 0, Fault::Status(500, None));
    let said = bench.run("submit generate --prompt hello").code(0);
    assert_eq!(said.out, "job_00000\n", "the first answer again");
    let keys: Vec<_> = bench
        .server
        .seen()
        .into_iter()
        .map(|seen| seen.idempotency_key)
        .collect();
    assert_eq!(keys.len(), 4);
    assert!(
        keys.iter().all(|key| key.is_some() && *key == keys[0]),
        "{keys:?}"
    );
    assert!(said.err.contains("trying again in"), "{}", said.err);
}

#[test]
fn the_name_of_a_request_can_be_given() {
    let bench = Bench::new();
    bench
        .run("submit generate --prompt hello --idempotency-key order-7")
        .code(0);
    let said = bench
        .run("submit generate --prompt hello --idempotency-key order-7")
        .code(0);
    assert_eq!(said.out, "job_00000\n");
    let said = bench
        .run("submit generate --prompt other --idempotency-key order-7")
        .code(3);
    assert!(said.err.contains("idempotency-key-reused"), "{}", said.err);
}

#[test]
fn a_job_is_shown_whole() {
    let bench = Bench::new();
    bench.run("submit generate --prompt hello");
    bench.run("submit generate --prompt fail");
    let (good, bad) = (bench.run("status job_00000"), bench.run("status job_00001"));
    insta::assert_snapshot!(good.out + "---\n" + &bad.out);
}

#[test]
fn a_job_tells_who_put_it_back() {
    let bench = Bench::new();
    bench.run("submit generate --prompt again");
    let said = bench.run("status job_00000").code(0);
    insta::assert_snapshot!(said.out + "---\n" + &said.err, @r"
    job_00000 succeeded
    kind      generate
    created   2026-11-21T10:00:00Z
    ended     2026-11-21T10:00:02Z
    provider  openai
    model     small
    tokens    1,200 read, 30 written
    cost      $0.000180

    REPLAYED              BY     AFTER ATTEMPT  DIED OF             REPLAY
    2026-11-21T09:10:00Z  key_1              1  provider_auth       rep_1
    2026-11-21T09:20:00Z  key_2             12  attempts_exhausted

    You said: again
    ---
    the note of the latest replay, and what it changed: redrive audit ls --subject job_00000
    ");
}

#[test]
fn scripts_get_the_document_as_it_is() {
    let bench = Bench::new();
    let said = bench.run("submit generate --prompt hello --json").code(0);
    assert_eq!(said.json()["jobId"], "job_00000");
    let said = bench.run("--json status job_00000").code(0);
    assert_eq!(said.json()["usage"]["inputTokens"], 1200);
}

//! Piston.

use serde_json::{Value, json};

use super::{Options, Stage, Whole, whole};

const PATH: &str = "/api/v2/execute";

fn body(language: &str, source: &str) -> Value {
    json!({"language": language, "version": "*", "stdin": "1 2\n", "args": ["a", "b"],
           "files": [{"name": "main", "content": source}]})
}

async fn execute(stage: &Stage, language: &str, source: &str) -> Whole {
    stage.told(PATH, &body(language, source)).await
}

async fn run_of(stage: &Stage, program: &str) -> Value {
    let source = format!("# simulate: {program}");
    let answer = execute(stage, "python", &source).await;
    assert_eq!(answer.status, 200, "{program}");
    answer.json()["run"].clone()
}

#[tokio::test]
async fn program_prints_its_standard_input() {
    let stage = Stage::new();
    let answer = execute(&stage, "py", "print(input())").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-simulated"), Some("true"));
    assert_eq!(
        answer.json(),
        json!({
            "language": "python",
            "version": "3.12.0",
            "run": {
                "stdout": "1 2\n", "stderr": "", "output": "1 2\n", "code": 0, "signal": null,
                "memory": 9_400_000, "cpu_time": 12, "wall_time": 31,
                "status": null, "message": null,
            },
        })
    );
    let calls = stage.calls("-").await;
    assert_eq!(calls[0]["route"], "piston.execute");
    assert_eq!(calls[0]["model"], "py");
}

#[tokio::test]
async fn limits_of_a_program_are_noted() {
    let stage = Stage::new();
    let mut body = body("python", "print(1)");
    body["run_timeout"] = json!(1500);
    body["run_memory_limit"] = json!(64);
    stage.told(PATH, &body).await;
    let calls = stage.calls("-").await;
    let noted = json!({"run_timeout": 1500, "run_memory_limit": 64});
    assert_eq!(calls[0]["limits"], noted);
}

#[tokio::test]
async fn program_without_input_says_that_it_is_simulated() {
    let stage = Stage::new();
    let mut body = body("python", "print(1)");
    body["stdin"] = json!("");
    let answer = stage.told(PATH, &body).await.json();
    assert_eq!(answer["run"]["stdout"], "Simulated: nothing was run.\n");
}

#[tokio::test]
async fn programs_end_as_their_marker_says() {
    let stage = Stage::new();
    for (program, code, signal, status) in [
        ("timeout", None, Some("SIGKILL"), Some("TO")),
        ("cpu-timeout", None, Some("SIGKILL"), Some("TO")),
        ("memory", None, Some("SIGKILL"), Some("SG")),
        ("segfault", None, Some("SIGSEGV"), Some("SG")),
        ("output", None, Some("SIGKILL"), Some("OL")),
        ("error-output", None, Some("SIGKILL"), Some("EL")),
        ("error", Some(1), None, Some("RE")),
        ("exit", Some(3), None, Some("RE")),
        ("sandbox", None, None, Some("XX")),
        ("both", Some(0), None, None),
    ] {
        let run = run_of(&stage, program).await;
        assert_eq!(run["code"], json!(code), "{program}");
        assert_eq!(run["signal"], json!(signal), "{program}");
        assert_eq!(run["status"], json!(status), "{program}");
    }
    assert_eq!(run_of(&stage, "print 3 4").await["stdout"], "3 4\n");
    assert_eq!(run_of(&stage, "arguments").await["stdout"], "a\nb\n");
    assert_eq!(
        run_of(&stage, "output").await["stdout"]
            .as_str()
            .unwrap()
            .len(),
        1024
    );
}

#[tokio::test]
async fn compilation_is_told_where_there_is_one() {
    let stage = Stage::new();
    let good = execute(&stage, "rust", "fn main() {}").await.json();
    assert_eq!(good["compile"]["code"], 0);
    assert_eq!(good["run"]["stdout"], "1 2\n");
    let source = "// simulate: compile-error";
    let failed = execute(&stage, "c++", source).await.json();
    assert_eq!(failed["compile"]["code"], 1);
    assert_eq!(failed["compile"], failed["run"]);
    let source = "// simulate: compile-timeout";
    let late = execute(&stage, "c++", source).await.json();
    assert_eq!(late["compile"]["signal"], "SIGKILL");
}

#[tokio::test]
async fn wrong_request_is_told_in_a_message() {
    let stage = Stage::new();
    for (name, value, message) in [
        ("language", json!(null), "language is required as a string"),
        ("version", json!(3), "version is required as a string"),
        ("files", json!("x"), "files is required as an array"),
        (
            "files",
            json!([{}]),
            "files[0].content is required as a string",
        ),
        ("language", json!("cobol"), "cobol-* runtime is unknown"),
        (
            "run_timeout",
            json!(3001),
            "run_timeout cannot exceed the configured limit of 3000",
        ),
        (
            "run_timeout",
            json!("1"),
            "If specified, run_timeout must be a number",
        ),
        (
            "compile_timeout",
            json!(-1),
            "compile_timeout must be non-negative",
        ),
    ] {
        let mut body = body("python", "print(1)");
        body[name] = value;
        let answer = stage.told(PATH, &body).await;
        assert_eq!(answer.status, 400, "{message}");
        assert_eq!(answer.json(), json!({"message": message}));
    }
    let answer = whole(stage.at(PATH).body("{}").send().await.unwrap()).await;
    assert_eq!(answer.status, 415);
    assert_eq!(
        answer.text,
        r#"{"message":"requests must be of type application/json"}"#
    );
}

#[tokio::test]
async fn faults_are_had_by_marker_too() {
    let stage = Stage::new();
    let job = |source: &str| {
        let call = stage.at(PATH).header("X-Redrive-Job", "job_a");
        call.json(&body("python", source)).send()
    };
    for status in [429, 429, 200] {
        let answer = job("# simulate: 429-then-ok-2").await.unwrap();
        assert_eq!(answer.status(), status);
    }
    let unknown = whole(job("# simulate: nonsense").await.unwrap()).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.text.as_str()),
        (400, r#"{"message":"sim-nonsense runtime is unknown"}"#)
    );
    assert!(job("# simulate: drop").await.is_err());
}

#[tokio::test]
async fn key_is_asked_for_when_one_is_required() {
    let stage = Stage::with(Options {
        require_key: Some("k".to_owned()),
        ..Options::default()
    });
    let answer = execute(&stage, "python", "x").await;
    assert_eq!(answer.status, 401);
    assert!(answer.json()["message"].is_string());
    for value in ["k", "Bearer k"] {
        let call = stage.at(PATH).header("Authorization", value);
        let call = call.json(&body("python", "x"));
        assert_eq!(call.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn runtimes_are_listed() {
    let stage = Stage::new();
    let url = format!("{}/api/v2/runtimes", stage.simulator.origin());
    let list: Value = stage
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let python = json!({
        "language": "python", "version": "3.12.0",
        "aliases": ["py", "py3", "python3", "python3.12"],
    });
    assert!(list.as_array().unwrap().contains(&python));
}

use super::*;
use crate::execute::{ExecuteInput, ExecuteTestsInput, RunLimits, TestCase};
use crate::provider::ReplyHeaders;
use serde_json::json;

const LIMITS: RunLimits = RunLimits {
    time_ms: 2_500,
    memory_mib: 32,
};

fn sent(request: &ProviderRequest) -> Value {
    serde_json::from_str(&request.body).expect("JSON")
}

#[test]
fn a_program_is_sent_as_the_contract_says() {
    let input = ExecuteInput {
        language: "python".to_owned(),
        source_code: "print(1)".to_owned(),
        stdin: "in".to_owned(),
        limits: LIMITS,
    };
    let program = input.program(None);
    let request = request(Language::Python, &program, 0..1, Duration::from_mins(1));
    assert_eq!(request.method, Method::Post);
    let service = Destination::Service {
        binding: "EXECUTOR_PYTHON",
        path: "/run",
    };
    assert_eq!(request.to, service);
    let headers: Vec<_> = request.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(headers, ["content-type"]);
    assert_eq!(
        sent(&request),
        json!({
            "language": "python", "sourceCode": "print(1)", "runs": [{"stdin": "in"}],
            "limits": {"timeMs": 2500, "memoryBytes": 33_554_432, "totalTimeMs": 55_000}
        })
    );
}

#[test]
fn some_of_the_cases_are_sent_with_their_arguments() {
    let case = |number: u8| TestCase {
        name: None,
        input: json!([number]),
        expected: json!(null),
    };
    let input = ExecuteTestsInput {
        language: "javascript".to_owned(),
        source_code: "f = x => x".to_owned(),
        function_name: Some("f".to_owned()),
        test_cases: (0..4).map(case).collect(),
        tolerance: 0.0,
        limits: RunLimits {
            memory_mib: 512,
            ..LIMITS
        },
    };
    let program = input.program(None);
    let language = Language::JavaScript;
    let request = request(language, &program, 1..3, Duration::from_hours(1));
    assert_eq!(
        sent(&request),
        json!({
            "language": "javascript", "sourceCode": "f = x => x", "functionName": "f",
            "runs": [{"arguments": [1]}, {"arguments": [2]}],
            // No more than the executor takes.
            "limits": {"timeMs": 2500, "memoryBytes": 67_108_864, "totalTimeMs": 300_000}
        })
    );
}

#[test]
fn no_run_is_given_time_or_begun_that_the_call_does_not_have() {
    let limits_of = |time_ms: u32, total: Duration| {
        let input = ExecuteInput {
            language: "python".to_owned(),
            source_code: "while True: pass".to_owned(),
            stdin: String::new(),
            limits: RunLimits { time_ms, ..LIMITS },
        };
        let program = input.program(None);
        let limits = sent(&request(Language::Python, &program, 0..1, total))["limits"].take();
        (limits["timeMs"].clone(), limits["totalTimeMs"].clone())
    };
    let second = Duration::from_secs(1);
    // The last of many runs that never end, begun at 55 s, may take another 60.
    assert_eq!(
        limits_of(30_000, 115 * second),
        (json!(30_000), json!(55_000))
    );
    assert_eq!(limits_of(30_000, 45 * second), (json!(30_000), json!(1)));
    assert_eq!(limits_of(30_000, 20 * second), (json!(20_000), json!(1)));
    assert_eq!(limits_of(100, second), (json!(100), json!(800)));
}

#[test]
fn what_is_no_list_of_runs_is_no_answer() {
    let run = json!({"stdout": "", "stderr": "", "exitCode": 0, "durationMs": 1});
    let answered = |body: Value| matches!(answer(&body), Reading::Answer(..));
    assert!(answered(json!({"runs": [run], "notRun": 0})));
    for body in [
        json!({}),
        json!({"runs": {}}),
        json!({"runs": [{}]}),
        json!({"runs": [{"stdout": 1, "stderr": "", "exitCode": 0}]}),
        json!({"runs": [{"stdout": "", "stderr": "", "exitCode": "0"}]}),
        json!({"runs": [run], "notRun": -1}),
        json!([]),
        json!(null),
    ] {
        assert!(!answered(body.clone()), "{body}");
    }
}

#[test]
fn a_value_that_could_not_be_read_back_is_left_out() {
    let deep = (0..70).fold(json!(1), |value, _| json!([value]));
    let run = json!({"stdout": "", "stderr": "", "exitCode": 0, "durationMs": 1, "value": deep});
    let Reading::Answer(answer, _) = answer(&json!({"runs": [run], "notRun": 0})) else {
        panic!("no answer");
    };
    let runs: Runs = serde_json::from_str(&answer.text).expect("runs");
    assert!(runs.runs[0].value.is_none() && runs.runs[0].value_truncated);
}

#[test]
fn a_reply_is_too_much_by_its_bytes_or_by_its_values() {
    let reply = |body: Vec<u8>| {
        Ok(ProviderReply {
            status: 200,
            headers: ReplyHeaders::default(),
            body,
        })
    };
    assert!(!is_too_much(&reply(b"{}".to_vec())));
    assert!(!is_too_much(&reply(vec![b' '; MAX_REPLY_BYTES])));
    assert!(is_too_much(&reply(vec![b' '; MAX_REPLY_BYTES + 1])));
    assert!(is_too_much(&reply(vec![b','; MOST_VALUES + 1])));
    assert!(is_too_much(&Err(TransportError::BodyTooLarge)));
    assert!(!is_too_much(&Err(TransportError::Timeout)));
}

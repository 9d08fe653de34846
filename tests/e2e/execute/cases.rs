//! Test cases: one verdict each, whatever becomes of the others.

use anyhow::Result;
use redrive_tests::client::{Client, column};
use serde_json::{Value, json};

use super::{TESTS, judged, succeeded, timeless};
use crate::stages::shared;

/// A function that does something else for each kind of input.
const PYTHON: &str = "\
def f(x):
    if x == 'raise':
        raise ValueError('no')
    if x == 'loop':
        while True:
            pass
    if x == 'function':
        return f
    if x == 'exit':
        exit(3)
    print('got', x)
    return x
";
const JAVASCRIPT: &str = "\
async function f(x) {
  if (x === 'raise') throw new Error('no');
  if (x === 'loop') for (;;) {}
  if (x === 'function') return 1n;
  if (x === 'exit') process.exit(3);
  console.log('got', x);
  return x;
}
";

fn case(name: &str, input: &Value, expected: &Value) -> Value {
    json!({"name": name, "input": [input], "expected": expected})
}

fn verdict(name: &str, passed: bool, expected: &Value, actual: &Value, stdout: &str) -> Value {
    json!({
        "name": name, "passed": passed, "expected": expected, "actual": actual, "stdout": stdout,
    })
}

#[test]
fn each_case_gets_a_verdict_and_none_of_them_fails_the_job() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (language, source) in [("python", PYTHON), ("javascript", JAVASCRIPT)] {
            let request = json!({
                "language": language, "userCode": source, "functionName": "f", "timeLimit": 1.0,
                "maxAttempts": 1,
                "testCases": [
                    case("same", &json!(3), &json!(3)),
                    case("other", &json!(3), &json!(4)),
                    case("raises", &json!("raise"), &json!(1)),
                    case("loops", &json!("loop"), &json!(1)),
                    case("no JSON", &json!("function"), &json!(1)),
                    case("exits", &json!("exit"), &json!(null)),
                    {"input": [[1, {"a": null}]], "expected": [1, {"a": null}]},
                ],
            });
            let document = succeeded(&tenant.client, TESTS, &request).await?;
            assert_eq!(document["kind"], "execute_tests", "{document:#}");
            assert_eq!(column(&document["attempts"], "outcome"), ["succeeded"]);
            check_report(document["result"].clone());
        }
        Ok(())
    })
}

fn check_report(mut report: Value) {
    let told = format!("{report:#}");
    assert_eq!(
        [&report["total"], &report["passed"], &report["failed"]],
        [7, 2, 5],
        "{told}"
    );
    let mut cases = report["cases"].take();
    let cases = cases.as_array_mut().map(std::mem::take).unwrap_or_default();
    let mut cases: Vec<Value> = cases;
    cases.iter_mut().for_each(timeless);
    assert_eq!(
        cases[0],
        verdict("same", true, &json!(3), &json!(3), "got 3\n")
    );
    assert_eq!(
        cases[1],
        verdict("other", false, &json!(4), &json!(3), "got 3\n")
    );
    let (raises, loops, no_json, exits) = (&cases[2], &cases[3], &cases[4], &cases[5]);
    for (case, error) in [
        (raises, "The program ended with exit code 1."),
        (loops, "The program ran out of time."),
        (no_json, "The function returned nothing that JSON can say."),
        (exits, "The program ended with exit code 3."),
    ] {
        assert_eq!(case["error"], error, "{told}");
        assert_eq!(
            (&case["passed"], &case["actual"]),
            (&json!(false), &Value::Null),
            "{told}"
        );
    }
    assert!(
        raises["stderr"]
            .as_str()
            .is_some_and(|text| text.contains("no")),
        "{told}"
    );
    assert_eq!(loops["limit"], "time", "{told}");
    assert_eq!(exits.get("stderr"), None, "{told}");
    assert_eq!(cases[6]["name"], "case 7", "{told}");
    assert_eq!(cases[6]["passed"], true, "{told}");
}

/// The verdicts of `f = x -> x` on these inputs, each with what is expected of it.
async fn verdicts(
    client: &Client,
    tolerance: Option<f64>,
    cases: &[(Value, Value)],
) -> Result<Vec<bool>> {
    let mut request = json!({
        "language": "python", "userCode": "def f(x):\n    return x\n", "functionName": "f",
        "testCases": cases
            .iter()
            .map(|(input, expected)| json!({"input": [input], "expected": expected}))
            .collect::<Vec<_>>(),
    });
    if let Some(tolerance) = tolerance {
        request["tolerance"] = json!(tolerance);
    }
    let report = judged(client, &request).await?;
    let passed = column(&report["cases"], "passed");
    Ok(passed.into_iter().map(|passed| passed == true).collect())
}

#[test]
fn numbers_may_lie_apart_by_the_tolerance() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let pairs = [
            (json!(0.300_000_000_000_000_04), json!(0.3)),
            (json!(1.0), json!(1)),
            (json!(0.3001), json!(0.3)),
            (json!(10_000_000_001_i64), json!(10_000_000_002_i64)),
            (json!([1.000_000_000_01, {"a": 2.0}]), json!([1, {"a": 2}])),
            (json!("1"), json!(1)),
            (json!(true), json!(1)),
        ];
        let usual = verdicts(&tenant.client, None, &pairs).await?;
        assert_eq!(usual, [true, true, false, false, true, false, false]);
        let wide = verdicts(&tenant.client, Some(0.001), &pairs).await?;
        assert_eq!(wide, [true, true, true, false, true, false, false]);
        let none = verdicts(&tenant.client, Some(0.0), &pairs).await?;
        assert_eq!(none, [false, true, false, false, false, false, false]);
        Ok(())
    })
}

#[test]
fn program_without_a_function_reads_its_input_and_is_judged_by_what_it_prints() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let python = "import sys\ntext = sys.stdin.read()\nprint(text if text else 'nothing')\n";
        let javascript = "console.log(stdin === '' ? 'nothing' : stdin)";
        for (language, source) in [("python", python), ("js", javascript)] {
            let report = judged(
                &tenant.client,
                &json!({
                    "language": language, "userCode": source,
                    "testCases": [
                        {"input": "a\nb", "expected": "a  \nb"},
                        {"input": "a", "expected": "b"},
                        {"input": null, "expected": "nothing"},
                        {"input": [1, 2], "expected": [1.0, 2.0]},
                        {"input": {"a": "ü"}, "expected": {"a": "ü"}},
                        {"input": "no JSON", "expected": 5},
                    ],
                }),
            )
            .await?;
            let cases = &report["cases"];
            let passed = column(cases, "passed");
            assert_eq!(passed, [true, false, true, true, true, false], "{report:#}");
            assert_eq!(cases[0]["actual"], "a\nb\n", "{report:#}");
            assert_eq!(cases[3]["actual"], json!([1, 2]), "{report:#}");
            assert_eq!(cases[1].get("error"), None, "{report:#}");
            assert_eq!(cases[5]["error"], "The output is not JSON.", "{report:#}");
            assert_eq!(cases[5]["actual"], "no JSON\n", "{report:#}");
        }
        Ok(())
    })
}

#[test]
fn cases_know_nothing_of_each_other() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let python = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)\n";
        let javascript = "let seen = []; const f = x => seen.push(x)";
        for (language, source) in [("python", python), ("javascript", javascript)] {
            let cases: Vec<Value> = (0..12)
                .map(|number| json!({"input": number, "expected": 1}))
                .collect();
            let request = json!({
                "language": language, "user_code": source, "function_name": "f",
                "test_cases": cases,
            });
            let report = judged(&tenant.client, &request).await?;
            assert_eq!(report["passed"], 12, "{report:#}");
        }
        Ok(())
    })
}

#[test]
fn outputs_of_many_cases_are_cut_and_the_verdicts_stay() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let source = "console.log('x'.repeat(60_000)); function f(x) { return x }";
        let cases: Vec<Value> = (0..50)
            .map(|number| json!({"input": number, "expected": number}))
            .collect();
        let request = json!({
            "language": "javascript", "userCode": source, "functionName": "f",
            "testCases": cases, "timeLimit": 30,
        });
        let report = judged(&tenant.client, &request).await?;
        assert_eq!(
            (&report["total"], &report["passed"]),
            (&json!(50), &json!(50))
        );
        for case in report["cases"].as_array().into_iter().flatten() {
            assert_eq!(case["stdoutTruncated"], true);
            assert_eq!(case["stdout"].as_str().map(str::len), Some(16_384));
        }
        assert!(report.to_string().len() <= 1_900_000);
        Ok(())
    })
}

#[test]
fn code_that_does_not_begin_fails_each_case_with_the_reason() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (language, source, reason) in [
            ("python", "def f(:\n", "SyntaxError"),
            ("javascript", "function f( {", "SyntaxError"),
            ("python", "def g(x):\n    return x\n", "f"),
            ("javascript", "function g(x) { return x }", "f"),
        ] {
            let request = json!({
                "language": language, "userCode": source, "functionName": "f",
                "testCases": [{"input": 1, "expected": 1}, {"input": 2, "expected": 2}],
            });
            let report = judged(&tenant.client, &request).await?;
            assert_eq!(report["failed"], 2, "{report:#}");
            for case in report["cases"].as_array().into_iter().flatten() {
                let stderr = case["stderr"].as_str().unwrap_or_default();
                assert!(stderr.contains(reason), "{report:#}");
                assert_eq!(case["error"], "The program ended with exit code 1.");
            }
        }
        Ok(())
    })
}

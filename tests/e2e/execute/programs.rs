//! Programs that are run once: what they write, how they end, and what they are worth.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::column;
use serde_json::{Value, json};

use super::{EXECUTE, program, ran, succeeded, timeless};
use crate::stages::shared;

const PYTHON: &str = "\
import sys
name = input()
print(f'Hello, {name}!')
print('careful', file=sys.stderr)
{'squares': [n * n for n in range(4)], 'grüße': 1.5}
";

const JAVASCRIPT: &str = "\
const name = readline();
console.log(`Hello, ${name}!`);
console.error('careful');
({squares: [0, 1, 2, 3].map(n => n * n), 'grüße': 1.5})
";

#[test]
fn program_in_each_language_answers_with_output_exit_code_and_value() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        for (language, source) in [("python", PYTHON), ("javascript", JAVASCRIPT)] {
            let fields = json!({"stdin": "Ada\n", "refType": "exercise", "refId": language});
            let request = program(language, source, fields);
            let mut document = succeeded(client, EXECUTE, &request).await?;
            let job = document["jobId"].as_str().unwrap_or_default();
            let path = format!("{EXECUTE}/{job}/status");
            assert_eq!(client.get(&path).await?.json(200)?, document);
            check_document(&document, language);
            let result = &mut document["result"];
            timeless(result);
            assert_eq!(
                *result,
                json!({
                    "stdout": "Hello, Ada!\n", "stderr": "careful\n", "exitCode": 0,
                    "value": {"squares": [0, 1, 4, 9], "grüße": 1.5},
                })
            );
            let list = client
                .get(&format!(
                    "/api/v1/jobs?kind=execute&refType=exercise&refId={language}"
                ))
                .await?
                .json(200)?;
            assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list:#}");
        }
        Ok(())
    })
}

fn check_document(document: &Value, language: &str) {
    assert_eq!(document["kind"], "execute", "{document:#}");
    let executor = format!("executor-{language}");
    assert_eq!(document["provider"], executor.as_str(), "{document:#}");
    assert_eq!(document["model"], language, "{document:#}");
    assert_eq!(document["attempt"], 1, "{document:#}");
    let attempts = &document["attempts"];
    assert_eq!(column(attempts, "outcome"), ["succeeded"], "{document:#}");
    assert_eq!(column(attempts, "provider"), [executor.as_str()]);
    assert_eq!(document["costMicroUsd"], 0, "{document:#}");
    for absent in ["error", "usage"] {
        assert_eq!(document[absent], Value::Null, "{absent}: {document:#}");
    }
}

/// A program that ends otherwise than well, and what is told of it.
struct Ending {
    language: &'static str,
    source: &'static str,
    exit_code: i64,
    stdout: &'static str,
    /// What stands in the standard error.
    told: &'static [&'static str],
}

const ENDINGS: [Ending; 7] = [
    Ending {
        language: "python",
        source: "print('before')\ndef f():\n    raise ValueError('no')\nf()\n",
        exit_code: 1,
        stdout: "before\n",
        told: &["Traceback", "line 4", "line 3, in f", "ValueError: no"],
    },
    Ending {
        language: "python",
        source: "import sys\nprint('x')\nsys.exit(3)\n",
        exit_code: 3,
        stdout: "x\n",
        told: &[],
    },
    Ending {
        language: "python",
        source: "def f(:\n",
        exit_code: 1,
        stdout: "",
        told: &["SyntaxError"],
    },
    Ending {
        language: "python",
        source: "import socket\n",
        exit_code: 1,
        stdout: "",
        told: &["ModuleNotFoundError", "socket"],
    },
    Ending {
        language: "javascript",
        source: "console.log('before');\nfunction f() {\n  null.x;\n}\nf();\n",
        exit_code: 1,
        stdout: "before\n",
        told: &["Uncaught TypeError", "main.js:3"],
    },
    Ending {
        language: "javascript",
        source: "process.exit(4)",
        exit_code: 4,
        stdout: "",
        told: &[],
    },
    Ending {
        language: "javascript",
        source: "fetch('https://example.com')",
        exit_code: 1,
        stdout: "",
        told: &["ReferenceError", "fetch"],
    },
];

#[test]
fn program_that_fails_is_an_answer_and_its_job_succeeds() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let results = try_join_all(ENDINGS.iter().map(async |ending| {
            let request = program(ending.language, ending.source, json!({"maxAttempts": 1}));
            anyhow::Ok((ending, ran(&tenant.client, &request).await?))
        }))
        .await?;
        for (ending, result) in results {
            let told = format!("{}: {result:#}", ending.source);
            assert_eq!(result["exitCode"], ending.exit_code, "{told}");
            assert_eq!(result["stdout"], ending.stdout, "{told}");
            assert_eq!(result["limit"], Value::Null, "{told}");
            let stderr = result["stderr"].as_str().unwrap_or_default();
            assert_eq!(stderr.is_empty(), ending.told.is_empty(), "{told}");
            for part in ending.told {
                assert!(stderr.contains(part), "no {part:?}: {told}");
            }
        }
        Ok(())
    })
}

#[test]
fn value_is_there_where_json_can_say_it() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let deep = "x = []\nfor _ in range(70):\n    x = [x]\nx";
        for (language, source, value) in [
            // The nearest double: whole numbers of more than 64 bits do not keep their digits.
            (
                "python",
                "2 ** 70 + 1",
                json!(1_180_591_620_717_411_303_424.0),
            ),
            ("python", "(1.0, 2, None)", json!([1.0, 2, null])),
            ("python", "x = 5", json!("absent")),
            ("python", "None", json!("absent")),
            ("python", "float('nan')", json!("absent")),
            ("python", "'x' * 70_000", json!("cut")),
            ("python", deep, json!("cut")),
            ("javascript", "Promise.resolve(null)", json!(null)),
            ("javascript", "undefined", json!("absent")),
            ("javascript", "let f = () => 1; f", json!("absent")),
        ] {
            let result = ran(&tenant.client, &program(language, source, json!({}))).await?;
            let told = format!("{source}: {result:#}");
            assert_eq!(result["exitCode"], 0, "{told}");
            let is_cut = value == "cut";
            assert_eq!(result["valueTruncated"] == true, is_cut, "{told}");
            if value == "absent" || is_cut {
                assert_eq!(result.get("value"), None, "{told}");
            } else {
                assert_eq!(result.get("value"), Some(&value), "{told}");
            }
        }
        Ok(())
    })
}

#[test]
fn aliases_of_languages_and_of_fields_are_taken() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (alias, language) in [
            ("py", "python"),
            ("python3", "python"),
            ("js", "javascript"),
            ("node", "javascript"),
        ] {
            let request = json!({
                "language": alias, "source_code": "1 + 1", "time_limit": 5, "memory_limit": 32,
                "stdin": "",
            });
            let document = succeeded(&tenant.client, EXECUTE, &request).await?;
            assert_eq!(document["model"], language, "{document:#}");
            assert_eq!(document["result"]["value"], 2, "{document:#}");
        }
        Ok(())
    })
}

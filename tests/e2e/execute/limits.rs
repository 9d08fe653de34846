//! Programs that must be ended: their jobs succeed and name the limit, and nobody else is harmed.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::Client;
use serde_json::{Value, json};

use super::{EXECUTE, program, ran, succeeded};
use crate::stages::shared;

/// A program that a limit ends.
struct Greedy {
    language: &'static str,
    source: &'static str,
    limit: &'static str,
    exit_codes: &'static [i64],
}

const KILLED: &[i64] = &[137];
const NESTED: &[i64] = &[1, 134];

const GREEDY: [Greedy; 8] = [
    Greedy {
        language: "python",
        source: "print('begun')\nwhile True:\n    pass\n",
        limit: "time",
        exit_codes: KILLED,
    },
    Greedy {
        language: "python",
        source: "print('begun')\nx = []\nwhile True:\n    x.append('x' * 1_000_000)\n",
        limit: "memory",
        exit_codes: KILLED,
    },
    Greedy {
        language: "python",
        source: "print('begun')\nx = 'x' * 100_000_000\n",
        limit: "memory",
        exit_codes: KILLED,
    },
    Greedy {
        language: "python",
        source: "print('begun')\ndef f(n):\n    return f(n + 1)\nf(0)\n",
        limit: "recursion",
        exit_codes: NESTED,
    },
    Greedy {
        language: "javascript",
        source: "console.log('begun'); for (;;) {}",
        limit: "time",
        exit_codes: KILLED,
    },
    Greedy {
        language: "javascript",
        source: "console.log('begun'); const x = []; for (;;) x.push(new Array(100_000).fill(7))",
        limit: "memory",
        exit_codes: KILLED,
    },
    Greedy {
        language: "javascript",
        source: "console.log('begun'); 'x'.repeat(100_000_000)",
        limit: "memory",
        exit_codes: KILLED,
    },
    Greedy {
        language: "javascript",
        source: "console.log('begun'); function f(n) { return f(n + 1) } f(0)",
        limit: "recursion",
        exit_codes: NESTED,
    },
];

#[test]
fn greedy_program_is_ended_by_its_limit_and_the_next_is_unharmed() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for greedy in &GREEDY {
            let seconds = if greedy.limit == "time" { 1.0 } else { 30.0 };
            let fields = json!({"timeLimit": seconds, "maxAttempts": 1});
            let request = program(greedy.language, greedy.source, fields);
            let document = succeeded(&tenant.client, EXECUTE, &request).await?;
            let result = &document["result"];
            let told = format!("{}: {document:#}", greedy.source);
            assert_eq!(result["limit"], greedy.limit, "{told}");
            let code = result["exitCode"].as_i64().unwrap_or_default();
            assert!(greedy.exit_codes.contains(&code), "{told}");
            assert_eq!(result["stdout"], "begun\n", "{told}");
            assert_eq!(result.get("value"), None, "{told}");
            unharmed(&tenant.client, greedy.language).await?;
        }
        Ok(())
    })
}

/// Sees to it that a program runs as if there had been none before.
async fn unharmed(client: &Client, language: &str) -> Result<()> {
    let result = ran(client, &program(language, "40 + 2", json!({}))).await?;
    assert_eq!(
        (&result["value"], &result["exitCode"]),
        (&json!(42), &json!(0)),
        "{result:#}"
    );
    Ok(())
}

#[test]
fn time_that_is_over_is_told_with_how_long_it_took() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let fields = json!({"timeLimit": 0.5});
        let request = program("javascript", "for (;;) {}", fields);
        let result = ran(&tenant.client, &request).await?;
        assert_eq!(result["limit"], "time", "{result:#}");
        let millis = result["durationMs"].as_u64().unwrap_or_default();
        assert!(millis >= 450, "{result:#}");
        // Sleeping takes the program's time, and nobody else's.
        let slept = "import time\ntime.sleep(3600)\n";
        let request = program("python", slept, json!({"timeLimit": 2}));
        let result = ran(&tenant.client, &request).await?;
        assert_eq!(result["limit"], "time", "{result:#}");
        Ok(())
    })
}

#[test]
fn smaller_memory_is_held_as_well() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let source = "x = bytearray(30_000_000)\nlen(x)";
        for (mebibytes, limit, value) in [
            (16, json!("memory"), json!(null)),
            (64, json!(null), json!(30_000_000)),
        ] {
            let request = program("python", source, json!({"memoryLimit": mebibytes}));
            let result = ran(&tenant.client, &request).await?;
            assert_eq!(
                (&result["limit"], &result["value"]),
                (&limit, &value),
                "{mebibytes}: {result:#}"
            );
        }
        Ok(())
    })
}

#[test]
fn output_beyond_what_is_kept_is_cut_and_marked() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let python = "import sys\nfor _ in range(2_000):\n    print('x' * 99)\nprint('y', file=sys.stderr)\n1\n";
        let javascript =
            "for (let i = 0; i < 2_000; i++) console.error('x'.repeat(99)); console.log('y'); 1";
        let programs = [
            ("python", python, "stdout", "stderr"),
            ("javascript", javascript, "stderr", "stdout"),
        ];
        let results = try_join_all(programs.map(async |(language, source, cut, whole)| {
            let request = program(language, source, json!({"timeLimit": 30}));
            anyhow::Ok((ran(&tenant.client, &request).await?, cut, whole))
        }))
        .await?;
        for (result, cut, whole) in results {
            assert_eq!(result[cut].as_str().map(str::len), Some(65_536));
            assert_eq!(result[format!("{cut}Truncated")], true);
            assert_eq!(result[whole], "y\n");
            assert_eq!(result.get(format!("{whole}Truncated")), None);
            assert_eq!(
                (&result["exitCode"], &result["value"], &result["limit"]),
                (&json!(0), &json!(1), &Value::Null)
            );
        }
        Ok(())
    })
}

#[test]
fn what_one_program_leaves_behind_is_gone_for_the_next() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (language, leaves, looks) in [
            (
                "python",
                "import builtins, sys\nbuiltins.left = 1\nsys.path.append('left')\nsys.setrecursionlimit(50)",
                "import builtins, sys\n[hasattr(builtins, 'left'), 'left' in sys.path, sys.getrecursionlimit()]",
            ),
            (
                "javascript",
                "globalThis.left = 1; Array.prototype.left = 1; Math.max = () => 7;",
                "[typeof left !== 'undefined', 'left' in [], Math.max(1000, 1)]",
            ),
        ] {
            ran(&tenant.client, &program(language, leaves, json!({}))).await?;
            let result = ran(&tenant.client, &program(language, looks, json!({}))).await?;
            assert_eq!(result["value"], json!([false, false, 1000]), "{result:#}");
        }
        Ok(())
    })
}

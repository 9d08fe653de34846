//! JavaScript: what programs find, and what ends them.

use anyhow::Result;
use redrive_tests::stage::ExecutorStage;
use serde_json::{Value, json};

use crate::limits::{Ended, ends, floods, take_turns, unharmed};
use crate::{assert_told, assert_wrote};

/// Runs a test of a run that goes well.
fn wrote(source: &str, stdout: &str) -> Result<()> {
    crate::javascript(async |stage| {
        assert_wrote(&stage.program(source).await?, stdout);
        Ok(())
    })
}

fn ended(source: &'static str, limit: &'static str, stdout: &'static str) -> Result<()> {
    let ended = Ended {
        source,
        limit,
        stdout,
    };
    crate::javascript(async |stage| ends(stage, &ended).await.map(|_run| ()))
}

#[test]
fn program_writes_to_both_streams() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "console.log('hello, world'); console.info(1); console.error('oh', 'no')";
        let run = stage.program(source).await?;
        assert_eq!(run["stdout"], "hello, world\n1\n");
        assert_eq!(run["stderr"], "oh no\n");
        assert_eq!(run["exitCode"], 0);
        assert_eq!(run.get("value"), None);
        Ok(())
    })
}

#[test]
fn values_are_written_as_nodejs_writes_them() -> Result<()> {
    wrote(
        "console.log({a: 1, b: ['x', {c: {d: 1}}]}, [1, 2, 3], null, undefined, -0, 10n);
         console.log([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
         console.log(new Map([['k', 1]]), new Set([1]), class A {}, function f() {}, () => 1);
         console.log('%s is %d', 'x', 5, 'more');
         const o = {n: 1}; o.self = o; console.log(o);
         console.log([['a', 'b'], [undefined, , 1]], [], {});",
        "{ a: 1, b: [ 'x', { c: [Object] } ] } [ 1, 2, 3 ] null undefined -0 10n\n\
         [\n  1, 2, 3, 4,  5,\n  6, 7, 8, 9, 10\n]\n\
         Map(1) { 'k' => 1 } Set(1) { 1 } [class A] [Function: f] [Function (anonymous)]\n\
         x is 5 more\n\
         <ref *1> { n: 1, self: [Circular *1] }\n\
         [ [ 'a', 'b' ], [ undefined, <1 empty item>, 1 ] ] [] {}\n",
    )
}

#[test]
fn value_of_a_program_is_that_of_its_last_statement() -> Result<()> {
    crate::javascript(async |stage| {
        for (source, value) in [
            (
                "const a = [1, 2]; ({a, b: null})",
                json!({"a": [1, 2], "b": null}),
            ),
            ("Promise.resolve(5)", json!(5)),
            ("'\\ud800'", json!("\u{fffd}")),
        ] {
            assert_eq!(stage.program(source).await?["value"], value, "{source}");
        }
        for source in ["undefined", "() => 1", "1n", "const o = {}; o.o = o; o"] {
            let run = stage.program(source).await?;
            assert_wrote(&run, "");
            assert_eq!(run.get("value"), None, "{source}");
        }
        Ok(())
    })
}

#[test]
fn value_over_the_bound_is_left_out_and_marked() -> Result<()> {
    crate::javascript(async |stage| {
        for source in [
            "'x'.repeat(70000)",
            "new Array(40000).fill(0)",
            "new Uint8Array(3e6)",
        ] {
            let run = stage.program(source).await?;
            assert_eq!(run.get("value"), None, "{source}");
            assert_eq!(run["valueTruncated"], true, "{source}: {run}");
            assert_eq!(run["exitCode"], 0, "{source}");
        }
        Ok(())
    })
}

#[test]
fn function_is_called_once_for_each_run_in_a_fresh_program() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "let calls = 0; const add = (a, b) => [++calls, a + b]";
        let arguments = [json!([1, 2]), json!([0.5, 1]), json!(["a", "b"])];
        let runs = stage.calls(source, "add", &arguments).await?;
        let values: Vec<&Value> = runs.iter().map(|run| &run["value"]).collect();
        assert_eq!(
            values,
            [&json!([1, 3]), &json!([1, 1.5]), &json!([1, "ab"])]
        );
        Ok(())
    })
}

#[test]
fn promise_is_awaited_and_undefined_is_null() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "async function f(x) {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            return x === null ? undefined : x * 2;
        }";
        let runs = stage
            .calls(source, "f", &[json!([21]), json!([null])])
            .await?;
        assert_eq!(runs[0]["value"], 42, "{runs:?}");
        assert_eq!(runs[1]["value"], Value::Null, "{runs:?}");
        assert!(runs[0]["durationMs"].as_u64() >= Some(1000), "{runs:?}");
        Ok(())
    })
}

#[test]
fn missing_function_is_told() -> Result<()> {
    crate::javascript(async |stage| {
        let runs = stage.calls("const g = 1", "f", &[json!([])]).await?;
        assert_eq!(runs[0]["exitCode"], 1);
        assert_eq!(runs[0]["stderr"], "main.js defines no function f\n");
        Ok(())
    })
}

#[test]
fn input_is_read_in_three_ways() -> Result<()> {
    crate::javascript(async |stage| {
        for source in [
            "let line; while ((line = readline()) !== null) console.log(line)",
            "for (const line of stdin.split('\\n')) console.log(line)",
            "for (const l of require('fs').readFileSync(0, 'utf8').split('\\n')) console.log(l)",
        ] {
            let mut request = stage.request(source);
            request["runs"] = json!([{"stdin": "first\nsecond"}]);
            assert_wrote(&stage.runs(&request).await?[0], "first\nsecond\n");
        }
        Ok(())
    })
}

#[test]
fn long_input_is_split_quickly() -> Result<()> {
    crate::javascript(async |stage| {
        let mut request = stage.request("stdin.split('\\n').length");
        request["runs"] = json!([{"stdin": "line\n".repeat(100_000)}]);
        assert_eq!(stage.runs(&request).await?[0]["value"], 100_001);
        Ok(())
    })
}

#[test]
fn timers_fire_in_order_and_take_no_real_time() -> Result<()> {
    wrote(
        "const start = Date.now();
         setTimeout(() => console.log('late', Date.now() - start >= 1500), 1500);
         setTimeout(() => console.log('early'), 10);
         const often = setInterval(() => { console.log('often'); clearInterval(often) }, 100);
         Promise.resolve().then(() => console.log('first'))",
        "first\nearly\noften\nlate true\n",
    )
}

#[test]
fn exception_is_told_with_its_line() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "function f() {\n  throw new TypeError('bad');\n}\nf();";
        let run = stage.program(source).await?;
        assert_eq!(run["exitCode"], 1);
        assert_told(
            &run,
            &[
                "Uncaught TypeError: bad\n",
                "at f (main.js:2:",
                "main.js:4:",
            ],
        );
        let thrown = stage.program("throw {code: 7}").await?;
        assert_eq!(thrown["stderr"], "Uncaught { code: 7 }\n");
        let rejected = stage.program("Promise.reject(new Error('no'))").await?;
        assert_eq!(rejected["exitCode"], 1);
        assert_told(&rejected, &["Uncaught Error: no"]);
        unharmed(stage).await
    })
}

#[test]
fn syntax_error_is_told_with_its_line() -> Result<()> {
    crate::javascript(async |stage| {
        let run = stage.program("let x = 1;\nlet y = ;").await?;
        assert_eq!(run["exitCode"], 1);
        assert_told(&run, &["Uncaught SyntaxError", "line 2"]);
        unharmed(stage).await
    })
}

#[test]
fn program_can_end_itself() -> Result<()> {
    crate::javascript(async |stage| {
        let run = stage
            .program("console.log(1); process.exit(3); console.log(2)")
            .await?;
        assert_eq!(run["stdout"], "1\n");
        assert_eq!(run["exitCode"], 3);
        Ok(())
    })
}

#[test]
fn randomness_differs_from_run_to_run() -> Result<()> {
    crate::javascript(async |stage| {
        let mut request = stage.request("Math.random()");
        request["runs"] = json!([{}, {}]);
        let runs = stage.runs(&request).await?;
        assert_ne!(runs[0]["value"], runs[1]["value"]);
        Ok(())
    })
}

#[test]
fn there_is_no_way_out() -> Result<()> {
    crate::javascript(async |stage| {
        let run = stage
            .program("[typeof fetch, typeof WebSocket, typeof XMLHttpRequest]")
            .await?;
        assert_eq!(run["value"], json!(["undefined", "undefined", "undefined"]));
        for source in [
            "import('fs')",
            "require('http')",
            "require('fs').readFileSync('/etc/passwd')",
        ] {
            let run = stage.program(source).await?;
            assert_eq!(run["exitCode"], 1, "{source}: {run}");
        }
        Ok(())
    })
}

#[test]
fn endless_loop_is_ended() -> Result<()> {
    ended(
        "console.log('before'); process.stdout.write('half'); for(;;){}",
        "time",
        "before\nhalf",
    )
}

#[test]
fn catastrophic_regular_expression_is_ended() -> Result<()> {
    ended("/^(a+)+$/.test('a'.repeat(40) + 'b')", "time", "")
}

#[test]
fn endless_timer_and_endless_promises_are_ended() -> Result<()> {
    ended("setInterval(() => {}, 10)", "time", "")?;
    ended(
        "const f = () => { Promise.resolve().then(f); }; f()",
        "time",
        "",
    )
}

#[test]
fn growing_memory_is_ended() -> Result<()> {
    ended(
        "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)",
        "memory",
        "",
    )?;
    ended("let s = 'x'; for (;;) s += s", "memory", "")?;
    ended("console.log('x'.repeat(1e8))", "memory", "")
}

#[test]
fn memory_limit_is_the_requests_own() -> Result<()> {
    crate::javascript(async |stage| {
        let mut request = stage.request("new Uint8Array(20e6).length");
        assert_eq!(stage.runs(&request).await?[0]["value"], 20_000_000);
        request["limits"]["memoryBytes"] = json!(16 * 1024 * 1024);
        assert_eq!(stage.runs(&request).await?[0]["limit"], "memory");
        Ok(())
    })
}

#[test]
fn large_runs_at_the_same_time_take_turns() -> Result<()> {
    let source = "new Uint8Array(60 * 2 ** 20).length / 2 ** 20 - 18";
    crate::javascript(async |stage| take_turns(stage, source).await)
}

#[test]
fn memory_that_is_no_longer_held_does_not_count() -> Result<()> {
    crate::javascript(async |stage| {
        for source in [
            "let n = 0; for (let i = 0; i < 400; i++) n += new Array(50000).fill(i).length; n",
            "let n = 0; for (let i = 0; i < 400; i++) n += new Uint8Array(50000 * 8).length / 8; n",
        ] {
            let mut request = stage.request(source);
            request["limits"]["timeMs"] = json!(60_000);
            let run = stage.runs(&request).await?.swap_remove(0);
            assert_eq!(run["value"], 20_000_000, "{run}");
        }
        Ok(())
    })
}

#[test]
fn memory_that_is_no_longer_held_does_not_count_wherever_it_was_made() -> Result<()> {
    let fill = "for (let i = 0; i < 100; i++) n += new Array(50000).fill(i).length";
    let programs = [
        // By the program itself.
        "for (let i = 0; i < 100; i++) { const a = []; for (let j = 0; j < 20000; j++) a[j] = j / 2; n += 50000 }",
        "let o; for (let i = 0; i < 1000; i++) { o = {text: 'x'.repeat(5e4) + i}; n += 5000 }",
        "for (let i = 0; i < 100; i++) { n += new Map(new Array(5000).fill(0).map((_, k) => [k, i])).size * 10 }",
        // By what the engine calls for it.
        &format!("[1].forEach(() => {{ {fill} }})"),
        &format!("setTimeout(() => {{ {fill} }}, 1)"),
        &format!("(async () => {{ await 0; {fill} }})()"),
        &format!("function f() {{ {fill} }} f.call()"),
    ];
    crate::javascript(async |stage| {
        for program in programs {
            let source =
                format!("let n = 0; {program}; new Promise((r) => setTimeout(() => r(n), 2))");
            let mut request = stage.request(&source);
            request["limits"]["timeMs"] = json!(60_000);
            request["limits"]["memoryBytes"] = json!(16 * 1024 * 1024);
            let run = stage.runs(&request).await?.swap_remove(0);
            assert_eq!(run["value"], 5_000_000, "{program}: {run}");
        }
        Ok(())
    })
}

#[test]
fn memory_that_a_called_function_no_longer_holds_does_not_count() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "function f(turns) {
            let n = 0;
            for (let i = 0; i < turns; i++) { const a = []; for (let j = 0; j < 20000; j++) a.push(j / 2); n++ }
            return n;
        }";
        let mut request = stage.request(source);
        request["functionName"] = json!("f");
        request["runs"] = json!([{"arguments": [100]}]);
        request["limits"]["timeMs"] = json!(60_000);
        request["limits"]["memoryBytes"] = json!(16 * 1024 * 1024);
        assert_eq!(stage.runs(&request).await?[0]["value"], 100);
        Ok(())
    })
}

#[test]
fn call_of_the_function_is_no_part_of_a_message() -> Result<()> {
    crate::javascript(async |stage| {
        for (source, told) in [
            (
                "function f() { throw new Error('no') }",
                "Uncaught Error: no\n    at f (main.js:1:22)\n",
            ),
            (
                "function f(x) {\n  return x.y }",
                "Uncaught TypeError: cannot convert 'null' or 'undefined' to object\n    at f (main.js:2:12)\n",
            ),
        ] {
            let runs = stage.calls(source, "f", &[json!([null])]).await?;
            assert_eq!(runs[0]["stderr"], told);
        }
        Ok(())
    })
}

#[test]
fn deep_recursion_is_ended() -> Result<()> {
    ended("function f() { return f() + 1 } f()", "recursion", "")?;
    ended("function f() { return [1].map(f) } f()", "recursion", "")?;
    ended("eval('('.repeat(1e5))", "recursion", "")
}

#[test]
fn recursion_of_ordinary_depth_is_none_of_it() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "function f(n) { return n === 0 ? 0 : 1 + f(n - 1) } f(5000)";
        assert_eq!(stage.program(source).await?["value"], 5_000);
        Ok(())
    })
}

#[test]
fn flood_of_output_is_cut() -> Result<()> {
    let source = "for (let i = 0; i < 100; i++) console.log('x'.repeat(1e5))";
    crate::javascript(async |stage| floods(stage, source).await)
}

#[test]
fn run_after_a_limit_in_the_same_request_is_unharmed() -> Result<()> {
    crate::javascript(async |stage: &ExecutorStage| {
        let source = "function f(x) { while (x) {} return 'fine' }";
        let runs = stage
            .calls(source, "f", &[json!([true]), json!([false])])
            .await?;
        assert_eq!(runs[0]["limit"], "time");
        assert_eq!(runs[1]["value"], "fine");
        Ok(())
    })
}

//! JavaScript: what programs find, and what ends them.

mod limits;

use anyhow::Result;
use serde_json::{Value, json};

use crate::limits::unharmed;
use crate::{assert_told, assert_wrote};

/// Runs a test of a run that goes well.
fn wrote(source: &str, stdout: &str) -> Result<()> {
    crate::javascript(async |stage| {
        assert_wrote(&stage.program(source).await?, stdout);
        Ok(())
    })
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
        for source in [
            "undefined",
            "() => 1",
            "1n",
            "const o = {}; o.o = o; o",
            "NaN",
            "[1, {a: -Infinity}]",
        ] {
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
            "let deep = 0; for (let i = 0; i < 100000; i++) deep = [deep]; deep",
            "let wide = 0; for (let i = 0; i < 60; i++) wide = [wide, wide]; wide",
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
fn what_json_cannot_say_is_told() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "const all = {
            nan: NaN, infinite: [1, {a: -Infinity}], f: () => 1, symbol: Symbol('s'), big: 1n,
            self: (() => { const o = {}; o.o = [o]; return o; })(),
        };
        const f = (name) => all[name];";
        for (name, why) in [
            ("nan", "NaN and the infinities are no JSON"),
            ("infinite", "NaN and the infinities are no JSON"),
            ("f", "functions and symbols are no JSON"),
            ("symbol", "functions and symbols are no JSON"),
            ("big", "bigint"),
            ("self", "an object that holds itself is no JSON"),
        ] {
            let runs = stage.calls(source, "f", &[json!([name])]).await?;
            assert_eq!(runs[0].get("value"), None, "{name}");
            let stderr = runs[0]["stderr"].as_str().unwrap_or_default();
            assert!(
                stderr.starts_with("the returned value is no JSON: "),
                "{stderr}"
            );
            assert!(stderr.contains(why), "{stderr}");
        }
        // What says itself what it is in JSON is not looked into.
        let source = "const f = () => ({at: new Date(0), own: {toJSON: () => 'x', inner: NaN}})";
        let runs = stage.calls(source, "f", &[json!([])]).await?;
        let expected = json!({"at": "1970-01-01T00:00:00.000Z", "own": "x"});
        assert_eq!(runs[0]["value"], expected);
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

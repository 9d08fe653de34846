//! Programs that are ended by a limit, and those that are not.

use anyhow::Result;
use serde_json::json;

use crate::limits::{Ended, ends, floods, goes_on, outgrows, oversleeps, take_turns};

fn ended(source: &'static str, limit: &'static str, stdout: &'static str) -> Result<()> {
    let ended = Ended {
        source,
        limit,
        stdout,
    };
    crate::javascript(async |stage| ends(stage, &ended).await.map(|_run| ()))
}

#[test]
fn waiting_ends_with_the_time_there_is() -> Result<()> {
    crate::javascript(async |stage| {
        let source = "await_ = new Promise((resolve) => setTimeout(resolve, 1e9)); await_";
        oversleeps(stage, source).await
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
    crate::javascript(async |stage| outgrows(stage, "new Uint8Array(20e6).length").await)
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
    let source = "function f(x) { while (x) {} return 'fine' }";
    crate::javascript(async |stage| goes_on(stage, source).await)
}

//! Programs that are ended by a limit, and those that are not.

use anyhow::Result;

use super::wrote;
use crate::assert_told;
use crate::limits::{Ended, ends, floods, goes_on, outgrows, oversleeps, take_turns};

fn ended(source: &'static str, limit: &'static str, stdout: &'static str) -> Result<()> {
    let ended = Ended {
        source,
        limit,
        stdout,
    };
    crate::python(async |stage| ends(stage, &ended).await.map(|_run| ()))
}

#[test]
fn sleeping_ends_with_the_time_there_is() -> Result<()> {
    crate::python(async |stage| oversleeps(stage, "import time\ntime.sleep(1e9)").await)
}

#[test]
fn endless_loop_is_ended() -> Result<()> {
    ended(
        "print('before')\nprint('half', end='')\nwhile True: pass",
        "time",
        "before\nhalf",
    )
}

#[test]
fn catastrophic_regular_expression_is_ended() -> Result<()> {
    ended("import re\nre.match('^(a+)+$', 'a' * 40 + 'b')", "time", "")
}

#[test]
fn growing_memory_is_ended() -> Result<()> {
    ended(
        "a = []\nwhile True: a.append(bytearray(1000000))",
        "memory",
        "",
    )?;
    ended("a = []\nwhile True: a.append([0] * 100000)", "memory", "")?;
    ended("s = 'x'\nwhile True: s += s", "memory", "")?;
    ended("print('x' * 10**8)", "memory", "")?;
    ended("list(range(10**9))", "memory", "")?;
    ended("10 ** 10 ** 8", "memory", "")
}

#[test]
fn large_runs_at_the_same_time_take_turns() -> Result<()> {
    let source = "len(bytearray(60 * 2 ** 20)) // 2 ** 20 - 18";
    crate::python(async |stage| take_turns(stage, source).await)
}

#[test]
fn memory_limit_is_the_requests_own() -> Result<()> {
    crate::python(async |stage| outgrows(stage, "len(bytearray(20 * 10**6))").await)
}

#[test]
fn deep_recursion_is_ended() -> Result<()> {
    crate::python(async |stage| {
        let recursion = |source| Ended {
            source,
            limit: "recursion",
            stdout: "",
        };
        let run = ends(stage, &recursion("def f(): return f()\nf()")).await?;
        assert_eq!(run["exitCode"], 1);
        assert_told(
            &run,
            &[
                "main.py",
                "RecursionError: maximum recursion depth exceeded",
            ],
        );
        for source in [
            "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()",
            "import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return list(map(f, [x]))\nf(1)",
            "a = []\nfor i in range(100000): a = [a]\nrepr(a)",
            "import json\njson.loads('[' * 100000)",
            "eval('-' * 20000 + '1')",
        ] {
            ends(stage, &recursion(source)).await?;
        }
        Ok(())
    })
}

#[test]
fn recursion_of_ordinary_depth_is_none_of_it() -> Result<()> {
    wrote(
        "import functools, sys\n\
         def f(n): return 0 if n == 0 else 1 + f(n - 1)\n\
         print(f(900))\n\
         sys.setrecursionlimit(10000)\n\
         print(f(5000))\n\
         @functools.lru_cache(None)\n\
         def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\n\
         print(fib(150))\n\
         try:\n  f(10**6)\nexcept RecursionError: print('caught')",
        "900\n5000\n9969216677189303386214405760200\ncaught\n",
    )
}

#[test]
fn flood_of_output_is_cut() -> Result<()> {
    let source = "for i in range(100): print('x' * 100000)";
    crate::python(async |stage| floods(stage, source).await)
}

#[test]
fn run_after_a_limit_in_the_same_request_is_unharmed() -> Result<()> {
    let source = "def f(x):\n  while x: pass\n  return 'fine'";
    crate::python(async |stage| goes_on(stage, source).await)
}

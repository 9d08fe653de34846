//! Python: what programs find, and what ends them.

mod limits;

use anyhow::Result;
use serde_json::{Value, json};

use crate::limits::unharmed;
use crate::{assert_told, assert_wrote};

/// Runs a test of a run that goes well.
fn wrote(source: &str, stdout: &str) -> Result<()> {
    crate::python(async |stage| {
        assert_wrote(&stage.program(source).await?, stdout);
        Ok(())
    })
}

/// Runs a program that ends with an exception, and sees to it that all of this is told.
fn failed(source: &str, parts: &[&str]) -> Result<()> {
    crate::python(async |stage| {
        let run = stage.program(source).await?;
        assert_eq!(run["exitCode"], 1, "{run}");
        assert_eq!(run.get("limit"), None, "{run}");
        assert_told(&run, parts);
        unharmed(stage).await
    })
}

#[test]
fn program_writes_to_both_streams() -> Result<()> {
    crate::python(async |stage| {
        let source = "import sys\nprint('hello,', 'world')\nprint('oh no', file=sys.stderr)\n\
            sys.stdout.buffer.write(b'bytes\\n')";
        let run = stage.program(source).await?;
        assert_eq!(run["stdout"], "hello, world\nbytes\n");
        assert_eq!(run["stderr"], "oh no\n");
        assert_eq!(run["exitCode"], 0);
        Ok(())
    })
}

#[test]
fn program_is_the_main_module() -> Result<()> {
    wrote(
        "import sys\nif __name__ == '__main__': print(__file__, sys.argv)",
        "main.py ['main.py']\n",
    )
}

#[test]
fn value_of_a_program_is_that_of_its_last_expression() -> Result<()> {
    crate::python(async |stage| {
        for (source, value) in [
            (
                "a = [1, 2.5, None, True]\n{'a': (a, 'x'), 1: {3, 1, 2}}",
                json!({"a": [[1, 2.5, null, true], "x"], "1": [1, 2, 3]}),
            ),
            (
                "from collections import Counter\nCounter('aab')",
                json!({"a": 2, "b": 1}),
            ),
            ("'\\ud800'", json!("\u{fffd}")),
        ] {
            assert_eq!(stage.program(source).await?["value"], value, "{source}");
        }
        for source in [
            "None",
            "x = 1",
            "object()",
            "def f(): return 1",
            "float('nan')",
            "",
        ] {
            let run = stage.program(source).await?;
            assert_wrote(&run, "");
            assert_eq!(run.get("value"), None, "{source}");
        }
        Ok(())
    })
}

#[test]
fn value_keeps_all_digits_of_an_integer() -> Result<()> {
    crate::python(async |stage| {
        let answer = stage.send(&stage.request("2 ** 100")).await?;
        let value = r#""value":1267650600228229401496703205376"#;
        assert!(answer.body.contains(value), "{}", answer.body);
        Ok(())
    })
}

#[test]
fn value_over_the_bound_is_left_out_and_marked() -> Result<()> {
    crate::python(async |stage| {
        for source in ["'x' * 70000", "10 ** 70000", "a = []\na.append(a)\na"] {
            let run = stage.program(source).await?;
            assert_eq!(run.get("value"), None, "{source}");
            assert_eq!(run["valueTruncated"], true, "{source}");
            assert_eq!(run["exitCode"], 0, "{source}");
        }
        Ok(())
    })
}

#[test]
fn function_is_called_once_for_each_run_in_a_fresh_program() -> Result<()> {
    crate::python(async |stage| {
        let source = "calls = []\ndef add(a, b):\n  calls.append(1)\n  return len(calls), a + b";
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
fn arguments_keep_what_python_tells_apart() -> Result<()> {
    crate::python(async |stage| {
        let source = "def f(x): return type(x).__name__, str(x)";
        let arguments = r#"[{"arguments":[1.0]},{"arguments":[12345678901234567890]}]"#;
        let mut request = stage.request(source);
        request["functionName"] = json!("f");
        request["runs"] = serde_json::from_str(arguments)?;
        let runs = stage.runs(&request).await?;
        assert_eq!(runs[0]["value"], json!(["float", "1.0"]));
        assert_eq!(runs[1]["value"], json!(["int", "12345678901234567890"]));
        Ok(())
    })
}

#[test]
fn value_that_json_does_not_have_is_told() -> Result<()> {
    crate::python(async |stage| {
        for (source, why) in [
            ("def f(): return [float('inf')]", "NaN or an infinity"),
            (
                "def f(): return {(1, 2): 3}",
                "a dict with a key of class 'tuple'",
            ),
            ("class A: pass\ndef f(): return A()", "a value of class 'A'"),
        ] {
            let run = stage.calls(source, "f", &[json!([])]).await?.swap_remove(0);
            assert_eq!(run["exitCode"], 0, "{run}");
            assert_eq!(run.get("value"), None, "{run}");
            assert_told(&run, &["f() returned", why]);
        }
        let none = stage.calls("def f(): pass", "f", &[json!([])]).await?;
        assert_eq!(none[0].get("value"), Some(&Value::Null));
        Ok(())
    })
}

#[test]
fn missing_function_is_told() -> Result<()> {
    crate::python(async |stage| {
        let runs = stage.calls("g = 1", "f", &[json!([])]).await?;
        assert_eq!(runs[0]["exitCode"], 1);
        assert_eq!(runs[0]["stderr"], "main.py defines no function f\n");
        Ok(())
    })
}

#[test]
fn input_is_read_in_three_ways() -> Result<()> {
    crate::python(async |stage| {
        for source in [
            "print(input())\nprint(input())",
            "import sys\nfor line in sys.stdin: print(line.rstrip('\\n'))",
            "import sys\nprint(sys.stdin.read())",
        ] {
            let mut request = stage.request(source);
            request["runs"] = json!([{"stdin": "first\nsecond"}]);
            assert_wrote(&stage.runs(&request).await?[0], "first\nsecond\n");
        }
        Ok(())
    })
}

#[test]
fn input_that_has_ended_is_an_exception() -> Result<()> {
    failed("input('name? ')", &["EOFError"])
}

#[test]
fn exception_is_told_with_its_lines() -> Result<()> {
    failed(
        "def f(x):\n    return 1 / x\n\nf(0)",
        &[
            "Traceback (most recent call last):\n  File \"main.py\", line 4, in <module>\n    f(0)\n",
            "  File \"main.py\", line 2, in f\n    return 1 / x\n",
            "ZeroDivisionError: division by zero\n",
        ],
    )
}

#[test]
fn syntax_error_is_told_with_its_line() -> Result<()> {
    failed(
        "x = 1\ndef f()\n  pass",
        &[
            "  File \"main.py\", line 2\n    def f()\n",
            "SyntaxError: expected ':'",
        ],
    )
}

#[test]
fn program_can_end_itself() -> Result<()> {
    crate::python(async |stage| {
        for (source, code) in [
            ("import sys\nsys.exit(3)", 3),
            ("exit()", 0),
            ("raise SystemExit(256 + 7)", 7),
            ("import sys\nsys.exit('bad')", 1),
        ] {
            let run = stage.program(source).await?;
            assert_eq!(run["exitCode"], code, "{source}: {run}");
            let stderr = if source.contains("bad") { "bad\n" } else { "" };
            assert_eq!(run["stderr"], stderr, "{source}");
        }
        Ok(())
    })
}

#[test]
fn what_a_program_leaves_to_its_end_is_done() -> Result<()> {
    wrote(
        "import atexit\natexit.register(print, 'bye')\nclass A:\n  def __del__(self): print('gone')\na = A()",
        "bye\ngone\n",
    )
}

/// What exercises import; `docs/executor.md` lists it.
const IMPORTS: &str = "abc argparse array ast base64 binascii bisect calendar cmath collections \
    collections.abc colorsys configparser contextlib contextvars copy csv dataclasses datetime \
    decimal difflib dis enum fnmatch fractions functools gc getopt glob graphlib hashlib \
    heapq hmac html importlib inspect io ipaddress itertools json keyword locale logging math \
    numbers operator os os.path pathlib pickle platform pprint queue random re reprlib sched \
    secrets shlex shutil signal stat statistics string struct symtable sys tempfile textwrap \
    threading time timeit token tokenize tomllib traceback types typing unicodedata unittest uuid \
    warnings weakref zlib";

/// What needs files, processes, sockets or a terminal.
const NO_IMPORTS: &str = "asyncio concurrent.futures ctypes curses doctest email ftplib http idlelib \
    multiprocessing pdb pip readline smtplib socket sqlite3 ssl subprocess tkinter turtle \
    urllib.request venv webbrowser xml.etree zipfile zoneinfo numpy";

#[test]
fn standard_library_is_as_listed() -> Result<()> {
    crate::python(async |stage| {
        let source = "import importlib\ndef f(name):\n  try:\n    importlib.import_module(name)\n  \
            except ImportError as e: return type(e).__name__\n  return 'imported'";
        for (names, expected) in [(IMPORTS, "imported"), (NO_IMPORTS, "ModuleNotFoundError")] {
            let names: Vec<&str> = names.split_whitespace().collect();
            let arguments: Vec<Value> = names.iter().map(|name| json!([name])).collect();
            let runs = stage.calls(source, "f", &arguments).await?;
            for (name, run) in names.iter().zip(&runs) {
                assert_eq!(run["value"], expected, "{name}: {run}");
            }
            assert_eq!(runs.len(), names.len());
        }
        Ok(())
    })
}

#[test]
fn standard_library_works() -> Result<()> {
    wrote(
        "import math, json, re, collections, itertools, functools, heapq, bisect, random, string\n\
         import datetime, dataclasses, typing, decimal, fractions, statistics, copy, textwrap, enum\n\
         print(math.isqrt(17), math.comb(5, 2), round(math.pi, 4))\n\
         print(json.dumps({'b': [1, None], 'a': 'ä'}, sort_keys=True), json.loads('[1.5]'))\n\
         print(re.sub(r'(\\w+)@(\\w+)', r'\\2 at \\1', 'x@y'), re.findall(r'\\d+', 'a1b22'))\n\
         print(collections.Counter('abca').most_common(1), list(itertools.permutations('ab')))\n\
         print(functools.reduce(lambda a, b: a * b, range(1, 6)), heapq.nsmallest(2, [3, 1, 2]))\n\
         random.seed(42); print(random.randint(1, 100), random.sample(range(10), 3))\n\
         print(datetime.date(2024, 2, 29) + datetime.timedelta(days=366))\n\
         print(datetime.datetime.strptime('2024-01-02', '%Y-%m-%d').strftime('%d/%m/%y'))\n\
         print(decimal.Decimal('0.1') + decimal.Decimal('0.2'), fractions.Fraction(1, 3) * 2)\n\
         print(statistics.median([1, 3, 2]), textwrap.shorten('hello big world', 10))\n\
         @dataclasses.dataclass(order=True)\n\
         class P:\n  x: int\n  y: typing.Optional[int] = None\n\
         print(P(1) < P(2), copy.deepcopy(P(1, 2)))\n\
         class C(enum.Enum):\n  RED = 1\n\
         print(C.RED, C(1).name, f'{1234.5:,.2f}', bisect.bisect([1, 2, 4], 3))\n\
         match {'k': [1, 2]}:\n  case {'k': [a, *_]}: print('matched', a)\n",
        "4 10 3.1416\n\
         {\"a\": \"\\u00e4\", \"b\": [1, null]} [1.5]\n\
         y at x ['1', '22']\n\
         [('a', 2)] [('a', 'b'), ('b', 'a')]\n\
         120 [1, 2]\n\
         82 [1, 0, 4]\n\
         2025-03-01\n\
         02/01/24\n\
         0.3 2/3\n\
         2 [...]\n\
         True P(x=1, y=2)\n\
         C.RED RED 1,234.50 2\n\
         matched 1\n",
    )
}

#[test]
fn sleeping_takes_no_real_time() -> Result<()> {
    wrote(
        "import time\nstart = time.time()\ntime.sleep(1.5)\nprint(time.time() - start >= 1.5)\n\
         print(time.tzname, time.process_time() >= 1.5)",
        "True\n('UTC', 'UTC') True\n",
    )
}

#[test]
fn randomness_differs_from_run_to_run() -> Result<()> {
    crate::python(async |stage| {
        for source in [
            "import random\nrandom.random()",
            "import random\nrandom.Random().random()",
            "import os\nlist(os.urandom(8))",
            "import uuid\nstr(uuid.uuid4())",
        ] {
            let mut request = stage.request(source);
            request["runs"] = json!([{}, {}]);
            let runs = stage.runs(&request).await?;
            assert!(!runs[0]["value"].is_null(), "{source}: {runs:?}");
            assert_ne!(runs[0]["value"], runs[1]["value"], "{source}");
        }
        Ok(())
    })
}

#[test]
fn there_is_no_way_out() -> Result<()> {
    failed("open('/etc/passwd')", &["FileNotFoundError"])?;
    failed("open('x', 'w')", &["FileNotFoundError"])?;
    failed("import os\nos.listdir('/')", &["Error: [Errno"])?;
    failed("import os\nos.system('ls')", &["AttributeError"])?;
    failed(
        "import socket",
        &["ModuleNotFoundError: No module named 'socket'"],
    )?;
    wrote("import os\nprint(dict(os.environ))", "{}\n")
}

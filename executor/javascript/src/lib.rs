//! The JavaScript guest: Boa, with what a program needs to read its input, to write, and to wait.

mod clock;
mod globals;
mod methods;
mod pressure;
mod program;
mod queue;
mod search;
mod shape;
mod uncaught;

use std::rc::Rc;

use boa_engine::context::ContextBuilder;
use boa_engine::{Context, JsObject, JsResult};
use boa_runtime::extensions::{
    Base64Extension, EncodingExtension, MicrotaskExtension, StructuredCloneExtension,
    TimeoutExtension,
};
use redrive_guest::{Description, Interpreter, Job, Outcome, Stream, export, write};

use clock::HostClock;
use queue::Queue;

/// How many calls may be in progress: about what Node.js allows. Calls from JavaScript to
/// JavaScript take no stack of the machine; those that go through a built-in function do, and may
/// run out of it earlier.
const MAX_CALLS: usize = 10_000;
/// How many values the calls in progress may hold.
const MAX_STACK: usize = 1_024 * 1_024;

/// The interpreter before a program has touched it.
struct JavaScript {
    context: Context,
    /// Formats any value as `console.log` does.
    inspect: JsObject,
    /// Used where a program cannot have replaced them.
    json: Json,
}

struct Json {
    parse: JsObject,
    stringify: JsObject,
}

impl JavaScript {
    fn new() -> JsResult<Self> {
        let queue = Rc::new(Queue::default());
        let mut context = ContextBuilder::new()
            .clock(Rc::new(HostClock))
            .job_executor(Rc::clone(&queue))
            .host_hooks(queue)
            .build()?;
        let limits = context.runtime_limits_mut();
        limits.set_recursion_limit(MAX_CALLS);
        limits.set_stack_size_limit(MAX_STACK);
        let additions = (
            Base64Extension,
            TimeoutExtension,
            EncodingExtension,
            MicrotaskExtension,
            StructuredCloneExtension,
        );
        boa_runtime::register_extensions(additions, None, &mut context)?;
        search::register(&mut context)?;
        pressure::register(&mut context)?;
        let inspect = globals::register(&mut context)?;
        let json = Json {
            parse: globals::function(&mut context, "JSON.parse")?,
            stringify: globals::function(&mut context, "JSON.stringify")?,
        };
        Ok(Self {
            context,
            inspect,
            json,
        })
    }
}

/// Stands for an interpreter that could not be made, so that every run says why.
enum Guest {
    Ready(Box<JavaScript>),
    Broken(String),
}

impl Interpreter for Guest {
    fn description() -> Description {
        Description {
            language: "javascript",
            version: "ECMAScript 2025 (Boa 0.22.0)",
            runtime: "Boa 0.22.0, WebAssembly",
        }
    }

    fn prepare() -> Self {
        match JavaScript::new() {
            Ok(ready) => Self::Ready(Box::new(ready)),
            Err(error) => Self::Broken(error.to_string()),
        }
    }

    fn run(&mut self, job: Job) -> Outcome {
        match self {
            Self::Ready(javascript) => javascript.run(&job),
            Self::Broken(reason) => {
                let message = format!("the interpreter did not start: {reason}\n");
                write(Stream::Error, message.as_bytes());
                Outcome::exited(1)
            }
        }
    }
}

export!(Guest);

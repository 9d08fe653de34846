//! One run: the program, then the function if one is asked for.

use std::path::Path;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::builtins::{JsPromise, JsTypedArray};
use boa_engine::property::PropertyDescriptor;
use boa_engine::{JsResult, JsString, JsValue, Script, Source, js_string};
use redrive_guest::{Job, MAX_VALUE_BYTES, Outcome, Stream, write};

use crate::shape::{self, Shape};
use crate::{JavaScript, pressure, uncaught};

/// What the program is called in messages.
const FILE: &str = "main.js";
/// Where the script that calls the function does so, as messages have it.
pub(crate) const CALL: &str = "call:2:1";
/// After how much the engine lets us look at the memory: some twenty instructions. Looking costs
/// little, and a few instructions can make many megabytes.
const STRETCH: u32 = 64;

impl JavaScript {
    /// Runs a job to its end.
    pub(crate) fn run(&mut self, job: &Job) -> Outcome {
        pressure::start();
        let value = self.run_program(&job.source_code);
        let Some(name) = &job.function_name else {
            return match value {
                Ok(value) => self.value_of_program(&value),
                Err(error) => uncaught::report(&error, &self.inspect, &mut self.context),
            };
        };
        let called = match value {
            Ok(_) if self.has(name) => self.call(name, job),
            Ok(_) => return missing(name),
            Err(error) => Err(error),
        };
        match called {
            Ok(value) => self.value_of_function(&value),
            Err(error) => uncaught::report(&error, &self.inspect, &mut self.context),
        }
    }

    fn run_program(&mut self, code: &str) -> JsResult<JsValue> {
        let source = Source::from_bytes(code).with_path(Path::new(FILE));
        let script = Script::parse(source, None, &mut self.context)?;
        let value = self.evaluate(&script)?;
        self.settle(value)
    }

    /// Evaluates a script, and looks after the memory all the while.
    fn evaluate(&mut self, script: &Script) -> JsResult<JsValue> {
        let mut evaluation = pin!(script.evaluate_async_with_budget(&mut self.context, STRETCH));
        let mut waiting = TaskContext::from_waker(Waker::noop());
        loop {
            match evaluation.as_mut().poll(&mut waiting) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending => pressure::relieve(),
            }
        }
    }

    /// Whether there is a function of this name, however it was declared: `const f = …` is no
    /// property of the global object.
    fn has(&mut self, name: &str) -> bool {
        let expression = Script::parse(Source::from_bytes(name), None, &mut self.context);
        let value = expression.and_then(|expression| expression.evaluate(&mut self.context));
        value.is_ok_and(|value| value.as_callable().is_some())
    }

    /// Calls a function by a script: the engine does not interrupt what it calls for us.
    fn call(&mut self, name: &str, job: &Job) -> JsResult<JsValue> {
        let global = self.context.global_object();
        let mut places = Vec::with_capacity(job.arguments.len());
        for (index, argument) in job.arguments.iter().enumerate() {
            let text = JsString::from(argument.get()).into();
            let parse = &self.json.parse;
            let value = parse.call(&JsValue::undefined(), &[text], &mut self.context)?;
            // Not enumerable, and under a name that no program has.
            let key = format!("argument {index}");
            let property = PropertyDescriptor::builder().value(value);
            places.push(format!("this[\"{key}\"]"));
            global.define_property_or_throw(JsString::from(key), property, &mut self.context)?;
        }
        // In a line of its own, so that CALL holds for every name.
        let code = format!("{name}\n({})", places.join(","));
        let source = Source::from_bytes(&code).with_path(Path::new("call"));
        let call = Script::parse(source, None, &mut self.context)?;
        let value = self.evaluate(&call)?;
        self.settle(value)
    }

    /// Does all that is left to do, and looks into a promise.
    fn settle(&mut self, value: JsValue) -> JsResult<JsValue> {
        self.context.run_jobs()?;
        let Some(promise) = value
            .as_object()
            .and_then(|object| JsPromise::from_object(object).ok())
        else {
            return Ok(value);
        };
        match promise.state() {
            PromiseState::Fulfilled(value) => Ok(value),
            PromiseState::Rejected(reason) => Err(boa_engine::JsError::from_opaque(reason)),
            // Nothing is left that could settle it.
            PromiseState::Pending => Ok(JsValue::undefined()),
        }
    }

    fn stringify(&mut self, value: &JsValue) -> JsResult<Option<String>> {
        let text = self.json.stringify.call(
            &JsValue::undefined(),
            std::slice::from_ref(value),
            &mut self.context,
        )?;
        // Well-formed: `JSON.stringify` escapes what is not.
        Ok(text.as_string().map(|text| text.to_std_string_lossy()))
    }

    /// Whether a value has more elements than fit into what may be handed over, each of one digit
    /// and a comma. Converting it could end the run.
    fn is_too_long(&mut self, value: &JsValue) -> bool {
        let Some(object) = value.as_object() else {
            return false;
        };
        if !object.is_array() && JsTypedArray::from_object(object.clone()).is_err() {
            return false;
        }
        let length = object.get(js_string!("length"), &mut self.context);
        let most = u32::try_from(MAX_VALUE_BYTES / 2).unwrap_or(u32::MAX);
        length.is_ok_and(|length| length.as_number() > Some(f64::from(most)))
    }

    /// A program's value is a by-product: one that is no JSON is not worth a word.
    fn value_of_program(&mut self, value: &JsValue) -> Outcome {
        if self.is_too_long(value) {
            return Outcome::without_value();
        }
        match shape::of(value, &mut self.context) {
            Ok(Shape::Json) => {}
            Ok(Shape::TooLarge) => return Outcome::without_value(),
            Ok(Shape::NotJson(_)) | Err(_) => return Outcome::exited(0),
        }
        match self.stringify(value) {
            Ok(Some(json)) => Outcome::with_value(&json),
            Ok(None) | Err(_) => Outcome::exited(0),
        }
    }

    /// A function's value is what was asked for.
    fn value_of_function(&mut self, value: &JsValue) -> Outcome {
        if self.is_too_long(value) {
            return Outcome::without_value();
        }
        let text = match shape::of(value, &mut self.context) {
            Ok(Shape::Json) => self.stringify(value),
            Ok(Shape::TooLarge) => return Outcome::without_value(),
            Ok(Shape::NotJson(why)) => return no_json(why),
            Err(error) => Err(error),
        };
        match text {
            Ok(Some(json)) => Outcome::with_value(&json),
            // What a function gives that gives nothing.
            Ok(None) if value.is_undefined() => Outcome::with_value("null"),
            Ok(None) => no_json("functions and symbols are no JSON"),
            Err(error) => no_json(&uncaught::told(&error)),
        }
    }
}

fn no_json(why: &str) -> Outcome {
    let message = format!("the returned value is no JSON: {why}\n");
    write(Stream::Error, message.as_bytes());
    Outcome::exited(0)
}

fn missing(name: &str) -> Outcome {
    let message = format!("{FILE} defines no function {name}\n");
    write(Stream::Error, message.as_bytes());
    Outcome::exited(1)
}

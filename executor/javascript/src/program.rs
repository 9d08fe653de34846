//! One run: the program, then the function if one is asked for.

use std::path::Path;

use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::builtins::{JsPromise, JsTypedArray};
use boa_engine::{JsObject, JsResult, JsString, JsValue, Script, Source, js_string};
use redrive_guest::{Job, MAX_VALUE_BYTES, Outcome, Stream, write};

use crate::{JavaScript, pressure, uncaught};

/// What the program is called in messages.
const FILE: &str = "main.js";

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
            Ok(_) => match self.find(name) {
                Some(function) => self.call(&function, job),
                None => return missing(name),
            },
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
        let value = script.evaluate(&mut self.context)?;
        self.settle(value)
    }

    /// The function of this name, however it was declared: `const f = …` is no property of the
    /// global object.
    fn find(&mut self, name: &str) -> Option<JsObject> {
        let expression = Script::parse(Source::from_bytes(name), None, &mut self.context).ok()?;
        expression.evaluate(&mut self.context).ok()?.as_callable()
    }

    fn call(&mut self, function: &JsObject, job: &Job) -> JsResult<JsValue> {
        let mut arguments = Vec::with_capacity(job.arguments.len());
        for argument in &job.arguments {
            let text = JsString::from(argument.get());
            arguments.push(self.json.parse.call(
                &JsValue::undefined(),
                &[text.into()],
                &mut self.context,
            )?);
        }
        let value = function.call(&JsValue::undefined(), &arguments, &mut self.context)?;
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
        match self.stringify(value) {
            Ok(json) => Outcome::with_value(json.as_deref().unwrap_or("null")),
            Err(error) => {
                let message = format!(
                    "the returned value is no JSON: {}\n",
                    uncaught::told(&error)
                );
                write(Stream::Error, message.as_bytes());
                Outcome::exited(0)
            }
        }
    }
}

fn missing(name: &str) -> Outcome {
    let message = format!("{FILE} defines no function {name}\n");
    write(Stream::Error, message.as_bytes());
    Outcome::exited(1)
}

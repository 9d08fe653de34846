//! `submit`: one job.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::{Context, job};
use crate::arguments::{
    ExecuteOptions, FileOptions, GenerateOptions, JobOptions, SubmitCommand, SubmitOptions,
    TestsOptions,
};
use crate::client::Call;
use crate::console::printable;
use crate::documents::Accepted;
use crate::failure::{Failure, Outcome};

/// What is to be sent, and where.
struct Request {
    path: &'static [&'static str],
    body: Box<RawValue>,
    options: SubmitOptions,
}

/// Submits a job, and waits for it if that is asked for.
pub(super) async fn submit(
    context: &Context<'_>,
    command: SubmitCommand,
) -> Result<Outcome, Failure> {
    let request = match command {
        SubmitCommand::Generate(options) => generate(&options)?,
        SubmitCommand::Execute(options) => execute(&options)?,
        SubmitCommand::Tests(options) => tests(&options)?,
        SubmitCommand::File(options) => file(&options)?,
    };
    let call = Call::create(request.path.iter().copied())
        .idempotency_key(request.options.idempotency_key)
        .json(&request.body)?;
    let document = context.client.document(&call).await?;
    let accepted: Accepted = document.read_as()?;
    if request.options.wait {
        context
            .console
            .note(&format!("{} is accepted", printable(&accepted.job_id)));
        return wait(context, &accepted.job_id).await;
    }
    if context.console.json {
        context.console.line(&document.text)?;
    } else {
        context.console.line(&printable(&accepted.job_id))?;
    }
    Ok(Outcome::Done)
}

/// Prints the result alone, so that it can be piped on; how the job went is no part of it.
async fn wait(context: &Context<'_>, id: &str) -> Result<Outcome, Failure> {
    let console = context.console;
    let (document, ended) = job::wait(context, id).await?;
    if console.json {
        console.line(&document.text)?;
        return Ok(job::outcome(&ended));
    }
    if let Some(result) = &ended.result {
        job::print_result(context, result)?;
    }
    match &ended.error {
        Some(error) if ended.status != "succeeded" => {
            console.fail(&Failure::Failed(format!(
                "the job is {}: {}: {}",
                ended.status, error.code, error.message
            )));
            console.note(&format!("  see `redrive status {id}`"));
        }
        _ => console.note(&format!("{id} {}", printable(&ended.status))),
    }
    Ok(job::outcome(&ended))
}

fn generate(options: &GenerateOptions) -> Result<Request, Failure> {
    let whom = serde_json::to_value(options.whom()?).context("cannot write the request")?;
    let prompt = match (&options.prompt, &options.prompt_file) {
        (Some(dash), _) if dash == "-" => read_text(Path::new("-"))?,
        (Some(prompt), _) => prompt.clone(),
        (None, Some(path)) => read_text(path)?,
        (None, None) => String::new(),
    };
    let mut body = fields(options, &options.job)?;
    if let Value::Object(whom) = whom {
        body.extend(whom);
    }
    body.insert("prompt".to_owned(), json!(prompt));
    Ok(Request {
        path: &["generate"],
        body: raw(&body)?,
        options: options.submit.clone(),
    })
}

fn execute(options: &ExecuteOptions) -> Result<Request, Failure> {
    let mut body = fields(options, &options.job)?;
    body.insert("sourceCode".to_owned(), json!(read_text(&options.program)?));
    if let Some(path) = &options.stdin_file {
        body.insert("stdin".to_owned(), json!(read_text(path)?));
    }
    Ok(Request {
        path: &["execute"],
        body: raw(&body)?,
        options: options.submit.clone(),
    })
}

fn tests(options: &TestsOptions) -> Result<Request, Failure> {
    let mut body = fields(options, &options.job)?;
    body.insert("userCode".to_owned(), json!(read_text(&options.program)?));
    body.insert("testCases".to_owned(), read_json(&options.cases)?);
    Ok(Request {
        path: &["execute", "tests"],
        body: raw(&body)?,
        options: options.submit.clone(),
    })
}

fn file(options: &FileOptions) -> Result<Request, Failure> {
    let path: &[&str] = match options.kind.as_str() {
        "execute" => &["execute"],
        "execute_tests" => &["execute", "tests"],
        _ => &["generate"],
    };
    Ok(Request {
        path,
        // As it stands, so that the server sees what no map can hold: a key that is there twice.
        body: read_json(&options.request)?,
        options: options.submit.clone(),
    })
}

/// The options as fields of a request.
fn fields(
    options: &impl serde::Serialize,
    job: &JobOptions,
) -> Result<Map<String, Value>, Failure> {
    let fields = serde_json::to_value(options).context("cannot write the request")?;
    let Value::Object(mut fields) = fields else {
        return Ok(Map::new());
    };
    if !job.metadata.is_empty() {
        let labels = job.metadata.iter().cloned();
        let labels: Map<String, Value> = labels.map(|(key, value)| (key, json!(value))).collect();
        fields.insert("metadata".to_owned(), Value::Object(labels));
    }
    Ok(fields)
}

/// A whole file as text, or all of standard input for `-`.
fn read_text(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    }
    .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(text)
}

fn raw(body: &Map<String, Value>) -> Result<Box<RawValue>, Failure> {
    let raw = to_raw_value(body).context("cannot write the request")?;
    Ok(raw)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| Failure::Usage(format!("{} is not JSON: {error}", path.display())))
}

//! A request for an execution.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::simulator::asked::{Asked, Body, InvalidRequest, field};
use crate::simulator::piston::Job;
use crate::simulator::piston::runtimes::Runtime;

/// What a source says before the name of what it wants simulated.
const MARKER: &str = "simulate: ";

/// The largest of each limit; one below zero bounds nothing. Times are in milliseconds, memory in
/// bytes.
const LIMITS: [(&str, f64); 6] = [
    ("compile_memory_limit", -1.0),
    ("run_memory_limit", -1.0),
    ("compile_timeout", 10_000.0),
    ("run_timeout", 3_000.0),
    ("compile_cpu_time", 10_000.0),
    ("run_cpu_time", 3_000.0),
];

/// The name of the model that a source asks for, or of its language.
pub(crate) fn model(body: &Body) -> String {
    let source = body.fields().map(sources).unwrap_or_default();
    match marked(&source) {
        Some(("print", _)) => "sim-ok".to_owned(),
        Some((name, _)) => format!("sim-{name}"),
        None => {
            let language = body.fields().and_then(|fields| field(fields, "language"));
            let language = language.and_then(Value::as_str);
            language.unwrap_or_default().to_owned()
        }
    }
}

/// The limits that a request names, whatever they are.
pub(crate) fn limits(body: &Body) -> BTreeMap<&'static str, Value> {
    let fields = body.fields();
    let named = LIMITS.iter().filter_map(|(name, _)| {
        let value = fields.and_then(|fields| field(fields, name))?;
        Some((*name, value.clone()))
    });
    named.collect()
}

/// Reads the request.
pub(crate) fn read(body: &Body, model: &str) -> Result<Asked, InvalidRequest> {
    let fields = body
        .fields()
        .ok_or_else(|| InvalidRequest::bare("the body is no JSON object"))?;
    let language = required(fields, "language")?;
    let version = required(fields, "version")?;
    check_files(fields)?;
    let runtime = Runtime::find(language, version)
        .ok_or_else(|| InvalidRequest::bare(format!("{language}-{version} runtime is unknown")))?;
    check_limits(fields)?;
    let source = sources(fields);
    let printed = marked(&source)
        .filter(|(name, _)| *name == "print")
        .map(|(_, rest)| format!("{}\n", rest.trim()));
    let args = field(fields, "args").and_then(Value::as_array);
    let args = args.into_iter().flatten().filter_map(Value::as_str);
    let time = |name, default| {
        field(fields, name)
            .and_then(Value::as_u64)
            .unwrap_or(default)
    };
    let stdin = field(fields, "stdin").and_then(Value::as_str);
    Ok(Asked {
        model: model.to_owned(),
        job: Some(Job {
            runtime,
            stdin: stdin.unwrap_or_default().to_owned(),
            args: args.map(str::to_owned).collect(),
            printed,
            run_timeout: time("run_timeout", 3_000),
            compile_timeout: time("compile_timeout", 10_000),
        }),
        ..Asked::default()
    })
}

fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, InvalidRequest> {
    field(fields, name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| InvalidRequest::bare(format!("{name} is required as a string")))
}

fn check_files(fields: &Map<String, Value>) -> Result<(), InvalidRequest> {
    let files = field(fields, "files").and_then(Value::as_array);
    let files = files.ok_or_else(|| InvalidRequest::bare("files is required as an array"))?;
    let wrong = |file: &Value| !file.get("content").is_some_and(Value::is_string);
    if let Some(index) = files.iter().position(wrong) {
        let message = format!("files[{index}].content is required as a string");
        return Err(InvalidRequest::bare(message));
    }
    let is_text = |file: &Value| matches!(encoding(file), None | Some("utf8"));
    if files.iter().any(is_text) {
        return Ok(());
    }
    let message = "files must include at least one utf8 encoded file";
    Err(InvalidRequest::bare(message))
}

fn encoding(file: &Value) -> Option<&str> {
    file.get("encoding").and_then(Value::as_str)
}

fn check_limits(fields: &Map<String, Value>) -> Result<(), InvalidRequest> {
    for (name, most) in LIMITS {
        let Some(value) = field(fields, name) else {
            continue;
        };
        let refused = match value.as_f64() {
            None => format!("If specified, {name} must be a number"),
            Some(number) if most > 0.0 && number > most => {
                format!("{name} cannot exceed the configured limit of {most}")
            }
            Some(number) if most > 0.0 && number < 0.0 => format!("{name} must be non-negative"),
            Some(_) => continue,
        };
        return Err(InvalidRequest::bare(refused));
    }
    Ok(())
}

/// The text of all files.
fn sources(fields: &Map<String, Value>) -> String {
    let files = field(fields, "files").and_then(Value::as_array);
    let files = files.into_iter().flatten();
    let contents = files.filter_map(|file| file.get("content")?.as_str());
    contents.collect::<Vec<_>>().join("\n")
}

/// The name behind the marker, and the rest of its line.
fn marked(source: &str) -> Option<(&str, &str)> {
    let (_, behind) = source.split_once(MARKER)?;
    let line = behind.lines().next()?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_@.".contains(c);
    let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
    line.split_at_checked(end)
        .filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Body, marked, model};

    #[test]
    fn marker_names_what_is_simulated() {
        assert_eq!(marked("# simulate: timeout\nx"), Some(("timeout", "")));
        assert_eq!(
            marked("/* simulate: 429-then-ok-2@x */"),
            Some(("429-then-ok-2@x", " */"))
        );
        assert_eq!(marked("# simulate: print a b"), Some(("print", " a b")));
        assert_eq!(marked("# simulate: "), None);
        assert_eq!(marked("print(1)"), None);
    }

    #[test]
    fn source_without_a_marker_is_named_by_its_language() {
        let body = json!({"language": "python", "files": [{"content": "print(1)"}]});
        assert_eq!(model(&Body::new(body.to_string().as_bytes())), "python");
    }
}

//! JSON for a reader: what fits into a line stands in one.

use serde_json::Value;

const WIDTH: usize = 110;
const INDENT: usize = 2;

/// The same JSON over as many lines as it takes.
pub(super) fn pretty(json: &Value) -> String {
    written(json, 0, 0)
}

/// A value whose lines begin at `indent`, and whose first line has so many characters `before` it.
fn written(value: &Value, indent: usize, before: usize) -> String {
    let line = in_one_line(value);
    if indent + before + line.chars().count() <= WIDTH {
        return line;
    }
    let inner = indent + INDENT;
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| written(item, inner, 0));
            over_lines('[', items, ']', indent)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = format!("{}: ", Value::from(name.as_str()));
                let value = written(value, inner, name.chars().count());
                name + &value
            });
            over_lines('{', fields, '}', indent)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => line,
    }
}

fn over_lines(
    open: char,
    parts: impl Iterator<Item = String>,
    close: char,
    indent: usize,
) -> String {
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + INDENT));
    let parts: Vec<String> = parts.map(|part| inner.clone() + &part).collect();
    format!("{open}\n{}\n{outer}{close}", parts.join(",\n"))
}

fn in_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), in_one_line(value))
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_into_a_line_stands_in_one() {
        let value = json!({"a": [1, "x\ny"], "b": {"c": null}});
        assert_eq!(pretty(&value), r#"{"a": [1, "x\ny"], "b": {"c": null}}"#);
    }

    #[test]
    fn what_is_longer_is_told_part_by_part_and_stays_the_same() {
        let long = "x".repeat(60);
        let value = json!({"a": [1, 2], "b": [long, {"c": long}]});
        let text = pretty(&value);
        let expected = format!(
            "{{\n  \"a\": [1, 2],\n  \"b\": [\n    \"{long}\",\n    {{\"c\": \"{long}\"}}\n  ]\n}}"
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}

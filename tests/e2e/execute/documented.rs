//! What docs/execute.md shows is what happens.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;
use xtask::checkout;

use super::{EXECUTE, TESTS, succeeded};
use crate::stages::shared;

/// The body that the document's example posts to a path, and the result that stands below it.
fn example(document: &str, path: &str) -> Result<(Value, Value)> {
    let (_, behind) = document
        .split_once(&format!("curl -s \"$URL{path}\""))
        .with_context(|| format!("no example of {path}"))?;
    let (_, body) = behind.split_once("-d '").context("no body")?;
    let (body, behind) = body.split_once("'\n").context("the body has no end")?;
    let (_, result) = behind.split_once("```json\n").context("no result")?;
    let (result, _) = result.split_once("```").context("the result has no end")?;
    Ok((serde_json::from_str(body)?, serde_json::from_str(result)?))
}

/// The same with every time as 0.
fn timeless(mut value: Value) -> Value {
    if let Some(duration) = value.get_mut("durationMs") {
        *duration = 0.into();
    }
    let cases = value.get_mut("cases").and_then(Value::as_array_mut);
    for case in cases.into_iter().flatten() {
        *case = timeless(case.take());
    }
    value
}

#[test]
fn examples_of_the_document_give_what_stands_below_them() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let document = fs::read_to_string(checkout::path("docs/execute.md"))?;
        for path in [EXECUTE, TESTS] {
            let (request, result) = example(&document, path)?;
            let mut ended = succeeded(&tenant.client, path, &request).await?;
            assert_eq!(timeless(ended["result"].take()), timeless(result), "{path}");
        }
        Ok(())
    })
}

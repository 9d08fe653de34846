//! What the providers say about a request before it is accepted.

use crate::configuration::ProviderConfiguration;
use crate::request::GenerateInput;
use serde_json::Value;

/// What a provider cannot do: a pointer into the input, and the rule.
pub(super) fn unsupported(
    _configuration: &ProviderConfiguration,
    _model: &str,
    _input: &GenerateInput,
) -> Vec<(String, String)> {
    Vec::new()
}

/// Whether a JSON Schema can be held against an answer.
pub(super) fn check_schema(_schema: &Value) -> Result<(), String> {
    Ok(())
}

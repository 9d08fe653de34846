use worker::Env;

/// A variable or secret of the Worker; `None` when it is absent or empty.
#[must_use]
pub fn setting(env: &Env, name: &str) -> Option<String> {
    let text = env.var(name).ok()?.to_string();
    (!text.trim().is_empty()).then_some(text)
}

/// A variable that is a whole number within `range`, or `default` when it is absent.
///
/// # Errors
/// A sentence that names the variable and the range, when it is something else.
pub fn whole_number(
    env: &Env,
    name: &str,
    range: std::ops::RangeInclusive<u32>,
    default: u32,
) -> Result<u32, String> {
    let Some(text) = setting(env, name) else {
        return Ok(default);
    };
    text.trim()
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "{name} must be a whole number from {} to {}",
                range.start(),
                range.end()
            )
        })
}

//! A configuration on its way to the Workers: JSON text in variables.
//!
//! Cloudflare takes at most 5 KB a variable
//! (<https://developers.cloudflare.com/workers/platform/limits/#environment-variables>), so a longer
//! text is spread over several: `PROVIDERS`, `PROVIDERS_2`, `PROVIDERS_3`…

/// The name of the first variable.
pub const FIRST: &str = "PROVIDERS";

/// The most bytes of a variable.
pub const BYTES: usize = 4_500;

/// The most variables. A Worker has at most 64 in all, on the smaller plan.
pub const COUNT: usize = 32;

/// The text in parts, each with the name of its variable; in order.
#[must_use]
pub fn split(text: &str) -> Vec<(String, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = rest
            .split_at_checked(rest.floor_char_boundary(BYTES))
            .unwrap_or((rest, ""));
        parts.push((name(parts.len()), part));
        if after.is_empty() {
            return parts;
        }
        rest = after;
    }
}

/// The text that the variables hold, up to the first one that is absent; `None`: there is none.
#[must_use]
pub fn join(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut text = variable(FIRST)?;
    for index in 1..COUNT {
        let Some(part) = variable(&name(index)) else {
            break;
        };
        text.push_str(&part);
    }
    Some(text)
}

fn name(index: usize) -> String {
    if index == 0 {
        FIRST.to_owned()
    } else {
        format!("{FIRST}_{}", index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn variables(text: &str) -> BTreeMap<String, String> {
        let parts = split(text).into_iter();
        parts.map(|(name, part)| (name, part.to_owned())).collect()
    }

    #[test]
    fn a_short_text_is_one_variable() {
        assert_eq!(split("{}"), [("PROVIDERS".to_owned(), "{}")]);
        assert_eq!(join(|_| None), None);
    }

    #[test]
    fn a_long_text_is_spread_in_order() {
        let text = "é".repeat(5_000);
        let names: Vec<String> = split(&text).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["PROVIDERS", "PROVIDERS_2", "PROVIDERS_3"]);
    }

    proptest! {
        #[test]
        fn every_text_is_joined_again_from_parts_that_fit(text in "[a-zé€😀]{1,6000}") {
            let variables = variables(&text);
            prop_assert!(variables.values().all(|part| part.len() <= BYTES));
            prop_assert_eq!(join(|name| variables.get(name).cloned()), Some(text));
        }
    }
}

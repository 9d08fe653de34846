//! Whether what a program gave is what was expected. Pure and total.

use serde_json::{Number, Value};

/// Whether two JSON values say the same.
///
/// Objects have no order, arrays have one. Strings, booleans and `null` are equal to themselves
/// alone. Of two whole numbers the difference may be at most `tolerance`; as soon as one has a
/// fraction or an exponent, it may also be that part of the larger one, so that `1` equals `1.0`,
/// and `0.1 + 0.2` equals `0.3`.
#[must_use]
pub fn equal(actual: &Value, expected: &Value, tolerance: f64) -> bool {
    match (actual, expected) {
        (Value::Number(actual), Value::Number(expected)) => near(actual, expected, tolerance),
        (Value::Array(actual), Value::Array(expected)) => {
            let mut pairs = actual.iter().zip(expected);
            actual.len() == expected.len()
                && pairs.all(|(actual, expected)| equal(actual, expected, tolerance))
        }
        (Value::Object(actual), Value::Object(expected)) => {
            actual.len() == expected.len()
                && expected.iter().all(|(key, expected)| {
                    let actual = actual.get(key);
                    actual.is_some_and(|actual| equal(actual, expected, tolerance))
                })
        }
        (Value::String(actual), Value::String(expected)) => actual == expected,
        (Value::Bool(actual), Value::Bool(expected)) => actual == expected,
        (Value::Null, Value::Null) => true,
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            _,
        ) => false,
    }
}

fn near(actual: &Number, expected: &Number, tolerance: f64) -> bool {
    if let (Some(actual), Some(expected)) = (whole(actual), whole(expected)) {
        let difference = actual.abs_diff(expected);
        // A part of a whole number would let 10,000,000,001 pass for 10,000,000,002.
        return difference == 0 || as_double(difference) <= tolerance;
    }
    let (Some(actual), Some(expected)) = (actual.as_f64(), expected.as_f64()) else {
        return false;
    };
    let larger = actual.abs().max(expected.abs()).max(1.0);
    // Not a number is near nothing: every comparison with it is false.
    (actual - expected).abs() <= tolerance * larger
}

fn whole(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

/// A difference as a double; one too large for that is over every tolerance.
fn as_double(difference: u128) -> f64 {
    u32::try_from(difference).map_or(f64::INFINITY, f64::from)
}

/// Whether two texts are the same but for white space at the ends of lines and at the end.
#[must_use]
pub fn same_text(actual: &str, expected: &str) -> bool {
    lines(actual).eq(lines(expected))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end().split('\n').map(str::trim_end)
}

#[cfg(test)]
mod tests;

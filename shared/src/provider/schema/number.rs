//! Numbers and values as JSON Schema compares them: 1 and 1.0 are the same.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Whether a number has no fraction.
pub(super) fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || float(number).fract() == 0.0
}

/// Which of two numbers is the larger one.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    if let (Some(one), Some(other)) = (whole(one), whole(other)) {
        return one.cmp(&other);
    }
    // JSON has no NaN.
    let order = float(one).partial_cmp(&float(other));
    order.unwrap_or(Ordering::Equal)
}

/// Whether a number is another one some whole times over.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    match (whole(number), whole(of)) {
        (Some(_), Some(0)) => false,
        (Some(number), Some(of)) => number % of == 0,
        _ => {
            let times = float(number) / float(of);
            // Decimal fractions are not exact: 0.0075 is 75 times 0.0001 only nearly.
            times.is_finite() && (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
        }
    }
}

/// Whether two values are the same. `steps` is counted down by what was looked at; at 0, they are
/// called different.
pub(super) fn same(one: &Value, other: &Value, steps: &mut u32) -> bool {
    let Some(left) = steps.checked_sub(1) else {
        return false;
    };
    *steps = left;
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => compare(one, other) == Ordering::Equal,
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| same(one, other, steps))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| same(one, other, steps)))
        }
        (one, other) => one == other,
    }
}

fn whole(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::MAX)
}

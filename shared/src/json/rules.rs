//! What a field may hold. A rule is a function from an [`Item`] to its value or its violations, so
//! rules are put together: `array(1..=10, text(1..=64))`.

use super::fields::{FieldError, Fields, Item, MAX_FIELD_ERRORS};
use crate::clock::Instant;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// What a rule answers.
pub type Ruling<T> = Result<T, Vec<FieldError>>;

/// A string of so many bytes, byte for byte as it was sent, without the NUL character: D1
/// stores it, but its `length()` and many clients take it for the end.
pub fn text<'v>(bytes: RangeInclusive<usize>) -> impl Fn(Item<'v>) -> Ruling<&'v str> {
    move |item| {
        let Value::String(text) = item.value else {
            return Err(item.refuse("must be a string"));
        };
        if !bytes.contains(&text.len()) {
            return Err(item.refuse(format!(
                "must be {} to {} bytes long",
                bytes.start(),
                bytes.end()
            )));
        }
        if text.contains('\0') {
            return Err(item.refuse("must not contain a NUL character"));
        }
        Ok(text)
    }
}

/// A short string for people and lists: like [`text`], and without control characters, so that it
/// is one line.
pub fn label<'v>(bytes: RangeInclusive<usize>) -> impl Fn(Item<'v>) -> Ruling<&'v str> {
    checked(text(bytes), |label| {
        if label.contains(char::is_control) {
            Err("must not contain control characters")
        } else {
            Ok(label)
        }
    })
}

/// A time in RFC 3339.
pub fn time<'v>() -> impl Fn(Item<'v>) -> Ruling<Instant> {
    checked(text(1..=64), |time| {
        Instant::parse_rfc3339(time)
            .ok_or("must be a time in RFC 3339, such as `2026-11-21T10:55:17Z`; in a URL, `+` is written `%2B`")
    })
}

/// A whole number within `bounds`, written as one: `1.0`, `1e3` and `"1"` are refused, because
/// readers disagree on whether they are whole numbers.
pub fn integer<'v, N>(bounds: RangeInclusive<N>) -> impl Fn(Item<'v>) -> Ruling<N>
where
    N: PartialOrd + Display + TryFrom<i64>,
{
    move |item| {
        item.value
            .as_i64()
            .and_then(|number| N::try_from(number).ok())
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| {
                item.refuse(format!(
                    "must be a whole number from {} to {}, without fraction or exponent",
                    bounds.start(),
                    bounds.end()
                ))
            })
    }
}

/// A number within `bounds`.
pub fn number<'v>(bounds: RangeInclusive<f64>) -> impl Fn(Item<'v>) -> Ruling<f64> {
    move |item| {
        item.value
            .as_f64()
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| {
                item.refuse(format!(
                    "must be a number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ))
            })
    }
}

/// `true` or `false`.
pub fn boolean<'v>() -> impl Fn(Item<'v>) -> Ruling<bool> {
    |item| {
        item.value
            .as_bool()
            .ok_or_else(|| item.refuse("must be `true` or `false`"))
    }
}

/// One of a few strings, each with what it stands for.
pub fn choice<'v, T: Copy>(choices: &[(&str, T)]) -> impl Fn(Item<'v>) -> Ruling<T> {
    move |item| {
        let chosen = item.value.as_str();
        choices
            .iter()
            .find(|(name, _)| Some(*name) == chosen)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| {
                let names: Vec<String> = choices
                    .iter()
                    .map(|(name, _)| format!("`{name}`"))
                    .collect();
                item.refuse(match names.as_slice() {
                    [only] => format!("must be {only}"),
                    several => format!("must be one of {}", several.join(", ")),
                })
            })
    }
}

/// An object, read by a function like the one that reads the body.
pub fn object<'v, T>(read: impl Fn(Fields<'v>) -> Ruling<T>) -> impl Fn(Item<'v>) -> Ruling<T> {
    move |item| read(Fields::of_item(&item))
}

/// An array of so many items, each read by `rule`. With a wrong length the items are not read.
pub fn array<'v, T>(
    length: RangeInclusive<usize>,
    rule: impl Fn(Item<'v>) -> Ruling<T>,
) -> impl Fn(Item<'v>) -> Ruling<Vec<T>> {
    move |item| {
        let items = item
            .value
            .as_array()
            .filter(|items| length.contains(&items.len()))
            .ok_or_else(|| {
                item.refuse(format!(
                    "must be an array of {} to {} items",
                    length.start(),
                    length.end()
                ))
            })?;
        collect(
            items
                .iter()
                .enumerate()
                .map(|(index, value)| rule(item.child(&index.to_string(), value))),
        )
    }
}

/// An object with keys of the client's own, at most `most` of them and each at most `key_bytes`
/// long, without the NUL character; each value is read by `rule`. No key means anything:
/// `__proto__` is a key like any other.
pub fn entries<'v, T>(
    most: usize,
    key_bytes: usize,
    rule: impl Fn(Item<'v>) -> Ruling<T>,
) -> impl Fn(Item<'v>) -> Ruling<BTreeMap<String, T>> {
    move |item| {
        let object = item
            .value
            .as_object()
            .filter(|object| object.len() <= most)
            .ok_or_else(|| item.refuse(format!("must be an object of at most {most} keys")))?;
        collect(object.iter().map(|(key, value)| {
            let entry = item.child(key, value);
            if key.len() > key_bytes {
                return Err(entry.refuse(format!("its key must be at most {key_bytes} bytes long")));
            }
            if key.contains('\0') {
                return Err(entry.refuse("its key must not contain a NUL character"));
            }
            Ok((key.clone(), rule(entry)?))
        }))
    }
}

/// An object with at most `most` names for its keys. A name is judged by `named`, whose error is
/// shown and so repeats nothing of it, and its value is read by `rule`, which is given the name.
pub fn names<'v, T, E: Display>(
    most: usize,
    named: impl Fn(&str) -> Result<(), E>,
    rule: impl Fn(&'v str, Item<'v>) -> Ruling<T>,
) -> impl Fn(Item<'v>) -> Ruling<BTreeMap<String, T>> {
    move |item| {
        let object = item
            .value
            .as_object()
            .filter(|object| object.len() <= most)
            .ok_or_else(|| item.refuse(format!("must be an object of at most {most} names")))?;
        collect(object.iter().map(|(name, value)| {
            let entry = item.child(name, value);
            named(name).map_err(|error| entry.refuse(format!("its name {error}")))?;
            Ok((name.clone(), rule(name, entry)?))
        }))
    }
}

/// What `rule` reads, judged and turned into something better by `check`, whose error is shown to
/// the client and so repeats nothing of the value.
pub fn checked<'v, T, U, E: Display>(
    rule: impl Fn(Item<'v>) -> Ruling<T>,
    check: impl Fn(T) -> Result<U, E>,
) -> impl Fn(Item<'v>) -> Ruling<U> {
    move |item| {
        let read = rule(item.clone())?;
        check(read).map_err(|error| item.refuse(error.to_string()))
    }
}

/// What `rule` reads, or JSON `null`.
pub fn nullable<'v, T>(
    rule: impl Fn(Item<'v>) -> Ruling<T>,
) -> impl Fn(Item<'v>) -> Ruling<Option<T>> {
    move |item| {
        if item.value.is_null() {
            Ok(None)
        } else {
            rule(item).map(Some)
        }
    }
}

/// All that was read, or all that is wrong.
///
/// One by one: `Iterator::collect` sorts what becomes a map, and each kind of entry would have a
/// sort of its own in the Wasm. The keys come in their order anyway.
fn collect<T, C: Default + Extend<T>>(rulings: impl Iterator<Item = Ruling<T>>) -> Ruling<C> {
    let mut errors = Vec::new();
    let mut read = C::default();
    for ruling in rulings {
        match ruling {
            Ok(one) => read.extend([one]),
            Err(found) => {
                let room = MAX_FIELD_ERRORS.saturating_sub(errors.len());
                errors.extend(found.into_iter().take(room));
            }
        }
    }
    if errors.is_empty() {
        Ok(read)
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests;

//! Reads a JSON object field by field and collects everything that is wrong with it.

use super::pointer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The most violations reported for one body; the rest are left out, so that a body of a million
/// unknown fields does not make an answer of its own size.
pub const MAX_FIELD_ERRORS: usize = 100;

/// One thing that is wrong with a body, as a problem document lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the value, or to where it is missing. Keys longer than 64 bytes
    /// are cut short.
    pub pointer: String,
    /// What the value must be, in our words: nothing of the value itself.
    pub detail: String,
}

/// For one who reads a log: where, and what.
impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() {
            "/"
        } else {
            self.pointer.as_str()
        };
        write!(formatter, "`{pointer}` {}", self.detail)
    }
}

/// A value and where it stands: what a rule is given.
#[derive(Clone, Debug)]
pub struct Item<'v> {
    pub(super) value: &'v Value,
    pointer: String,
}

impl<'v> Item<'v> {
    /// The outermost value, whose pointer is empty.
    pub(super) fn outermost(value: &'v Value) -> Self {
        Self {
            value,
            pointer: String::new(),
        }
    }

    /// The value at `segment` of this one.
    pub(super) fn child(&self, segment: &str, value: &'v Value) -> Self {
        Self {
            value,
            pointer: pointer::join(&self.pointer, segment),
        }
    }

    /// Whether the value is a string, where that decides how it is read.
    #[must_use]
    pub fn is_string(&self) -> bool {
        self.value.is_string()
    }

    /// Whether the value is an array, where that decides how it is read.
    #[must_use]
    pub fn is_array(&self) -> bool {
        self.value.is_array()
    }

    /// Whether the value is an object, where that decides how it is read.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.value.is_object()
    }

    /// The value as it is, for a rule that looks at all of it.
    #[must_use]
    pub const fn value(&self) -> &'v Value {
        self.value
    }

    /// The value as a number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        self.value.as_f64()
    }

    /// The violation that this value is not what it must be.
    #[must_use]
    pub fn refuse(&self, detail: impl Into<String>) -> Vec<FieldError> {
        vec![FieldError {
            pointer: self.pointer.clone(),
            detail: detail.into(),
        }]
    }
}

/// Reads one object. Every field is asked for once, with its rule; whatever is never asked for is
/// an unknown field, and refused.
///
/// ```
/// use redrive_shared::json::{FieldError, Fields, rules};
///
/// struct NewTenant {
///     name: String,
///     seats: Option<u32>,
/// }
///
/// fn read(value: &serde_json::Value) -> Result<NewTenant, Vec<FieldError>> {
///     let mut fields = Fields::of(value);
///     let name = fields.required("name", rules::label(1..=100));
///     let seats = fields.optional("seats", rules::integer(1..=500));
///     fields.finish(|| Some(NewTenant { name: name?.to_owned(), seats }))
/// }
///
/// let tenant = read(&serde_json::json!({"name": "Ada", "seats": 3}));
/// assert!(tenant.is_ok_and(|tenant| tenant.name == "Ada" && tenant.seats == Some(3)));
///
/// let errors = read(&serde_json::json!({"seats": "3", "plan": "gold"})).err().unwrap_or_default();
/// let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
/// assert_eq!(pointers, ["/name", "/seats", "/plan"]);
/// ```
#[derive(Debug)]
pub struct Fields<'v> {
    /// Absent when the value is no object; that violation is then the only one.
    object: Option<&'v Map<String, Value>>,
    pointer: String,
    asked: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<'v> Fields<'v> {
    /// Begins to read `value`, which must be an object.
    #[must_use]
    pub fn of(value: &'v Value) -> Self {
        Self::of_item(&Item::outermost(value))
    }

    pub(super) fn of_item(item: &Item<'v>) -> Self {
        let object = item.value.as_object();
        Self {
            object,
            pointer: item.pointer.clone(),
            asked: Vec::new(),
            errors: match object {
                Some(_) => Vec::new(),
                None => item.refuse("must be an object"),
            },
        }
    }

    /// Reads a field that must be there. `None` says that a violation was noted.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        rule: impl FnOnce(Item<'v>) -> Result<T, Vec<FieldError>>,
    ) -> Option<T> {
        if !self.has(name) {
            self.refuse(name, "is required");
        }
        self.optional(name, rule)
    }

    /// Reads a field that may be absent. `None` says that it is, or that a violation was noted;
    /// [`Self::finish`] tells them apart. JSON `null` is a value, not absence: only the rule
    /// [`super::rules::nullable`] takes it.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        rule: impl FnOnce(Item<'v>) -> Result<T, Vec<FieldError>>,
    ) -> Option<T> {
        match rule(self.ask(name)?) {
            Ok(read) => Some(read),
            Err(errors) => {
                self.note(errors);
                None
            }
        }
    }

    // What `optional` and `finish` do whatever is read stands in functions of its own, so that it is
    // not compiled again for every type of value: each of them is there a hundred times.
    fn ask(&mut self, name: &'static str) -> Option<Item<'v>> {
        self.asked.push(name);
        let value = self.object?.get(name)?;
        let pointer = pointer::join(&self.pointer, name);
        Some(Item { value, pointer })
    }

    /// Leaves fields unread without calling them unknown, where another violation tells enough.
    pub fn ignore(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// Whether the object has this field, valid or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.object.is_some_and(|object| object.contains_key(name))
    }

    /// Notes a violation that no rule of one field can see, such as two fields that exclude each
    /// other. Of what is no object there is nothing more to say.
    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        if self.object.is_none() {
            return;
        }
        let pointer = pointer::join(&self.pointer, name);
        self.note(vec![FieldError {
            pointer,
            detail: detail.into(),
        }]);
    }

    /// Notes a violation deep inside this object; `pointer` begins here.
    pub fn refuse_at(&mut self, pointer: &str, detail: impl Into<String>) {
        if self.object.is_none() {
            return;
        }
        let pointer = format!("{}{pointer}", self.pointer);
        self.note(vec![FieldError {
            pointer,
            detail: detail.into(),
        }]);
    }

    /// Ends the reading: builds what was read if there was no violation. `build` gives `None` only
    /// when a required field is missing, so a `?` on each of them is enough.
    ///
    /// # Errors
    /// Every violation noted, the unknown fields last, at most [`MAX_FIELD_ERRORS`].
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Vec<FieldError>> {
        let pointer = self.end()?;
        build().ok_or_else(|| {
            vec![FieldError {
                pointer,
                detail: "is not complete".to_owned(),
            }]
        })
    }

    /// The pointer to the object, in which nothing is wrong.
    fn end(mut self) -> Result<String, Vec<FieldError>> {
        self.refuse_unknown_fields();
        if self.errors.is_empty() {
            Ok(self.pointer)
        } else {
            Err(self.errors)
        }
    }

    /// Ends the reading with the violations noted so far, where one of them says enough: what is
    /// left is not called unknown.
    ///
    /// # Errors
    /// Always; a violation must have been noted.
    pub fn give_up<T>(self) -> Result<T, Vec<FieldError>> {
        Err(self.errors)
    }

    fn refuse_unknown_fields(&mut self) {
        let unknown: Vec<&str> = self
            .object
            .iter()
            .flat_map(|object| object.keys())
            .map(String::as_str)
            .filter(|key| !self.asked.contains(key))
            .take(MAX_FIELD_ERRORS)
            .collect();
        for name in unknown {
            self.refuse(name, "is not a known field");
        }
    }

    fn note(&mut self, errors: Vec<FieldError>) {
        let room = MAX_FIELD_ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(errors.into_iter().take(room));
    }
}

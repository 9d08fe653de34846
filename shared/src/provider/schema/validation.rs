//! Whether a value fits a schema that [`super::check_schema`] let pass.

use super::number::{compare, is_integer, is_multiple, same};
use super::pattern::Pattern;
use super::referred;
use crate::json::pointer;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The most places that are named where a value does not fit.
const MAX_MISFITS: usize = 5;

/// What one validation may take. A step is some tenths of a microsecond in Wasm, so that all of them
/// are about a second.
const MAX_STEPS: u32 = 10_000_000;

/// How deep keywords and references may lead; it ends references that lead to themselves.
const MAX_DEPTH: u32 = 200;

/// A place where a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Misfit {
    /// JSON pointer into the value. A name that the schema has not is `*`: it is the model's word.
    pub(in crate::provider) pointer: String,
    /// What it would have to be, in the words of the schema.
    pub(in crate::provider) rule: String,
}

/// What a validation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Outcome {
    /// It fits.
    Fits,
    /// It does not, here; some places may be left out.
    Misfits(Vec<Misfit>),
    /// It would take too long to say.
    TooLong,
}

/// Holds `value` to `schema`.
pub(in crate::provider) fn validate(schema: &Value, value: &Value) -> Outcome {
    let mut validation = Validation {
        root: schema,
        steps: MAX_STEPS,
        depth: 0,
        patterns: BTreeMap::new(),
        misfits: Vec::new(),
    };
    match validation.fits(schema, value, &Path::Root) {
        Ok(true) => Outcome::Fits,
        Ok(false) => Outcome::Misfits(validation.misfits),
        Err(TooLong) => Outcome::TooLong,
    }
}

/// Where a value stands; spelled out only where it does not fit.
enum Path<'p> {
    Root,
    Name(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Name(before, name) => pointer::join(&before.pointer(), name),
            Self::Index(before, index) => pointer::join(&before.pointer(), &index.to_string()),
        }
    }
}

struct TooLong;

type Fits = Result<bool, TooLong>;

struct Validation<'s> {
    root: &'s Value,
    steps: u32,
    depth: u32,
    patterns: BTreeMap<&'s str, Option<Pattern>>,
    misfits: Vec<Misfit>,
}

impl<'s> Validation<'s> {
    fn fits(&mut self, schema: &'s Value, value: &Value, at: &Path<'_>) -> Fits {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(false) => return Ok(self.misfit(at, "must be absent")),
            _ => return Ok(true),
        };
        if self.depth == MAX_DEPTH {
            return Err(TooLong);
        }
        self.depth += 1;
        let mut all = true;
        for (keyword, rule) in keywords {
            self.spend(cost(rule, value))?;
            all &= self.keyword(keywords, keyword, rule, value, at)?;
            if self.misfits.len() >= MAX_MISFITS {
                break;
            }
        }
        self.depth -= 1;
        Ok(all)
    }

    fn spend(&mut self, steps: usize) -> Result<(), TooLong> {
        let steps = u32::try_from(steps).map_err(|_too_many| TooLong)?;
        self.steps = self.steps.checked_sub(steps).ok_or(TooLong)?;
        Ok(())
    }

    fn keyword(
        &mut self,
        keywords: &'s Map<String, Value>,
        keyword: &str,
        rule: &'s Value,
        value: &Value,
        at: &Path<'_>,
    ) -> Fits {
        let fits = match keyword {
            "$ref" => {
                let target = rule.as_str().and_then(|to| referred(self.root, to));
                return target.map_or(Ok(true), |target| self.fits(target, value, at));
            }
            "allOf" => return self.all_of(rule, value, at),
            "anyOf" => self.count(rule, value, at)? > 0,
            "oneOf" => self.count(rule, value, at)? == 1,
            "not" => !self.quietly(rule, value, at)?,
            "if" => {
                let branch = if self.quietly(rule, value, at)? {
                    "then"
                } else {
                    "else"
                };
                let branch = keywords.get(branch);
                return branch.map_or(Ok(true), |branch| self.fits(branch, value, at));
            }
            "type" => is_of(rule, value),
            "enum" => self.is_among(rule, value)?,
            "const" => same(rule, value, &mut self.steps),
            _ => {
                return match value {
                    Value::Number(_) => {
                        let fits = number_fits(keyword, rule, value);
                        Ok(fits || self.broken(at, keyword, rule))
                    }
                    Value::String(text) => self.text(keyword, rule, text, at),
                    Value::Array(items) => self.array(keywords, keyword, rule, items, at),
                    Value::Object(fields) => match keyword {
                        "dependentSchemas" => self.dependent(rule, fields, value, at),
                        _ => self.object(keywords, keyword, rule, fields, at),
                    },
                    Value::Null | Value::Bool(_) => Ok(true),
                };
            }
        };
        Ok(fits || self.broken(at, keyword, rule))
    }

    fn all_of(&mut self, rule: &'s Value, value: &Value, at: &Path<'_>) -> Fits {
        let mut all = true;
        for schema in rule.as_array().into_iter().flatten() {
            all &= self.fits(schema, value, at)?;
        }
        Ok(all)
    }

    /// How many of the schemas it fits.
    fn count(&mut self, rule: &'s Value, value: &Value, at: &Path<'_>) -> Result<usize, TooLong> {
        let mut count = 0;
        for schema in rule.as_array().into_iter().flatten() {
            count += usize::from(self.quietly(schema, value, at)?);
        }
        Ok(count)
    }

    /// Whether it fits, where it is no mistake when it does not.
    fn quietly(&mut self, schema: &'s Value, value: &Value, at: &Path<'_>) -> Fits {
        let misfits = std::mem::take(&mut self.misfits);
        let fits = self.fits(schema, value, at);
        self.misfits = misfits;
        fits
    }

    fn is_among(&mut self, rule: &Value, value: &Value) -> Fits {
        let mut values = rule.as_array().into_iter().flatten();
        let found = values.any(|one| same(one, value, &mut self.steps));
        if self.steps == 0 {
            Err(TooLong)
        } else {
            Ok(found)
        }
    }

    fn text(&mut self, keyword: &str, rule: &'s Value, text: &str, at: &Path<'_>) -> Fits {
        let fits = match keyword {
            "maxLength" => at_most(text.chars().count(), rule),
            "minLength" => at_least(text.chars().count(), rule),
            "pattern" => match rule.as_str() {
                Some(pattern) => self.is_found(pattern, text)?,
                None => true,
            },
            _ => return Ok(true),
        };
        Ok(fits || self.broken(at, keyword, rule))
    }

    /// A pattern that cannot be read was refused with the job; here nothing is held to it.
    fn is_found(&mut self, pattern: &'s str, text: &str) -> Fits {
        let known = self.patterns.entry(pattern);
        let compiled = known.or_insert_with(|| Pattern::new(pattern));
        match compiled {
            Some(pattern) => pattern.is_found(text, &mut self.steps).ok_or(TooLong),
            None => Ok(true),
        }
    }

    fn array(
        &mut self,
        keywords: &'s Map<String, Value>,
        keyword: &str,
        rule: &'s Value,
        items: &[Value],
        at: &Path<'_>,
    ) -> Fits {
        let fits = match keyword {
            "maxItems" => at_most(items.len(), rule),
            "minItems" => at_least(items.len(), rule),
            "uniqueItems" => rule != &Value::Bool(true) || self.are_different(items)?,
            "contains" => return self.contains(keywords, rule, items, at),
            "prefixItems" => {
                let schemas = rule.as_array().into_iter().flatten();
                return self.items(schemas.zip(items.iter().enumerate()), at);
            }
            "items" => {
                let before = keywords.get("prefixItems").and_then(Value::as_array);
                let rest = items.iter().enumerate().skip(before.map_or(0, Vec::len));
                return self.items(rest.map(|item| (rule, item)), at);
            }
            _ => return Ok(true),
        };
        Ok(fits || self.broken(at, keyword, rule))
    }

    fn items<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'s Value, (usize, &'v Value))>,
        at: &Path<'_>,
    ) -> Fits {
        let mut all = true;
        for (schema, (index, item)) in pairs {
            if self.misfits.len() >= MAX_MISFITS {
                break;
            }
            all &= self.fits(schema, item, &Path::Index(at, index))?;
        }
        Ok(all)
    }

    fn are_different(&mut self, items: &[Value]) -> Fits {
        for (index, one) in items.iter().enumerate() {
            for other in items.iter().skip(index + 1) {
                if same(one, other, &mut self.steps) {
                    return Ok(false);
                }
                if self.steps == 0 {
                    return Err(TooLong);
                }
            }
        }
        Ok(true)
    }

    fn contains(
        &mut self,
        keywords: &'s Map<String, Value>,
        rule: &'s Value,
        items: &[Value],
        at: &Path<'_>,
    ) -> Fits {
        let mut count = 0;
        for item in items {
            count += usize::from(self.quietly(rule, item, at)?);
        }
        let least = keywords.get("minContains");
        let enough = least.map_or(count > 0, |least| at_least(count, least));
        let few = keywords.get("maxContains");
        let few = few.is_none_or(|most| at_most(count, most));
        Ok((enough && few) || self.misfit(at, "must fit `contains`"))
    }

    fn object(
        &mut self,
        keywords: &'s Map<String, Value>,
        keyword: &str,
        rule: &'s Value,
        fields: &Map<String, Value>,
        at: &Path<'_>,
    ) -> Fits {
        let fits = match keyword {
            "maxProperties" => at_most(fields.len(), rule),
            "minProperties" => at_least(fields.len(), rule),
            "required" => return Ok(self.has_all(rule, fields, at)),
            "dependentRequired" => {
                let mut all = true;
                for (name, rule) in present(rule, fields) {
                    all &= !fields.contains_key(name) || self.has_all(rule, fields, at);
                }
                return Ok(all);
            }
            "properties" => {
                let mut all = true;
                for (name, schema) in present(rule, fields) {
                    if let Some(value) = fields.get(name) {
                        all &= self.fits(schema, value, &Path::Name(at, name))?;
                    }
                }
                return Ok(all);
            }
            "patternProperties" => return self.pattern_properties(rule, fields, at),
            "additionalProperties" => return self.others(keywords, rule, fields, at),
            "propertyNames" => {
                let mut all = true;
                for name in fields.keys() {
                    all &= self.quietly(rule, &Value::String(name.clone()), at)?;
                }
                all
            }
            _ => return Ok(true),
        };
        Ok(fits || self.broken(at, keyword, rule))
    }

    fn dependent(
        &mut self,
        rule: &'s Value,
        fields: &Map<String, Value>,
        value: &Value,
        at: &Path<'_>,
    ) -> Fits {
        let mut all = true;
        for (_, schema) in present(rule, fields) {
            all &= self.fits(schema, value, at)?;
        }
        Ok(all)
    }

    fn has_all(&mut self, names: &Value, fields: &Map<String, Value>, at: &Path<'_>) -> bool {
        let names = names.as_array().into_iter().flatten();
        let mut all = true;
        for name in names.filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                all = self.misfit(at, format!("must have the property `{name}`"));
            }
        }
        all
    }

    fn pattern_properties(
        &mut self,
        rule: &'s Value,
        fields: &Map<String, Value>,
        at: &Path<'_>,
    ) -> Fits {
        let mut all = true;
        for (pattern, schema) in rule.as_object().into_iter().flatten() {
            for (name, value) in fields {
                if self.is_found(pattern, name)? {
                    all &= self.fits(schema, value, &Path::Name(at, "*"))?;
                }
            }
        }
        Ok(all)
    }

    /// The fields that neither `properties` nor `patternProperties` speak of.
    fn others(
        &mut self,
        keywords: &'s Map<String, Value>,
        rule: &'s Value,
        fields: &Map<String, Value>,
        at: &Path<'_>,
    ) -> Fits {
        let named = keywords.get("properties").and_then(Value::as_object);
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let mut all = true;
        'fields: for (name, value) in fields {
            if named.is_some_and(|named| named.contains_key(name)) {
                continue;
            }
            for pattern in patterns.into_iter().flat_map(Map::keys) {
                if self.is_found(pattern, name)? {
                    continue 'fields;
                }
            }
            if rule == &Value::Bool(false) {
                return Ok(self.misfit(at, "must have no other properties"));
            }
            all &= self.fits(rule, value, &Path::Name(at, "*"))?;
        }
        Ok(all)
    }

    fn broken(&mut self, at: &Path<'_>, keyword: &str, rule: &Value) -> bool {
        let rule = match rule {
            Value::Number(number) => format!("must fit `{keyword}: {number}`"),
            Value::String(name) if keyword == "type" => format!("must fit `type: {name}`"),
            _ => format!("must fit `{keyword}`"),
        };
        self.misfit(at, rule)
    }

    /// Notes that something does not fit, which it says.
    fn misfit(&mut self, at: &Path<'_>, rule: impl Into<String>) -> bool {
        if self.misfits.len() < MAX_MISFITS {
            self.misfits.push(Misfit {
                pointer: at.pointer(),
                rule: rule.into(),
            });
        }
        false
    }
}

/// What holding a value to a keyword may take, besides what is counted on the way: its parts are
/// looked at, or for each part of the rule, whether they are there.
fn cost(rule: &Value, value: &Value) -> usize {
    let parts = |value: &Value| match value {
        Value::String(text) => text.len() / 64,
        Value::Array(all) => all.len() / 8,
        Value::Object(all) => all.len() / 8,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    1 + parts(rule) + parts(value)
}

/// What a rule that has names says of those that are there.
fn present<'s>(
    rule: &'s Value,
    fields: &Map<String, Value>,
) -> impl Iterator<Item = (&'s String, &'s Value)> {
    let all = rule.as_object().into_iter().flatten();
    all.filter(|(name, _)| fields.contains_key(*name))
}

fn is_of(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match (name.as_str().unwrap_or_default(), value) {
        ("integer", Value::Number(number)) => is_integer(number),
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        _ => false,
    };
    match rule {
        Value::Array(several) => several.iter().any(is),
        one => is(one),
    }
}

fn number_fits(keyword: &str, rule: &Value, value: &Value) -> bool {
    let (Value::Number(value), Value::Number(rule)) = (value, rule) else {
        return true;
    };
    match keyword {
        "maximum" => compare(value, rule) != Ordering::Greater,
        "exclusiveMaximum" => compare(value, rule) == Ordering::Less,
        "minimum" => compare(value, rule) != Ordering::Less,
        "exclusiveMinimum" => compare(value, rule) == Ordering::Greater,
        "multipleOf" => is_multiple(value, rule),
        _ => true,
    }
}

fn at_most(count: usize, rule: &Value) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    bound(rule).is_none_or(|most| compare(&count.into(), most) != Ordering::Greater)
}

fn at_least(count: usize, rule: &Value) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    bound(rule).is_none_or(|least| compare(&count.into(), least) != Ordering::Less)
}

fn bound(rule: &Value) -> Option<&serde_json::Number> {
    match rule {
        Value::Number(bound) => Some(bound),
        _ => None,
    }
}

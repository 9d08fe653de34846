//! Whether a value fits a schema that [`super::check_schema`] let pass.

mod array;
mod object;
mod rules;

use super::number::same;
use super::pattern::Pattern;
use super::referred;
use crate::json::pointer;
use rules::{at_least, at_most, cost, is_of, number_fits};
use serde_json::{Map, Value};
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
            Value::Null
            | Value::Bool(true)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => return Ok(true),
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

    fn broken(&mut self, at: &Path<'_>, keyword: &str, rule: &Value) -> bool {
        let name = rule.as_str().filter(|_| keyword == "type");
        let rule = match (rule.as_number(), name) {
            (Some(number), _) => format!("must fit `{keyword}: {number}`"),
            (None, Some(name)) => format!("must fit `type: {name}`"),
            (None, None) => format!("must fit `{keyword}`"),
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

//! What keywords say of objects.

use super::rules::{at_least, at_most, present};
use super::{Fits, Path, Validation};
use serde_json::{Map, Value};

impl<'s> Validation<'s> {
    pub(super) fn object(
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

    pub(super) fn dependent(
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
}

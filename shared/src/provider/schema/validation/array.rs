//! What keywords say of lists.

use super::rules::{at_least, at_most};
use super::{Fits, MAX_MISFITS, Path, TooLong, Validation};
use crate::provider::schema::number::same;
use serde_json::{Map, Value};

impl<'s> Validation<'s> {
    pub(super) fn array(
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
}

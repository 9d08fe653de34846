//! Builds a value from what `serde_json` reads, and refuses on the way what it would let pass.

use super::MAX_DEPTH;
use super::pointer::Trail;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// A rule of ours that was broken. `serde_json` knows only that there was an error, and where.
#[derive(Debug)]
pub(super) enum Refusal {
    DuplicateKey(Trail),
    NulInKey(Trail),
    TooDeep,
    NotFinite,
}

/// Carries the [`Refusal`] past `serde_json`, whose errors carry text only.
#[derive(Default)]
pub(super) struct Refused(Cell<Option<Refusal>>);

impl Refused {
    pub(super) fn take(&self) -> Option<Refusal> {
        self.0.take()
    }

    fn because<E: Error>(&self, refusal: Refusal) -> E {
        self.0.set(Some(refusal));
        E::custom("refused")
    }

    /// Notes that an error lies in the field or at the index `segment`, where that matters.
    fn step_out(&self, segment: &str) {
        let mut refusal = self.0.take();
        if let Some(Refusal::DuplicateKey(trail) | Refusal::NulInKey(trail)) = &mut refusal {
            trail.step_out(segment);
        }
        self.0.set(refusal);
    }
}

/// Reads one value that stands inside `depth` objects and arrays.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'r> {
    refused: &'r Refused,
    depth: usize,
}

impl<'r> ValueSeed<'r> {
    pub(super) fn outermost(refused: &'r Refused) -> Self {
        Self { refused, depth: 0 }
    }

    /// The seed for the values inside an object or array that stands here.
    fn one_deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refused.because(Refusal::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn check_key<E: Error>(self, key: &str, object: &Map<String, Value>) -> Result<(), E> {
        if key.contains('\0') {
            return Err(self.refused.because(Refusal::NulInKey(Trail::default())));
        }
        if object.contains_key(key) {
            let mut trail = Trail::default();
            trail.step_out(key);
            return Err(self.refused.because(Refusal::DuplicateKey(trail)));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| self.refused.because(Refusal::NotFinite))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.one_deeper()?;
        let mut array = Vec::new();
        loop {
            match items.next_element_seed(inside) {
                Ok(Some(item)) => array.push(item),
                Ok(None) => return Ok(Value::Array(array)),
                Err(error) => {
                    self.refused.step_out(&array.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inside = self.one_deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.check_key(&key, &object)?;
            match entries.next_value_seed(inside) {
                Ok(value) => object.insert(key, value),
                Err(error) => {
                    self.refused.step_out(&key);
                    return Err(error);
                }
            };
        }
        Ok(Value::Object(object))
    }
}

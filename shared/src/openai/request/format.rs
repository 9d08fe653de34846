//! The form the answer is to have.

use super::super::names::Names;
use super::given;
use crate::json::rules::{Ruling, choice, object};
use crate::json::{Fields, Item};
use serde_json::{Value, json};

#[derive(Clone, Copy)]
enum Form {
    Text,
    Object,
    Schema,
}

const FORMS: &[(&str, Form)] = &[
    ("text", Form::Text),
    ("json_object", Form::Object),
    ("json_schema", Form::Schema),
];

/// Reads the format, with the schema beside its type or in an object of its own.
pub(super) fn read(item: Item<'_>, nested: bool) -> Ruling<Value> {
    object(|mut fields| match fields.required("type", choice(FORMS)) {
        Some(Form::Text) => fields.finish(|| Some("text".into())),
        Some(Form::Object) => fields.finish(|| Some("json".into())),
        Some(Form::Schema) if nested => {
            let schema = fields.required("json_schema", object(schema));
            fields.finish(|| schema)
        }
        Some(Form::Schema) => schema(fields),
        None => fields.give_up(),
    })(item)
}

/// Notes where the parts of a schema come from.
pub(super) fn name(names: &mut Names, theirs: &str, nested: bool) {
    let inner = if nested {
        format!("{theirs}/json_schema")
    } else {
        theirs.to_owned()
    };
    for part in ["name", "schema"] {
        names.add(format!("/responseFormat/{part}"), format!("{inner}/{part}"));
    }
}

/// The answer is held to the schema whether or not that is asked for, so `strict` changes nothing.
/// A description goes into the schema, unless that has one.
fn schema(mut fields: Fields<'_>) -> Ruling<Value> {
    fields.ignore(&["type", "strict"]);
    let name = fields.required("name", |item| Ok(item.value()));
    let schema = fields.required("schema", |item| Ok(item.value()));
    let description = given(&mut fields, "description");
    fields.finish(|| {
        let mut schema = schema?.clone();
        if let (Some(schema), Some(description)) = (schema.as_object_mut(), description) {
            schema
                .entry("description")
                .or_insert_with(|| description.clone());
        }
        Some(json!({"type": "jsonSchema", "name": name?, "schema": schema}))
    })
}

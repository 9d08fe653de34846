use super::*;
use proptest::prelude::*;
use serde_json::json;

fn fits(schema: &Value, value: &Value) -> bool {
    check_schema(schema).unwrap();
    match validate(schema, value) {
        Outcome::Fits => true,
        Outcome::Misfits(misfits) => {
            assert!(!misfits.is_empty(), "{schema} {value}");
            false
        }
        Outcome::TooLong => panic!("too long: {schema}"),
    }
}

/// A schema, a value that fits it, and one that does not.
type Case = (Value, Value, Value);

fn tells_apart(cases: impl IntoIterator<Item = Case>) {
    for (schema, good, bad) in cases {
        assert!(fits(&schema, &good), "{schema} refuses {good}");
        assert!(!fits(&schema, &bad), "{schema} takes {bad}");
    }
}

#[test]
fn keywords_of_simple_values_tell_what_fits_from_what_does_not() {
    tells_apart([
        (json!({"type": "integer"}), json!(1.0), json!(1.5)),
        (
            json!({"type": ["null", "string"]}),
            json!(null),
            json!(true),
        ),
        (
            json!({"enum": [1, {"a": [2]}]}),
            json!({"a": [2.0]}),
            json!({"a": [3]}),
        ),
        (
            json!({"const": 10_000_000_000_000_000_001_u64}),
            json!(10_000_000_000_000_000_001_u64),
            json!(10_000_000_000_000_000_000_u64),
        ),
        (json!({"multipleOf": 0.0001}), json!(0.0075), json!(0.00751)),
        (json!({"multipleOf": 3}), json!(-9), json!(10)),
        (json!({"maximum": 3}), json!(3), json!(3.01)),
        (json!({"exclusiveMaximum": 3}), json!(2.9), json!(3.0)),
        (json!({"minimum": -1}), json!(-1), json!(-2)),
        (json!({"exclusiveMinimum": 0}), json!(0.1), json!(0)),
        (json!({"maxLength": 2}), json!("éé"), json!("abc")),
        (json!({"minLength": 2}), json!("éé"), json!("é")),
        (json!({"pattern": "^[a-z]+$"}), json!("abc"), json!("aBc")),
    ]);
}

#[test]
fn keywords_of_lists_and_objects_tell_what_fits_from_what_does_not() {
    tells_apart([
        (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
        (json!({"minItems": 1}), json!([1]), json!([])),
        (
            json!({"uniqueItems": true}),
            json!([1, "1", [1]]),
            json!([1, 2, 1.0]),
        ),
        (
            json!({"items": {"type": "null"}}),
            json!([null]),
            json!([null, 1]),
        ),
        (
            json!({"prefixItems": [{"const": 1}], "items": false}),
            json!([1]),
            json!([1, 2]),
        ),
        (json!({"contains": {"const": 1}}), json!([0, 1]), json!([0])),
        (
            json!({"contains": {"const": 1}, "minContains": 0, "maxContains": 1}),
            json!([]),
            json!([1, 1]),
        ),
        (
            json!({"maxProperties": 1}),
            json!({"a": 1}),
            json!({"a": 1, "b": 1}),
        ),
        (json!({"minProperties": 1}), json!({"a": 1}), json!({})),
        (
            json!({"required": ["a"]}),
            json!({"a": null}),
            json!({"b": 1}),
        ),
        (
            json!({"properties": {"a": {"const": 1}}}),
            json!({"b": 2}),
            json!({"a": 2}),
        ),
        (
            json!({"patternProperties": {"^x": {"const": 1}}}),
            json!({"x": 1, "y": 2}),
            json!({"xx": 2}),
        ),
        (
            json!({"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": {"const": 1}}),
            json!({"a": 2, "x": 2, "y": 1}),
            json!({"y": 2}),
        ),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"a": 1}),
            json!({"ab": 1}),
        ),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            json!({"b": 1}),
            json!({"a": 1}),
        ),
        (
            json!({"dependentSchemas": {"a": {"required": ["b"]}}}),
            json!({"a": 1, "b": 1}),
            json!({"a": 1}),
        ),
    ]);
}

#[test]
fn keywords_of_schemas_tell_what_fits_from_what_does_not() {
    tells_apart([
        (
            json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
            json!(1),
            json!(3),
        ),
        (
            json!({"anyOf": [{"const": 1}, {"const": 2}]}),
            json!(2),
            json!(3),
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"maximum": 2}]}),
            json!(0),
            json!(1),
        ),
        (json!({"not": {"const": 1}}), json!(2), json!(1)),
        (
            json!({"if": {"minimum": 1}, "then": {"const": 1}, "else": {"const": 0}}),
            json!(0),
            json!(2),
        ),
        (
            json!({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"const": 1}}}),
            json!(1),
            json!(2),
        ),
        (
            json!({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false}),
            json!({"next": {"next": {}}}),
            json!({"next": {"last": {}}}),
        ),
    ]);
}

#[test]
fn keywords_of_other_types_and_unknown_ones_say_nothing() {
    let schema = json!({
        "maxLength": 1, "minItems": 9, "required": ["a"], "minimum": 9, "format": "email", "x": 1,
    });
    for value in [json!("a"), json!(null), json!(true), json!(9)] {
        assert!(fits(&schema, &value), "{value}");
    }
}

#[test]
fn a_schema_that_answers_cannot_be_held_to_is_refused_by_name() {
    for (schema, said) in [
        (json!(true), "must be an object"),
        (json!({"type": "text"}), "`/type` must be a type"),
        (
            json!({"properties": {"a/b": 1}}),
            "`/properties/a~1b` must be a schema",
        ),
        (json!({"items": [{}]}), "`/items` must be a schema"),
        (json!({"anyOf": []}), "`/anyOf` must be a list of schemas"),
        (
            json!({"anyOf": [{"minLength": -1}]}),
            "`/anyOf/0/minLength` must be a whole number",
        ),
        (
            json!({"$ref": "https://schemas.example/a.json"}),
            "`/$ref` must begin with `#`",
        ),
        (
            json!({"$ref": "other.json#/a"}),
            "`/$ref` must begin with `#`",
        ),
        (
            json!({"$ref": "#/$defs/a"}),
            "`/$ref` must lead to a schema",
        ),
        (
            json!({"$ref": "#/x", "x": {"type": 1}}),
            "`/x/type` must be a type",
        ),
        (
            json!({"pattern": "(?=a)"}),
            "`/pattern` must be a regular expression",
        ),
        (
            json!({"pattern": r"(a)\1"}),
            "`/pattern` must be a regular expression",
        ),
        (
            json!({"pattern": "((a{100}){100}){100}"}),
            "`/pattern` must be a regular expression",
        ),
        (
            json!({"patternProperties": {"(": {}}}),
            "`/patternProperties/(` must be",
        ),
        (
            json!({"unevaluatedProperties": false}),
            "`/unevaluatedProperties` is a keyword",
        ),
        (
            json!({"properties": {"a": {"$id": "b"}}}),
            "`/properties/a/$id` may only",
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-04/schema#"}),
            "`/$schema` must be",
        ),
        (
            json!({"multipleOf": 0}),
            "`/multipleOf` must be a number above 0",
        ),
        (
            json!({"required": "a"}),
            "`/required` must be a list of names",
        ),
        (
            json!({"dependentRequired": {"a": "b"}}),
            "`/dependentRequired` must be",
        ),
        (
            json!({"description": "x".repeat(MAX_SCHEMA_BYTES)}),
            "must be at most 65536 bytes",
        ),
    ] {
        let refused = check_schema(&schema).unwrap_err();
        assert!(refused.starts_with(said), "{schema}: {refused}");
    }
    let deep = (0..40).fold(json!({}), |inner, _| json!({"not": inner}));
    assert_eq!(
        check_schema(&deep).unwrap_err(),
        "must nest at most 32 deep"
    );
}

#[test]
fn drafts_whose_words_mean_the_same_are_taken() {
    for draft in [
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
    ] {
        assert_eq!(check_schema(&json!({"$schema": draft})), Ok(()));
    }
}

#[test]
fn a_name_that_the_schema_has_not_is_not_repeated() {
    let schema = json!({"additionalProperties": {"items": {"type": "null"}}});
    let Outcome::Misfits(misfits) = validate(&schema, &json!({"secret": [null, 1]})) else {
        panic!("it does not fit");
    };
    let named: Vec<_> = misfits
        .iter()
        .map(|one| (one.pointer.as_str(), one.rule.as_str()))
        .collect();
    assert_eq!(named, [("/*/1", "must fit `type: null`")]);
}

#[test]
fn only_some_places_are_named() {
    let Outcome::Misfits(misfits) =
        validate(&json!({"items": false}), &json!([1, 2, 3, 4, 5, 6, 7]))
    else {
        panic!("it does not fit");
    };
    assert_eq!(misfits.len(), 5);
}

/// What would not end, or not soon, in an engine that tries everything.
#[test]
fn every_validation_ends() {
    let text = format!("{}!", "a".repeat(30_000));
    let ones: Vec<Value> = (0..20_000).map(Value::from).collect();
    let many: Vec<String> = (0..5_000).map(|index| format!("p{index}")).collect();
    let objects = Value::Array(vec![json!({}); 20_000]);
    for (schema, value) in [
        (json!({"pattern": "^(a+)+$"}), json!(text)),
        (json!({"pattern": "^(a|aa|a?)*$"}), json!(text)),
        (json!({"pattern": "(.{0,9}x){9}"}), json!(text)),
        (json!({"$ref": "#"}), json!(1)),
        (json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}), json!(1)),
        (
            json!({"anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}, {"type": "null"}]}),
            nested(100),
        ),
        (json!({"uniqueItems": true}), json!(ones)),
        (
            json!({"items": {"dependentRequired": many.iter().map(|name| (name.clone(), json!([]))).collect::<serde_json::Map<_, _>>()}}),
            objects,
        ),
    ] {
        assert_eq!(check_schema(&schema).err(), None);
        validate(&schema, &value);
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        (-3.0..3.0_f64).prop_map(Value::from),
        "[ab#/%]{0,3}".prop_map(Value::from),
        prop_oneof!["object", "string", "array", "#", "#/items"].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof![
            "type",
            "enum",
            "items",
            "properties",
            "additionalProperties",
            "anyOf",
            "oneOf",
            "not",
            "required",
            "pattern",
            "minimum",
            "maxLength",
            "a",
            "b",
            "\\$ref",
            "prefixItems",
            "uniqueItems",
            "contains",
            "if",
            "then",
            "propertyNames",
            "allOf",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_schema_and_no_value_makes_it_panic(schema in any_json(), value in any_json()) {
        let checked = check_schema(&schema);
        let outcome = validate(&schema, &value);
        if checked.is_ok() && let Outcome::Misfits(misfits) = outcome {
            prop_assert!(!misfits.is_empty());
        }
    }

    #[test]
    fn a_value_fits_the_schema_that_names_it(value in any_json()) {
        prop_assert_eq!(validate(&json!({"const": value}), &value), Outcome::Fits);
        prop_assert_eq!(validate(&json!({"enum": [0.25, value]}), &value), Outcome::Fits);
        prop_assert_ne!(validate(&json!({"not": {"const": value}}), &value), Outcome::Fits);
    }
}

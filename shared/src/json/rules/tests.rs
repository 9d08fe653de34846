use super::*;
use crate::json::FieldError;
use serde_json::{Value, json};
use std::fmt::Debug;

fn read<'v, T>(value: &'v Value, rule: impl Fn(Item<'v>) -> Ruling<T>) -> Ruling<T> {
    rule(Item::outermost(value).child("field", value))
}

fn detail<T: Debug>(ruling: Ruling<T>) -> String {
    match ruling.expect_err("the value is to be refused").as_slice() {
        [only] => only.detail.clone(),
        several => panic!("{several:?}"),
    }
}

fn pointers<T: Debug>(ruling: Ruling<T>) -> Vec<String> {
    let errors = ruling.expect_err("the value is to be refused");
    errors.into_iter().map(|error| error.pointer).collect()
}

#[test]
fn text_counts_bytes_and_is_kept_exactly() {
    for kept in ["a", "abcd", "😀", " \n ", "\u{202e}a", "e\u{301}"] {
        assert_eq!(read(&json!(kept), text(1..=4)), Ok(kept));
    }
    for refused in ["", "abcde", "😀a"] {
        assert_eq!(
            detail(read(&json!(refused), text(1..=4))),
            "must be 1 to 4 bytes long"
        );
    }
    assert_eq!(
        detail(read(&json!("a\0b"), text(1..=4))),
        "must not contain a NUL character"
    );
}

#[test]
fn text_takes_no_other_type_and_no_null() {
    for value in [json!(null), json!(1), json!(true), json!(["a"]), json!({})] {
        assert_eq!(detail(read(&value, text(0..=9))), "must be a string");
    }
}

#[test]
fn a_label_is_one_line_without_control_characters() {
    assert_eq!(read(&json!("größe 😀"), label(1..=12)), Ok("größe 😀"));
    for refused in ["a\nb", "a\tb", "\u{7f}", "\u{85}"] {
        assert_eq!(
            detail(read(&json!(refused), label(1..=9))),
            "must not contain control characters"
        );
    }
}

#[test]
fn an_integer_is_a_whole_number_within_its_bounds() {
    assert_eq!(read(&json!(1), integer(1_u8..=20)), Ok(1));
    assert_eq!(read(&json!(20), integer(1_u8..=20)), Ok(20));
    assert_eq!(read(&json!(-5), integer(-5_i64..=5)), Ok(-5));
    for refused in [
        json!(0),
        json!(21),
        json!(-1),
        json!(257),
        json!(u64::MAX),
        json!(1.0),
        json!(1.5),
        json!(1e3),
        json!("1"),
        json!(null),
        json!(true),
        json!([1]),
    ] {
        assert_eq!(
            detail(read(&refused, integer(1_u8..=20))),
            "must be a whole number from 1 to 20, without fraction or exponent",
            "{refused}"
        );
    }
}

#[test]
fn a_number_is_within_its_bounds() {
    for (kept, expected) in [(json!(0), 0.0), (json!(2.0), 2.0), (json!(0.7), 0.7)] {
        assert_eq!(read(&kept, number(0.0..=2.0)), Ok(expected));
    }
    for refused in [
        json!(-0.1),
        json!(2.000_001),
        json!(3),
        json!("0.5"),
        json!(null),
    ] {
        assert_eq!(
            detail(read(&refused, number(0.0..=2.0))),
            "must be a number from 0 to 2",
            "{refused}"
        );
    }
}

#[test]
fn a_choice_is_one_of_its_names() {
    let choices = [("text", 'T'), ("json", 'J')];
    assert_eq!(read(&json!("json"), choice(&choices)), Ok('J'));
    for refused in [json!("JSON"), json!(""), json!(null), json!(0)] {
        assert_eq!(
            detail(read(&refused, choice(&choices))),
            "must be one of `text`, `json`"
        );
    }
    assert_eq!(
        detail(read(&json!("other"), choice(&[("openai", ())]))),
        "must be `openai`"
    );
}

#[test]
fn an_array_reports_every_bad_item_by_its_index() {
    let rule = |item: Item<'_>| array(1..=3, integer(0_u8..=9))(item);
    assert_eq!(read(&json!([1, 2, 3]), rule), Ok(vec![1, 2, 3]));
    assert_eq!(
        pointers(read(&json!([1, "2", 10]), rule)),
        ["/field/1", "/field/2"]
    );
    for refused in [
        json!([]),
        json!([1, 2, 3, 4]),
        json!({}),
        json!(null),
        json!("1"),
    ] {
        assert_eq!(
            detail(read(&refused, rule)),
            "must be an array of 1 to 3 items",
            "{refused}"
        );
    }
}

#[test]
fn an_inner_object_is_read_like_the_outer_one() {
    fn size(mut fields: Fields<'_>) -> Ruling<u8> {
        let size = fields.required("size", integer(1..=9));
        fields.finish(|| size)
    }
    assert_eq!(read(&json!({"size": 3}), object(size)), Ok(3));
    assert_eq!(
        pointers(read(&json!({"size": 0, "a/b": 1}), object(size))),
        ["/field/size", "/field/a~1b"]
    );
    assert_eq!(detail(read(&json!([3]), object(size))), "must be an object");
}

#[test]
fn entries_have_keys_of_the_clients_own() {
    let rule = |item: Item<'_>| {
        let read = entries(2, 9, text(0..=3))(item)?;
        Ok(read
            .into_iter()
            .map(|(key, value)| (key, value.to_owned()))
            .collect::<Vec<_>>())
    };
    let kept = json!({"__proto__": "a", "": ""});
    assert_eq!(
        read(&kept, rule),
        Ok(vec![
            (String::new(), String::new()),
            ("__proto__".to_owned(), "a".to_owned())
        ])
    );
    let crowd = json!({"a": "", "b": "", "c": ""});
    assert_eq!(
        detail(read(&crowd, rule)),
        "must be an object of at most 2 keys"
    );
    assert_eq!(
        detail(read(&json!([]), rule)),
        "must be an object of at most 2 keys"
    );
    assert_eq!(
        detail(read(&json!({"0123456789": ""}), rule)),
        "its key must be at most 9 bytes long"
    );
    assert_eq!(
        detail(read(&json!({"a\0": ""}), rule)),
        "its key must not contain a NUL character"
    );
    assert_eq!(
        pointers(read(&json!({"a": "long", "b": 1}), rule)),
        ["/field/a", "/field/b"]
    );
}

#[test]
fn a_check_adds_its_own_words() {
    let even = |number: u8| {
        if number.is_multiple_of(2) {
            Ok(number / 2)
        } else {
            Err("must be even")
        }
    };
    assert_eq!(read(&json!(8), checked(integer(0..=9), even)), Ok(4));
    assert_eq!(
        detail(read(&json!(7), checked(integer(0..=9), even))),
        "must be even"
    );
}

#[test]
fn null_is_read_only_where_it_is_allowed() {
    assert_eq!(read(&json!(null), nullable(integer(1_u8..=9))), Ok(None));
    assert_eq!(read(&json!(3), nullable(integer(1_u8..=9))), Ok(Some(3)));
    assert!(read(&json!(null), integer(1_u8..=9)).is_err());
}

#[test]
fn every_violation_of_an_object_is_reported_at_once() {
    let value = json!({"name": 1, "seats": "3", "plan": "gold", "state": "paid"});
    let mut fields = Fields::of(&value);
    let name = fields.required("name", text(1..=9));
    let seats = fields.optional("seats", integer(1_u8..=9));
    let tenant = fields.required("tenantId", text(1..=9));
    let errors = fields
        .finish(|| Some((name?, seats, tenant?)))
        .expect_err("it is to be refused");
    let found: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error.pointer.as_str(), error.detail.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/name", "must be a string"),
            (
                "/seats",
                "must be a whole number from 1 to 9, without fraction or exponent"
            ),
            ("/tenantId", "is required"),
            ("/plan", "is not a known field"),
            ("/state", "is not a known field"),
        ]
    );
}

#[test]
fn what_is_no_object_has_one_violation() {
    for value in [json!(null), json!([]), json!("{}"), json!(1)] {
        let mut fields = Fields::of(&value);
        let name = fields.required("name", text(1..=9));
        assert_eq!(
            fields.finish(|| Some(name?.to_owned())),
            Err(vec![FieldError {
                pointer: String::new(),
                detail: "must be an object".to_owned()
            }])
        );
    }
}

#[test]
fn the_list_of_violations_is_bounded() {
    let mut body: serde_json::Map<String, Value> = (0..1000)
        .map(|index| (format!("k{index}"), json!(0)))
        .collect();
    let unknown = json!(body);
    let errors = Fields::of(&unknown)
        .finish(|| Some(()))
        .expect_err("all are unknown");
    assert_eq!(errors.len(), MAX_FIELD_ERRORS);

    let items = json!(vec![json!("x"); 1000]);
    let rule = |item: Item<'_>| array(0..=1000, integer(0_u8..=9))(item);
    assert_eq!(pointers(read(&items, rule)).len(), MAX_FIELD_ERRORS);

    body.insert("items".to_owned(), items);
    let both = json!(body);
    let mut fields = Fields::of(&both);
    let read = fields.required("items", rule);
    assert_eq!(pointers(fields.finish(|| read)).len(), MAX_FIELD_ERRORS);
}

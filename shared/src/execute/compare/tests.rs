use super::*;
use proptest::prelude::*;
use serde_json::json;

const USUAL: f64 = 1e-9;

#[test]
fn numbers_are_equal_however_they_are_written() {
    for (actual, expected) in [
        (json!(1), json!(1.0)),
        (json!(100), json!(1e2)),
        (json!(0.1 + 0.2), json!(0.3)),
        (json!(-0.0), json!(0)),
        (json!(1e300), json!(1e300 * (1.0 + 1e-12))),
        (json!(u64::MAX), json!(u64::MAX)),
        (
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0),
        ),
    ] {
        assert!(equal(&actual, &expected, USUAL), "{actual} {expected}");
    }
}

#[test]
fn numbers_that_differ_are_not_equal() {
    for (actual, expected) in [
        (json!(1), json!(2)),
        (json!(1), json!(1.001)),
        (json!(0), json!(1e-8)),
        (json!(10_000_000_001_i64), json!(10_000_000_002_i64)),
        (json!(i64::MIN), json!(u64::MAX)),
        (json!(1e308), json!(-1e308)),
        (json!(1), json!("1")),
        (json!(1), json!(true)),
        (json!(0), json!(null)),
    ] {
        assert!(!equal(&actual, &expected, USUAL), "{actual} {expected}");
    }
}

#[test]
fn the_tolerance_is_absolute_for_whole_numbers_and_relative_as_well_for_others() {
    assert!(equal(&json!(5), &json!(6), 1.0));
    assert!(!equal(&json!(1_000), &json!(1_010), 0.1));
    assert!(equal(&json!(1_000.0), &json!(1_010), 0.1));
    assert!(equal(&json!(0.25), &json!(0.26), 0.02));
    assert!(!equal(&json!(0.1 + 0.2), &json!(0.3), 0.0));
    assert!(equal(&json!(0.3), &json!(0.3), 0.0));
}

#[test]
fn structures_are_compared_part_by_part() {
    let expected = json!({"a": [1, {"b": null}], "c": "x"});
    assert!(equal(
        &json!({"c": "x", "a": [1.0, {"b": null}]}),
        &expected,
        USUAL
    ));
    for actual in [
        json!({"a": [1, {"b": null}]}),
        json!({"a": [1, {"b": null}], "c": "x", "d": 1}),
        json!({"a": [1, {"b": null}], "d": "x"}),
        json!({"a": [{"b": null}, 1], "c": "x"}),
        json!({"a": [1, {"b": null}, 2], "c": "x"}),
        json!({"a": [1, {"b": false}], "c": "x"}),
        json!({"a": [1, {"b": null}], "c": "X"}),
        json!([]),
    ] {
        assert!(!equal(&actual, &expected, USUAL), "{actual}");
    }
}

#[test]
fn text_is_the_same_but_for_white_space_at_the_ends() {
    for (actual, expected) in [
        ("a\nb\n", "a\nb"),
        ("a  \r\nb\t\r\n\r\n\n", "a\nb"),
        ("", "\n"),
        ("  a", "  a "),
    ] {
        assert!(same_text(actual, expected), "{actual:?} {expected:?}");
    }
    for (actual, expected) in [
        (" a", "a"),
        ("a\n\nb", "a\nb"),
        ("\na", "a"),
        ("a b", "a  b"),
        ("", "a"),
        ("A", "a"),
    ] {
        assert!(!same_text(actual, expected), "{actual:?} {expected:?}");
    }
}

/// Any JSON value.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..3_i8).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]{0,2}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_equals_itself(value in values()) {
        prop_assert!(equal(&value, &value, 0.0));
        let again: Value = serde_json::from_str(&value.to_string()).expect("JSON");
        prop_assert!(equal(&again, &value, USUAL), "{value}");
    }

    #[test]
    fn equality_has_no_direction(one in values(), other in values(), tolerance in 0.0..1.0) {
        prop_assert_eq!(equal(&one, &other, tolerance), equal(&other, &one, tolerance));
    }

    #[test]
    fn a_larger_tolerance_takes_no_equality_away(one in any::<f64>(), shift in -1.0..1.0_f64) {
        let (one, other) = (json!(one), json!(one + shift));
        if equal(&one, &other, USUAL) {
            prop_assert!(equal(&one, &other, 0.5));
        }
    }

    #[test]
    fn whole_numbers_are_equal_only_when_they_are_the_same(one in any::<i64>(), other in any::<i64>()) {
        prop_assert_eq!(equal(&json!(one), &json!(other), USUAL), one == other);
    }

    #[test]
    fn one_changed_item_is_noticed(items in prop::collection::vec(any::<i32>(), 1..8), at in any::<prop::sample::Index>()) {
        let mut changed = items.clone();
        let at = at.index(items.len());
        changed[at] = changed[at].wrapping_add(1);
        prop_assert!(!equal(&json!(changed), &json!(items), USUAL));
    }

    #[test]
    fn text_equals_itself_with_white_space_behind_its_lines(
        lines in prop::collection::vec("[ a-c\u{1}é]{0,5}", 0..5),
        behind in "[ \t\r]{0,3}",
        end in "[ \t\r\n]{0,4}",
    ) {
        let plain = lines.join("\n");
        let spaced = lines.join(&format!("{behind}\n"));
        let spaced = format!("{spaced}{end}");
        prop_assert!(same_text(&spaced, &plain));
        prop_assert!(same_text(&plain, &spaced));
        let other = format!("{plain}x");
        prop_assert!(!same_text(&other, &plain));
    }
}

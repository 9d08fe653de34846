use super::*;
use proptest::prelude::*;
use serde_json::json;

fn at(line: usize, column: usize) -> Position {
    Position { line, column }
}

fn refusal(text: impl AsRef<[u8]>) -> JsonError {
    parse(text.as_ref()).expect_err("the body is to be refused")
}

#[test]
fn a_body_is_read_as_it_was_written() {
    let text = r#" {"a": [1, -2, 0.5, true, null], "b": {"__proto__": "\u0000\ud83d\ude00"}} "#;
    let expected = json!({"a": [1, -2, 0.5, true, null], "b": {"__proto__": "\0😀"}});
    assert_eq!(parse(text.as_bytes()), Ok(expected));
    assert_eq!(
        parse(b"18446744073709551615"),
        Ok(json!(18_446_744_073_709_551_615_u64))
    );
}

#[test]
fn an_empty_body_is_told_apart_from_a_broken_one() {
    assert_eq!(refusal(""), JsonError::Empty);
    assert_eq!(refusal(" \r\n\t"), JsonError::Empty);
}

#[test]
fn bytes_that_are_not_plain_utf_8_are_refused() {
    assert_eq!(refusal(b"\xEF\xBB\xBF{}"), JsonError::ByteOrderMark);
    assert_eq!(refusal(b"\xFF\xFE{\0}\0"), JsonError::NotUtf8(at(1, 1)));
    assert_eq!(refusal(b"{\n \"\xC3\x28\"}"), JsonError::NotUtf8(at(2, 3)));
    assert_eq!(refusal(b"\"\xED\xA0\x80\""), JsonError::NotUtf8(at(1, 2)));
}

#[test]
fn what_is_not_json_is_refused_with_its_position() {
    for (text, position) in [
        ("{\"a\":1,}", at(1, 8)),
        ("[1,\n2,]", at(2, 3)),
        ("{} {}", at(1, 4)),
        ("{} // done", at(1, 4)),
        ("/* a */ {}", at(1, 1)),
        ("{'a':1}", at(1, 2)),
        ("{a:1}", at(1, 2)),
        ("[NaN]", at(1, 2)),
        ("[Infinity]", at(1, 2)),
        ("[01]", at(1, 3)),
        ("[+1]", at(1, 2)),
        ("[.5]", at(1, 2)),
        ("\"a\nb\"", at(2, 1)),
        (r#""\x41""#, at(1, 3)),
        ("{\"a\" 1}", at(1, 6)),
        ("\u{a0}{}", at(1, 1)),
    ] {
        assert_eq!(refusal(text), JsonError::Syntax(position), "{text:?}");
    }
}

#[test]
fn a_body_that_ends_early_is_refused_as_incomplete() {
    for text in [
        "{",
        "[1,",
        "{\"a\"",
        "\"abc",
        "{\"a\":",
        "tru",
        r#""\ud83d"#,
    ] {
        assert!(
            matches!(refusal(text), JsonError::Incomplete(_)),
            "{text:?}: {:?}",
            refusal(text)
        );
    }
}

#[test]
fn a_duplicate_key_is_refused_and_named() {
    for (text, pointer) in [
        (r#"{"a":1,"a":1}"#, "/a"),
        (r#"{"a":1,"\u0061":2}"#, "/a"),
        (
            r#"{"x":[0,{"a/b":{"c~":1,"d":2,"c~":3}}]}"#,
            "/x/1/a~1b/c~0",
        ),
        (r#"[[],[{"":1,"":1}]]"#, "/1/0/"),
    ] {
        let JsonError::DuplicateKey { pointer: found, .. } = refusal(text) else {
            panic!("{text}: {:?}", refusal(text));
        };
        assert_eq!(found, pointer, "{text}");
    }
    assert_eq!(
        parse(br#"[{"a":1},{"a":1}]"#),
        Ok(json!([{"a": 1}, {"a": 1}]))
    );
}

#[test]
fn a_nul_in_a_key_is_refused_with_the_object_it_stands_in() {
    let text = r#"{"metadata":{"k\u0000ey":"v"}}"#;
    let JsonError::NulInKey { pointer, .. } = refusal(text) else {
        panic!("{:?}", refusal(text));
    };
    assert_eq!(pointer, "/metadata");
}

#[test]
fn sixty_four_levels_are_read_and_sixty_five_refused() {
    let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = |levels: usize| format!("{}0{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    for nested in [arrays(64), objects(64)] {
        assert!(parse(nested.as_bytes()).is_ok());
    }
    for (nested, position) in [(arrays(65), at(1, 66)), (objects(65), at(1, 321))] {
        assert_eq!(refusal(nested), JsonError::TooDeep(position));
    }
    assert!(matches!(
        refusal(r#"{"a":"#.repeat(1_000_000)),
        JsonError::TooDeep(_)
    ));
}

#[test]
fn lone_surrogates_are_refused_in_values_and_keys() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#"{"\udfff":1}"#,
    ] {
        assert!(
            matches!(refusal(text), JsonError::LoneSurrogate(_)),
            "{text}: {:?}",
            refusal(text)
        );
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for text in ["1e400", "-1e400", "[1e99999999999]", &"9".repeat(400)] {
        assert!(
            matches!(refusal(text), JsonError::NumberOutOfRange(_)),
            "{text}: {:?}",
            refusal(text)
        );
    }
    assert_eq!(parse(b"1e-400"), Ok(json!(0.0)));
}

#[test]
fn an_error_repeats_no_value_and_cuts_long_keys() {
    let long = "k".repeat(100_000);
    let text = format!(r#"{{"{long}":"hunter2","{long}":"hunter2"}}"#);
    let message = refusal(text).to_string();
    assert!(message.len() < 200, "{message}");
    assert!(!message.contains("hunter2"));
    assert!(!refusal("[hunter2]").to_string().contains("hunter2"));
}

#[test]
fn wide_objects_and_arrays_are_read() {
    let entries: Vec<String> = (0..100_000)
        .map(|index| format!("\"k{index}\":0"))
        .collect();
    let wide = parse(format!("{{{}}}", entries.join(",")).as_bytes()).expect("it is valid");
    assert_eq!(wide.as_object().map(serde_json::Map::len), Some(100_000));
    let long = parse(format!("[{}0]", "0,".repeat(500_000)).as_bytes()).expect("it is valid");
    assert_eq!(long.as_array().map(Vec::len), Some(500_001));
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<u64>().prop_map(|value| json!(value)),
        any::<f64>()
            .prop_filter("JSON has finite numbers only", |value| value.is_finite())
            .prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(8, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(|items| json!(items)),
            prop::collection::btree_map("[^\0]{0,8}", inner, 0..8)
                .prop_map(|entries| json!(entries)),
        ]
    })
}

/// Bytes that get further into the reader than random ones.
fn json_like_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "\\u", "d800", "\\", "0", "-", "1e",
        "400", ".", "true", "null", " ", "\n", "\0", "é",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Never more lenient than `serde_json`, and never of another opinion about a value.
fn agrees_when_accepted(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(value) = parse(bytes) {
        let other: serde_json::Value = serde_json::from_slice(bytes)
            .map_err(|error| TestCaseError::fail(format!("serde_json refuses it: {error}")))?;
        prop_assert_eq!(value, other);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_valid_document_is_read_as_serde_json_reads_it(value in values(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        }
        .expect("values can be written");
        let other: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        prop_assert_eq!(parse(text.as_bytes()), Ok(other));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        agrees_when_accepted(&bytes)?;
    }

    #[test]
    fn anything_like_json_is_read_or_refused_without_a_panic(bytes in json_like_bytes()) {
        agrees_when_accepted(&bytes)?;
    }
}

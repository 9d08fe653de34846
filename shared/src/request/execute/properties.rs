use super::tests::configuration;
use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Any JSON value, with strings, keys and numbers that get past the first rules.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        (0..70).prop_map(|value| json!(value)),
        (0.0..31.0).prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
        prop::sample::select(vec!["js", "python", "rust", "f", "1 + 1"])
            .prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let case = (inner.clone(), inner.clone())
            .prop_map(|(input, expected)| json!({"input": input, "expected": expected}));
        prop_oneof![
            prop::collection::vec(case, 0..4).prop_map(|items| json!(items)),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map(field_names(), inner, 0..8)
                .prop_map(|entries| json!(entries)),
        ]
    })
}

fn field_names() -> impl Strategy<Value = &'static str> {
    let aliased = [
        SOURCE_CODE,
        USER_CODE,
        TEST_CASES,
        FUNCTION_NAME,
        TIME_LIMIT,
        MEMORY_LIMIT,
    ];
    let mut names = aliased.concat();
    names.extend([
        "language",
        "stdin",
        "tolerance",
        "refId",
        "metadata",
        "input",
        "expected",
    ]);
    prop::sample::select(names)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_value_is_read_or_refused_without_a_panic(value in values()) {
        let configuration = configuration();
        for errors in [
            ExecuteRequest::read(&value, &configuration).err(),
            ExecuteTestsRequest::read(&value, &configuration).err(),
        ].into_iter().flatten() {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn an_accepted_program_keeps_its_bytes_and_its_bounds(
        source in "[^\0]{1,200}",
        stdin in "[^\0]{0,200}",
        seconds in 0.1..=30.0,
        memory in 16..=64_u32,
    ) {
        let body = json!({
            "sourceCode": source, "language": "python", "stdin": stdin, "timeLimit": seconds,
            "memoryLimit": memory
        });
        let input = ExecuteRequest::read(&body, &configuration()).map(|request| request.input);
        let input = input.expect("it is right");
        prop_assert_eq!((input.source_code, input.stdin), (source, stdin));
        prop_assert!((100..=30_000).contains(&input.limits.time_ms));
        prop_assert_eq!(input.limits.memory_mib, memory);
    }

    #[test]
    fn accepted_test_cases_are_stored_and_read_back_alike(input in values(), expected in values()) {
        let body = json!({
            "userCode": "1", "language": "js",
            "testCases": [{"input": input, "expected": expected}]
        });
        let read = ExecuteTestsRequest::read(&body, &configuration()).expect("it is right").input;
        let stored = serde_json::to_string(&read).expect("JSON");
        let again: ExecuteTestsInput = serde_json::from_str(&stored).expect("JSON");
        // A double may lose its last digit on its way through text.
        let (case, kept) = (&read.test_cases[0], &again.test_cases[0]);
        prop_assert!(crate::execute::equal(&kept.input, &case.input, 1e-15));
        prop_assert!(crate::execute::equal(&kept.expected, &case.expected, 1e-15));
    }
}

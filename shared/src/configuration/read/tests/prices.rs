//! What models cost.

use super::{pointers, read, with};
use serde_json::{Value, json};

#[test]
fn prices_are_dollars_with_six_decimals_and_say_where_they_come_from() {
    let priced = |price: Value| with("models", json!({"m": {"price": price}}));
    let price = |input: Value| {
        priced(json!({
            "input": input, "output": 0.6,
            "priced_at": "2026-02-28", "price_source": "https://example.com"
        }))
    };
    for (dollars, micro) in [
        (json!(0), 0),
        (json!(0.000_001), 1),
        (json!(0.1), 100_000),
        (json!(0.3), 300_000),
        (json!(1.234_567), 1_234_567),
        (json!(9_999.999_999), 9_999_999_999),
        (json!(10_000), 10_000_000_000),
    ] {
        let read = read(&price(dollars));
        let found = read.providers["x"].models["m"]
            .price
            .map(|price| price.input);
        assert_eq!(found, Some(micro));
    }
    for dollars in [
        json!(-0.1),
        json!(0.000_000_1),
        json!(1.234_567_8),
        json!(10_000.5),
        json!("0.15"),
    ] {
        let found = pointers(&price(dollars.clone()));
        assert_eq!(found, ["/providers/x/models/m/price/input"], "{dollars}");
    }
    assert_eq!(
        pointers(&priced(json!({"input": 1, "output": 1}))),
        [
            "/providers/x/models/m/price/priced_at",
            "/providers/x/models/m/price/price_source"
        ]
    );
    for date in [
        "2026-02-29",
        "2026-00-10",
        "2026-13-01",
        "2026-1-011",
        "21.11.2026",
        "2026/11/21",
        "20261121aa",
    ] {
        let price = priced(json!({
            "input": 1, "output": 1, "priced_at": date, "price_source": "https://example.com"
        }));
        assert_eq!(
            pointers(&price),
            ["/providers/x/models/m/price/priced_at"],
            "{date}"
        );
    }
    let answer_beyond_context = with(
        "models",
        json!({"m": {"context_tokens": 10, "max_output_tokens": 11}}),
    );
    assert_eq!(
        pointers(&answer_beyond_context),
        ["/providers/x/models/m/max_output_tokens"]
    );
}

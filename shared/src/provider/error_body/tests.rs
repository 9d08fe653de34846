use super::*;
use serde_json::json;

fn read(body: &Value) -> ErrorBody {
    ErrorBody::of_failed_reply(body.to_string().as_bytes())
}

#[test]
fn every_shape_of_the_field_is_read() {
    for (body, code, kind, message) in [
        (
            json!({"error": {"message": "m", "type": "t", "param": null, "code": "c"}}),
            Some("c"),
            Some("t"),
            Some("m"),
        ),
        (
            json!({"error": {"message": "m", "type": "t", "code": 400}}),
            Some("400"),
            Some("t"),
            Some("m"),
        ),
        (json!({"error": "m"}), None, None, Some("m")),
        (
            json!({"object": "error", "message": "m", "type": "t", "code": 400}),
            Some("400"),
            Some("t"),
            Some("m"),
        ),
        (json!({"detail": "m"}), None, None, Some("m")),
        (
            json!({"detail": [{"loc": ["body"], "msg": "m", "type": "t"}]}),
            None,
            Some("t"),
            Some("m"),
        ),
        (
            json!({"detail": {"error": {"message": "m", "code": "c"}}}),
            Some("c"),
            None,
            Some("m"),
        ),
        (
            json!({"success": false, "errors": [{"code": 7009, "message": "m"}]}),
            Some("7009"),
            None,
            Some("m"),
        ),
        (
            json!({"statusCode": 401, "message": "m"}),
            Some("401"),
            None,
            Some("m"),
        ),
        (
            json!([{"error": {"code": 429, "message": "m"}}]),
            Some("429"),
            None,
            Some("m"),
        ),
        (json!({"message": "m"}), None, None, Some("m")),
        (
            json!({"error": {"code": ["c"], "type": {}, "message": 5}}),
            None,
            None,
            None,
        ),
        (json!(7), None, None, None),
    ] {
        let error = read(&body);
        let read = (
            error.code.as_deref(),
            error.kind.as_deref(),
            error.message.as_deref(),
        );
        assert_eq!(read, (code, kind, message), "{body}");
    }
}

#[test]
fn a_code_that_says_more_is_read_where_anthropic_and_azure_put_it() {
    for (body, detail, request_id) in [
        (
            json!({"type": "error", "error": {"type": "t", "message": "m", "details": {"error_code": "d"}}, "request_id": "req_1"}),
            "d",
            Some("req_1"),
        ),
        (
            json!({"error": {"code": "c", "innererror": {"code": "d"}}}),
            "d",
            None,
        ),
        (
            json!({"error": {"code": "c", "inner_error": {"code": "d"}}}),
            "d",
            None,
        ),
    ] {
        let error = read(&body);
        assert_eq!(error.detail.as_deref(), Some(detail), "{body}");
        assert_eq!(error.request_id.as_deref(), request_id, "{body}");
        assert!(error.names().any(|name| name == detail));
    }
}

#[test]
fn a_page_of_html_says_nothing() {
    assert_eq!(
        ErrorBody::of_failed_reply(b"<html>429</html>"),
        ErrorBody::default()
    );
}

#[test]
fn an_error_that_says_nothing_is_none_in_a_success() {
    for empty in [json!(null), json!(""), json!(false), json!([])] {
        assert_eq!(
            ErrorBody::within(&json!({"error": empty, "choices": []})),
            None
        );
    }
    assert!(ErrorBody::within(&json!({"error": {}})).is_some());
    assert!(ErrorBody::within(&json!({"success": false})).is_some());
    assert_eq!(
        ErrorBody::within(&json!({"success": true, "choices": []})),
        None
    );
}

#[test]
fn only_a_status_of_failure_is_read_from_a_code() {
    let spelled = |code: Value| read(&json!({"error": {"code": code}})).status();
    assert_eq!(spelled(json!(429)), Some(429));
    assert_eq!(spelled(json!("503")), Some(503));
    assert_eq!(spelled(json!(200)), None);
    assert_eq!(spelled(json!(3040)), None);
    assert_eq!(spelled(json!("slow_down")), None);
}

#[test]
fn only_plain_words_are_shown_to_the_tenant() {
    let named = |code: &str| {
        let body = serde_json::json!({"error": {"type": "some_error", "code": code}});
        ErrorBody::of_failed_reply(body.to_string().as_bytes()).named()
    };
    let both = Some("type `some_error` and code `model_not_found`".to_owned());
    assert_eq!(named("model_not_found"), both);
    let alone = Some("type `some_error`".to_owned());
    for code in [
        "please write a poem",
        "sk-abcdefghijklmnopqrstuvwx",
        "",
        "a\nb",
    ] {
        assert_eq!(named(code), alone, "{code:?}");
    }
    assert_eq!(ErrorBody::default().named(), None);
}

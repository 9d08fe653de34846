use super::*;
use serde_json::json;

fn answer(text: &str) -> Answer {
    Answer {
        text: text.to_owned(),
        finish_reason: FinishReason::Stop,
        ..Answer::default()
    }
}

fn checked(format: &ResponseFormat, text: &str) -> Result<String, Failure> {
    let mut answer = answer(text);
    check(format, &mut answer).map(|()| answer.text)
}

fn schema() -> ResponseFormat {
    ResponseFormat::JsonSchema {
        name: "answer".to_owned(),
        schema: json!({
            "type": "object",
            "properties": {"age": {"type": "integer", "minimum": 18}},
            "required": ["age", "name"],
            "additionalProperties": false,
        }),
    }
}

#[test]
fn text_may_be_anything() {
    assert_eq!(checked(&ResponseFormat::Text, "```\n{").unwrap(), "```\n{");
}

#[test]
fn json_stays_byte_for_byte_and_loses_one_fence() {
    for (said, kept) in [
        (" {\"a\": 1.0}\n", " {\"a\": 1.0}\n"),
        ("```json\n{\"a\": 1.0}\n```", "{\"a\": 1.0}"),
        ("\n```\n[1]\n```\n", "[1]"),
        ("```JSON5 x\r\n{}\r\n```", "{}"),
        ("```json\n\"```\"\n```", "\"```\""),
    ] {
        assert_eq!(checked(&ResponseFormat::Json, said).unwrap(), kept);
    }
}

#[test]
fn what_is_not_json_is_kept_with_the_failure() {
    for said in [
        "",
        "Sure! {}",
        "```json\n{}\n``` Done.",
        "```json\n{}\n```\n```json\n{}\n```",
        "``````",
        "``` {} ```",
        "{}{}",
        "```\n{\n```",
    ] {
        let failure = checked(&ResponseFormat::Json, said).unwrap_err();
        assert_eq!(failure.code, ErrorCode::InvalidOutput, "{said}");
        assert_eq!(failure.action, Action::Fail);
        assert_eq!(failure.fallback, Fallback::Now);
        assert_eq!(failure.partial.unwrap().text, said);
        assert_eq!(failure.message, "The answer is not JSON.");
    }
}

#[test]
fn what_does_not_fit_is_named_but_not_repeated() {
    assert!(
        checked(
            &schema(),
            r#"```json
{"age": 18, "name": 1}
```"#
        )
        .is_err()
    );
    let failure = checked(&schema(), r#"{"age": 7, "secret": "word"}"#).unwrap_err();
    assert_eq!(
        failure.message,
        "The answer does not fit the JSON Schema: it must have no other properties; \
         `/age` must fit `minimum: 18`; it must have the property `name`."
    );
    assert!(!failure.message.contains("secret"));
}

#[test]
fn a_cut_answer_says_what_cut_it() {
    let mut cut = Answer {
        truncated: true,
        ..answer("{\"age\":")
    };
    let failure = check(&schema(), &mut cut).unwrap_err();
    assert!(
        failure.message.contains("`maxTokens`"),
        "{}",
        failure.message
    );
}

#[test]
fn a_model_that_declined_is_held_to_no_form() {
    let mut declined = Answer {
        finish_reason: FinishReason::Refusal,
        ..answer("I cannot help with that.")
    };
    assert_eq!(check(&schema(), &mut declined), Ok(()));
    assert_eq!(declined.text, "I cannot help with that.");
}

#[test]
fn nesting_that_no_reader_takes_is_not_json() {
    let deep = "[".repeat(100_000);
    assert!(checked(&ResponseFormat::Json, &deep).is_err());
}

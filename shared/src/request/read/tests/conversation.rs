//! Parts of messages: text and images.

use super::{accepted, pointers};
use crate::request::{Content, Part};
use serde_json::{Value, json};

fn said(role: &str, content: &Value) -> Value {
    json!({"messages": [{"role": role, "content": content}]})
}

fn image(url: &str) -> Value {
    json!({"type": "image", "url": url})
}

#[test]
fn content_is_text_or_parts_of_text_and_images() {
    let parts =
        json!([{"type": "text", "text": "What is this?"}, image("https://a.example/b.png?c=d")]);
    let read = accepted(&said("user", &parts)).input.messages;
    assert_eq!(
        read[0].content,
        Content::Parts(vec![
            Part::Text {
                text: "What is this?".to_owned()
            },
            Part::Image {
                url: "https://a.example/b.png?c=d".to_owned()
            }
        ])
    );
    let text = json!([{"type": "text", "text": "Hi."}]);
    for role in ["system", "user", "assistant"] {
        accepted(&said(role, &text));
    }
}

#[test]
fn a_part_is_what_it_says_and_nothing_else() {
    for (part, below) in [
        (json!({"type": "audio", "text": "x", "url": "y"}), "/type"),
        (json!({"text": "x"}), "/type"),
        (json!({"type": "text"}), "/text"),
        (json!({"type": "text", "text": ""}), "/text"),
        (json!({"type": "text", "text": "a\u{0}"}), "/text"),
        (
            json!({"type": "text", "text": "x", "url": "https://a"}),
            "/url",
        ),
        (json!({"type": "image"}), "/url"),
        (json!("text"), ""),
    ] {
        let expected = [format!("/messages/0/content/0{below}")];
        assert_eq!(
            pointers(&said("user", &json!([part.clone()]))),
            expected,
            "{part}"
        );
    }
    assert_eq!(pointers(&said("user", &json!([]))), ["/messages/0/content"]);
    let many = vec![json!({"type": "text", "text": "x"}); 65];
    assert_eq!(
        pointers(&said("user", &json!(many))),
        ["/messages/0/content"]
    );
}

#[test]
fn an_image_is_an_https_url_that_a_provider_can_fetch() {
    accepted(&said("user", &json!([image("https://a")])));
    for url in [
        "http://a.example/b.png",
        "data:image/png;base64,AAAA",
        "HTTPS://a.example/b.png",
        "https://",
        "https:///b.png",
        "https://user:pass@a.example/b.png",
        "https://a.example\\@b.example/c",
        "https://a.example/b c.png",
        "https://ä.example/b.png",
    ] {
        let found = pointers(&said("user", &json!([image(url)])));
        assert_eq!(found, ["/messages/0/content/0/url"], "{url}");
    }
    let long = format!("https://{}", "a".repeat(8_185));
    assert_eq!(
        pointers(&said("user", &json!([image(&long)]))),
        ["/messages/0/content/0/url"]
    );
}

#[test]
fn only_the_user_shows_images() {
    let parts = json!([{"type": "text", "text": "x"}, image("https://a")]);
    for role in ["system", "assistant"] {
        assert_eq!(pointers(&said(role, &parts)), ["/messages/0/content/1"]);
    }
}

#[test]
fn a_request_shows_sixteen_images_at_most() {
    let messages = |count: usize| {
        let images = vec![image("https://a"); count / 2];
        let message = json!({"role": "user", "content": images});
        json!({"messages": [message, message]})
    };
    accepted(&messages(16));
    assert_eq!(pointers(&messages(18)), ["/messages"]);
}

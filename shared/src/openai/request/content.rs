//! Messages: who speaks, and texts and images in a row.

use super::super::names::Names;
use super::usual::{self, Usual, is_auto, is_empty, never};
use crate::json::rules::{Ruling, array, choice, object};
use crate::json::{Fields, Item};
use crate::request::limits;
use serde_json::{Value, json};

/// Who may speak, and who that is with us.
const ROLES: &[(&str, &str)] = &[
    ("system", "system"),
    ("developer", "system"),
    ("user", "user"),
    ("assistant", "assistant"),
];

/// What a part says beside its text or image.
const OF_PART: &[Usual] = &[
    (
        "annotations",
        is_empty,
        "must be absent: annotations are not supported",
    ),
    (
        "logprobs",
        is_empty,
        "must be absent: log probabilities are not supported",
    ),
];

const DETAIL: Usual = (
    "detail",
    is_auto,
    "must be `auto`: how closely an image is looked at cannot be chosen",
);
const FILE_ID: Usual = (
    "file_id",
    never,
    "must be absent: images are fetched from `image_url`",
);

/// How an interface spells messages.
pub(super) struct Spelling {
    /// The name of the parameter that holds them.
    pub(super) parameter: &'static str,
    /// The types of parts; `true`: an image.
    parts: &'static [(&'static str, bool)],
    /// Where the URL of an image lies in its part.
    image_url: &'static str,
    /// What the items of the list carry that says nothing to a model.
    harmless: &'static [&'static str],
}

/// As chat completions do.
pub(super) const CHAT: Spelling = Spelling {
    parameter: "messages",
    parts: &[("text", false), ("image_url", true)],
    image_url: "/image_url/url",
    harmless: &[],
};

/// As responses do; a message may be one that they answered.
pub(super) const RESPONSES: Spelling = Spelling {
    parameter: "input",
    parts: &[
        ("input_text", false),
        ("output_text", false),
        ("input_image", true),
    ],
    image_url: "/image_url",
    harmless: &["type", "id", "status", "phase"],
};

impl Spelling {
    /// Reads the messages, and notes where their parts come from.
    pub(super) fn read(&self, item: Item<'_>, names: &mut Names) -> Ruling<Value> {
        let messages = array(limits::MESSAGES, |item| self.message(item))(item)?;
        for (index, message) in messages.iter().enumerate() {
            let parts = message.get("content").and_then(Value::as_array);
            for (place, part) in parts.into_iter().flatten().enumerate() {
                if part.get("url").is_some() {
                    let at = format!("{index}/content/{place}");
                    let theirs = format!("/{}/{at}{}", self.parameter, self.image_url);
                    names.add(format!("/messages/{at}/url"), theirs);
                }
            }
        }
        Ok(messages.into())
    }

    fn message(&self, item: Item<'_>) -> Ruling<Value> {
        // Of a tool's call or its output nothing more is worth saying.
        let kind = item.value().get("type");
        if self.harmless.contains(&"type") && kind.is_some_and(|kind| kind != "message") {
            let only = |mut fields: Fields<'_>| {
                fields.refuse(
                    "type",
                    "must be `message`: tools and references are not supported",
                );
                fields.give_up()
            };
            return object(only)(item);
        }
        object(|mut fields| {
            let role = fields.required("role", choice(ROLES));
            let content = fields.required("content", |item| self.content(item));
            fields.ignore(self.harmless);
            usual::check(&mut fields, usual::OF_MESSAGE);
            fields.finish(|| Some(json!({"role": role?, "content": content?})))
        })(item)
    }

    fn content(&self, item: Item<'_>) -> Ruling<Value> {
        if item.is_string() {
            return Ok(item.value().clone());
        }
        if !item.is_array() {
            return Err(item.refuse("must be a string or a list of parts"));
        }
        array(limits::PARTS, object(|fields| self.part(fields)))(item).map(Value::from)
    }

    fn part(&self, mut fields: Fields<'_>) -> Ruling<Value> {
        let kind = fields.required("type", choice(self.parts));
        match kind {
            Some(false) => {
                let text = fields.required("text", |item| Ok(item.value()));
                usual::check(&mut fields, OF_PART);
                fields.finish(|| Some(json!({"type": "text", "text": text?})))
            }
            Some(true) if self.image_url == "/image_url" => {
                let url = fields.required("image_url", |item| Ok(item.value()));
                usual::check(&mut fields, &[DETAIL, FILE_ID]);
                fields.finish(|| Some(json!({"type": "image", "url": url?})))
            }
            Some(true) => {
                let url = fields.required("image_url", object(nested_url));
                fields.finish(|| Some(json!({"type": "image", "url": url?})))
            }
            None => fields.give_up(),
        }
    }
}

fn nested_url(mut fields: Fields<'_>) -> Ruling<Value> {
    let url = fields.required("url", |item| Ok(item.value()));
    usual::check(&mut fields, &[DETAIL]);
    fields.finish(|| url.cloned())
}

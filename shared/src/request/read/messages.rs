//! The conversation: `system`, if any, and then either `prompt` or `messages`.

use crate::json::rules::{Ruling, array, checked, choice, object, text};
use crate::json::{Fields, Item};
use crate::request::{Content, GenerateInput, Message, Part, Role, limits};

const ROLES: &[(&str, Role)] = &[
    ("system", Role::System),
    ("user", Role::User),
    ("assistant", Role::Assistant),
];

#[derive(Clone, Copy)]
enum PartKind {
    Text,
    Image,
}

const PART_KINDS: &[(&str, PartKind)] = &[("text", PartKind::Text), ("image", PartKind::Image)];

/// Reads the conversation.
pub(super) fn read(fields: &mut Fields<'_>) -> Option<Vec<Message>> {
    let system = fields.optional("system", text(limits::TEXT_BYTES));
    let prompt = fields.optional("prompt", text(limits::TEXT_BYTES));
    let messages = fields.optional("messages", array(limits::MESSAGES, object(read_message)));
    match (fields.has("prompt"), fields.has("messages")) {
        (true, true) => fields.refuse("messages", "must be absent when `prompt` is given"),
        (false, false) => fields.refuse("prompt", "is required when `messages` is absent"),
        (true, false) | (false, true) => {}
    }
    if messages.as_deref().map_or(0, images) > limits::IMAGES {
        let detail = format!("must have at most {} images in all", limits::IMAGES);
        fields.refuse("messages", detail);
    }
    let said = prompt
        .map(|prompt| vec![Message::new(Role::User, prompt)])
        .or(messages)?;
    Some(
        system
            .map(|system| Message::new(Role::System, system))
            .into_iter()
            .chain(said)
            .collect(),
    )
}

fn images(messages: &[Message]) -> usize {
    let parts = messages.iter().flat_map(|message| match &message.content {
        Content::Text(_) => &[],
        Content::Parts(parts) => parts.as_slice(),
    });
    parts
        .filter(|part| matches!(part, Part::Image { .. }))
        .count()
}

fn read_message(mut fields: Fields<'_>) -> Ruling<Message> {
    let role = fields.required("role", choice(ROLES));
    let content = fields.required("content", read_content);
    if let (Some(Role::System | Role::Assistant), Some(Content::Parts(parts))) = (role, &content) {
        for (index, part) in parts.iter().enumerate() {
            if matches!(part, Part::Image { .. }) {
                let pointer = format!("/content/{index}");
                fields.refuse_at(&pointer, "must be text: only the user shows images");
            }
        }
    }
    fields.finish(|| {
        Some(Message {
            role: role?,
            content: content?,
        })
    })
}

fn read_content(item: Item<'_>) -> Ruling<Content> {
    if item.is_array() {
        return array(limits::PARTS, object(read_part))(item).map(Content::Parts);
    }
    text(limits::TEXT_BYTES)(item).map(|text| Content::Text(text.to_owned()))
}

fn read_part(mut fields: Fields<'_>) -> Ruling<Part> {
    let kind = fields.required("type", choice(PART_KINDS));
    let part = match kind {
        Some(PartKind::Text) => {
            let text = fields.required("text", text(limits::TEXT_BYTES));
            text.map(|text| Part::Text {
                text: text.to_owned(),
            })
        }
        Some(PartKind::Image) => {
            let url = fields.required("url", checked(text(limits::IMAGE_URL_BYTES), image_url));
            url.map(|url| Part::Image {
                url: url.to_owned(),
            })
        }
        None => {
            // Of an unknown type nobody knows which fields it has.
            fields.ignore(&["text", "url"]);
            None
        }
    };
    fields.finish(|| part)
}

/// A URL that a provider can fetch. User names and passwords would end up in its logs.
fn image_url(url: &str) -> Result<&str, &'static str> {
    const WRONG: &str = "must be a URL that begins with `https://`, in visible ASCII";
    let rest = url.strip_prefix("https://").ok_or(WRONG)?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(WRONG);
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.contains(['@', '\\']) {
        return Err("must name a host, and no user");
    }
    Ok(url)
}

/// Where in the body stands what `pointer` points to in what was read: there the instructions of
/// `system` are the first message, and a `prompt` is the last.
pub(super) fn pointer_in_body(pointer: &str, fields: &Fields<'_>, input: &GenerateInput) -> String {
    let Some(rest) = pointer.strip_prefix("/messages/") else {
        return pointer.to_owned();
    };
    let (index, below) = rest.split_once('/').unwrap_or((rest, ""));
    let Ok(index) = index.parse::<usize>() else {
        return pointer.to_owned();
    };
    if fields.has("system") && index == 0 {
        return "/system".to_owned();
    }
    if fields.has("prompt") && index + 1 == input.messages.len() {
        return "/prompt".to_owned();
    }
    let index = index - usize::from(fields.has("system"));
    let below = if below.is_empty() {
        String::new()
    } else {
        format!("/{below}")
    };
    format!("/messages/{index}{below}")
}

//! A message as it goes over the wire. What its parts look like is each protocol's own.

use crate::provider::wording;
use crate::request::{Content, Message, Part, Role};
use serde::Serialize;
use std::borrow::Cow;

/// Who says what.
#[derive(Serialize)]
pub(super) struct WireMessage<'a, P> {
    role: Role,
    content: WireContent<'a, P>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireContent<'a, P> {
    Text(Cow<'a, str>),
    Parts(Vec<P>),
}

impl<'a, P> WireMessage<'a, P> {
    /// One text.
    pub(super) fn text(role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            role,
            content: WireContent::Text(text.into()),
        }
    }

    /// A message of the conversation, with its parts if it has any.
    pub(super) fn of(message: &'a Message, part: impl Fn(&'a Part) -> P) -> Self {
        match &message.content {
            Content::Text(text) => Self::text(message.role, text),
            Content::Parts(parts) => Self {
                role: message.role,
                content: WireContent::Parts(parts.iter().map(part).collect()),
            },
        }
    }

    /// The same, with texts in one where no image is among them: not every server knows parts.
    pub(super) fn joined(message: &'a Message, part: impl Fn(&'a Part) -> P) -> Self {
        if wording::has_image(&message.content) {
            return Self::of(message, part);
        }
        Self::text(message.role, wording::text_of(&message.content))
    }
}

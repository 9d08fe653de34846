//! Responses that are asked for again until they are there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::simulator::asked::Asked;
use crate::simulator::openai::responses::{Standing, response_id};
use crate::simulator::reply::Background;

/// A response under way.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) asked: Asked,
    pub(crate) sequence: u64,
    /// In Unix seconds.
    pub(crate) created: u64,
    background: Background,
    polls: u32,
}

/// The responses that were asked for in the background.
#[derive(Default)]
pub(crate) struct Desk(Mutex<HashMap<String, Pending>>);

impl Desk {
    /// Keeps a response until it is asked for.
    pub(crate) fn keep(&self, asked: Asked, background: Background, sequence: u64, created: u64) {
        let pending = Pending {
            asked,
            sequence,
            created,
            background,
            polls: 0,
        };
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.insert(response_id(sequence), pending);
    }

    /// The model of a response.
    pub(crate) fn model_of(&self, id: &str) -> Option<String> {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.get(id).map(|pending| pending.asked.model.clone())
    }

    /// The response with this id as it stands now; one that is forgotten has none.
    pub(crate) fn poll(&self, id: &str) -> Option<(Pending, Standing)> {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = desk.get_mut(id)?;
        pending.polls = pending.polls.saturating_add(1);
        let standing = pending.background.standing(pending.polls)?;
        Some((pending.clone(), standing))
    }

    /// Forgets every response.
    pub(crate) fn clear(&self) {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.clear();
    }
}

//! The runtime's message batches, read and answered by hand.
//!
//! `worker` tells neither how often a message was delivered nor lets one bad body pass without
//! losing the batch, so this module reads the messages by reflection.

use js_sys::Reflect;
use redrive_shared::run::{Delivered, Disposition};
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{Message, MessageBatch};

/// A batch with its messages as the domain reads them, in the same order.
pub(crate) struct Batch {
    messages: Vec<Message>,
    pub(crate) queue: String,
    pub(crate) delivered: Vec<Delivered>,
}

impl Batch {
    /// Reads a batch.
    ///
    /// # Errors
    /// What JavaScript threw: the batch is not one, and nothing was acknowledged.
    pub(crate) fn read(batch: &MessageBatch) -> Result<Self, JsValue> {
        let queue = String::from(batch.queue()?);
        let messages: Vec<Message> = batch
            .messages()?
            .iter()
            .map(JsCast::unchecked_into::<Message>)
            .collect();
        let delivered = messages
            .iter()
            .map(|message| read(message, &queue))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            messages,
            queue,
            delivered,
        })
    }

    /// Gives every message exactly one answer.
    ///
    /// # Errors
    /// What JavaScript threw. Messages without an answer would count as acknowledged, so the
    /// caller must let the invocation fail.
    pub(crate) fn answer(&self, dispositions: &[Disposition]) -> Result<(), JsValue> {
        for (message, disposition) in self.messages.iter().zip(dispositions) {
            match disposition {
                Disposition::Acknowledge => message.ack()?,
                Disposition::Retry { delay_seconds } => {
                    let options = js_sys::Object::new();
                    Reflect::set(&options, &"delaySeconds".into(), &(*delay_seconds).into())?;
                    message.retry(options.into())?;
                }
            }
        }
        Ok(())
    }
}

fn read(message: &Message, queue: &str) -> Result<Delivered, JsValue> {
    let attempts = Reflect::get(message, &"attempts".into())?
        .as_f64()
        .unwrap_or(1.0);
    Ok(Delivered {
        id: String::from(message.id()?),
        queue: queue.to_owned(),
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "JavaScript numbers are doubles; the cast saturates, and the count is small"
        )]
        deliveries: attempts as u32,
        body: message.body()?.as_string(),
    })
}

use super::Meter;
use crate::clock::Instant;
use crate::queue::{Backlog, Queue, QueueError};
use js_sys::{Date, Function, Promise, Reflect};
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::send::SendFuture;
use worker::{BatchMessageBuilder, MessageBuilder, QueueContentType};

/// Messages the platform takes in one call.
const BATCH_LIMIT: usize = 100;

/// Cloudflare Queues. Bodies are sent as text: the runtime's own codec loses maps.
#[derive(Debug)]
pub struct CloudflareQueue {
    queue: worker::Queue,
    meter: Arc<Meter>,
}

impl CloudflareQueue {
    /// The queue behind a binding; what is sent is counted on `meter`.
    #[must_use]
    pub const fn new(queue: worker::Queue, meter: Arc<Meter>) -> Self {
        Self { queue, meter }
    }

    async fn send_batch(&self, bodies: &[String], delay_seconds: u32) -> worker::Result<()> {
        if let [body] = bodies {
            let message = MessageBuilder::new(body.as_str())
                .content_type(QueueContentType::Text)
                .delay_seconds(delay_seconds)
                .build();
            self.queue.send(message).await?;
        } else {
            let batch = bodies
                .iter()
                .fold(BatchMessageBuilder::new(), |batch, body| {
                    let message = MessageBuilder::new(body.as_str())
                        .content_type(QueueContentType::Text)
                        .delay_seconds(delay_seconds)
                        .build();
                    batch.message(message)
                });
            self.queue.send_batch(batch.build()).await?;
        }
        self.meter.count_messages_sent(bodies.len());
        Ok(())
    }
}

impl Queue for CloudflareQueue {
    fn send(
        &self,
        bodies: Vec<String>,
        delay_seconds: u32,
    ) -> impl Future<Output = Result<(), QueueError>> + Send {
        SendFuture::new(async move {
            for batch in bodies.chunks(BATCH_LIMIT) {
                self.send_batch(batch, delay_seconds)
                    .await
                    .map_err(|error| QueueError(error.to_string()))?;
            }
            Ok(())
        })
    }

    fn backlog(&self) -> impl Future<Output = Option<Backlog>> + Send {
        SendFuture::new(async move { metrics(self.queue.as_ref()).await.ok().flatten() })
    }
}

/// What the binding's `metrics()` says. `worker` does not know the method, and an older runtime
/// does not have it.
async fn metrics(queue: &JsValue) -> Result<Option<Backlog>, JsValue> {
    let Ok(method) = Reflect::get(queue, &"metrics".into())?.dyn_into::<Function>() else {
        return Ok(None);
    };
    let promise: Promise = method.call0(queue)?.dyn_into()?;
    let told = JsFuture::from(promise).await?;
    let Some(messages) = Reflect::get(&told, &"backlogCount".into())?.as_f64() else {
        return Ok(None);
    };
    // A date, or milliseconds; 0 or nothing when no message waits.
    let oldest = Reflect::get(&told, &"oldestMessageTimestamp".into())?;
    let oldest = oldest
        .dyn_ref::<Date>()
        .map(Date::get_time)
        .or_else(|| oldest.as_f64());
    Ok(Some(Backlog {
        messages: whole(messages).unwrap_or_default(),
        oldest_at: oldest
            .and_then(whole)
            .filter(|millis| *millis > 0)
            .and_then(|millis| i64::try_from(millis).ok())
            .map(Instant::from_millis),
    }))
}

/// A count or an instant as JavaScript gives it, when it is one.
fn whole(number: f64) -> Option<u64> {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a number that is not negative; the cast saturates"
    )]
    (number.is_finite() && number >= 0.0).then_some(number as u64)
}

/// Whether the environment has a queue under `binding`, without sending anything.
///
/// # Errors
/// A sentence that names the missing binding.
pub fn check_binding(env: &worker::Env, binding: &str) -> Result<(), String> {
    env.queue(binding)
        .map(|_| ())
        .map_err(|error| format!("the queue binding {binding} is missing: {error}"))
}

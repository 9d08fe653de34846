use super::Meter;
use crate::queue::{Queue, QueueError};
use std::sync::Arc;
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

    async fn send_batch(&self, bodies: &[String]) -> worker::Result<()> {
        if let [body] = bodies {
            let message = MessageBuilder::new(body.as_str())
                .content_type(QueueContentType::Text)
                .build();
            self.queue.send(message).await?;
        } else {
            let batch = bodies
                .iter()
                .fold(BatchMessageBuilder::new(), |batch, body| {
                    let message = MessageBuilder::new(body.as_str())
                        .content_type(QueueContentType::Text)
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
    fn send(&self, bodies: Vec<String>) -> impl Future<Output = Result<(), QueueError>> + Send {
        SendFuture::new(async move {
            for batch in bodies.chunks(BATCH_LIMIT) {
                self.send_batch(batch)
                    .await
                    .map_err(|error| QueueError(error.to_string()))?;
            }
            Ok(())
        })
    }
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

//! What the runtime calls.

use crate::{App, KeyCache, Readiness, Secrets, router};
use axum::body::Body;
use redrive_shared::cloudflare::{Bindings, check_binding, setting};
use redrive_shared::configuration::ConfigurationMemory;
use std::sync::{Arc, LazyLock};
use tower_service::Service;
use worker::send::SendFuture;
use worker::{Context, Env, Fetcher, HttpRequest, event};

/// Keys seen by this isolate, whatever the request.
static KEYS: LazyLock<Arc<KeyCache>> = LazyLock::new(Arc::default);

/// What this isolate read of the providers.
static CONFIGURATION: ConfigurationMemory = ConfigurationMemory::new();

/// Answers one HTTP request.
#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    _context: Context,
) -> worker::Result<http::Response<Body>> {
    let secrets = Secrets::read(
        setting(&env, "ADMIN_KEY").as_deref(),
        setting(&env, "KEY_HASH_SECRET").as_deref(),
    );
    let configuration = CONFIGURATION.find(|name| setting(&env, name));
    let ports = Bindings::new(&env)?;
    let readiness = WorkerReadiness { env };
    let app = App {
        ports,
        readiness,
        secrets,
        configuration,
        keys: Arc::clone(&KEYS),
    };
    Ok(router(Arc::new(app)).call(request).await?)
}

/// Looks at the bindings, and asks the consumer over its service binding.
struct WorkerReadiness {
    env: Env,
}

impl WorkerReadiness {
    async fn ask_consumer(&self) -> Result<(), String> {
        let unreachable =
            |error: worker::Error| format!("the consumer does not answer on CONSUMER: {error}");
        let consumer: Fetcher = self
            .env
            .service("CONSUMER")
            .map_err(|error| format!("the service binding CONSUMER is missing: {error}"))?;
        let mut response: worker::Response = consumer
            .fetch("http://consumer/ready", None)
            .await
            .and_then(TryInto::try_into)
            .map_err(unreachable)?;
        let problems: Vec<String> = response.json().await.map_err(unreachable)?;
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("; "))
        }
    }
}

impl Readiness for WorkerReadiness {
    fn queue(&self) -> impl Future<Output = Result<(), String>> + Send {
        std::future::ready(
            check_binding(&self.env, "JOBS")
                .and_then(|()| check_binding(&self.env, "DEAD_LETTERS")),
        )
    }

    fn consumer(&self) -> impl Future<Output = Result<(), String>> + Send {
        SendFuture::new(self.ask_consumer())
    }
}

//! What a client of OpenAI's sends.

use super::{Api, Reply, Tenant};
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

const BOUNDARY: &str = "the-boundary";

/// A part of a form: its name, the name of its file if it is one, and what it holds.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A form with these parts.
pub(crate) fn form(path: &str, key: &str, parts: &[Part<'_>]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, file_name, holds) in parts {
        let file = file_name.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(holds);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "jobs.example.com")
        .header("authorization", format!("Bearer {key}"))
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(Body::from(body))
        .expect("a request")
}

/// A line of an input file.
pub(crate) fn line(custom_id: &str) -> Value {
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi."}]});
    json!({
        "custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body,
    })
}

impl Api {
    /// Uploads a file.
    pub(crate) async fn upload(&self, tenant: &Tenant, text: &[u8]) -> Reply {
        let parts = [
            ("purpose", None, &b"batch"[..]),
            ("file", Some("lines.jsonl"), text),
        ];
        self.send(form("/v1/files", &tenant.key, &parts)).await
    }

    /// A new file of one line; answers its id.
    pub(crate) async fn file(&self, tenant: &Tenant) -> String {
        let line = line("a").to_string();
        let reply = self.upload(tenant, line.as_bytes()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Makes a batch of a file, with a field set otherwise.
    pub(crate) async fn submit_file(
        &self,
        tenant: &Tenant,
        file: &str,
        (name, value): (&str, Value),
    ) -> Reply {
        let mut body = json!({
            "input_file_id": file,
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        });
        body[name] = value;
        self.post("/v1/batches", &tenant.key, &body).await
    }

    /// A new batch of a file of one line; answers its id.
    pub(crate) async fn file_batch(&self, tenant: &Tenant) -> String {
        let file = self.file(tenant).await;
        let reply = self
            .submit_file(tenant, &file, ("metadata", json!(null)))
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["id"].as_str().expect("an id").to_owned()
    }
}

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State as Extracted};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use redrive_shared::clock::Instant;
use serde_json::{Value, json};

use super::answers::Answer;
use super::batches::Batch;
use super::faults::{Fault, Laid};
use super::letters::replays;
use super::{ADMIN_KEY, KEY, Seen, Shared, State, operators};

/// The query of a request.
pub(super) type Parameters = HashMap<String, String>;

/// Answers every request.
pub(super) async fn answer(
    Extracted(shared): Extracted<Arc<Shared>>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let seen = see(&parts, body.to_vec());
    let path = parts.uri.path().to_owned();
    let fault = {
        let mut state = shared.state();
        state.seen.push(seen.clone());
        Laid::take(&mut state.faults, &seen.method, &path)
    };
    if fault == Some(Fault::HangBefore) {
        hang(&shared).await;
    }
    if let Some(Fault::Status(status, retry_after)) = fault {
        return Answer::of_fault(status, retry_after).send(None);
    }
    let answer = carry_out(&mut shared.state(), &path, &parameters, &seen);
    match fault {
        Some(Fault::HangAfter) => hang(&shared).await,
        Some(Fault::HangIn(_)) => note_hanging(&shared),
        _ => {}
    }
    answer.send(fault)
}

fn see(parts: &Parts, body: Vec<u8>) -> Seen {
    let header = |headers: &HeaderMap, name: &str| {
        let value = headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let headers = &parts.headers;
    Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        key: header(headers, "authorization").map(|value| value.replace("Bearer ", "")),
        idempotency_key: header(headers, "idempotency-key"),
        defaults: header(headers, "redrive-defaults"),
        body,
    }
}

fn note_hanging(shared: &Shared) {
    shared.state().hanging += 1;
    shared.changed.notify_all();
}

async fn hang(shared: &Shared) {
    note_hanging(shared);
    std::future::pending::<()>().await;
}

fn carry_out(state: &mut State, path: &str, parameters: &Parameters, seen: &Seen) -> Answer {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (seen.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "health"]) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let now = Instant::from_millis(i64::try_from(now.as_millis()).unwrap());
            let timestamp = now.plus_seconds(state.ahead_seconds).to_rfc3339();
            Answer::json(200, &json!({"status": "ok", "timestamp": timestamp}))
        }
        ("GET", ["api", "ready"]) => ready(state),
        ("GET", ["html", ..]) => Answer::html(200, "<html>Welcome", None),
        ("GET", ["moved", ..]) => Answer::html(301, "", Some("https://elsewhere.example.com/")),
        (_, ["api", "v1", "admin", rest @ ..]) if seen.key.as_deref() == Some(ADMIN_KEY) => {
            admin(&seen.method, rest)
        }
        (_, ["api", "v1", ..]) if seen.key.as_deref() != Some(KEY) => {
            let detail = "Send a valid API key as `Authorization: Bearer rd_live_…`.";
            Answer::problem(401, "unauthenticated", detail, json!({}))
        }
        (_, ["api", "v1", rest @ ..]) => for_tenant(state, rest, parameters, seen),
        _ => nowhere(),
    }
}

pub(super) fn nowhere() -> Answer {
    Answer::problem(404, "route-not-found", "There is no such path.", json!({}))
}

fn ready(state: &State) -> Answer {
    let mut checks = json!({"database": {"ok": true}, "queue": {"ok": true}});
    match state.unready {
        None => Answer::json(200, &json!({"status": "ready", "checks": checks})),
        Some((part, detail)) => {
            checks[part] = json!({"ok": false, "detail": detail});
            Answer::json(503, &json!({"status": "not_ready", "checks": checks}))
        }
    }
}

fn admin(method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", ["circuits"]) => Answer::json(200, &json!({"data": []})),
        ("POST", ["keys"]) => Answer::json(
            201,
            &json!({"key": "rd_live_new", "keyId": "key_9", "start": "rd_live_n", "tenantId": "ten_1",
                "name": "backend", "scopes": ["jobs:read"], "createdAt": "2026-11-21T10:00:00.000Z"}),
        ),
        ("GET", ["keys"]) => Answer::json(
            200,
            &json!({"data": [
                {"keyId": "key_1", "start": "rd_live_a", "tenantId": "ten_1", "name": "backend",
                 "scopes": ["jobs:read", "jobs:write"], "createdAt": "2026-11-01T10:00:00.000Z"},
                {"keyId": "key_2", "start": "rd_live_b", "tenantId": "ten_1", "name": "old",
                 "scopes": ["jobs:read"], "createdAt": "2026-10-01T10:00:00.000Z",
                 "expiresAt": "2026-10-02T10:00:00.000Z"},
            ], "nextCursor": null}),
        ),
        ("DELETE", ["keys", id]) => Answer::json(
            200,
            &json!({"keyId": id, "start": "rd_live_a", "tenantId": "ten_1", "name": "backend",
                "scopes": ["jobs:read"], "createdAt": "2026-11-01T10:00:00.000Z",
                "revokedAt": "2026-11-21T10:00:00.000Z"}),
        ),
        ("GET", ["tenants"]) => Answer::json(
            200,
            &json!({"data": [{"tenantId": "ten_1", "name": "acme", "retentionDays": 30,
                "payloadRetentionDays": 7, "createdAt": "2026-11-01T10:00:00.000Z"}], "nextCursor": null}),
        ),
        _ => nowhere(),
    }
}

fn for_tenant(state: &mut State, path: &[&str], parameters: &Parameters, seen: &Seen) -> Answer {
    match (seen.method.as_str(), path) {
        ("GET", ["key"]) if !state.is_old => Answer::json(
            200,
            &json!({"tenantId": "ten_1", "keyId": "key_1", "name": "tests",
                "scopes": ["jobs:read", "jobs:write", "ops:read"]}),
        ),
        ("POST", ["generate"]) => named(state, seen, submit),
        ("POST", ["batches"]) => named(state, seen, |state, seen| {
            submit_batch(state, parameters, seen)
        }),
        ("GET", ["jobs"]) => {
            let data = state.jobs.clone();
            Answer::json(200, &json!({"data": data, "nextCursor": "c-next"}))
        }
        ("GET", ["jobs", id]) => find(&state.jobs, "jobId", id),
        ("GET", ["batches", id, rest @ ..]) => batch(state, id, rest, parameters),
        ("POST", ["batches", id, "cancel"]) => cancel(state, id),
        (_, ["dead-letters" | "replays", ..]) => operators::answer(state, path, parameters, seen),
        _ => nowhere(),
    }
}

fn find(documents: &[Value], name: &str, id: &str) -> Answer {
    match documents.iter().find(|document| document[name] == id) {
        Some(document) => Answer::json(200, document),
        None => Answer::problem(404, "not-found", "There is no such thing.", json!({})),
    }
}

/// Carries a named request out once, and gives its answer again.
fn named(
    state: &mut State,
    seen: &Seen,
    carry_out: impl FnOnce(&mut State, &Seen) -> Result<Value, Answer>,
) -> Answer {
    let Some(name) = seen.idempotency_key.clone() else {
        return Answer::problem(400, "no-name", "The tests want a name.", json!({}));
    };
    let known = state
        .named
        .iter()
        .find(|(route, known, ..)| *known == name && seen.target.starts_with(route.as_str()));
    if let Some((_, _, body, answer)) = known {
        if *body == seen.body {
            return Answer::json(202, answer);
        }
        let detail = "This `Idempotency-Key` was sent with another request.";
        return Answer::problem(422, "idempotency-key-reused", detail, json!({}));
    }
    match carry_out(state, seen) {
        Ok(answer) => {
            let route = seen.target.split('?').next().unwrap().to_owned();
            let entry = (route, name, seen.body.clone(), answer.clone());
            state.named.push(entry);
            Answer::json(202, &answer)
        }
        Err(refusal) => refusal,
    }
}

fn submit(state: &mut State, seen: &Seen) -> Result<Value, Answer> {
    let body = seen.json();
    let prompt = body["prompt"].as_str().unwrap_or_default();
    if prompt.is_empty() {
        let errors = json!({"errors": [{"pointer": "/prompt", "detail": "must have 1 byte"}]});
        let detail = "The request is not valid: see `errors`.";
        return Err(Answer::problem(422, "validation-failed", detail, errors));
    }
    let id = format!("job_{:05}", state.jobs.len());
    let mut job = json!({
        "jobId": id, "kind": "generate", "attempt": 1, "createdAt": "2026-11-21T10:00:00.123Z",
        "deadlineAt": "2026-11-22T10:00:00.123Z", "completedAt": "2026-11-21T10:00:02.500Z",
        "model": "small", "provider": "openai",
    });
    if prompt.contains("fail") {
        job["status"] = json!("failed");
        job["error"] =
            json!({"code": "refused", "message": "The model declined.", "retryable": false});
        job["attempts"] = json!([{"attempt": 1, "startedAt": "2026-11-21T10:00:01.000Z",
            "finishedAt": "2026-11-21T10:00:02.500Z", "outcome": "failed", "code": "refused",
            "provider": "openai", "model": "small"}]);
    } else {
        job["status"] = json!("succeeded");
        job["result"] = json!({"output": format!("You said: {prompt}"), "finishReason": "stop"});
        job["usage"] = json!({"inputTokens": 1200, "outputTokens": 30});
        job["costMicroUsd"] = json!(180);
    }
    if prompt.contains("again") {
        job["replays"] = replays();
    }
    state.jobs.push(job);
    let url = format!("http://x/api/v1/jobs/{id}");
    Ok(json!({"success": true, "jobId": id, "status": "queued", "statusUrl": url}))
}

fn submit_batch(state: &mut State, parameters: &Parameters, seen: &Seen) -> Result<Value, Answer> {
    let text = String::from_utf8(seen.body.clone()).unwrap();
    let read = |(place, line): (usize, &str)| match serde_json::from_str::<Value>(line) {
        Ok(line) => Ok(line),
        Err(_) => Err(json!({"line": place + 1, "code": "invalid_json", "detail": "is not JSON"})),
    };
    let (lines, invalid): (Vec<_>, Vec<_>) =
        text.lines().enumerate().map(read).partition(Result::is_ok);
    let invalid: Vec<Value> = invalid.into_iter().filter_map(Result::err).collect();
    let is_skipping = parameters.get("onError").is_some_and(|what| what == "skip");
    if !invalid.is_empty() && !is_skipping {
        let more = json!({"invalidLines": invalid.len(), "lines": invalid});
        let detail = "1 line is not valid: nothing was stored.";
        return Err(Answer::problem(422, "invalid-lines", detail, more));
    }
    let lines: Vec<Value> = lines.into_iter().filter_map(Result::ok).collect();
    let id = format!("bat_{}", state.batches.len() + 1);
    let answer = json!({
        "success": true, "batchId": id, "status": "in_progress", "lines": text.lines().count(),
        "invalidLines": invalid.len(), "errors": invalid, "statusUrl": "http://x",
    });
    let name = parameters.get("name").cloned();
    let batch = Batch::new(id, name, lines, state.answer_bytes);
    state.batches.push(batch);
    Ok(answer)
}

fn batch(state: &mut State, id: &str, path: &[&str], parameters: &Parameters) -> Answer {
    let pace = state.pace;
    let Some(batch) = state.batches.iter_mut().find(|batch| batch.id == id) else {
        return find(&[], "batchId", id);
    };
    match path {
        [] => {
            let document = batch.document();
            batch.go_on(pace);
            Answer::json(200, &document)
        }
        ["results"] => {
            let number = |name: &str| parameters.get(name)?.trim_start_matches('c').parse().ok();
            let order = parameters.get("order").map_or("line", String::as_str);
            let cursor = number("cursor").unwrap_or_default();
            let limit = number("limit").unwrap_or(usize::MAX);
            Answer::lines(batch.results(order, cursor, limit).into_iter())
        }
        ["errors"] => Answer::lines(batch.errors().into_iter()),
        _ => nowhere(),
    }
}

fn cancel(state: &mut State, id: &str) -> Answer {
    let Some(batch) = state.batches.iter_mut().find(|batch| batch.id == id) else {
        return find(&[], "batchId", id);
    };
    if batch.cancel() {
        Answer::json(202, &batch.document())
    } else {
        Answer::problem(409, "batch-ended", "The batch has ended.", json!({}))
    }
}

//! Bodies that lie about their length, or have none.

use anyhow::Result;
use redrive_tests::client::PROMPT;
use redrive_tests::poll;
use redrive_tests::raw_http::{RawAnswer, send};

use super::{GENERATE, Refusal, TOO_LARGE, check_problem, nothing_stored, refusal};

const MEBIBYTE: usize = 1024 * 1024;

/// The head of a submission, with these header lines.
fn head(authority: &str, key: &str, lines: &str) -> String {
    format!(
        "POST {GENERATE} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\n{lines}\r\n\r\n"
    )
}

/// The Worker's answer to a request.
///
/// When a Worker answers before a body has arrived, the local runtime's proxy in front of it now
/// and then loses the connection between them, and answers 500 itself or not at all.
async fn ask(authority: &str, request: &str) -> Result<RawAnswer> {
    poll::until("an answer of the Worker's own", async || {
        let answer = send(authority, request.as_bytes()).await.ok();
        Ok(answer.filter(|answer| answer.head.contains("x-request-id: req_")))
    })
    .await
}

fn check(what: &str, answer: &RawAnswer, expected: Refusal) -> Result<()> {
    let told = format!("{what}: {answer:?}");
    assert_eq!(answer.status, expected.status, "{told}");
    check_problem(&told, &answer.body, expected)
}

#[test]
fn body_announced_too_large_is_refused_before_it_is_sent() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, key) = stage.key(&tenant.id, &["jobs:write"]).await?;
        let authority = stage.authority()?;
        for length in [MEBIBYTE + 1, 1 << 40] {
            let head = head(&authority, &key, &format!("Content-Length: {length}"));
            let answer = ask(&authority, &head).await?;
            check(&format!("{length} bytes announced"), &answer, TOO_LARGE)?;
        }
        Ok(())
    })
}

#[test]
fn body_one_byte_too_large_is_refused_with_and_without_its_length() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, key) = stage.key(&tenant.id, &["jobs:write"]).await?;
        let authority = stage.authority()?;
        let mut body = format!(r#"{{"prompt":"{PROMPT}"}}"#);
        body.push_str(&" ".repeat(MEBIBYTE + 1 - body.len()));
        let length = format!("Content-Length: {}", body.len());
        let whole = head(&authority, &key, &length) + &body;
        check("with a length", &ask(&authority, &whole).await?, TOO_LARGE)?;
        let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let chunked = head(&authority, &key, "Transfer-Encoding: chunked") + &chunk;
        check("in one chunk", &ask(&authority, &chunked).await?, TOO_LARGE)
    })
}

#[test]
fn body_that_does_not_end_is_refused_at_the_limit() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, key) = stage.key(&tenant.id, &["jobs:write"]).await?;
        let authority = stage.authority()?;
        let head = head(&authority, &key, "Transfer-Encoding: chunked");
        let piece = r#"{"a":1,"#.repeat(8 * 1024);
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        // More would follow, but nobody waits for it.
        let unfinished = head + &chunk.repeat(MEBIBYTE / piece.len() + 1);
        let answer = ask(&authority, &unfinished).await?;
        check("an unfinished body", &answer, TOO_LARGE)
    })
}

#[test]
fn headers_of_more_than_16_kib_are_refused() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, key) = stage.key(&tenant.id, &["jobs:write"]).await?;
        let authority = stage.authority()?;
        let lines = format!("X-Long: {}\r\nContent-Length: 0", "a".repeat(17 * 1024));
        let answer = ask(&authority, &head(&authority, &key, &lines)).await?;
        check("long headers", &answer, refusal(431, "headers-too-large"))
    })
}

use super::*;
use axum::body::Body;
use redrive_shared::clock::Instant;
use std::time::Duration;

const BOUNDARY: &str = "a-boundary";
const LIMIT: u64 = 1024 * 1024;

/// A clock on which time passes when nothing else happens any more.
struct IdleClock;

impl Clock for IdleClock {
    fn now(&self) -> Instant {
        Instant::from_millis(1_795_258_517_372)
    }

    async fn sleep(&self, _duration: Duration) {
        for _turn in 0..3 {
            tokio::task::yield_now().await;
        }
    }
}

fn headers(content_type: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().expect("a value"))])
}

fn text(name: &str, value: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(name: &str, contents: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a b.jsonl\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{contents}\r\n"
    )
}

fn end() -> String {
    format!("--{BOUNDARY}--\r\n")
}

/// A body in pieces of this length.
fn pieces(body: &str, length: usize) -> Body {
    let pieces = body.as_bytes().chunks(length).map(Bytes::copy_from_slice);
    let pieces: Vec<Result<Bytes, io::Error>> = pieces.map(Ok).collect();
    Body::from_stream(stream::iter(pieces))
}

/// Every part as name and contents, a file's with its own name before.
async fn read(body: Body) -> Result<Vec<(String, String)>, Problem> {
    let headers = headers(&format!("multipart/form-data; boundary={BOUNDARY}"));
    let body = Incoming::of(&headers, body, u64::MAX)?;
    let mut form = Form::of(&headers, body, LIMIT, &IdleClock)?;
    let mut parts = Vec::new();
    while let Some(part) = form.next().await? {
        parts.push(match part {
            Part::Text(name, text) => (name, text),
            Part::File(mut file) => {
                let mut contents = format!("{}:", file.file_name.clone().unwrap_or_default());
                while let Some(piece) = file.piece().await? {
                    contents.push_str(std::str::from_utf8(&piece).expect("ASCII"));
                }
                (file.name.clone(), contents)
            }
        });
    }
    Ok(parts)
}

async fn refused(body: Body) -> ProblemCode {
    read(body).await.expect_err("it is to be refused").code
}

fn owned(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    parts.iter().map(owned).collect()
}

#[tokio::test]
async fn parts_come_in_their_order_however_the_body_is_cut() {
    let lines = "{\"a\":1}\r\n--a-bound\r\n\r\n{\"b\":2}\n";
    let first = file("file", lines) + &text("purpose", "batch") + &end();
    let last = text("purpose", "batch")
        + &text("expires_after[seconds]", "3600")
        + &file("file", lines)
        + &end();
    let named = format!("a b.jsonl:{lines}");
    for length in [1, 2, 3, 7, 16, 61, 4_096] {
        let parts = read(pieces(&first, length)).await.expect("a form");
        assert_eq!(
            parts,
            owned(&[("file", &named), ("purpose", "batch")]),
            "{length}"
        );
        let parts = read(pieces(&last, length)).await.expect("a form");
        let expected = [
            ("purpose", "batch"),
            ("expires_after[seconds]", "3600"),
            ("file", &named),
        ];
        assert_eq!(parts, owned(&expected), "{length}");
    }
}

#[tokio::test]
async fn a_large_file_is_read_to_its_end_although_little_is_held() {
    let lines = "0123456789abcde\n".repeat(60_000);
    let body = file("file", &lines) + &text("purpose", "batch") + &end();
    for length in [1_000, 65_536, body.len()] {
        let parts = read(pieces(&body, length)).await.expect("a form");
        assert_eq!(parts[0].1.len(), "a b.jsonl:".len() + lines.len());
        assert_eq!(parts[1].1, "batch");
    }
}

#[tokio::test]
async fn an_empty_file_and_an_empty_form_are_forms() {
    let body = file("file", "") + &end();
    let parts = read(pieces(&body, 5)).await.expect("a form");
    assert_eq!(parts, owned(&[("file", "a b.jsonl:")]));
    assert_eq!(read(pieces(&end(), 5)).await, Ok(vec![]));
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    for content_type in [
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=",
    ] {
        let headers = headers(content_type);
        let body = Incoming::of(&headers, Body::empty(), LIMIT).expect("plain");
        let form = Form::of(&headers, body, LIMIT, &IdleClock);
        let code = form.err().map(|problem| problem.code);
        assert_eq!(
            code,
            Some(ProblemCode::UnsupportedMediaType),
            "{content_type}"
        );
    }
    for body in [
        String::new(),
        "no boundary".to_owned(),
        text("purpose", "batch"),
        file("file", "x").trim_end().to_owned(),
        format!("--{BOUNDARY}\r\nno header\r\n\r\nx\r\n{}", end()),
    ] {
        assert_eq!(
            refused(pieces(&body, 9)).await,
            ProblemCode::InvalidForm,
            "{body}"
        );
    }
}

#[tokio::test]
async fn texts_and_files_have_limits() {
    let long = text("purpose", &"x".repeat(4_097)) + &end();
    assert_eq!(
        refused(pieces(&long, 1_000)).await,
        ProblemCode::PayloadTooLarge
    );
    let most = usize::try_from(LIMIT).expect("it fits");
    let body = file("file", &"x".repeat(most)) + &end();
    assert!(read(pieces(&body, 65_536)).await.is_ok());
    let body = file("file", &"x".repeat(most + 1)) + &end();
    assert_eq!(
        refused(pieces(&body, 65_536)).await,
        ProblemCode::PayloadTooLarge
    );
    let files = file("one", &"x".repeat(most)) + &file("two", &"x".repeat(most)) + &end();
    assert_eq!(
        refused(pieces(&files, 65_536)).await,
        ProblemCode::PayloadTooLarge
    );
}

#[tokio::test]
async fn headers_without_an_end_are_not_held() {
    let header = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}",
        "x".repeat(600_000)
    );
    assert_eq!(
        refused(pieces(&header, 10_000)).await,
        ProblemCode::InvalidForm
    );
    let preamble = "x".repeat(600_000);
    assert_eq!(
        refused(pieces(&preamble, 10_000)).await,
        ProblemCode::InvalidForm
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_comes_is_told_apart() {
    let begun = file("file", "x").replace("x\r\n", "xxxx");
    let broken = stream::iter([
        Ok(Bytes::from(begun.clone())),
        Err(io::Error::from(io::ErrorKind::BrokenPipe)),
    ]);
    assert_eq!(
        refused(Body::from_stream(broken)).await,
        ProblemCode::BodyIncomplete
    );
    let silent = stream::iter([Ok::<_, io::Error>(Bytes::from(begun))]).chain(stream::pending());
    assert_eq!(
        refused(Body::from_stream(silent)).await,
        ProblemCode::RequestTimeout
    );
}

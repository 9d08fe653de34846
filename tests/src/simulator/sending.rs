//! How an answer is sent: whole, in pieces, broken, or not at all.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::simulator::connection::Cut;
use crate::simulator::error_body::{page, put, put_id};
use crate::simulator::hint;
use crate::simulator::ledger::now_ms;
use crate::simulator::reply::Broken;
use crate::simulator::route::Vendor;

/// How long the first half of an answer has to reach the caller before the connection is reset.
const RESET_AFTER: Duration = Duration::from_millis(20);
/// The time between two blank lines.
const BLANK_LINE_EVERY: Duration = Duration::from_millis(20);
/// What stands at the beginning of every gzip.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// What an answer is sent with.
pub(crate) struct Sender {
    pub(crate) vendor: Vendor,
    pub(crate) sequence: u64,
    pub(crate) cut: Cut,
}

impl Sender {
    /// Status 200 with this body, which is JSON or claims to be.
    pub(crate) fn good(&self, body: impl Into<Body>) -> Response {
        self.of_type("application/json", body)
    }

    /// Status 200 with a body of this type.
    pub(crate) fn of_type(&self, media_type: &'static str, body: impl Into<Body>) -> Response {
        let mut response = ([(header::CONTENT_TYPE, media_type)], body.into()).into_response();
        let headers = response.headers_mut();
        put_id(headers, self.vendor, self.sequence);
        put(headers, hint::of_good_answer(self.vendor, now_ms() / 1_000));
        if self.vendor == Vendor::Piston {
            put(headers, [("x-simulated", "true".to_owned())]);
        }
        response
    }
}

/// Sends an answer that is broken in this way.
pub(crate) fn broken(sender: &Sender, broken: Broken, whole: String) -> Response {
    let whole = Bytes::from(whole);
    match broken {
        Broken::Drop => {
            sender.cut.reset();
            StatusCode::OK.into_response()
        }
        Broken::Close => {
            sender.cut.close();
            StatusCode::OK.into_response()
        }
        Broken::Reset => reset(sender, &whole),
        Broken::Stall => stall(sender, &whole),
        Broken::Truncated => sender.good(first_half(&whole)),
        Broken::Gzip => {
            let body = [&GZIP_HEADER, whole.as_ref()].concat();
            let mut response = sender.good(body);
            let gzip = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
            response
        }
        Broken::Utf8 => sender.good(invalid(&whole)),
        Broken::Nothing => sender.good(Body::empty()),
        Broken::Html => Html(page(StatusCode::OK)).into_response(),
    }
}

/// Sends blank lines, this many or without end, and then the answer.
pub(crate) fn keep_alive(sender: &Sender, lines: Option<u32>, whole: String) -> Response {
    let count = lines.map_or(usize::MAX, |lines| {
        usize::try_from(lines).unwrap_or(usize::MAX)
    });
    let blank = stream::repeat(()).take(count).then(async |()| {
        sleep(BLANK_LINE_EVERY).await;
        Bytes::from_static(b"\n")
    });
    let answer = stream::once(async move { Bytes::from(whole) });
    let pieces = blank.chain(answer).map(Ok::<_, Infallible>);
    sender.good(Body::from_stream(pieces))
}

/// Announces the whole body, sends the first half of it, and cuts the connection.
fn reset(sender: &Sender, whole: &Bytes) -> Response {
    let half = first_half(whole);
    let cut = sender.cut.clone();
    let sent = stream::once(async move { Ok(half) });
    let lost = stream::once(async move {
        sleep(RESET_AFTER).await;
        cut.reset();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    announced(sender, whole, Body::from_stream(sent.chain(lost)))
}

/// Announces the whole body, and sends only the first half of it.
fn stall(sender: &Sender, whole: &Bytes) -> Response {
    let half = first_half(whole);
    let sent = stream::once(async move { Ok::<_, Infallible>(half) });
    announced(
        sender,
        whole,
        Body::from_stream(sent.chain(stream::pending())),
    )
}

fn announced(sender: &Sender, whole: &Bytes, body: Body) -> Response {
    let mut response = sender.good(body);
    let length = HeaderValue::from(whole.len());
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    response
}

fn first_half(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len() / 2)
}

/// The same JSON with a byte that no text has, in the middle of its last string.
fn invalid(whole: &Bytes) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let end = bytes
        .windows(2)
        .rposition(|pair| pair == b"\"}" || pair == b"\",");
    bytes.insert(end.unwrap_or_default(), 0xff);
    bytes
}

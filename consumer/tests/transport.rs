//! What `reqwest` makes of servers that behave and of those that do not.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends by panicking when its ground is not there"
)]

use redrive_consumer::transport::HttpTransport;
use redrive_shared::provider::{
    Destination, HeaderText, MAX_REPLY_BYTES, Method, ProviderReply, ProviderRequest, Transport,
    TransportError,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with a connection once it has read the request.
#[derive(Clone)]
enum Manner {
    /// Says this, and closes.
    Says(Vec<u8>),
    /// Says this, and then a blank at a time, for ever.
    Drips(&'static str),
}

/// A server that treats one connection after the other alike, and tells what it was asked.
struct Server {
    url: String,
    asked: tokio::sync::mpsc::UnboundedReceiver<String>,
}

impl Server {
    async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/x", listener.local_addr().unwrap());
        let (told, asked) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, manner.clone(), &told).await;
            }
        });
        Self { url, asked }
    }

    fn says(head: &str, body: &[u8]) -> Manner {
        Manner::Says([format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat())
    }
}

async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    told: &tokio::sync::mpsc::UnboundedSender<String>,
) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(length) => request.extend(buffer.iter().take(length)),
        }
    }
    told.send(String::from_utf8(request).unwrap()).unwrap();
    match manner {
        Manner::Says(reply) => {
            // A client that has read enough may have gone.
            stream.write_all(&reply).await.ok();
            stream.shutdown().await.ok();
        }
        Manner::Drips(head) => {
            stream.write_all(head.as_bytes()).await.ok();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// The requests of these tests have bodies that end in `}` or none.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    head.starts_with("GET") || body.ends_with('}')
}

fn request(method: Method, url: &str) -> ProviderRequest {
    ProviderRequest {
        method,
        to: Destination::Url(url.to_owned()),
        headers: vec![("api-key".into(), HeaderText::new("hidden").unwrap())],
        body: match method {
            Method::Post => "{}".to_owned(),
            Method::Get => String::new(),
        },
    }
}

async fn sent(
    request: &ProviderRequest,
    timeout: Duration,
) -> Result<ProviderReply, TransportError> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let transport = HttpTransport::new(client.build().unwrap());
    transport.send(request, timeout).await
}

async fn posted(manner: Manner) -> Result<ProviderReply, TransportError> {
    let server = Server::new(manner).await;
    sent(&request(Method::Post, &server.url), Duration::from_secs(10)).await
}

#[tokio::test]
async fn a_post_and_a_get_go_out_as_they_were_built() {
    let mut server = Server::new(Server::says("200 OK\r\ncontent-length: 4", b"null")).await;
    for method in [Method::Post, Method::Get] {
        let reply = sent(&request(method, &server.url), Duration::from_secs(10))
            .await
            .unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, b"null".as_slice())
        );
    }
    let post = server.asked.recv().await.unwrap();
    assert!(post.starts_with("POST /v1/x HTTP/1.1\r\n"), "{post}");
    assert!(post.contains("\r\napi-key: hidden\r\n"), "{post}");
    assert!(post.ends_with("\r\n\r\n{}"), "{post}");
    let get = server.asked.recv().await.unwrap();
    assert!(get.starts_with("GET /v1/x HTTP/1.1\r\n"), "{get}");
    assert!(get.ends_with("\r\n\r\n"), "{get}");
}

#[tokio::test]
async fn a_redirect_is_a_reply_and_is_not_followed() {
    let mut elsewhere = Server::new(Server::says("200 OK\r\ncontent-length: 0", b"")).await;
    let head = format!(
        "307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0",
        elsewhere.url
    );
    assert_eq!(posted(Server::says(&head, b"")).await.unwrap().status, 307);
    assert!(elsewhere.asked.try_recv().is_err());
}

#[tokio::test]
async fn any_status_is_a_reply_with_its_header_fields() {
    let head = "429 Too Many Requests\r\nRetry-After: 7\r\ncontent-length: 2";
    let reply = posted(Server::says(head, b"no")).await.unwrap();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers.get("retry-after"), Some("7"));
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_declared_or_not() {
    let large = vec![b' '; MAX_REPLY_BYTES + 1];
    let declared = format!("200 OK\r\ncontent-length: {}", large.len());
    let refused = posted(Server::says(&declared, &large)).await;
    assert_eq!(refused, Err(TransportError::BodyTooLarge));
    let refused = posted(Server::says("200 OK\r\nconnection: close", &large)).await;
    assert_eq!(refused, Err(TransportError::BodyTooLarge));
    let most = vec![b' '; MAX_REPLY_BYTES];
    let taken = posted(Server::says("200 OK\r\nconnection: close", &most)).await;
    assert_eq!(taken.unwrap().body.len(), MAX_REPLY_BYTES);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_from_a_server_that_is_not_there() {
    let broken = posted(Server::says("200 OK\r\ncontent-length: 9", b"half")).await;
    assert_eq!(broken, Err(TransportError::BodyInterrupted));
    let closed = posted(Manner::Says(Vec::new())).await;
    assert_eq!(closed, Err(TransportError::Unreachable));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let nobody = sent(&request(Method::Post, &url), Duration::from_secs(10)).await;
    assert_eq!(nobody, Err(TransportError::Unreachable));
}

#[tokio::test]
async fn the_timeout_is_for_the_whole_call_however_much_is_said() {
    for head in [
        "HTTP/1.1 200 OK\r\nx: ",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    ] {
        let server = Server::new(Manner::Drips(head)).await;
        let asked = request(Method::Post, &server.url);
        let over = sent(&asked, Duration::from_millis(200)).await;
        assert_eq!(over, Err(TransportError::Timeout), "{head}");
    }
}

#[tokio::test]
async fn a_binding_is_not_a_url() {
    let request = ProviderRequest {
        to: Destination::Service {
            binding: "EXECUTOR",
            path: "/run",
        },
        ..request(Method::Post, "")
    };
    let refused = sent(&request, Duration::from_secs(1)).await;
    assert_eq!(refused, Err(TransportError::Unreachable));
}

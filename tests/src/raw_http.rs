//! HTTP by hand, for requests that a client library would not send.

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::poll::PATIENCE;

/// The most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// What came back.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, as far as its announced length.
    pub body: String,
}

/// Sends these bytes and reads the answer, whether or not they are a whole request.
///
/// # Errors
/// When there is no answer.
pub async fn send(authority: &str, request: &[u8]) -> Result<RawAnswer> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request).await?;
    timeout(PATIENCE, read(&mut stream))
        .await
        .context("no answer in time")?
}

/// A request whose body is sent piece by piece, its length untold. Dropped, its connection is cut.
#[derive(Debug)]
pub struct Upload {
    stream: TcpStream,
}

impl Upload {
    /// Begins to post lines to a path, with an API key.
    ///
    /// # Errors
    /// When nobody is there.
    pub async fn begin(authority: &str, path: &str, key: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(authority).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(Self { stream })
    }

    /// Sends the next piece, which is not empty.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn send(&mut self, piece: &[u8]) -> Result<()> {
        let sent = async {
            let length = format!("{:x}\r\n", piece.len());
            self.stream.write_all(length.as_bytes()).await?;
            self.stream.write_all(piece).await?;
            self.stream.write_all(b"\r\n").await
        };
        let sent = timeout(PATIENCE, sent).await;
        Ok(sent.context("a piece was not taken in time")??)
    }

    /// Ends the body, and reads the answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn finish(mut self) -> Result<RawAnswer> {
        self.stream.write_all(b"0\r\n\r\n").await?;
        timeout(PATIENCE, read(&mut self.stream))
            .await
            .context("no answer in time")?
    }
}

/// Reads an answer up to its announced length, or to the end of the connection.
async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<RawAnswer> {
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = parse(&bytes)? {
            return Ok(answer);
        }
        ensure!(bytes.len() < LONGEST_ANSWER, "the answer does not end");
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            bail!(
                "the connection ended in the answer: {}",
                String::from_utf8_lossy(&bytes)
            );
        }
        bytes.extend(piece.iter().take(count));
    }
}

/// The answer, if it is complete.
fn parse(bytes: &[u8]) -> Result<Option<RawAnswer>> {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    let status = head.split(' ').nth(1).context("no status line")?;
    let status = status
        .parse()
        .with_context(|| format!("no status: {head}"))?;
    let body = if let Some(length) = header(head, "content-length") {
        body.get(..length.parse()?)
    } else if header(head, "transfer-encoding").is_some() {
        return Ok(unchunked(body)?.map(|body| RawAnswer {
            status,
            head: head.to_owned(),
            body,
        }));
    } else {
        bail!("an answer of unknown length: {head}");
    };
    Ok(body.map(|body| RawAnswer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }))
}

/// A chunked body put together, if it is complete.
fn unchunked(mut rest: &str) -> Result<Option<String>> {
    let mut body = String::new();
    loop {
        let Some((length, after)) = rest.split_once("\r\n") else {
            return Ok(None);
        };
        let length = usize::from_str_radix(length, 16).context("no length of a chunk")?;
        if length == 0 {
            return Ok(Some(body));
        }
        let Some((chunk, after)) = after.split_at_checked(length) else {
            return Ok(None);
        };
        body.push_str(chunk);
        rest = after.strip_prefix("\r\n").unwrap_or_default();
    }
}

fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_complete_with_its_announced_length() {
        let text = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}more";
        let answer = parse(text).unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (413, "{}"));
        assert!(parse(&text[..text.len() - 5]).unwrap().is_none());
        assert!(parse(&text[..30]).unwrap().is_none());
    }

    #[test]
    fn chunks_are_put_together() {
        let text =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        assert_eq!(parse(text).unwrap().unwrap().body, "abcd");
        assert!(parse(&text[..text.len() - 6]).unwrap().is_none());
    }
}

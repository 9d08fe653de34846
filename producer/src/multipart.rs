//! Reads a form of parts (`multipart/form-data`, RFC 7578) as it arrives, so that a file of any
//! size takes no more memory than a piece of it.

use crate::body::{self, IDLE_LIMIT, Incoming};
use crate::problem::{Problem, ProblemCode};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use multer::bytes::Bytes;
use multer::{Constraints, Field, Multipart, SizeLimit};
use redrive_shared::clock::Clock;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// The most bytes a part may have that is no file.
const TEXT_LIMIT: u64 = 4 * 1024;
/// The most bytes that boundaries and headers may have together with the parts that are no files.
pub(crate) const AROUND_FILE: u64 = 64 * 1024;
/// The most bytes that are held before something comes of them.
const HELD_LIMIT: usize = 256 * 1024;

/// A form on its way in.
pub(crate) struct Form<'c, C> {
    parts: Multipart<'static>,
    held: Arc<AtomicUsize>,
    clock: &'c C,
}

/// The next part of a form.
pub(crate) enum Part<'f, 'c, C> {
    /// A text, by its name.
    Text(String, String),
    /// A file, to be read to its end before the next part is asked for.
    File(Box<FilePart<'f, 'c, C>>),
}

/// The file of a form.
pub(crate) struct FilePart<'f, 'c, C> {
    /// What the form calls it.
    pub(crate) name: String,
    /// What its owner calls it; `None`: not given.
    pub(crate) file_name: Option<String>,
    field: Field<'static>,
    form: &'f Form<'c, C>,
}

impl<'c, C: Clock> Form<'c, C> {
    /// Begins to read the body of a request, whose files have at most `limit` bytes each.
    ///
    /// # Errors
    /// 415 when the body is no form.
    pub(crate) fn of(
        headers: &HeaderMap,
        body: Incoming,
        limit: u64,
        clock: &'c C,
    ) -> Result<Self, Problem> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default())
            .ok()
            .filter(|boundary| (1..=70).contains(&boundary.len()))
            .ok_or_else(|| {
                let detail = "The body must be a form: send it with `Content-Type: \
                              multipart/form-data` and a boundary.";
                Problem::new(ProblemCode::UnsupportedMediaType, detail)
            })?;
        let sizes = SizeLimit::new()
            .whole_stream(limit.saturating_add(AROUND_FILE))
            .per_field(limit);
        let constraints = Constraints::new().size_limit(sizes);
        let held = Arc::new(AtomicUsize::new(0));
        let pieces = metered(body, Arc::clone(&held));
        Ok(Self {
            parts: Multipart::with_constraints(pieces, boundary, constraints),
            held,
            clock,
        })
    }

    /// The next part; `None` after the last.
    ///
    /// # Errors
    /// 400 when the body breaks off or is no form, 413 when a part is too large, 408 when nothing
    /// arrives for half a minute.
    pub(crate) async fn next(&mut self) -> Result<Option<Part<'_, 'c, C>>, Problem> {
        self.held.store(0, Ordering::Relaxed);
        let next = self.parts.next_field();
        let Some(field) = in_time(next, self.clock)
            .await?
            .map_err(|error| problem(&error))?
        else {
            return Ok(None);
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let mut file = FilePart {
            name,
            file_name,
            field,
            form: self,
        };
        if file.file_name.is_some() || file.field.content_type().is_some() {
            return Ok(Some(Part::File(Box::new(file))));
        }
        let mut text = Vec::new();
        while let Some(piece) = file.piece().await? {
            text.extend_from_slice(&piece);
            if u64::try_from(text.len()).map_or(true, |length| length > TEXT_LIMIT) {
                return Err(too_large(&file.name, TEXT_LIMIT));
            }
        }
        let text = String::from_utf8(text).or(Err(malformed()))?;
        Ok(Some(Part::Text(file.name, text)))
    }
}

impl<C: Clock> FilePart<'_, '_, C> {
    /// The next piece of it, of any length; `None` after the last.
    ///
    /// # Errors
    /// Like those of [`Form::next`].
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        self.form.held.store(0, Ordering::Relaxed);
        let piece = in_time(self.field.chunk(), self.form.clock).await?;
        piece.map_err(|error| problem(&error))
    }
}

/// The pieces of a body. The parser holds whatever it can get at once, so it gets no more than a
/// bounded length before it has to make something of it; when it makes nothing of that, the stream
/// fails.
fn metered(
    body: Incoming,
    held: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    let mut pieces = body.into_pieces();
    let mut was_full = false;
    stream::poll_fn(move |context| {
        let is_full = held.load(Ordering::Relaxed) >= HELD_LIMIT;
        if is_full && std::mem::replace(&mut was_full, true) {
            return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
        }
        if is_full {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        was_full = false;
        let piece = std::task::ready!(pieces.poll_next_unpin(context));
        Poll::Ready(piece.map(|piece| {
            let piece = piece.or(Err(io::ErrorKind::ConnectionReset))?;
            held.fetch_add(piece.len(), Ordering::Relaxed);
            Ok(piece)
        }))
    })
}

async fn in_time<T>(next: impl Future<Output = T>, clock: &impl Clock) -> Result<T, Problem> {
    match select(pin!(next), pin!(clock.sleep(IDLE_LIMIT))).await {
        Either::Left((came, _)) => Ok(came),
        Either::Right(_) => {
            let seconds = IDLE_LIMIT.as_secs();
            let detail = format!("Nothing of the body arrived for {seconds} seconds.");
            Err(Problem::new(ProblemCode::RequestTimeout, detail))
        }
    }
}

fn problem(error: &multer::Error) -> Problem {
    if let multer::Error::FieldSizeExceeded { limit, field_name } = error {
        return too_large(field_name.as_deref().unwrap_or_default(), *limit);
    }
    if let multer::Error::StreamSizeExceeded { limit } = error {
        return body::too_large(*limit);
    }
    if let multer::Error::StreamReadFailed(cause) = error
        && !is_malformed(cause.as_ref())
    {
        let detail = "The connection broke before the body was complete.";
        return Problem::new(ProblemCode::BodyIncomplete, detail);
    }
    malformed()
}

fn is_malformed(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let cause = cause.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

fn malformed() -> Problem {
    let detail = "The body is no complete form: its parts must be as RFC 7578 says, and its texts \
                  in UTF-8.";
    Problem::new(ProblemCode::InvalidForm, detail)
}

fn too_large(name: &str, limit: u64) -> Problem {
    let name: String = name.chars().take(64).collect();
    let detail = format!("The part `{name}` must be at most {limit} bytes long.");
    Problem::new(ProblemCode::PayloadTooLarge, detail)
}

#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::Response;

use super::reply::next_chunk;
use crate::failure::Failure;

/// A line that is longer is no line of ours: a job's answer is far below that.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// The lines of an answer, as they come. Never more than one line and one chunk is in memory.
#[derive(Debug)]
pub(crate) struct Lines {
    response: Response,
    silence: Duration,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were given out.
    taken: usize,
    ended: bool,
}

impl Lines {
    pub(super) const fn of(response: Response, silence: Duration) -> Self {
        Self {
            response,
            silence,
            buffer: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    /// The next line without its end; `None` after the last. Text after the last line end is given
    /// as a line as well: who reads it must see whether it is whole.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        let mut searched = self.taken;
        loop {
            let found = self
                .buffer
                .iter()
                .skip(searched)
                .position(|byte| *byte == b'\n')
                .map(|place| searched + place);
            if let Some(end) = found {
                let start = std::mem::replace(&mut self.taken, end + 1);
                return Ok(self.buffer.get(start..end));
            }
            if self.ended {
                let start = std::mem::replace(&mut self.taken, self.buffer.len());
                return Ok(self.buffer.get(start..).filter(|rest| !rest.is_empty()));
            }
            self.buffer.drain(..self.taken);
            self.taken = 0;
            searched = self.buffer.len();
            if searched > LONGEST_LINE {
                return Err(Failure::Failed(
                    "a line of the answer is too long".to_owned(),
                ));
            }
            match next_chunk(&mut self.response, self.silence).await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => self.ended = true,
            }
        }
    }
}

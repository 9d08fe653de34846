//! Cuts an upload into lines while it arrives, and keeps no more of it than one line.

use crate::file::LINE_BYTES;

/// Bytes of a line that is too long that are kept, to be recognised by.
const EXCERPT_BYTES: usize = 256;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How an upload is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One request a line. Lines end with LF or CR LF.
    Lines,
    /// One JSON array, one request an element.
    Array,
}

/// A line of an upload, or an element of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// Its number, from 1; blank lines count.
    pub number: u32,
    /// What it holds, without its end; of an array's element without line ends.
    pub bytes: Vec<u8>,
    /// Whether it is longer than a line may be: then `bytes` is only its beginning.
    pub is_too_long: bool,
}

/// The upload is not what its content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnArray {
    /// Something else than `[` comes first.
    #[error("the body must be a JSON array; for one request a line, send `application/x-ndjson`")]
    Begin,
    /// Something follows the array.
    #[error("the body goes on after the end of its JSON array")]
    After,
    /// Two elements are not apart, or one is missing.
    #[error("the elements of the JSON array must be separated by one comma each")]
    Commas,
    /// The array does not end.
    #[error("the body ends before its JSON array does")]
    Unfinished,
}

/// Where in an array the splitter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    /// An element must come; or the end, if there was none yet.
    Expecting {
        first: bool,
    },
    Element {
        depth: u32,
        in_string: bool,
        escaped: bool,
    },
    /// A comma or the end must come.
    Between,
    After,
}

/// Cuts an upload.
#[derive(Debug)]
pub struct Splitter {
    form: Form,
    place: Place,
    seen: usize,
    number: u32,
    held: Vec<u8>,
    is_too_long: bool,
}

impl Splitter {
    /// At the beginning of an upload.
    #[must_use]
    pub const fn new(form: Form) -> Self {
        Self {
            form,
            place: Place::Before,
            seen: 0,
            number: 1,
            held: Vec::new(),
            is_too_long: false,
        }
    }

    /// Takes the next bytes, and gives the lines that they complete. Blank lines are counted, and
    /// not given.
    ///
    /// # Errors
    /// [`NotAnArray`]: the upload is refused.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<RawLine>, NotAnArray> {
        let mut lines = Vec::new();
        let bytes = self.without_mark(bytes);
        match self.form {
            Form::Lines => {
                let mut rest = bytes;
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let (line, after) = rest.split_at(end);
                    self.hold(line);
                    self.complete(&mut lines);
                    rest = after.get(1..).unwrap_or_default();
                }
                self.hold(rest);
            }
            Form::Array => {
                for byte in bytes {
                    self.step(*byte, &mut lines)?;
                }
            }
        }
        Ok(lines)
    }

    /// The upload has ended: gives the last line, if it has no end of its own.
    ///
    /// # Errors
    /// [`NotAnArray`]: the upload is refused.
    pub fn finish(mut self) -> Result<Option<RawLine>, NotAnArray> {
        let mut lines = Vec::new();
        match (self.form, self.place) {
            (Form::Lines, _) => self.complete(&mut lines),
            (Form::Array, Place::After) => {}
            (Form::Array, Place::Before) => return Err(NotAnArray::Begin),
            (Form::Array, Place::Expecting { .. } | Place::Element { .. } | Place::Between) => {
                return Err(NotAnArray::Unfinished);
            }
        }
        Ok(lines.pop())
    }

    /// A byte-order mark at the very beginning says nothing that is not known: it is left out. One
    /// that arrives in pieces is not looked for.
    fn without_mark<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let is_first = self.seen == 0;
        self.seen = self.seen.saturating_add(bytes.len());
        match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if is_first => rest,
            Some(_) | None => bytes,
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.is_too_long {
            return;
        }
        self.held.extend_from_slice(bytes);
        // A line may end with CR, which does not count.
        let length = self.held.strip_suffix(b"\r").unwrap_or(&self.held).len();
        if length > LINE_BYTES {
            self.held.truncate(EXCERPT_BYTES);
            self.is_too_long = true;
        }
    }

    fn complete(&mut self, lines: &mut Vec<RawLine>) {
        let mut bytes = std::mem::take(&mut self.held);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let is_too_long = std::mem::take(&mut self.is_too_long);
        let number = self.number;
        self.number = self.number.saturating_add(1);
        if is_too_long || !bytes.iter().all(u8::is_ascii_whitespace) {
            lines.push(RawLine {
                number,
                bytes,
                is_too_long,
            });
        }
    }

    fn step(&mut self, byte: u8, lines: &mut Vec<RawLine>) -> Result<(), NotAnArray> {
        let blank = byte.is_ascii_whitespace();
        self.place = match self.place {
            Place::Before if blank => Place::Before,
            Place::Before if byte == b'[' => Place::Expecting { first: true },
            Place::Before => return Err(NotAnArray::Begin),
            Place::Expecting { first } if blank => Place::Expecting { first },
            Place::Expecting { first: true } if byte == b']' => Place::After,
            Place::Expecting { .. } if matches!(byte, b',' | b']') => {
                return Err(NotAnArray::Commas);
            }
            Place::Expecting { .. } => self.begin(byte),
            Place::Element {
                depth,
                in_string,
                escaped,
            } => self.element(byte, depth, in_string, escaped, lines),
            Place::Between if blank => Place::Between,
            Place::Between if byte == b',' => Place::Expecting { first: false },
            Place::Between if byte == b']' => Place::After,
            Place::Between => return Err(NotAnArray::Commas),
            Place::After if blank => Place::After,
            Place::After => return Err(NotAnArray::After),
        };
        Ok(())
    }

    fn begin(&mut self, byte: u8) -> Place {
        self.hold(&[byte]);
        Place::Element {
            depth: u32::from(matches!(byte, b'{' | b'[')),
            in_string: byte == b'"',
            escaped: false,
        }
    }

    /// The next byte of an element. One that is neither an object, an array nor a string ends with
    /// what cannot belong to it.
    fn element(
        &mut self,
        byte: u8,
        depth: u32,
        in_string: bool,
        escaped: bool,
        lines: &mut Vec<RawLine>,
    ) -> Place {
        if in_string {
            self.hold(&[byte]);
            let ends = byte == b'"' && !escaped;
            if ends && depth == 0 {
                self.complete(lines);
                return Place::Between;
            }
            return Place::Element {
                depth,
                in_string: !ends,
                escaped: byte == b'\\' && !escaped,
            };
        }
        if depth == 0 && matches!(byte, b',' | b']') {
            self.complete(lines);
            return if byte == b',' {
                Place::Expecting { first: false }
            } else {
                Place::After
            };
        }
        // Line ends between the parts of an element mean nothing, and its text is kept on one line.
        self.hold(&[if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            byte
        }]);
        let depth = match byte {
            b'{' | b'[' => depth.saturating_add(1),
            b'}' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 && matches!(byte, b'}' | b']') {
            self.complete(lines);
            return Place::Between;
        }
        Place::Element {
            depth,
            in_string: byte == b'"',
            escaped: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(form: Form, pieces: &[&[u8]]) -> Result<Vec<(u32, String)>, NotAnArray> {
        let mut splitter = Splitter::new(form);
        let mut lines = Vec::new();
        for piece in pieces {
            lines.extend(splitter.push(piece)?);
        }
        lines.extend(splitter.finish()?);
        let text = |line: RawLine| (line.number, String::from_utf8_lossy(&line.bytes).into());
        Ok(lines.into_iter().map(text).collect())
    }

    fn named(lines: &[(u32, &str)]) -> Vec<(u32, String)> {
        lines
            .iter()
            .map(|(n, text)| (*n, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn lines_end_with_lf_or_cr_lf_and_blank_ones_are_counted() {
        let upload = b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \t\n{\"b\":2}\n{\"c\":3}";
        let lines = named(&[(1, "{\"a\":1}"), (4, "{\"b\":2}"), (5, "{\"c\":3}")]);
        assert_eq!(split(Form::Lines, &[upload]), Ok(lines));
        assert_eq!(split(Form::Lines, &[b"\n\r\n"]), Ok(vec![]));
    }

    #[test]
    fn a_line_that_is_too_long_is_told_by_its_beginning_and_the_next_one_is_whole() {
        let mut splitter = Splitter::new(Form::Lines);
        let long = vec![b'x'; LINE_BYTES + 1];
        assert_eq!(splitter.push(&long), Ok(vec![]));
        let lines = splitter.push(b"yy\n{}\n").expect("lines");
        assert!(lines[0].is_too_long && lines[0].bytes.len() == EXCERPT_BYTES);
        assert_eq!(
            (lines[1].number, lines[1].bytes.as_slice()),
            (2, &b"{}"[..])
        );
        let mut splitter = Splitter::new(Form::Lines);
        let fits = [&long[1..], b"\r\n"].concat();
        let lines = splitter.push(&fits).expect("lines");
        assert!(!lines[0].is_too_long && lines[0].bytes.len() == LINE_BYTES);
    }

    #[test]
    fn an_array_is_cut_into_its_elements_each_on_one_line() {
        let upload = b" [ {\"a\": \"],}{\\\"\",\n \"b\":[1,{}]} , 7,\"x\\\\\" ,[\r\n] ]\n";
        let lines = named(&[
            (1, "{\"a\": \"],}{\\\"\",  \"b\":[1,{}]}"),
            (2, "7"),
            (3, "\"x\\\\\""),
            (4, "[  ]"),
        ]);
        assert_eq!(split(Form::Array, &[upload]), Ok(lines));
        assert_eq!(split(Form::Array, &[b"[]"]), Ok(vec![]));
    }

    #[test]
    fn what_is_no_array_says_why() {
        for (upload, why) in [
            (&b""[..], NotAnArray::Begin),
            (b"{}", NotAnArray::Begin),
            (b"[{}] x", NotAnArray::After),
            (b"[{} {}]", NotAnArray::Commas),
            (b"[{},]", NotAnArray::Commas),
            (b"[,{}]", NotAnArray::Commas),
            (b"[{}", NotAnArray::Unfinished),
            (b"[{\"a", NotAnArray::Unfinished),
        ] {
            assert_eq!(split(Form::Array, &[upload]), Err(why), "{upload:?}");
        }
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_in_which_pieces_an_upload_comes(
            upload in "[\\[\\]{}\",:\\\\\n\r a1]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6),
        ) {
            let bytes = upload.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            for form in [Form::Lines, Form::Array] {
                prop_assert_eq!(split(form, &pieces), split(form, &[bytes]));
            }
        }
    }
}

//! Why a batch is not begun: what its file has wrong, line by line.

use serde::{Deserialize, Serialize};

/// The kinds of mistakes of a file, in the vendor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationCode {
    /// The line is not strict JSON in UTF-8.
    InvalidJsonLine,
    /// An earlier line has the same `custom_id`.
    DuplicateCustomId,
    /// The file has no line.
    EmptyFile,
    /// The file has more lines than a batch may have.
    TooManyTasks,
    /// The line's `url` is not the batch's `endpoint`.
    UrlMismatch,
    /// Nobody here serves the model.
    ModelNotFound,
    /// A field of the line is wrong, or asks for what cannot be done here.
    InvalidRequest,
    /// The line and those after it cannot be read any more.
    InputFileUnreadable,
}

impl ValidationCode {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::InvalidJsonLine,
        Self::DuplicateCustomId,
        Self::EmptyFile,
        Self::TooManyTasks,
        Self::UrlMismatch,
        Self::ModelNotFound,
        Self::InvalidRequest,
        Self::InputFileUnreadable,
    ];

    /// The code as it is stored and shown.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidJsonLine => "invalid_json_line",
            Self::DuplicateCustomId => "duplicate_custom_id",
            Self::EmptyFile => "empty_file",
            Self::TooManyTasks => "too_many_tasks",
            Self::UrlMismatch => "url_mismatch",
            Self::ModelNotFound => "model_not_found",
            Self::InvalidRequest => "invalid_request",
            Self::InputFileUnreadable => "input_file_unreadable",
        }
    }
}

/// One thing that is wrong with a line, before anybody has counted the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of mistake it is.
    pub code: ValidationCode,
    /// What it must be, in our words: nothing of the line but names.
    pub message: String,
    /// The parameter by the vendor's name, such as `body.messages[0].role`; `None`: all of the line.
    pub param: Option<String>,
}

impl Fault {
    /// A mistake of a whole line.
    #[must_use]
    pub fn whole(code: ValidationCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            param: None,
        }
    }

    /// A `custom_id` that an earlier line has: `first` is the number of that line.
    #[must_use]
    pub fn duplicate(first: u32) -> Self {
        Self {
            code: ValidationCode::DuplicateCustomId,
            message: format!(
                "`custom_id` must be unique in the file: line {first} has the same one"
            ),
            param: Some("custom_id".to_owned()),
        }
    }

    /// A file without a line.
    #[must_use]
    pub fn empty_file() -> Self {
        let message = "The input file has no line: a batch needs at least one request.";
        Self::whole(ValidationCode::EmptyFile, message)
    }

    /// A file that its owner deleted before it was read.
    #[must_use]
    pub fn no_file() -> Self {
        let message = "The input file was deleted before it was read.";
        Self::whole(ValidationCode::InvalidRequest, message)
    }

    /// A line that has no form in which it can be stored.
    #[must_use]
    pub fn unwritable() -> Self {
        Self::whole(ValidationCode::InvalidRequest, "The line cannot be stored.")
    }

    /// A file with more lines than `most`.
    #[must_use]
    pub fn too_many(most: u32) -> Self {
        let message = format!("The input file has more than {most} lines: split it.");
        Self::whole(ValidationCode::TooManyTasks, message)
    }

    /// A line of more bytes than `most`.
    #[must_use]
    pub fn too_long(most: usize) -> Self {
        let message = format!("A line must be at most {most} bytes long.");
        Self::whole(ValidationCode::InvalidRequest, message)
    }

    /// The mistake with the number of its line, from 1; `None` for a mistake of the whole file.
    #[must_use]
    pub fn at(self, line: Option<u32>) -> LineFault {
        LineFault {
            code: self.code,
            message: self.message,
            param: self.param,
            line,
        }
    }
}

/// One entry of a batch's `errors`: stored with the batch, and shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OpenAiBatchError)]
pub struct LineFault {
    /// What kind of mistake it is.
    pub code: ValidationCode,
    /// What is wrong, and what it must be.
    #[schema(example = "`body.n` must be 1: a line has one answer")]
    pub message: String,
    /// The parameter; `null`: all of the line, or the file.
    #[schema(required, example = "body.n")]
    pub param: Option<String>,
    /// The line of the input file, from 1, blank lines counted; `null`: the whole file.
    #[schema(required, example = 17)]
    pub line: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_is_written_everywhere_alike() {
        for code in ValidationCode::ALL {
            assert_eq!(json!(code), code.code());
        }
    }

    #[test]
    fn a_fault_is_shown_with_every_field() {
        let expected = json!({
            "code": "duplicate_custom_id",
            "message": "`custom_id` must be unique in the file: line 3 has the same one",
            "param": "custom_id",
            "line": 9,
        });
        assert_eq!(json!(Fault::duplicate(3).at(Some(9))), expected);
        let whole = json!(Fault::empty_file().at(None));
        assert_eq!(
            (&whole["param"], &whole["line"]),
            (&json!(null), &json!(null))
        );
    }
}

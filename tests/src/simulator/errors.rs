//! The words that each vendor has for what every provider can answer.

use axum::http::StatusCode;
use serde_json::Value;

use crate::simulator::asked::InvalidRequest;
use crate::simulator::error_body::{ErrorBody, Known};
use crate::simulator::reply::{Failure, Hint, Words};
use crate::simulator::route::Vendor;
use crate::simulator::{anthropic, azure, openai, piston, workers_ai};

impl Known {
    /// The error object of the vendor.
    pub(crate) fn own_error(&self, kind: &str, code: Option<&str>, message: &str) -> Value {
        match self.vendor {
            Vendor::OpenAi => openai::errors::object(message, kind, None, code),
            Vendor::Azure => azure::errors::object(message, kind, code),
            Vendor::Anthropic => {
                let id = self.vendor.request_id(self.sequence);
                anthropic::errors::object(message, kind, code, &id)
            }
            Vendor::WorkersAi => workers_ai::errors::object(message, code),
            Vendor::Piston => piston::errors::object(message),
        }
    }

    /// 400: the request is wrong.
    pub(crate) fn invalid(&self, invalid: &InvalidRequest) -> ErrorBody {
        let kind = "invalid_request_error";
        let (message, param) = (invalid.message.as_str(), invalid.param.as_deref());
        let content = match self.vendor {
            Vendor::OpenAi | Vendor::Azure => openai::errors::object(message, kind, param, None),
            Vendor::Anthropic | Vendor::Piston => self.own_error(kind, None, message),
            Vendor::WorkersAi => {
                let message = format!("AiError: Bad input: {message}");
                workers_ai::errors::object(&message, Some("5006"))
            }
        };
        ErrorBody::json(StatusCode::BAD_REQUEST, &content)
    }
}

impl Vendor {
    /// What a model named after this status answers.
    pub(crate) fn of_status(self, status: StatusCode, retry_after: Option<u32>) -> Failure {
        let failure = match (self, status.as_u16()) {
            (Self::OpenAi | Self::Azure, 502) | (_, 520..=528 | 530) => {
                Failure::of(status.as_u16(), Words::Page)
            }
            (Self::OpenAi, code) => openai::errors::of_status(code),
            (Self::Azure, code) => azure::errors::of_status(code),
            (Self::Anthropic, code) => anthropic::errors::of_status(code),
            (Self::WorkersAi, code) => workers_ai::errors::of_status(code),
            (Self::Piston, code) => piston::errors::of_status(code),
        };
        failure.hint(retry_after.map_or(Hint::None, Hint::Seconds))
    }

    /// The prompt has more tokens than the model can read.
    pub(crate) fn context_too_long(self) -> Failure {
        match self {
            Self::OpenAi | Self::Azure => openai::errors::CONTEXT_TOO_LONG,
            Self::Anthropic => anthropic::errors::CONTEXT_TOO_LONG,
            Self::WorkersAi => workers_ai::errors::CONTEXT_TOO_LONG,
            Self::Piston => piston::errors::of_status(400),
        }
    }

    /// The account is out of money.
    pub(crate) fn quota_exhausted(self) -> Failure {
        match self {
            Self::OpenAi => openai::errors::QUOTA_EXHAUSTED,
            Self::Azure => azure::errors::QUOTA_EXHAUSTED,
            Self::Anthropic => anthropic::errors::QUOTA_EXHAUSTED,
            Self::WorkersAi => workers_ai::errors::QUOTA_EXHAUSTED,
            Self::Piston => piston::errors::of_status(402),
        }
    }

    /// There is no such model.
    pub(crate) fn unknown_model(self) -> Failure {
        match self {
            Self::OpenAi => openai::errors::of_status(404),
            Self::Azure => azure::errors::of_status(404),
            Self::Anthropic => anthropic::errors::of_status(404),
            Self::WorkersAi => workers_ai::errors::UNKNOWN_MODEL,
            Self::Piston => piston::errors::UNKNOWN_PROGRAM,
        }
    }

    /// What a good status carries when the model failed after it had begun.
    pub(crate) fn error_in_good_status(self) -> Failure {
        match self {
            Self::OpenAi => openai::errors::IN_A_GOOD_STATUS,
            Self::Azure | Self::Anthropic | Self::WorkersAi | Self::Piston => {
                self.of_status(StatusCode::INTERNAL_SERVER_ERROR, None)
            }
        }
    }
}

//! An error of a provider, before it is put into the words of one.

/// An error of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) words: Words,
    pub(crate) hint: Hint,
    /// What `x-should-retry` says.
    pub(crate) should_retry: Option<bool>,
}

/// The body of an error. In every text, `{model}`, `{seconds}`, `{prompt_tokens}`, `{key}` and
/// `{credentials}` stand for what is known of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// The error object of the vendor, who leaves out what it has no place for.
    Own {
        kind: &'static str,
        code: Option<&'static str>,
        message: &'static str,
    },
    /// This JSON.
    Json(&'static str),
    /// This text.
    Plain(&'static str),
    /// The page of HTML that a proxy shows.
    Page,
}

/// What the headers of an error say about another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nothing.
    None,
    /// `retry-after` in seconds, and the limits of the vendor to match.
    Seconds(u32),
    /// `retry-after-ms`, and `retry-after` in whole seconds.
    Milliseconds(u32),
    /// `retry-after`, in these words.
    Text(&'static str),
    /// `retry-after` as a date this many seconds ahead.
    Date(u32),
    /// No `retry-after`: only the limits, which are used up for this many seconds.
    Limits(u32),
    /// These headers.
    Headers(&'static [(&'static str, &'static str)]),
}

impl Failure {
    pub(crate) const fn own(
        status: u16,
        kind: &'static str,
        code: Option<&'static str>,
        message: &'static str,
    ) -> Self {
        Self::of(
            status,
            Words::Own {
                kind,
                code,
                message,
            },
        )
    }

    pub(crate) const fn json(status: u16, text: &'static str) -> Self {
        Self::of(status, Words::Json(text))
    }

    pub(crate) const fn of(status: u16, words: Words) -> Self {
        Self {
            status,
            words,
            hint: Hint::None,
            should_retry: None,
        }
    }

    pub(crate) const fn hint(self, hint: Hint) -> Self {
        Self { hint, ..self }
    }

    pub(crate) const fn should_retry(self, value: bool) -> Self {
        Self {
            should_retry: Some(value),
            ..self
        }
    }
}

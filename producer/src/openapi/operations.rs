//! What each operation is described as.

mod admin;
mod audit;
mod batches;
mod dead_letters;
mod execute;
mod jobs;
mod openai;
mod replays;
mod service;
mod usage;

use super::content;
use crate::problem::ProblemCode;
use crate::route::{Operation, Route};
use redrive_shared::store::PAGE_LIMIT;
use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Content, KnownFormat, ObjectBuilder, Required, SchemaFormat, Type};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// An operation in words.
pub(super) struct Described {
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    /// What is uploaded instead, as media types with what each holds.
    pub(super) upload: &'static [(&'static str, &'static str)],
    pub(super) successes: Vec<Success>,
    /// Beyond those of every route like it.
    pub(super) problems: &'static [ProblemCode],
}

/// What is sent.
pub(super) struct Body {
    pub(super) media_type: &'static str,
    pub(super) content: Content,
    pub(super) required: bool,
}

/// What is answered when all goes well.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) content: Option<(&'static str, Content)>,
    pub(super) headers: &'static [(&'static str, &'static str)],
}

impl Described {
    const fn new(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            id,
            tag,
            summary,
            description,
            parameters: Vec::new(),
            body: None,
            upload: &[],
            successes: Vec::new(),
            problems: &[],
        }
    }

    fn parameter(mut self, parameter: ParameterBuilder, schema: ObjectBuilder) -> Self {
        self.parameters.push(parameter.schema(Some(schema)).build());
        self
    }

    /// `limit`, as every list takes it.
    fn limit(self) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1.0))
            .maximum(Some(f64::from(PAGE_LIMIT)))
            .default(Some(20.into()));
        self.parameter(query("limit", "The most entries on the page."), schema)
    }

    /// `cursor`, as every list takes it.
    fn cursor(self) -> Self {
        self.parameter(
            query("cursor", "`nextCursor` of the page before; opaque."),
            text(),
        )
    }

    /// `createdAfter` and `createdBefore`, as the lists of jobs take them.
    fn created(self) -> Self {
        let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        self.parameter(
            query("createdAfter", "Only jobs created at this time or later."),
            time(),
        )
        .parameter(
            query("createdBefore", "Only jobs created before this time."),
            time(),
        )
    }

    /// `Idempotency-Key`, where it is honoured.
    fn idempotency_key(self) -> Self {
        let header = ParameterBuilder::new()
            .parameter_in(ParameterIn::Header)
            .name("Idempotency-Key")
            .required(Required::False)
            .description(Some(
                "Your own name for this request, so that sending it twice does it once: 1 to 255 \
                 characters of visible ASCII, as a string in double quotes or as a bare word. For \
                 24 hours the same key with the same body, as JSON, gets the first answer again, \
                 with `Idempotent-Replayed: true`; with another body it is refused. A batch is \
                 compared byte by byte, with its query and its defaults.",
            ));
        let example = json!("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"");
        self.parameter(header, text().examples([example]))
    }

    fn body(mut self, schema: &str, example: serde_json::Value, required: bool) -> Self {
        let mut content = content(schema);
        content.example = Some(example);
        self.body = Some(Body {
            media_type: JSON,
            content,
            required,
        });
        self
    }

    /// A form with parts.
    fn form(mut self, schema: &str) -> Self {
        self.body = Some(Body {
            media_type: "multipart/form-data",
            content: content(schema),
            required: true,
        });
        self
    }

    fn upload(mut self, types: &'static [(&'static str, &'static str)]) -> Self {
        self.upload = types;
        self
    }

    fn answers(mut self, status: u16, description: &'static str, content: Option<Content>) -> Self {
        self.successes.push(Success {
            status,
            description,
            content: content.map(|content| (JSON, content)),
            headers: &[],
        });
        self
    }

    /// Says of the latest answer that it is one value a line.
    fn one_a_line(self) -> Self {
        self.sent_as(LINES)
    }

    /// Says how the latest answer is sent, which is no JSON.
    fn sent_as(mut self, sent_as: &'static str) -> Self {
        if let Some((media_type, _)) = self
            .successes
            .last_mut()
            .and_then(|success| success.content.as_mut())
        {
            *media_type = sent_as;
        }
        self
    }

    fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(success) = self.successes.last_mut() {
            success.headers = headers;
        }
        self
    }

    fn problems(mut self, problems: &'static [ProblemCode]) -> Self {
        self.problems = problems;
        self
    }
}

fn query(name: &str, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .parameter_in(ParameterIn::Query)
        .name(name)
        .required(Required::False)
        .description(Some(description))
}

fn path_id(description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .parameter_in(ParameterIn::Path)
        .name("id")
        .required(Required::True)
        .description(Some(description))
}

fn one_of(values: &[&str]) -> ObjectBuilder {
    text().enum_values(Some(values.iter().copied()))
}

/// The headers of an answer that says that a job is accepted.
const ACCEPTED_HEADERS: &[(&str, &str)] = &[
    (
        "Location",
        "Where to read the job: the same as `statusUrl`.",
    ),
    ("Retry-After", "Seconds to wait before the first look."),
    (
        "Idempotent-Replayed",
        "`true` when an earlier request with the same key got this answer first.",
    ),
];

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The operation of a route in words.
pub(super) fn describe(route: &Route) -> Described {
    match route.operation {
        Operation::Health => service::health(route.path),
        Operation::Ready => service::ready(),
        Operation::OpenApi => service::openapi(),
        Operation::SubmitGenerate => jobs::submit_generate(),
        Operation::SubmitExecute => execute::submit(),
        Operation::SubmitExecuteTests => execute::submit_tests(),
        Operation::ListLanguages => execute::languages(),
        Operation::ListProviders => service::list_providers(),
        Operation::ReadJob => jobs::read(route.path),
        Operation::ListJobs => jobs::list(),
        Operation::CancelJob => jobs::cancel(),
        Operation::SubmitBatch => batches::submit(),
        Operation::ReadBatch => batches::read(),
        Operation::ReadBatchResults => batches::results(),
        Operation::ReadBatchErrors => batches::errors(),
        Operation::CancelBatch => batches::cancel(),
        Operation::ListBatches => batches::list(),
        Operation::UploadFile => openai::upload(),
        Operation::ListFiles => openai::list_files(),
        Operation::ReadFile => openai::read_file(),
        Operation::ReadFileContent => openai::read_content(),
        Operation::DeleteFile => openai::delete_file(),
        Operation::SubmitFileBatch => openai::submit(),
        Operation::ListFileBatches => openai::list_batches(),
        Operation::ReadFileBatch => openai::read_batch(),
        Operation::CancelFileBatch => openai::cancel(),
        Operation::ReadUsage => usage::read(),
        Operation::ListDeadLetters => dead_letters::list(),
        Operation::GroupDeadLetters => dead_letters::groups(),
        Operation::ReadDeadLetter => dead_letters::read(),
        Operation::ReplayDeadLetter => dead_letters::replay(),
        Operation::PurgeDeadLetters => dead_letters::purge(),
        Operation::BeginReplay => replays::begin(),
        Operation::ListReplays => replays::list(),
        Operation::ReadReplay => replays::read(),
        Operation::ListReplayedJobs => replays::jobs(),
        Operation::PauseReplay => replays::pause(),
        Operation::ResumeReplay => replays::resume(),
        Operation::AbortReplay => replays::abort(),
        Operation::ListAudit => audit::list(),
        Operation::ReadOwnKey => admin::read_own_key(),
        Operation::ListTenants => admin::list_tenants(),
        Operation::CreateTenant => admin::create_tenant(),
        Operation::ReadTenant => admin::read_tenant(),
        Operation::ChangeTenant => admin::change_tenant(),
        Operation::ListCircuits => admin::list_circuits(),
        Operation::CreateKey => admin::create_key(),
        Operation::ListKeys => admin::list_keys(),
        Operation::RevokeKey => admin::revoke_key(),
    }
}

//! The description of the API in the `OpenAPI` 3.1 format, made from the route table and the types
//! of the bodies.
//!
//! It is built natively and committed as `docs/openapi.json`; the Worker serves that file.

mod bodies;
mod operations;
mod problems;

use crate::route::{Access, ROUTES, Route};
use operations::{Success, describe};
use redrive_shared::access::Scope;
use redrive_shared::document::{DeadLetterDocument, JobDocument};
use utoipa::OpenApi as _;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder};
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, ContentBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder,
    OpenApi, OpenApiBuilder, PathsBuilder, Ref, Required, Response, ResponseBuilder, Server, Type,
};

const BEARER: &str = "apiKey";
const HEADER: &str = "apiKeyHeader";
const OPERATOR: &str = "operatorKey";

/// The description of the header that every answer carries.
const REQUEST_ID: &str = "#/components/headers/RequestId";

/// The schemas, each with those it is made of.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    DeadLetterDocument,
    JobDocument,
    Scope,
    crate::problem::ProblemDocument,
    crate::wire::AcceptedDocument,
    crate::wire::AuditPage,
    crate::wire::BatchAcceptedDocument,
    crate::wire::BatchDocument,
    crate::wire::BatchPage,
    crate::wire::CircuitList,
    crate::wire::DeadLetterGroupList,
    crate::wire::DeadLetterPage,
    crate::wire::HealthDocument,
    crate::wire::JobPage,
    crate::wire::KeyDocument,
    crate::wire::KeyPage,
    crate::wire::LanguageList,
    crate::wire::NewKeyDocument,
    crate::wire::ProviderList,
    crate::wire::PurgeDocument,
    crate::wire::ReadyDocument,
    crate::wire::ReplayAcceptedDocument,
    crate::wire::ReplayPage,
    crate::wire::ReplayPreviewDocument,
    crate::wire::ReplayTaskDocument,
    crate::wire::ReplayedJobPage,
    crate::wire::ResultLine,
    crate::wire::TenantDocument,
    crate::wire::TenantPage,
    crate::wire::UsageReport,
    bodies::EmptyBody,
    bodies::ExecuteBody,
    bodies::ExecuteTestsBody,
    bodies::GenerateBody,
    bodies::KeyBody,
    bodies::OpenAiBatchList,
    bodies::OpenAiBatchRequest,
    bodies::OpenAiExpiry,
    bodies::OpenAiFileList,
    bodies::OpenAiUpload,
    redrive_shared::openai::BatchObject,
    redrive_shared::openai::DeletedFile,
    redrive_shared::openai::ErrorEnvelope,
    redrive_shared::openai::FileObject,
    bodies::ReplayBody,
    bodies::ReplaysBody,
    bodies::TenantBody,
    bodies::TenantChangeBody,
    bodies::UnsuccessfulLine,
)))]
struct Schemas;

/// The description as pretty JSON, as it is committed.
///
/// # Errors
/// When it has no JSON form.
pub fn document() -> Result<String, serde_json::Error> {
    let mut text = build().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

fn build() -> OpenApi {
    let paths = ROUTES
        .iter()
        .fold(PathsBuilder::new().build(), |mut paths, route| {
            paths.add_path_operation(route.path, vec![method(route)], operation(route));
            paths
        });
    let mut components = Schemas::openapi().components.unwrap_or_default();
    let others = ComponentsBuilder::new()
        .header("RequestId", header("Names the request in the log."))
        .security_scheme(
            BEARER,
            bearer(
                "rd_live_…",
                "An API key: `Authorization: Bearer rd_live_…`.",
            ),
        )
        .security_scheme(HEADER, header_scheme())
        .security_scheme(
            OPERATOR,
            bearer(
                "ADMIN_KEY",
                "The operator's key, as set by the secret `ADMIN_KEY`.",
            ),
        )
        .build();
    components.security_schemes = others.security_schemes;
    components.headers = others.headers;
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Redrive")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(include_str!("openapi/introduction.md")))
                .license(Some(
                    LicenseBuilder::new()
                        .name("Apache-2.0")
                        .identifier(Some("Apache-2.0"))
                        .build(),
                )),
        )
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(Some(components))
        .build()
}

fn bearer(format: &str, description: &str) -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format(format)
            .description(Some(description))
            .build(),
    )
}

fn header_scheme() -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        "X-API-Key",
        "The same API key, for clients that cannot set `Authorization`.",
    )))
}

fn method(route: &Route) -> HttpMethod {
    match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        "PATCH" => HttpMethod::Patch,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> OperationBuilder {
    let described = describe(route);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(described.id))
        .tag(described.tag)
        .summary(Some(described.summary))
        .description(Some(described.description));
    for parameter in described.parameters {
        operation = operation.parameter(parameter);
    }
    for requirement in security(route.access) {
        operation = operation.security(requirement);
    }
    if let Some(body) = described.body {
        operation = operation.request_body(Some(
            RequestBodyBuilder::new()
                .content(body.media_type, body.content)
                .required(Some(if body.required {
                    Required::True
                } else {
                    Required::False
                }))
                .build(),
        ));
    }
    if !described.upload.is_empty() {
        let body = RequestBodyBuilder::new().required(Some(Required::True));
        let body = described
            .upload
            .iter()
            .fold(body, |body, (media_type, holds)| {
                let schema = ObjectBuilder::new().schema_type(Type::String);
                let schema = schema.description(Some(*holds));
                let content = ContentBuilder::new().schema(Some(schema.build()));
                body.content(*media_type, content.build())
            });
        operation = operation.request_body(Some(body.build()));
    }
    for success in described.successes {
        operation = operation.response(success.status.to_string(), response(&success));
    }
    for (status, response) in problems::responses(route, described.problems) {
        operation = operation.response(status.to_string(), response);
    }
    operation
}

fn security(access: Access) -> Vec<SecurityRequirement> {
    const NO_SCOPES: [&str; 0] = [];
    match access {
        Access::Public => vec![],
        Access::AnyKey => vec![
            SecurityRequirement::new(BEARER, NO_SCOPES),
            SecurityRequirement::new(HEADER, NO_SCOPES),
        ],
        // OpenAPI 3.1 lets a requirement of any scheme name the roles it needs.
        Access::Scope(scope) => vec![
            SecurityRequirement::new(BEARER, [scope.as_str()]),
            SecurityRequirement::new(HEADER, [scope.as_str()]),
        ],
        Access::Admin => vec![
            SecurityRequirement::new(OPERATOR, NO_SCOPES),
            SecurityRequirement::new(BEARER, [Scope::Admin.as_str()]),
            SecurityRequirement::new(HEADER, [Scope::Admin.as_str()]),
        ],
    }
}

fn response(success: &Success) -> Response {
    let mut response = ResponseBuilder::new()
        .description(success.description)
        .header_ref("X-Request-Id", Ref::new(REQUEST_ID));
    for (name, description) in success.headers {
        response = response.header(*name, header(description));
    }
    if let Some((media_type, content)) = &success.content {
        response = response.content(*media_type, content.clone());
    }
    response.build()
}

fn header(description: &str) -> utoipa::openapi::Header {
    utoipa::openapi::HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
        .build()
}

/// A body of the schema with this name.
fn content(schema: &str) -> Content {
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .build()
}

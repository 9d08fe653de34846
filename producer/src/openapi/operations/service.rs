use super::Described;
use crate::openapi::content;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Type};

const TAG: &str = "service";

pub(super) fn health(path: &str) -> Described {
    let id = if path == "/health" {
        "readHealthAtRoot"
    } else {
        "readHealth"
    };
    Described::new(
        id,
        TAG,
        "Is the API there?",
        "Answers while the Worker runs. Nothing else is asked: for that, see `/api/ready`.",
    )
    .answers(200, "It is.", Some(content("HealthDocument")))
}

pub(super) fn ready() -> Described {
    Described::new(
        "readReadiness",
        TAG,
        "Can jobs be accepted and run?",
        "Checks the settings, the database and its migrations, the status cache, the queue, and the \
         consumer with its provider settings. Each check that fails says what to put right.",
    )
    .answers(200, "They can.", Some(content("ReadyDocument")))
    .answers(503, "They cannot: `checks` says why.", Some(content("ReadyDocument")))
    .headers(&[("Retry-After", "Seconds to wait before asking again.")])
}

pub(super) fn openapi() -> Described {
    let object = ContentBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::Object)))
        .build();
    Described::new(
        "describeApi",
        TAG,
        "This description",
        "OpenAPI 3.1, made from the code.",
    )
    .answers(200, "The description.", Some(object))
}

pub(super) fn list_providers() -> Described {
    Described::new(
        "listProviders",
        TAG,
        "Whom can a job ask?",
        "Gives the providers that a request may name, what is known of their models and prices, and \
         whom a job asks that names nobody. Any API key will do.",
    )
    .answers(200, "The providers.", Some(content("ProviderList")))
}

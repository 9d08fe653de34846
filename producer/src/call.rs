//! One request on its way to an answer.

use crate::body::Incoming;
use crate::problem::Problem;
use http::request::Parts;
use redrive_shared::access::Principal;
use redrive_shared::audit::Actor;
use redrive_shared::ids::{BatchId, JobId, KeyId, ReplayId, RequestId, TenantId};
use redrive_shared::json;
use serde_json::Value;
use std::sync::Mutex;

/// One request: its head, its body once that is read, who sent it, and what the log is to say.
#[derive(Debug)]
pub(crate) struct Call {
    /// Our name for the request.
    pub(crate) id: RequestId,
    /// Method, path, headers.
    pub(crate) parts: Parts,
    /// The path of the route, with `{id}`; `None` when there is no such route.
    pub(crate) pattern: Option<&'static str>,
    /// Who sent it, as far as the route asked.
    pub(crate) caller: Caller,
    /// The body, of a route that takes one; empty otherwise.
    pub(crate) body: Vec<u8>,
    /// The body of a route that reads it while it arrives.
    pub(crate) incoming: Mutex<Option<Incoming>>,
    /// What the request is about, for the log.
    pub(crate) noted: Noted,
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody: the route did not ask.
    Anyone,
    /// The holder of an API key.
    KeyHolder(Principal),
    /// The holder of the operator's key.
    Operator,
}

/// Ids that a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Whose key was used, or who is administered.
    pub(crate) tenant: Option<TenantId>,
    /// Which key was used, or is administered.
    pub(crate) key: Option<KeyId>,
    /// Which job was submitted, read, cancelled or replayed.
    pub(crate) job: Option<JobId>,
    /// Which replay of many letters was begun, read or moved.
    pub(crate) replay: Option<ReplayId>,
    /// Which batch was submitted, read or cancelled.
    pub(crate) batch: Option<BatchId>,
}

impl Call {
    /// A call before anything of it is judged.
    pub(crate) fn new(id: RequestId, parts: Parts, pattern: Option<&'static str>) -> Self {
        Self {
            id,
            parts,
            pattern,
            caller: Caller::Anyone,
            body: Vec::new(),
            incoming: Mutex::default(),
            noted: Noted::default(),
        }
    }

    /// The tenant that the request acts for.
    ///
    /// # Errors
    /// [`Problem::no_tenant`] when the route let in somebody who is not a tenant.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        self.principal()
            .map(|principal| principal.tenant_id.clone())
    }

    /// The key holder that the request acts for.
    ///
    /// # Errors
    /// [`Problem::no_tenant`] when the route let in somebody who holds no API key.
    pub(crate) fn principal(&self) -> Result<&Principal, Problem> {
        match &self.caller {
            Caller::KeyHolder(principal) => Ok(principal),
            Caller::Anyone | Caller::Operator => Err(Problem::no_tenant()),
        }
    }

    /// Who acts, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        match &self.caller {
            Caller::KeyHolder(principal) => Actor::Key(principal.key_id.clone()),
            Caller::Operator => Actor::Operator,
            Caller::Anyone => Actor::System,
        }
    }

    /// The key that the request was sent with.
    ///
    /// # Errors
    /// [`Problem::no_tenant`] when the route let in somebody who holds no API key.
    pub(crate) fn key(&self) -> Result<KeyId, Problem> {
        self.principal().map(|principal| principal.key_id.clone())
    }

    /// The part of the path that stands for `{id}`, as sent. Ids are plain ASCII, so one that is
    /// percent-encoded is no id.
    pub(crate) fn path_id(&self) -> &str {
        let pattern = self.pattern.unwrap_or_default().split('/');
        pattern
            .zip(self.parts.uri.path().split('/'))
            .find(|(name, _)| *name == "{id}")
            .map_or("", |(_, segment)| segment)
    }

    /// The job that the path names, noted for the log.
    ///
    /// # Errors
    /// [`Problem::no_such_job`] for what is no job id: as for any other id that is unknown.
    pub(crate) fn path_job(&mut self) -> Result<JobId, Problem> {
        let job: JobId = self.path_id().parse().or(Err(Problem::no_such_job()))?;
        self.noted.job = Some(job.clone());
        Ok(job)
    }

    /// The batch that the path names, noted for the log.
    ///
    /// # Errors
    /// [`Problem::no_such_batch`] for what is no batch id: as for any other id that is unknown.
    pub(crate) fn path_batch(&mut self) -> Result<BatchId, Problem> {
        let batch: BatchId = self.path_id().parse().or(Err(Problem::no_such_batch()))?;
        self.noted.batch = Some(batch.clone());
        Ok(batch)
    }

    /// The replay of many letters that the path names, noted for the log.
    ///
    /// # Errors
    /// [`Problem::no_such_replay`] for what is no such id: as for any other id that is unknown.
    pub(crate) fn path_replay(&mut self) -> Result<ReplayId, Problem> {
        let replay: ReplayId = self.path_id().parse().or(Err(Problem::no_such_replay()))?;
        self.noted.replay = Some(replay.clone());
        Ok(replay)
    }

    /// The body, of a route that reads it while it arrives; once.
    ///
    /// # Errors
    /// 500 when the route is of another kind.
    pub(crate) fn incoming(&mut self) -> Result<Incoming, Problem> {
        let incoming = self.incoming.get_mut().ok().and_then(Option::take);
        incoming.ok_or_else(|| Problem::internal("the route does not read its body piece by piece"))
    }

    /// The body as strict JSON.
    ///
    /// # Errors
    /// 400 when it is not.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        json::parse(&self.body).map_err(|error| Problem::invalid_json(&error))
    }

    /// The body as strict JSON, where an empty one stands for an object without fields.
    ///
    /// # Errors
    /// 400 when it is not.
    pub(crate) fn json_or_nothing(&self) -> Result<Value, Problem> {
        if self.body.is_empty() {
            Ok(Value::Object(serde_json::Map::new()))
        } else {
            self.json()
        }
    }

    /// Where a client finds a path of this API: with scheme and host as the client used them.
    /// Without a usable host, the path alone.
    pub(crate) fn url_of(&self, path: &str) -> String {
        let uri = &self.parts.uri;
        let scheme = uri.scheme_str().unwrap_or("http");
        let host = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| self.parts.headers.get(http::header::HOST)?.to_str().ok())
            .and_then(|host| host.parse::<http::uri::Authority>().ok())
            .filter(|authority| !authority.as_str().contains('@'));
        host.map_or_else(
            || path.to_owned(),
            |host| format!("{scheme}://{host}{path}"),
        )
    }
}

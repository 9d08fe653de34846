//! What travels on the queues: ids only, as JSON text. The job itself is in the database.

use crate::error_code::ErrorCode;
use crate::ids::{BatchId, JobId, ReplayId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

/// The version of the bodies this code writes and reads.
const VERSION: u8 = 1;

/// Says that a job is to be run. The body of every message on the job queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobMessage {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub job_id: JobId,
}

/// Says why a job was dead-lettered. The body of our own messages on the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterMessage {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub job_id: JobId,
    /// The attempt that gave up.
    pub attempt: u32,
    /// Why.
    pub code: ErrorCode,
}

/// Says that a batch or a replay has a step to take. The body of every message on the task queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskMessage {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What has a step to take.
    pub task: Task,
}

/// What goes on step by step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "task", content = "id", rename_all = "snake_case")]
pub enum Task {
    /// A batch, whose lines become jobs.
    Batch(BatchId),
    /// A replay, which puts dead letters back.
    Replay(ReplayId),
}

#[derive(Serialize, Deserialize)]
struct TaskBody {
    v: u8,
    tenant: TenantId,
    #[serde(flatten)]
    task: Task,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    v: u8,
    job: JobId,
    tenant: TenantId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
}

/// The body of a message is not one this code writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// Not JSON of the expected shape; says how and where, and quotes nothing.
    #[error("the body is not a job message: {0}")]
    Shape(String),
    /// Written by another version of the code.
    #[error("the body has version {0}, and this code reads version 1")]
    Version(u8),
    /// Not text at all.
    #[error("the body is not text")]
    NotText,
}

fn write(body: &Body) -> String {
    // A struct of numbers and text always has a JSON form.
    serde_json::to_string(body).unwrap_or_default()
}

fn read(text: &str) -> Result<Body, Undecodable> {
    let body: Body =
        serde_json::from_str(text).map_err(|error| Undecodable::Shape(difference(&error)))?;
    if body.v == VERSION {
        Ok(body)
    } else {
        Err(Undecodable::Version(body.v))
    }
}

/// How a body differs from ours, and where. The parser's own words quote the body, which may hold
/// anything, and this goes into the log.
fn difference(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "other fields or types",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "no JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

impl JobMessage {
    /// The body as text.
    #[must_use]
    pub fn encode(&self) -> String {
        write(&Body {
            v: VERSION,
            job: self.job_id.clone(),
            tenant: self.tenant_id.clone(),
            attempt: None,
            code: None,
        })
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`Undecodable`] when this code did not write it: record it and acknowledge.
    pub fn decode(text: &str) -> Result<Self, Undecodable> {
        let body = read(text)?;
        Ok(Self {
            tenant_id: body.tenant,
            job_id: body.job,
        })
    }
}

impl TaskMessage {
    /// The body as text.
    #[must_use]
    pub fn encode(&self) -> String {
        let body = TaskBody {
            v: VERSION,
            tenant: self.tenant_id.clone(),
            task: self.task.clone(),
        };
        // A struct of numbers and text always has a JSON form.
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`Undecodable`] when this code did not write it: record it and acknowledge.
    pub fn decode(text: &str) -> Result<Self, Undecodable> {
        let body: TaskBody =
            serde_json::from_str(text).map_err(|error| Undecodable::Shape(difference(&error)))?;
        if body.v != VERSION {
            return Err(Undecodable::Version(body.v));
        }
        Ok(Self {
            tenant_id: body.tenant,
            task: body.task,
        })
    }
}

impl DeadLetterMessage {
    /// The body as text.
    #[must_use]
    pub fn encode(&self) -> String {
        write(&Body {
            v: VERSION,
            job: self.job_id.clone(),
            tenant: self.tenant_id.clone(),
            attempt: Some(self.attempt),
            code: Some(self.code),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "ten_0192f0c1000070008000000000000001";
    const JOB: &str = "job_0192f0c1000070008000000000000002";

    #[test]
    fn a_job_message_carries_ids_and_nothing_else() {
        let message = JobMessage {
            tenant_id: TENANT.parse().expect("valid"),
            job_id: JOB.parse().expect("valid"),
        };
        let text = message.encode();
        assert_eq!(
            text,
            format!(r#"{{"v":1,"job":"{JOB}","tenant":"{TENANT}"}}"#)
        );
        assert_eq!(JobMessage::decode(&text), Ok(message));
    }

    #[test]
    fn a_dead_letter_message_names_the_job_for_whoever_reads_job_messages() {
        let message = DeadLetterMessage {
            tenant_id: TENANT.parse().expect("valid"),
            job_id: JOB.parse().expect("valid"),
            attempt: 3,
            code: ErrorCode::ProviderAuth,
        };
        let decoded = JobMessage::decode(&message.encode()).expect("decodes");
        assert_eq!(decoded.job_id.as_str(), JOB);
    }

    #[test]
    fn a_task_message_names_what_goes_on() {
        let batch = "bat_0192f0c1000070008000000000000003";
        let message = TaskMessage {
            tenant_id: TENANT.parse().expect("valid"),
            task: Task::Batch(batch.parse().expect("valid")),
        };
        let text = message.encode();
        assert_eq!(
            text,
            format!(r#"{{"v":1,"tenant":"{TENANT}","task":"batch","id":"{batch}"}}"#)
        );
        assert_eq!(TaskMessage::decode(&text), Ok(message));
        assert!(TaskMessage::decode(&text.replace("batch", "other")).is_err());
        assert!(TaskMessage::decode(&text.replace("\"v\":1", "\"v\":2")).is_err());
    }

    #[test]
    fn the_reason_quotes_nothing_of_the_body() {
        for text in [
            r#"{"v":"a secret","job":"a secret","tenant":"a secret"}"#,
            r#"{"v":1,"a secret":1}"#,
            r#"{"v":1,"job":"a secret"}"#,
            "a secret",
            r#"{"v":1,"job":"a secret"#,
        ] {
            let reason = JobMessage::decode(text)
                .expect_err("undecodable")
                .to_string();
            assert!(!reason.contains("secret"), "{reason}");
            assert!(reason.contains("(line 1, column "), "{reason}");
        }
    }

    #[test]
    fn garbage_and_other_versions_are_undecodable() {
        for text in [
            "",
            "null",
            "{}",
            "[1]",
            "\u{0}",
            r#"{"v":1,"job":"x","tenant":"y"}"#,
        ] {
            assert!(
                matches!(JobMessage::decode(text), Err(Undecodable::Shape(_))),
                "{text}"
            );
        }
        let newer = format!(r#"{{"v":2,"job":"{JOB}","tenant":"{TENANT}"}}"#);
        assert_eq!(JobMessage::decode(&newer), Err(Undecodable::Version(2)));
    }
}

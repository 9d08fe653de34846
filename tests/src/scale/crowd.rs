use std::num::NonZeroU32;

use redrive_shared::clock::Instant;
use redrive_shared::database::{Database, Statement, Value};
use redrive_shared::day::Day;
use redrive_shared::ids::TenantId;
use redrive_shared::native::SeededEntropy;
use redrive_shared::store::{Store, TenantRow};

/// When every waiting job of a crowd was due.
pub const START: Instant = Instant::from_millis(1_795_000_000_000);

/// When the leases of a crowd run out.
pub(super) const LEASED_UNTIL: Instant = START.plus_seconds(3_600);

/// When the payloads of a crowd's dead letters are over.
pub(super) const PAYLOADS_OVER: Instant = START.plus_seconds(604_800);

/// How long the jobs of a crowd have, in seconds. They were created before [`START`].
pub(super) const DEADLINE_SECONDS: u32 = 86_400;

/// Rows that are made with one statement.
const CHUNK: u32 = 10_000;

/// Jobs that have the same reference of the client's own.
const REFERRED: u32 = 10;

/// A sort of job, `count` of which stand in a crowd.
struct Sort {
    /// What its ids begin with, after the instant.
    number: i64,
    state: &'static str,
    attempt: i64,
    due_at: Option<Instant>,
    completed_at: Option<Instant>,
    expires_at: Option<Instant>,
}

const SORTS: [Sort; 3] = [
    Sort {
        number: 1,
        state: "queued",
        attempt: 0,
        due_at: Some(START),
        completed_at: None,
        expires_at: None,
    },
    Sort {
        number: 2,
        state: "running",
        attempt: 1,
        due_at: Some(LEASED_UNTIL),
        completed_at: None,
        expires_at: None,
    },
    Sort {
        number: 3,
        state: "dead_lettered",
        attempt: 1,
        due_at: None,
        completed_at: Some(START),
        expires_at: Some(PAYLOADS_OVER),
    },
];

/// `?1` tenant, `?2` and `?3` the numbers of the first and the last job, `?4` the sort, `?5` when the
/// first was created, `?6` of how many one has a reference, then the columns of the sort.
const INSERT: &str = "\
WITH RECURSIVE numbers (n) AS (
  SELECT CAST(?2 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST(?3 AS INTEGER)
)
INSERT INTO jobs (
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  deadline_seconds, deadline_at_ms, due_at_ms, completed_at_ms, expires_at_ms, claimed_by, started_at_ms, model,
  error_code, error, fingerprint, bulk, ref_type, ref_id, metadata, attempts, replays, dropped_answers, request
)
SELECT
  ?1, printf('job_%012x7%03x8%015x', CAST(?5 + n AS INTEGER), CAST(?4 AS INTEGER), n), 'generate', ?7,
  CAST(?8 AS INTEGER), 0, 0, 0, 0, 5, CAST(?5 + n AS INTEGER),
  86400, CAST(?5 + n + 86400000 AS INTEGER), CAST(?9 AS INTEGER), CAST(?10 AS INTEGER), CAST(?11 AS INTEGER),
  iif(?8 > 0, 'dlv_of_the_crowd', NULL), iif(?8 > 0, CAST(?5 + n AS INTEGER), NULL), 'sim-ok',
  iif(?10 IS NULL, NULL, 'provider_auth'),
  iif(?10 IS NULL, NULL, '{\"message\":\"The key was refused.\",\"retryable\":false,\"provider\":\"openai\",\"excerpt\":\"no\"}'),
  iif(?10 IS NULL, NULL, 'provider_auth:-:openai:sim-ok:401'),
  0, iif(n % CAST(?6 AS INTEGER) = 0, 'order', NULL), iif(n % CAST(?6 AS INTEGER) = 0, printf('%d', CAST(?4 AS INTEGER)), NULL),
  '{}', '[]', '[]', '[]', '{\"messages\":[{\"role\":\"user\",\"content\":\"What is a fence token good for?\"}]}'
FROM numbers";

/// What other tenants used, one row each, in the 300 days before [`START`]: `?1` and `?2` the numbers
/// of the first and the last, `?3` the day.
const INSERT_USAGE: &str = "\
WITH RECURSIVE numbers (n) AS (
  SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST(?2 AS INTEGER)
)
INSERT INTO usage_daily (day, tenant_id, provider, model, calls, answers, input_tokens, calls_without_usage, calls_without_price)
SELECT date(?3, printf('-%d days', n % 300)), printf('ten_%d', n), 'openai', 'sim-ok', 1, 1, 7, 0, 0
FROM numbers";

/// Calls under way to other providers.
const INSERT_SLOTS: &str = "\
WITH RECURSIVE numbers (n) AS (
  SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST(?2 AS INTEGER)
)
INSERT INTO provider_slots (provider, holder, taken_at_ms, until_ms)
SELECT printf('provider-%d', n % 10), printf('job_%d', n), CAST(?3 AS INTEGER), CAST(?3 AS INTEGER) FROM numbers";

/// A crowd of one tenant's.
#[derive(Debug)]
pub struct Crowd {
    pub(super) tenant: TenantId,
    pub(super) entropy: SeededEntropy,
}

impl Crowd {
    /// Makes a tenant with `count` jobs of each sort: waiting and overdue, running with a lease,
    /// and dead. Ten of each have a reference of the client's own. Beside them stand as many rows of
    /// other tenants' usage, and slots of other providers.
    ///
    /// # Panics
    /// When the database refuses them.
    pub async fn fill<D: Database>(store: &Store<D>, count: NonZeroU32) -> Self {
        let entropy = SeededEntropy::new(u64::from(count.get()));
        let tenant = TenantId::new(START, &entropy);
        store
            .insert_tenant(&TenantRow::new(tenant.clone(), "a crowd", START), None)
            .await
            .expect("the tenant is stored");
        let crowd = Self { tenant, entropy };
        let today = Day::of(START).to_string();
        for (sql, parameter) in [
            (INSERT_USAGE, Value::from(today)),
            (INSERT_SLOTS, Value::from(START)),
        ] {
            let parameters = vec![0_u32.into(), (count.get() - 1).into(), parameter];
            let statement = Statement::new(sql, parameters);
            let made = store.database().batch(vec![statement]).await;
            made.expect("the rows are stored");
        }
        for sort in &SORTS {
            for first in (0..count.get()).step_by(usize::try_from(CHUNK).unwrap_or(1)) {
                let last = (first + CHUNK).min(count.get()) - 1;
                crowd.insert(store, sort, (first, last), count).await;
            }
        }
        crowd
    }

    async fn insert<D: Database>(
        &self,
        store: &Store<D>,
        sort: &Sort,
        (first, last): (u32, u32),
        count: NonZeroU32,
    ) {
        // The last of the crowd was created a second before it was due.
        let created = START.plus_millis(-1_000 - i64::from(count.get()));
        let parameters: Vec<Value> = vec![
            self.tenant.as_str().into(),
            first.into(),
            last.into(),
            sort.number.into(),
            created.into(),
            (count.get() / REFERRED).max(1).into(),
            sort.state.into(),
            sort.attempt.into(),
            sort.due_at.into(),
            sort.completed_at.into(),
            sort.expires_at.into(),
        ];
        store
            .database()
            .batch(vec![Statement::new(INSERT, parameters)])
            .await
            .expect("the jobs are stored");
    }
}

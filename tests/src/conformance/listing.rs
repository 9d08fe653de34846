use super::{START, Tenant, commit, dead, letter};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{JobRecord, JobState, Kind};
use redrive_shared::store::{JobFilter, Store};

async fn ids<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    filter: &JobFilter,
    limit: u32,
) -> Vec<JobId> {
    let jobs = store
        .jobs(&tenant.id, filter, limit)
        .await
        .expect("the list can be read");
    jobs.into_iter().map(|job| job.id).collect()
}

async fn submit_at<D: Database>(store: &Store<D>, tenant: &Tenant, seconds: i64) -> JobId {
    let job = tenant.job(START.plus_seconds(seconds));
    store.insert_job(&job).await.expect("stored");
    job.id
}

pub(super) async fn jobs_are_listed_newest_first_and_by_page<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(31);
    let mut expected = Vec::new();
    for second in 0..5 {
        expected.insert(0, submit_at(store, &tenant, second).await);
    }
    assert_eq!(
        ids(store, &tenant, &JobFilter::default(), 100).await,
        expected
    );
    let first = ids(store, &tenant, &JobFilter::default(), 2).await;
    assert_eq!(first, expected[..2]);
    let filter = JobFilter {
        after: first.last().cloned(),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &filter, 2).await, expected[2..4]);
}

pub(super) async fn jobs_are_listed_by_state_kind_and_reference<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(32);
    let queued = submit_at(store, &tenant, 0).await;
    let letter = submit_at(store, &tenant, 1).await;
    let mut referred = tenant.job(START.plus_seconds(2));
    (referred.ref_type, referred.ref_id) = (Some("ticket".to_owned()), Some("42".to_owned()));
    store.insert_job(&referred).await.expect("stored");
    let claimed = tenant
        .claim(store, &letter, START.plus_seconds(2))
        .await
        .expect("claimed");
    store
        .commit(&[commit(&claimed, dead(ErrorCode::ProviderBilling))])
        .await
        .expect("committed");
    let by_state = |state| JobFilter {
        state: Some(state),
        ..JobFilter::default()
    };
    let both = [referred.id.clone(), queued];
    assert_eq!(
        ids(store, &tenant, &by_state(JobState::Queued), 10).await,
        both
    );
    assert_eq!(
        ids(store, &tenant, &by_state(JobState::DeadLettered), 10).await,
        [letter]
    );
    assert!(
        ids(store, &tenant, &by_state(JobState::Failed), 10)
            .await
            .is_empty()
    );
    let by_kind = JobFilter {
        kind: Some(Kind::Generate),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &by_kind, 10).await.len(), 3);
    let reference = |id: &str| Some(("ticket".to_owned(), id.to_owned()));
    let by_ref = JobFilter {
        reference: reference("42"),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &by_ref, 10).await, [referred.id]);
    let by_other = JobFilter {
        reference: reference("43"),
        ..JobFilter::default()
    };
    assert!(ids(store, &tenant, &by_other, 10).await.is_empty());
}

pub(super) async fn jobs_are_listed_by_the_time_of_their_submission<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(33);
    let early = submit_at(store, &tenant, 0).await;
    let middle = submit_at(store, &tenant, 10).await;
    let late = submit_at(store, &tenant, 20).await;
    let from = JobFilter {
        created_from: Some(START.plus_seconds(10)),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &from, 10).await, [late, middle.clone()]);
    let before = JobFilter {
        created_before: Some(START.plus_seconds(10)),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &before, 10).await, [early]);
    let between = JobFilter {
        created_from: Some(START.plus_seconds(5)),
        created_before: Some(START.plus_seconds(15)),
        ..JobFilter::default()
    };
    assert_eq!(ids(store, &tenant, &between, 10).await, [middle]);
}

pub(super) async fn another_tenant_sees_nothing<D: Database>(store: &Store<D>) {
    let (owner, stranger) = (Tenant::new(34), Tenant::new(340));
    let job = owner.submit(store).await;
    assert_eq!(store.job(&stranger.id, &job).await, Ok(None));
    assert!(
        ids(store, &stranger, &JobFilter::default(), 10)
            .await
            .is_empty()
    );
    assert_eq!(
        store.cancel(&stranger.id, &job, START, None).await,
        Ok(None)
    );
    assert_eq!(owner.read(store, &job).await.state, JobState::Queued);
}

pub(super) async fn a_list_leaves_out_what_a_model_had_said<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(35);
    let mut letter = letter(store, &tenant).await;
    let said = |job: &JobRecord| job.error.clone().expect("told").partial_output;
    let read = tenant.read(store, &letter.id).await;
    assert_eq!(said(&read).as_deref(), Some("Once upon"));
    let error = letter.error.as_mut().expect("told");
    error.partial_output = None;
    for state in [None, Some(JobState::DeadLettered)] {
        let filter = JobFilter {
            state,
            ..JobFilter::default()
        };
        let listed = store.jobs(&tenant.id, &filter, 10).await;
        assert_eq!(listed.as_deref(), Ok([letter.clone()].as_slice()));
    }
    let running = tenant.running(store).await;
    let of_none = JobFilter {
        state: Some(JobState::Running),
        ..JobFilter::default()
    };
    let listed = store.jobs(&tenant.id, &of_none, 10).await.expect("lists");
    assert_eq!((&listed[0].id, &listed[0].error), (&running.id, &None));
}

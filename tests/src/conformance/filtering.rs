use super::{START, Tenant, change, letter};
use redrive_shared::database::Database;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::Kind;
use redrive_shared::store::Store;

/// When every letter of these cases died.
const DEAD_AT_MS: i64 = 250;

/// Two letters that differ in whatever a filter asks for; the second is a job's of an order.
async fn letters<D: Database>(store: &Store<D>, tenant: &Tenant) -> [JobId; 2] {
    let plain = letter(store, tenant).await.id;
    let other = letter(store, tenant).await.id;
    let sql = "UPDATE jobs SET error_code = 'provider_billing', error_provider = 'azure', model = 'm', \
               kind = 'execute', batch_id = 'bat_0192f0c1000070008000000000000003', line = 1, \
               ref_type = 'order', ref_id = '7', fingerprint = 'f', attempt = 9, \
               cost_micro_usd = 5, completed_at_ms = completed_at_ms + 1000 WHERE id = ?1";
    change(store, sql, vec![other.as_str().into()]).await;
    [plain, other]
}

async fn found<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    filter: &DeadLetterFilter,
) -> Vec<JobId> {
    let letters = store.dead_letters(&tenant.id, filter, None, 10).await;
    let letters = letters.expect("reads").into_iter();
    letters.map(|letter| letter.job.id).collect()
}

pub(super) async fn letters_pass_every_part_of_a_filter<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(171), Tenant::new(1710));
    let [plain, other] = letters(store, &tenant).await;
    letters(store, &stranger).await;
    let any = DeadLetterFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let later = START.plus_millis(DEAD_AT_MS + 1_000);
    let batch = "bat_0192f0c1000070008000000000000003".parse().ok();
    #[rustfmt::skip]
    let parts = [
        DeadLetterFilter { code: Some(ErrorCode::ProviderBilling), ..any() },
        DeadLetterFilter { provider: text("azure"), ..any() },
        DeadLetterFilter { model: text("m"), ..any() },
        DeadLetterFilter { kind: Some(Kind::Execute), ..any() },
        DeadLetterFilter { batch_id: batch, ..any() },
        DeadLetterFilter { ref_type: text("order"), ref_id: text("7"), ..any() },
        DeadLetterFilter { fingerprint: text("f"), ..any() },
        DeadLetterFilter { dead_from: Some(later), ..any() },
        DeadLetterFilter { min_attempts: Some(9), ..any() },
        DeadLetterFilter::of_jobs(vec![other.clone()]),
    ];
    for filter in &parts {
        assert_eq!(
            found(store, &tenant, filter).await,
            std::slice::from_ref(&other),
            "{filter:?}"
        );
        let groups = store.dead_letter_groups(&tenant.id, filter).await;
        assert_eq!(groups.expect("reads").letters, 1, "{filter:?}");
    }
    #[rustfmt::skip]
    let parts = [
        (DeadLetterFilter { dead_before: Some(later), ..any() }, vec![plain.clone()]),
        (DeadLetterFilter { created_before: Some(START), ..any() }, vec![]),
        (DeadLetterFilter { created_from: Some(START.plus_millis(1)), ..any() }, vec![]),
        (DeadLetterFilter { code: Some(ErrorCode::ProviderAuth), kind: Some(Kind::Execute), ..any() }, vec![]),
        (DeadLetterFilter { provider: text("openai"), kind: Some(Kind::Generate), ..any() }, vec![plain]),
        (DeadLetterFilter::of_jobs(vec![]), vec![]),
    ];
    for (filter, expected) in &parts {
        assert_eq!(found(store, &tenant, filter).await, *expected, "{filter:?}");
    }
}

pub(super) async fn letters_are_counted_by_their_causes<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(172), Tenant::new(1720));
    let [one, other] = letters(store, &tenant).await;
    let [two, _] = [
        letter(store, &tenant).await.id,
        letter(store, &stranger).await.id,
    ];
    let filter = DeadLetterFilter::default();
    let read = store
        .dead_letter_groups(&tenant.id, &filter)
        .await
        .expect("reads");
    assert_eq!(
        (read.letters, read.is_cut, read.groups.len()),
        (3, false, 2)
    );
    let most = &read.groups[0];
    assert_eq!(most.fingerprint, "provider_auth:-:openai:sim-ok:503");
    assert_eq!((most.code, most.letters), (ErrorCode::ProviderAuth, 2));
    assert_eq!(most.provider.as_deref(), Some("openai"));
    assert_eq!(most.model.as_deref(), Some("sim-ok"));
    assert_eq!(most.sample, one.max(two));
    let dead_at = START.plus_millis(DEAD_AT_MS);
    assert_eq!((most.first_at, most.last_at), (dead_at, dead_at));
    assert_eq!(
        (&read.groups[1].sample, read.groups[1].cost_micro_usd),
        (&other, Some(5))
    );
    let none = DeadLetterFilter {
        min_attempts: Some(10),
        ..filter
    };
    let read = store.dead_letter_groups(&tenant.id, &none).await;
    assert_eq!(read, Ok(redrive_shared::store::DeadLetterGroups::default()));
}

pub(super) async fn whoever_ends_a_job_notes_whom_it_asked<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(173);
    let asked = DeadLetterFilter {
        provider: Some("openai".to_owned()),
        ..DeadLetterFilter::default()
    };
    let dead = letter(store, &tenant).await.id;
    assert_eq!(
        found(store, &tenant, &asked).await,
        std::slice::from_ref(&dead)
    );
    // Put back, and out of time before an attempt: the failure before is still the cause.
    let replay = super::replaying::replay(&tenant, &dead, START.plus_seconds(1));
    store.replay(&replay).await.expect("runs");
    let late = START.plus_seconds(1 + i64::from(super::DEADLINE_SECONDS));
    let ended = store
        .expire(&[tenant.message(&dead)], late)
        .await
        .expect("runs");
    assert_eq!(ended.len(), 1);
    assert_eq!(found(store, &tenant, &asked).await, [dead]);
}

use super::batching::{NOW, found, new, step};
use super::{START, Tenant, count};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::ids::FileId;
use redrive_shared::store::{
    BatchJobs, BatchStatus, ExpiredFile, FileState, NewChunk, NewFile, Purpose, Store,
};

const CHUNKS: &str = "SELECT count(*) AS n FROM file_chunks";

fn file(tenant: &Tenant) -> NewFile {
    NewFile {
        tenant_id: tenant.id.clone(),
        id: FileId::new(START, &tenant.entropy),
        purpose: Purpose::Lines,
        name: Some("a.jsonl".to_owned()),
        created_at: START,
    }
}

fn chunk(number: u32, first_line: u32, text: &str) -> NewChunk {
    NewChunk {
        number,
        first_line,
        lines: u32::try_from(text.lines().count()).expect("few"),
        bytes: u32::try_from(text.len()).expect("few"),
        body: Some(text.to_owned()),
    }
}

/// A file of two chunks that is whole.
async fn stored<D: Database>(store: &Store<D>, new: &NewFile, expires_at: Instant) {
    let (tenant, id) = (&new.tenant_id, &new.id);
    store.insert_file(new).await.expect("stored");
    for chunk in [chunk(0, 1, "one\n\nthree\n"), chunk(1, 4, "vier ü\n")] {
        store
            .append_chunk(tenant, id, &chunk)
            .await
            .expect("stored");
    }
    store
        .finish_file(tenant, id, expires_at)
        .await
        .expect("stored");
}

pub(super) async fn a_file_is_read_when_it_is_whole<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(221), Tenant::new(2210));
    let new = file(&tenant);
    for _ in 0..2 {
        store.insert_file(&new).await.expect("stored");
    }
    let whole = chunk(0, 1, "one\n");
    for _ in 0..2 {
        let appended = store.append_chunk(&tenant.id, &new.id, &whole).await;
        appended.expect("stored");
    }
    let gap = chunk(2, 9, "nine\n");
    store
        .append_chunk(&tenant.id, &new.id, &gap)
        .await
        .expect("runs");
    let record = store
        .file(&tenant.id, &new.id)
        .await
        .expect("reads")
        .expect("there");
    assert_eq!((record.chunks, record.bytes, record.lines), (1, 4, 1));
    assert_eq!(
        (record.state, record.expires_at),
        (FileState::Writing, START.plus_seconds(86_400))
    );
    assert_eq!(
        store.chunk(&tenant.id, &new.id, 0).await,
        Ok(None),
        "it is still written"
    );
    store
        .finish_file(&tenant.id, &new.id, NOW)
        .await
        .expect("stored");
    let late = chunk(1, 2, "two\n");
    store
        .append_chunk(&tenant.id, &new.id, &late)
        .await
        .expect("runs");
    assert_eq!(
        count(store, CHUNKS, vec![]).await,
        1,
        "nothing is added to a whole file"
    );
    let read = store.chunk(&tenant.id, &new.id, 0).await.expect("reads");
    assert_eq!(read.and_then(|chunk| chunk.body).as_deref(), Some("one\n"));
    assert_eq!(store.file(&stranger.id, &new.id).await, Ok(None));
    assert_eq!(store.chunk(&stranger.id, &new.id, 0).await, Ok(None));
}

pub(super) async fn a_line_is_found_in_its_chunk<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(222);
    let new = file(&tenant);
    stored(store, &new, NOW).await;
    for (line, number) in [(1, 0), (3, 0), (4, 1), (5, 1)] {
        let found = store.chunk_of_line(&tenant.id, &new.id, line).await;
        let found = found.expect("reads").expect("there");
        assert_eq!(
            (found.number, found.first_line),
            (number, 1 + 3 * number),
            "{line}"
        );
    }
    let beyond = store.chunk(&tenant.id, &new.id, 2).await;
    assert_eq!(beyond, Ok(None));
}

pub(super) async fn a_file_is_deleted_whole_and_not_before_its_time<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(223), Tenant::new(2230));
    let new = file(&tenant);
    stored(store, &new, NOW).await;
    let delete = async |tenant: &Tenant, expired_at: Option<Instant>| {
        let deleted = store.delete_file(&tenant.id, &new.id, expired_at).await;
        deleted.expect("runs")
    };
    assert!(!delete(&stranger, None).await);
    assert!(!delete(&tenant, Some(NOW.plus_millis(-1))).await);
    assert_eq!(count(store, CHUNKS, vec![]).await, 2);
    assert!(delete(&tenant, Some(NOW)).await);
    assert_eq!(count(store, CHUNKS, vec![]).await, 0);
    assert!(!delete(&tenant, None).await, "it is gone");
}

pub(super) async fn the_file_of_a_batch_is_kept_until_it_ends<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(224);
    let (other, own) = (file(&tenant), new(&tenant, 1));
    let lines = NewFile {
        id: own.file_id.clone(),
        ..file(&tenant)
    };
    stored(store, &other, NOW).await;
    stored(store, &lines, NOW).await;
    store.insert_batch(&own, None).await.expect("stored");
    let expired = async |now: Instant| {
        let (_, files) = store.delete_expired(now, 10).await.expect("runs");
        files
    };
    let named = |id: &FileId| ExpiredFile {
        tenant_id: tenant.id.clone(),
        id: id.clone(),
        chunks: 2,
    };
    assert_eq!(expired(NOW.plus_millis(-1)).await, []);
    assert_eq!(expired(NOW).await, [named(&other.id)]);
    let (record, ground) = found(store, &own).await;
    let over = step(&record, BatchStatus::Cancelled, 0);
    let is_taken = store.move_batch(&record, &ground, &BatchJobs::Left, &over, NOW);
    assert_eq!(is_taken.await, Ok(true));
    store
        .delete_file(&tenant.id, &other.id, None)
        .await
        .expect("runs");
    let kept = NOW.plus_seconds(i64::from(ground.payload_retention_seconds));
    assert_eq!(expired(kept.plus_millis(-1)).await, []);
    assert_eq!(expired(kept).await, [named(&lines.id)]);
}

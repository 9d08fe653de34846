use super::*;
use redrive_shared::file::{CHUNK_BYTES, FILE_BYTES, LINE_BYTES};
use redrive_shared::native::MemoryBucket;
use redrive_shared::store::{FileFilter, Purpose};
use redrive_shared::sweep::sweep;

#[tokio::test]
async fn a_file_comes_back_byte_for_byte_however_it_arrived() {
    let text = "{\"a\": 1}\r\n\n  {\"grün\": \"✓\"}\n\u{feff}\nno line end";
    for piece in [1, 2, 3, 1_000] {
        let bench = Bench::new();
        let file = bench.upload(text.as_bytes(), piece).await.expect("taken");
        assert_eq!(bench.text(file.id.as_str()).await, text, "{piece}");
        assert_eq!(file.bytes, u64::try_from(text.len()).expect("it fits"));
        assert_eq!((file.lines, file.purpose), (5, Purpose::Batch));
        assert_eq!(file.expires_at, file.created_at.plus_seconds(3_600));
    }
}

#[tokio::test]
async fn a_large_file_lies_in_chunks_and_an_empty_one_in_none() {
    let mut bench = Bench::new();
    let line = "x".repeat(400_000) + "\n";
    for in_bucket in [false, true] {
        bench.ports.bucket = in_bucket.then(MemoryBucket::default);
        let text = line.repeat(5);
        let file = bench.upload(text.as_bytes(), 65_536).await.expect("taken");
        assert_eq!((file.chunks, file.lines), (3, 5));
        assert!(text.len() > CHUNK_BYTES);
        assert_eq!(bench.text(file.id.as_str()).await, text);
        let empty = bench.upload(b"", 1).await.expect("taken");
        assert_eq!((empty.chunks, empty.bytes), (0, 0));
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_file_that_is_refused() {
    let mut bench = Bench::new();
    bench.ports.bucket = Some(MemoryBucket::default());
    let whole = "x".repeat(LINE_BYTES);
    for ending in ["", "\n", "\r\n"] {
        let text = format!("{whole}{ending}");
        assert!(
            bench.upload(text.as_bytes(), 65_536).await.is_ok(),
            "{ending:?}"
        );
    }
    bench.execute("DELETE FROM files; DELETE FROM file_chunks");
    bench.ports.bucket = Some(MemoryBucket::default());
    let long = format!("{{}}\n{whole}{whole}\n{{}}x");
    let refused = bench.upload(long.as_bytes(), 65_536).await;
    assert_eq!(refused, Err(Refused::LineTooLong(2)));
    for text in [&b"{}\n\xff\n"[..], b"{}\n\xff"] {
        assert_eq!(bench.upload(text, 2).await, Err(Refused::NotUtf8(2)));
    }
    let line = "x".repeat(999_999) + "\n";
    let many = usize::try_from(FILE_BYTES).expect("it fits") / line.len() + 1;
    let refused = bench.upload(line.repeat(many).as_bytes(), 1_000_000).await;
    assert_eq!(refused, Err(Refused::TooLarge));
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (0, 0));
    let bucket = bench.ports.bucket.as_ref().expect("there");
    assert_eq!(bucket.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_that_died_is_deleted_after_a_day_with_what_the_bucket_has_of_it() {
    let mut bench = Bench::new();
    bench.ports.bucket = Some(MemoryBucket::default());
    let line = "x".repeat(600_000) + "\n";
    let mut upload = Upload::begin(&bench.ports, &bench.tenant, None)
        .await
        .expect("begun");
    upload.push(line.repeat(3).as_bytes()).await.expect("taken");
    drop(upload);
    // As if it had died between the bucket and the row.
    bench.execute("DELETE FROM file_chunks WHERE number = 1; UPDATE files SET chunks = 1");
    let bucket = bench.ports.bucket.as_ref().expect("there");
    assert_eq!(bucket.keys().len(), 2);
    bench.ports.clock.advance_millis(DAY_SECONDS * 1_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (0, 0));
    assert_eq!(bucket.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn files_are_listed_from_either_end() {
    let bench = Bench::new();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(bench.upload(b"{}\n", 9).await.expect("taken").id);
        bench.ports.clock.advance_millis(5);
    }
    let list = async |oldest_first, after: Option<&FileId>, purpose| {
        let filter = FileFilter {
            purpose,
            oldest_first,
            after: after.cloned(),
        };
        let files = bench.ports.store.files(&bench.tenant, &filter, 2).await;
        let files = files.expect("readable").into_iter().map(|file| file.id);
        files.collect::<Vec<_>>()
    };
    let newest_first: Vec<_> = made.iter().rev().cloned().collect();
    assert_eq!(list(false, None, None).await, newest_first[..2]);
    assert_eq!(
        list(false, Some(&newest_first[1]), None).await,
        newest_first[2..]
    );
    assert_eq!(list(true, None, Some(Purpose::Batch)).await, made[..2]);
    assert_eq!(list(true, Some(&made[1]), None).await, made[2..]);
    assert_eq!(list(true, None, Some(Purpose::BatchOutput)).await, []);
}

use super::super::source::Source;
use super::*;

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("out.jsonl")
    }

    fn open(&self) -> Result<Download, Failure> {
        let subject = Subject {
            url: "http://127.0.0.1:8787/".to_owned(),
            tenant_id: None,
            input: Source {
                path: "in.jsonl".into(),
                sha256: "ab".repeat(32),
                bytes: 7,
                lines: 0,
            },
            parameters: std::collections::BTreeMap::new(),
        };
        Download::open(&self.output(), subject)
    }

    fn content(&self) -> String {
        fs::read_to_string(self.output()).unwrap()
    }

    fn has_journal(&self) -> bool {
        Journal::place(&self.output()).exists()
    }
}

#[test]
fn the_name_of_the_request_is_on_the_disk_before_anything_is_sent() {
    let case = Case::new();
    let key = case.open().unwrap().journal().idempotency_key.clone();
    let again = case.open().unwrap();
    assert_eq!(again.journal().idempotency_key, key);
}

#[test]
fn what_was_not_saved_is_cut_off_and_read_again() {
    let case = Case::new();
    let mut download = case.open().unwrap();
    download.append(b"{\"line\":1}", "c1").unwrap();
    download.save().unwrap();
    download.append(b"{\"line\":2}", "c2").unwrap();
    // A crash: the second line reached the file, the journal that counts it did not.
    download.file.flush().unwrap();
    drop(download);
    assert_eq!(case.content().lines().count(), 2);

    let mut download = case.open().unwrap();
    assert_eq!(download.journal().cursor.as_deref(), Some("c1"));
    assert_eq!(download.journal().written_lines, 1);
    download.append(b"{\"line\":2}", "c2").unwrap();
    download.finish().unwrap();
    assert_eq!(case.content(), "{\"line\":1}\n{\"line\":2}\n");
    assert!(!case.has_journal());
}

#[test]
fn an_output_that_was_shortened_is_read_from_the_beginning() {
    let case = Case::new();
    let mut download = case.open().unwrap();
    download.submitted("bat_1".to_owned()).unwrap();
    download.append(b"{\"line\":1}", "c1").unwrap();
    download.save().unwrap();
    drop(download);
    fs::remove_file(case.output()).unwrap();

    let download = case.open().unwrap();
    let journal = download.journal();
    assert_eq!(journal.batch_id.as_deref(), Some("bat_1"));
    assert_eq!(
        (journal.cursor.as_deref(), journal.written_bytes),
        (None, 0)
    );
}

#[test]
fn a_finished_output_is_not_written_over() {
    let case = Case::new();
    let mut download = case.open().unwrap();
    download.append(b"{}", "c1").unwrap();
    download.finish().unwrap();
    let failure = case.open().unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    assert_eq!(case.content(), "{}\n");
}

#[test]
fn two_runs_cannot_work_on_one_output() {
    let case = Case::new();
    let first = case.open().unwrap();
    let failure = case.open().unwrap_err();
    assert!(failure.to_string().contains("another run"), "{failure}");
    drop(first);
    case.open().unwrap();
}

#[test]
fn a_run_that_was_refused_leaves_nothing_behind() {
    let case = Case::new();
    case.open().unwrap().abandon();
    assert!(!case.has_journal() && !case.output().exists());
}

#[test]
fn a_journal_of_another_input_is_refused_and_stays() {
    let case = Case::new();
    let download = case.open().unwrap();
    let mut other = download.journal().subject.clone();
    drop(download);
    other.input.sha256 = "cd".repeat(32);
    let failure = Download::open(&case.output(), other).unwrap_err();
    assert!(failure.to_string().contains("another input"), "{failure}");
    assert_eq!(failure.exit_code(), 2);
    assert!(case.has_journal());
}

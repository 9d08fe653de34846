use super::*;

fn subject() -> Subject {
    Subject {
        url: "http://127.0.0.1:8787/".to_owned(),
        tenant_id: Some("ten_1".to_owned()),
        input: Source {
            path: "in.jsonl".into(),
            sha256: "ab".repeat(32),
            bytes: 7,
            lines: 0,
        },
        parameters: BTreeMap::from([("model".to_owned(), "small".to_owned())]),
    }
}

fn noon() -> Instant {
    Instant::parse_rfc3339("2026-11-21T12:00:00Z").unwrap()
}

fn journal() -> Journal {
    Journal::new(subject(), "key-1".to_owned(), noon())
}

#[test]
fn a_journal_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let place = Journal::place(&folder.path().join("out.jsonl"));
    assert!(place.ends_with("out.jsonl.redrive"));
    assert_eq!(Journal::load(&place).unwrap(), None);
    let mut journal = journal();
    journal.save(&place).unwrap();
    journal.batch_id = Some("bat_1".to_owned());
    journal.cursor = Some("c9".to_owned());
    journal.written_bytes = 1234;
    journal.written_lines = 9;
    journal.save(&place).unwrap();
    assert_eq!(Journal::load(&place).unwrap(), Some(journal));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left behind: {names:?}");
}

#[test]
fn a_journal_of_another_version_is_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    let mut journal = journal();
    journal.version = 2;
    journal.save(&place).unwrap();
    assert!(Journal::load(&place).is_err());
    fs::write(&place, "{\"version\":1").unwrap();
    let damaged = Journal::load(&place).unwrap_err();
    assert!(
        damaged.to_string().contains("redrive batch results"),
        "{damaged}"
    );
}

#[test]
fn a_run_about_the_same_goes_on_wherever_its_input_lies_now() {
    let mut same = subject();
    same.input.path = "elsewhere/in.jsonl".into();
    assert_eq!(journal().objection(&same, noon()), None);
}

#[test]
fn a_tenant_that_nobody_told_is_no_objection() {
    let unknown = Subject {
        tenant_id: None,
        ..subject()
    };
    assert_eq!(journal().objection(&unknown, noon()), None);
}

#[test]
fn a_run_about_something_else_is_told_what_differs() {
    let changed = |change: fn(&mut Subject)| {
        let mut other = subject();
        change(&mut other);
        journal().objection(&other, noon()).unwrap()
    };
    assert!(changed(|other| other.input.sha256 = "cd".repeat(32)).contains("another input"));
    assert!(changed(|other| other.input.bytes = 8).contains("another input"));
    assert!(changed(|other| other.url = "https://x/".to_owned()).contains("another server"));
    assert!(changed(|other| other.tenant_id = Some("ten_2".to_owned())).contains("ten_1"));
    assert!(changed(|other| other.parameters.clear()).contains("model=small"));
}

#[test]
fn a_name_that_the_server_forgot_is_not_sent_again() {
    let day_later = noon().plus_seconds(24 * 3600);
    let mut journal = journal();
    let objection = journal.objection(&subject(), day_later).unwrap();
    assert!(objection.contains("batch ls"), "{objection}");
    journal.batch_id = Some("bat_1".to_owned());
    assert_eq!(journal.objection(&subject(), day_later), None);
}

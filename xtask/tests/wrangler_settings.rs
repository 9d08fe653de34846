//! The Workers' configuration files agree wherever they must, and the environments share
//! nothing.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets a malformed file fails"
)]

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};
use xtask::checkout;
use xtask::executor::GUESTS;

/// The environment for a local stack, at the top of each file, and the two that are deployed.
const ENVIRONMENTS: [Option<&str>; 3] = [None, Some("staging"), Some("production")];

struct Files {
    producer: Table,
    consumer: Table,
}

fn parse(file: &str) -> Table {
    toml::from_str(&fs::read_to_string(checkout::path(file)).unwrap()).unwrap()
}

fn read() -> Files {
    Files {
        producer: parse("wrangler.toml"),
        consumer: parse("consumer/wrangler.toml"),
    }
}

/// The executors' files, each with its language.
fn executors() -> Vec<(&'static str, Table)> {
    GUESTS
        .iter()
        .map(|guest| (guest.language, parse(&guest.configuration())))
        .collect()
}

impl Files {
    fn each(&self) -> [&Table; 2] {
        [&self.producer, &self.consumer]
    }
}

fn environment<'a>(file: &'a Table, name: Option<&str>) -> &'a Table {
    name.map_or(file, |name| file["env"][name].as_table().unwrap())
}

fn tables<'a>(table: &'a Table, path: &[&str]) -> Vec<&'a Table> {
    let (first, rest) = path.split_first().unwrap();
    let start = table.get(*first).unwrap();
    let list = rest.iter().fold(start, |value, key| &value[*key]);
    let list = list.as_array().unwrap();
    list.iter().map(|entry| entry.as_table().unwrap()).collect()
}

fn texts(tables: &[&Table], key: &str) -> Vec<String> {
    tables
        .iter()
        .map(|table| table[key].as_str().unwrap().to_owned())
        .collect()
}

/// Everything in a table but one key.
fn without(tables: &[&Table], key: &str) -> Vec<Table> {
    tables
        .iter()
        .map(|table| {
            let mut rest = (*table).clone();
            rest.remove(key);
            rest
        })
        .collect()
}

fn queue_names(file: &Table, name: Option<&str>) -> Vec<String> {
    texts(
        &tables(environment(file, name), &["queues", "producers"]),
        "queue",
    )
}

#[test]
fn both_workers_use_the_same_database_cache_and_queues_in_every_environment() {
    let files = read();
    for name in ENVIRONMENTS {
        let [producer, consumer] = files.each().map(|file| environment(file, name));
        let databases = [producer, consumer].map(|file| tables(file, &["d1_databases"]));
        // The folder of the migrations is the same one, seen from two places.
        assert_eq!(
            without(&databases[0], "migrations_dir"),
            without(&databases[1], "migrations_dir"),
            "{name:?}"
        );
        assert_eq!(texts(&databases[0], "migrations_dir"), ["migrations"]);
        assert_eq!(texts(&databases[1], "migrations_dir"), ["../migrations"]);
        for path in [&["kv_namespaces"][..], &["queues", "producers"]] {
            assert_eq!(
                tables(producer, path),
                tables(consumer, path),
                "{name:?} {path:?}"
            );
        }
    }
}

#[test]
fn both_workers_run_on_the_same_compatibility_date() {
    let files = read();
    let [producer, consumer] = files.each().map(|file| &file["compatibility_date"]);
    assert_eq!(producer, consumer);
    let gateway = parse("xtask/gateway/wrangler.toml");
    assert_eq!(&gateway["compatibility_date"], producer);
    for (language, executor) in executors() {
        assert_eq!(&executor["compatibility_date"], producer, "{language}");
    }
}

#[test]
fn executors_differ_in_nothing_but_the_language() {
    let without_language = |(language, file): &(&str, Table)| {
        let text = toml::to_string(file).unwrap();
        assert!(text.contains(language), "{language}");
        text.replace(language, "LANGUAGE")
    };
    let texts: BTreeSet<_> = executors().iter().map(without_language).collect();
    assert_eq!(texts.len(), 1, "{texts:#?}");
}

#[test]
fn executors_can_reach_nothing_and_nobody_outside_can_reach_them() {
    for (language, executor) in executors() {
        assert_eq!(executor["workers_dev"], Value::Boolean(false), "{language}");
        assert_eq!(
            executor["preview_urls"],
            Value::Boolean(false),
            "{language}"
        );
        let allowed = [
            "name",
            "main",
            "compatibility_date",
            "workers_dev",
            "preview_urls",
            "limits",
            "observability",
            "env",
        ];
        // A binding, a variable or a route would be a key of its own.
        for name in ENVIRONMENTS {
            for key in environment(&executor, name).keys() {
                assert!(allowed.contains(&key.as_str()), "{language} {name:?} {key}");
            }
        }
    }
}

#[test]
fn consumer_is_bound_to_the_executors_of_its_own_environment() {
    let consumer = read().consumer;
    for name in ENVIRONMENTS {
        let services = tables(environment(&consumer, name), &["services"]);
        let bound: BTreeSet<_> = texts(&services, "binding")
            .into_iter()
            .zip(texts(&services, "service"))
            .collect();
        let wanted = executors().into_iter().map(|(language, file)| {
            let worker = environment(&file, name)["name"]
                .as_str()
                .unwrap()
                .to_owned();
            (format!("EXECUTOR_{}", language.to_uppercase()), worker)
        });
        assert_eq!(bound, wanted.collect(), "{name:?}");
    }
}

#[test]
fn consumer_takes_every_queue_that_is_written_to() {
    let files = read();
    for name in ENVIRONMENTS {
        let consumers = tables(environment(&files.consumer, name), &["queues", "consumers"]);
        let written: BTreeSet<_> = queue_names(&files.producer, name).into_iter().collect();
        let taken: BTreeSet<_> = texts(&consumers, "queue").into_iter().collect();
        assert_eq!(written, taken, "{name:?}");
    }
}

#[test]
fn dead_letters_go_to_the_dead_letter_queue_of_their_own_environment() {
    let files = read();
    for name in ENVIRONMENTS {
        let [jobs, bulk_jobs, tasks, dead_letters] =
            queue_names(&files.consumer, name).try_into().unwrap();
        let consumer = environment(&files.consumer, name);
        let consumers = tables(consumer, &["queues", "consumers"]);
        for (index, queue) in [&jobs, &bulk_jobs, &tasks].into_iter().enumerate() {
            assert_eq!(consumers[index]["queue"].as_str(), Some(queue.as_str()));
            assert_eq!(
                consumers[index]["dead_letter_queue"].as_str(),
                Some(dead_letters.as_str())
            );
        }
        for (variable, queue) in [
            ("BULK_JOB_QUEUE", &bulk_jobs),
            ("TASK_QUEUE", &tasks),
            ("DEAD_LETTER_QUEUE", &dead_letters),
        ] {
            let named = consumer["vars"][variable].as_str();
            assert_eq!(named, Some(queue.as_str()), "{variable}");
        }
        assert!(!consumers[3].contains_key("dead_letter_queue"));
    }
}

#[test]
fn every_setting_of_a_queue_consumer_is_explicit_and_the_same_in_every_environment() {
    let files = read();
    let settings = |name| {
        let all = tables(environment(&files.consumer, name), &["queues", "consumers"]);
        for consumer in &all {
            for setting in [
                "max_batch_size",
                "max_batch_timeout",
                "max_retries",
                "retry_delay",
            ] {
                assert!(consumer.contains_key(setting), "{name:?} {setting}");
            }
        }
        let mut rest = without(&all, "queue");
        for consumer in &mut rest {
            consumer.remove("dead_letter_queue");
        }
        rest
    };
    assert_eq!(settings(None), settings(Some("staging")));
    assert_eq!(settings(None), settings(Some("production")));
}

#[test]
fn every_environment_has_the_same_variables_and_cron() {
    let files = read();
    let names = |name| {
        let vars = environment(&files.consumer, name)["vars"]
            .as_table()
            .unwrap();
        vars.keys().cloned().collect::<BTreeSet<_>>()
    };
    for name in ENVIRONMENTS {
        assert_eq!(names(name), names(None), "{name:?}");
        let triggers = &environment(&files.consumer, name)["triggers"];
        assert_eq!(triggers, &files.consumer["triggers"], "{name:?}");
    }
}

#[test]
fn producer_is_bound_to_the_consumer_of_its_own_environment() {
    let files = read();
    for name in ENVIRONMENTS {
        let services = tables(environment(&files.producer, name), &["services"]);
        let consumer = &environment(&files.consumer, name)["name"];
        assert_eq!(services[0]["binding"].as_str(), Some("CONSUMER"));
        assert_eq!(&services[0]["service"], consumer, "{name:?}");
    }
}

#[test]
fn environments_share_no_name_and_no_id() {
    let files = read();
    let mut seen = BTreeSet::new();
    for name in ENVIRONMENTS {
        let consumer = environment(&files.consumer, name);
        let mut own = queue_names(&files.consumer, name);
        own.extend(texts(&tables(consumer, &["d1_databases"]), "database_name"));
        own.extend(texts(&tables(consumer, &["d1_databases"]), "database_id"));
        own.extend(texts(&tables(consumer, &["kv_namespaces"]), "id"));
        for file in files.each() {
            let worker = environment(file, name).get("name").and_then(Value::as_str);
            own.push(worker.unwrap().to_owned());
        }
        for (_, file) in executors() {
            let worker = environment(&file, name)["name"]
                .as_str()
                .unwrap()
                .to_owned();
            own.push(worker);
        }
        for value in own {
            assert!(seen.insert(value.clone()), "{value} is used twice");
        }
    }
}

#[test]
fn consumer_has_no_public_address() {
    let consumer = read().consumer;
    assert_eq!(consumer["workers_dev"], Value::Boolean(false));
    assert_eq!(consumer["preview_urls"], Value::Boolean(false));
    assert!(!consumer.contains_key("routes"));
}

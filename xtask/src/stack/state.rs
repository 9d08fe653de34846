//! What has to be in the state folder before the runtime starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Service, Workers};
use crate::faults::{self, Plan};
use crate::settings::{self, WorkerSettings};
use crate::{checkout, executor, process, wrangler};

/// Says that a folder is a stack's state, so that it may be deleted.
const MARKER: &str = "redrive-state";
/// The process group of the runtime that used the folder last.
const RUNTIME: &str = "process-group";
/// The migrations that the folder's database has seen.
const MIGRATED: &str = "migrated";

/// Makes the folder, emptied if asked to, and gives back its absolute path.
pub(super) fn prepare_folder(state: &Path, fresh: bool) -> Result<PathBuf> {
    let context = || format!("cannot use {} as the state folder", state.display());
    if state.exists() {
        let marked = state.join(MARKER).is_file();
        let empty = fs::read_dir(state).with_context(context)?.next().is_none();
        refuse_running(state)?;
        ensure!(
            marked || empty,
            "{} holds something that is not a stack's state; choose another folder",
            state.display()
        );
        if fresh && marked {
            fs::remove_dir_all(state).with_context(context)?;
        }
    }
    fs::create_dir_all(state).with_context(context)?;
    fs::write(
        state.join(MARKER),
        "This folder is the state of a local Redrive stack and may be deleted.\n",
    )
    .with_context(context)?;
    state.canonicalize().with_context(context)
}

/// Notes which process group uses the folder.
pub(super) fn note_runtime(state: &Path, group: i32) -> Result<()> {
    fs::write(state.join(RUNTIME), group.to_string()).context("cannot write the state folder")
}

/// Two stacks on one folder would share a database and disagree about everything else.
fn refuse_running(state: &Path) -> Result<()> {
    let group = fs::read_to_string(state.join(RUNTIME)).ok();
    let Some(group) = group.and_then(|text| text.parse().ok()) else {
        return Ok(());
    };
    let folder = state.canonicalize()?;
    ensure!(
        !process::group_runs(group, &folder.to_string_lossy())?,
        "a stack is running on {}: end it first (kill -- -{group})",
        state.display()
    );
    Ok(())
}

pub(super) fn read_workers(workers: &Workers) -> Result<Vec<WorkerSettings>> {
    let read = match workers {
        // The gateway comes first: only the first Worker can be reached from outside.
        Workers::Pipeline => pipeline()?,
        Workers::Only(configuration) => vec![WorkerSettings::read(configuration, &[])?],
    };
    for worker in &read {
        ensure_built(worker)?;
    }
    Ok(read)
}

fn ensure_built(worker: &WorkerSettings) -> Result<()> {
    let main = worker.main()?;
    ensure!(
        main.is_file(),
        "{} is missing: run `cargo xtask build` first",
        checkout::shown(&main)
    );
    Ok(())
}

/// Puts further Workers behind the others, and binds the consumer to them.
pub(super) fn add_services(workers: &mut Vec<WorkerSettings>, services: &[Service]) -> Result<()> {
    for service in services {
        let secrets: Vec<&str> = service.secrets.iter().map(String::as_str).collect();
        let added = WorkerSettings::read(&service.configuration, &secrets)?;
        ensure_built(&added)?;
        let is_consumer =
            |one: &&mut WorkerSettings| one.name().is_ok_and(|name| name == "redrive-consumer");
        let consumer = workers.iter_mut().find(is_consumer);
        let consumer = consumer.context("the stack has no consumer to bind a service to")?;
        consumer.bind_service(&service.binding, added.name()?);
        workers.push(added);
    }
    Ok(())
}

/// Binds the producer and the consumer to one bucket.
pub(super) fn add_bucket(workers: &mut [WorkerSettings]) -> Result<()> {
    for name in ["redrive-producer", "redrive-consumer"] {
        let named = |worker: &&mut WorkerSettings| worker.name().is_ok_and(|own| own == name);
        let worker = workers.iter_mut().find(named);
        let worker =
            worker.with_context(|| format!("the stack has no {name} to bind a bucket to"))?;
        worker.bind_bucket("FILES", "redrive-files");
    }
    Ok(())
}

fn pipeline() -> Result<Vec<WorkerSettings>> {
    let read = |file: &str, secrets: &[_]| WorkerSettings::read(&checkout::path(file), secrets);
    let mut workers = vec![
        read(settings::GATEWAY, &[])?,
        read(settings::PRODUCER, &settings::PRODUCER_SECRETS)?,
        read(settings::CONSUMER, &settings::CONSUMER_SECRETS)?,
    ];
    for guest in executor::GUESTS {
        workers.push(read(&guest.configuration(), &[])?);
    }
    Ok(workers)
}

/// A folder for each: `.dev.vars` belongs to all configurations beside it.
pub(super) fn write_configurations(
    state: &Path,
    workers: &[WorkerSettings],
    variables: &BTreeMap<String, String>,
) -> Result<Vec<PathBuf>> {
    workers
        .iter()
        .map(|worker| worker.write_local(&folder_of(state, worker)?, variables))
        .collect()
}

/// Puts each Worker that a plan names behind bindings that fail.
pub(super) fn wrap_in_faults(
    state: &Path,
    workers: &mut [WorkerSettings],
    plans: &[Plan],
) -> Result<()> {
    for plan in plans {
        let name = format!("redrive-{}", plan.worker);
        let named = |worker: &&mut WorkerSettings| worker.name().is_ok_and(|own| own == name);
        let worker = workers.iter_mut().find(named);
        let worker = worker.with_context(|| format!("the stack has no {name} to put faults in"))?;
        let folder = folder_of(state, worker)?;
        faults::wrap(worker, &folder, plan)?;
    }
    Ok(())
}

/// Has each Worker that a plan names start with it the next time.
pub(super) fn note_faults(configurations: &[PathBuf], plans: &[Plan]) -> Result<()> {
    for plan in plans {
        let folder = format!("redrive-{}", plan.worker);
        let is_its = |file: &&PathBuf| {
            file.parent()
                .is_some_and(|parent| parent.ends_with(&folder))
        };
        let file = configurations.iter().find(is_its);
        faults::note(file.context("the Worker has no configuration")?, plan)?;
    }
    Ok(())
}

/// Where a Worker's configuration is.
fn folder_of(state: &Path, worker: &WorkerSettings) -> Result<PathBuf> {
    Ok(state.join("configuration").join(worker.name()?))
}

/// Applies the migrations once: the Workers share one database.
pub(super) fn migrate(
    state: &Path,
    workers: &[WorkerSettings],
    configurations: &[PathBuf],
) -> Result<()> {
    let with_database = workers
        .iter()
        .zip(configurations)
        .find_map(|(worker, configuration)| Some((worker.database()?, configuration)));
    let Some((database, configuration)) = with_database else {
        return Ok(());
    };
    let stamp = state.join(MIGRATED);
    let wanted = migrations_of(configuration)?;
    let kept = state.join("v3/d1").is_dir();
    if kept && fs::read_to_string(&stamp).is_ok_and(|applied| applied == wanted) {
        return Ok(());
    }
    let mut apply = wrangler::command(state, ["d1", "migrations", "apply", database, "--local"])?;
    apply
        .arg("--persist-to")
        .arg(state)
        .arg("-c")
        .arg(configuration);
    process::run_quietly(&mut apply).context("cannot apply the migrations")?;
    fs::write(stamp, wanted).context("cannot write the state folder")
}

/// The names of all migrations that a configuration points to, in order. A migration that was
/// applied somewhere is never edited, so names are enough.
fn migrations_of(configuration: &Path) -> Result<String> {
    let document: Value = serde_json::from_str(&fs::read_to_string(configuration)?)?;
    let folder = document
        .pointer("/d1_databases/0/migrations_dir")
        .and_then(Value::as_str)
        .context("the database has no migrations_dir")?;
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the migrations in {folder}"))?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_is_bound_to_the_consumer_alone_and_keeps_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str| {
            let file = folder.path().join(name).with_extension("toml");
            fs::write(folder.path().join("a.mjs"), "").unwrap();
            fs::write(&file, format!("name = \"{name}\"\nmain = \"a.mjs\"\n")).unwrap();
            file
        };
        let read = |name: &str| WorkerSettings::read(&written(name), &[]).unwrap();
        let service = Service {
            binding: "AI".to_owned(),
            configuration: written("further"),
            secrets: vec!["KEY".to_owned()],
        };
        let mut workers = vec![read("redrive-producer"), read("redrive-consumer")];
        add_services(&mut workers, std::slice::from_ref(&service)).unwrap();
        let [producer, consumer, further] = workers.as_slice() else {
            panic!("there are {} Workers", workers.len());
        };
        let bound = serde_json::json!([{"binding": "AI", "service": "further"}]);
        assert_eq!(consumer.document["services"], bound);
        assert!(!producer.document.contains_key("services"));
        assert!(further.knows("KEY") && !consumer.knows("KEY"));
        add_services(&mut vec![read("alone")], &[service]).unwrap_err();
    }

    #[test]
    fn bucket_is_the_same_for_producer_and_consumer() {
        let mut workers = pipeline().unwrap();
        add_bucket(&mut workers).unwrap();
        let bound: Vec<_> = workers
            .iter()
            .filter_map(|worker| worker.document.get("r2_buckets"))
            .collect();
        let one = serde_json::json!([{"binding": "FILES", "bucket_name": "redrive-files"}]);
        assert_eq!(bound, [&one, &one]);
        add_bucket(&mut workers[..2]).unwrap_err();
    }

    #[test]
    fn fresh_deletes_a_state_folder_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        prepare_folder(&state, true).unwrap();
        fs::write(state.join("old"), "").unwrap();
        prepare_folder(&state, false).unwrap();
        assert!(state.join("old").is_file());
        prepare_folder(&state, true).unwrap();
        assert!(!state.join("old").exists());

        let foreign = folder.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("thesis.txt"), "").unwrap();
        prepare_folder(&foreign, true).unwrap_err();
        assert!(foreign.join("thesis.txt").is_file());
    }
}

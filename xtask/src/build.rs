//! Builds the Workers and the files of `/docs`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::read::GzEncoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::steps::with_heartbeat;
use crate::tools::{self, Node};
use crate::{checkout, executor, process};

/// A crate that becomes a Worker.
#[derive(Debug, Clone, Copy)]
pub struct WorkerCrate {
    /// The package's name.
    pub package: &'static str,
    /// Its folder, relative to the checkout. What is served lands in `build/` below it.
    pub folder: &'static str,
}

/// The Workers of the pipeline. What runs submitted code is built by [`executor`].
pub const WORKERS: [WorkerCrate; 2] = [
    WorkerCrate {
        package: "redrive-producer",
        folder: "producer",
    },
    WorkerCrate {
        package: "redrive-consumer",
        folder: "consumer",
    },
];

/// The Worker through which tests reach D1. It is never deployed.
const STORE_WORKER: WorkerCrate = WorkerCrate {
    package: "redrive-store-worker",
    folder: "tests/store-worker",
};

/// How much Wasm a Worker is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Bytes of the file.
    pub raw: usize,
    /// Bytes of the file through gzip at its highest level: what the platform counts.
    pub gzipped: usize,
}

impl Size {
    /// The size of a file.
    pub(crate) fn of(file: &Path) -> Result<Self> {
        let wasm = fs::read(file)
            .with_context(|| format!("{} is missing: run `cargo xtask build`", file.display()))?;
        let mut gzipped = Vec::new();
        GzEncoder::new(wasm.as_slice(), Compression::best()).read_to_end(&mut gzipped)?;
        Ok(Self {
            raw: wasm.len(),
            gzipped: gzipped.len(),
        })
    }

    /// Tells it, as the size of what a package became.
    pub(crate) fn print(self, package: &str, fresh: bool) {
        println!(
            "{package}: {} KB of Wasm, {} KB gzipped{}",
            self.raw.div_ceil(1000),
            self.gzipped.div_ceil(1000),
            if fresh { " (unchanged)" } else { "" }
        );
    }
}

/// Builds every Worker and the files of `/docs`, and prints how large each Wasm is.
///
/// # Errors
/// What the compiler or a tool says.
pub fn all() -> Result<()> {
    for worker in WORKERS {
        worker_crate(worker)?;
    }
    executor::build()?;
    docs_page()
}

/// Builds what [`all`] does, the Worker that only tests use, and the command that some of them run.
///
/// # Errors
/// What the compiler or a tool says.
pub fn for_tests() -> Result<()> {
    all()?;
    worker_crate(STORE_WORKER)?;
    redrive().map(drop)
}

/// Builds one Worker; does nothing if neither its code nor a tool has changed.
///
/// # Errors
/// What the compiler or `worker-build` says.
pub fn worker_crate(worker: WorkerCrate) -> Result<()> {
    let node = tools::node()?;
    let wasm = compile(worker)?;
    let fingerprint = fingerprint(&wasm)?;
    let folder = checkout::path(worker.folder).join("build");
    let stamp = folder.join("fingerprint");
    let fresh = folder.join("index_bg.wasm").is_file()
        && fs::read_to_string(&stamp).is_ok_and(|there| there == fingerprint);
    if !fresh {
        bundle(worker, &node)?;
        fs::write(&stamp, fingerprint)
            .with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    size(worker)?.print(worker.package, fresh);
    Ok(())
}

/// Builds a command of this workspace, and says where it is.
///
/// # Errors
/// What the compiler says.
pub fn binary(package: &str, name: &str) -> Result<PathBuf> {
    let mut build = Command::new("cargo");
    build
        .args(["build", "--package", package, "--bin", name])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(checkout::root())
        .stderr(Stdio::inherit());
    let messages = process::capture(&mut build).with_context(|| format!("cannot build {name}"))?;
    artifact(&messages, package, &format!("/{name}"))
        .with_context(|| format!("cargo built no {name}"))
}

/// The command `redrive`, built.
///
/// # Errors
/// What the compiler says.
pub fn redrive() -> Result<PathBuf> {
    binary("redrive-cli", "redrive")
}

/// How large a built Worker's Wasm is.
///
/// # Errors
/// If the Worker has not been built.
pub fn size(worker: WorkerCrate) -> Result<Size> {
    Size::of(&checkout::path(worker.folder).join("build/index_bg.wasm"))
}

/// Compiles the crate as `worker-build` does, so that cargo decides what is fresh, and says where
/// the Wasm is.
fn compile(worker: WorkerCrate) -> Result<PathBuf> {
    let mut build = Command::new("cargo");
    build
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--package", worker.package])
        .current_dir(checkout::root())
        // `worker-build` sets it as well; without it cargo would compile everything a second time.
        .env("WASM_BINDGEN_USE_JS_SYS", "1")
        .stderr(Stdio::inherit());
    let messages = process::capture(&mut build)?;
    artifact(&messages, worker.package, ".wasm")
        .with_context(|| format!("cargo built no Wasm for {}", worker.package))
}

/// The file that cargo's JSON messages name for a package.
pub(crate) fn artifact(messages: &str, package: &str, ending: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            let id = message.get("package_id").and_then(Value::as_str);
            id.is_some_and(|id| id.contains(&format!("#{package}@")))
        })
        .filter_map(|message| {
            let files = message.get("filenames")?.as_array()?.iter();
            files
                .filter_map(Value::as_str)
                .find(|file| file.ends_with(ending))
                .map(PathBuf::from)
        })
        .next_back()
}

/// Changes when the compiled code or a tool that works on it does.
fn fingerprint(wasm: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?);
    hash.update(tools::WORKER_BUILD.version);
    hash.update(tools::WASM_BINDGEN.version);
    hash.update(fs::read(checkout::path("package-lock.json"))?);
    Ok(tools::hexadecimal(&hash.finalize()))
}

fn bundle(worker: WorkerCrate, node: &Node) -> Result<()> {
    println!(
        "building {}: worker-build, wasm-bindgen, wasm-opt",
        worker.package
    );
    let mut build = Command::new(tools::WORKER_BUILD.path());
    build
        .arg("--release")
        .current_dir(checkout::path(worker.folder))
        // Given all three, `worker-build` downloads nothing.
        .env("WASM_BINDGEN_BIN", tools::WASM_BINDGEN.path())
        .env("WASM_OPT_BIN", tools::npm_file("binaryen/bin/wasm-opt"))
        .env("ESBUILD_BIN", tools::npm_file("esbuild/bin/esbuild"));
    node.first_in_path(&mut build);
    with_heartbeat(worker.package, || process::run_quietly(&mut build))
}

/// Puts the viewer of `/docs` where the producer's assets are: our page, and the two files of
/// swagger-ui-dist that it loads, with their licenses.
///
/// # Errors
/// If a file cannot be copied.
pub fn docs_page() -> Result<()> {
    let assets = checkout::path("producer/build/assets");
    let docs = assets.join("docs");
    fs::create_dir_all(&docs).with_context(|| format!("cannot make {}", docs.display()))?;
    let page = checkout::path("producer/docs-page");
    copy(&page.join("_headers"), &assets.join("_headers"))?;
    for name in ["index.html", "docs.js"] {
        copy(&page.join(name), &docs.join(name))?;
    }
    for (name, served) in [
        ("swagger-ui.css", "swagger-ui.css"),
        ("swagger-ui-bundle.js", "swagger-ui-bundle.js"),
        (
            "swagger-ui-bundle.js.LICENSE.txt",
            "swagger-ui-bundle.js.LICENSE.txt",
        ),
        ("LICENSE", "swagger-ui.LICENSE.txt"),
        ("NOTICE", "swagger-ui.NOTICE.txt"),
    ] {
        let source = tools::npm_file("swagger-ui-dist").join(name);
        copy(&source, &docs.join(served))?;
    }
    Ok(())
}

/// Leaves a file alone that is the same already, so that a running stack does not reload.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let wanted = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    fs::File::create(to)
        .and_then(|mut file| file.write_all(&wanted))
        .with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifact_is_the_file_of_the_package_asked_for() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/shared#redrive-shared@0.1.0","filenames":["/t/libredrive_shared.rlib"]}
{"reason":"compiler-artifact","package_id":"path+file:///x/producer#redrive-producer@0.1.0","filenames":["/t/redrive_producer.wasm","/t/libredrive_producer.rlib"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            artifact(messages, "redrive-producer", ".wasm"),
            Some(PathBuf::from("/t/redrive_producer.wasm"))
        );
        assert_eq!(artifact(messages, "redrive-consumer", ".wasm"), None);
    }
}

//! Builds the executor: the Workers that run submitted code.
//!
//! Each is the same host, `executor/host`, around a guest of its own: an interpreter, compiled to
//! Wasm in the workspace `executor/` and rewritten so that it can be stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::build::{Size, artifact, copy};
use crate::steps::with_heartbeat;
use crate::{checkout, process, tools};

mod fuel;

/// The target that the guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// Python's parser says that it needs a newer compiler than ours, and compiles with ours all the same.
pub(crate) const ANY_RUST: &str = "--ignore-rust-version";

/// What the host imports the interpreter as.
const GUEST_FILE: &str = "guest.wasm";

/// What the rewriting does, so that a change of it builds the guests anew.
const REWRITING: [&str; 3] = [
    include_str!("executor/fuel.rs"),
    include_str!("executor/fuel/loops.rs"),
    include_str!("executor/fuel/memory.rs"),
];

/// An interpreter and the Worker around it.
#[derive(Debug, Clone, Copy)]
pub struct Guest {
    /// The language's name in the API.
    pub language: &'static str,
    /// The package's name, which is the Worker's as well.
    pub package: &'static str,
    /// Its folder, relative to the checkout. What is served lands in `build/` below it.
    pub folder: &'static str,
    /// How many pages of 64 KiB its memory may have: what the interpreter needs by itself, 64 MiB
    /// that a program may ask for, and what is lost between blocks. With what is kept to start from,
    /// it has to fit into the 128 MB of an isolate: see docs/executor.md.
    max_pages: u32,
}

/// Runs JavaScript.
pub const JAVASCRIPT: Guest = Guest {
    language: "javascript",
    package: "redrive-executor-javascript",
    folder: "executor/javascript",
    max_pages: 1_536,
};

/// Runs Python.
pub const PYTHON: Guest = Guest {
    language: "python",
    package: "redrive-executor-python",
    folder: "executor/python",
    max_pages: 1_440,
};

/// Every guest there is.
pub const GUESTS: [Guest; 2] = [JAVASCRIPT, PYTHON];

impl Guest {
    /// Its Worker's configuration, relative to the checkout.
    #[must_use]
    pub fn configuration(&self) -> String {
        format!("{}/wrangler.toml", self.folder)
    }

    fn built(&self) -> PathBuf {
        checkout::path(self.folder).join("build")
    }

    /// How large the built Wasm is.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn size(&self) -> Result<Size> {
        Size::of(&self.built().join(GUEST_FILE))
    }

    /// Compiles and rewrites the interpreter, and puts the host around it; does nothing if nothing
    /// has changed.
    ///
    /// # Errors
    /// What the compiler says, or what the Wasm lacks.
    pub fn build(&self) -> Result<()> {
        let wasm = with_heartbeat(self.package, || self.compile())?;
        let folder = self.built();
        put_host_into(&folder)?;
        let fingerprint = self.fingerprint(&wasm);
        let stamp = folder.join("fingerprint");
        let served = folder.join(GUEST_FILE);
        let fresh =
            served.is_file() && fs::read_to_string(&stamp).is_ok_and(|there| there == fingerprint);
        if !fresh {
            let rewritten = fuel::instrument(&wasm, self.max_pages)?;
            fs::write(&served, rewritten)
                .and_then(|()| fs::write(&stamp, fingerprint))
                .with_context(|| format!("cannot write {}", served.display()))?;
        }
        self.size()?.print(self.package, fresh);
        Ok(())
    }

    /// Builds the Worker with a guest that does not count, to measure what counting costs, and
    /// gives back its configuration. Nothing ends its programs: it is never deployed.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_uncounted(&self) -> Result<PathBuf> {
        let wasm = with_heartbeat(self.package, || self.compile())?;
        let folder = checkout::path(".redrive/uncounted").join(self.language);
        put_host_into(&folder.join("build"))?;
        let rewritten = fuel::without_counting(&wasm, self.max_pages)?;
        let configuration = folder.join("wrangler.toml");
        fs::write(folder.join("build").join(GUEST_FILE), rewritten)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        copy(&checkout::path(&self.configuration()), &configuration)?;
        Ok(configuration)
    }

    fn compile(&self) -> Result<Vec<u8>> {
        let mut build = Command::new("cargo");
        build
            .args(["build", "--release", "--locked", "--target", TARGET])
            .arg(ANY_RUST)
            .args(["--message-format", "json-render-diagnostics"])
            .args(["--package", self.package])
            .current_dir(workspace())
            .stderr(Stdio::inherit());
        let messages = process::capture(&mut build)?;
        let file = artifact(&messages, self.package, ".wasm")
            .with_context(|| format!("cargo built no Wasm for {}", self.package))?;
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    }

    fn fingerprint(&self, wasm: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(wasm);
        for source in REWRITING {
            hash.update(source);
        }
        hash.update(self.max_pages.to_le_bytes());
        tools::hexadecimal(&hash.finalize())
    }
}

/// Builds every guest, and prints how large each Wasm is.
///
/// # Errors
/// What the compiler says, or what the Wasm lacks.
pub fn build() -> Result<()> {
    GUESTS.iter().try_for_each(Guest::build)
}

/// The folder of the guests' workspace.
pub(crate) fn workspace() -> PathBuf {
    checkout::path("executor")
}

/// Copies the modules of the host, which are the same for every guest.
fn put_host_into(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let host = workspace().join("host");
    let entries = fs::read_dir(&host).with_context(|| format!("cannot read {}", host.display()))?;
    for entry in entries {
        let entry = entry?;
        copy(&entry.path(), &folder.join(entry.file_name()))?;
    }
    Ok(())
}

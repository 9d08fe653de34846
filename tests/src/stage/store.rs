//! D1 alone, for the conformance suite of the store.

use anyhow::Result;
use xtask::build::{self, WorkerCrate};
use xtask::checkout;
use xtask::stack::Workers;

use super::watched::Watched;

/// The Worker that puts D1 behind HTTP, on the real runtime.
#[derive(Debug)]
pub struct StoreStage(Watched);

impl StoreStage {
    /// Builds the Worker and starts it on an empty database with the migrations applied.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn start() -> Result<Self> {
        build::worker_crate(WorkerCrate {
            package: "redrive-store-worker",
            folder: "tests/store-worker",
        })?;
        let settings = checkout::path("tests/store-worker/wrangler.toml");
        Watched::start("store", |options| options.workers = Workers::Only(settings)).map(Self)
    }

    /// Where the Worker answers.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.stack.url()
    }
}

//! The consumer Worker: runs the jobs of the job queue, logs the dead-letter queue, and sweeps.

#[cfg(target_arch = "wasm32")]
mod delivery;
#[cfg(target_arch = "wasm32")]
pub mod entry;
#[cfg(target_arch = "wasm32")]
mod redirects;
#[cfg(target_arch = "wasm32")]
mod settings;

pub mod transport;

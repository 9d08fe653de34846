//! Adapters for the Workers runtime: the only code of the domain's package that names `worker`.

mod bindings;
mod bucket;
mod clock;
mod d1;
mod entropy;
mod environment;
mod kv;
mod log;
mod meter;
mod queue;

pub use bindings::Bindings;
pub use bucket::R2;
pub use clock::WorkerClock;
pub use d1::D1;
pub use entropy::WebCrypto;
pub use environment::{setting, whole_number};
pub use kv::Kv;
pub use log::Console;
pub use meter::Meter;
pub use queue::{CloudflareQueue, check_binding};

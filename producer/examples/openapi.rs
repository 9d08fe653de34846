//! Prints the description of the API:
//! `cargo run -p redrive-producer --example openapi > docs/openapi.json`.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let document = redrive_producer::openapi::document()?;
    std::io::stdout().write_all(document.as_bytes())?;
    Ok(())
}

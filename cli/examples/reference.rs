//! Prints `docs/cli.md`: `cargo run -p redrive-cli --example reference > docs/cli.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(redrive_cli::reference().as_bytes())
}

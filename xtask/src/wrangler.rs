//! Calls of `wrangler`, made quiet and offline.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::tools;

/// What keeps `wrangler` from asking, reporting, and looking for newer versions of itself.
const QUIET: [(&str, &str); 8] = [
    ("CI", "1"),
    ("NO_COLOR", "1"),
    // Its explorer and its store of traces cost a third of the runtime's time for each request.
    ("X_LOCAL_EXPLORER", "false"),
    ("X_LOCAL_OBSERVABILITY", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    // The local stack asks no server where on earth it is.
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
];

/// A call of `wrangler` in this folder.
pub(crate) fn command<I, S>(folder: &Path, arguments: I) -> Result<Command>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let script = tools::npm_file("wrangler/bin/wrangler.js");
    let mut command = tools::node()?.script(&script);
    command.args(arguments).current_dir(folder).envs(QUIET);
    Ok(command)
}

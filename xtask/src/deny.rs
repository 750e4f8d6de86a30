//! cargo-deny over every lockfile of the repository. Advisories need a database that CI cannot fetch.

use anyhow::Result;

use crate::packages::manifests;
use crate::process::{self, cargo};

pub(crate) fn run() -> Result<()> {
    for manifest in manifests() {
        let mut command = cargo();
        command.args(["deny", "--locked", "--all-features", "--manifest-path", manifest, "--config", "deny.toml"]);
        process::run(command.args(["check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

//! cargo-deny over every lockfile of the repository. Advisories need a database that CI cannot fetch.

use anyhow::Result;

use crate::packages;
use crate::process::{self, cargo};

pub(crate) fn run() -> Result<()> {
    for package in packages::ALL {
        let mut command = cargo();
        command.args(["deny", "--locked", "--manifest-path", package.manifest, "--config", package.deny]);
        process::run(command.args(["check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

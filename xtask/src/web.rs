//! The TypeScript peer in `web/`: its types, its tests in Node and in a real browser, its size.

use anyhow::Result;

use crate::process::{self, command};

pub(crate) fn check() -> Result<()> {
    build()?;
    for script in ["check", "test:browser"] {
        npm(&["run", script])?;
    }
    Ok(())
}

/// The package and its shim, with what is locked.
pub(crate) fn build() -> Result<()> {
    npm(&["ci", "--no-audit", "--no-fund"])?;
    npm(&["run", "build"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    process::run(command("npm").args(["--prefix", "web"]).args(arguments))
}

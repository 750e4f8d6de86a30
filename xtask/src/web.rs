//! The TypeScript peer in `web/`: its types, its tests in Node and in a real browser, its size.

use anyhow::Result;

use crate::process::{self, command};

pub(crate) fn check() -> Result<()> {
    npm(&["ci", "--no-audit", "--no-fund"])?;
    for script in ["build", "check", "test:browser"] {
        npm(&["run", script])?;
    }
    Ok(())
}

fn npm(arguments: &[&str]) -> Result<()> {
    process::run(command("npm").args(["--prefix", "web"]).args(arguments))
}

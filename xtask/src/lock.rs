//! Brings every lockfile up to date with the manifests: a dependency that a crate gains is missing from the lockfiles of
//! the packages outside the workspace, and `--locked` refuses those. Versions that are locked stay.

use anyhow::Result;

use crate::packages;
use crate::process::{self, cargo};

pub(crate) fn run() -> Result<()> {
    packages::ALL.iter().try_for_each(|package| {
        process::run(cargo().args(["update", "--quiet", "--workspace", "--manifest-path", package.manifest]))
    })
}

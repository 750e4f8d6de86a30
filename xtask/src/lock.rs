//! Brings every lockfile up to date with the manifests: a dependency that a crate gains is missing from the lockfiles of
//! the packages outside the workspace, and `--locked` refuses those. Versions that are locked stay.

use anyhow::Result;

use crate::packages::manifests;
use crate::process::{self, cargo};

pub(crate) fn run() -> Result<()> {
    manifests().try_for_each(|manifest| {
        process::run(cargo().args(["update", "--quiet", "--workspace", "--manifest-path", manifest]))
    })
}

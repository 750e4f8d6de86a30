//! All tiers of the conformance runner: over the three implementations, and over the programs themselves.

mod programs;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::process::{self, cargo, command, root, target_dir};
use crate::{python, web};
use programs::{Programs, Where};

#[derive(Args)]
pub(crate) struct Options {
    /// Run only cases whose id contains this text, or that test this requirement (repeatable)
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Repeat the random parts of an earlier run
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    build()?;
    let programs = Programs::start(&directory().join("home"))?;
    let mut command = command(binary("didshake-conformance"));
    command.arg("run");
    for shim in shims() {
        command.arg("--shim").arg(shim);
    }
    let Where { service, listener, relay } = &programs.places;
    for (name, scheme, (address, did), path) in [
        ("service-http", "http", service, "/didshake"),
        ("service-ws", "ws", service, "/didshake"),
        ("listen", "tcp", listener, ""),
    ] {
        command.arg("--target").arg(format!("{name}={scheme}://{address}{path},{did}"));
    }
    let (address, did) = relay;
    command.arg("--relay").arg(format!("relay=http://{address}/didshake,{did}"));
    command.arg("--initiator").arg(format!("connect={}", programs.connect()));
    command.arg("--expected").arg("conformance/expected-failures.json").arg("--out").arg(directory());
    for only in &options.only {
        command.arg("--only").arg(only);
    }
    if let Some(seed) = options.seed {
        command.arg("--seed").arg(seed.to_string());
    }
    process::run(&mut command)
}

/// Every case, with a seed of its own.
pub(crate) fn all() -> Result<()> {
    run(&Options { only: Vec::new(), seed: None })
}

/// Where the report goes.
fn directory() -> PathBuf {
    target_dir().join("conformance")
}

fn binary(name: &str) -> PathBuf {
    target_dir().join("release").join(name)
}

fn build() -> Result<()> {
    process::run(cargo().args(["build", "--release", "--workspace", "--bins", "--locked"]))?;
    web::build()?;
    python::environment()?;
    section_3(&root().join("spec/conformance.md"), &directory().join("section-3.py"))
}

/// The three implementations, and the shim that the page prints.
fn shims() -> [String; 4] {
    let python = target_dir().join("python/bin/python");
    let shown = |path: &Path| path.display().to_string();
    [
        shown(&binary("didshake-shim")),
        "node web/packages/didshake/dist-shim/shim.js".to_owned(),
        format!("{} examples/python-peer/shim.py", shown(&python)),
        format!("{} {}", shown(&python), shown(&directory().join("section-3.py"))),
    ]
}

/// Cuts the shim out of the page, so that what people copy is what is tested.
fn section_3(page: &Path, to: &Path) -> Result<()> {
    let text = std::fs::read_to_string(page)?;
    let code = text.split("```python\n").nth(1).and_then(|rest| rest.split("```").next());
    let code = code.ok_or_else(|| anyhow::anyhow!("{} has no Python", page.display()))?;
    anyhow::ensure!(code.lines().count() <= 30, "the shim of {} has more than 30 lines", page.display());
    std::fs::create_dir_all(directory())?;
    std::fs::write(to, format!("import sys; sys.path.insert(0, \"examples/python-peer\")\n{code}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_prints_a_shim_of_thirty_lines_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let (page, to) = (folder.path().join("page.md"), folder.path().join("shim.py"));
        section_3(&root().join("spec/conformance.md"), &to).unwrap();
        std::fs::write(&page, format!("```python\n{}```", "pass\n".repeat(31))).unwrap();
        assert!(section_3(&page, &to).is_err());
        std::fs::write(&page, "no code").unwrap();
        assert!(section_3(&page, &to).is_err());
    }
}

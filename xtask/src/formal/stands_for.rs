//! Every requirement that a model names is one that the specification has.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::root;
use crate::spec;

pub(super) const FOLDER: &str = "spec/formal";

pub(super) fn check() -> Result<()> {
    let mut specification = String::new();
    for page in spec::PAGES {
        specification += &fs::read_to_string(root().join(page)).with_context(|| format!("cannot read {page}"))?;
    }
    let mut faults = Vec::new();
    for file in files(&root().join(FOLDER))? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let shown = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        faults.extend(spec::unknown_requirements(&specification, &shown, &text));
    }
    for fault in &faults {
        eprintln!("    {fault}");
    }
    if !faults.is_empty() {
        bail!("the models name {} requirements that the specification does not have", faults.len());
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

//! House rules that neither rustc nor clippy checks: short files, no rooms named after nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::root;

const MAX_LINES: usize = 400;

/// Files whose name says nothing about what they hold.
const NAMELESS: [&str; 4] = ["utils.rs", "util.rs", "common.rs", "helpers.rs"];

/// Folders with code of ours.
const ROOMS: [&str; 7] = ["crates", "conformance", "xtask", "tests", "fuzz", "bench", "examples"];

pub(crate) fn run() -> Result<()> {
    let mut faults = Vec::new();
    for room in ROOMS.map(|room| root().join(room)).iter().filter(|room| room.is_dir()) {
        for file in rust_files(room)? {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            faults.extend(fault(&file, &text));
        }
    }
    for fault in &faults {
        eprintln!("    {fault}");
    }
    if !faults.is_empty() {
        bail!("{} files break a house rule (see CONTRIBUTING.md)", faults.len());
    }
    Ok(())
}

/// Every Rust file below a folder, sorted, without what cargo built.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let built = path.file_name().is_some_and(|name| name == "target");
            if path.is_dir() && !built {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn fault(file: &Path, text: &str) -> Option<String> {
    let shown = file.strip_prefix(root()).unwrap_or(file).display();
    let name = file.file_name()?.to_str()?;
    let lines = text.lines().count();
    if lines > MAX_LINES {
        return Some(format!("{shown}: {lines} lines, at most {MAX_LINES}: split it by reason to change"));
    }
    if NAMELESS.contains(&name) {
        return Some(format!("{shown}: name the file after what it holds"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_nameless_files_are_faults() {
        assert!(fault(Path::new("wire.rs"), &"x\n".repeat(400)).is_none());
        assert!(fault(Path::new("wire.rs"), &"x\n".repeat(401)).is_some());
        assert!(fault(Path::new("src/utils.rs"), "").is_some());
    }

    #[test]
    fn rust_files_are_found_below_folders_but_not_in_target() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a.rs", "b/c.rs", "b/d.txt", "target/e.rs"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = rust_files(folder.path()).unwrap();
        assert_eq!(found, ["a.rs", "b/c.rs"].map(|path| folder.path().join(path)));
    }
}

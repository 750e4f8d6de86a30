//! `target/dist`: what is handed to somebody who has no Rust.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::archive::{self, Entry, files_below};
use crate::process::{self, cargo, command, root, target_dir};

/// Files that go in as they are.
const FILES: [&str; 5] = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Shells that completions are made for, and the names that those shells look for.
const SHELLS: [(&str, &str); 3] = [("bash", "didshake.bash"), ("zsh", "_didshake"), ("fish", "didshake.fish")];

pub(crate) fn run() -> Result<()> {
    process::run(cargo().args(["build", "--profile", "dist", "--locked", "--package", "didshake-cli"]))?;
    let program = target_dir().join("dist/didshake");
    let generated = target_dir().join("dist-files");
    let _ = fs::remove_dir_all(&generated);
    generate(&program, &generated)?;

    let name = format!("didshake-{}-{}-{}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS);
    let folder = target_dir().join("packages");
    let package = folder.join(format!("{name}.tar.gz"));
    archive::create(&package, &name, entries(&program, &generated)?)?;
    let sums = process::output(command("sha256sum").current_dir(&folder).arg(format!("{name}.tar.gz")))?;
    fs::write(folder.join("SHA256SUMS"), &sums).context("cannot write SHA256SUMS")?;
    eprint!("    {sums}");
    Ok(())
}

/// What the program itself writes: its manual and completions.
fn generate(program: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("completions")).with_context(|| format!("cannot create {}", folder.display()))?;
    process::run(command(program).args(["man"]).arg(folder.join("man")))?;
    for (shell, file) in SHELLS {
        let script = process::output(command(program).args(["completions", shell]))?;
        fs::write(folder.join("completions").join(file), script).context("cannot write a completion script")?;
    }
    Ok(())
}

fn entries(program: &Path, generated: &Path) -> Result<Vec<Entry>> {
    let mut entries = vec![Entry { from: program.to_owned(), to: PathBuf::from("didshake"), executable: true }];
    let plain = |from: PathBuf, to: PathBuf| Entry { from, to, executable: false };
    entries.extend(FILES.iter().map(|file| plain(root().join(file), PathBuf::from(file))));
    entries.extend(files_below(root(), "deploy")?.into_iter().map(|path| plain(root().join(&path), path)));
    for folder in ["man", "completions"] {
        let made = files_below(generated, folder)?;
        entries.extend(made.into_iter().map(|path| plain(generated.join(&path), path)));
    }
    Ok(entries)
}

//! Archives that depend on nothing but what is in them: no owner, no time, sorted names.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// A file of an archive: where it is read from, where it goes, whether it is a program.
pub(crate) struct Entry {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) executable: bool,
}

/// Writes `path`, a `.tar.gz` in which everything lies in one folder `name`.
pub(crate) fn create(path: &Path, name: &str, entries: Vec<Entry>) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let count = entries.len();
    write(name, entries, file)?;
    eprintln!("    {}: {count} files", path.display());
    Ok(())
}

/// The same files give the same bytes.
pub(crate) fn write<W: Write>(name: &str, mut entries: Vec<Entry>, to: W) -> Result<()> {
    entries.sort_by(|a, b| a.to.cmp(&b.to));
    let mut archive = Builder::new(GzBuilder::new().mtime(0).write(to, Compression::best()));
    for entry in &entries {
        let content = fs::read(&entry.from).with_context(|| format!("cannot read {}", entry.from.display()))?;
        let mut header = header(content.len(), entry.executable)?;
        archive.append_data(&mut header, Path::new(name).join(&entry.to), content.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(())
}

/// Nothing of the machine that made it.
fn header(length: usize, executable: bool) -> Result<Header> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(u64::try_from(length)?);
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    Ok(header)
}

/// Every file below a folder, as it is named from `root`.
pub(crate) fn files_below(root: &Path, folder: &str) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut waiting = vec![PathBuf::from(folder)];
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { waiting.push(path) } else { paths.push(path) }
        }
    }
    Ok(paths)
}

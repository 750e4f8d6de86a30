//! `target/didshake-vectors-1.tar.gz`: what an implementer of another stack needs, in one file.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use crate::process::{root, target_dir};

const NAME: &str = "didshake-vectors-1";

/// Files that go in beside everything below `vectors`.
const FILES: [&str; 3] = ["spec/didshake-1.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn run() -> Result<()> {
    let folder = target_dir();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("{NAME}.tar.gz"));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let count = write(root(), file)?;
    eprintln!("    {}: {count} files", path.display());
    Ok(())
}

/// Writes the bundle of the repository at `root`; how many files it holds. The same files give the same bytes.
fn write<W: Write>(root: &Path, to: W) -> Result<usize> {
    let paths = paths(root)?;
    let mut archive = Builder::new(GzBuilder::new().mtime(0).write(to, Compression::best()));
    for path in &paths {
        let content = fs::read(root.join(path)).with_context(|| format!("cannot read {}", path.display()))?;
        let mut header = header(content.len())?;
        archive.append_data(&mut header, Path::new(NAME).join(path), content.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(paths.len())
}

/// Nothing of the machine that made it: no owner, no time.
fn header(length: usize) -> Result<Header> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(u64::try_from(length)?);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    Ok(header)
}

fn paths(root: &Path) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    let mut waiting = vec![PathBuf::from("vectors")];
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { waiting.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    const CONTENT: [(&str, &str); 7] = [
        ("LICENSE-APACHE", "a"),
        ("LICENSE-MIT", "m"),
        ("spec/didshake-1.md", "# spec"),
        ("vectors/README.md", "read"),
        ("vectors/positive/p-a.json", "{}"),
        ("vectors/request/r-a.json", "{ }"),
        ("vectors/schema.json", "{ }"),
    ];

    fn repository(order: impl Iterator<Item = &'static (&'static str, &'static str)>) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in order {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn bundle(root: &Path) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(root, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_bundle_unpacks_to_what_went_in() {
        let bytes = bundle(repository(CONTENT.iter()).path());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut found = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!((entry.header().mtime().unwrap(), entry.header().uid().unwrap()), (0, 0));
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.insert(path, text);
        }
        let expected: BTreeMap<_, _> =
            CONTENT.iter().map(|(path, text)| (format!("{NAME}/{path}"), (*text).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_bundle_does_not_depend_on_when_or_in_which_order_files_were_made() {
        let one = repository(CONTENT.iter());
        let other = repository(CONTENT.iter().rev());
        let old = File::options().write(true).open(other.path().join("LICENSE-MIT")).unwrap();
        old.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(bundle(one.path()), bundle(other.path()));
    }

    #[test]
    fn a_missing_specification_is_an_error() {
        let root = repository(CONTENT.iter());
        fs::remove_file(root.path().join("spec/didshake-1.md")).unwrap();
        let error = write(root.path(), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("didshake-1.md"), "{error}");
    }
}

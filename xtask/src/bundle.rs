//! `target/didshake-vectors-1.tar.gz`: what an implementer of another stack needs, in one file.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::archive::{self, Entry, files_below};
use crate::process::{root, target_dir};

const NAME: &str = "didshake-vectors-1";

/// Files that go in beside everything below `vectors`.
const FILES: [&str; 5] = ["spec/didshake-1.md", "spec/mailbox-1.md", "spec/card-1.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn run() -> Result<()> {
    archive::create(&target_dir().join(format!("{NAME}.tar.gz")), NAME, entries(root())?)
}

fn entries(root: &Path) -> Result<Vec<Entry>> {
    let paths = FILES.iter().map(PathBuf::from).chain(files_below(root, "vectors")?);
    Ok(paths.map(|path| Entry { from: root.join(&path), to: path, executable: false }).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::{self, File};
    use std::io::Read;

    use super::*;

    const CONTENT: [(&str, &str); 9] = [
        ("LICENSE-APACHE", "a"),
        ("LICENSE-MIT", "m"),
        ("spec/card-1.md", "# card"),
        ("spec/didshake-1.md", "# spec"),
        ("spec/mailbox-1.md", "# mail"),
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
        archive::write(NAME, entries(root).unwrap(), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_bundle_unpacks_to_what_went_in() {
        let bytes = bundle(repository(CONTENT.iter()).path());
        let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut found = BTreeMap::new();
        for entry in unpacked.entries().unwrap() {
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
        let error = archive::write(NAME, entries(root.path()).unwrap(), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("didshake-1.md"), "{error}");
    }
}

//! Everything that can hold a requirement: the vectors and the tests of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Fault;
use super::requirement::{Id, ids_in};
use super::rust_tests::tests_in;
use crate::house::rust_files;

/// The folders of vectors.
const KINDS: [&str; 6] = ["positive", "negative", "request", "mailbox", "card", "webvh"];

#[derive(Default)]
pub(super) struct Holders {
    vectors: BTreeMap<String, Vector>,
    /// By crate name, with underscores: the names of its test functions.
    tests: BTreeMap<String, BTreeSet<String>>,
    citations: Vec<Citation>,
}

struct Vector {
    file: String,
    requirements: BTreeSet<Id>,
}

/// A test that names a requirement in a comment.
struct Citation {
    /// `crate::path::test_fn`
    test: String,
    file: String,
    line: usize,
    id: Id,
}

impl Holders {
    /// Reads `vectors` and every package's Rust files below a root.
    pub(super) fn gather(root: &Path, faults: &mut Vec<Fault>) -> Result<Self> {
        let mut holders = Self::default();
        holders.read_vectors(root, faults)?;
        for package in packages(root)? {
            holders.read_tests(root, &package)?;
        }
        Ok(holders)
    }

    /// Whether a name is a vector whose `requirements` list has the id.
    pub(super) fn vector_holds(&self, name: &str, id: &Id) -> Option<bool> {
        self.vectors.get(name).map(|vector| vector.requirements.contains(id))
    }

    /// Whether `crate::path::test_fn` names a test.
    pub(super) fn has_test(&self, name: &str) -> bool {
        let (Some((package, _)), Some((_, function))) = (name.split_once("::"), name.rsplit_once("::")) else {
            return false;
        };
        self.tests.get(&package.replace('-', "_")).is_some_and(|tests| tests.contains(function))
    }

    /// The vectors that hold a requirement. Negative ones first: they fail when the rule alone is broken.
    pub(super) fn vectors_of(&self, id: &Id) -> Vec<&str> {
        let holding = self.vectors.iter().filter(|(_, vector)| vector.requirements.contains(id));
        holding.map(|(name, _)| name.as_str()).collect()
    }

    /// The tests whose comments name a requirement.
    pub(super) fn tests_of(&self, id: &Id) -> BTreeSet<&str> {
        self.citations.iter().filter(|citation| citation.id == *id).map(|citation| citation.test.as_str()).collect()
    }

    /// Vectors and tests that name a requirement that does not exist.
    pub(super) fn dangling(&self, known: &BTreeSet<Id>) -> Vec<Fault> {
        let of_vectors = self
            .vectors
            .values()
            .flat_map(|Vector { file, requirements }| requirements.iter().map(move |id| (file, 1, id)));
        let of_tests = self.citations.iter().map(|citation| (&citation.file, citation.line, &citation.id));
        of_vectors
            .chain(of_tests)
            .filter(|(.., id)| !known.contains(id))
            .map(|(file, line, id)| {
                Fault::new(file, line, format!("names {id}, which the specification does not have"))
            })
            .collect()
    }

    fn read_vectors(&mut self, root: &Path, faults: &mut Vec<Fault>) -> Result<()> {
        for kind in KINDS {
            let folder = root.join("vectors").join(kind);
            for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
                let path = entry?.path();
                let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
                match requirements(&path)? {
                    Some(requirements) => {
                        self.vectors.insert(name.to_owned(), Vector { file: shown, requirements });
                    }
                    None => faults.push(Fault::new(shown, 1, "`requirements` must be a list of R-AREA-n")),
                }
            }
        }
        Ok(())
    }

    fn read_tests(&mut self, root: &Path, package: &Path) -> Result<()> {
        let name = package_name(&package.join("Cargo.toml"))?;
        for file in rust_files(package)? {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let inside = file.strip_prefix(package).unwrap_or(&file);
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            self.record(&name, &module(&name, inside), &shown, &text);
        }
        Ok(())
    }

    fn record(&mut self, package: &str, module: &str, file: &str, text: &str) {
        let tests = self.tests.entry(package.to_owned()).or_default();
        for test in tests_in(text) {
            for id in test.requirements {
                let name = format!("{module}::{}", test.name);
                self.citations.push(Citation { test: name, file: file.to_owned(), line: test.line, id });
            }
            tests.insert(test.name);
        }
    }
}

/// A vector's `requirements`; `None` when it is no JSON or the list is not what it should be.
fn requirements(path: &Path) -> Result<Option<BTreeSet<Id>>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let Some(list) = value.as_ref().and_then(|value| value.get("requirements")?.as_array()) else {
        return Ok(None);
    };
    let ids = list.iter().map(|entry| {
        let text = entry.as_str()?;
        ids_in(text).pop().filter(|id| id.to_string() == text)
    });
    Ok(ids.collect())
}

/// The packages whose tests can hold a requirement.
fn packages(root: &Path) -> Result<Vec<PathBuf>> {
    let crates = root.join("crates");
    let mut found = vec![root.join("conformance"), root.join("tests")];
    for entry in fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
        found.push(entry?.path());
    }
    found.retain(|package| package.join("Cargo.toml").is_file());
    found.sort();
    Ok(found)
}

/// The `name` of a manifest, as Rust writes it.
fn package_name(manifest: &Path) -> Result<String> {
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    Ok(name.with_context(|| format!("{} has no line `name = \"…\"`", manifest.display()))?.replace('-', "_"))
}

/// `src/wire/hello.rs` of didshake is `didshake::wire::hello`.
fn module(package: &str, file: &Path) -> String {
    let path = file.with_extension("");
    let segments = path.iter().filter_map(|segment| segment.to_str());
    let segments = segments.filter(|segment| !["src", "lib", "main", "mod"].contains(segment));
    std::iter::once(package).chain(segments).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
impl Holders {
    pub(super) fn add_vector(&mut self, name: &str, requirements: &[&str]) {
        let requirements = requirements.iter().flat_map(|id| ids_in(id)).collect();
        self.vectors.insert(name.to_owned(), Vector { file: format!("{name}.json"), requirements });
    }

    pub(super) fn add_tests(&mut self, package: &str, module: &str, text: &str) {
        self.record(package, module, "file.rs", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("crates")).unwrap();
        for kind in KINDS {
            fs::create_dir_all(root.path().join("vectors").join(kind)).unwrap();
        }
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn vectors_and_tests_are_gathered() {
        let root = repository(&[
            ("vectors/negative/n-a.json", "{\"requirements\": [\"R-A-1\"]}"),
            ("vectors/request/r-a.json", "{\"requirements\": [\"R-A-1\"]}"),
            ("crates/x/Cargo.toml", "[package]\nname = \"did-x\"\n"),
            ("crates/x/src/wire/hello.rs", "// R-A-1\n#[test]\nfn t() {}\n"),
            ("crates/x/tests/all.rs", "// R-A-1\n#[test]\nfn u() {}\n"),
        ]);
        let mut faults = Vec::new();
        let holders = Holders::gather(root.path(), &mut faults).unwrap();
        let id = ids_in("R-A-1").pop().unwrap();
        assert_eq!(faults, []);
        assert_eq!(holders.vectors_of(&id), ["n-a", "r-a"]);
        assert_eq!(Vec::from_iter(holders.tests_of(&id)), ["did_x::tests::all::u", "did_x::wire::hello::t"]);
        assert!(holders.has_test("did_x::anywhere::t") && holders.has_test("did-x::t"));
        assert!(!holders.has_test("did_x::wire::none") && !holders.has_test("other::t") && !holders.has_test("t"));
        assert_eq!(holders.dangling(&BTreeSet::new()).len(), 4);
    }

    #[test]
    fn a_vector_without_a_proper_list_is_a_fault() {
        for text in ["{}", "not JSON", "{\"requirements\": [1]}", "{\"requirements\": [\"see R-A-1\"]}"] {
            let root = repository(&[("vectors/positive/p-a.json", text)]);
            let mut faults = Vec::new();
            Holders::gather(root.path(), &mut faults).unwrap();
            assert_eq!(faults.len(), 1, "{text}");
        }
    }
}

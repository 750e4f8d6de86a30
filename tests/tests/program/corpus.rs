//! Reruns the checked-in corpus on stable Rust, without libFuzzer: each file must pass through its target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use didshake_fuzz::{TARGETS, run};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_file_of_the_corpus_passes_through_its_target() {
    for (target, _) in TARGETS {
        let mut files: Vec<_> =
            fs::read_dir(folder("corpus").join(target)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "corpus/{target} is empty");
        for file in files {
            println!("{}", file.display());
            run(target, &fs::read(&file).unwrap());
        }
    }
}

#[test]
fn targets_and_folders_have_the_same_names() {
    let expected: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("targets")), expected);
    assert_eq!(names(&folder("corpus")), expected);
}

#[test]
fn no_target_panics_on_nothing_or_on_little() {
    for (target, function) in TARGETS {
        for input in [&[][..], &[0], &[1], b"\xff\xff\xff\xff", b"{}", b"[[[[", b"did:", &[0x55; 70_000]] {
            println!("{target}: {} bytes", input.len());
            function(input);
        }
    }
}

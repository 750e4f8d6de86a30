//! An owner of a did:webvh, and what is seen of it.

use std::fs;
use std::path::{Path, PathBuf};

use didshake_tests::Home;
use serde_json::Value;

/// An owner, with the directory from which its log is served.
pub(crate) struct Owner {
    pub(crate) home: Home,
    pub(crate) out: PathBuf,
}

impl Owner {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let out = home.path("public");
        Self { home, out }
    }

    pub(crate) fn create(&self, name: &str, at: &str, more: &[&str]) -> Value {
        let out = self.out.display().to_string();
        let arguments = ["--json", "did", "create", name, "--at", at, "--out", &out];
        self.home.run(&[&arguments[..], more].concat()).expect(0).json()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Value {
        self.home.run(&[&["--json", "did"], arguments].concat()).expect(0).json()
    }

    pub(crate) fn refused(&self, arguments: &[&str], exit: i32) -> String {
        let told = self.home.run(&[&["--json", "did"], arguments].concat()).expect(exit).json();
        told["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The verdict on what is published.
    pub(crate) fn judged(&self) -> Value {
        let (log, proofs) = (self.out.join("did.jsonl"), self.out.join("did-witness.json"));
        let (log, proofs) = (log.display().to_string(), proofs.display().to_string());
        let mut arguments = vec!["resolve", "--log", &log];
        if Path::new(&proofs).exists() {
            arguments.extend(["--witness", &proofs]);
        }
        self.run(&arguments)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        let methods = self.judged()["document"]["verificationMethod"].as_array().unwrap().clone();
        let fragment = |method: &Value| method["id"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        methods.iter().map(fragment).collect()
    }

    /// The identity is of the DID that is published, and its key stands in the document under the fragment that it says.
    pub(crate) fn assert_signs_as_published(&self, name: &str) {
        let own = self.home.run(&["--json", "id", "export-public", name]).expect(0).json();
        let methods = self.judged()["document"]["verificationMethod"].as_array().unwrap().clone();
        let method = methods.iter().find(|method| method["id"] == own["verificationMethod"]);
        let method = method.unwrap_or_else(|| panic!("{own} is none of {methods:?}"));
        assert_eq!(method["publicKeyMultibase"], own["publicKeyMultibase"]);
    }

    /// The directory with the log and the keys of an identity.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        found(self.home.path(""), "webvh").join(name)
    }

    /// The fragment of the key that the identity signs with.
    pub(crate) fn signs_with(&self, name: &str) -> String {
        let file = found(self.home.path(""), "identities").join(format!("{name}.pem"));
        let text = fs::read_to_string(file).unwrap();
        text.lines().find_map(|line| line.strip_prefix("# fragment: ")).unwrap().to_owned()
    }
}

pub(crate) fn versions(judged: &Value) -> usize {
    judged["versions"].as_array().unwrap().len()
}

/// A directory of that name below another.
pub(crate) fn found(below: PathBuf, name: &str) -> PathBuf {
    let mut waiting = vec![below];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|found| found == name) {
                return path;
            }
            waiting.extend(path.is_dir().then_some(path));
        }
    }
    panic!("there is no {name}")
}

//! How DIDs are resolved here: did:key and did:jwk by themselves, everything else from files. This program has no
//! network resolver yet.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use didshake_did::{MAX_DOCUMENT_BYTES, MethodRegistry, Resolver, StaticDocuments};

use crate::failure::{Exit, Failure};

const MAX_FILES: usize = 10_000;

#[derive(Args)]
pub(crate) struct Documents {
    /// DID documents for methods other than key and jwk: a JSON file, or a directory of them (repeatable)
    #[arg(long = "documents", value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Documents {
    pub(crate) fn resolver(&self) -> Result<Arc<dyn Resolver>, Failure> {
        let mut documents = StaticDocuments::new().otherwise(Arc::new(MethodRegistry::offline()));
        for path in &self.paths {
            for file in files(path)? {
                let text = read_document(&file)?;
                documents.add(&text).map_err(|fault| {
                    let message = format!("{} is refused: {fault} ({})", file.display(), fault.code());
                    Failure::new(Exit::Resolution, fault.code(), message)
                })?;
            }
        }
        Ok(Arc::new(documents))
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let file = entry.map_err(|error| unreadable(path, &error))?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
        if files.len() > MAX_FILES {
            let message = format!("{} holds more than {MAX_FILES} documents", path.display());
            return Err(Failure::new(Exit::Storage, "documents", message));
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a document, one byte more than may be at most: the parser refuses that by its own code.
pub(crate) fn read_document(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut text).map_err(|error| unreadable(path, &error))?;
    Ok(text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Storage, "documents", format!("cannot read {}: {error}", path.display()))
}

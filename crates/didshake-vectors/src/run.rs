//! Reads vector files and runs them.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::file::VectorFile;
use crate::format::{Vector, VectorKind};
use crate::outcome::Failure;
use crate::{channel, intermediates, play, refuse};

const FORMAT: &str = "didshake-vectors/1";
/// The longest vector file that is read.
const MAX_VECTOR_BYTES: u64 = 4 << 20;

/// Runs one vector through the real crates.
///
/// # Errors
/// The first [`Failure`].
pub fn verify(vector: &Vector) -> Result<(), Failure> {
    if vector.format != FORMAT {
        return Err(Failure::format(format!("the format is not {FORMAT}")));
    }
    match (vector.kind, &vector.fails) {
        (VectorKind::Positive, None) => {
            let played = play::positive(vector)?;
            let values = intermediates::compute(&vector.config, &played)?;
            intermediates::check(&values, vector.handshake.as_ref())?;
            channel::check(vector, played)
        }
        (VectorKind::Negative, Some(fails)) if fails.at == "record" => {
            if vector.channel.is_empty() {
                return Err(Failure::format("a negative of the channel without records"));
            }
            channel::check(vector, play::positive(vector)?)
        }
        (VectorKind::Negative, Some(fails)) => refuse::negative(vector, fails),
        (VectorKind::Positive, Some(_)) => Err(Failure::format("a positive with `fails`")),
        (VectorKind::Negative, None) => Err(Failure::format("a negative without `fails`")),
    }
}

/// A vector file, read or not.
#[derive(Debug)]
pub struct Checked {
    /// The file.
    pub path: PathBuf,
    /// The vector, or why the file is none.
    pub vector: Result<VectorFile, Failure>,
}

impl Checked {
    /// The vector's id, or the file's name where it could not be read.
    #[must_use]
    pub fn id(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.vector.as_ref().map_or_else(|_| stem(), |vector| vector.id().to_owned())
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it could not be read, or did not verify.
    pub fn verify(&self) -> Result<(), Failure> {
        let vector = self.vector.as_ref().map_err(Clone::clone)?;
        if self.path.file_stem().is_none_or(|stem| stem != vector.id()) {
            return Err(Failure::format(format!("the file is not named after its id, {}", vector.id())));
        }
        vector.verify()
    }
}

/// Why a directory of vectors could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The operating system does not let us read it, or it is not there.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// None of `positive/`, `negative/`, `request/`, `mailbox/`, `card/` and `webvh/` holds a vector.
    #[error("no vectors in {}: expected positive/*.json, negative/*.json, request/*.json, mailbox/*.json, card/*.json, webvh/*.json", .0.display())]
    Empty(PathBuf),
}

/// The folders of a directory of vectors, and how a file in each is read.
const FOLDERS: [(&str, Parse); 6] = [
    ("positive", handshake),
    ("negative", handshake),
    ("request", request),
    ("mailbox", mailbox),
    ("card", card),
    ("webvh", log),
];

type Parse = fn(&[u8]) -> serde_json::Result<VectorFile>;

fn handshake(bytes: &[u8]) -> serde_json::Result<VectorFile> {
    serde_json::from_slice(bytes).map(VectorFile::Handshake)
}

fn request(bytes: &[u8]) -> serde_json::Result<VectorFile> {
    serde_json::from_slice(bytes).map(VectorFile::Request)
}

fn mailbox(bytes: &[u8]) -> serde_json::Result<VectorFile> {
    serde_json::from_slice(bytes).map(VectorFile::Mailbox)
}

fn card(bytes: &[u8]) -> serde_json::Result<VectorFile> {
    serde_json::from_slice(bytes).map(VectorFile::Card)
}

fn log(bytes: &[u8]) -> serde_json::Result<VectorFile> {
    serde_json::from_slice(bytes).map(VectorFile::Log)
}

/// Reads every `positive/*.json`, `negative/*.json`, `request/*.json`, `mailbox/*.json`, `card/*.json` and `webvh/*.json` of a
/// directory, in the order of their names.
///
/// # Errors
/// [`LoadError`]; a file that is no vector is no error here, but one of [`Checked::verify`].
pub fn load(directory: &Path) -> Result<Vec<Checked>, LoadError> {
    let mut paths = Vec::new();
    for (name, parse) in FOLDERS {
        let folder = directory.join(name);
        let unreadable = |source| LoadError::Unreadable { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(unreadable)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
        found.sort();
        paths.extend(found.into_iter().map(|path| (path, parse)));
    }
    if paths.is_empty() {
        return Err(LoadError::Empty(directory.to_owned()));
    }
    paths.into_iter().map(|(path, parse)| read(path, parse)).collect()
}

fn read(path: PathBuf, parse: Parse) -> Result<Checked, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.clone(), source };
    // Looked at before it is opened: a pipe would wait, a device never ends.
    if !fs::metadata(&path).map_err(unreadable)?.is_file() {
        return Ok(Checked { path, vector: Err(Failure::format("not a file")) });
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(&path).map_err(unreadable)?;
    file.take(MAX_VECTOR_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let vector = if bytes.len() as u64 > MAX_VECTOR_BYTES {
        Err(Failure::format(format!("a vector has at most {MAX_VECTOR_BYTES} bytes")))
    } else {
        parse(&bytes).map_err(|error| Failure::format(error.to_string()))
    };
    Ok(Checked { path, vector })
}

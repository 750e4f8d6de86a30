//! From the two catalogues to the files, and back: what differs from the files that are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::Serialize;

use crate::check::{Check, Stop};
use crate::readme;
use crate::vector::{FORMAT, Kind, Vector};
use crate::{negatives, positives};

/// Why no vectors were made. A fault of the generator or of the file system, never of a peer.
#[derive(Debug)]
pub enum GenerateError {
    /// The model did not do what the vector of this id claims.
    Vector {
        /// The vector's id, or the name of a catalogue.
        id: &'static str,
        /// What went wrong.
        problem: Problem,
    },
    /// A value that cannot be written as JSON.
    Json(serde_json::Error),
    /// A file that cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// What is wrong with a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A check refuses that the vector does not name.
    Refused(Check),
    /// With the named check off, this one refuses as well: not a single fault.
    SecondFault(Check),
    /// The vector contradicts itself or the model.
    Broken(&'static str),
    /// No positive has the id of the base.
    NoBase(&'static str),
    /// Two vectors have one id.
    Twice,
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GenerateError::Vector { id, problem } => match problem {
                Problem::Refused(check) => write!(f, "{id}: the model refuses by check {}", check.name()),
                Problem::SecondFault(check) => write!(f, "{id}: not a single fault, {} refuses as well", check.name()),
                Problem::Broken(what) => write!(f, "{id}: {what}"),
                Problem::NoBase(base) => write!(f, "{id}: there is no positive {base}"),
                Problem::Twice => write!(f, "{id}: two vectors have this id"),
            },
            GenerateError::Json(cause) => write!(f, "cannot write JSON: {cause}"),
            GenerateError::File { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for GenerateError {}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, GenerateError>;

/// How many vectors there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Handshakes that succeed.
    pub positives: usize,
    /// Handshakes that must fail.
    pub negatives: usize,
}

/// A file that is not what the generator makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing(PathBuf),
    /// It has other bytes.
    Changed(PathBuf),
    /// Nothing generates it.
    Stale(PathBuf),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missing(path) => write!(f, "missing  {}", path.display()),
            Difference::Changed(path) => write!(f, "changed  {}", path.display()),
            Difference::Stale(path) => write!(f, "stale    {}", path.display()),
        }
    }
}

/// Writes all files below `dir` and removes vectors that nothing generates any more.
///
/// # Errors
/// If a vector does not hold, or a file cannot be written.
pub fn generate(dir: &Path) -> Result<Counts> {
    write(dir, &vectors()?)
}

/// Generates in memory and compares with the files below `dir`, byte for byte.
///
/// # Errors
/// If a vector does not hold, or a file that is there cannot be read.
pub fn check(dir: &Path) -> Result<(Counts, Vec<Difference>)> {
    compare(dir, &vectors()?)
}

pub(crate) fn write(dir: &Path, vectors: &[Vector]) -> Result<Counts> {
    let files = files(vectors)?;
    for stale in stale(dir, &files)? {
        fs::remove_file(&stale).map_err(|source| GenerateError::File { path: stale, source })?;
    }
    for (name, text) in &files {
        let path = dir.join(name);
        let parent = path.parent().unwrap_or(dir);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text));
        written.map_err(|source| GenerateError::File { path, source })?;
    }
    Ok(counts(vectors))
}

pub(crate) fn compare(dir: &Path, vectors: &[Vector]) -> Result<(Counts, Vec<Difference>)> {
    let files = files(vectors)?;
    let mut differences: Vec<Difference> = stale(dir, &files)?.into_iter().map(Difference::Stale).collect();
    for (name, text) in &files {
        let path = dir.join(name);
        match fs::read(&path) {
            Ok(bytes) if bytes == text.as_bytes() => (),
            Ok(_) => differences.push(Difference::Changed(path)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => differences.push(Difference::Missing(path)),
            Err(source) => return Err(GenerateError::File { path, source }),
        }
    }
    Ok((counts(vectors), differences))
}

fn counts(vectors: &[Vector]) -> Counts {
    let positives = vectors.iter().filter(|vector| vector.kind == Kind::Positive).count();
    Counts { positives, negatives: vectors.len() - positives }
}

fn problem(id: &'static str, stop: Stop) -> GenerateError {
    let problem = match stop {
        Stop::Refused(check) => Problem::Refused(check),
        Stop::SecondFault(check) => Problem::SecondFault(check),
        Stop::Broken(what) => Problem::Broken(what),
    };
    GenerateError::Vector { id, problem }
}

/// All vectors, each played and proven.
pub(crate) fn vectors() -> Result<Vec<Vector>> {
    let positives = positives::all().map_err(|stop| problem("the positives", stop))?;
    let negatives = negatives::all().map_err(|stop| problem("the negatives", stop))?;
    let mut ids = BTreeMap::new();
    for id in positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)) {
        if ids.insert(id, ()).is_some() {
            return Err(GenerateError::Vector { id, problem: Problem::Twice });
        }
    }
    let mut vectors = Vec::new();
    for positive in &positives {
        vectors.push(positive.vector().map_err(|stop| problem(positive.id, stop))?);
    }
    for negative in &negatives {
        let base = positives.iter().find(|positive| positive.id == negative.base);
        let base = base.ok_or(GenerateError::Vector { id: negative.id, problem: Problem::NoBase(negative.base) })?;
        vectors.push(negative.vector(base).map_err(|stop| problem(negative.id, stop))?);
    }
    Ok(vectors)
}

fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Positive => "positive",
        Kind::Negative => "negative",
    }
}

#[derive(Serialize)]
struct Index<'a> {
    format: &'static str,
    positives: usize,
    negatives: usize,
    vectors: Vec<Entry<'a>>,
    requirements: BTreeMap<&'a str, Vec<&'a str>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    file: String,
    area: &'a str,
    about: &'a str,
    requirements: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

fn index(vectors: &[Vector]) -> Index<'_> {
    let Counts { positives, negatives } = counts(vectors);
    let mut requirements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for vector in vectors {
        for id in &vector.requirements {
            requirements.entry(id).or_default().push(&vector.id);
        }
    }
    let entries = vectors.iter().map(|vector| Entry {
        id: &vector.id,
        file: format!("{}/{}.json", folder(vector.kind), vector.id),
        area: &vector.area,
        about: &vector.about,
        requirements: &vector.requirements,
        base: vector.base.as_deref(),
        error: vector.fails.as_ref().map(|fails| fails.error.as_str()),
    });
    Index { format: FORMAT, positives, negatives, vectors: entries.collect(), requirements }
}

fn pretty(value: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).map_err(GenerateError::Json)?;
    text.push('\n');
    Ok(text)
}

/// Every file by its path below the directory of the vectors.
fn files(vectors: &[Vector]) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for vector in vectors {
        files.insert(format!("{}/{}.json", folder(vector.kind), vector.id), pretty(vector)?);
    }
    files.insert("index.json".to_owned(), pretty(&index(vectors))?);
    files.insert("schema.json".to_owned(), include_str!("../schema.json").to_owned());
    files.insert("README.md".to_owned(), readme::text(vectors));
    Ok(files)
}

/// Files in the two folders that nothing generates.
fn stale(dir: &Path, files: &BTreeMap<String, String>) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for kind in [Kind::Positive, Kind::Negative] {
        let path = dir.join(folder(kind));
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(GenerateError::File { path, source }),
        };
        for entry in entries {
            let entry = entry.map_err(|source| GenerateError::File { path: path.clone(), source })?;
            let name = format!("{}/{}", folder(kind), entry.file_name().to_string_lossy());
            if !files.contains_key(&name) {
                stale.push(entry.path());
            }
        }
    }
    stale.sort();
    Ok(stale)
}

//! From the catalogues to the files, and back: what differs from the files that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::card::{self, CardVector};
use crate::check::Stop;
use crate::files::{FOLDERS, files};
use crate::mailbox::{self, MailboxVector};
use crate::request::{self, Halt, RequestVector};
use crate::vector::{Kind, Vector};
use crate::webvh::{self, WebvhVector};
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
    /// A check of this name refuses that the vector does not name.
    Refused(&'static str),
    /// With the named check off, this one refuses as well: not a single fault.
    SecondFault(&'static str),
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
                Problem::Refused(check) => write!(f, "{id}: the model refuses by check {check}"),
                Problem::SecondFault(check) => write!(f, "{id}: not a single fault, {check} refuses as well"),
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
    /// Signed requests that are taken.
    pub request_positives: usize,
    /// Signed requests that must be refused.
    pub request_negatives: usize,
    /// Letters that arrive.
    pub mailbox_positives: usize,
    /// Mailbox keys and envelopes that must be refused.
    pub mailbox_negatives: usize,
    /// Contact cards that are taken.
    pub card_positives: usize,
    /// Contact cards, and links to them, that must be refused.
    pub card_negatives: usize,
    /// Logs of did:webvh that resolve.
    pub webvh_positives: usize,
    /// Logs of did:webvh that must be refused.
    pub webvh_negatives: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} positives, {} negatives; of requests {} and {}; of mailboxes {} and {}; of cards {} and {}; of did:webvh {} and {}",
            self.positives,
            self.negatives,
            self.request_positives,
            self.request_negatives,
            self.mailbox_positives,
            self.mailbox_negatives,
            self.card_positives,
            self.card_negatives,
            self.webvh_positives,
            self.webvh_negatives
        )
    }
}

/// Every vector, played and proven.
#[derive(Debug)]
pub(crate) struct Vectors {
    pub(crate) handshakes: Vec<Vector>,
    pub(crate) requests: Vec<RequestVector>,
    pub(crate) mailboxes: Vec<MailboxVector>,
    pub(crate) cards: Vec<CardVector>,
    pub(crate) logs: Vec<WebvhVector>,
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

pub(crate) fn write(dir: &Path, vectors: &Vectors) -> Result<Counts> {
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
    Ok(vectors.counts())
}

pub(crate) fn compare(dir: &Path, vectors: &Vectors) -> Result<(Counts, Vec<Difference>)> {
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
    Ok((vectors.counts(), differences))
}

impl Vectors {
    pub(crate) fn counts(&self) -> Counts {
        let of = |kinds: &mut dyn Iterator<Item = Kind>| kinds.filter(|kind| *kind == Kind::Positive).count();
        let positives = of(&mut self.handshakes.iter().map(|vector| vector.kind));
        let request_positives = of(&mut self.requests.iter().map(|vector| vector.kind));
        let mailbox_positives = of(&mut self.mailboxes.iter().map(|vector| vector.kind));
        let card_positives = of(&mut self.cards.iter().map(|vector| vector.kind));
        let webvh_positives = of(&mut self.logs.iter().map(|vector| vector.kind));
        Counts {
            positives,
            negatives: self.handshakes.len() - positives,
            request_positives,
            request_negatives: self.requests.len() - request_positives,
            mailbox_positives,
            mailbox_negatives: self.mailboxes.len() - mailbox_positives,
            card_positives,
            card_negatives: self.cards.len() - card_positives,
            webvh_positives,
            webvh_negatives: self.logs.len() - webvh_positives,
        }
    }
}

fn problem(id: &'static str, stop: Stop) -> GenerateError {
    let problem = match stop {
        Stop::Refused(check) => Problem::Refused(check.name()),
        Stop::SecondFault(check) => Problem::SecondFault(check.name()),
        Stop::Broken(what) => Problem::Broken(what),
    };
    GenerateError::Vector { id, problem }
}

fn halted(id: &'static str, halt: Halt) -> GenerateError {
    let problem = match halt {
        Halt::Refused(check) => Problem::Refused(check.name()),
        Halt::SecondFault(check) => Problem::SecondFault(check.name()),
        Halt::Broken(what) => Problem::Broken(what),
    };
    GenerateError::Vector { id, problem }
}

fn stopped(id: &'static str, halt: mailbox::Halt) -> GenerateError {
    let problem = match halt {
        mailbox::Halt::Refused(check) => Problem::Refused(check.name()),
        mailbox::Halt::SecondFault(check) => Problem::SecondFault(check.name()),
        mailbox::Halt::Broken(what) => Problem::Broken(what),
    };
    GenerateError::Vector { id, problem }
}

fn unresolved(id: &'static str, halt: webvh::Halt) -> GenerateError {
    let problem = match halt {
        webvh::Halt::Refused(check) => Problem::Refused(check.name()),
        webvh::Halt::SecondFault(check) => Problem::SecondFault(check.name()),
        webvh::Halt::TooMuch(cause) => Problem::Refused(cause),
        webvh::Halt::Broken(what) => Problem::Broken(what),
    };
    GenerateError::Vector { id, problem }
}

/// All vectors, each played and proven.
pub(crate) fn vectors() -> Result<Vectors> {
    let (handshakes, requests) = (handshakes()?, requests()?);
    Ok(Vectors { handshakes, requests, mailboxes: mailboxes()?, cards: cards()?, logs: logs()? })
}

fn each_once(ids: impl Iterator<Item = &'static str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(GenerateError::Vector { id, problem: Problem::Twice });
        }
    }
    Ok(())
}

fn requests() -> Result<Vec<RequestVector>> {
    let positives = request::positives().map_err(|stop| problem("the requests", stop))?;
    let negatives = request::negatives();
    each_once(positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)))?;
    let mut vectors = Vec::new();
    for positive in &positives {
        vectors.push(positive.vector().map_err(|halt| halted(positive.id, halt))?);
    }
    for negative in &negatives {
        let base = positives.iter().find(|positive| positive.id == negative.base);
        let base = base.ok_or(GenerateError::Vector { id: negative.id, problem: Problem::NoBase(negative.base) })?;
        vectors.push(negative.vector(base).map_err(|halt| halted(negative.id, halt))?);
    }
    Ok(vectors)
}

fn mailboxes() -> Result<Vec<MailboxVector>> {
    let positives = mailbox::positives().map_err(|stop| problem("the mailboxes", stop))?;
    let negatives = mailbox::negatives();
    each_once(positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)))?;
    let mut vectors = Vec::new();
    for positive in &positives {
        vectors.push(positive.vector().map_err(|halt| stopped(positive.id, halt))?);
    }
    for negative in &negatives {
        let base = positives.iter().find(|positive| positive.id == negative.base);
        let base = base.ok_or(GenerateError::Vector { id: negative.id, problem: Problem::NoBase(negative.base) })?;
        vectors.push(negative.vector(base).map_err(|halt| stopped(negative.id, halt))?);
    }
    Ok(vectors)
}

fn cards() -> Result<Vec<CardVector>> {
    let positives = card::positives().map_err(|stop| problem("the cards", stop))?;
    let negatives = card::negatives();
    each_once(positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)))?;
    let mut vectors = Vec::new();
    for positive in &positives {
        vectors.push(positive.vector().map_err(|halt| stopped(positive.id, halt))?);
    }
    for negative in &negatives {
        let base = positives.iter().find(|positive| positive.id == negative.base);
        let base = base.ok_or(GenerateError::Vector { id: negative.id, problem: Problem::NoBase(negative.base) })?;
        vectors.push(negative.vector(base).map_err(|halt| stopped(negative.id, halt))?);
    }
    Ok(vectors)
}

fn logs() -> Result<Vec<WebvhVector>> {
    let positives = webvh::positives().map_err(|halt| unresolved("the logs", halt))?;
    let negatives = webvh::negatives();
    each_once(positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)))?;
    let mut vectors = Vec::new();
    for positive in &positives {
        vectors.push(positive.vector().map_err(|halt| unresolved(positive.id, halt))?);
    }
    for negative in &negatives {
        let base = positives.iter().find(|positive| positive.id == negative.base);
        let base = base.ok_or(GenerateError::Vector { id: negative.id, problem: Problem::NoBase(negative.base) })?;
        vectors.push(negative.vector(base).map_err(|halt| unresolved(negative.id, halt))?);
    }
    Ok(vectors)
}

fn handshakes() -> Result<Vec<Vector>> {
    let positives = positives::all().map_err(|stop| problem("the positives", stop))?;
    let negatives = negatives::all().map_err(|stop| problem("the negatives", stop))?;
    each_once(positives.iter().map(|positive| positive.id).chain(negatives.iter().map(|negative| negative.id)))?;
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

/// Files in the folders that nothing generates.
fn stale(dir: &Path, files: &BTreeMap<String, String>) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for folder in FOLDERS {
        let path = dir.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(GenerateError::File { path, source }),
        };
        for entry in entries {
            let entry = entry.map_err(|source| GenerateError::File { path: path.clone(), source })?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if !files.contains_key(&name) {
                stale.push(entry.path());
            }
        }
    }
    stale.sort();
    Ok(stale)
}

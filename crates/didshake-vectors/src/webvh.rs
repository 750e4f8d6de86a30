//! Logs of did:webvh: read, verified and resolved as a resolver does, from bytes.

use didshake::{Did, UnixTime};
use didshake_did::webvh::{LogHead, LogRefusal, verify};
use serde::{Deserialize, Serialize};

use crate::format::VectorKind;
use crate::outcome::{Failure, same};

const FORMAT: &str = "didshake-webvh-vectors/1";
const LOG: &str = "log";
/// The longest log that a vector may unfold to: twice what a resolver reads.
const MAX_LOG_BYTES: usize = 2 << 20;

/// A vector of a did:webvh log, as its file has it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebvhVector {
    format: String,
    id: String,
    kind: VectorKind,
    area: String,
    about: String,
    requirements: Vec<String>,
    base: Option<String>,
    mutation: Option<serde_json::Value>,
    fails: Option<Fails>,
    view: View,
    log: String,
    line_spaces: usize,
    witness: Option<String>,
    resolution: Option<Resolution>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fails {
    error: String,
    cause: String,
}

/// What a resolver goes by.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    pub(crate) did: String,
    pub(crate) now: u64,
    pub(crate) seen: Option<String>,
}

/// What a log resolves to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    version_id: String,
    deactivated: bool,
    ttl: u64,
    document: String,
}

impl WebvhVector {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is about.
    #[must_use]
    pub fn area(&self) -> &str {
        &self.area
    }

    /// Runs it through the real crate.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self) -> Result<(), Failure> {
        if self.format != FORMAT {
            return Err(Failure::format(format!("the format is not {FORMAT}")));
        }
        match (self.kind, &self.resolution, &self.fails, self.judge()?) {
            (VectorKind::Positive, Some(expected), None, found) => expected.check(found),
            (VectorKind::Negative, None, Some(fails), Err(refusal)) => fails.check(refusal),
            (VectorKind::Negative, None, Some(fails), Ok(_)) => {
                Err(Failure::Accepted { at: LOG.to_owned(), error: fails.cause.clone() })
            }
            _ => Err(Failure::format("the members are not those of its kind")),
        }
    }

    /// As a resolver reads it.
    fn judge(&self) -> Result<Result<Resolution, LogRefusal>, Failure> {
        resolve(&self.view, self.bytes()?.as_bytes(), self.witness.as_deref().map(str::as_bytes))
    }

    fn bytes(&self) -> Result<String, Failure> {
        let added = self.log.matches('\n').count().saturating_mul(self.line_spaces);
        if self.log.len().saturating_add(added) > MAX_LOG_BYTES {
            return Err(Failure::format("the log is too long for a vector"));
        }
        Ok(self.log.replace('\n', &format!("{}\n", " ".repeat(self.line_spaces))))
    }

    /// The example, for people.
    ///
    /// # Errors
    /// [`Failure`] where the vector is no positive, or does not resolve.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        let Resolution { version_id, ttl, document, .. } = self.judge()?.map_err(refused)?;
        Ok(format!("{}: {}\n\nversion\n{version_id}\nkept for\n{ttl} s\ndocument\n{document}\n", self.id, self.about))
    }
}

/// What the bytes of a log resolve to, at the resolver.
pub(crate) fn resolve(
    view: &View,
    log: &[u8],
    witness: Option<&[u8]>,
) -> Result<Result<Resolution, LogRefusal>, Failure> {
    let did = Did::parse(&view.did).map_err(|fault| Failure::refused("view", fault))?;
    let seen = view.seen.as_deref().map(|seen| LogHead::parse(seen).ok_or(Failure::format("seen is no versionId")));
    let verified = verify(&did, log, witness, seen.transpose()?.as_ref(), UnixTime(view.now));
    Ok(verified.map(|(log, resolved)| Resolution {
        version_id: log.versions().last().cloned().unwrap_or_default(),
        deactivated: resolved.is_deactivated(),
        ttl: resolved.max_life_seconds().unwrap_or(u64::MAX),
        document: log.document_text(),
    }))
}

impl Fails {
    fn check(&self, refusal: LogRefusal) -> Result<(), Failure> {
        same("the cause", self.cause.as_bytes(), refusal.fault.code().as_bytes())?;
        same("the error", self.error.as_bytes(), refusal.fault.fault().code().as_bytes())
    }
}

impl Resolution {
    fn check(&self, found: Result<Resolution, LogRefusal>) -> Result<(), Failure> {
        let found = found.map_err(refused)?;
        same("version_id", self.version_id.as_bytes(), found.version_id.as_bytes())?;
        same("document", self.document.as_bytes(), found.document.as_bytes())?;
        same("ttl", self.ttl.to_string().as_bytes(), found.ttl.to_string().as_bytes())?;
        same("deactivated", &[self.deactivated.into()], &[found.deactivated.into()])
    }
}

fn refused(refusal: LogRefusal) -> Failure {
    Failure::Refused { at: LOG.to_owned(), error: format!("{} ({refusal})", refusal.fault.code()) }
}

//! How DIDs are resolved here: did:key and did:jwk by themselves, documents from files before anything else, did:web
//! through the guarded client and a cache.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::Args;
use didshake::{Did, Fault, Fragment, UnixTime};
use didshake_did::web::{WebOptionFault, WebOptions, WebResolver};
use didshake_did::{
    BoxFuture, CacheLimits, CachedResolver, Lifetimes, MAX_DOCUMENT_BYTES, MethodRegistry, Resolved, Resolver,
    StaticDocuments, SystemClock,
};

use crate::failure::{Exit, Failure};
use crate::more_methods::MoreMethods;
use crate::web_access::WebAccess;
use crate::web_failures::{WebCause, WebFailures};

const MAX_FILES: usize = 10_000;

#[derive(Args)]
pub(crate) struct Documents {
    /// DID documents that are given, not asked for: a JSON file, or a directory of them (repeatable)
    #[arg(long = "documents", value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) web: WebAccess,
    #[command(flatten)]
    more: MoreMethods,
}

/// The resolver of a command, and what it could not resolve.
pub(crate) struct Resolution {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) failures: WebFailures,
}

impl Documents {
    pub(crate) fn resolution(&self) -> Result<Resolution, Failure> {
        let failures = WebFailures::default();
        let web = Web::new(self.web.options()?, failures.clone());
        let registry = self.more.register(MethodRegistry::offline().with("web", Arc::new(web)))?;
        let mut documents = StaticDocuments::new().otherwise(Arc::new(registry));
        for path in &self.paths {
            for file in files(path)? {
                let text = read_document(&file)?;
                documents.add(&text).map_err(|fault| {
                    let message = format!("{} is refused: {fault} ({})", file.display(), fault.code());
                    Failure::new(Exit::Resolution, fault.code(), message)
                })?;
            }
        }
        Ok(Resolution { resolver: Arc::new(documents), failures })
    }
}

type Cached = CachedResolver<WebResolver, SystemClock>;

/// did:web, made ready when the first one is asked for: who only meets did:key needs no root certificates.
struct Web {
    options: WebOptions,
    failures: WebFailures,
    ready: OnceLock<Result<Cached, WebOptionFault>>,
}

impl Web {
    fn new(options: WebOptions, failures: WebFailures) -> Self {
        Self { options, failures, ready: OnceLock::new() }
    }

    fn ready(&self, did: &Did) -> Result<&Cached, Fault> {
        let ready = self.ready.get_or_init(|| {
            let failures = self.failures.clone();
            let web = WebResolver::new(&self.options)?;
            let web = web.on_failure(move |did, why| failures.note(did, WebCause::Asked(why)));
            Ok(CachedResolver::new(web, SystemClock, Lifetimes::default(), CacheLimits::default()))
        });
        ready.as_ref().map_err(|fault| {
            self.failures.note(did, WebCause::Client(*fault));
            Fault::DidResolutionFailed
        })
    }
}

impl Resolver for Web {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move { self.ready(did)?.resolve(did).await })
    }

    fn resolve_method<'a>(&'a self, did: &'a Did, fragment: &'a Fragment) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move { self.ready(did)?.resolve_method(did, fragment).await })
    }

    fn resolve_since<'a>(&'a self, did: &'a Did, oldest: UnixTime) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move { self.ready(did)?.resolve_since(did, oldest).await })
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

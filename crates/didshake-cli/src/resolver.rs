//! How DIDs are resolved here: did:key and did:jwk by themselves, documents from files before anything else, did:web and
//! did:webvh through the guarded client and a cache each.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::Args;
use didshake::{Did, Fault, Fragment, UnixTime};
use didshake_did::web::{WebOptionFault, WebResolver, WebvhResolver};
use didshake_did::webvh::{HistoryUnavailable, LogHead, LogHistory, LogHistoryFile};
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
        let (options, told) = (self.web.options()?, failures.clone());
        let web = Lazy::new(&failures, move || {
            let told = told.clone();
            Ok(WebResolver::new(&options)?.on_failure(move |did, why| told.note(did, WebCause::Asked(why))))
        });
        let (options, told, history) = (self.web.options()?, failures.clone(), history());
        let webvh = Lazy::new(&failures, move || {
            let (told, history) = (told.clone(), Arc::clone(&history));
            let webvh = WebvhResolver::new(&options, history, SystemClock)?;
            Ok(webvh.on_failure(move |did, why| told.note(did, WebCause::Logged(why.clone()))))
        });
        let registry = MethodRegistry::offline().with("web", Arc::new(web)).with("webvh", Arc::new(webvh));
        let registry = self.more.register(registry)?;
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

/// The newest entries that this user saw of logs.
pub(crate) fn history() -> Arc<dyn LogHistory> {
    match LogHistoryFile::of_user() {
        Some(file) => Arc::new(file),
        None => Arc::new(NoHome),
    }
}

/// Nothing can be kept, so nothing is resolved that has to be.
struct NoHome;

#[derive(Debug, thiserror::Error)]
#[error("there is no home directory: set HOME or XDG_DATA_HOME")]
struct NoHomeDirectory;

impl LogHistory for NoHome {
    fn seen<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>> {
        Box::pin(async { Err(HistoryUnavailable::because(NoHomeDirectory)) })
    }

    fn advance<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a LogHead>,
        _: &'a LogHead,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>> {
        Box::pin(async { Err(HistoryUnavailable::because(NoHomeDirectory)) })
    }

    fn used<'a>(&'a self, _: &'a str, _: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>> {
        Box::pin(async { Err(HistoryUnavailable::because(NoHomeDirectory)) })
    }
}

type Cached<R> = CachedResolver<R, SystemClock>;
type Make<R> = dyn Fn() -> Result<R, WebOptionFault> + Send + Sync;

/// A method that asks the web, made ready when the first DID of it is asked for: who only meets did:key needs no root
/// certificates.
struct Lazy<R> {
    make: Box<Make<R>>,
    failures: WebFailures,
    ready: OnceLock<Result<Cached<R>, WebOptionFault>>,
}

impl<R: Resolver> Lazy<R> {
    fn new(failures: &WebFailures, make: impl Fn() -> Result<R, WebOptionFault> + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), failures: failures.clone(), ready: OnceLock::new() }
    }

    fn ready(&self, did: &Did) -> Result<&Cached<R>, Fault> {
        let ready = self.ready.get_or_init(|| {
            let inner = (self.make)()?;
            Ok(CachedResolver::new(inner, SystemClock, Lifetimes::default(), CacheLimits::default()))
        });
        ready.as_ref().map_err(|fault| {
            self.failures.note(did, WebCause::Client(*fault));
            Fault::DidResolutionFailed
        })
    }
}

impl<R: Resolver> Resolver for Lazy<R> {
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
    read_up_to(path, MAX_DOCUMENT_BYTES)
}

/// The same of a file that may be as long as `most`.
pub(crate) fn read_up_to(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(most as u64 + 1).read_to_end(&mut text).map_err(|error| unreadable(path, &error))?;
    Ok(text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Storage, "documents", format!("cannot read {}: {error}", path.display()))
}

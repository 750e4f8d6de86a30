//! What the files hold that the configuration names.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use didshake::Did;
use didshake_did::web::{WebOptionFault, WebOptions, WebResolver, WebvhFailure, WebvhResolver};
use didshake_did::webvh::{LogHistory, MemoryLogHistory};
use didshake_did::{
    CacheLimits, CachedResolver, Lifetimes, MAX_DOCUMENT_BYTES, Resolver, StaticDocuments, SystemClock,
};

use crate::applications::Applications;
use crate::config::{Config, ConfigError, FileFault};
use crate::policy::{Policy, PolicyFileError, read_file};
use crate::relay::RelayOptions;
use crate::tls::Tls;

const MAX_DOCUMENTS: usize = 10_000;
/// Half of the fetches are for handshakes, half for looking again at those who are logged in.
const LIMITS: CacheLimits = CacheLimits { entries: 1024, bytes: 16 << 20, fetches: 64 };
const MAX_ROOTS_BYTES: u64 = 4 << 20;

impl Config {
    /// Reads every file that the configuration names, as the service will.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`], [`ConfigError::File`], [`ConfigError::Policy`].
    pub async fn check_files(&self) -> Result<(), ConfigError> {
        self.policy()?;
        Applications::load(&self.applications, self)?;
        RelayOptions::load(self)?;
        self.resolver(Arc::new(MemoryLogHistory::default()))?;
        Tls::load(self).await?;
        Ok(())
    }

    pub(crate) fn policy(&self) -> Result<Policy, ConfigError> {
        self.policy.as_ref().map_or_else(|| Ok(Policy::default()), |path| self.policy_at("policy", path))
    }

    /// The policy in a file that a key names.
    pub(crate) fn policy_at(&self, key: &str, path: &Path) -> Result<Policy, ConfigError> {
        let (given, path) = (self.given(key), path.to_owned());
        read_file(&path).map_err(|error| match error {
            PolicyFileError::Unreadable(source) => ConfigError::Unreadable { given, path, source },
            PolicyFileError::Refused(source) => ConfigError::Policy { given, path, source },
        })
    }

    /// Documents that are given, did:key, did:jwk, and did:web and did:webvh behind a cache each.
    pub(crate) fn resolver(&self, history: Arc<dyn LogHistory>) -> Result<Arc<dyn Resolver>, ConfigError> {
        let web = WebResolver::new(&self.web_options()?).map_err(|_: WebOptionFault| self.roots_refused())?;
        let web = web.on_failure(|did, cause| {
            let cause: &dyn std::error::Error = &cause;
            tracing::warn!(did = did.as_str(), cause, "a did:web was not resolved");
        });
        let web = CachedResolver::new(web, SystemClock, Lifetimes::default(), LIMITS);
        let webvh = WebvhResolver::new(&self.web_options()?, history, SystemClock);
        let webvh = webvh.map_err(|_: WebOptionFault| self.roots_refused())?.on_failure(tell);
        let webvh = CachedResolver::new(webvh, SystemClock, Lifetimes::default(), LIMITS);
        let registry = self.methods.clone().with("web", Arc::new(web)).with("webvh", Arc::new(webvh));
        let mut documents = StaticDocuments::new().otherwise(Arc::new(registry));
        for path in &self.documents {
            self.add_documents(path, &mut documents)?;
        }
        Ok(Arc::new(documents))
    }

    /// How did:web is fetched.
    pub(crate) fn web_options(&self) -> Result<WebOptions, ConfigError> {
        let mut options = WebOptions::default();
        for host in &self.allow_local {
            options = options.allow_local(host.clone());
        }
        for path in &self.root_certs {
            let pem = read(path, MAX_ROOTS_BYTES).map_err(|source| self.unreadable("root_cert", path, source))?;
            let fault = |_| self.refused("root_cert", path, FileFault::Root);
            options = options.with_roots(&pem).map_err(fault)?;
        }
        Ok(options)
    }

    fn roots_refused(&self) -> ConfigError {
        let path = self.root_certs.first().cloned().unwrap_or_else(|| PathBuf::from("the system's root certificates"));
        self.refused("root_cert", &path, FileFault::Root)
    }

    fn add_documents(&self, path: &Path, documents: &mut StaticDocuments) -> Result<(), ConfigError> {
        const KEY: &str = "documents";
        for file in files(path).map_err(|source| self.unreadable(KEY, path, source))? {
            let text = read(&file, MAX_DOCUMENT_BYTES as u64 + 1);
            let text = text.map_err(|source| self.unreadable(KEY, &file, source))?;
            documents.add(&text).map_err(|fault| self.refused(KEY, &file, FileFault::Document(fault)))?;
        }
        Ok(())
    }

    pub(crate) fn unreadable(&self, key: &str, path: &Path, source: std::io::Error) -> ConfigError {
        ConfigError::Unreadable { given: self.given(key), path: path.to_owned(), source }
    }

    pub(crate) fn refused(&self, key: &str, path: &Path, fault: FileFault) -> ConfigError {
        ConfigError::File { given: self.given(key), path: path.to_owned(), fault }
    }
}

/// A history that was gone back on is somebody's doing: its owner's, its host's, or a thief's.
fn tell(did: &Did, failure: &WebvhFailure) {
    let cause: &dyn std::error::Error = failure;
    let (did, code) = (did.as_str(), failure.code());
    if failure.is_alarming() {
        const MESSAGE: &str = "the history of a did:webvh was gone back on: its host or its keys may be in wrong hands";
        tracing::error!(did, code, cause, "{MESSAGE}");
    } else {
        tracing::warn!(did, code, cause, "a did:webvh was not resolved");
    }
}

/// The file, or the JSON files of a directory.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)?.take(MAX_DOCUMENTS) {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

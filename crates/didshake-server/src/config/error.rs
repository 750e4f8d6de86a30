//! Why a configuration is refused: which key, given where, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use didshake::{Fault, OriginError, OriginsError};
use didshake_did::NameError;
use didshake_did::web::WebOptionFault;

use crate::policy::PolicyError;

/// Where a value was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// As a flag.
    CommandLine,
    /// As a variable of the environment.
    Environment,
    /// In this file.
    File(PathBuf),
    /// Nowhere: it is what counts without.
    Default,
}

/// A key as it stands where its value was given: `--listen`, `DIDSHAKE_LISTEN`, `listen in didshake.toml`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The key, as in the file.
    pub key: String,
    /// Where.
    pub source: Source,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source } = self;
        match source {
            Source::CommandLine => write!(f, "--{}", key.replace('_', "-")),
            Source::Environment => write!(f, "DIDSHAKE_{}", key.to_ascii_uppercase()),
            Source::File(path) => write!(f, "`{key}` in {}", path.display()),
            Source::Default => write!(f, "`{key}`, which is set nowhere,"),
        }
    }
}

/// Why a configuration is refused, always a fault of whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file, or one that it names, cannot be read.
    #[error("{given}: cannot read {}", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Unreadable { given: Given, path: PathBuf, source: io::Error },
    /// The file is no TOML.
    #[error("{} is no TOML", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Syntax { path: PathBuf, source: Box<figment::Error> },
    /// There is no such key.
    #[error("{given} is no setting")]
    UnknownKey {
        /// The key.
        given: Given,
        /// The key that is spelled most like it.
        nearest: &'static str,
    },
    /// A text where a number is expected, or the like.
    #[error("{given} is {found}, and must be {expected}")]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Type { given: Given, found: String, expected: String },
    /// The value is none that the key can have.
    #[error("{given} (`{value}`) {fault}")]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Value { given: Given, value: String, fault: ValueFault },
    /// A key is needed, or does not go with others.
    #[error("{given} {fault}")]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Combination { given: Given, fault: ValueFault },
    /// The policy file is refused.
    #[error("{given}: {} is refused", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Policy { given: Given, path: PathBuf, source: PolicyError },
    /// A root certificate, a DID document or a TLS file holds something else.
    #[error("{given}: {} {fault}", path.display())]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    File { given: Given, path: PathBuf, fault: FileFault },
    /// There is no home directory, and `data` is not given.
    #[error("there is no home directory to keep data in")]
    NoHome,
}

/// What is wrong with one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueFault {
    /// Not an IP address and a port.
    #[error("is no address with a port")]
    Address,
    /// Not a URL that has an origin.
    #[error("is no public URL: {0}")]
    PublicUrl(#[source] OriginError),
    /// More than scheme, host and port.
    #[error("is more than an origin")]
    PublicUrlPath,
    /// Plain http to somewhere else than a loopback address.
    #[error("is plain http and no loopback address")]
    PublicUrlInsecure,
    /// A public URL is needed.
    #[error("is needed: the address that is listened on says nothing about the name that clients use")]
    PublicUrlMissing,
    /// Plain http, while the service speaks TLS.
    #[error("is plain http, but TLS is on")]
    PublicUrlWithoutTls,
    /// Two public URLs that `Host` cannot tell apart.
    #[error("is refused: {0}")]
    PublicUrls(#[source] OriginsError),
    /// An application at the host of another one, or of the service.
    #[error("has a host that another application or the service has too: a cookie goes to all ports of its host")]
    ApplicationHost,
    /// Not the name of an identity.
    #[error("is no name: {0}")]
    Name(#[source] NameError),
    /// Not a did:web whose document is `/.well-known/did.json`.
    #[error("is no did:web of a whole host")]
    DidWeb,
    /// Not a DID.
    #[error("is no DID: {0}")]
    Did(#[source] Fault),
    /// Neither `key` nor `web`.
    #[error("is neither `key` nor `web`")]
    DefaultDid,
    /// `web` without a did:web.
    #[error("is `web`, but there is no did:web")]
    DefaultDidWithoutWeb,
    /// A did:web beside a did:webvh: it would have one name for all its keys.
    #[error("goes with no did_web: keys of a did:webvh are rotated, and a did:web that is this service's has one")]
    DidLogWithWeb,
    /// A certificate without its key, or the other way round.
    #[error("is missing: a certificate and its key go together")]
    TlsPair,
    /// Not a network in CIDR notation, nor an address.
    #[error("is no network and no address")]
    Network,
    /// Not a local host with its port.
    #[error("is no local host: {0}")]
    LocalHost(#[source] WebOptionFault),
    /// Not the URL of a PostgreSQL database.
    #[error("is no URL of a PostgreSQL database")]
    Store,
    /// A database at another machine, and no word of TLS.
    #[error("names another machine without saying how its certificate is checked")]
    StoreTls,
    /// Not `N/min`.
    #[error("is no rate")]
    Rate,
    /// Not `N/min`, of deposits.
    #[error("is no rate of deposits")]
    RateDeposits,
    /// Several, and not all of them DIDs.
    #[error("are several, and not all of them DIDs")]
    MailboxOwners,
    /// A number out of its range.
    #[error("is not from {least} to {most}")]
    #[allow(missing_docs, reason = "the fields say themselves what they are")]
    Range { least: u64, most: u64 },
    /// Nothing.
    #[error("is empty")]
    Empty,
}

/// What is wrong with a file that the configuration names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileFault {
    /// No root certificate.
    #[error("holds no certificate in PEM")]
    Root,
    /// No DID document.
    #[error("holds no DID document: {0}")]
    Document(#[source] Fault),
    /// No certificate with its key.
    #[error("and its key are no TLS certificate in PEM with the key that belongs to it")]
    Tls,
    /// Other users can read a secret key.
    #[error("is a secret key that other users can read")]
    KeyOpenToOthers,
}

impl ConfigError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unreadable { .. } => "give a file that exists and that this user may read".into(),
            Self::Syntax { .. } => "see deploy/didshake.toml for an example".into(),
            Self::UnknownKey { nearest, .. } => format!("did you mean `{nearest}`?"),
            Self::Type { expected, .. } => format!("write {expected}"),
            Self::Value { fault, .. } | Self::Combination { fault, .. } => fault.remedy().into(),
            Self::Policy { source, .. } => source.remedy().into(),
            Self::File { fault, .. } => fault.remedy().into(),
            Self::NoHome => "say where: --data DIR".into(),
        }
    }
}

impl ValueFault {
    fn remedy(self) -> &'static str {
        match self {
            Self::Address => "write 127.0.0.1:8400 or [::1]:8400; port 0 takes a free one",
            Self::PublicUrl(_) | Self::PublicUrlPath => "write scheme, host and port only: https://example.com",
            Self::PublicUrlInsecure => "use https (TLS may end at a proxy); http is for 127.0.0.1 and [::1]",
            Self::PublicUrlMissing => "give the origin that clients use: --public-url https://example.com",
            Self::PublicUrlWithoutTls => "write https, or take tls_cert and tls_key away",
            Self::PublicUrls(_) => "run another service, with data of its own, for the other origin",
            Self::ApplicationHost => "give each application a host name of its own",
            Self::Name(_) => "see `didshake id list`",
            Self::Did(_) => "write a DID: did:key:z6Mk… or did:web:example.com",
            Self::DidWeb => "write did:web:example.com, or did:web:example.com%3A8443 with a port",
            Self::DefaultDid => "write key or web",
            Self::DefaultDidWithoutWeb => "give it: --did-web did:web:example.com",
            Self::DidLogWithWeb => "take did_web away: the did:webvh says where the service is",
            Self::TlsPair => "give both tls_cert and tls_key, or neither",
            Self::Network => "write 10.0.0.0/8, 2001:db8::/32 or one address",
            Self::LocalHost(_) => "write 127.0.0.1:8400 or https://localhost:8443",
            Self::Store => "write postgres://USER:PASSWORD@HOST/DATABASE, best in the environment: DIDSHAKE_STORE",
            Self::StoreTls => "add ?sslmode=verify-full (and &sslrootcert=FILE where its root is not a public one)",
            Self::Rate => "write a number of handshakes a minute, from 1 to 100000: 60/min",
            Self::RateDeposits => "write a number of requests a minute, from 1 to 10000000: 6000/min",
            Self::MailboxOwners => "write `anyone`, or DIDs, or the name of one policy file",
            Self::Range { .. } => "choose a number in that range",
            Self::Empty => "give a value, or take the key away",
        }
    }
}

impl FileFault {
    fn remedy(self) -> &'static str {
        match self {
            Self::Root => "give the certificate of a root, in PEM (`didshake certs` makes one)",
            Self::Document(_) => "give DID documents as JSON files",
            Self::Tls => "give the chain, leaf first, and its unencrypted key (`didshake certs` makes both)",
            Self::KeyOpenToOthers => "run `chmod 600` on it",
        }
    }
}

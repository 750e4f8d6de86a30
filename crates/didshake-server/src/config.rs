//! What an operator decides: from flags, the environment and a file, checked as a whole before anything starts.

mod check;
mod error;
mod postgres_url;
mod relay;
mod settings;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake::{Did, Origin};
use didshake_did::web::{LocalHost, Rate};
use didshake_did::{IdentityName, MethodRegistry, SigningIdentity};
use didshake_peer::Watch;
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use ipnet::IpNet;

use check::Checks;
pub use error::{ConfigError, FileFault, Given, Source, ValueFault};
pub use postgres_url::PostgresUrl;
pub use settings::{Settings, StoreUrl};

/// The address that is listened on unless another is given.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8400";

/// The prefix of the variables of the environment.
const PREFIX: &str = "DIDSHAKE_";

/// Variables of the same prefix that belong to the program and not to the service.
const OTHER_VARIABLES: [&str; 4] = ["CONFIG", "IDENTITIES", "KNOWN_PEERS", "SESSIONS"];

/// A configuration whose every value was checked. Files that it names are read when the service starts, or by
/// [`Config::check_files`].
///
/// ```
/// use didshake_server::{Config, Settings};
/// let settings = Settings { listen: Some("127.0.0.1:0".into()), data: Some("/tmp/x".into()), ..Settings::default() };
/// let config = Config::of(&settings)?;
/// assert_eq!(config.lifetime, 43_200);
///
/// let wrong = Settings { lifetime: Some(0), ..settings };
/// let error = Config::of(&wrong).unwrap_err();
/// assert_eq!(error.to_string(), "--lifetime (`0`) is not from 1 to 2592000");
/// # Ok::<(), didshake_server::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where requests come in.
    pub listen: SocketAddr,
    /// The origins that clients use; none: that of the address that is listened on, a loopback one.
    pub public_urls: Vec<Origin>,
    /// Where the service's own identity is kept, and its database unless `store` names another.
    pub data: PathBuf,
    /// PostgreSQL, which several instances share; without, SQLite in `data`.
    pub store: Option<PostgresUrl>,
    /// The identity of the user that the service has; without, it makes one of its own in `data`.
    pub identity_name: Option<IdentityName>,
    /// That identity, where somebody has loaded it already: one with a passphrase, for instance.
    pub identity: Option<SigningIdentity>,
    /// DID methods that clients may have beside did:web, which the service adds.
    pub methods: MethodRegistry,
    /// Where the log of the identity's did:webvh is, to be served.
    pub did_log: Option<PathBuf>,
    /// A second name of the same key.
    pub did_web: Option<Did>,
    /// Which of the two answers a client that does not say whom it means.
    pub default_did: DefaultDid,
    /// What TLS speaks with; none: plain HTTP, for loopback or behind a proxy.
    pub tls: Option<TlsFiles>,
    /// Whose `X-Forwarded-For` and `X-Request-Id` count.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may come in; without a file everyone who proves a DID.
    pub policy: Option<PathBuf>,
    /// Applications at hosts of their own that people come in to through this service.
    pub applications: Vec<ApplicationSettings>,
    /// Seconds that a session counts.
    pub lifetime: u32,
    /// Local hosts that did:web may lead to.
    pub allow_local: Vec<LocalHost>,
    /// Roots that are trusted, for did:web, beside those of the system.
    pub root_certs: Vec<PathBuf>,
    /// DID documents that need no network: files, or directories of files.
    pub documents: Vec<PathBuf>,
    /// Handshakes of one source.
    pub rate_handshakes: Rate,
    /// A listener for metrics and health alone.
    pub metrics_listen: Option<SocketAddr>,
    /// Who, beside this machine, may read metrics on the main listener.
    pub metrics_allow: Vec<IpNet>,
    /// How long the end waits for requests under way.
    pub drain: Duration,
    /// How often the DID documents of those who are logged in are looked at again, and how long one may be out of reach; `None`:
    /// never. Sessions whose key is gone end.
    pub recheck: Option<Watch>,
    /// Sessions that are kept at most.
    pub max_sessions: u64,
    /// Connections at one time at most; as many sockets of mailboxes and circuits beside them.
    pub max_connections: usize,
    /// The relay, if this service is one.
    pub relay: Option<RelaySettings>,
    given: Provenance,
}

/// Which DID answers a Hello that does not say whom it means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DefaultDid {
    /// The service's own, a did:key unless an identity was given.
    #[default]
    Key,
    /// The did:web.
    Web,
}

/// An application behind a proxy that asks the service who may pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationSettings {
    /// Where browsers see it: https, or a loopback address.
    pub origin: Origin,
    /// Who may come in, of those whom the service lets in; without a file all of them.
    pub policy: Option<PathBuf>,
}

/// What a relay keeps and passes on, and for whom (`spec/relay-1.md`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelaySettings {
    /// Who may open a mailbox.
    pub owners: MailboxOwners,
    /// Mailboxes at most.
    pub max_mailboxes: u64,
    /// Deposits that wait in one mailbox at most.
    pub mailbox_waiting: u64,
    /// Bytes of them at most.
    pub mailbox_bytes: u64,
    /// Requests of one source that deposit, ask for states or for a circuit.
    pub rate_deposits: Rate,
    /// Bytes that pass through one circuit at most.
    pub circuit_bytes: u64,
    /// Bytes of the disk of the database that deposits leave free.
    pub disk_reserve: u64,
}

/// Who may open a mailbox, of those whom the service lets in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MailboxOwners {
    /// All of them.
    Anyone,
    /// These.
    Dids(Vec<Did>),
    /// Those whom a policy file allows.
    Policy(PathBuf),
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the fields say themselves what they are")]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Config {
    /// From flags, the environment and a file; where several give a key, flags win over the environment, and that over
    /// the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(flags: &Settings, file: Option<&Path>) -> Result<Self, ConfigError> {
        let figment = match file {
            Some(path) => Figment::from(read_file(path)?),
            None => Figment::new(),
        };
        let known: Vec<&str> = settings::KEYS.to_vec();
        Self::of_figment(&figment.merge(Env::prefixed(PREFIX).only(&known)).merge(Flags(flags)))
    }

    /// From flags alone.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn of(flags: &Settings) -> Result<Self, ConfigError> {
        Self::of_figment(&Figment::from(Flags(flags)))
    }

    fn of_figment(figment: &Figment) -> Result<Self, ConfigError> {
        let settings = figment.extract().map_err(|error| of_type(error, figment))?;
        Checks { settings: &settings, given: Provenance(figment.clone()) }.config()
    }

    pub(crate) fn given(&self, key: &str) -> Given {
        self.given.of(key)
    }
}

/// Variables of the environment that look like settings and are none: somebody mistyped one, perhaps. They are no
/// error, since orchestrators set variables of the same prefix for a service of this name (`DIDSHAKE_PORT`).
#[must_use]
pub fn unknown_variables() -> Vec<String> {
    let is_known =
        |name: &str| settings::KEYS.iter().chain(&OTHER_VARIABLES).any(|known| known.eq_ignore_ascii_case(name));
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.strip_prefix(PREFIX).is_some_and(|rest| !is_known(rest))).collect()
}

/// Which source gave which key.
#[derive(Clone)]
pub(crate) struct Provenance(Figment);

impl Provenance {
    fn of(&self, key: &str) -> Given {
        let source = self.0.find_metadata(key).map_or(Source::Default, source_of);
        Given { key: key.to_owned(), source }
    }
}

impl fmt::Debug for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provenance(…)")
    }
}

const COMMAND_LINE: &str = "command line";

struct Flags<'a>(&'a Settings);

impl Provider for Flags<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(COMMAND_LINE)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Serialized::defaults(self.0).data()
    }
}

/// Looked at by itself first, so that a file that is not there is no empty one.
fn read_file(path: &Path) -> Result<figment::providers::Data<Toml>, ConfigError> {
    let given = Given { key: "config".into(), source: Source::CommandLine };
    fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { given, path: path.to_owned(), source })?;
    Ok(Toml::file_exact(path))
}

fn source_of(metadata: &Metadata) -> Source {
    match &metadata.source {
        Some(figment::Source::File(path)) => Source::File(path.clone()),
        _ if metadata.name == COMMAND_LINE => Source::CommandLine,
        _ if metadata.name.contains("environment") => Source::Environment,
        _ => Source::Default,
    }
}

/// The first of figment's errors, in our words.
fn of_type(error: figment::Error, figment: &Figment) -> ConfigError {
    let metadata = error.metadata.clone();
    let source = metadata.as_ref().map_or(Source::Default, source_of);
    let key = error.path.first().cloned().unwrap_or_default();
    match error.kind.clone() {
        // figment knows the key of an unknown field and not where it came from.
        Kind::UnknownField(key, _) => {
            let source = figment.find_metadata(&key).map_or(source, source_of);
            ConfigError::UnknownKey { nearest: nearest(&key), given: Given { key, source } }
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            ConfigError::Type { given: Given { key, source }, found: found.to_string(), expected }
        }
        _ => {
            let path = if let Source::File(path) = source { path } else { PathBuf::new() };
            ConfigError::Syntax { path, source: Box::new(error) }
        }
    }
}

/// The known key with the fewest letters to change.
fn nearest(key: &str) -> &'static str {
    let key = key.replace('-', "_");
    settings::KEYS.into_iter().min_by_key(|known| distance(&key, known)).unwrap_or_default()
}

/// Levenshtein's distance, of short texts.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.bytes().take(64).enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), at + 1);
        for (other, at) in right.bytes().zip(1..) {
            let before = row.get(at - 1).copied().unwrap_or_default();
            if let Some(cell) = row.get_mut(at) {
                let changed = diagonal + usize::from(letter != other);
                diagonal = *cell;
                *cell = changed.min(before + 1).min(diagonal + 1);
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

//! Each value, looked at.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use didshake::{Did, Origin, Origins};
use didshake_did::web::{LocalHost, Location, Rate};
use didshake_did::{IdentityName, MethodRegistry};
use didshake_peer::Watch;
use ipnet::IpNet;

use super::error::{ConfigError, ValueFault};
use super::settings::{Settings, StoreUrl};
use super::{ApplicationSettings, Config, DEFAULT_LISTEN, DefaultDid, PostgresUrl, Provenance, TlsFiles};

const DEFAULT_LIFETIME: u64 = 43_200;
const MAX_LIFETIME: u64 = 30 * 24 * 3600;
const MAX_DRAIN: u64 = 600;
const MAX_RECHECK: u64 = 7 * 24 * 3600;
const MAX_RATE: u32 = 100_000;

pub(super) struct Checks<'a> {
    pub(super) settings: &'a Settings,
    pub(super) given: Provenance,
}

pub(super) type Checked<T> = Result<T, ConfigError>;

impl Checks<'_> {
    pub(super) fn config(self) -> Checked<Config> {
        let settings = self.settings;
        let listen = self.one("listen", Some(settings.listen.as_deref().unwrap_or(DEFAULT_LISTEN)), address)?;
        let tls = self.tls()?;
        let did_web = self.one("did_web", settings.did_web.as_deref(), did_web)?;
        let applications = self.applications(listen, tls.is_some())?;
        let lifetime = self.number("lifetime", settings.lifetime, DEFAULT_LIFETIME, (1, MAX_LIFETIME))?;
        let max_connections = self.number("max_connections", settings.max_connections, 4096, (1, 1_000_000))?;
        Ok(Config {
            listen: listen.ok_or_else(|| self.combination("listen", ValueFault::Empty))?,
            public_urls: self.public_urls(listen, tls.is_some())?,
            data: self.data()?,
            store: self.store()?,
            identity_name: self
                .one("as", settings.identity.as_deref(), |text| IdentityName::parse(text).map_err(ValueFault::Name))?,
            identity: None,
            methods: MethodRegistry::offline(),
            default_did: self.default_did(did_web.is_some())?,
            did_log: self.did_log(did_web.is_some())?,
            did_web,
            tls,
            trusted_proxies: self.all("trusted_proxy", settings.trusted_proxy.as_deref(), network)?,
            policy: self.path("policy", settings.policy.as_deref())?,
            applications,
            lifetime: u32::try_from(lifetime).unwrap_or(u32::MAX),
            allow_local: self.all("allow_local", settings.allow_local.as_deref(), |text| {
                text.parse::<LocalHost>().map_err(ValueFault::LocalHost)
            })?,
            root_certs: self.all("root_cert", settings.root_cert.as_deref(), path)?,
            documents: self.all("documents", settings.documents.as_deref(), path)?,
            rate_handshakes: self.rate()?,
            metrics_listen: self.one("metrics_listen", settings.metrics_listen.as_deref(), address)?,
            metrics_allow: self.all("metrics_allow", settings.metrics_allow.as_deref(), network)?,
            drain: Duration::from_secs(self.number("drain_seconds", settings.drain_seconds, 10, (0, MAX_DRAIN))?),
            recheck: self.recheck()?,
            max_sessions: self.number("max_sessions", settings.max_sessions, 100_000, (1, 10_000_000))?,
            max_connections: usize::try_from(max_connections).unwrap_or(usize::MAX),
            relay: self.relay()?,
            given: self.given,
        })
    }

    fn public_urls(&self, listen: Option<SocketAddr>, tls: bool) -> Checked<Vec<Origin>> {
        const KEY: &str = "public_url";
        let origins = self.all(KEY, self.settings.public_url.as_deref(), |text| public_url(text, tls))?;
        if origins.is_empty() && !listen.is_some_and(|address| address.ip().is_loopback()) {
            return Err(self.combination(KEY, ValueFault::PublicUrlMissing));
        }
        if !origins.is_empty() {
            Origins::new(origins.clone()).map_err(|fault| self.combination(KEY, ValueFault::PublicUrls(fault)))?;
        }
        Ok(origins)
    }

    /// Each at a host of its own, whatever the port: browsers send a cookie to every port of its host.
    fn applications(&self, listen: Option<SocketAddr>, tls: bool) -> Checked<Vec<ApplicationSettings>> {
        const KEY: &str = "application";
        let applications = self.all(KEY, self.settings.application.as_deref(), application)?;
        let mut own = self.public_urls(listen, tls)?;
        if own.is_empty() {
            own.extend(listen.and_then(|address| Origin::parse(&format!("http://{address}")).ok()));
        }
        let all: Vec<&Origin> = own.iter().chain(applications.iter().map(|application| &application.origin)).collect();
        let shared = |(at, origin): (usize, &&Origin)| all.iter().take(at).any(|other| host(other) == host(origin));
        if all.iter().enumerate().skip(own.len()).any(shared) {
            return Err(self.combination(KEY, ValueFault::ApplicationHost));
        }
        Ok(applications)
    }

    fn data(&self) -> Checked<PathBuf> {
        match self.path("data", self.settings.data.as_deref())? {
            Some(path) => Ok(path),
            None => super::super::data::default_directory().ok_or(ConfigError::NoHome),
        }
    }

    /// What is refused is not shown: it may hold a password.
    fn store(&self) -> Checked<Option<PostgresUrl>> {
        let read = |url: &StoreUrl| PostgresUrl::parse(&url.0).map_err(|fault| self.combination("store", fault));
        self.settings.store.as_ref().map(read).transpose()
    }

    fn default_did(&self, has_web: bool) -> Checked<DefaultDid> {
        let default = self.one("default_did", self.settings.default_did.as_deref(), |text| match text {
            "key" => Ok(DefaultDid::Key),
            "web" => Ok(DefaultDid::Web),
            _ => Err(ValueFault::DefaultDid),
        })?;
        match default.unwrap_or_default() {
            DefaultDid::Web if !has_web => Err(self.combination("default_did", ValueFault::DefaultDidWithoutWeb)),
            default => Ok(default),
        }
    }

    fn did_log(&self, has_web: bool) -> Checked<Option<PathBuf>> {
        let log = self.path("did_log", self.settings.did_log.as_deref())?;
        let both = log.is_some() && has_web;
        if both { Err(self.combination("did_log", ValueFault::DidLogWithWeb)) } else { Ok(log) }
    }

    fn tls(&self) -> Checked<Option<TlsFiles>> {
        let certificate = self.path("tls_cert", self.settings.tls_cert.as_deref())?;
        let key = self.path("tls_key", self.settings.tls_key.as_deref())?;
        match (certificate, key) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(self.combination("tls_key", ValueFault::TlsPair)),
            (None, Some(_)) => Err(self.combination("tls_cert", ValueFault::TlsPair)),
        }
    }

    fn rate(&self) -> Checked<Rate> {
        let rate = self.one("rate_handshakes", self.settings.rate_handshakes.as_deref(), rate)?;
        Ok(rate.unwrap_or(Rate { burst: 30, per_minute: 60 }))
    }

    /// 0: nobody looks.
    fn recheck(&self) -> Checked<Option<Watch>> {
        let Settings { recheck_seconds, recheck_bound_seconds, .. } = self.settings;
        let default = Watch::default();
        let every = self.number("recheck_seconds", *recheck_seconds, default.every.as_secs(), (0, MAX_RECHECK))?;
        let bound = default.bound.as_secs().max(every);
        let bound = self.number("recheck_bound_seconds", *recheck_bound_seconds, bound, (every.max(1), MAX_RECHECK))?;
        let watch = Watch { every: Duration::from_secs(every), bound: Duration::from_secs(bound) };
        Ok((every > 0).then_some(watch))
    }

    fn path(&self, key: &'static str, value: Option<&str>) -> Checked<Option<PathBuf>> {
        self.one(key, value, path)
    }

    pub(super) fn one<T>(
        &self,
        key: &'static str,
        value: Option<&str>,
        read: impl Fn(&str) -> Result<T, ValueFault>,
    ) -> Checked<Option<T>> {
        value.map(|value| self.read(key, value, &read)).transpose()
    }

    pub(super) fn all<T>(
        &self,
        key: &'static str,
        values: Option<&[String]>,
        read: impl Fn(&str) -> Result<T, ValueFault>,
    ) -> Checked<Vec<T>> {
        values.unwrap_or_default().iter().map(|value| self.read(key, value, &read)).collect()
    }

    fn read<T>(&self, key: &str, value: &str, read: &impl Fn(&str) -> Result<T, ValueFault>) -> Checked<T> {
        let read = if value.is_empty() { Err(ValueFault::Empty) } else { read(value) };
        read.map_err(|fault| ConfigError::Value { given: self.given.of(key), value: value.to_owned(), fault })
    }

    pub(super) fn number(
        &self,
        key: &str,
        value: Option<u64>,
        default: u64,
        (least, most): (u64, u64),
    ) -> Checked<u64> {
        let value = value.unwrap_or(default);
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        let fault = ValueFault::Range { least, most };
        Err(ConfigError::Value { given: self.given.of(key), value: value.to_string(), fault })
    }

    pub(super) fn combination(&self, key: &str, fault: ValueFault) -> ConfigError {
        ConfigError::Combination { given: self.given.of(key), fault }
    }
}

fn address(text: &str) -> Result<SocketAddr, ValueFault> {
    text.parse().map_err(|_| ValueFault::Address)
}

fn path(text: &str) -> Result<PathBuf, ValueFault> {
    Ok(PathBuf::from(text))
}

fn network(text: &str) -> Result<IpNet, ValueFault> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| address()).map_err(|_| ValueFault::Network)
}

fn public_url(text: &str, tls: bool) -> Result<Origin, ValueFault> {
    let origin = Origin::parse(text).map_err(ValueFault::PublicUrl)?;
    let scheme_ok = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if !scheme_ok || authority.contains(['/', '?', '#']) {
        return Err(ValueFault::PublicUrlPath);
    }
    match (origin.is_secure(), tls) {
        (true, _) => Ok(origin),
        (false, true) => Err(ValueFault::PublicUrlWithoutTls),
        (false, false) if origin.is_loopback() => Ok(origin),
        (false, false) => Err(ValueFault::PublicUrlInsecure),
    }
}

/// `URL`, or `URL=POLICY`.
fn application(text: &str) -> Result<ApplicationSettings, ValueFault> {
    let (url, policy) = text.split_once('=').map_or((text, None), |(url, policy)| (url, Some(policy)));
    if policy == Some("") {
        return Err(ValueFault::Empty);
    }
    Ok(ApplicationSettings { origin: public_url(url, false)?, policy: policy.map(PathBuf::from) })
}

/// Without the port.
fn host(origin: &Origin) -> &str {
    let authority = origin.authority();
    let after = authority.rfind(']').unwrap_or_default();
    authority.rfind(':').filter(|colon| *colon > after).and_then(|colon| authority.get(..colon)).unwrap_or(authority)
}

fn did_web(text: &str) -> Result<Did, ValueFault> {
    let did = Did::parse(text).map_err(ValueFault::Did)?;
    let whole_host = Location::of(&did).is_ok_and(|location| location.path() == "/.well-known/did.json");
    if whole_host { Ok(did) } else { Err(ValueFault::DidWeb) }
}

/// `N/min`, or `N` alone; half of a minute's handshakes may come at once.
fn rate(text: &str) -> Result<Rate, ValueFault> {
    let per_minute: u32 = text.strip_suffix("/min").unwrap_or(text).parse().map_err(|_| ValueFault::Rate)?;
    if !(1..=MAX_RATE).contains(&per_minute) {
        return Err(ValueFault::Rate);
    }
    Ok(Rate { burst: per_minute.div_ceil(2), per_minute })
}

//! What is wrong with a service before it starts, or seen from outside: each finding with what to do about it.

mod outside;

use std::net::TcpListener;

use didshake_did::{Clock, SystemClock};

use crate::config::{Config, unknown_variables};
use crate::data::{DataDirectory, database_in};
use crate::store::{Database, StorageError, check_file};

pub use outside::examine_url;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// It works, and may not be what is wanted.
    Warning,
    /// It does not work.
    Failure,
}

/// One check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
    /// What to do about it; nothing where all is well.
    pub remedy: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, detail: detail.into(), remedy: None }
    }

    pub(crate) fn warning(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    pub(crate) fn failure(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failure, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything that a configuration needs: files, clock, storage, the address, and, where a service runs, its
/// public URLs and its did:web as clients see them. Nothing is changed.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock(), files(config).await, policy(config), variables()];
    let (storage, running) = storage(config).await;
    findings.extend([storage, address(config, running), proxies(config)]);
    if running {
        for origin in &config.public_urls {
            findings.extend(examine_url(config, origin).await);
        }
        findings.extend(outside::did_web(config).await);
    }
    findings
}

// Before this program was written, or long after: signatures and sessions rest on the time.
fn clock() -> Finding {
    const CHECK: &str = "clock";
    let now = SystemClock.now().0;
    if (1_767_225_600..4_102_444_800).contains(&now) {
        return Finding::ok(CHECK, "the time is plausible");
    }
    Finding::failure(CHECK, format!("Unix time is {now}"), "set the clock; NTP keeps it right")
}

async fn files(config: &Config) -> Finding {
    const CHECK: &str = "files";
    match config.check_files().await {
        Ok(()) => Finding::ok(CHECK, "policy, certificates and documents can be read"),
        Err(error) => Finding::failure(CHECK, chain(&error), error.remedy()),
    }
}

fn policy(config: &Config) -> Finding {
    const CHECK: &str = "policy";
    match config.policy() {
        Ok(policy) if policy.rules() > 0 => Finding::ok(CHECK, format!("{} rules", policy.rules())),
        Ok(_) => Finding::warning(CHECK, "everyone who proves a DID is let in", "say whom: --policy FILE"),
        Err(error) => Finding::failure(CHECK, chain(&error), error.remedy()),
    }
}

fn variables() -> Finding {
    const CHECK: &str = "environment";
    let unknown = unknown_variables();
    if unknown.is_empty() {
        return Finding::ok(CHECK, "every DIDSHAKE_ variable is a setting");
    }
    Finding::warning(CHECK, format!("no settings: {}", unknown.join(", ")), "check how they are spelled")
}

/// And whether a service has the data.
async fn storage(config: &Config) -> (Finding, bool) {
    const CHECK: &str = "storage";
    let path = config.data.display();
    let failure = |error: &StorageError| Finding::failure(CHECK, chain(error), error.remedy());
    if !config.data.exists() {
        let remedy = "nothing, if this is the first start: the service makes it";
        return (Finding::warning(CHECK, format!("there is no {path}"), remedy), false);
    }
    let running = match DataDirectory::take(&config.data) {
        Ok(_) => false,
        Err(StorageError::InUse { .. }) => true,
        Err(error) => return (failure(&error), false),
    };
    if let Some(url) = &config.store {
        return match Database::examine(url).await {
            Ok(()) => (Finding::ok(CHECK, format!("{url} answers")), running),
            Err(error) => (failure(&error), running),
        };
    }
    match check_file(&database_in(&config.data)).await {
        Ok(()) if running => (Finding::ok(CHECK, format!("{path} is whole, and a service runs on it")), true),
        Ok(()) => (Finding::ok(CHECK, format!("{path} is whole, and no service runs on it")), false),
        Err(StorageError::Missing { .. }) => {
            let remedy = "nothing, if this is the first start: the service makes it";
            (Finding::warning(CHECK, format!("there is no database in {path}"), remedy), running)
        }
        Err(error) => (failure(&error), running),
    }
}

fn address(config: &Config, running: bool) -> Finding {
    const CHECK: &str = "address";
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(CHECK, format!("{address} can be listened on")),
        Err(_) if running => Finding::ok(CHECK, format!("{address} is in use, and the service runs")),
        Err(error) => Finding::failure(
            CHECK,
            format!("{address} cannot be listened on: {error}"),
            "end what listens there, or take another: --listen",
        ),
    }
}

fn proxies(config: &Config) -> Finding {
    const CHECK: &str = "proxies";
    let behind_one = config.tls.is_none() && config.public_urls.iter().any(didshake::Origin::is_secure);
    if behind_one && config.trusted_proxies.is_empty() {
        let detail = "TLS ends at a proxy that is not trusted: all clients count as one";
        return Finding::warning(CHECK, detail, "name it: --trusted-proxy 127.0.0.1");
    }
    Finding::ok(CHECK, format!("{} trusted", config.trusted_proxies.len()))
}

/// An error with all its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

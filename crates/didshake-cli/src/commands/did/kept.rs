//! What we keep of a did:webvh of ours, and the last steps of every change: publish, then sign with the new key.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use didshake::{Fault, Fragment, UnixTime};
use didshake_did::key_file::{self, Header, MAX_KEY_FILE_BYTES};
use didshake_did::webvh::{Change, KeeperError, Log, LogKeeper};
use didshake_did::{
    Clock, DidDocument, IdentityName, IdentityStore, Passphrase, SigningIdentity, SystemClock, private_file,
};
use serde_json::{Value, json};

use super::served::Looking;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::storage;
use crate::web_access::WebAccess;

/// The key that is signed with once the log is published.
const WAITING: &str = "login/next.pem";

/// Whose log, with which passphrase, to which directory.
#[derive(Args)]
pub(crate) struct Whose {
    /// The name of the identity on this machine
    pub(super) name: IdentityName,
    /// The directory from which did.jsonl is served; remembered from `did create`
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
    /// Seconds for which it is looked, before a new key or place is used, whether the new version is served; 0: it is not looked
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=86_400))]
    wait: u64,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

/// The same, and how its place is asked.
#[derive(Args)]
pub(crate) struct Ours {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    web: WebAccess,
}

/// An identity of ours with its log.
pub(super) struct Kept {
    pub(super) name: IdentityName,
    pub(super) store: IdentityStore,
    pub(super) keeper: LogKeeper,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) out: Option<PathBuf>,
    /// None for one that is being made, at whose place nobody has looked yet.
    pub(super) looking: Option<Looking>,
}

impl Kept {
    /// The identity that is there, its passphrase asked for if there is one.
    pub(super) fn of(global: &Global, ours: &Ours) -> Result<Self, Failure> {
        Self::asking(global, &ours.whose, &ours.web)
    }

    /// The same, where the options for asking come from elsewhere.
    pub(super) fn asking(global: &Global, whose: &Whose, web: &WebAccess) -> Result<Self, Failure> {
        let store = storage::identities(global)?;
        let looking = Some(Looking { web: web.options()?, longest: Duration::from_secs(whose.wait) });
        let keeper = keeper(&store, &whose.name);
        if !keeper.has_log() {
            let message = format!("`{}` has no did:webvh log here (no {})", whose.name, keeper.directory().display());
            return Err(Failure::new(Exit::Storage, "no_log", message).remedy("make one with `didshake did create`"));
        }
        // Before the first publication only the waiting key is there.
        let waiting = keeper.directory().join(WAITING);
        let header = store.header(&whose.name).or_else(|error| key_file::read_header(&waiting).map_err(|_| error));
        let header = header.map_err(|error| storage::missing(&whose.name, &error))?;
        let passphrase = if header.encrypted { Some(whose.passphrase.unlock(global, &whose.name)?) } else { None };
        Ok(Self { name: whose.name.clone(), store, keeper, passphrase, out: whose.out.clone(), looking })
    }

    /// One that is being made.
    pub(super) fn new(
        store: IdentityStore,
        name: &IdentityName,
        passphrase: Option<Passphrase>,
        out: PathBuf,
    ) -> Result<Self, Failure> {
        let keeper = keeper(&store, name);
        let kept = Self { name: name.clone(), store, keeper, passphrase, out: Some(out), looking: None };
        private_file::create_directory(&kept.path("login"))?;
        kept.remember(&kept.out()?)?;
        Ok(kept)
    }

    pub(super) fn log(&self) -> Result<Log, Failure> {
        self.keeper.log(now()).map_err(|error| failure(&error))
    }

    /// Adds an entry.
    pub(super) fn extend(&self, document: Option<&Value>, change: Change) -> Result<Log, Failure> {
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let document = document.map(Value::to_string);
        let document = document.as_deref().map(str::as_bytes);
        // What others will refuse is not made.
        let refused =
            |fault: Fault| Failure::new(Exit::Usage, fault.code(), format!("the document is refused: {fault}"));
        if let Some(document) = document {
            let did = DidDocument::claimed_did(document).map_err(refused)?;
            let _good = DidDocument::parse(document, &did).map_err(refused)?;
        }
        let log = self.keeper.extend(document, change, self.passphrase.as_ref(), now(), &mut rng);
        log.map_err(|error| failure(&error))
    }

    /// The last steps of every change, which can be done again and again: the log is published, then the identity signs
    /// with the key that is waiting.
    pub(super) fn finish(&self, global: &Global) -> Result<(), Failure> {
        let out = self.out()?;
        let published = self.keeper.publish(&out, now()).map_err(|error| match error {
            KeeperError::Refused(refusal) if refusal.fault.code().starts_with("witness") => self.waits(),
            error => failure(&error),
        })?;
        self.remember(&out)?;
        if self.has_usable_key(&published) {
            // Whoever looks for the new key has to find it: a peer does not ask again at once. For a first one nobody looks yet.
            if self.header().is_some() {
                self.served(global, &published)?;
            }
            self.take_waiting_key()?;
        }
        self.show(global, &published, &out);
        Ok(())
    }

    /// Waits until the place of the log serves its last version.
    pub(super) fn served(&self, global: &Global, log: &Log) -> Result<(), Failure> {
        self.looking.as_ref().map_or(Ok(()), |looking| looking.until_served(global, log, &self.out()?))
    }

    /// Where the key waits that is signed with once the log is published.
    pub(super) fn waiting(&self) -> PathBuf {
        self.path(WAITING)
    }

    /// The identity, with the key that it signs with now.
    pub(super) fn identity(&self) -> Result<SigningIdentity, Failure> {
        let loaded = self.store.load(&self.name, self.passphrase.as_ref());
        loaded.map_err(|error| storage::key_file_failure(&error))
    }

    pub(super) fn header(&self) -> Option<Header> {
        self.store.header(&self.name).ok()
    }

    /// The fragments of the keys that this identity signed with before.
    pub(super) fn former_fragments(&self) -> Result<Vec<String>, Failure> {
        let own = self.header().map(|header| header.fragment);
        let mut fragments = Vec::new();
        for entry in fs::read_dir(self.path("login"))? {
            let path = entry?.path();
            let header = key_file::read_header(&path).ok().filter(|_| path != self.waiting());
            let fragment = header.map(|header| header.fragment).filter(|fragment| own.as_ref() != Some(fragment));
            fragments.extend(fragment.map(|fragment| fragment.as_str().to_owned()));
        }
        Ok(fragments)
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.keeper.directory().join(file)
    }

    /// Whether there is a waiting key, and the last version of the log has it.
    fn has_usable_key(&self, log: &Log) -> bool {
        let header = key_file::read_header(&self.waiting()).ok();
        header.is_some_and(|header| header.did == *log.did() && lists(&document(log), &header.fragment))
    }

    fn take_waiting_key(&self) -> Result<(), Failure> {
        let waiting = self.waiting();
        let own = self.store.path(&self.name);
        if let Some(old) = self.header() {
            let saved = self.path("login").join(format!("{}-{}.pem", old.fragment.as_str(), now().0));
            copy(&own, &saved)?;
        }
        private_file::create_directory(self.store.directory())?;
        copy(&waiting, &own)?;
        fs::remove_file(&waiting)?;
        Ok(())
    }

    fn out(&self) -> Result<PathBuf, Failure> {
        if let Some(out) = &self.out {
            return Ok(std::path::absolute(out)?);
        }
        let kept = private_file::read(&self.path("out"), 4096).ok();
        let kept = kept.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).map(PathBuf::from);
        kept.ok_or_else(|| {
            Failure::new(Exit::Usage, "out", "it is not known where the log is served from")
                .remedy("give --out DIRECTORY")
        })
    }

    fn remember(&self, out: &Path) -> Result<(), Failure> {
        Ok(private_file::replace(&self.path("out"), out.as_os_str().as_encoded_bytes())?)
    }

    fn waits(&self) -> Failure {
        let version = self.log().ok().and_then(|log| log.versions().last().cloned()).unwrap_or_default();
        let message =
            format!("the entry {version} is made and kept, and waits for its witnesses before it is published");
        let (log, name) = (self.path("did.jsonl").display().to_string(), &self.name);
        Failure::new(Exit::Policy, "witness_needed", message).remedy(format!(
            "each witness makes a proof with `didshake did witness WITNESS --log {log}`; then `didshake did publish {name} --proof FILE`"
        ))
    }

    fn show(&self, global: &Global, log: &Log, out: &Path) {
        let (did, version) = (log.did(), log.versions().last().cloned().unwrap_or_default());
        if global.json {
            output::json(&json!({
                "name": self.name.as_str(), "did": did.as_str(), "versionId": version, "out": out.display().to_string(),
                "deactivated": log.is_deactivated(), "preRotation": !log.next_key_hashes().is_empty(),
            }));
            return;
        }
        output::line(did.as_str());
        output::note(&format!("version {version}, in {}", out.display()));
    }
}

/// The log and keys of an identity, beside the key files.
fn keeper(store: &IdentityStore, name: &IdentityName) -> LogKeeper {
    LogKeeper::at(store.directory().join("webvh").join(name.as_str()))
}

/// The document of the last entry.
pub(super) fn document(log: &Log) -> Value {
    serde_json::from_str(&log.document_text()).unwrap_or(Value::Null)
}

/// Whether a document lists a method of this fragment.
pub(super) fn lists(document: &Value, fragment: &Fragment) -> bool {
    let suffix = format!("#{}", fragment.as_str());
    let methods = document.get("verificationMethod").and_then(Value::as_array);
    methods.is_some_and(|methods| methods.iter().any(|method| is_method(method, &suffix)))
}

/// Whether an entry or a reference is the one with this `#fragment`.
pub(super) fn is_method(entry: &Value, suffix: &str) -> bool {
    let id = entry.as_str().or_else(|| entry.get("id").and_then(Value::as_str));
    id.is_some_and(|id| id.ends_with(suffix))
}

pub(super) fn now() -> UnixTime {
    SystemClock.now()
}

pub(super) fn failure(error: &KeeperError) -> Failure {
    let (exit, code) = match error {
        KeeperError::Refused(refusal) => (Exit::Resolution, refusal.fault.code()),
        KeeperError::Exists { .. } => (Exit::Storage, "log_exists"),
        KeeperError::NoKey { .. } => (Exit::Storage, "no_update_key"),
        KeeperError::Differs { .. } => (Exit::Storage, "published_differs"),
        KeeperError::Locked { .. } => (Exit::Storage, "locked"),
        KeeperError::KeyFile(error) => return storage::key_file_failure(error),
        KeeperError::Author(_) | KeeperError::Key(_) => (Exit::Usage, "document"),
        KeeperError::Unread { .. } | KeeperError::Unwritable { .. } => (Exit::Storage, "log"),
    };
    Failure::new(exit, code, error.to_string())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = private_file::read(from, MAX_KEY_FILE_BYTES);
    let bytes = bytes
        .map_err(|why| Failure::new(Exit::Storage, "key_file", format!("cannot read {}: {why}", from.display())))?;
    Ok(private_file::replace(to, &bytes)?)
}

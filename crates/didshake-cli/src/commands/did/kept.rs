//! What we keep of a did:webvh of ours, and the last steps of every change: publish, then sign with the new key.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use didshake::{Did, Fault, Fragment, UnixTime};
use didshake_did::key_file::Header;
use didshake_did::webvh::{Change, KeeperError, Log, LogFault, LogKeeper};
use didshake_did::{
    Clock, DidDocument, IdentityName, IdentityStore, Passphrase, SigningIdentity, SystemClock, private_file,
};
use serde_json::{Value, json};

use super::keeper_failure::{failure, of_own_log};
use super::served::Looking;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::storage;
use crate::web_access::WebAccess;

/// The directory from which the log is served.
const OUT: &str = "out";
/// The one from which it was served before a move, where the move is not told yet.
const OUT_BEFORE: &str = "out-before";
/// So long another command's step is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

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
        let looking = Some(Looking { web: web.options()?, longest: Duration::from_secs(whose.wait) });
        let store = storage::identities(global)?;
        let keeper = keeper(&store, &whose.name);
        if !keeper.has_log() {
            let message = format!("`{}` has no did:webvh log here (no {})", whose.name, keeper.directory().display());
            return Err(Failure::new(Exit::Storage, "no_log", message).remedy("make one with `didshake did create`"));
        }
        let (name, out) = (whose.name.clone(), whose.out.clone());
        let kept = Self { name, store, keeper, passphrase: None, out, looking };
        let header = kept.store.header(&kept.name);
        // Before the first publication only the waiting key is there.
        let header = header.or_else(|error| kept.waiting_header().ok_or(error));
        let header = header.map_err(|error| storage::missing(&kept.name, &error))?;
        kept.check_is_of_log(&header.did)?;
        let passphrase = if header.encrypted { Some(whose.passphrase.unlock(global, &kept.name)?) } else { None };
        Ok(Self { passphrase, ..kept })
    }

    /// The key file may be of another identity, which has got the name since.
    fn check_is_of_log(&self, did: &Did) -> Result<(), Failure> {
        let log = self.log()?;
        if did.method() == "webvh" && did.method_specific_id().split(':').next() == Some(log.scid()) {
            return Ok(());
        }
        let message = format!("`{}` is {did}, and the log of that name here is of {}", self.name, log.did());
        let directory = self.keeper.directory().display();
        Err(Failure::new(Exit::Storage, "other_identity", message)
            .remedy(format!("the log is of an identity that is gone: move {directory} away, with the keys in it")))
    }

    /// One that is being made.
    pub(super) fn new(store: IdentityStore, name: &IdentityName, out: PathBuf) -> Result<Self, Failure> {
        let keeper = keeper(&store, name);
        let kept = Self { name: name.clone(), store, keeper, passphrase: None, out: Some(out), looking: None };
        private_file::create_directory(&kept.path("login"))?;
        Ok(kept)
    }

    /// From here on no other command takes a step, until what this gives is dropped.
    pub(super) fn alone(&self) -> Result<File, Failure> {
        self.locked("changing", PATIENCE)
    }

    pub(super) fn locked(&self, file: &str, patience: Duration) -> Result<File, Failure> {
        private_file::lock(&self.path(file), patience).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => {
                failure(&KeeperError::Locked { path: self.keeper.directory().to_owned() })
            }
            _ => error.into(),
        })
    }

    pub(super) fn log(&self) -> Result<Log, Failure> {
        self.keeper.log(now()).map_err(|error| of_own_log(&error, &self.path("did.jsonl")))
    }

    /// Adds the entry that is made of the log as it is, if one is, while no other command changes anything: a document, or the
    /// last one, and a change of the parameters.
    pub(super) fn change(
        &self,
        new: impl FnOnce(&Log) -> Result<Option<(Option<Value>, Change)>, Failure>,
    ) -> Result<(), Failure> {
        let _alone = self.alone()?;
        let log = self.log()?;
        if log.is_deactivated() {
            return Err(failure(&KeeperError::Refused(LogFault::AfterDeactivation.into())));
        }
        let Some((document, change)) = new(&log)? else { return Ok(()) };
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let document = document.as_ref().map(Value::to_string);
        let document = document.as_deref().map(str::as_bytes);
        // What others will refuse is not made.
        let refused =
            |fault: Fault| Failure::new(Exit::Usage, fault.code(), format!("the document is refused: {fault}"));
        if let Some(document) = document {
            let did = DidDocument::claimed_did(document).map_err(refused)?;
            let _good = DidDocument::parse(document, &did).map_err(refused)?;
        }
        let longer = self.keeper.extend(&log, document, change, self.passphrase.as_ref(), now(), &mut rng);
        longer.map(drop).map_err(|error| failure(&error))
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
        self.tell_place_before()?;
        if self.has_due_key(&published)? {
            // Whoever looks for the new key has to find it: a peer does not ask again at once. For a first one nobody looks yet.
            if self.header().is_some() {
                self.served(global, &published)?;
            }
            self.take_due_key(&published)?;
        }
        self.show(global, &published, &out);
        Ok(())
    }

    /// Waits until the place of the log serves its last version.
    pub(super) fn served(&self, global: &Global, log: &Log) -> Result<(), Failure> {
        self.looking.as_ref().map_or(Ok(()), |looking| looking.until_served(global, log, &self.out()?))
    }

    /// The identity, with the key that it signs with now.
    pub(super) fn identity(&self) -> Result<SigningIdentity, Failure> {
        let loaded = self.store.load(&self.name, self.passphrase.as_ref());
        loaded.map_err(|error| storage::key_file_failure(&error))
    }

    pub(super) fn header(&self) -> Option<Header> {
        self.store.header(&self.name).ok()
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.keeper.directory().join(file)
    }

    fn out(&self) -> Result<PathBuf, Failure> {
        if let Some(out) = &self.out {
            return Ok(std::path::absolute(out)?);
        }
        self.remembered(OUT).ok_or_else(|| {
            Failure::new(Exit::Usage, "out", "it is not known where the log is served from")
                .remedy("give --out DIRECTORY")
        })
    }

    fn remembered(&self, file: &str) -> Option<PathBuf> {
        let kept = private_file::read(&self.path(file), 4096).ok()?;
        String::from_utf8(kept.to_vec()).ok().map(PathBuf::from)
    }

    pub(super) fn remember_out(&self) -> Result<(), Failure> {
        self.remember(&self.out()?)
    }

    fn remember(&self, out: &Path) -> Result<(), Failure> {
        Ok(private_file::replace(&self.path(OUT), out.as_os_str().as_encoded_bytes())?)
    }

    /// The log moves to another directory: the one before is told once the move is published, by whatever command.
    pub(super) fn leave(&self) -> Result<(), Failure> {
        let (before, out) = (self.remembered(OUT), self.out()?);
        if let Some(before) = before.filter(|before| *before != out) {
            private_file::replace(&self.path(OUT_BEFORE), before.as_os_str().as_encoded_bytes())?;
            self.remember(&out)?;
        }
        Ok(())
    }

    /// Who knows the DID by the place before gets the move from there, and goes on with no key that is removed later.
    fn tell_place_before(&self) -> Result<(), Failure> {
        let Some(before) = self.remembered(OUT_BEFORE) else { return Ok(()) };
        if before.join("did.jsonl").exists()
            && let Err(error) = self.keeper.publish(&before, now())
        {
            output::warning(&format!(
                "the place before the move is not told of it ({error}): copy did.jsonl there from {}, or whoever knows the DID \
                 by that place goes on with the keys that it had",
                self.out()?.display()
            ));
            return Ok(());
        }
        Ok(private_file::remove(&self.path(OUT_BEFORE))?)
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

/// Whether a document has a method of this fragment, of whatever key.
pub(super) fn mentions(document: &Value, fragment: &Fragment) -> bool {
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

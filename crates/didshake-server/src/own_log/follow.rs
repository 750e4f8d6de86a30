//! What the service does when its log or its key changes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use didshake::{PublicKey, Signature, UnixTime};
use didshake_axum::Didshake;
use didshake_did::{BoxFuture, Clock as _, Signer, SignerError, SigningIdentity, SystemClock};
use tokio::task::{JoinError, spawn_blocking};

use super::files::{self, KeyFile};
use super::{OwnLog, OwnLogError, Published};
use crate::config::Config;
use crate::identity::{Present, ServiceIdentity};

/// How often it is looked whether a file has changed. What changes is taken once it has not changed for as long.
const PERIOD: Duration = Duration::from_millis(500);
/// Periods after which what was refused is tried again: a log that is ahead of this machine's clock becomes right by itself.
const AGAIN: u32 = 4;

/// Follows the files of the log and the key, where there is a log, until the task is dropped.
pub(crate) async fn follow(log: Option<&Arc<OwnLog>>, config: &Config, present: &Present, didshake: &Didshake) {
    let Some(log) = log else { return std::future::pending().await };
    let (present, key) = (present.clone(), ServiceIdentity::key_file(config));
    let follower =
        Follower { log: Arc::clone(log), key, present, didshake: didshake.clone(), is_withdrawn: false, told: None };
    follower.run().await;
}

struct Follower {
    log: Arc<OwnLog>,
    key: Option<KeyFile>,
    present: Present,
    didshake: Didshake,
    /// The document does not have the key, so that it signs nothing.
    is_withdrawn: bool,
    /// What the operator was told last of what is wrong.
    told: Option<String>,
}

/// What was found in the files.
type Found = (Result<Published, OwnLogError>, Option<Result<SigningIdentity, OwnLogError>>);

impl Follower {
    async fn run(mut self) {
        let (mut read, mut seen, mut periods) = (None, None, 0);
        loop {
            tokio::time::sleep(PERIOD).await;
            let (directory, key) = (self.log.directory.clone(), self.key.clone());
            let Ok(now) = spawn_blocking(move || files::stamps(&directory, key.as_ref())).await else { return };
            let settled = seen.replace(now) == Some(now);
            periods += 1;
            // The first time it is what was there at the start, or has come since.
            let (has_changed, again) = (read != Some(now), self.told.is_some() && periods >= AGAIN);
            if !settled || !(has_changed || again) {
                continue;
            }
            (read, periods) = (Some(now), 0);
            if has_changed {
                self.told = None;
            }
            match self.look().await {
                Ok(found) => self.take(found, SystemClock.now()),
                // The service is ending.
                Err(_) => return,
            }
        }
    }

    /// Reads what is there. Disks can be slow, and a long log takes a moment to verify.
    async fn look(&self) -> Result<Found, JoinError> {
        let (log, key, did) = (Arc::clone(&self.log), self.key.clone(), self.present.now().did().clone());
        spawn_blocking(move || {
            let published = files::read(&log.directory, &did, Some(&log.now().head), SystemClock.now());
            (published, key.map(|key| key.load().map_err(OwnLogError::KeyFile)))
        })
        .await
    }

    /// What is refused changes nothing, and the operator hears of it.
    fn take(&mut self, (published, key): Found, now: UnixTime) {
        let mut refused = Vec::new();
        match published {
            Ok(published) => self.publish(published, now),
            Err(error) => refused.push(error),
        }
        let key = key.transpose().unwrap_or_else(|error| {
            refused.push(error);
            None
        });
        refused.extend(self.sign_with(key, now).err());
        self.tell(&refused);
    }

    /// What its owner has signed is served, also where it does not have our key: peers have to learn of keys that are gone.
    fn publish(&self, published: Published, now: UnixTime) {
        if published.head != self.log.now().head {
            tracing::info!(version = published.head.version_id(), "a new version of the own DID is served");
        }
        // Another instance may sign with a key that is not here yet, or no more.
        let others = self.didshake.finish_also(published.signers(self.present.now().did(), now));
        others.unwrap_or_else(|error| tracing::error!(%error, "what other instances begin does not end here"));
        self.log.replace(published);
    }

    /// Signs with the key of the file where the document has it; with the present one as long as the document has that.
    fn sign_with(&mut self, loaded: Option<SigningIdentity>, now: UnixTime) -> Result<(), OwnLogError> {
        let (published, present) = (self.log.now(), self.present.now());
        if published.resolved.is_deactivated() {
            return Ok(());
        }
        let new = loaded.filter(|new| new.did() == present.did());
        let new = new.unwrap_or_else(|| present.clone());
        let is_same = new.fragment() == present.fragment() && new.public_key() == present.public_key();
        let Err(error) = published.has(&new, now) else {
            if !is_same || self.is_withdrawn {
                self.answer_with(new.clone())?;
                tracing::info!(fragment = new.fragment().as_str(), "the service signs with another key");
                self.present.replace(new);
                self.is_withdrawn = false;
            }
            return Ok(());
        };
        if published.has(&present, now).is_err() && !self.is_withdrawn {
            self.answer_with(withdrawn(&present)?)?;
            tracing::warn!(
                fragment = present.fragment().as_str(),
                "the document does not have the key of the service any more: it signs nothing until its new key is here"
            );
            self.is_withdrawn = true;
        }
        Err(error)
    }

    fn answer_with(&self, identity: SigningIdentity) -> Result<(), OwnLogError> {
        let others = self.didshake.identities().into_iter().skip(1);
        let replaced = self.didshake.replace_identities(std::iter::once(identity).chain(others).collect());
        replaced.map_err(|_| OwnLogError::Key(didshake::Fault::KeyInvalid))
    }

    fn tell(&mut self, refused: &[OwnLogError]) {
        let mut words = String::new();
        for error in refused {
            let mut cause: Option<&dyn Error> = Some(error);
            while let Some(error) = cause {
                words.push_str(&format!("{error}; "));
                cause = error.source();
            }
        }
        if refused.is_empty() {
            self.told = None;
        } else if self.told.as_ref() != Some(&words) {
            for error in refused {
                let error: &dyn Error = error;
                tracing::error!(error, "the new log or key is refused; the old ones stay");
            }
            self.told = Some(words);
        }
    }
}

/// The same identity, whose key signs nothing.
fn withdrawn(identity: &SigningIdentity) -> Result<SigningIdentity, OwnLogError> {
    let signer = Arc::new(Withdrawn(identity.public_key().clone()));
    let withdrawn = SigningIdentity::new(identity.did().clone(), identity.fragment().as_str(), signer);
    withdrawn.map_err(OwnLogError::Key)
}

/// A key that its owner has taken back.
struct Withdrawn(PublicKey);

impl Signer for Withdrawn {
    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async { Err(SignerError::Unavailable(None)) })
    }
}

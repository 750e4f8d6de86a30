//! Our mailbox keys: made, kept, published, destroyed.

use didshake::mailbox::{ClaimedMailboxKey, KeyId, MailboxSecret};
use didshake::{Admission, Did, Document, Fault, Fragment, Origin, PublicKey, UnixTime};
use didshake_did::SigningIdentity;
use getrandom::SysRng;

use super::{Agent, AgentError, Inner};
use crate::mailbox::records::{KeptKey, OwnMailbox};

/// Seconds after which a new mailbox key takes the place of one: 7 days.
pub const KEY_ROTATION_SECONDS: u64 = 604_800;
/// Seconds for which a mailbox key is good: 14 days, so that one is good while its owner is away for a week.
pub const KEY_PERIOD_SECONDS: u64 = 1_209_600;

impl Agent {
    /// Opens a mailbox at a relay that has to prove that it is `relay`, or finds the one that is open there, and has it show our
    /// mailbox key.
    ///
    /// # Errors
    /// [`AgentError`]; the relay refuses with `not_admitted` whom it does not serve.
    pub async fn open_mailbox(&self, origin: &Origin, relay: &Did) -> Result<OwnMailbox, AgentError> {
        let status = self.inner.owner_at(origin, relay).open().await?;
        let (origin, relay, opened) = (origin.clone(), relay.clone(), self.inner.now());
        let mailbox = OwnMailbox { origin, relay, url: status.url, opened, shown: status.key };
        self.inner.store.put_mailbox(&mailbox).await?;
        let mailbox = self.inner.show_key(mailbox).await?;
        self.inner.changed();
        self.inner.mailboxes.notify_one();
        Ok(mailbox)
    }

    /// Makes a new mailbox key now, before it is time, and has all our relays show it; its id. What is sealed to older ones still
    /// opens until their grace is over.
    ///
    /// # Errors
    /// [`AgentError`]; a relay that did not hear of it hears of it with the next connection.
    pub async fn rotate_key(&self) -> Result<KeyId, AgentError> {
        let key = self.inner.new_key().await?;
        for mailbox in self.inner.store.mailboxes().await? {
            self.inner.show_key(mailbox).await?;
        }
        self.inner.changed();
        Ok(key.id)
    }

    /// Closes a mailbox: what waits in it is gone for good, and nobody reaches us there.
    ///
    /// # Errors
    /// [`AgentError::NoMailbox`]; [`AgentError::Relay`], and then it is still open.
    pub async fn close_mailbox(&self, origin: &Origin) -> Result<(), AgentError> {
        let mailbox = self.inner.mailbox(origin).await?;
        self.inner.owner(&mailbox).close().await?;
        self.inner.store.remove_mailbox(origin).await?;
        self.inner.changed();
        self.inner.mailboxes.notify_one();
        Ok(())
    }
}

impl Inner {
    pub(super) async fn mailbox(&self, origin: &Origin) -> Result<OwnMailbox, AgentError> {
        let mailboxes = self.store.mailboxes().await?;
        let found = mailboxes.into_iter().find(|mailbox| mailbox.origin == *origin);
        found.ok_or_else(|| AgentError::NoMailbox(origin.clone()))
    }

    /// Looks after one mailbox: that it is there, shows our key, and knows our tokens.
    pub(super) async fn tend(&self, mailbox: OwnMailbox) -> Result<OwnMailbox, AgentError> {
        let status = self.owner(&mailbox).open().await?;
        if status.url != mailbox.url {
            tracing::warn!(relay = %mailbox.origin, "the relay has given the mailbox another name: cards are to be made anew");
        }
        let mailbox = OwnMailbox { url: status.url, shown: status.key, ..mailbox };
        let mailbox = self.show_key(mailbox).await?;
        self.settle_tokens(&mailbox).await?;
        Ok(mailbox)
    }

    /// Destroys what is over, makes a key where it is time, and has the relay show it.
    pub(super) async fn show_key(&self, mailbox: OwnMailbox) -> Result<OwnMailbox, AgentError> {
        self.store.destroy_keys(self.now()).await?;
        let key = self.current_key().await?;
        if mailbox.shown == Some(key.id) {
            return Ok(mailbox);
        }
        self.owner(&mailbox).publish(&key.signed).await?;
        let mailbox = OwnMailbox { shown: Some(key.id), ..mailbox };
        self.store.put_mailbox(&mailbox).await?;
        tracing::debug!(relay = %mailbox.origin, "the relay shows our mailbox key");
        Ok(mailbox)
    }

    /// The key that is to be shown. A new one is durable when this returns (R-RLY-10).
    async fn current_key(&self) -> Result<KeptKey, AgentError> {
        let now = self.now();
        let kept = self.store.keys().await?.into_iter().find(|key| self.is_current(key, now));
        match kept {
            Some(key) => Ok(key),
            None => self.new_key().await,
        }
    }

    /// A new key, durable when this returns.
    async fn new_key(&self) -> Result<KeptKey, AgentError> {
        let now = self.now();
        let secret = MailboxSecret::generate(&mut SysRng)?;
        let (begins, ends) = (now, now.plus(KEY_PERIOD_SECONDS));
        let unsigned = secret.offer(&self.identity.local(), begins, ends)?;
        let signature = self.identity.sign(&unsigned.signature_input()).await?;
        let key = KeptKey { id: secret.id()?, secret, begins, ends, signed: unsigned.sign(signature) };
        self.store.put_key(&key).await?;
        Ok(key)
    }

    /// Young enough, and signed by the method that we sign with now.
    fn is_current(&self, key: &KeptKey, now: UnixTime) -> bool {
        let is_young = key.begins <= now && now < key.begins.plus(KEY_ROTATION_SECONDS) && now < key.ends;
        let claimed = ClaimedMailboxKey::read(&key.signed, &Admission::only(self.identity.did().clone()), now);
        is_young && claimed.and_then(|claimed| claimed.verify(&Ours(&self.identity), now)).is_ok()
    }
}

/// What our document says of the key that we sign with.
struct Ours<'a>(&'a SigningIdentity);

impl Document for Ours<'_> {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        let is_ours = did == self.0.did() && fragment == self.0.fragment();
        if is_ours { Ok(self.0.public_key().clone()) } else { Err(Fault::MethodAbsent) }
    }
}

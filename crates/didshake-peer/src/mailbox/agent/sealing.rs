//! Letters into envelopes: the recipient's mailbox key, fetched and verified, and the sealing.

use std::time::Duration;

use didshake::mailbox::{ClaimedMailboxKey, Letter, MailboxFault, MailboxKey, UnsignedEnvelope};
use didshake::relay::DepositName;
use didshake::{Admission, Did, Fault};
use didshake_did::Resolver as _;
use getrandom::SysRng;
use tokio::time::{Instant, timeout};

use super::{AgentError, Inner, lock};
use crate::mailbox::records::{MailboxAddress, NewLetter, Sealed};

/// A mailbox key that was verified is good for so long; its owner can open what is sealed to an older one.
const KEY_LIFE: Duration = Duration::from_secs(300);

/// Whether a letter can be one, before it is queued.
pub(super) fn check(letter: &NewLetter) -> Result<(), AgentError> {
    as_letter(letter).map(drop)
}

impl Inner {
    /// The recipient's mailbox key: as it was verified a moment ago, or fetched anew.
    pub(super) async fn key_of(
        &self,
        to: &Did,
        address: &MailboxAddress,
        fresh: bool,
    ) -> Result<MailboxKey, AgentError> {
        let kept = lock(&self.keys).get(&address.url).cloned();
        let now = self.now();
        let is_good =
            |key: &MailboxKey, at: &Instant| key.owner().did() == to && at.elapsed() < KEY_LIFE && now < key.ends();
        if let Some((key, _)) = kept.filter(|(key, at)| !fresh && is_good(key, at)) {
            return Ok(key);
        }
        let bytes = self.depositor.key(address).await?;
        let key = self.verified_key(&bytes, to).await.map_err(AgentError::Key)?;
        lock(&self.keys).insert(address.url.clone(), (key.clone(), Instant::now()));
        Ok(key)
    }

    async fn verified_key(&self, bytes: &[u8], to: &Did) -> Result<MailboxKey, MailboxFault> {
        let claimed = ClaimedMailboxKey::read(bytes, &Admission::only(to.clone()), self.now())?;
        let claim = claimed.claim();
        let surroundings = &self.options.surroundings;
        let resolving = surroundings.resolver.resolve_method(claim.did(), claim.fragment());
        let resolved = timeout(surroundings.timeouts.resolve, resolving).await;
        let resolved = resolved.map_err(|_| Fault::DidResolutionFailed)??;
        claimed.verify(&resolved, self.now())
    }

    /// Signs a letter and seals it, with a fresh encapsulation.
    pub(super) async fn seal(&self, letter: &NewLetter, key: &MailboxKey) -> Result<Sealed, AgentError> {
        let unsigned = UnsignedEnvelope::begin(key, &self.identity.local(), as_letter(letter)?, &mut SysRng)?;
        let signature = self.identity.sign(unsigned.signature_input()).await?;
        let envelope = unsigned.sign(signature)?;
        let deposit = DepositName::of(&envelope);
        Ok(Sealed { envelope, key: key.id(), deposit })
    }
}

fn as_letter(letter: &NewLetter) -> Result<Letter, AgentError> {
    let NewLetter { id, written, expires, content_type, content, .. } = letter;
    Letter::new(*id, *written, *expires, content_type, content.to_vec()).map_err(AgentError::Letter)
}

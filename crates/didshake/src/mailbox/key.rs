//! Mailbox keys: made and signed by their owner, read and verified by whoever writes (section 2).

use alloc::vec::Vec;
use core::fmt;

use rand_core::TryCryptoRng;

use super::{MailboxFault, VERSION, hpke_suite};
use crate::codec::Reader;
use crate::crypto::{Signature, hash};
use crate::did::Did;
use crate::document::{Document, UnixTime};
use crate::error::{Error, Fault, Internal, Misuse};
use crate::identity::{Admission, Claim, Identity, LocalIdentity, VerifiedPeer};
use crate::secret::Secret;
use crate::signer::{SIGNATURE_BYTES, SKEW_SECONDS, Signer, put_signer};

/// Seconds for which a mailbox key is good at most: 90 days.
pub const MAX_PERIOD_SECONDS: u64 = 7_776_000;
/// Seconds after its end for which a key still opens what was under way: the life of a letter, and a minute.
pub const GRACE_SECONDS: u64 = 2_592_060;

const TYPE: u8 = 32;

/// What an envelope names a mailbox key by, 16 bytes.
pub type KeyId = [u8; 16];

/// The secret half of a mailbox key; wiped on drop.
///
/// ```
/// use didshake::{Secret, mailbox::MailboxSecret};
/// let secret = MailboxSecret::from_secret(Secret::new([3; 32]));
/// assert_eq!(format!("{secret:?}"), "MailboxSecret(redacted)");
/// assert_eq!((secret.public_key()?.len(), secret.id()?.len()), (32, 16));
/// # Ok::<(), didshake::Internal>(())
/// ```
pub struct MailboxSecret(Secret<32>);

impl MailboxSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn generate(rng: &mut impl TryCryptoRng) -> Result<Self, Internal> {
        let mut secret = Secret::zeroed();
        rng.try_fill_bytes(secret.expose_mut()).map_err(|_| Internal::Randomness)?;
        Ok(Self(secret))
    }

    /// One that was kept: 32 bytes, clamped on use (RFC 7748).
    #[must_use]
    pub fn from_secret(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The bytes, for whoever keeps them.
    #[must_use]
    pub fn secret(&self) -> &Secret<32> {
        &self.0
    }

    /// The public half.
    ///
    /// # Errors
    /// [`Internal::Primitive`], which no key gives.
    pub fn public_key(&self) -> Result<[u8; 32], Internal> {
        hpke_suite::public_of(&self.0)
    }

    /// What envelopes to it are marked with.
    ///
    /// # Errors
    /// As [`public_key`](Self::public_key).
    pub fn id(&self) -> Result<KeyId, Internal> {
        self.public_key().map(|public| id_of(&public))
    }

    /// Offers it as the key of an owner, from one time until another.
    ///
    /// # Errors
    /// [`Misuse::MailboxPeriod`] where it would be for no time or for more than 90 days (R-MBOX-1),
    /// [`Misuse::IdentityFragment`].
    pub fn offer(&self, owner: &LocalIdentity, begins: UnixTime, ends: UnixTime) -> Result<UnsignedMailboxKey, Error> {
        if !is_period(begins, ends) {
            return Err(Misuse::MailboxPeriod.into());
        }
        let mut bytes = alloc::vec![TYPE, VERSION];
        bytes.extend_from_slice(&self.public_key()?);
        bytes.extend_from_slice(&begins.0.to_be_bytes());
        bytes.extend_from_slice(&ends.0.to_be_bytes());
        put_signer(&mut bytes, owner)?;
        Ok(UnsignedMailboxKey(bytes))
    }
}

impl fmt::Debug for MailboxSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxSecret(redacted)")
    }
}

/// A mailbox key that its owner has to sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsignedMailboxKey(Vec<u8>);

impl UnsignedMailboxKey {
    /// What the owner signs.
    #[must_use]
    pub fn signature_input(&self) -> Vec<u8> {
        signature_input(&self.0)
    }

    /// The mailbox key, for whoever wants to write.
    #[must_use]
    pub fn sign(self, signature: Signature) -> Vec<u8> {
        let Self(mut bytes) = self;
        bytes.extend_from_slice(&signature);
        bytes
    }
}

/// A mailbox key of whoever it says, which nobody has verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimedMailboxKey {
    owner: Identity,
    signed: Vec<u8>,
    public: [u8; 32],
    ends: UnixTime,
}

impl ClaimedMailboxKey {
    /// Reads a mailbox key of somebody whom we mean.
    ///
    /// # Errors
    /// The first check of section 2 that fails (R-MBOX-2).
    pub fn read(bytes: &[u8], admission: &Admission, now: UnixTime) -> Result<Self, MailboxFault> {
        let malformed = |_| MailboxFault::KeyMalformed;
        let mut reader = Reader::new(bytes);
        if reader.array().map_err(malformed)? != [TYPE, VERSION] {
            return Err(MailboxFault::KeyMalformed);
        }
        let public = reader.array().map_err(malformed)?;
        let begins = UnixTime(reader.u64().map_err(malformed)?);
        let ends = UnixTime(reader.u64().map_err(malformed)?);
        let owner = Signer::read(&mut reader, MailboxFault::KeyMalformed)?;
        let owner = owner.with(reader.array().map_err(malformed)?);
        reader.finish().map_err(malformed)?;
        if !is_period(begins, ends) {
            return Err(MailboxFault::KeyPeriod);
        }
        if begins > now.plus(SKEW_SECONDS) || now >= ends {
            return Err(MailboxFault::KeyTime);
        }
        if !admission.admits(&owner.claim()) {
            return Err(Fault::NotAdmitted.into());
        }
        let signed = bytes.len().checked_sub(SIGNATURE_BYTES).and_then(|end| bytes.get(..end));
        Ok(Self { owner, signed: signature_input(signed.unwrap_or_default()), public, ends })
    }

    /// Whose it says that it is: good for resolving, nothing else.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.owner.claim()
    }

    /// What envelopes to it are marked with.
    #[must_use]
    pub fn id(&self) -> KeyId {
        id_of(&self.public)
    }

    /// From then on it is good no more, as it says.
    #[must_use]
    pub fn ends(&self) -> UnixTime {
        self.ends
    }

    /// Checks document, key and signature.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(self, document: &dyn Document, now: UnixTime) -> Result<MailboxKey, MailboxFault> {
        let Self { owner, signed, public, ends } = self;
        Ok(MailboxKey { owner: owner.verify(&signed, document, now)?, public, ends })
    }
}

/// A mailbox key that its owner has signed: what an envelope is sealed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailboxKey {
    owner: VerifiedPeer,
    public: [u8; 32],
    ends: UnixTime,
}

impl MailboxKey {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &VerifiedPeer {
        &self.owner
    }

    /// The X25519 key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public
    }

    /// What envelopes to it are marked with.
    #[must_use]
    pub fn id(&self) -> KeyId {
        id_of(&self.public)
    }

    /// From then on it is good no more.
    #[must_use]
    pub fn ends(&self) -> UnixTime {
        self.ends
    }
}

/// A mailbox key of ours, with which envelopes are opened.
#[derive(Debug)]
pub struct OwnMailboxKey {
    secret: MailboxSecret,
    owner: Did,
    ends: UnixTime,
}

impl OwnMailboxKey {
    /// A key that was offered for this DID, until then.
    #[must_use]
    pub fn new(secret: MailboxSecret, owner: Did, ends: UnixTime) -> Self {
        Self { secret, owner, ends }
    }

    /// Whether it still opens what was under way at its end; if not, it is to be wiped (R-MBOX-6).
    #[must_use]
    pub fn is_live(&self, now: UnixTime) -> bool {
        now < self.ends.plus(GRACE_SECONDS)
    }

    pub(super) fn secret(&self) -> &MailboxSecret {
        &self.secret
    }

    pub(super) fn owner(&self) -> &Did {
        &self.owner
    }
}

fn is_period(begins: UnixTime, ends: UnixTime) -> bool {
    ends > begins && ends.0 - begins.0 <= MAX_PERIOD_SECONDS
}

fn id_of(public: &[u8; 32]) -> KeyId {
    let whole = hash(&[b"didshake/1 mailbox key id", public]);
    core::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
}

fn signature_input(signed: &[u8]) -> Vec<u8> {
    [&b"didshake/1 mailbox key\0"[..], signed].concat()
}

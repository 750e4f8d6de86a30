//! Envelopes: sealed by a sender, opened by the owner of a mailbox key (section 3).

use alloc::vec::Vec;
use core::fmt;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::hpke_suite::{self, Sealing};
use super::{KeyId, Letter, MailboxFault, MailboxKey, OwnMailboxKey, SIZE_CLASSES, VERSION};
use crate::codec::{Reader, put_vec16};
use crate::crypto::Signature;
use crate::did::Did;
use crate::document::{Document, UnixTime};
use crate::error::{Error, Fault, Misuse};
use crate::identity::{Admission, Claim, Identity, LocalIdentity, VerifiedPeer};
use crate::signer::put_signer;

const TYPE: u8 = 33;
/// Before the encapsulated key: type, version and key id, which HPKE covers.
const HEAD_BYTES: usize = 18;
const ENC_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// An envelope whose letter the sender has to sign.
pub struct UnsignedEnvelope {
    head: Vec<u8>,
    sealing: Sealing,
    sender: LocalIdentity,
    letter: Letter,
    signature_input: Zeroizing<Vec<u8>>,
}

impl UnsignedEnvelope {
    /// Begins an envelope to somebody, from one of our identities. `rng` gives 32 bytes, for this envelope alone
    /// (R-MBOX-3).
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where the mailbox key is of low order, [`Misuse::IdentityFragment`],
    /// [`Internal::Randomness`](crate::Internal::Randomness).
    pub fn begin(
        to: &MailboxKey,
        from: &LocalIdentity,
        letter: Letter,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Self, Error> {
        let sealing = Sealing::to(to.public_key(), rng)?.ok_or(Fault::KeyInvalid)?;
        let way = Way { recipient: to.owner().did(), public: to.public_key(), enc: &sealing.enc };
        let signature_input = way.signature_input(from, &letter)?;
        let head = [&[TYPE, VERSION][..], &to.id()].concat();
        Ok(Self { head, sealing, sender: from.clone(), letter, signature_input })
    }

    /// What the sender signs.
    #[must_use]
    pub fn signature_input(&self) -> &[u8] {
        &self.signature_input
    }

    /// The envelope, for a relay.
    ///
    /// # Errors
    /// [`Internal::Primitive`](crate::Internal::Primitive), which no letter gives.
    pub fn sign(self, signature: Signature) -> Result<Vec<u8>, Error> {
        let plain = Zeroizing::new(self.letter.encode(&self.sender, &signature)?);
        let enc = self.sealing.enc;
        let sealed = self.sealing.seal(&plain, &self.head)?;
        Ok([&self.head[..], &enc, &sealed].concat())
    }
}

impl fmt::Debug for UnsignedEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedEnvelope(from {}, redacted)", self.sender.did)
    }
}

/// A letter of whoever it says, which nobody has verified yet.
#[derive(Debug)]
pub struct ClaimedLetter {
    sender: Identity,
    letter: Letter,
    signature_input: Zeroizing<Vec<u8>>,
}

impl ClaimedLetter {
    /// Opens an envelope with one of our keys, and reads the letter, if it is of somebody of whom we take letters.
    ///
    /// # Errors
    /// The first of steps 1 to 7 of section 3.2 that fails (R-MBOX-5).
    pub fn open(
        envelope: &[u8],
        keys: &[OwnMailboxKey],
        admission: &Admission,
        now: UnixTime,
    ) -> Result<Self, MailboxFault> {
        let Parts { head, key_id, enc, sealed } = Parts::of(envelope).ok_or(MailboxFault::EnvelopeMalformed)?;
        let key = keys.iter().find(|key| key.is_live(now) && key.secret().id() == Ok(key_id));
        let key = key.ok_or(MailboxFault::EnvelopeKeyUnknown)?;
        let plain = hpke_suite::open(key.secret().secret(), &enc, sealed, head).map(Zeroizing::new);
        let plain = plain.ok_or(MailboxFault::EnvelopeNotOpened)?;
        let (sender, letter) = Letter::decode(&plain, now)?;
        if !admission.admits(&sender.claim()) {
            return Err(Fault::NotAdmitted.into());
        }
        let public = key.secret().public_key().map_err(|_| MailboxFault::EnvelopeKeyUnknown)?;
        let way = Way { recipient: key.owner(), public: &public, enc: &enc };
        let (did, fragment, algorithm) = (sender.did.clone(), sender.fragment.clone(), sender.algorithm);
        let signature_input = way.signature_input(&LocalIdentity { did, fragment, algorithm }, &letter);
        let signature_input = signature_input.map_err(|_| MailboxFault::LetterMalformed)?;
        Ok(Self { sender, letter, signature_input })
    }

    /// Whom it says that it is from: good for resolving, nothing else.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.sender.claim()
    }

    /// Step 8: document, key and signature. Whether it was taken before, the caller knows.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(self, document: &dyn Document, now: UnixTime) -> Result<VerifiedLetter, MailboxFault> {
        let Self { sender, letter, signature_input } = self;
        let sender = sender.verify(&signature_input, document, now)?;
        Ok(VerifiedLetter { sender, letter })
    }
}

/// A letter that its sender has signed, to us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedLetter {
    sender: VerifiedPeer,
    letter: Letter,
}

impl VerifiedLetter {
    /// Whom it is from, with the method and the key that were verified.
    #[must_use]
    pub fn sender(&self) -> &VerifiedPeer {
        &self.sender
    }

    /// What was written.
    #[must_use]
    pub fn letter(&self) -> &Letter {
        &self.letter
    }
}

/// Whether these bytes have the length, the type and the version of an envelope: step 1 of section 3.2, which is all that a relay can see.
///
/// ```
/// use didshake::mailbox::is_envelope;
/// assert!(is_envelope(&[&[33, 1][..], &[0; 576]].concat()));
/// assert!(!is_envelope(&[&[33, 1][..], &[0; 575]].concat()));
/// ```
#[must_use]
pub fn is_envelope(bytes: &[u8]) -> bool {
    Parts::of(bytes).is_some()
}

/// An envelope, taken apart.
struct Parts<'a> {
    head: &'a [u8],
    key_id: KeyId,
    enc: [u8; ENC_BYTES],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(envelope: &'a [u8]) -> Option<Self> {
        let (head, rest) = envelope.split_at_checked(HEAD_BYTES)?;
        let mut reader = Reader::new(head);
        let is_envelope = reader.array().ok()? == [TYPE, VERSION];
        let key_id = reader.array().ok()?;
        let (enc, sealed) = rest.split_first_chunk()?;
        let has_class = SIZE_CLASSES.contains(&sealed.len().checked_sub(TAG_BYTES)?);
        (is_envelope && has_class).then_some(Self { head, key_id, enc: *enc, sealed })
    }
}

/// Where a letter goes: its signature covers that too.
struct Way<'a> {
    recipient: &'a Did,
    public: &'a [u8; 32],
    enc: &'a [u8; ENC_BYTES],
}

impl Way<'_> {
    fn signature_input(&self, sender: &LocalIdentity, letter: &Letter) -> Result<Zeroizing<Vec<u8>>, Misuse> {
        let mut input = Zeroizing::new(b"didshake/1 envelope\0".to_vec());
        put_signer(&mut input, sender)?;
        put_vec16(&mut input, self.recipient.as_str().as_bytes())?;
        input.extend_from_slice(self.public);
        input.extend_from_slice(self.enc);
        letter.put(&mut input)?;
        Ok(input)
    }
}

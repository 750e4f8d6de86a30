//! Cards: made and signed by their owner, read and verified by whoever is given one (sections 2 and 3 of the page).

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::{CardBytes, CardContents, CardFault, MAX_CARD_BYTES};
use crate::codec::Reader;
use crate::crypto::Signature;
use crate::document::{Document, UnixTime};
use crate::error::{Fault, Misuse};
use crate::identity::{Admission, Claim, Identity, LocalIdentity, VerifiedPeer};
use crate::signer::{SIGNATURE_BYTES, SKEW_SECONDS, Signer, put_signer};

const TYPE: u8 = 34;
const VERSION: u8 = 1;

/// A card that its owner has to sign.
pub struct UnsignedCard(Zeroizing<Vec<u8>>);

impl UnsignedCard {
    /// Writes a card of this owner.
    ///
    /// # Errors
    /// [`Misuse::CardPeriod`] where it would end before it was issued, [`Misuse::CardEndpoints`] where it would have more
    /// than 8, [`Misuse::IdentityFragment`] (R-CARD-1).
    pub fn new(owner: &LocalIdentity, contents: &CardContents) -> Result<Self, Misuse> {
        if !contents.has_period() {
            return Err(Misuse::CardPeriod);
        }
        // In one allocation: growing would leave the token behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_CARD_BYTES));
        bytes.extend_from_slice(&[TYPE, VERSION]);
        contents.put_times(&mut bytes);
        put_signer(&mut bytes, owner)?;
        contents.put_addresses(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// What the owner signs. It has the token in it: wiped on drop.
    #[must_use]
    pub fn signature_input(&self) -> Zeroizing<Vec<u8>> {
        signature_input(&self.0)
    }

    /// The card, for whoever is to reach the owner.
    #[must_use]
    pub fn sign(self, signature: Signature) -> CardBytes {
        let Self(mut bytes) = self;
        bytes.extend_from_slice(&signature);
        CardBytes::of(bytes)
    }
}

impl fmt::Debug for UnsignedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedCard({} bytes, redacted)", self.0.len())
    }
}

/// A card of whoever it says, which nobody has verified yet.
pub struct ClaimedCard {
    owner: Identity,
    signed: Zeroizing<Vec<u8>>,
    contents: CardContents,
}

impl ClaimedCard {
    /// Reads a card. `admission` says whose it may be: where a user brings the card of somebody new, they mean whoever it
    /// names, so a policy that takes everybody; where it is to replace a card, exactly the owner of that one.
    ///
    /// # Errors
    /// The first check of section 3 that fails (R-CARD-2).
    pub fn read(bytes: &[u8], admission: &Admission, now: UnixTime) -> Result<Self, CardFault> {
        let malformed = |_| CardFault::Malformed;
        let mut reader = Reader::new(bytes);
        if reader.array().map_err(malformed)? != [TYPE, VERSION] {
            return Err(CardFault::Malformed);
        }
        let times = CardContents::read_times(&mut reader)?;
        let owner = Signer::read(&mut reader, CardFault::Malformed)?;
        let contents = CardContents::read_addresses(&mut reader, times)?;
        let owner = owner.with(reader.array().map_err(malformed)?);
        reader.finish().map_err(malformed)?;
        if !contents.has_period() {
            return Err(CardFault::Period);
        }
        if contents.issued > now.plus(SKEW_SECONDS) || is_over(&contents, now) {
            return Err(CardFault::Time);
        }
        if !admission.admits(&owner.claim()) {
            return Err(Fault::NotAdmitted.into());
        }
        let signed = bytes.len().checked_sub(SIGNATURE_BYTES).and_then(|end| bytes.get(..end));
        Ok(Self { owner, signed: signature_input(signed.unwrap_or_default()), contents })
    }

    /// Whose it says that it is: good for resolving, and for asking the user, nothing else.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.owner.claim()
    }

    /// Checks document, key and signature.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(self, document: &dyn Document, now: UnixTime) -> Result<Card, CardFault> {
        let Self { owner, signed, contents } = self;
        Ok(Card { owner: owner.verify(&signed, document, now)?, contents })
    }
}

impl fmt::Debug for ClaimedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimedCard({}, {:?})", self.owner.did, self.contents)
    }
}

/// A card that its owner has signed.
#[derive(PartialEq, Eq, Debug)]
pub struct Card {
    owner: VerifiedPeer,
    contents: CardContents,
}

impl Card {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &VerifiedPeer {
        &self.owner
    }

    /// What it says.
    #[must_use]
    pub fn contents(&self) -> &CardContents {
        &self.contents
    }

    /// What it says, for whoever keeps it.
    #[must_use]
    pub fn into_contents(self) -> CardContents {
        self.contents
    }

    /// Whether it has ended: a card that was kept is to be asked that whenever it is used.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        is_over(&self.contents, now)
    }

    /// Whether it takes the place of one that was kept: it is of the same owner and was issued later (R-CARD-4).
    #[must_use]
    pub fn replaces(&self, kept: &Self) -> bool {
        self.owner.did() == kept.owner.did() && self.contents.issued > kept.contents.issued
    }
}

fn is_over(contents: &CardContents, now: UnixTime) -> bool {
    contents.ends.is_some_and(|ends| now >= ends)
}

fn signature_input(signed: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&b"didshake/1 contact card\0"[..], signed].concat())
}

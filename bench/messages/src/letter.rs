//! A letter of didshake (`spec/mailbox-1.md`).

use anyhow::Result;
use didshake::mailbox::{
    ClaimedLetter, ClaimedMailboxKey, Letter, MailboxKey, MailboxSecret, OwnMailboxKey, UnsignedEnvelope,
};
use didshake::{
    Admission, Algorithm, Did, Document, Fault, Fragment, LocalIdentity, PublicKey, Secret, SigningKey, UnixTime,
};
use didshake_bench::random::Random;

use crate::Messages;

const NOW: UnixTime = UnixTime(1_767_225_600);
const WEEK: u64 = 7 * 86_400;

/// From one did:web to another's mailbox key.
pub(crate) struct Letters {
    alice: LocalIdentity,
    key: SigningKey,
    document: Pinned,
    to: MailboxKey,
    own: [OwnMailboxKey; 1],
    admission: Admission,
    random: Random,
    number: u128,
}

impl Letters {
    pub(crate) fn new() -> Result<Self> {
        let (alice, key, document) = person("did:web:alice.example", 1)?;
        let (bob, bobs_key, bobs_document) = person("did:web:bob.example", 2)?;
        let secret = MailboxSecret::from_secret(Secret::new([3; 32]));
        let offer = secret.offer(&bob, NOW, NOW.plus(WEEK))?;
        let signature = bobs_key.sign(&offer.signature_input())?;
        let claimed = ClaimedMailboxKey::read(&offer.sign(signature), &Admission::only(bob.did.clone()), NOW)?;
        let to = claimed.verify(&bobs_document, NOW)?;
        let own = [OwnMailboxKey::new(secret, bob.did, NOW.plus(WEEK))];
        let admission = Admission::only(alice.did.clone());
        Ok(Self { alice, key, document, to, own, admission, random: Random::default(), number: 0 })
    }
}

impl Messages for Letters {
    const NAME: &str = "didshake";

    fn seal(&mut self, text: &str) -> Result<Vec<u8>> {
        self.number += 1;
        let letter = Letter::new(self.number.to_be_bytes(), NOW, NOW.plus(WEEK), "text/plain", text.into())?;
        let unsigned = UnsignedEnvelope::begin(&self.to, &self.alice, letter, &mut self.random)?;
        let signature = self.key.sign(unsigned.signature_input())?;
        Ok(unsigned.sign(signature)?)
    }

    fn open(&mut self, message: Vec<u8>) -> Result<String> {
        let claimed = ClaimedLetter::open(&message, &self.own, &self.admission, NOW)?;
        let read = claimed.verify(&self.document, NOW)?;
        Ok(String::from_utf8(read.letter().content().to_vec())?)
    }
}

/// A DID document that was resolved before.
struct Pinned(Did, PublicKey);

impl Document for Pinned {
    fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        if *did == self.0 { Ok(self.1.clone()) } else { Err(Fault::DocumentIdMismatch) }
    }
}

fn person(did: &str, seed: u8) -> Result<(LocalIdentity, SigningKey, Pinned)> {
    let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
    let did = Did::parse(did)?;
    let fragment = Fragment::of(&did, "key-1")?;
    let document = Pinned(did.clone(), key.public_key());
    Ok((LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }, key, document))
}

//! Both sides in memory, with fixed randomness, and one record over the channel.

use alloc::sync::Arc;
use core::convert::Infallible;

use didshake::{
    Admission, Algorithm, AwaitingHello, AwaitingReply, Burn, Context, Did, Document, Error, Extensions, Fault,
    Fragment, HelloRead, InitiatorConfig, LocalIdentity, PublicKey, Received, ReplyRead, ResponderConfig, Secret,
    SigningKey, UnixTime,
};
use rand_core::{TryCryptoRng, TryRng};

const NOW: UnixTime = UnixTime(1_767_225_600);
const PROTOCOL: &[u8] = b"didshake.chat/1";

/// Whether both sides end with the same session and understand each other.
pub(crate) fn agrees() -> Result<bool, Error> {
    let alice = Side::new("did:web:alice.example", 1)?;
    let bob = Side::new("did:web:bob.example", 2)?;
    let initiator = InitiatorConfig::new(alice.identity.clone(), PROTOCOL, Admission::only(bob.identity.did.clone()));
    let responder = ResponderConfig::new(bob.identity.clone(), PROTOCOL, Admission::policy(|_| true));
    let mut rng = Counter(0);

    let (hello, awaiting_reply) = AwaitingReply::start(Arc::new(initiator), Context::stream(), &mut rng)?;
    let awaiting_hello = AwaitingHello::new(Arc::new(responder), Context::stream())?;
    let HelloRead::Unsigned(unsigned) = awaiting_hello.read(&hello, NOW, &mut rng)? else { return Ok(false) };
    let signature = bob.key.sign(unsigned.signature_input())?;
    let (reply, waiting) = unsigned.sign(signature)?;
    let ReplyRead::Claimed(claimed) = awaiting_reply.read(&reply, &mut rng)? else { return Ok(false) };
    let unsigned = claimed.verify(&bob, NOW)?;
    let signature = alice.key.sign(unsigned.signature_input())?;
    let (finish, awaiting_accept) = unsigned.sign(signature)?;
    let verified = waiting.read(&finish, NOW)?.verify(&alice, NOW)?;
    let (accept, mut ours) = verified.accept(Burn::First, 0, Extensions::default())?;
    let mut theirs = awaiting_accept.read(&accept).map_err(|refused| refused.error)?;

    let record = theirs.channel.sealer().data(b"hello", 0)?;
    let received = ours.channel.opener().open(&record)?;
    Ok(received == Received::Data(b"hello".to_vec()) && ours.session_id == theirs.session_id)
}

/// One side, and its DID document as the other side knows it.
struct Side {
    identity: LocalIdentity,
    key: SigningKey,
    public: PublicKey,
}

impl Side {
    fn new(did: &str, seed: u8) -> Result<Self, Error> {
        let did = Did::parse(did)?;
        let fragment = Fragment::of(&did, "key-1")?;
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
        let public = key.public_key();
        Ok(Self { identity: LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }, key, public })
    }
}

impl Document for Side {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        let named = *did == self.identity.did && *fragment == self.identity.fragment;
        if named { Ok(self.public.clone()) } else { Err(Fault::MethodAbsent) }
    }
}

/// Fixed randomness, for this proof only.
struct Counter(u64);

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

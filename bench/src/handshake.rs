//! A whole handshake through the public API, both sides in memory.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Result, ensure};
use didshake::{
    Admission, Algorithm, AwaitingHello, AwaitingReply, Burn, Context, Did, Document, Extensions, Fault, Fragment,
    HelloRead, InitiatorConfig, LocalIdentity, PublicKey, ReplyRead, ResponderConfig, Secret, SigningKey, Suite,
    UnixTime,
};
use rand_core::{TryCryptoRng, TryRng};

const NOW: UnixTime = UnixTime(1_767_225_600);
const PROTOCOL: &[u8] = b"didshake.login/1";

/// The bytes of the four messages that the floor's lengths belong to.
const WIRE_BYTES: usize = 481;

/// An initiator and a responder, each with a did:key, and with the other's document resolved.
pub(crate) struct Peers {
    alice: Party,
    bob: Party,
    initiator: Arc<InitiatorConfig>,
    responder: Arc<ResponderConfig>,
    random: Random,
}

impl Peers {
    pub(crate) fn new() -> Result<Self> {
        let (alice, bob) = (Party::new(1)?, Party::new(2)?);
        // Both know both suites; the first is chosen, and the floor is made of it.
        let initiator =
            InitiatorConfig::new(alice.identity.clone(), PROTOCOL, Admission::only(bob.identity.did.clone()));
        let responder = ResponderConfig::new(bob.identity.clone(), PROTOCOL, Admission::policy(|_| true));
        Ok(Self { alice, bob, initiator: initiator.into(), responder: responder.into(), random: Random(0) })
    }

    /// From the first Hello to both channels.
    pub(crate) fn handshake(&mut self) -> Result<()> {
        let Self { alice, bob, initiator, responder, random } = self;
        let (hello, awaiting_reply) = AwaitingReply::start(initiator.clone(), Context::stream(), random)?;
        let awaiting_hello = AwaitingHello::new(responder.clone(), Context::stream())?;
        let HelloRead::Unsigned(unsigned) = awaiting_hello.read(&hello, NOW, random)? else {
            anyhow::bail!("a Retry between peers of one group");
        };
        let signature = bob.key.sign(unsigned.signature_input())?;
        let (reply, waiting) = unsigned.sign(signature)?;
        let ReplyRead::Claimed(claimed) = awaiting_reply.read(&reply, random)? else {
            anyhow::bail!("a Retry where a Reply was sent");
        };
        let unsigned = claimed.verify(bob, NOW)?;
        let signature = alice.key.sign(unsigned.signature_input())?;
        let (finish, awaiting_accept) = unsigned.sign(signature)?;
        let verified = waiting.read(&finish, NOW)?.verify(alice, NOW)?;
        let (accept, ours) = verified.accept(Burn::First, 3600, Extensions::default())?;
        let theirs = awaiting_accept.read(&accept)?;
        ensure!(ours.session_id == theirs.session_id && ours.suite == Suite::X25519_CHACHA20_POLY1305);
        let wire = hello.len() + reply.len() + finish.len() + accept.len();
        ensure!(wire == WIRE_BYTES, "{wire} bytes on the wire: the floor's lengths are no longer true");
        black_box((ours, theirs));
        Ok(())
    }
}

/// One side, and its DID document as the other side has resolved it.
struct Party {
    identity: LocalIdentity,
    key: SigningKey,
    public: PublicKey,
}

impl Party {
    fn new(seed: u8) -> Result<Self> {
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
        let public = key.public_key();
        // The multicodec of Ed25519 public keys.
        let multikey = [&[0xed, 0x01], public.as_bytes()].concat();
        let did = Did::parse(&format!("did:key:z{}", bs58::encode(multikey).into_string()))?;
        let fragment = Fragment::of(&did, "")?;
        Ok(Self { identity: LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }, key, public })
    }
}

impl Document for Party {
    fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        if *did == self.identity.did { Ok(self.public.clone()) } else { Err(Fault::DocumentIdMismatch) }
    }
}

/// SplitMix64: costs nothing, so that the ratio is not about a source of randomness. For measuring only.
struct Random(u64);

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_handshake_is_the_one_that_the_floor_counts() {
        let mut peers = Peers::new().unwrap();
        peers.handshake().unwrap();
        peers.handshake().unwrap();
    }
}

//! A handshake whose secrets are known, so that an input can be sealed and reach the parsers behind the seal.

use std::convert::Infallible;
use std::sync::Arc;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use didshake::schedule::{DirectionSecret, HandshakeSecret, Transcript};
use didshake::wire::{Reply, Sealed};
use didshake::{
    Admission, Algorithm, AwaitingHello, AwaitingReply, Burn, Context, Did, Document, Established, Extensions, Fault,
    Fragment, HelloRead, InitiatorConfig, LocalIdentity, PublicKey, ReplyRead, ResponderConfig, Secret, SigningKey,
    UnixTime, WaitingResponder,
};
use rand_core::{TryCryptoRng, TryRng};

pub(crate) const NOW: UnixTime = UnixTime(1_767_225_600);
pub(crate) const ALICE: Side = Side { did: "did:web:alice.example", seed: 1 };
pub(crate) const BOB: Side = Side { did: "did:web:bob.example", seed: 2 };
const PROTOCOL: &[u8] = b"didshake.login/1";

/// One side, and its DID document as the other side has resolved it.
pub(crate) struct Side {
    did: &'static str,
    seed: u8,
}

impl Side {
    pub(crate) fn identity(&self) -> LocalIdentity {
        let did = Did::parse(self.did).expect("a good DID");
        let fragment = Fragment::of(&did, "key-1").expect("a good fragment");
        LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }
    }

    pub(crate) fn initiator(&self, expected: &Self) -> Arc<InitiatorConfig> {
        let expected = Admission::only(expected.identity().did);
        Arc::new(InitiatorConfig::new(self.identity(), PROTOCOL, expected))
    }

    pub(crate) fn responder(&self) -> Arc<ResponderConfig> {
        Arc::new(ResponderConfig::new(self.identity(), PROTOCOL, Admission::policy(|_| true)))
    }

    fn key(&self) -> SigningKey {
        SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([self.seed; 32])).expect("a good seed")
    }
}

impl Document for Side {
    fn authentication_key(&self, _: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        Ok(self.key().public_key())
    }
}

/// A handshake up to Reply.
pub(crate) struct Replied {
    pub(crate) hello: Vec<u8>,
    pub(crate) reply: Vec<u8>,
    pub(crate) alice: AwaitingReply,
    pub(crate) bob: WaitingResponder,
}

pub(crate) fn replied() -> Replied {
    let mut random = Counter(0);
    let (hello, alice) =
        AwaitingReply::start(ALICE.initiator(&BOB), Context::stream(), &mut random).expect("a good configuration");
    let bob = AwaitingHello::new(BOB.responder(), Context::stream()).expect("a good configuration");
    let Ok(HelloRead::Unsigned(unsigned)) = bob.read(&hello, NOW, &mut random) else { panic!("no Reply") };
    let signature = BOB.key().sign(unsigned.signature_input()).expect("a signature");
    let (reply, bob) = unsigned.sign(signature).expect("a Reply");
    Replied { hello, reply, alice, bob }
}

/// Bob's end of an established channel, and the secret of the direction towards him.
pub(crate) fn established() -> (Established, DirectionSecret) {
    let Replied { hello, reply, alice, bob } = replied();
    let Ok(ReplyRead::Claimed(claimed)) = alice.read(&reply, &mut Counter(0)) else { panic!("no claim") };
    let unsigned = claimed.verify(&BOB, NOW).expect("a good Reply");
    let signature = ALICE.key().sign(unsigned.signature_input()).expect("a signature");
    let (finish, _) = unsigned.sign(signature).expect("a Finish");
    let verified = bob.read(&finish, NOW).and_then(|claimed| claimed.verify(&ALICE, NOW)).expect("a good Finish");
    let (_, established) = verified.accept(Burn::First, 0, Extensions::default()).expect("a first Finish");
    (established, secret_towards_bob(&hello, &reply, &finish))
}

/// The key schedule from the initiator's ephemeral secret, which [`Counter`] makes known.
fn secret_towards_bob(hello: &[u8], reply: &[u8], finish: &[u8]) -> DirectionSecret {
    let mut ephemeral = [0; 32];
    let Ok(()) = Counter(0).try_fill_bytes(&mut ephemeral);
    let reply = Reply::decode(reply).expect("a good Reply");
    let share: [u8; 32] = reply.key_share.try_into().expect("32 bytes");
    let dh = Secret::new(x25519_dalek::x25519(ephemeral, share));

    let th2 = Transcript::start(&Context::stream()).expect("short").with_message(hello).with_message(reply.clear);
    let hs = HandshakeSecret::extract(th2, &dh);
    let identity = open(&hs.reply_key().expect("a key"), th2, reply.sealed);
    let th3 = th2.with_identity(&identity).expect("short");
    let Sealed(sealed) = Sealed::decode_finish(finish).expect("a good Finish");
    let identity = open(&hs.finish_key().expect("a key"), th3, sealed);
    let th4 = th3.with_identity(&identity).expect("short");
    hs.master(th4).and_then(|master| master.initiator_to_responder()).expect("a secret")
}

fn open(key: &Secret<32>, transcript: Transcript, sealed: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: sealed, aad: transcript.as_bytes() };
    ChaCha20Poly1305::new(key.expose().into()).decrypt(&[0; 12].into(), payload).expect("the keys that both sides have")
}

/// Known randomness: 1, 2, 3, … as 64-bit words.
pub(crate) struct Counter(pub(crate) u64);

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

//! Two parties with fixed keys, and a whole handshake between them.

use std::convert::Infallible;
use std::sync::Arc;

use didshake::{
    Admission, Algorithm, AwaitingHello, AwaitingReply, Burn, Context, Did, Document, Error, Established, Extensions,
    Fault, Fragment, HelloRead, InitiatorConfig, LocalIdentity, PublicKey, ReplyRead, ResponderConfig, Secret,
    SigningKey, UnixTime,
};

pub(crate) const PROTOCOL: &[u8] = b"didshake.login/1";
pub(crate) const NOW: UnixTime = UnixTime(1_767_225_600);

/// A reproducible stream of bytes: nobody's idea of randomness, all that a test needs.
pub(crate) struct Counting(pub(crate) u64);

impl rand_core::TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Ok(self.0 ^ (self.0 >> 29))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

/// A party: a DID of a made-up method, one key.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) identity: LocalIdentity,
    pub(crate) key: Arc<SigningKey>,
}

impl Party {
    pub(crate) fn new(did: &str, algorithm: Algorithm, seed: u8) -> Self {
        let did = Did::parse(did).unwrap();
        let fragment = Fragment::of(&did, if did.has_single_method() { "" } else { "key-1" }).unwrap();
        let key = SigningKey::from_secret(algorithm, &Secret::new([seed; 32])).unwrap();
        Self { identity: LocalIdentity { did, fragment, algorithm }, key: Arc::new(key) }
    }

    pub(crate) fn did(&self) -> &Did {
        &self.identity.did
    }

    pub(crate) fn sign(&self, input: &[u8]) -> didshake::Signature {
        self.key.sign(input).unwrap()
    }
}

/// The party's own document: one verification method.
impl Document for Party {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        if did != self.did() {
            return Err(Fault::DocumentIdMismatch);
        }
        if *fragment != self.identity.fragment { Err(Fault::MethodAbsent) } else { Ok(self.key.public_key()) }
    }
}

pub(crate) struct Pair {
    pub(crate) alice: Party,
    pub(crate) bob: Party,
    pub(crate) initiator: InitiatorConfig,
    pub(crate) responder: ResponderConfig,
    pub(crate) initiator_context: Context,
    pub(crate) responder_context: Context,
    pub(crate) seed: u64,
}

pub(crate) struct Messages {
    pub(crate) hello: Vec<u8>,
    pub(crate) reply: Vec<u8>,
    pub(crate) finish: Vec<u8>,
    pub(crate) accept: Vec<u8>,
}

pub(crate) struct Finished {
    pub(crate) alice: Established,
    pub(crate) bob: Established,
    pub(crate) messages: Messages,
}

/// Which message is changed on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tamper {
    Nothing,
    Hello(usize),
    Reply(usize),
    Finish(usize),
    Accept(usize),
}

impl Default for Pair {
    fn default() -> Self {
        // 48 characters behind `did:key:`, as real ones have; what they decode to is not the protocol crate's business.
        let alice = Party::new(&format!("did:key:z6Mk{}", "a".repeat(44)), Algorithm::Ed25519, 1);
        let bob = Party::new(&format!("did:key:z6Mk{}", "b".repeat(44)), Algorithm::Ed25519, 2);
        Self::between(alice, bob)
    }
}

impl Pair {
    pub(crate) fn between(alice: Party, bob: Party) -> Self {
        let initiator = InitiatorConfig::new(alice.identity.clone(), PROTOCOL, Admission::only(bob.did().clone()));
        let responder = ResponderConfig::new(bob.identity.clone(), PROTOCOL, Admission::only(alice.did().clone()));
        let context = Context::stream();
        Self {
            alice,
            bob,
            initiator,
            responder,
            initiator_context: context.clone(),
            responder_context: context,
            seed: 7,
        }
    }

    pub(crate) fn run(&self) -> Result<Finished, Error> {
        self.run_tampered(Tamper::Nothing)
    }

    /// A whole handshake; `tamper` flips one bit of one message on its way.
    pub(crate) fn run_tampered(&self, tamper: Tamper) -> Result<Finished, Error> {
        let mut rng = Counting(self.seed);
        let (mut hello, alice) =
            AwaitingReply::start(Arc::new(self.initiator.clone()), self.initiator_context.clone(), &mut rng)?;
        let mut bob = AwaitingHello::new(Arc::new(self.responder.clone()), self.responder_context.clone())?;
        let mut alice = alice;
        let unsigned = loop {
            flip(&mut hello, tamper, |tamper| if let Tamper::Hello(bit) = tamper { Some(bit) } else { None });
            match bob.read(&hello, NOW, &mut rng)? {
                HelloRead::Unsigned(unsigned) => break unsigned,
                HelloRead::Retry { retry, next } => {
                    bob = next;
                    let ReplyRead::Retry { hello: second, next } = alice.read(&retry, &mut rng)? else {
                        panic!("a Retry was read as a Reply")
                    };
                    (hello, alice) = (second, next);
                }
            }
        };
        let signature = self.bob.sign(unsigned.signature_input());
        let (mut reply, waiting) = unsigned.sign(signature)?;
        flip(&mut reply, tamper, |tamper| if let Tamper::Reply(bit) = tamper { Some(bit) } else { None });
        let ReplyRead::Claimed(claimed) = alice.read(&reply, &mut rng)? else {
            return Err(Fault::UnexpectedMessage.into());
        };
        let unsigned = claimed.verify(&self.bob, NOW)?;
        let signature = self.alice.sign(unsigned.signature_input());
        let (mut finish, alice) = unsigned.sign(signature)?;
        flip(&mut finish, tamper, |tamper| if let Tamper::Finish(bit) = tamper { Some(bit) } else { None });
        let verified = waiting.read(&finish, NOW)?.verify(&self.alice, NOW)?;
        let (mut accept, bob) = verified.accept(Burn::First, 3600, Extensions::default())?;
        flip(&mut accept, tamper, |tamper| if let Tamper::Accept(bit) = tamper { Some(bit) } else { None });
        let alice = alice.read(&accept).map_err(|refused| refused.error)?;
        Ok(Finished { alice, bob, messages: Messages { hello, reply, finish, accept } })
    }
}

fn flip(message: &mut [u8], tamper: Tamper, bit_of: impl Fn(Tamper) -> Option<usize>) {
    if let Some(bit) = bit_of(tamper) {
        let bit = bit % (message.len() * 8);
        message[bit / 8] ^= 1 << (bit % 8);
    }
}

//! A whole handshake through the public API, both sides in memory.

#[cfg(feature = "peers")]
mod beside;
mod measured;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use didshake::{
    Admission, Algorithm, AwaitingHello, AwaitingReply, Burn, Context, Did, Document, Established, Extensions, Fault,
    Fragment, HelloRead, InitiatorConfig, LocalIdentity, PublicKey, ReplyRead, ResponderConfig, Secret, SigningKey,
    Suite, UnixTime,
};

use crate::random::Random;

pub use measured::measure;

const NOW: UnixTime = UnixTime(1_767_225_600);
const PROTOCOL: &[u8] = b"didshake.login/1";

/// The bytes of the four messages that the floor's lengths belong to.
const WIRE_BYTES: [(&str, usize); 4] = [("Hello", 94), ("Reply", 215), ("Finish", 147), ("Accept", 25)];

/// What a handshake consists of, and who does it.
pub const STEPS: [(&str, &str); 5] = [
    ("initiator", "Hello is made"),
    ("responder", "Hello is read, Reply is made"),
    ("initiator", "Reply is read, Finish is made"),
    ("responder", "Finish is read, Accept is made"),
    ("initiator", "Accept is read"),
];

/// An initiator and a responder, each with a did:key, and with the other's document resolved.
pub struct Peers {
    alice: Party,
    bob: Party,
    initiator: Arc<InitiatorConfig>,
    responder: Arc<ResponderConfig>,
    random: Random,
}

/// What a handshake leaves.
pub struct Done {
    /// What the initiator has.
    pub initiator: Established,
    /// What the responder has.
    pub responder: Established,
    /// The bytes of Hello, Reply, Finish, Accept.
    pub wire: [usize; 4],
}

impl Peers {
    /// Both know both suites; `suite` is chosen.
    ///
    /// # Errors
    /// Where their configuration is refused.
    pub fn new(suite: Suite) -> Result<Self> {
        let (alice, bob) = (Party::new(1)?, Party::new(2)?);
        let initiator =
            InitiatorConfig::new(alice.identity.clone(), PROTOCOL, Admission::only(bob.identity.did.clone()));
        let mut responder = ResponderConfig::new(bob.identity.clone(), PROTOCOL, Admission::policy(|_| true));
        // The responder picks by its own preference.
        responder.suites = vec![suite];
        Ok(Self { alice, bob, initiator: initiator.into(), responder: responder.into(), random: Random::default() })
    }

    /// From the first Hello to both channels.
    ///
    /// # Errors
    /// Where either side refuses.
    pub fn handshake(&mut self) -> Result<Done> {
        self.observed(|_| {})
    }

    /// The same, and how long each of [`STEPS`] took.
    ///
    /// # Errors
    /// Where either side refuses.
    pub fn timed(&mut self) -> Result<[Duration; 5]> {
        let (mut took, mut since) = ([Duration::ZERO; 5], Instant::now());
        self.observed(|step| {
            let now = Instant::now();
            if let Some(took) = took.get_mut(step) {
                *took = now - since;
            }
            since = Instant::now();
        })?;
        Ok(took)
    }

    /// Tells `after` of each of [`STEPS`] that is done.
    fn observed(&mut self, mut after: impl FnMut(usize)) -> Result<Done> {
        let Self { alice, bob, initiator, responder, random } = self;
        let (hello, awaiting_reply) = AwaitingReply::start(initiator.clone(), Context::stream(), random)?;
        after(0);
        let awaiting_hello = AwaitingHello::new(responder.clone(), Context::stream())?;
        let HelloRead::Unsigned(unsigned) = awaiting_hello.read(&hello, NOW, random)? else {
            bail!("a Retry between peers of one group");
        };
        let signature = bob.key.sign(unsigned.signature_input())?;
        let (reply, waiting) = unsigned.sign(signature)?;
        after(1);
        let ReplyRead::Claimed(claimed) = awaiting_reply.read(&reply, random)? else {
            bail!("a Retry where a Reply was sent");
        };
        let unsigned = claimed.verify(bob, NOW)?;
        let signature = alice.key.sign(unsigned.signature_input())?;
        let (finish, awaiting_accept) = unsigned.sign(signature)?;
        after(2);
        let verified = waiting.read(&finish, NOW)?.verify(alice, NOW)?;
        let (accept, responder) = verified.accept(Burn::First, 3600, Extensions::default())?;
        after(3);
        let initiator = awaiting_accept.read(&accept)?;
        after(4);
        ensure!(initiator.session_id == responder.session_id);
        let wire = [hello.len(), reply.len(), finish.len(), accept.len()];
        ensure!(wire == WIRE_BYTES.map(|(_, bytes)| bytes), "{wire:?} bytes: the floor's lengths are no longer true");
        Ok(Done { initiator, responder, wire })
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
        let did = did_key(&public)?;
        let fragment = Fragment::of(&did, "")?;
        Ok(Self { identity: LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }, key, public })
    }
}

/// The did:key of a key of Ed25519.
fn did_key(public: &PublicKey) -> Result<Did> {
    // The multicodec of Ed25519 public keys.
    let multikey = [&[0xed, 0x01], public.as_bytes()].concat();
    Ok(Did::parse(&format!("did:key:z{}", bs58::encode(multikey).into_string()))?)
}

impl Document for Party {
    fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        if *did == self.identity.did { Ok(self.public.clone()) } else { Err(Fault::DocumentIdMismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_handshake_is_the_one_that_the_floor_counts() {
        for suite in Suite::ALL {
            let mut peers = Peers::new(suite).unwrap();
            assert_eq!(peers.handshake().unwrap().initiator.suite, suite);
            assert_eq!(peers.handshake().unwrap().wire.iter().sum::<usize>(), 481);
            assert!(peers.timed().unwrap().iter().all(|took| *took > Duration::ZERO));
        }
        crate::floor::Floor::new().unwrap().both_sides().unwrap();
        crate::floor::Floor::new().unwrap().one_side().unwrap();
    }
}

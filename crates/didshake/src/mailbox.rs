//! Mailbox keys and envelopes: how one identity writes to another that is away (`spec/mailbox-1.md`).
//!
//! The owner of a mailbox signs an X25519 key; the sender signs a letter and seals it to that key; the owner opens and verifies
//! it. Reading pauses as a handshake does, for the caller to resolve a DID: what was read and not verified is a claim.
//!
//! ```
//! use didshake::mailbox::{ClaimedLetter, ClaimedMailboxKey, Letter, MailboxSecret, OwnMailboxKey, UnsignedEnvelope};
//! use didshake::{Admission, LocalIdentity, SigningKey, UnixTime};
//! # use didshake::{Algorithm, Did, Document, Fault, Fragment, PublicKey, Secret};
//! # struct Pinned(Did, PublicKey);
//! # impl Document for Pinned {
//! #     fn authentication_key(&self, did: &Did, _: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
//! #         if *did == self.0 { Ok(self.1.clone()) } else { Err(Fault::DocumentIdMismatch) }
//! #     }
//! # }
//! # fn person(did: &str, seed: u8) -> (LocalIdentity, SigningKey, Pinned) {
//! #     let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
//! #     let did = Did::parse(did).unwrap();
//! #     let fragment = Fragment::of(&did, "key-1").unwrap();
//! #     let document = Pinned(did.clone(), key.public_key());
//! #     (LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }, key, document)
//! # }
//! # let (alice, alices_key, alices_document) = person("did:web:alice.example", 1);
//! # let (bob, bobs_key, bobs_document) = person("did:web:bob.example", 2);
//! # let now = UnixTime(1_767_225_600);
//! // Bob says how to reach him: for a week.
//! let secret = MailboxSecret::from_secret(Secret::new([3; 32]));
//! let unsigned = secret.offer(&bob, now, now.plus(7 * 86_400))?;
//! let signature = bobs_key.sign(&unsigned.signature_input())?;
//! let offered = unsigned.sign(signature);
//! let own = OwnMailboxKey::new(secret, bob.did.clone(), now.plus(7 * 86_400));
//!
//! // Alice, who means Bob, resolves his DID, and writes.
//! let claimed = ClaimedMailboxKey::read(&offered, &Admission::only(bob.did.clone()), now)?;
//! let to = claimed.verify(&bobs_document, now)?;
//! let letter = Letter::new([7; 16], now, now.plus(86_400), "text/plain", b"hello".to_vec())?;
//! # let mut rng = rand_core::UnwrapErr(didshake_example_rng::Rng);
//! # mod didshake_example_rng {
//! #     pub struct Rng;
//! #     impl rand_core::TryRng for Rng {
//! #         type Error = core::fmt::Error;
//! #         fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(4) }
//! #         fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(4) }
//! #         fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> { out.fill(4); Ok(()) }
//! #     }
//! #     impl rand_core::TryCryptoRng for Rng {}
//! # }
//! let unsigned = UnsignedEnvelope::begin(&to, &alice, letter, &mut rng)?;
//! let signature = alices_key.sign(unsigned.signature_input())?;
//! let envelope = unsigned.sign(signature)?;
//!
//! // Bob opens it, resolves whom it claims to be from, and knows.
//! let claimed = ClaimedLetter::open(&envelope, &[own], &Admission::only(alice.did.clone()), now)?;
//! let read = claimed.verify(&alices_document, now)?;
//! assert_eq!((read.sender().did(), read.letter().content()), (&alice.did, &b"hello"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod envelope;
mod fault;
mod hpke_suite;
mod key;
mod letter;

pub use envelope::{ClaimedLetter, UnsignedEnvelope, VerifiedLetter, is_envelope};
pub use fault::MailboxFault;
pub use key::{
    ClaimedMailboxKey, GRACE_SECONDS, KeyId, MAX_PERIOD_SECONDS, MailboxKey, MailboxSecret, OwnMailboxKey,
    UnsignedMailboxKey,
};
pub use letter::{Letter, MAX_LETTER_CONTENT_BYTES, MAX_LETTER_SECONDS, MessageId, SIZE_CLASSES};

const VERSION: u8 = 1;

//! Mailbox keys and envelopes.

use didshake::mailbox::{
    ClaimedLetter, ClaimedMailboxKey, MAX_LETTER_CONTENT_BYTES, MailboxSecret, OwnMailboxKey, SIZE_CLASSES,
};
use didshake::{Admission, Did, Secret};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeS, Serializable as _};

use crate::handshake::{Counter, NOW};

const SECRET: [u8; 32] = [3; 32];

/// A mailbox key as a sender reads it.
pub(crate) fn mailbox_key(input: &[u8]) {
    match ClaimedMailboxKey::read(input, &Admission::policy(|_| true), NOW) {
        Ok(claimed) => assert!(input.len() > 114 && !claimed.claim().did().as_str().is_empty()),
        Err(fault) => assert!(!fault.code().is_empty()),
    }
}

/// An envelope as it comes from a relay, and the input as the letter of a good one.
pub(crate) fn envelope(input: &[u8]) {
    let _ = open(input);
    let class = SIZE_CLASSES.into_iter().find(|class| input.len() <= *class);
    let Some(class) = class else { return };
    let mut plain = input.to_vec();
    plain.resize(class, 0);
    if let Ok(claimed) = open(&sealed(&plain)) {
        assert!(format!("{claimed:?}").contains("redacted"));
        assert!(input.len() <= MAX_LETTER_CONTENT_BYTES + 4096);
    }
}

fn open(envelope: &[u8]) -> Result<ClaimedLetter, didshake::mailbox::MailboxFault> {
    let owner = Did::parse("did:web:bob.example").expect("a DID");
    let secret = MailboxSecret::from_secret(Secret::new(SECRET));
    let own = OwnMailboxKey::new(secret, owner, NOW.plus(60));
    ClaimedLetter::open(envelope, &[own], &Admission::policy(|_| true), NOW)
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let secret = <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(&SECRET).expect("a key");
    let id = MailboxSecret::from_secret(Secret::new(SECRET)).id().expect("an id");
    let head = [&[33, 1][..], &id].concat();
    let public = X25519HkdfSha256::sk_to_pk(&secret);
    let (enc, mut context) = hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        b"didshake/1 envelope",
        &mut Counter(0),
    )
    .expect("a good key");
    let sealed = context.seal(plain, &head).expect("a short text");
    [&head[..], &enc.to_bytes(), &sealed].concat()
}

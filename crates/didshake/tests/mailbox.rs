//! Mailbox keys and envelopes, as an owner, a sender and whoever is in between use them. The bytes are the vectors' to hold.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use didshake::mailbox::{
    ClaimedLetter, ClaimedMailboxKey, GRACE_SECONDS, Letter, MAX_LETTER_SECONDS, MAX_PERIOD_SECONDS, MailboxFault,
    MailboxKey, MailboxSecret, OwnMailboxKey, UnsignedEnvelope, VerifiedLetter,
};
use didshake::{
    Admission, Algorithm, Did, Document, Error, Fault, Fragment, Internal, LocalIdentity, Misuse, PublicKey, Secret,
    SigningKey, UnixTime,
};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

const NOW: UnixTime = UnixTime(1_767_225_600);
const WEEK: u64 = 7 * 86_400;

struct Person {
    identity: LocalIdentity,
    key: SigningKey,
}

impl Document for Person {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, _: UnixTime) -> Result<PublicKey, Fault> {
        let is_it = *did == self.identity.did && *fragment == self.identity.fragment;
        if is_it { Ok(self.key.public_key()) } else { Err(Fault::DocumentIdMismatch) }
    }
}

fn person(name: &str, algorithm: Algorithm) -> Person {
    let did = Did::parse(&format!("did:web:{name}.example")).unwrap();
    let fragment = Fragment::of(&did, "key-1").unwrap();
    let secret = Secret::new([name.as_bytes()[0]; 32]);
    Person {
        identity: LocalIdentity { did, fragment, algorithm },
        key: SigningKey::from_secret(algorithm, &secret).unwrap(),
    }
}

/// Bytes that count up; none at all where it is broken.
struct Rng {
    next: u8,
    works: bool,
}

impl TryRng for Rng {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.next = self.next.wrapping_add(1);
        out.fill(self.next);
        if self.works { Ok(()) } else { Err(core::fmt::Error) }
    }
}

impl TryCryptoRng for Rng {}

fn rng() -> Rng {
    Rng { next: 0, works: true }
}

fn secret(byte: u8) -> MailboxSecret {
    MailboxSecret::from_secret(Secret::new([byte; 32]))
}

fn offered(owner: &Person, byte: u8) -> Vec<u8> {
    let unsigned = secret(byte).offer(&owner.identity, NOW, NOW.plus(WEEK)).unwrap();
    let signature = owner.key.sign(&unsigned.signature_input()).unwrap();
    unsigned.sign(signature)
}

fn mailbox_key(owner: &Person, byte: u8) -> MailboxKey {
    let claimed = ClaimedMailboxKey::read(&offered(owner, byte), &only(owner), NOW).unwrap();
    assert_eq!(claimed.claim().did(), &owner.identity.did);
    claimed.verify(owner, NOW).unwrap()
}

fn own(owner: &Person, byte: u8) -> OwnMailboxKey {
    OwnMailboxKey::new(secret(byte), owner.identity.did.clone(), NOW.plus(WEEK))
}

fn only(person: &Person) -> Admission {
    Admission::only(person.identity.did.clone())
}

fn letter(content: &[u8]) -> Letter {
    Letter::new([7; 16], NOW, NOW.plus(86_400), "text/plain", content.to_vec()).unwrap()
}

fn write(from: &Person, to: &MailboxKey, content: &[u8]) -> Vec<u8> {
    write_with(from, to, content, &mut rng())
}

fn write_with(from: &Person, to: &MailboxKey, content: &[u8], rng: &mut Rng) -> Vec<u8> {
    let unsigned = UnsignedEnvelope::begin(to, &from.identity, letter(content), rng).unwrap();
    let signature = from.key.sign(unsigned.signature_input()).unwrap();
    unsigned.sign(signature).unwrap()
}

fn read(envelope: &[u8], key: OwnMailboxKey, from: &Person, now: UnixTime) -> Result<VerifiedLetter, MailboxFault> {
    ClaimedLetter::open(envelope, &[key], &only(from), now)?.verify(from, now)
}

// R-MBOX-1, R-MBOX-2, R-MBOX-3
#[test]
fn a_letter_comes_to_its_recipient_and_says_whom_it_is_from() {
    for (first, second) in [(Algorithm::Ed25519, Algorithm::Es256), (Algorithm::Es256, Algorithm::Ed25519)] {
        let (alice, bob) = (person("alice", first), person("bob", second));
        let envelope = write(&alice, &mailbox_key(&bob, 3), b"hello");
        let taken = read(&envelope, own(&bob, 3), &alice, NOW).unwrap();
        assert_eq!((taken.sender().did(), taken.sender().key()), (&alice.identity.did, &alice.key.public_key()));
        assert_eq!(taken.letter(), &letter(b"hello"));
        assert!(!envelope.windows(5).any(|window| window == b"alice" || window == b"hello"));
    }
}

// R-MBOX-3
#[test]
fn a_letter_is_for_one_recipient_one_key_and_one_envelope() {
    let (alice, bob, carol) =
        (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519), person("carol", Algorithm::Ed25519));
    let envelope = write(&alice, &mailbox_key(&bob, 3), b"hello");
    assert_eq!(read(&envelope, own(&carol, 4), &alice, NOW), Err(MailboxFault::EnvelopeKeyUnknown));
    // Bob has the secret of the key that Carol offers too: the letter is still to Bob.
    let as_carol = read(&envelope, own(&carol, 3), &alice, NOW);
    assert_eq!(as_carol, Err(Fault::SignatureInvalid.into()));
    let twice = [1, 2].map(|next| write_with(&alice, &mailbox_key(&bob, 3), b"hello", &mut Rng { next, works: true }));
    assert_ne!(twice[0], twice[1], "sealed anew each time");
    let mixed = [&twice[0][..50], &twice[1][50..]].concat();
    assert_eq!(read(&mixed, own(&bob, 3), &alice, NOW), Err(MailboxFault::EnvelopeNotOpened));
}

// R-MBOX-5
#[test]
fn who_it_is_from_is_admitted_before_anybody_resolves() {
    let (alice, bob) = (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519));
    let envelope = write(&alice, &mailbox_key(&bob, 3), b"hello");
    let nobody = Admission::policy(|claim| claim.did().as_str() == "did:web:other.example");
    let refused = ClaimedLetter::open(&envelope, &[own(&bob, 3)], &nobody, NOW);
    assert_eq!(refused.unwrap_err(), Fault::NotAdmitted.into());
    let claimed = ClaimedLetter::open(&envelope, &[own(&bob, 4), own(&bob, 3)], &only(&alice), NOW).unwrap();
    assert_eq!(claimed.claim().did(), &alice.identity.did);
    assert_eq!(claimed.verify(&bob, NOW), Err(Fault::DocumentIdMismatch.into()));
}

// R-MBOX-6
#[test]
fn a_key_opens_what_was_under_way_at_its_end_and_then_nothing() {
    let bob = person("bob", Algorithm::Ed25519);
    let over = NOW.plus(WEEK + GRACE_SECONDS);
    assert!(own(&bob, 3).is_live(UnixTime(over.0 - 1)) && !own(&bob, 3).is_live(over));
    let alice = person("alice", Algorithm::Ed25519);
    let envelope = write(&alice, &mailbox_key(&bob, 3), b"hello");
    let late = read(&envelope, own(&bob, 3), &alice, UnixTime(over.0 - 1));
    assert_eq!(late, Err(MailboxFault::LetterExpired));
    assert_eq!(read(&envelope, own(&bob, 3), &alice, over), Err(MailboxFault::EnvelopeKeyUnknown));
}

// R-MBOX-1
#[test]
fn what_cannot_be_offered_or_written_is_said_at_once() {
    let bob = person("bob", Algorithm::Ed25519);
    for (begins, ends) in [(NOW, NOW), (NOW.plus(1), NOW), (NOW, NOW.plus(MAX_PERIOD_SECONDS + 1))] {
        assert_eq!(secret(3).offer(&bob.identity, begins, ends), Err(Misuse::MailboxPeriod.into()));
    }
    assert!(secret(3).offer(&bob.identity, NOW, NOW.plus(MAX_PERIOD_SECONDS)).is_ok());
    let keyless = LocalIdentity {
        did: Did::parse("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap(),
        ..bob.identity.clone()
    };
    assert_eq!(secret(3).offer(&keyless, NOW, NOW.plus(1)), Err(Misuse::IdentityFragment.into()));

    let new = |expires, kind: &str, bytes| Letter::new([7; 16], NOW, expires, kind, vec![0; bytes]).map(|_| ());
    let tomorrow = NOW.plus(86_400);
    assert_eq!(new(NOW, "a", 0), Err(Misuse::LetterTimes));
    assert_eq!(new(NOW.plus(MAX_LETTER_SECONDS + 1), "a", 0), Err(Misuse::LetterTimes));
    for kind in ["", "a b", "ä", "a\n", &"a".repeat(256)] {
        assert_eq!(new(tomorrow, kind, 0), Err(Misuse::ContentType), "{kind}");
    }
    assert_eq!(new(tomorrow, "a", 65_537), Err(Misuse::TooLong));
    assert_eq!(new(tomorrow, &"a".repeat(255), 65_536), Ok(()));
}

// R-MBOX-3
#[test]
fn no_randomness_is_an_error_and_a_key_of_low_order_takes_no_letter() {
    let (alice, bob) = (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519));
    let mut broken = Rng { next: 0, works: false };
    let begun = UnsignedEnvelope::begin(&mailbox_key(&bob, 3), &alice.identity, letter(b""), &mut broken);
    assert!(matches!(begun, Err(Error::Ours(Internal::Randomness))));
    assert!(matches!(MailboxSecret::generate(&mut broken), Err(Internal::Randomness)));
    assert!(MailboxSecret::generate(&mut rng()).is_ok());

    let mut zeros = offered(&bob, 3);
    zeros[2..34].fill(0);
    let length = zeros.len() - 64;
    let signature = bob.key.sign(&[b"didshake/1 mailbox key\0", &zeros[..length]].concat()).unwrap();
    zeros[length..].copy_from_slice(&signature);
    let to = ClaimedMailboxKey::read(&zeros, &only(&bob), NOW).unwrap().verify(&bob, NOW).unwrap();
    let begun = UnsignedEnvelope::begin(&to, &alice.identity, letter(b""), &mut rng());
    assert!(matches!(begun, Err(Error::Peer(Fault::KeyInvalid))));
}

// R-MBOX-4
#[test]
fn the_length_tells_the_size_class_and_nothing_more() {
    let (alice, bob) = (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519));
    let to = mailbox_key(&bob, 3);
    let lengths: Vec<usize> =
        [0, 1, 300, 800, 65_536].iter().map(|bytes| write(&alice, &to, &vec![7; *bytes]).len() - 66).collect();
    assert_eq!(lengths, [512, 512, 512, 1024, 131_072]);
}

#[test]
fn nothing_that_was_written_is_shown() {
    let (alice, bob) = (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519));
    let unsigned = UnsignedEnvelope::begin(&mailbox_key(&bob, 3), &alice.identity, letter(b"hello"), &mut rng());
    assert_eq!(format!("{:?}", unsigned.unwrap()), "UnsignedEnvelope(from did:web:alice.example, redacted)");
    assert_eq!(format!("{:?}", letter(b"hello")), "Letter(5 bytes, redacted)");
    assert!(format!("{:?}", own(&bob, 3)).contains("MailboxSecret(redacted)"));
}

proptest! {
    // Of a good envelope and a good key, no changed byte passes.
    #[test]
    fn a_changed_byte_is_refused(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let (alice, bob) = (person("alice", Algorithm::Ed25519), person("bob", Algorithm::Ed25519));
        let mut envelope = write(&alice, &mailbox_key(&bob, 3), b"hello");
        let place = at.index(envelope.len());
        envelope[place] ^= change;
        prop_assert!(read(&envelope, own(&bob, 3), &alice, NOW).is_err());

        let mut key = offered(&bob, 3);
        let place = at.index(key.len());
        key[place] ^= change;
        let verified = ClaimedMailboxKey::read(&key, &only(&bob), NOW).and_then(|key| key.verify(&bob, NOW));
        prop_assert!(verified.is_err());
    }
}

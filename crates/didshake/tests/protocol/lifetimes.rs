//! What may be used once, for how long, and what is left behind.

use std::sync::Arc;

use didshake::{
    Algorithm, AwaitingAccept, AwaitingHello, AwaitingReply, Burn, ClaimedInitiator, ClaimedResponder, Context,
    Extensions, PROVISIONAL_SECONDS, Secret, Session, SessionOver, SigningKey, UnixTime, UnsignedFinish, UnsignedReply,
    VerifiedInitiator, WaitingKeys, WaitingResponder,
};
use zeroize::ZeroizeOnDrop;

use crate::pair::{Counting, NOW, Pair};
use crate::steps;

/// Whether a type can be copied, found out by which of two implementations applies.
macro_rules! can_be_cloned {
    ($type:ty) => {{
        #[allow(dead_code, reason = "the other way round")]
        trait Otherwise {
            const CLONE: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "the inherent constant wins where it exists")]
        impl<T: ?Sized + Clone> Probe<T> {
            const CLONE: bool = true;
        }
        <Probe<$type>>::CLONE
    }};
}

// R-SCHED-5, R-SEC-4: each state is used up by its step, so that nothing is sealed or signed twice, and secrets are never
// copied behind anyone's back.
#[test]
fn no_state_and_no_secret_can_be_copied() {
    assert!(can_be_cloned!(Vec<u8>), "the probe must be able to say yes");
    assert!(!can_be_cloned!(AwaitingReply) && !can_be_cloned!(ClaimedResponder) && !can_be_cloned!(UnsignedFinish));
    assert!(!can_be_cloned!(AwaitingAccept) && !can_be_cloned!(AwaitingHello) && !can_be_cloned!(UnsignedReply));
    assert!(!can_be_cloned!(WaitingResponder) && !can_be_cloned!(ClaimedInitiator));
    assert!(!can_be_cloned!(VerifiedInitiator) && !can_be_cloned!(didshake::Established));
    assert!(!can_be_cloned!(Secret<32>) && !can_be_cloned!(SigningKey) && !can_be_cloned!(WaitingKeys));
    assert!(!can_be_cloned!(didshake::Channel) && !can_be_cloned!(didshake::Exporter));
}

// R-SEC-3
#[test]
fn secrets_are_wiped_on_drop() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<Secret<32>>();
    wiped::<ed25519_dalek::SigningKey>();
    wiped::<p256::ecdsa::SigningKey>();
    wiped::<x25519_dalek::StaticSecret>();
    wiped::<x25519_dalek::SharedSecret>();
    wiped::<chacha20poly1305::ChaCha20Poly1305>();
    assert!(std::mem::needs_drop::<Secret<12>>());
}

// R-STATE-4: a sealing key has no way out; what prints, prints no key.
#[test]
fn sealing_keys_do_not_print() {
    let keys = WaitingKeys::new(NOW, &mut Counting(1)).unwrap();
    assert_eq!(format!("{keys:?}"), "WaitingKeys(1 keys, redacted)");
}

// R-SEC-2: RFC 6979, appendix A.2.5.
#[test]
fn es256_signs_as_rfc_6979_does() {
    let secret = hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    let key = SigningKey::from_secret(Algorithm::Es256, &Secret::new(secret)).unwrap();
    let signature = key.sign(b"sample").unwrap();
    let r: [u8; 32] = hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716");
    let s: [u8; 32] = hex("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
    assert_eq!(signature[..], [r, s].concat());
    assert!(key.public_key().verify(b"sample", &signature), "a high s is as good as a low one");
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

// R-STATE-6, R-RESP-7: a bad Finish burns nothing and leaves the token as good as before.
#[test]
fn a_bad_finish_leaves_the_waiting_state_usable() {
    let pair = Pair::default();
    let (finish, _, waiting) = steps::finish(&pair);
    let config = Arc::new(pair.responder.clone());
    let mut keys = WaitingKeys::new(NOW, &mut Counting(1)).unwrap();
    let token = keys.seal(&waiting, b"", NOW, &mut Counting(2)).unwrap();
    let read =
        |finish: &[u8]| keys.read_finish(finish, Some(&token), config.clone(), Context::stream(), b"", NOW.plus(1));
    let mut bad = finish.clone();
    *bad.last_mut().unwrap() ^= 1;
    for _ in 0..3 {
        assert!(read(&bad).is_err());
    }
    let verified = read(&finish).unwrap().verify(&pair.alice, NOW).unwrap();
    assert!(verified.accept(Burn::First, 0, Extensions::default()).is_ok());
}

// R-RESP-9, R-INIT-10
#[test]
fn a_session_is_provisional_until_its_first_use_and_ends_with_its_lifetime() {
    let established = Pair::default().run().unwrap().bob;
    let fresh = Session::new(&established, NOW);
    assert_eq!(fresh.did(), Pair::default().alice.did());
    assert_eq!(fresh.key(), (Algorithm::Ed25519, Pair::default().alice.key.public_key().as_bytes()));
    assert!(fresh.is_live(NOW.plus(PROVISIONAL_SECONDS - 1)));
    assert_eq!(fresh.clone().use_at(NOW.plus(PROVISIONAL_SECONDS)), Err(SessionOver));
    let mut used = fresh.clone();
    used.use_at(NOW.plus(59)).unwrap();
    assert!(used.is_live(NOW.plus(3599)));
    assert_eq!(used.use_at(NOW.plus(3600)), Err(SessionOver));
    let passing = didshake::Established { lifetime: 0, ..established };
    assert!(!Session::new(&passing, NOW).is_live(NOW));
    assert!(!Session::new(&passing, UnixTime(u64::MAX)).is_live(UnixTime(u64::MAX)));
}

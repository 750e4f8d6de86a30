//! The waiting state as an opaque token, so that a responder keeps nothing between Reply and Finish (R-STATE).
//!
//! The sealing key is forward secrecy's weakest point: it lives in memory only, a new one every
//! [`ROTATE_SECONDS`](crate::ROTATE_SECONDS), wiped after [`WIPE_SECONDS`](crate::WIPE_SECONDS).

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::codec::{Reader, put_vec8, put_vec16};
use crate::crypto::{Aead, Cipher, Hash, hash};
use crate::document::UnixTime;
use crate::error::{Error, Fault, Internal};
use crate::identity::LocalIdentity;
use crate::responder::{ClaimedInitiator, ResponderConfig, WaitingResponder};
use crate::schedule::HandshakeSecret;
use crate::sealing::{KeyRing, SealingKey};
use crate::secret::Secret;
use crate::transcript::{Context, Transcript};
use crate::wire::Sealed;

/// The longest token that is looked at, in bytes: 4,096 characters of base64url.
pub const MAX_TOKEN_BYTES: usize = 3072;

const NONCE_BYTES: usize = 12;
/// hs, th3, the identity's name, suite, expiry, application protocol.
const MAX_TEXT_BYTES: usize = 32 + 32 + 32 + 2 + 8 + 1 + 255;

/// The sealing keys of a responder: the present one and those that may still open.
///
/// Call [`WaitingKeys::rotate`] at least every few seconds, whether or not handshakes come: a key that is never looked
/// at again would outlive its time.
pub struct WaitingKeys {
    ring: KeyRing,
}

impl WaitingKeys {
    /// A first key, made now.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn new(now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Error> {
        Ok(Self { ring: KeyRing::new(0, now, rng)? })
    }

    /// A first key, made now, of an instance of a responder that has others, which are to open what this one seals
    /// (R-STATE-4): a further key is made `lead` seconds, at most 30, before it seals, for [`WaitingKeys::own`] to hand on.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn shared(lead: u64, now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Error> {
        Ok(Self { ring: KeyRing::new(lead, now, rng)? })
    }

    /// The keys that this instance seals with, or will, the newest first.
    pub fn own(&self) -> impl Iterator<Item = &SealingKey> {
        self.ring.own()
    }

    /// Opens with a key of another instance from now on, for the key's time. What [`WaitingKeys::new`] made adopts none, and
    /// of more than [`MAX_ADOPTED`](crate::MAX_ADOPTED) the oldest goes.
    pub fn adopt(&mut self, key: SealingKey, now: UnixTime) {
        self.ring.adopt(key, now);
    }

    /// Makes a new key where the present one is [`ROTATE_SECONDS`](crate::ROTATE_SECONDS) old and wipes every key of [`WIPE_SECONDS`](crate::WIPE_SECONDS). A clock
    /// that was set back counts as a key whose time is over.
    ///
    /// # Errors
    /// [`Internal::Randomness`]; keys that are over are wiped all the same.
    pub fn rotate(&mut self, now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<(), Error> {
        self.ring.rotate(now, rng)
    }

    /// Seals a waiting state for the endpoint that gave the Reply. `endpoint` is whatever tells our endpoints apart, a
    /// URL path for instance; Finish must come to the same.
    ///
    /// # Errors
    /// [`Internal`]; [`Misuse::TooLong`](crate::Misuse::TooLong).
    pub fn seal(
        &mut self,
        waiting: &WaitingResponder,
        endpoint: &[u8],
        now: UnixTime,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Vec<u8>, Error> {
        self.rotate(now, rng)?;
        let key = self.ring.sealing(now).ok_or(Internal::Primitive)?;
        let mut nonce = [0; NONCE_BYTES];
        rng.try_fill_bytes(&mut nonce).map_err(|_| Internal::Randomness)?;
        let ad = associated_data(&waiting.context, endpoint)?;
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_TEXT_BYTES));
        encode(waiting, &mut text)?;
        let tag = Cipher::new(Aead::ChaCha20Poly1305, key.secret())?.seal(&nonce, &ad, &mut text)?;
        Ok([&key.id()[..], &nonce, &text, &tag].concat())
    }

    /// Reads a Finish together with the token that came back with it, in the order of R-RESP-7: the message first, then
    /// the waiting state. `None` where no token came.
    ///
    /// # Errors
    /// Those of [`WaitingKeys::open`] and [`WaitingResponder::read`].
    pub fn read_finish(
        &self,
        finish: &[u8],
        token: Option<&[u8]>,
        config: Arc<ResponderConfig>,
        context: Context,
        endpoint: &[u8],
        now: UnixTime,
    ) -> Result<ClaimedInitiator, Error> {
        Sealed::decode_finish(finish)?;
        let token = token.ok_or(Fault::WaitingStateInvalid)?;
        self.open(token, config, context, endpoint, now)?.read(finish, now)
    }

    /// Opens a token that came back with a Finish to the same endpoint.
    ///
    /// # Errors
    /// `waiting_state_invalid`; `waiting_state_expired`.
    pub fn open(
        &self,
        token: &[u8],
        config: Arc<ResponderConfig>,
        context: Context,
        endpoint: &[u8],
        now: UnixTime,
    ) -> Result<WaitingResponder, Error> {
        let invalid = Fault::WaitingStateInvalid;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid.into());
        }
        let (id, rest) = token.split_first_chunk().ok_or(invalid)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or(invalid)?;
        let key = self.ring.opening(id, now).ok_or(invalid)?;
        let ad = associated_data(&context, endpoint)?;
        let plain = Cipher::new(Aead::ChaCha20Poly1305, key.secret())?.open(nonce, &ad, sealed).ok_or(invalid)?;
        let waiting = decode(&Zeroizing::new(plain), config, context).map_err(|_| invalid)?;
        if now >= waiting.expires { Err(Fault::WaitingStateExpired.into()) } else { Ok(waiting) }
    }
}

impl core::fmt::Debug for WaitingKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WaitingKeys({} keys, redacted)", self.ring.len())
    }
}

fn associated_data(context: &Context, endpoint: &[u8]) -> Result<Vec<u8>, Error> {
    let mut ad = b"didshake/1 waiting".to_vec();
    ad.push(context.binding() as u8);
    put_vec16(&mut ad, context.prologue())?;
    put_vec16(&mut ad, endpoint)?;
    Ok(ad)
}

fn encode(waiting: &WaitingResponder, out: &mut Vec<u8>) -> Result<(), Error> {
    out.extend_from_slice(waiting.hs.secret().expose());
    out.extend_from_slice(waiting.th3.as_bytes());
    out.extend_from_slice(&name_of(&waiting.identity));
    out.extend_from_slice(&waiting.suite.id().to_be_bytes());
    out.extend_from_slice(&waiting.expires.0.to_be_bytes());
    put_vec8(out, &waiting.application_protocol)?;
    Ok(())
}

fn decode(plain: &[u8], config: Arc<ResponderConfig>, context: Context) -> Result<WaitingResponder, Fault> {
    let mut reader = Reader::new(plain);
    let hs = HandshakeSecret::from_secret(Secret::new(reader.array()?));
    let th3 = Transcript::from_bytes(reader.array()?);
    let name: Hash = reader.array()?;
    let suite = reader.u16()?;
    let expires = UnixTime(u64::from_be_bytes(reader.array()?));
    let application_protocol = reader.vec8()?.to_vec();
    reader.finish()?;
    // A configuration that changed in between no longer knows the identity or the suite: the handshake starts again.
    let invalid = Fault::WaitingStateInvalid;
    let identity = config.identities.iter().find(|identity| name_of(identity) == name).cloned().ok_or(invalid)?;
    let suite = config.suites.iter().copied().find(|known| known.id() == suite).ok_or(invalid)?;
    Ok(WaitingResponder { config, context, suite, identity, application_protocol, hs, th3, expires })
}

fn name_of(identity: &LocalIdentity) -> Hash {
    let algorithm = [identity.algorithm as u8];
    hash(&[identity.did.as_str().as_bytes(), b"#", identity.fragment.as_str().as_bytes(), &algorithm])
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::{Admission, Algorithm, Did, Fragment, ROTATE_SECONDS, Suite, WIPE_SECONDS};

    fn identity(id: &str) -> LocalIdentity {
        let did = Did::parse("did:web:a.example").unwrap();
        let fragment = Fragment::of(&did, id).unwrap();
        LocalIdentity { did, fragment, algorithm: Algorithm::Ed25519 }
    }

    fn config() -> Arc<ResponderConfig> {
        Arc::new(ResponderConfig::new(identity("key-1"), b"x/1", Admission::policy(|_| true)))
    }

    fn plain(identity: &LocalIdentity, protocol: &[u8]) -> Vec<u8> {
        let suite = Suite::X25519_CHACHA20_POLY1305.id().to_be_bytes();
        let expires = 1_000_u64.to_be_bytes();
        let length = [u8::try_from(protocol.len()).unwrap()];
        [&[1; 32][..], &[2; 32], &name_of(identity), &suite, &expires, &length, protocol].concat()
    }

    /// Bytes that differ from call to call: the counter, then itself over and over.
    struct Counter(u8);

    impl rand_core::TryRng for Counter {
        type Error = core::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(0)
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(0)
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
            self.0 = self.0.wrapping_add(1);
            out.fill(self.0);
            Ok(())
        }
    }

    impl TryCryptoRng for Counter {}

    // R-SEC-3: a text that outgrew its room would leave a copy of the handshake secret behind.
    #[test]
    fn the_longest_text_fits_its_room() {
        let plain = plain(&identity("key-1"), &[b'x'; 255]);
        let waiting = decode(&plain, config(), Context::stream()).unwrap();
        let mut text = Vec::new();
        encode(&waiting, &mut text).unwrap();
        assert_eq!(text, plain);
        assert_eq!(text.len(), MAX_TEXT_BYTES);
    }

    // R-STATE-2: of several identities the one that replied goes on, and no other.
    #[test]
    fn a_waiting_state_goes_on_with_the_identity_that_replied() {
        let mut config = (*config()).clone();
        config.identities.push(identity("key-2"));
        let config = Arc::new(config);
        for id in ["key-1", "key-2"] {
            let waiting = decode(&plain(&identity(id), b"x/1"), config.clone(), Context::stream()).unwrap();
            assert_eq!(waiting.identity.fragment.as_str(), id);
        }
        let gone = decode(&plain(&identity("key-3"), b"x/1"), config, Context::stream());
        assert_eq!(gone.err(), Some(Fault::WaitingStateInvalid));
    }

    // R-STATE-3
    #[test]
    fn a_key_seals_for_its_time_and_is_then_replaced() {
        let mut rng = Counter(0);
        let mut keys = WaitingKeys::new(UnixTime(0), &mut rng).unwrap();
        for (now, since) in [
            (ROTATE_SECONDS - 1, &[0][..]),
            (ROTATE_SECONDS, &[ROTATE_SECONDS, 0]),
            (WIPE_SECONDS - 1, &[ROTATE_SECONDS, 0]),
            (WIPE_SECONDS, &[WIPE_SECONDS, ROTATE_SECONDS]),
            (0, &[0]),
        ] {
            keys.rotate(UnixTime(now), &mut rng).unwrap();
            assert_eq!(keys.own().map(|key| key.since().0).collect::<Vec<_>>(), since, "at {now}");
        }
    }

    // R-STATE-3: nobody rotated, and the key is over all the same.
    #[test]
    fn a_key_whose_time_is_over_opens_nothing() {
        let mut rng = Counter(0);
        let mut keys = WaitingKeys::new(UnixTime(0), &mut rng).unwrap();
        let waiting = decode(&plain(&identity("key-1"), b"x/1"), config(), Context::stream()).unwrap();
        let token = keys.seal(&waiting, b"", UnixTime(0), &mut rng).unwrap();
        let open = |now| keys.open(&token, config(), Context::stream(), b"", UnixTime(now)).map(drop);
        assert_eq!(open(WIPE_SECONDS - 1), Ok(()));
        assert_eq!(open(WIPE_SECONDS), Err(Fault::WaitingStateInvalid.into()));
    }

    fn opens(keys: &WaitingKeys, token: &[u8], now: u64) -> bool {
        keys.open(token, config(), Context::stream(), b"", UnixTime(now)).is_ok()
    }

    fn hand_on(from: &WaitingKeys, to: &mut WaitingKeys, now: u64) {
        for key in from.own() {
            let copy = SealingKey::from_parts(*key.id(), Secret::new(*key.secret().expose()), key.since());
            to.adopt(copy, UnixTime(now));
        }
    }

    // R-STATE-3, R-STATE-4: whoever looks every second has each key before it seals.
    #[test]
    fn instances_open_what_the_others_seal_also_while_keys_are_replaced() {
        let mut rng = Counter(0);
        let mut one = WaitingKeys::shared(2, UnixTime(0), &mut rng).unwrap();
        let mut other = WaitingKeys::shared(2, UnixTime(0), &mut rng).unwrap();
        hand_on(&one, &mut other, 0);
        let waiting = decode(&plain(&identity("key-1"), b"x/1"), config(), Context::stream()).unwrap();
        let mut ids = alloc::collections::BTreeSet::new();
        for now in 0..300 {
            let token = one.seal(&waiting, b"", UnixTime(now), &mut rng).unwrap();
            assert!(opens(&other, &token, now), "at {now}");
            ids.insert(token[..8].to_vec());
            other.rotate(UnixTime(now), &mut rng).unwrap();
            hand_on(&one, &mut other, now);
            hand_on(&other, &mut one, now);
        }
        assert_eq!(ids.len(), 6, "a key seals for 58 s at the most");
        // Two of each: nothing is kept twice, nor over its time.
        assert_eq!((one.ring.len(), other.ring.len()), (4, 4));
    }

    // R-STATE-3
    #[test]
    fn a_key_of_another_instance_is_wiped_like_ones_own() {
        let mut rng = Counter(0);
        let mut one = WaitingKeys::shared(2, UnixTime(100), &mut rng).unwrap();
        let waiting = decode(&plain(&identity("key-1"), b"x/1"), config(), Context::stream()).unwrap();
        let token = one.seal(&waiting, b"", UnixTime(100), &mut rng).unwrap();
        let adopting = |now| {
            let mut keys = WaitingKeys::shared(2, UnixTime(now), &mut Counter(100)).unwrap();
            hand_on(&one, &mut keys, now);
            keys
        };
        let mut keys = adopting(100);
        assert!(opens(&keys, &token, 130) && !opens(&keys, &token, 100 + WIPE_SECONDS));
        keys.rotate(UnixTime(100 + WIPE_SECONDS), &mut Counter(101)).unwrap();
        assert_eq!(format!("{keys:?}"), "WaitingKeys(1 keys, redacted)");
        // Its clock is ahead: the key counts from now. One that is over is not taken, and none where nobody asked for it.
        assert!(opens(&adopting(90), &token, 159));
        assert_eq!(adopting(100 + WIPE_SECONDS).ring.len(), 1);
        let mut alone = WaitingKeys::new(UnixTime(100), &mut Counter(100)).unwrap();
        hand_on(&one, &mut alone, 100);
        assert_eq!(alone.ring.len(), 1);
    }

    #[test]
    fn of_too_many_keys_of_others_the_oldest_goes() {
        let mut keys = WaitingKeys::shared(2, UnixTime(0), &mut Counter(0)).unwrap();
        for id in 0..=crate::MAX_ADOPTED {
            let id = u8::try_from(id).unwrap();
            keys.adopt(
                SealingKey::from_parts([0xF0, id, 0, 0, 0, 0, 0, 0], Secret::new([id; 32]), UnixTime(0)),
                UnixTime(0),
            );
        }
        assert_eq!(keys.ring.len(), 1 + crate::MAX_ADOPTED);
        let opening = |id: u8| keys.ring.opening(&[0xF0, id, 0, 0, 0, 0, 0, 0], UnixTime(0)).is_some();
        assert!(!opening(0) && opening(1) && opening(64));
    }
}

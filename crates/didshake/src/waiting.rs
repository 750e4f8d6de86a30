//! The waiting state as an opaque token, so that a responder keeps nothing between Reply and Finish (R-STATE).
//!
//! The sealing key is forward secrecy's weakest point: it lives in memory only, a new one every [`ROTATE_SECONDS`],
//! wiped after [`WIPE_SECONDS`].

use alloc::collections::VecDeque;
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
use crate::secret::Secret;
use crate::transcript::{Context, Transcript};
use crate::wire::Sealed;

/// Seconds for which a sealing key seals.
pub const ROTATE_SECONDS: u64 = 60;
/// Seconds after which a sealing key is wiped.
pub const WIPE_SECONDS: u64 = 120;
/// The longest token that is looked at, in bytes: 4,096 characters of base64url.
pub const MAX_TOKEN_BYTES: usize = 3072;

const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
/// hs, th3, the identity's name, suite, expiry, application protocol.
const MAX_TEXT_BYTES: usize = 32 + 32 + 32 + 2 + 8 + 1 + 255;

/// The sealing keys of a responder: the present one and those that may still open.
///
/// Call [`WaitingKeys::rotate`] at least every few seconds, whether or not handshakes come: a key that is never looked
/// at again would outlive its time.
pub struct WaitingKeys {
    keys: VecDeque<SealingKey>,
}

struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    secret: Secret<32>,
    since: UnixTime,
}

impl WaitingKeys {
    /// A first key, made now.
    ///
    /// # Errors
    /// [`Internal::Randomness`].
    pub fn new(now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Error> {
        // Never more than three: room for them from the start, so that no key is left behind by a reallocation.
        let mut keys = VecDeque::with_capacity(4);
        keys.push_front(SealingKey::generate(now, rng)?);
        Ok(Self { keys })
    }

    /// Makes a new key where the present one is [`ROTATE_SECONDS`] old and wipes every key of [`WIPE_SECONDS`]. A clock
    /// that was set back counts as a key whose time is over.
    ///
    /// # Errors
    /// [`Internal::Randomness`]; keys that are over are wiped all the same.
    pub fn rotate(&mut self, now: UnixTime, rng: &mut impl TryCryptoRng) -> Result<(), Error> {
        self.keys.retain(|key| key.age(now).is_some_and(|age| age < WIPE_SECONDS));
        if self.keys.front().and_then(|key| key.age(now)).is_none_or(|age| age >= ROTATE_SECONDS) {
            self.keys.push_front(SealingKey::generate(now, rng)?);
        }
        Ok(())
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
        let key = self.keys.front().ok_or(Internal::Primitive)?;
        let mut nonce = [0; NONCE_BYTES];
        rng.try_fill_bytes(&mut nonce).map_err(|_| Internal::Randomness)?;
        let ad = associated_data(&waiting.context, endpoint)?;
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_TEXT_BYTES));
        encode(waiting, &mut text)?;
        let tag = Cipher::new(Aead::ChaCha20Poly1305, &key.secret).seal(&nonce, &ad, &mut text)?;
        Ok([&key.id[..], &nonce, &text, &tag].concat())
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
        let live = |key: &&SealingKey| key.id == *id && key.age(now).is_some_and(|age| age < WIPE_SECONDS);
        let key = self.keys.iter().find(live).ok_or(invalid)?;
        let ad = associated_data(&context, endpoint)?;
        let plain = Cipher::new(Aead::ChaCha20Poly1305, &key.secret).open(nonce, &ad, sealed).ok_or(invalid)?;
        let waiting = decode(&Zeroizing::new(plain), config, context).map_err(|_| invalid)?;
        if now >= waiting.expires { Err(Fault::WaitingStateExpired.into()) } else { Ok(waiting) }
    }
}

impl core::fmt::Debug for WaitingKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WaitingKeys({} keys, redacted)", self.keys.len())
    }
}

impl SealingKey {
    fn generate(since: UnixTime, rng: &mut impl TryCryptoRng) -> Result<Self, Internal> {
        let mut id = [0; KEY_ID_BYTES];
        let mut secret = Secret::zeroed();
        rng.try_fill_bytes(&mut id).map_err(|_| Internal::Randomness)?;
        rng.try_fill_bytes(secret.expose_mut()).map_err(|_| Internal::Randomness)?;
        Ok(Self { id, secret, since })
    }

    /// `None` where the clock was set back behind the key's making.
    fn age(&self, now: UnixTime) -> Option<u64> {
        now.0.checked_sub(self.since.0)
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
    use super::*;
    use crate::{Admission, Algorithm, Did, Fragment, Suite};

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
            assert_eq!(keys.keys.iter().map(|key| key.since.0).collect::<Vec<_>>(), since, "at {now}");
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
}

//! HPKE (RFC 9180) as envelopes use it: base mode, X25519, HKDF-SHA-256, ChaCha20-Poly1305.

use alloc::vec::Vec;
use core::convert::Infallible;

use hpke::aead::{AeadCtxS, ChaCha20Poly1305};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use rand_core::{TryCryptoRng, TryRng};

use crate::error::{Error, Internal};
use crate::secret::Secret;

type PrivateKey = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;

const INFO: &[u8] = b"didshake/1 envelope";

/// Ready to seal one message.
pub(super) struct Sealing {
    pub(super) enc: [u8; 32],
    context: AeadCtxS<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>,
}

impl Sealing {
    /// `None` where the key is of low order.
    pub(super) fn to(public: &[u8; 32], rng: &mut impl TryCryptoRng) -> Result<Option<Self>, Error> {
        let mut drawn = Drawn(Secret::zeroed());
        rng.try_fill_bytes(drawn.0.expose_mut()).map_err(|_| Internal::Randomness)?;
        let public = PublicKey::from_bytes(public).map_err(|_| Internal::Primitive)?;
        let set_up = hpke::setup_sender_with_rng::<_, _, X25519HkdfSha256>(&OpModeS::Base, &public, INFO, &mut drawn);
        Ok(set_up.ok().map(|(enc, context)| Self { enc: enc.to_bytes().into(), context }))
    }

    pub(super) fn seal(mut self, plain: &[u8], associated_data: &[u8]) -> Result<Vec<u8>, Internal> {
        self.context.seal(plain, associated_data).map_err(|_| Internal::Primitive)
    }
}

/// `None` where it does not open.
pub(super) fn open(secret: &Secret<32>, enc: &[u8; 32], sealed: &[u8], associated_data: &[u8]) -> Option<Vec<u8>> {
    let secret = PrivateKey::from_bytes(secret.expose()).ok()?;
    let enc = EncappedKey::from_bytes(enc).ok()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &enc,
        INFO,
        sealed,
        associated_data,
    )
    .ok()
}

pub(super) fn public_of(secret: &Secret<32>) -> Result<[u8; 32], Internal> {
    let secret = PrivateKey::from_bytes(secret.expose()).map_err(|_| Internal::Primitive)?;
    Ok(X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into())
}

/// Randomness that is there already: a source that fails gives an error, and no panic where nobody expects one.
struct Drawn(Secret<32>);

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        // HPKE draws 32 bytes, once: the input of DeriveKeyPair.
        out.iter_mut().zip(self.0.expose()).for_each(|(out, drawn)| *out = *drawn);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

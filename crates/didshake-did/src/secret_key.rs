//! Secret keys as they are made and stored: PKCS#8 (RFC 5958 version 1), plain or encrypted.

use std::fmt;

use didshake::{Algorithm, Fault, PublicKey, Secret, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef};
use pkcs8::der::{Decode, SecretDocument};
use pkcs8::pkcs5::{EncryptionScheme, pbes2, scrypt};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use rand_core::CryptoRng;
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use crate::key_agreement::KeyAgreementKey;
use crate::passphrase::Passphrase;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

// N = 2^14 with r = 8 takes 16 MiB; the next N is over the 32 MiB that OpenSSL allows itself to read a file. p makes up
// for it in time: about 0.3 s.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 8;

// What a file may cost to open: 64 MiB, and four times our own work; PBKDF2 about two seconds.
const MAX_SCRYPT_BYTES: u64 = 64 << 20;
const MAX_SCRYPT_WORK: u64 = 1 << 22;
const MAX_PBKDF2_ROUNDS: u32 = 4_000_000;

/// A secret key that can be written to a file; [`SigningKey`] is the one to sign with.
///
/// ```
/// use didshake::{Algorithm, Secret};
/// use didshake_did::SecretKey;
/// let key = SecretKey::new(Algorithm::Ed25519, Secret::new([7; 32]))?;
/// assert_eq!(format!("{key:?}"), "SecretKey(Ed25519, redacted)");
/// # Ok::<(), didshake::Fault>(())
/// ```
pub struct SecretKey {
    algorithm: Algorithm,
    secret: Secret<32>,
}

/// Why stored bytes give no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeyFormFault {
    Malformed,
    Unsupported,
    TooCostly,
    WrongPassphrase,
}

impl SecretKey {
    /// A key from an Ed25519 seed or a P-256 scalar, big-endian.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] for a P-256 scalar that is zero or not below the group order.
    pub fn new(algorithm: Algorithm, secret: Secret<32>) -> Result<Self, Fault> {
        SigningKey::from_secret(algorithm, &secret)?;
        Ok(Self { algorithm, secret })
    }

    /// A new key.
    ///
    /// # Errors
    /// [`Fault::KeyInvalid`] where `rng` gives no valid P-256 scalar in 64 attempts: it is broken.
    pub fn generate(algorithm: Algorithm, rng: &mut impl CryptoRng) -> Result<Self, Fault> {
        let mut seed = Zeroizing::new([0; 32]);
        for _ in 0..64 {
            rng.fill_bytes(seed.as_mut_slice());
            if let Ok(key) = Self::new(algorithm, Secret::new(*seed)) {
                return Ok(key);
            }
        }
        Err(Fault::KeyInvalid)
    }

    /// The key to sign with.
    ///
    /// # Errors
    /// None: the secret was checked when it was taken.
    pub fn signing_key(&self) -> Result<SigningKey, Fault> {
        SigningKey::from_secret(self.algorithm, &self.secret)
    }

    /// The public half.
    ///
    /// # Errors
    /// None: the secret was checked when it was taken.
    pub fn public_key(&self) -> Result<PublicKey, Fault> {
        Ok(self.signing_key()?.public_key())
    }

    /// The X25519 key that goes with it, for `keyAgreement`.
    #[must_use]
    pub fn key_agreement(&self) -> KeyAgreementKey {
        KeyAgreementKey::of(&self.secret)
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn to_pkcs8(&self) -> Result<SecretDocument, pkcs8::Error> {
        self.with_info(|info| Ok(SecretDocument::encode_msg(info)?))
    }

    pub(crate) fn to_encrypted_pkcs8(
        &self,
        passphrase: &Passphrase,
        rng: &mut impl CryptoRng,
    ) -> Result<SecretDocument, pkcs8::Error> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut iv);
        let cost = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P).map_err(|_| pkcs8::KeyError::Invalid)?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv)?;
        self.with_info(|info| info.encrypt_with_params(parameters, passphrase.expose()))
    }

    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFormFault> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| KeyFormFault::Malformed)?;
        if info.public_key.is_some() {
            return Err(KeyFormFault::Unsupported);
        }
        let bytes = info.private_key.as_bytes();
        match info.algorithm.oid {
            ED25519 if info.algorithm.parameters.is_none() => ed25519(bytes),
            sec1::ALGORITHM_OID if info.algorithm.parameters_oid() == Ok(P256) => p256(bytes),
            _ => Err(KeyFormFault::Unsupported),
        }
    }

    pub(crate) fn from_encrypted_pkcs8(der: &[u8], passphrase: &Passphrase) -> Result<Self, KeyFormFault> {
        let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| KeyFormFault::Malformed)?;
        if !is_affordable(&info.encryption_algorithm) {
            return Err(KeyFormFault::TooCostly);
        }
        // A wrong passphrase shows as bad padding, or seldom as bytes that are no PKCS#8.
        let der = info.decrypt(passphrase.expose()).map_err(|_| KeyFormFault::WrongPassphrase)?;
        Self::from_pkcs8(der.as_bytes()).map_err(|fault| match fault {
            KeyFormFault::Malformed => KeyFormFault::WrongPassphrase,
            other => other,
        })
    }

    fn with_info<T>(
        &self,
        then: impl FnOnce(&PrivateKeyInfoRef<'_>) -> Result<T, pkcs8::Error>,
    ) -> Result<T, pkcs8::Error> {
        match self.algorithm {
            Algorithm::Ed25519 => {
                let bytes = Zeroizing::new([&[0x04, 0x20], self.secret.expose().as_slice()].concat());
                let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
                then(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&bytes)?))
            }
            Algorithm::Es256 => {
                let key = p256::SecretKey::from_slice(self.secret.expose()).map_err(|_| pkcs8::KeyError::Invalid)?;
                let public = key.public_key().to_sec1_point(false);
                let private = EcPrivateKey {
                    private_key: self.secret.expose(),
                    parameters: None,
                    public_key: Some(public.as_bytes()),
                };
                let bytes = SecretDocument::encode_msg(&private)?;
                let algorithm = AlgorithmIdentifierRef { oid: sec1::ALGORITHM_OID, parameters: Some((&P256).into()) };
                then(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(bytes.as_bytes())?))
            }
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, redacted)", self.algorithm.name())
    }
}

// RFC 8410 §7: an octet string within the octet string.
fn ed25519(bytes: &[u8]) -> Result<SecretKey, KeyFormFault> {
    let seed = bytes.strip_prefix(&[0x04, 0x20]).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
    let seed = seed.ok_or(KeyFormFault::Malformed)?;
    SecretKey::new(Algorithm::Ed25519, Secret::new(*seed)).map_err(|_| KeyFormFault::Malformed)
}

// RFC 5915, whose optional parts must agree with the rest if they are there.
fn p256(bytes: &[u8]) -> Result<SecretKey, KeyFormFault> {
    let private = EcPrivateKey::from_der(bytes).map_err(|_| KeyFormFault::Malformed)?;
    let scalar = <&[u8; 32]>::try_from(private.private_key).map_err(|_| KeyFormFault::Malformed)?;
    let key = SecretKey::new(Algorithm::Es256, Secret::new(*scalar)).map_err(|_| KeyFormFault::Malformed)?;
    let same_curve = private.parameters.is_none_or(|curve| curve == EcParameters::NamedCurve(P256));
    let public = key.public_key().map_err(|_| KeyFormFault::Malformed)?;
    let same_public = private.public_key.is_none_or(|stored| {
        p256::PublicKey::from_sec1_bytes(stored)
            .is_ok_and(|stored| stored.to_sec1_point(true).as_bytes() == public.as_bytes())
    });
    if same_curve && same_public { Ok(key) } else { Err(KeyFormFault::Malformed) }
}

fn is_affordable(scheme: &EncryptionScheme) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return false };
    if let Some(scrypt) = parameters.kdf.scrypt() {
        let (n, r, p) = (scrypt.cost_parameter, u64::from(scrypt.block_size), u64::from(scrypt.parallelization));
        // RFC 7914 §2; the crate behind computes with them before it looks.
        let defined = n >= 2 && n.is_power_of_two() && r >= 1 && p >= 1;
        let memory = n.saturating_add(p).saturating_mul(128 * r);
        let work = n.saturating_mul(r).saturating_mul(p);
        return defined && memory <= MAX_SCRYPT_BYTES && work <= MAX_SCRYPT_WORK;
    }
    let rounds = parameters.kdf.pbkdf2().map(|pbkdf2| pbkdf2.iteration_count);
    rounds.is_some_and(|rounds| (1..=MAX_PBKDF2_ROUNDS).contains(&rounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs8::der::Encode;

    fn ec(scalar: &[u8], curve: Option<ObjectIdentifier>, public: Option<&[u8]>) -> Option<KeyFormFault> {
        let parameters = curve.map(EcParameters::NamedCurve);
        let private = EcPrivateKey { private_key: scalar, parameters, public_key: public }.to_der().unwrap();
        let algorithm = AlgorithmIdentifierRef { oid: sec1::ALGORITHM_OID, parameters: Some((&P256).into()) };
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&private).unwrap());
        SecretKey::from_pkcs8(&info.to_der().unwrap()).err()
    }

    #[test]
    fn optional_parts_of_a_p256_key_must_agree() {
        let point = |scalar: &[u8; 32]| p256::SecretKey::from_slice(scalar).unwrap().public_key().to_sec1_point(false);
        let (own, other) = (point(&[7; 32]), point(&[8; 32]));
        assert_eq!(ec(&[7; 32], None, None), None);
        assert_eq!(ec(&[7; 32], Some(P256), Some(own.as_bytes())), None);
        let secp256k1 = ObjectIdentifier::new_unwrap("1.3.132.0.10");
        for fault in [
            ec(&[7; 32], None, Some(other.as_bytes())),
            ec(&[7; 32], None, Some(b"x")),
            ec(&[7; 32], Some(secp256k1), None),
            ec(&[7; 31], None, None),
            ec(&[0; 32], None, None),
            ec(&[0xff; 32], None, None),
        ] {
            assert_eq!(fault, Some(KeyFormFault::Malformed));
        }
    }

    #[test]
    fn scrypt_is_only_run_where_it_is_defined_and_affordable() {
        let affordable = |cost_parameter, block_size, parallelization| {
            let salt = pbes2::Salt::new([1; 16]).unwrap();
            let scrypt = pbes2::ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None };
            let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
            is_affordable(&EncryptionScheme::from(pbes2::Parameters { kdf: pbes2::Kdf::Scrypt(scrypt), encryption }))
        };
        assert!(affordable(1 << 14, 8, 8));
        for (n, r, p) in [(0, 8, 1), (1, 8, 1), (12_345, 8, 1), (1 << 14, 0, 1), (1 << 14, 8, 0)] {
            assert!(!affordable(n, r, p), "undefined: {n} {r} {p}");
        }
        for (n, r, p) in [(1 << 20, 8, 1), (2, 60_000, 30), (u64::MAX / 2 + 1, u16::MAX, u16::MAX)] {
            assert!(!affordable(n, r, p), "too costly: {n} {r} {p}");
        }
    }

    #[test]
    fn a_broken_generator_ends() {
        struct Zeros;
        impl rand_core::TryRng for Zeros {
            type Error = std::convert::Infallible;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Ok(0)
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Ok(0)
            }
            fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
                bytes.fill(0);
                Ok(())
            }
        }
        impl rand_core::TryCryptoRng for Zeros {}
        assert_eq!(SecretKey::generate(Algorithm::Es256, &mut Zeros).err(), Some(Fault::KeyInvalid));
    }
}

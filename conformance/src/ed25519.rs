//! Ed25519 over curve points, by the equation of the specification, each condition a check of its own.

use std::sync::LazyLock;

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

use crate::bytes::array;
use crate::check::{Check, Checks, Step, Stop};

/// The group order L, little-endian.
pub(crate) const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A key pair made from a 32-byte seed (RFC 8032, 5.1.5).
pub(crate) struct Pair {
    pub(crate) scalar: Scalar,
    prefix: Vec<u8>,
    pub(crate) public: [u8; 32],
}

pub(crate) fn pair(seed: &[u8]) -> Step<Pair> {
    let hash = Sha512::digest(seed);
    let (low, prefix) = hash.split_at(32);
    let scalar = Scalar::from_bytes_mod_order(clamp_integer(array(low)?));
    let public = EdwardsPoint::mul_base(&scalar).compress().to_bytes();
    Ok(Pair { scalar, prefix: prefix.to_vec(), public })
}

/// SHA-512 over the parts, as a scalar.
pub(crate) fn hash_scalar(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    let mut wide = [0u8; 64];
    wide.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    Scalar::from_bytes_mod_order_wide(&wide)
}

pub(crate) fn sign(seed: &[u8], message: &[u8]) -> Step<Vec<u8>> {
    let pair = pair(seed)?;
    let r = hash_scalar(&[&pair.prefix, message]);
    let big_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
    let k = hash_scalar(&[&big_r, &pair.public, message]);
    Ok([big_r, (r + k * pair.scalar).to_bytes()].concat())
}

/// One of the eight points of small order, by its index.
pub(crate) fn small_point(index: usize) -> Step<EdwardsPoint> {
    EIGHT_TORSION.get(index).copied().ok_or(Stop::Broken("no such point of small order"))
}

/// True for the eight canonical encodings of small-order points. Other encodings of the same points are left to the
/// checks that compare encodings, so that each fault is one check's.
fn is_small_order_encoding(encoding: &[u8; 32]) -> bool {
    static ENCODINGS: LazyLock<[[u8; 32]; 8]> =
        LazyLock::new(|| EIGHT_TORSION.map(|point| point.compress().to_bytes()));
    ENCODINGS.contains(encoding)
}

/// Applies the key checks. Gives None if the bytes are no point and that check is off.
pub(crate) fn check_key(checks: Checks, key: &[u8]) -> Step<Option<EdwardsPoint>> {
    let encoding: [u8; 32] = array(key)?;
    let Some(point) = CompressedEdwardsY(encoding).decompress() else {
        checks.need(Check::Ed25519KeyPoint, false)?;
        return Ok(None);
    };
    checks.need(Check::Ed25519KeyCanonical, point.compress().to_bytes() == encoding)?;
    checks.need(Check::Ed25519KeyOrder, !is_small_order_encoding(&encoding))?;
    Ok(Some(point))
}

/// Verifies: S below L, R not of small order, the encoding of [S]B - [k]A equal to R.
pub(crate) fn verify(checks: Checks, key: &[u8], a: &EdwardsPoint, message: &[u8], signature: &[u8]) -> Step<()> {
    let (r_bytes, s_bytes) = signature.split_at_checked(32).ok_or(Stop::Broken("a short signature"))?;
    let (r, s_bytes): ([u8; 32], [u8; 32]) = (array(r_bytes)?, array(s_bytes)?);
    let canonical: Option<Scalar> = Scalar::from_canonical_bytes(s_bytes).into();
    checks.need(Check::Ed25519SRange, canonical.is_some())?;
    let s = Scalar::from_bytes_mod_order(s_bytes);
    checks.need(Check::Ed25519ROrder, !is_small_order_encoding(&r))?;
    let k = hash_scalar(&[&r, key, message]);
    let expected = EdwardsPoint::mul_base(&s) - a * k;
    if expected.compress().to_bytes() == r {
        return Ok(());
    }
    let Some(point) = CompressedEdwardsY(r).decompress() else {
        return checks.need(Check::Signature, false);
    };
    if point == expected {
        return checks.need(Check::Ed25519REncoding, false);
    }
    if (point - expected).mul_by_cofactor().is_identity() {
        return checks.need(Check::Ed25519Cofactorless, false);
    }
    checks.need(Check::Signature, false)
}

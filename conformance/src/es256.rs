//! ES256: P-256 with SHA-256, r and s of 32 bytes each.

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::ops::Reduce;
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

use crate::bytes::array;
use crate::check::{Check, Checks, Step, Stop};

/// The group order n, big-endian.
pub(crate) const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn key(secret: &[u8]) -> Step<SigningKey> {
    SigningKey::from_slice(secret).map_err(|_| Stop::Broken("a P-256 secret out of range"))
}

/// The compressed public key, 33 bytes.
pub(crate) fn public(secret: &[u8]) -> Step<Vec<u8>> {
    Ok(key(secret)?.verifying_key().to_sec1_point(true).as_bytes().to_vec())
}

/// The public key as x and y, 32 bytes each.
pub(crate) fn coordinates(secret: &[u8]) -> Step<(Vec<u8>, Vec<u8>)> {
    let point = key(secret)?.verifying_key().to_sec1_point(false);
    match (point.x(), point.y()) {
        (Some(x), Some(y)) => Ok((x.to_vec(), y.to_vec())),
        _ => Err(Stop::Broken("a P-256 key without coordinates")),
    }
}

/// Deterministic (RFC 6979), s as it comes.
pub(crate) fn sign(secret: &[u8], message: &[u8]) -> Step<Vec<u8>> {
    let signature: Signature = key(secret)?.try_sign(message).map_err(|_| Stop::Broken("ES256 signing"))?;
    Ok(signature.to_bytes().to_vec())
}

/// The signature as DER.
pub(crate) fn der(signature: &[u8]) -> Step<Vec<u8>> {
    let signature = Signature::from_slice(signature).map_err(|_| Stop::Broken("no ES256 signature"))?;
    Ok(signature.to_der().as_bytes().to_vec())
}

/// The key as a compressed point, or None if it is none and that check is off.
pub(crate) fn check_key(checks: Checks, sec1: &[u8]) -> Step<Option<Vec<u8>>> {
    // The library also reads the compact form (5) and the point at infinity.
    let form = matches!((sec1.first(), sec1.len()), (Some(2 | 3), 33) | (Some(4), 65));
    let Some(key) = VerifyingKey::from_sec1_bytes(sec1).ok().filter(|_| form) else {
        checks.need(Check::P256KeyPoint, false)?;
        return Ok(None);
    };
    Ok(Some(key.to_sec1_point(true).as_bytes().to_vec()))
}

/// An integer of 32 bytes modulo n.
fn reduced(bytes: &[u8]) -> Step<Scalar> {
    let bytes: [u8; 32] = array(bytes)?;
    Ok(Scalar::reduce(&FieldBytes::from(bytes)))
}

/// Verifies. With the range check off, r and s are reduced modulo n; what does not hold then (a zero has no equation) is
/// replaced by the sender's `real` signature.
pub(crate) fn verify(checks: Checks, key: &[u8], message: &[u8], signature: &[u8], real: &[u8]) -> Step<()> {
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| Stop::Broken("a key that was checked"))?;
    let (r, s) = signature.split_at_checked(32).ok_or(Stop::Broken("a short signature"))?;
    let in_range = |value: &[u8]| value.iter().any(|byte| *byte != 0) && value < ORDER.as_slice();
    let both = in_range(r) && in_range(s);
    checks.need(Check::Es256Range, both)?;
    let holds = |signature: &[u8]| {
        Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    };
    let again = [reduced(r)?.to_bytes(), reduced(s)?.to_bytes()].concat();
    checks.need(Check::Signature, holds(&again) || (!both && holds(real)))
}

/// A signature that was there before its key.
pub(crate) struct Solved {
    pub(crate) key: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// Chooses R and s freely and solves for the key under which they sign the message: Q = (sR - eG) / r. Nobody needs to
/// know a logarithm, so r and s can be small.
pub(crate) fn solve(nonce_point: &[u8], s: &[u8], message: &[u8]) -> Step<Solved> {
    let point = VerifyingKey::from_sec1_bytes(nonce_point).map_err(|_| Stop::Broken("R is no point"))?;
    let x = point.to_sec1_point(true).x().map(|x| x.to_vec()).ok_or(Stop::Broken("R without x"))?;
    let (r, s) = (reduced(&x)?, reduced(s)?);
    let e = reduced(&crate::primitives::sha256(&[message]))?;
    let inverse: Option<Scalar> = r.invert().into();
    let inverse = inverse.ok_or(Stop::Broken("r is zero"))?;
    let key = (ProjectivePoint::from(*point.as_affine()) * s - ProjectivePoint::GENERATOR * e) * inverse;
    let key = VerifyingKey::from_affine(AffinePoint::from(key)).map_err(|_| Stop::Broken("Q is no key"))?;
    Ok(Solved { key: key.to_sec1_point(true).as_bytes().to_vec(), signature: [r.to_bytes(), s.to_bytes()].concat() })
}

/// The point with the smallest x above zero, compressed.
pub(crate) fn lowest_point() -> Step<Vec<u8>> {
    let candidates = (1u8..=255).map(|x| [vec![2], vec![0; 31], vec![x]].concat());
    let mut points = candidates.filter(|point| VerifyingKey::from_sec1_bytes(point).is_ok());
    points.next().ok_or(Stop::Broken("no point with a small x"))
}

/// Adds n to a value of 32 bytes, or gives None if the sum has more.
pub(crate) fn plus_order(value: &[u8]) -> Option<Vec<u8>> {
    let mut sum = value.to_vec();
    let mut carry = 0u16;
    for (byte, order) in sum.iter_mut().zip(ORDER).rev() {
        let digit = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(digit & 0xff).ok()?;
        carry = digit >> 8;
    }
    (carry == 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::{lowest_point, plus_order, public, solve, verify};
    use crate::check::{Check, Checks, Stop};
    use crate::fixed::secret;

    #[test]
    fn a_solved_signature_holds_and_with_n_added_only_modulo_n() {
        let small = [vec![0; 16], secret("small")[..16].to_vec()].concat();
        let points = [lowest_point().unwrap(), public(&secret("k")).unwrap()];
        for (number, (point, s)) in points.iter().zip([secret("s"), small]).enumerate() {
            let solved = solve(point, &s, b"message").unwrap();
            let judge = |checks, signature: &[u8]| verify(checks, &solved.key, b"message", signature, &[]);
            assert_eq!(judge(Checks::all(), &solved.signature), Ok(()));
            let mut over = solved.signature.clone();
            let part = 32 * number..32 * number + 32;
            over.splice(part.clone(), plus_order(&solved.signature[part]).unwrap());
            assert_eq!(judge(Checks::all(), &over), Err(Stop::Refused(Check::Es256Range)));
            assert_eq!(judge(Checks::all_but(Check::Es256Range), &over), Ok(()));
            over[63] ^= 1;
            assert_eq!(judge(Checks::all_but(Check::Es256Range), &over), Err(Stop::Refused(Check::Signature)));
        }
    }

    #[test]
    fn n_is_added_with_every_carry() {
        assert_eq!(plus_order(&[0xff; 32]), None);
        let one_more = plus_order(&[vec![0; 31], vec![0xaf]].concat()).unwrap();
        assert_eq!(one_more[30..], [0x26, 0x00]);
    }
}

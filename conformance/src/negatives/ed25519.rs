//! Ed25519: keys and R of small or mixed order, encodings that are not canonical, S out of range.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;

use super::{FIRST, METHODS, flip};
use crate::bytes::array;
use crate::check::{Check, Step, Stop};
use crate::deviation::{Sign, Signer};
use crate::ed25519::{ORDER, hash_scalar, pair, small_point};
use crate::fixed::{did_key_of, key_identity, secret};
use crate::keys::ED25519_CODEC;
use crate::negative::{Negative, negative};
use crate::sender::PublicKey;

const INITIATOR: &str = "initiator ed25519";

/// Little-endian p + n, an encoding of n that is not canonical.
fn p_plus(n: u8) -> Vec<u8> {
    [vec![0xed + n], vec![0xff; 30], vec![0x7f]].concat()
}

/// The initiator's real key with another way to sign.
fn signing(sign: Sign) -> Step<Signer> {
    let honest = Signer::of(&key_identity(1, INITIATOR)?)?;
    Ok(Signer { sign, ..honest })
}

/// A did:key of these bytes.
fn keyed(key: Vec<u8>, sign: Sign) -> Signer {
    Signer { did: did_key_of(&ED25519_CODEC, &key), fragment: String::new(), key: PublicKey::Ed25519(key), sign }
}

fn join(r: &[u8], s: &Scalar) -> Vec<u8> {
    [r, s.as_bytes()].concat()
}

/// Signs under a key of small order without any secret: S is free, R follows, k is tried out.
fn sign_small(key: Vec<u8>) -> Sign {
    Box::new(move |message| {
        let a = CompressedEdwardsY(array(&key)?).decompress().ok_or(Stop::Broken("no point"))?;
        for number in 1u64..=64 {
            let s = Scalar::from(number);
            for multiple in 0u64..8 {
                let guess = a * Scalar::from(multiple);
                let r = (EdwardsPoint::mul_base(&s) - guess).compress().to_bytes();
                if a * hash_scalar(&[&r, &key, message]) == guess {
                    return Ok(join(&r, &s));
                }
            }
        }
        Err(Stop::Broken("no signature under a small-order key"))
    })
}

/// Signs with this encoding of the identity as R: S = ka.
fn sign_with_identity_r(encoding: Vec<u8>) -> Sign {
    Box::new(move |message| {
        let pair = pair(&secret(INITIATOR))?;
        let k = hash_scalar(&[&encoding, &pair.public, message]);
        Ok(join(&encoding, &(k * pair.scalar)))
    })
}

/// Adds a point of order 8 to R.
fn sign_mixed_r() -> Sign {
    Box::new(|message| {
        let pair = pair(&secret(INITIATOR))?;
        let r = hash_scalar(&[b"r", message]);
        let big_r = (EdwardsPoint::mul_base(&r) + small_point(1)?).compress().to_bytes();
        let k = hash_scalar(&[&big_r, &pair.public, message]);
        Ok(join(&big_r, &(r + k * pair.scalar)))
    })
}

/// The initiator's key plus a point of order 8, and a signature that holds with the cofactor only.
fn mixed_key() -> Step<Signer> {
    let point = small_point(1)?;
    let key = (EdwardsPoint::mul_base(&pair(&secret(INITIATOR))?.scalar) + point).compress().to_bytes().to_vec();
    let public = key.clone();
    let sign: Sign = Box::new(move |message| {
        let pair = pair(&secret(INITIATOR))?;
        for number in 0u8..64 {
            let r = hash_scalar(&[&[number], message]);
            let big_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
            let k = hash_scalar(&[&big_r, &public, message]);
            if k.as_bytes().first().is_some_and(|byte| byte % 8 != 0) {
                return Ok(join(&big_r, &(r + k * pair.scalar)));
            }
        }
        Err(Stop::Broken("no signature that holds with the cofactor only"))
    });
    Ok(keyed(key, sign))
}

/// S + L, which is S again when reduced.
fn add_order(signature: &mut [u8]) {
    let mut carry = 0u16;
    for (byte, order) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap_or_default();
        carry = sum >> 8;
    }
}

fn signatures() -> Step<Vec<Negative>> {
    let finish = |id, check| negative(id, FIRST, check).finish();
    let identity = || [vec![1], vec![0; 31]].concat();
    let identity_with_sign = [vec![1], vec![0; 30], vec![0x80]].concat();
    Ok(vec![
        finish("n-ed25519-r", Check::Signature).signature("a bit of R", |signature| flip(signature, 0)),
        finish("n-ed25519-s", Check::Signature).signature("a bit of S", |signature| flip(signature, 32)),
        negative("n-reply-ed25519-s", METHODS, Check::Signature)
            .reply()
            .signature("a bit of S", |signature| flip(signature, 32)),
        finish("n-ed25519-s-plus-order", Check::Ed25519SRange)
            .signature("S + L instead of S", |signature| add_order(signature)),
        negative("n-reply-ed25519-s-plus-order", METHODS, Check::Ed25519SRange)
            .reply()
            .signature("S + L instead of S", |signature| add_order(signature)),
        finish("n-ed25519-r-small-order", Check::Ed25519ROrder)
            .signer("R is the identity point, and the equation holds", signing(sign_with_identity_r(identity()))?),
        finish("n-ed25519-r-not-canonical", Check::Ed25519REncoding)
            .signer("R is the identity point encoded with y = p + 1", signing(sign_with_identity_r(p_plus(1)))?),
        finish("n-ed25519-r-sign", Check::Ed25519REncoding).signer(
            "R is the identity point encoded with a sign bit",
            signing(sign_with_identity_r(identity_with_sign))?,
        ),
        finish("n-ed25519-r-mixed-order", Check::Ed25519Cofactorless)
            .signer("R has a part of order 8: the equation holds with the cofactor only", signing(sign_mixed_r())?),
        finish("n-ed25519-key-mixed-order", Check::Ed25519Cofactorless)
            .signer("the key has a part of order 8: the equation holds with the cofactor only", mixed_key()?),
    ])
}

/// The first y from 2 on that is on no point of the curve.
fn no_point() -> Step<Vec<u8>> {
    let encodings = (2u8..64).map(|y| [vec![y], vec![0; 31]].concat());
    for encoding in encodings {
        if CompressedEdwardsY(array(&encoding)?).decompress().is_none() {
            return Ok(encoding);
        }
    }
    Err(Stop::Broken("every y is on the curve"))
}

fn keys() -> Step<Vec<Negative>> {
    let small = |id, index, order: u8| {
        let key = small_point(index)?.compress().to_bytes().to_vec();
        let change = format!("the key is a point of order {order}, and the equation holds");
        let negative = negative(id, FIRST, Check::Ed25519KeyOrder).finish();
        Ok(negative.signer(&change, keyed(key.clone(), sign_small(key))))
    };
    let other = |id, change: &str, key: Vec<u8>| {
        let negative = negative(id, FIRST, Check::Ed25519KeyCanonical).finish();
        negative.signer(change, keyed(key.clone(), sign_small(key)))
    };
    let mut no_key = Signer::of(&key_identity(1, INITIATOR)?)?;
    no_key.did = did_key_of(&ED25519_CODEC, &no_point()?);
    let all = vec![
        small("n-ed25519-key-order-1", 0, 1)?,
        small("n-ed25519-key-order-2", 4, 2)?,
        small("n-ed25519-key-order-4", 2, 4)?,
        small("n-ed25519-key-order-8", 1, 8)?,
        other("n-ed25519-key-p", "the key is the point with y = 0 encoded as p", p_plus(0)),
        other("n-ed25519-key-p-plus-1", "the key is the identity point encoded with y = p + 1", p_plus(1)),
        other(
            "n-ed25519-key-sign",
            "the key is the identity point encoded with a sign bit",
            [vec![1], vec![0; 30], vec![0x80]].concat(),
        ),
        negative("n-ed25519-key-no-point", FIRST, Check::Ed25519KeyPoint)
            .finish()
            .signer("the key is the encoding of no point", no_key),
    ];
    Ok(all.into_iter().map(|negative| negative.also(&["R-DID-9"])).collect())
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([signatures()?, keys()?].into_iter().flatten().collect())
}

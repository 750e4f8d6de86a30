//! The points of small order of edwards25519, by their encodings.

/// All eight, in order: 1, 2, 4 and 4, then those of order 8. No other encoding is one that a computed R has (RFC 8032, section 5.1.2), so
/// nothing has to be decompressed to know R-SIG-6: R that is encoded in another way is refused by R-SIG-7.
const ENCODINGS: [[u8; 32]; 8] = [
    first_and_last(0x01, 0x00, 0x00),
    first_and_last(0xec, 0xff, 0x7f),
    first_and_last(0x00, 0x00, 0x00),
    first_and_last(0x00, 0x00, 0x80),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x85,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0xfa,
    ],
];

/// Whether R of a signature is one of them.
pub(super) fn is_encoding_of(signature: &[u8; 64]) -> bool {
    signature.first_chunk().is_some_and(|r| ENCODINGS.contains(r))
}

const fn first_and_last(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use ed25519_dalek::VerifyingKey;
    use sha2::{Digest as _, Sha512};

    use super::*;
    use crate::crypto::PublicKey;

    #[test]
    fn they_are_the_eight_points_of_small_order() {
        let mut expected: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
        let mut encodings = ENCODINGS.to_vec();
        expected.sort_unstable();
        encodings.sort_unstable();
        assert_eq!(encodings, expected);
    }

    /// A signature of which R is this point of small order: right but for that. The key is one of ours with a part of small order.
    fn forged(r: &EdwardsPoint) -> (VerifyingKey, Vec<u8>, [u8; 64]) {
        let secret = Scalar::from(7_u64);
        for torsion in EIGHT_TORSION {
            let key = (ED25519_BASEPOINT_POINT * secret + torsion).compress();
            for number in 0..64_u8 {
                let (message, r_bytes) = (vec![number], r.compress().to_bytes());
                let hash =
                    Sha512::new().chain_update(r_bytes).chain_update(key.as_bytes()).chain_update(&message).finalize();
                let k = Scalar::from_bytes_mod_order_wide(&hash.into());
                // [S]B − [k]A is −[k] of what is of small order in A.
                if -(torsion * k) == *r {
                    let s = k * secret;
                    let signature: Vec<u8> = [r_bytes, s.to_bytes()].concat();
                    return (VerifyingKey::from_bytes(key.as_bytes()).unwrap(), message, signature.try_into().unwrap());
                }
            }
        }
        panic!("no message leads there")
    }

    // R-SIG-6
    #[test]
    fn an_r_of_small_order_is_refused_though_the_equation_holds() {
        for r in EIGHT_TORSION {
            let (key, message, signature) = forged(&r);
            let plain = ed25519_dalek::Signature::from_bytes(&signature);
            assert!(ed25519_dalek::Verifier::verify(&key, &message, &plain).is_ok(), "the equation does not hold");
            assert!(key.verify_strict(&message, &plain).is_err());
            let ours = PublicKey::ed25519(key.as_bytes()).unwrap();
            assert!(!ours.verify(&message, &signature), "{r:?}");
        }
    }

    // R-SIG-5 to R-SIG-7: as the strict verification of the library, also for what is altered anywhere.
    #[test]
    fn it_is_the_strict_verification() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        let ours = PublicKey::ed25519(key.verifying_key().as_bytes()).unwrap();
        let signature = ed25519_dalek::Signer::sign(&key, b"text").to_bytes();
        for bit in 0..=512 {
            let mut altered = signature;
            if let Some(byte) = altered.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
            let strict = key.verifying_key().verify_strict(b"text", &ed25519_dalek::Signature::from_bytes(&altered));
            assert_eq!(ours.verify(b"text", &altered), strict.is_ok(), "{bit}");
            assert_eq!(strict.is_ok(), bit == 512);
        }
    }
}

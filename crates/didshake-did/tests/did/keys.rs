//! Keys with a known origin.

use didshake::{Algorithm, PublicKey, Secret, SigningKey};

/// The public key of a secret of 32 equal bytes.
pub(crate) fn public(algorithm: Algorithm, seed: u8) -> PublicKey {
    SigningKey::from_secret(algorithm, &Secret::new([seed; 32])).unwrap().public_key()
}

/// Ed25519 encodings that are no valid key: the identity, a point of order 4, y = p + 1, and no point at all.
pub(crate) fn invalid_ed25519() -> [[u8; 32]; 4] {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut not_canonical = [0xff; 32];
    not_canonical[0] = 0xee;
    not_canonical[31] = 0x7f;
    let mut no_point = [0; 32];
    no_point[0] = 2;
    [identity, [0; 32], not_canonical, no_point]
}

/// P-256 encodings of the right length that are no compressed point: other tags, x = p, x of no point.
pub(crate) fn invalid_p256() -> Vec<[u8; 33]> {
    let good: [u8; 33] = public(Algorithm::Es256, 7).as_bytes().try_into().unwrap();
    let mut invalid: Vec<[u8; 33]> = [0, 1, 4, 5, 6, 7, 0xff].map(|tag| with_first(good, tag)).to_vec();
    let p = hex::decode("02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff").unwrap();
    invalid.push(p.try_into().unwrap());
    // x = 1: 1 − 3 + b is no square modulo p.
    let mut no_point = [0; 33];
    no_point[0] = 2;
    no_point[32] = 1;
    invalid.push(no_point);
    invalid
}

fn with_first(mut bytes: [u8; 33], first: u8) -> [u8; 33] {
    bytes[0] = first;
    bytes
}

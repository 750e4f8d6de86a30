//! HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305, without pre-shared keys. The
//! numbers that go into its labels can be wrong; what is computed stays the same.

use crate::bytes::Put;
use crate::check::{Step, Stop};
use crate::primitives::{Opened, expand, extract, open, seal, x25519_public};

/// Suite 1 of the handshake has the same AEAD.
const CHACHA20_POLY1305: u16 = 1;

/// Everything but the keys that decides what a sealed text is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hpke {
    pub(crate) mode: u8,
    pub(crate) kem: u16,
    pub(crate) kdf: u16,
    pub(crate) aead: u16,
    pub(crate) info: Vec<u8>,
    pub(crate) sequence: u64,
}

/// A key pair of the KEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) secret: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

/// What both sides derive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    pub(crate) shared_secret: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) base_nonce: Vec<u8>,
}

fn labeled_extract(suite: &[u8], salt: &[u8], label: &str, ikm: &[u8]) -> Vec<u8> {
    extract(salt, &[b"HPKE-v1", suite, label.as_bytes(), ikm].concat())
}

fn labeled_expand(suite: &[u8], key: &[u8], label: &str, info: &[u8], length: u16) -> Step<Vec<u8>> {
    let mut labeled = Vec::new();
    labeled.u16(length);
    labeled.extend_from_slice(&[b"HPKE-v1", suite, label.as_bytes(), info].concat());
    expand(key, &labeled, usize::from(length))
}

fn kem_suite(kem: u16) -> Vec<u8> {
    [b"KEM".as_slice(), &kem.to_be_bytes()].concat()
}

/// DeriveKeyPair of section 7.1.3.
pub(crate) fn derive_key_pair(ikm: &[u8]) -> Step<Pair> {
    let suite = kem_suite(0x0020);
    let key = labeled_extract(&suite, b"", "dkp_prk", ikm);
    let secret = labeled_expand(&suite, &key, "sk", b"", 32)?;
    Ok(Pair { public: x25519_public(&secret)?, secret })
}

impl Hpke {
    /// Base mode, sequence number 0.
    pub(crate) fn base(info: &[u8]) -> Self {
        Self { mode: 0, kem: 0x0020, kdf: 0x0001, aead: 0x0003, info: info.to_vec(), sequence: 0 }
    }

    /// From a Diffie-Hellman result to the keys: ExtractAndExpand (section 4.1) and KeySchedule (section 5.1).
    pub(crate) fn keys(&self, dh: &[u8], enc: &[u8], recipient: &[u8]) -> Step<Keys> {
        let suite = kem_suite(self.kem);
        let extracted = labeled_extract(&suite, b"", "eae_prk", dh);
        let shared_secret = labeled_expand(&suite, &extracted, "shared_secret", &[enc, recipient].concat(), 32)?;
        let mut suite = b"HPKE".to_vec();
        [self.kem, self.kdf, self.aead].iter().for_each(|number| suite.u16(*number));
        let psk_id_hash = labeled_extract(&suite, b"", "psk_id_hash", b"");
        let info_hash = labeled_extract(&suite, b"", "info_hash", &self.info);
        let context = [[self.mode].as_slice(), &psk_id_hash, &info_hash].concat();
        let secret = labeled_extract(&suite, &shared_secret, "secret", b"");
        let key = labeled_expand(&suite, &secret, "key", &context, 32)?;
        let base_nonce = labeled_expand(&suite, &secret, "base_nonce", &context, 12)?;
        Ok(Keys { shared_secret, key, base_nonce })
    }

    /// ContextS.Seal of section 5.2 at this sequence number.
    pub(crate) fn seal(&self, keys: &Keys, data: &[u8], plain: &[u8]) -> Step<Vec<u8>> {
        seal(CHACHA20_POLY1305, &keys.key, &self.nonce(keys)?, data, plain)
    }

    /// ContextR.Open of section 5.2, which also says what comes out where the tag is wrong.
    pub(crate) fn open(&self, keys: &Keys, data: &[u8], sealed: &[u8]) -> Step<Opened> {
        open(CHACHA20_POLY1305, &keys.key, &self.nonce(keys)?, data, sealed)
    }

    fn nonce(&self, keys: &Keys) -> Step<Vec<u8>> {
        if keys.base_nonce.len() != 12 {
            return Err(Stop::Broken("a nonce of another length"));
        }
        let sequence = [[0; 4].as_slice(), &self.sequence.to_be_bytes()].concat();
        Ok(keys.base_nonce.iter().zip(sequence).map(|(base, number)| base ^ number).collect())
    }
}

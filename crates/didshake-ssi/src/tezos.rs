//! Public keys of Tezos accounts: base58check with a prefix that names the kind, and the account that they hash to.

use bs58::Alphabet;
use bs58::encode::EncodeBuilder;

/// `edpk`, `p2pk`: what stands before the key's bytes.
const ED25519: [u8; 4] = [0x0d, 0x0f, 0x25, 0xd9];
const P256: [u8; 4] = [0x03, 0xb2, 0x8b, 0x7f];
/// `tz1`, `tz3`: what stands before the hash of such a key.
const TZ1: [u8; 3] = [0x06, 0xa1, 0x9f];
const TZ3: [u8; 3] = [0x06, 0xa1, 0xa4];
/// The multicodec names of the kinds, as varints.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];
const P256_PUB: [u8; 2] = [0x80, 0x24];

const HASH_BYTES: usize = 20;

/// The public key of an account, of a kind that didshake can verify.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TezosKey {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Ed25519,
    P256,
}

impl TezosKey {
    /// Reads `edpk…` or `p2pk…`; the bytes are not checked to be a point.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let decoded = bs58::decode(text).with_check(None).into_vec().ok()?;
        let of = |kind, prefix: &[u8], length: usize| {
            let bytes = decoded.strip_prefix(prefix).filter(|bytes| bytes.len() == length)?;
            Some(Self { kind, bytes: bytes.to_vec() })
        };
        of(Kind::Ed25519, &ED25519, 32).or_else(|| of(Kind::P256, &P256, 33))
    }

    /// The account of this key, `tz1…` or `tz3…`.
    pub(crate) fn address(&self) -> String {
        let prefix = match self.kind {
            Kind::Ed25519 => TZ1,
            Kind::P256 => TZ3,
        };
        let hash = blake2b_simd::Params::new().hash_length(HASH_BYTES).hash(&self.bytes);
        check_encode([&prefix, hash.as_bytes()].concat()).into_string()
    }

    /// The key as a document gives it to ssi.
    pub(crate) fn text(&self) -> String {
        let prefix = match self.kind {
            Kind::Ed25519 => ED25519,
            Kind::P256 => P256,
        };
        check_encode([&prefix[..], &self.bytes].concat()).into_string()
    }

    /// The key as a `publicKeyMultibase`.
    pub(crate) fn multibase(&self) -> String {
        let codec = match self.kind {
            Kind::Ed25519 => ED25519_PUB,
            Kind::P256 => P256_PUB,
        };
        format!("z{}", bs58::encode([&codec[..], &self.bytes].concat()).into_string())
    }
}

fn check_encode(bytes: Vec<u8>) -> EncodeBuilder<'static, Vec<u8>> {
    bs58::encode(bytes).with_alphabet(Alphabet::BITCOIN).with_check()
}

#[cfg(test)]
mod tests {
    use super::*;

    // From ssi's own tests: keys and the accounts that Tezos derives from them.
    #[test]
    fn a_key_hashes_to_its_account() {
        let key = TezosKey::parse("edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn").unwrap();
        assert_eq!(key.address(), "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb");
        assert_eq!(key.text(), "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn");
        let key = TezosKey::parse("p2pk679D18uQNkdjpRxuBXL5CqcDKTKzsiXVtc9oCUT6xb82zQmgUks").unwrap();
        assert_eq!(key.address(), "tz3agP9LGe2cXmKQyYn6T68BHKjjktDbbSWX");
    }

    #[test]
    fn other_texts_are_no_keys() {
        for bad in [
            "",
            "edpk",
            // Another check sum, another kind (secp256k1), an account.
            "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjm",
            "sppk7bRNbJ2n9PNQo295UJiYQ8iMma8ysRH9mCRFB14yhzLCwdGay9y",
            "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
        ] {
            assert_eq!(TezosKey::parse(bad), None, "{bad}");
        }
    }
}

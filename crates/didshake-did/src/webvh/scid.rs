//! The hashes of a log: base58btc of a SHA-256 multihash.

use sha2::{Digest, Sha256};

use crate::json::{Json, Object};

/// `0x12` is SHA-256, `0x20` its length.
const PREFIX: [u8; 2] = [0x12, 0x20];
const TEXT_BYTES: usize = 46;

/// What stands where the SCID will be while it is computed.
pub(super) const PLACEHOLDER: &str = "{SCID}";

/// The hash of a text.
pub(super) fn hash(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    bs58::encode([PREFIX.as_slice(), &digest].concat()).into_string()
}

/// Whether this is the one text of some SHA-256 multihash.
pub(super) fn is_hash(text: &str) -> bool {
    let multihash = |bytes: Vec<u8>| bytes.len() == 34 && bytes.starts_with(&PREFIX);
    text.len() == TEXT_BYTES && bs58::decode(text).into_vec().is_ok_and(multihash)
}

/// The same value with `to` wherever `from` stands in a text or a name; `None` where two names become one.
pub(super) fn replaced(value: &Json, from: &str, to: &str) -> Option<Json> {
    Some(match value {
        Json::Text(text) => Json::Text(text.replace(from, to)),
        Json::List(items) => Json::List(items.iter().map(|item| replaced(item, from, to)).collect::<Option<_>>()?),
        Json::Object(members) => {
            let mut renamed = Object::new();
            for (name, value) in members {
                let taken = renamed.insert(name.replace(from, to), replaced(value, from, to)?);
                if taken.is_some() {
                    return None;
                }
            }
            Json::Object(renamed)
        }
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::OtherNumber => value.clone(),
    })
}

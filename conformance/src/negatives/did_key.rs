//! did:key in forms that are none of the two, and P-256 keys that are no points.

use super::FIRST;
use crate::check::{Check, Step, Stop};
use crate::deviation::Signer;
use crate::es256;
use crate::fixed::{did_key_of, key_identity, public};
use crate::keys::{ED25519_CODEC, P256_CODEC, base64url};
use crate::negative::{Negative, negative};

const ED25519: &str = "initiator ed25519";
const P256: &str = "initiator p256";

/// The initiator claims this DID and signs with its real key.
fn claimed(id: &'static str, check: Check, algorithm: u8, change: &str, did: String) -> Step<Negative> {
    let name = if algorithm == 1 { ED25519 } else { P256 };
    let signer = Signer { did, ..Signer::of(&key_identity(algorithm, name)?)? };
    Ok(negative(id, FIRST, check).finish().signer(change, signer))
}

fn multibases() -> Step<Vec<Negative>> {
    let key = [ED25519_CODEC.to_vec(), public(1, ED25519)?].concat();
    let honest = key_identity(1, ED25519)?.did;
    let specific = honest.strip_prefix("did:key:z").ok_or(Stop::Broken("no did:key"))?.to_owned();
    let form =
        |id, change: &str, text: String| claimed(id, Check::DidKeyMultibase, 1, change, format!("did:key:{text}"));
    Ok(vec![
        form("n-did-key-base64url", "multibase base64url", format!("u{}", base64url(&key)))?,
        form("n-did-key-base16", "multibase base16", format!("f{}", hex::encode(&key)))?,
        form("n-did-key-flickr", "base58 marked as flickr's", format!("Z{specific}"))?,
        form("n-did-key-no-multibase", "base58 without a multibase letter", specific.clone())?,
        form("n-did-key-alphabet", "a character that base58btc does not have", format!("z{specific}0"))?,
        form("n-did-key-version", "a version in front of the key", format!("1.1:z{specific}"))?,
        form("n-did-key-two-segments", "a second segment after the key", format!("z{specific}:z{specific}"))?,
    ])
}

fn codecs() -> Step<Vec<Negative>> {
    let key = public(1, ED25519)?;
    let codec =
        |id, change: &str, codec: &[u8]| claimed(id, Check::DidKeyMulticodec, 1, change, did_key_of(codec, &key));
    Ok(vec![
        codec("n-did-key-x25519", "the multicodec of X25519", &[0xec, 0x01])?,
        codec("n-did-key-secp256k1", "the multicodec of secp256k1", &[0xe7, 0x01])?,
        codec("n-did-key-ed25519-secret", "the multicodec of an Ed25519 secret key", &[0x80, 0x26])?,
        codec("n-did-key-varint-long", "Ed25519's multicodec in an overlong varint", &[0xed, 0x81, 0x00])?,
        codec("n-did-key-varint-short", "Ed25519's multicodec as one byte", &[0xed])?,
        codec("n-did-key-leading-one", "a leading 1: a zero byte before the multicodec", &[0x00, 0xed, 0x01])?,
        codec("n-did-key-no-codec", "no multicodec", &[])?,
        claimed(
            "n-did-key-nothing",
            Check::DidKeyMulticodec,
            1,
            "nothing after the multibase letter",
            "did:key:z".to_owned(),
        )?,
    ])
}

fn lengths() -> Step<Vec<Negative>> {
    let ed25519 = public(1, ED25519)?;
    let p256 = public(2, P256)?;
    let (x, y) = es256::coordinates(&crate::fixed::secret(P256))?;
    let cut = |key: &[u8]| key.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    let form = |id, algorithm, change: &str, codec: &[u8], key: &[u8]| {
        claimed(id, Check::DidKeyLength, algorithm, change, did_key_of(codec, key))
    };
    Ok(vec![
        form("n-did-key-short", 1, "an Ed25519 key of 31 bytes", &ED25519_CODEC, &cut(&ed25519))?,
        form("n-did-key-long", 1, "an Ed25519 key of 33 bytes", &ED25519_CODEC, &[ed25519.clone(), vec![0]].concat())?,
        form("n-did-key-codec-only", 1, "Ed25519's multicodec and no key", &ED25519_CODEC, &[])?,
        form("n-did-key-p256-short", 2, "a P-256 key of 32 bytes", &P256_CODEC, &cut(&p256))?,
        form("n-did-key-p256-raw", 2, "a P-256 key as x and y", &P256_CODEC, &[x.clone(), y.clone()].concat())?,
        form("n-did-key-p256-uncompressed", 2, "an uncompressed P-256 key", &P256_CODEC, &[vec![4], x, y].concat())?,
    ])
}

/// The first x from 1 on that no point of P-256 has.
fn no_point() -> Step<Vec<u8>> {
    for x in 1u8..64 {
        let key = [vec![2], vec![0; 31], vec![x]].concat();
        if es256::check_key(crate::check::Checks::all(), &key).is_err() {
            return Ok(key);
        }
    }
    Err(Stop::Broken("every x is on P-256"))
}

fn points() -> Step<Vec<Negative>> {
    let with_first = |first: u8| -> Step<Vec<u8>> {
        Ok(public(2, P256)?.into_iter().enumerate().map(|(i, byte)| if i == 0 { first } else { byte }).collect())
    };
    // p + 5 as x: 5 is the x of a point, so only the encoding is at fault.
    let field = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    let mut over = hex::decode(field).map_err(|_| Stop::Broken("p"))?;
    over.iter_mut().skip(20).for_each(|byte| *byte = 0);
    if let Some(byte) = over.get_mut(19) {
        *byte = 1;
    }
    if let Some(byte) = over.last_mut() {
        *byte = 4;
    }
    let form = |id, change: &str, key: Vec<u8>| {
        Ok(claimed(id, Check::P256KeyPoint, 2, change, did_key_of(&P256_CODEC, &key))?.also(&["R-DID-9"]))
    };
    Ok(vec![
        form("n-p256-key-no-point", "an x that no point of P-256 has", no_point()?)?,
        form("n-p256-key-prefix-4", "a compressed key that starts with 4", with_first(4)?)?,
        form("n-p256-key-prefix-5", "a compressed key that starts with 5, SEC 1's compact form", with_first(5)?)?,
        form("n-p256-key-prefix-0", "a compressed key that starts with 0", with_first(0)?)?,
        form("n-p256-key-x-over", "an x of p + 5", [vec![2], over].concat())?,
    ])
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([multibases()?, codecs()?, lengths()?, points()?].into_iter().flatten().collect())
}

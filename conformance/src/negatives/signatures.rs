//! Signatures: what they cover, and ES256.

use std::ops::Range;

use super::{FIRST, METHODS, WEB, extension, flip};
use crate::check::{Check, Checks, Step, Stop};
use crate::config::{Config, Document};
use crate::deviation::Signer;
use crate::fixed::{key_identity, multibase, public, secret};
use crate::initiator::{INITIATOR_LABEL, RESPONDER_LABEL};
use crate::keys::P256_CODEC;
use crate::negative::{Negative, negative};
use crate::play::play;
use crate::sender::Signed;
use crate::{es256, positives};

const P256: &str = "p-key-p256";
/// The DID of the initiator with a document.
const INITIATOR: &str = "did:web:agents.example:alice";

/// A signature over another field than the verifier sees, in either role.
fn both(ids: [&'static str; 2], check: Check, change: &str, edit: fn(&mut Signed)) -> [Negative; 2] {
    let [reply, finish] = ids;
    [
        negative(reply, METHODS, check).reply().signed(change, edit),
        negative(finish, FIRST, check).finish().signed(change, edit),
    ]
}

fn covered() -> Vec<Negative> {
    [
        both(
            ["n-reply-signed-role", "n-finish-signed-role"],
            Check::SignatureLabel,
            "the signature has the label of the other role",
            |signed| {
                let own = if signed.label == INITIATOR_LABEL { RESPONDER_LABEL } else { INITIATOR_LABEL };
                signed.label = own.to_vec();
            },
        ),
        both(
            ["n-reply-signed-transcript", "n-finish-signed-transcript"],
            Check::SignatureTranscript,
            "the signature covers the transcript hash of another handshake",
            |signed| signed.th = secret("another transcript"),
        ),
        both(
            ["n-reply-signed-did", "n-finish-signed-did"],
            Check::SignatureDid,
            "the signature covers another DID than the Identity claims",
            |signed| signed.did = b"did:web:somebody.example".to_vec(),
        ),
        both(
            ["n-reply-signed-fragment", "n-finish-signed-fragment"],
            Check::SignatureFragment,
            "the signature covers a fragment that the Identity does not have",
            |signed| signed.fragment = b"key-1".to_vec(),
        ),
        both(
            ["n-reply-signed-algorithm", "n-finish-signed-algorithm"],
            Check::SignatureAlgorithm,
            "the signature covers another algorithm byte",
            |signed| signed.algorithm = 2,
        ),
        both(
            ["n-reply-signed-extensions", "n-finish-signed-extensions"],
            Check::SignatureExtensions,
            "the signature covers an extension that the Identity does not have",
            |signed| signed.extensions = extension(40, 0, b""),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn initiator_only() -> Vec<Negative> {
    let finish =
        |id, base, check, change: &str, edit: fn(&mut Signed)| negative(id, base, check).finish().signed(change, edit);
    vec![
        finish(
            "n-finish-signed-peer",
            FIRST,
            Check::SignaturePeerDid,
            "the signature names another responder",
            |signed| {
                signed.peer = Some((b"did:web:somebody.example".to_vec(), Vec::new()));
            },
        ),
        finish(
            "n-finish-signed-peer-missing",
            FIRST,
            Check::SignaturePeerDid,
            "the signature names no responder",
            |signed| {
                signed.peer = None;
            },
        ),
        finish(
            "n-finish-signed-peer-fragment",
            WEB,
            Check::SignaturePeerFragment,
            "the signature names another method of the responder",
            |signed| signed.peer = signed.peer.take().map(|(did, _)| (did, b"key-2".to_vec())),
        ),
        negative("n-finish-extensions-altered", FIRST, Check::SignatureExtensions)
            .finish()
            .signed_claim("an extension is added after signing", |claim| claim.extensions = extension(40, 0, b"")),
        negative("n-reply-extensions-altered", "p-extensions-ignored", Check::SignatureExtensions)
            .reply()
            .signed_claim("the extensions are removed after signing", |claim| claim.extensions.clear()),
    ]
}

/// The identity of one, signing with the key of another.
fn stolen(algorithm: u8, victim: &str, thief: &str) -> Step<Signer> {
    let mut signer = Signer::of(&key_identity(algorithm, thief)?)?;
    signer.did = key_identity(algorithm, victim)?.did;
    Ok(signer)
}

fn keys() -> Step<Vec<Negative>> {
    let change = "the DID of one, the signature of another";
    Ok(vec![
        negative("n-reply-other-key", METHODS, Check::Signature)
            .reply()
            .signer(change, stolen(1, "responder ed25519", "mallory ed25519")?),
        negative("n-finish-other-key", FIRST, Check::Signature)
            .finish()
            .signer(change, stolen(1, "initiator ed25519", "mallory ed25519")?),
        negative("n-finish-other-key-p256", P256, Check::Signature)
            .finish()
            .proves(&["R-SIG-10"])
            .signer(change, stolen(2, "initiator p256", "mallory p256")?),
        negative("n-reply-other-key-p256", P256, Check::Signature)
            .reply()
            .proves(&["R-SIG-10"])
            .signer(change, stolen(2, "responder p256", "mallory p256")?),
    ])
}

/// ES256 with r or s replaced.
fn es256_part(id: &'static str, change: &str, second: bool, with: Vec<u8>) -> Negative {
    negative(id, P256, Check::Es256Range).finish().signature(change, move |signature| {
        let range = if second { 32..64 } else { 0..32 };
        if let Some(part) = signature.get_mut(range) {
            part.copy_from_slice(&with);
        }
    })
}

fn es256_faults() -> Vec<Negative> {
    let order = || es256::ORDER.to_vec();
    let all: Vec<Negative> = vec![
        negative("n-es256-r", P256, Check::Signature).finish().signature("a bit of r", |signature| flip(signature, 31)),
        negative("n-es256-s", P256, Check::Signature).finish().signature("a bit of s", |signature| flip(signature, 63)),
        negative("n-reply-es256-s", P256, Check::Signature)
            .reply()
            .signature("a bit of s", |signature| flip(signature, 63)),
        negative("n-es256-swapped", P256, Check::Signature)
            .finish()
            .signature("s before r", |signature| signature.rotate_left(32)),
        negative("n-es256-der", P256, Check::Signature).finish().signature(
            "the first 64 bytes of the signature's DER form",
            |signature| {
                *signature = es256::der(signature).unwrap_or_default().into_iter().take(64).collect();
            },
        ),
    ];
    let parts = vec![
        es256_part("n-es256-r-zero", "r is zero", false, vec![0; 32]),
        es256_part("n-es256-s-zero", "s is zero", true, vec![0; 32]),
        es256_part("n-es256-r-order", "r is the group order", false, order()),
        es256_part("n-es256-s-order", "s is the group order", true, order()),
        es256_part("n-es256-r-ones", "r is 2^256 - 1", false, vec![0xff; 32]),
        es256_part("n-es256-s-ones", "s is 2^256 - 1", true, vec![0xff; 32]),
    ];
    all.into_iter().map(|negative| negative.proves(&["R-SIG-10"])).chain(parts).collect()
}

/// A signature that holds modulo n under the initiator's key, with n added to r or s. So that the sum fits into 32 bytes,
/// the small value came first and the key, which a did:web does not sign, last.
fn over(id: &'static str, change: &str, solved: &es256::Solved, part: Range<usize>) -> Step<Negative> {
    let mut signature = solved.signature.clone();
    let sum =
        es256::plus_order(signature.get(part.clone()).unwrap_or_default()).ok_or(Stop::Broken("no room for n"))?;
    signature.splice(part, sum);
    let honest = multibase(&P256_CODEC, &public(2, "initiator p256")?);
    let solved = multibase(&P256_CODEC, &solved.key);
    let set_key = move |config: &mut Config| {
        if let Some(Document::Found { text, .. }) = config.documents.get_mut(INITIATOR) {
            *text = text.replace(&honest, &solved);
        }
    };
    Ok(negative(id, WEB, Check::Es256Range)
        .finish()
        .given(set_key)
        .signature(change, move |sent| sent.clone_from(&signature)))
}

fn overs() -> Step<Vec<Negative>> {
    let base = positives::all()?.into_iter().find(|base| base.id == WEB).ok_or(Stop::Broken("no base"))?;
    let message = play(&base.config, None, Checks::all())?.responder.peer.ok_or(Stop::Broken("no peer"))?.signed;
    let small_r = es256::solve(&es256::lowest_point()?, &secret("es256 s"), &message)?;
    let small = [vec![0; 16], secret("es256 small s").into_iter().take(16).collect()].concat();
    let small_s = es256::solve(&es256::public(&secret("es256 nonce"))?, &small, &message)?;
    Ok(vec![
        over(
            "n-es256-r-over",
            "r + n instead of r: the equation holds modulo n (r is small; the document has the key that fits)",
            &small_r,
            0..32,
        )?,
        over(
            "n-es256-s-over",
            "s + n instead of s: the equation holds modulo n (s is small; the document has the key that fits)",
            &small_s,
            32..64,
        )?,
    ])
}

pub(super) fn all() -> Step<Vec<Negative>> {
    Ok([covered(), initiator_only(), keys()?, es256_faults(), overs()?].into_iter().flatten().collect())
}

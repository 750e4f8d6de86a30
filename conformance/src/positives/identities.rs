//! did:key and did:jwk of both algorithms, and the limits of an Identity.

use super::positive;
use crate::check::{Checks, Step, Stop};
use crate::config::{Extension, Hex};
use crate::es256;
use crate::fixed::{jwk_identity, key_identity, multikey_document, secret, web_identity};
use crate::play::play;
use crate::positive::Positive;

fn pairings() -> Step<Vec<Positive>> {
    let requirements = ["R-SIG-1", "R-SIG-2", "R-SIG-3", "R-SIG-10", "R-DID-1", "R-DID-2"];
    let mut both =
        positive("p-key-p256", "identity", "did:key with P-256 on both sides, 481 bytes")?.proves(&requirements);
    both.config = both
        .config
        .with_initiator(key_identity(2, "initiator p256")?)
        .with_responder(key_identity(2, "responder p256")?);
    both.lengths = vec![94, 215, 147, 25];
    let mut first = positive("p-key-ed25519-p256", "identity", "an Ed25519 initiator meets a P-256 responder")?
        .proves(&requirements);
    first.config = first.config.with_responder(key_identity(2, "responder p256")?);
    let mut second = positive("p-key-p256-ed25519", "identity", "a P-256 initiator meets an Ed25519 responder")?
        .proves(&requirements);
    second.config = second.config.with_initiator(key_identity(2, "initiator p256")?);
    Ok(vec![both, first, second])
}

/// An Ed25519 initiator whose JWK has these members too.
fn initiator_jwk(
    id: &'static str,
    about: &'static str,
    requirements: &[&'static str],
    members: &str,
) -> Step<Positive> {
    let mut vector = positive(id, "identity", about)?.proves(requirements);
    vector.config = vector.config.with_initiator(jwk_identity(1, "initiator ed25519", members)?);
    Ok(vector)
}

fn jwks() -> Step<Vec<Positive>> {
    let mut plain =
        positive("p-jwk", "identity", "did:jwk: Ed25519 on the initiator's side, P-256 on the responder's")?
            .proves(&["R-DID-1", "R-DID-4", "R-DID-5"]);
    plain.config = plain.config.with_initiator(jwk_identity(1, "initiator ed25519", "")?).with_responder(jwk_identity(
        2,
        "responder p256",
        "",
    )?);
    let mut members = positive("p-jwk-members", "identity", "did:jwk with use, alg, unknown members and white space")?
        .proves(&["R-DID-5", "R-DID-6", "R-DID-8"]);
    let initiator = jwk_identity(1, "initiator ed25519", r#""use":"sig","alg":"EdDSA","kid":"one", "x5c" : [ ], "#)?;
    let responder = jwk_identity(2, "responder p256", r#""alg":"ES256","key_ops":["verify"],"n":{"d":1},"#)?;
    members.config = members.config.with_initiator(initiator).with_responder(responder);
    let mut named =
        positive("p-jwk-alg-ed25519", "identity", "did:jwk whose alg is the newer name Ed25519")?.proves(&["R-DID-6"]);
    named.config = named.config.with_initiator(jwk_identity(1, "initiator ed25519", r#""alg":"Ed25519","#)?);
    Ok(vec![
        plain,
        members,
        named,
        initiator_jwk(
            "p-jwk-okp-y",
            "did:jwk with Ed25519 and a y, which is ignored",
            &["R-DID-5", "R-DID-8"],
            r#""y":"not looked at","#,
        )?,
        initiator_jwk(
            "p-jwk-numbers",
            "did:jwk with numbers that a double holds inexactly or as zero",
            &["R-DID-4", "R-DID-8"],
            r#""n":[9007199254740993,-0,123456789012345678901234567890,1e308,1E-400,0.1],"#,
        )?,
        initiator_jwk(
            "p-jwk-depth",
            "did:jwk nested 16 deep",
            &["R-DID-4"],
            &format!(r#""n":{}0{},"#, "[".repeat(15), "]".repeat(15)),
        )?,
        initiator_jwk(
            "p-jwk-escapes",
            "did:jwk with every escape, surrogate pairs among them, also in a name that counts",
            &["R-DID-4"],
            r#""\u0061\u006c\u0067":"Ed\u0044SA","n":"\"\\\/\b\f\n\r\t\ud83d\uDE00\u0000","#,
        )?,
    ])
}

/// Numbers the responder's nonce until the initiator's deterministic signature has a high s.
fn high_s() -> Step<Positive> {
    let mut high = positive("p-es256-high-s", "identity", "an ES256 signature whose s is above n/2 is accepted")?
        .proves(&["R-SIG-11"]);
    high.config = high.config.with_initiator(key_identity(2, "initiator p256")?);
    for number in 0..64 {
        high.config.responder.nonce = Hex(secret(&format!("responder nonce {number}")));
        let played = play(&high.config, None, Checks::all())?;
        let peer = played.responder.peer.ok_or(Stop::Broken("no peer"))?;
        let half = es256::ORDER.first().map_or(0, |byte| byte / 2);
        if peer.signature.get(32).is_some_and(|byte| *byte > half) {
            return Ok(high);
        }
    }
    Err(Stop::Broken("no high s among 64 signatures"))
}

/// An Ed25519 initiator with this did:web and fragment.
fn web_initiator(id: &'static str, about: &'static str, did: &str, fragment: &str) -> Step<Positive> {
    let identity = web_identity(did, fragment, 1, "initiator ed25519");
    let text = multikey_document(&identity, "initiator ed25519")?;
    let mut vector = positive(id, "identity", about)?.proves(&["R-ID-5", "R-ID-6", "R-ID-8"]);
    vector.config = vector.config.with_document(did, text).with_initiator(identity);
    Ok(vector)
}

fn edges() -> Step<Vec<Positive>> {
    let padding =
        positive("p-identity-padding-none", "identity", "Identities that need no padding, and one of 63 bytes")?
            .proves(&["R-ID-1"])
            .edit(|config| {
                let body = |length| Extension { id: 32, critical: false, body: Hex(vec![7; length]) };
                config.responder.reply_extensions = vec![body(61)];
                config.initiator.finish_extensions = vec![body(62)];
            });
    let mut longest = positive("p-did-longest", "identity", "a DID of 2,048 bytes, a fragment of 255")?.proves(&[
        "R-ID-4",
        "R-ID-8",
        "R-LIMIT-1",
    ]);
    let did = format!("did:web:example.com:{}", "a".repeat(2048 - 20));
    let identity = web_identity(&did, &"f".repeat(255), 1, "responder ed25519");
    let text = multikey_document(&identity, "responder ed25519")?;
    longest.config = longest.config.with_document(&did, text).with_responder(identity);
    let mut strange = positive(
        "p-did-characters",
        "identity",
        "percent-encoding in a DID and every kind of character in a fragment, compared byte for byte",
    )?
    .proves(&["R-ID-5", "R-ID-6", "R-ID-8"]);
    let did = "did:web:localhost%3A8443:Users:alice_1.x-y";
    let identity = web_identity(did, "key-1._~!$&'()*+,;=:@/?%2F", 1, "initiator ed25519");
    let text = multikey_document(&identity, "initiator ed25519")?;
    strange.config = strange.config.with_document(did, text).with_initiator(identity);
    let lower = web_initiator(
        "p-did-percent-lower",
        "percent-encoding with small hexadecimal digits in a DID and in a fragment, compared byte for byte",
        "did:web:localhost%3a8443:a%c3%a4",
        "key%3a1%C3%a4",
    )?;
    let segments =
        web_initiator("p-did-segments-empty", "a DID with empty segments", "did:web:agents.example:::alice", "key-1")?;
    let first = web_initiator("p-did-segments-empty-first", "a DID whose first segment is empty", "did:web::x", "k")?;
    Ok(vec![high_s()?, padding, longest, strange, lower, segments, first])
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([pairings()?, jwks()?, edges()?].concat())
}

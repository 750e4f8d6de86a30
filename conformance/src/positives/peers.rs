//! did:peer, forms 2 and 4.

use super::positive;
use crate::check::{Step, Stop};
use crate::fixed::{did_peer_4, jwk, multibase, peer_identity, peer_service, public, secret};
use crate::keys::{ED25519_CODEC, P256_CODEC};
use crate::positive::Positive;

const INITIATOR: &str = "initiator ed25519";
const RESPONDER: &str = "responder p256";

/// An X25519 key in the form of a key element, without its letter.
pub(crate) fn x25519() -> String {
    multibase(&[0xec, 0x01], &secret("x25519"))
}

/// The key of a name in the form of a key element, without its letter.
pub(crate) fn key(algorithm: u8, name: &str) -> Step<String> {
    let codec = if algorithm == 1 { ED25519_CODEC } else { P256_CODEC };
    Ok(multibase(&codec, &public(algorithm, name)?))
}

/// The document of a did:peer:4 with a Multikey `#key-1` and more members, each with a comma in front.
pub(crate) fn input(algorithm: u8, name: &str, more: &str) -> Step<String> {
    let key = key(algorithm, name)?;
    Ok(format!(
        r##"{{"verificationMethod":[{{"id":"#key-1","type":"Multikey","publicKeyMultibase":"{key}"}}],"authentication":["#key-1"]{more}}}"##
    ))
}

fn of(id: &'static str, about: &'static str, did: String, fragment: &str) -> Step<Positive> {
    let mut vector = positive(id, "identity", about)?.proves(&["R-DID-11"]);
    vector.config = vector.config.with_initiator(peer_identity(did, fragment, 1, INITIATOR));
    Ok(vector)
}

fn proves(mut vector: Positive, requirements: &[&'static str]) -> Positive {
    vector.requirements.extend_from_slice(requirements);
    vector
}

fn form_2() -> Step<Vec<Positive>> {
    let (ed25519, p256) = (key(1, INITIATOR)?, key(2, RESPONDER)?);
    let service = r##"{"id":"#didshake","type":"DIDShake","serviceEndpoint":["https://responder.example/didshake"]}"##;
    let responder = format!("did:peer:2.E{}.V{p256}{}", x25519(), peer_service(service));
    let mut both = of(
        "p-peer-2",
        "did:peer:2: Ed25519 on the initiator's side, on the responder's P-256 behind a key for agreement",
        format!("did:peer:2.V{ed25519}.E{}", x25519()),
        "key-1",
    )?;
    both.config = both.config.with_responder(peer_identity(responder, "key-2", 2, RESPONDER));
    let services = [
        r#"{"t":"dm","s":{"uri":"https://a.example/didcomm","a":["didcomm/v2"],"r":["did:example:b#k","x"]}}"#,
        r##"{"id":"#a","type":["dm"],"t ":{},"s":[{"s":"","serviceEndpoint ":null,"t":"dm"}]}"##,
        "\t{ \"n\" : [1e308, -0, 9007199254740993], \"s\" : \"\\ud83d\\ude00\" }\n",
        r##"{"id":"#service-2"}"##,
    ];
    let mixed = format!(
        "did:peer:2{}.A{ed25519}{}.V{ed25519}.V{ed25519}{}",
        peer_service(services[0]),
        peer_service(services[1]),
        services[2..].iter().map(|service| peer_service(service)).collect::<String>()
    );
    let others = format!(
        "did:peer:2.V{}.V{}.Vz1.Az{}.D{ed25519}.I{ed25519}.V{ed25519}",
        x25519(),
        multibase(&[0xe7, 0x01], &[2; 33]),
        "2".repeat(400)
    );
    let count = (2048 - 11 - ed25519.len()) / (ed25519.len() + 2);
    let crowded = format!("did:peer:2{}.V{ed25519}", format!(".A{ed25519}").repeat(count));
    let named = format!("key-{}", count + 1);
    let limits = format!("did:peer:2.V{ed25519}{}{}", ".Az2".repeat(63), peer_service("{}").repeat(64));
    Ok(vec![
        proves(both, &["R-DID-12", "R-DID-13"]),
        proves(
            of("p-peer-2-services", "did:peer:2 with services before, between and after its keys", mixed, "key-3")?,
            &["R-DID-12", "R-DID-14", "R-DID-15"],
        ),
        proves(
            of("p-peer-2-other-keys", "did:peer:2 with keys of other kinds, which nobody names", others, "key-7")?,
            &["R-DID-13"],
        ),
        proves(
            of("p-peer-2-long", "did:peer:2 whose document is longer than 65,536 bytes", crowded, &named)?,
            &["R-DOC-2"],
        ),
        proves(of("p-peer-2-limits", "did:peer:2 with 64 keys and 64 services", limits, "key-1")?, &["R-DOC-2"]),
    ])
}

/// A did:peer:4 of 2,048 bytes: white space fills it up.
fn longest() -> Step<String> {
    let document = input(1, INITIATOR, "")?;
    let all = (1000..1500).map(|spaces| did_peer_4(&format!("{document}{}", " ".repeat(spaces))));
    all.into_iter().find(|did| did.len() == 2048).ok_or(Stop::Broken("no did:peer:4 of 2,048 bytes"))
}

fn form_4() -> Step<Vec<Positive>> {
    let agreement = format!(
        r##","keyAgreement":[{{"id":"#agree","type":"Multikey","publicKeyMultibase":"{}"}}],"@context":["https://www.w3.org/ns/did/v1"]"##,
        x25519()
    );
    let mut both = of(
        "p-peer-4",
        "did:peer:4, long form, Multikey: Ed25519 on the initiator's side, P-256 on the responder's",
        did_peer_4(&input(1, INITIATOR, "")?),
        "key-1",
    )?;
    let responder = did_peer_4(&input(2, RESPONDER, &agreement)?);
    both.config = both.config.with_responder(peer_identity(responder, "key-1", 2, RESPONDER));
    let embedded = format!(
        " {{ \"alsoKnownAs\" : [ \"https://a.example\", 1 ] , \"authentication\" :\n[ {{\"id\":\"#\\u006b/?\",\"type\":\"JsonWebKey\",\"revoked\":\"9999-12-31T23:59:59Z\",\"publicKeyJwk\":{} }} ], \"service\":[{{\"id\":\"#s\"}},{{\"id\":\"#t\"}},{{}},{{\"id\":1}},{{\"id\":1}}] }}\t",
        jwk(1, INITIATOR, "")?
    );
    let others = r##","keyAgreement":"none","service":[{"id":"#a","type":"x"}],"assertionMethod":[{"id":"did:example:a#k"}],"controller":1"##;
    let deep = format!(r#","deep":{}0{}"#, "[".repeat(15), "]".repeat(15));
    Ok(vec![
        proves(both, &["R-DID-16", "R-DID-17", "R-DID-18"]),
        proves(
            of(
                "p-peer-4-embedded",
                "did:peer:4 with an embedded JsonWebKey, white space, escapes and other names",
                did_peer_4(&embedded),
                "k/?",
            )?,
            &["R-DID-17", "R-DID-18"],
        ),
        proves(
            of(
                "p-peer-4-members",
                "did:peer:4 whose other members and relationships nobody looks at",
                did_peer_4(&input(1, INITIATOR, others)?),
                "key-1",
            )?,
            &["R-DID-17"],
        ),
        proves(
            of("p-peer-4-depth", "did:peer:4 nested 16 deep", did_peer_4(&input(1, INITIATOR, &deep)?), "key-1")?,
            &["R-DID-17"],
        ),
        proves(of("p-peer-4-longest", "did:peer:4 of 2,048 bytes", longest()?, "key-1")?, &["R-ID-4", "R-LIMIT-1"]),
    ])
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([form_2()?, form_4()?].concat())
}

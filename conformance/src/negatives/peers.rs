//! did:peer that does not decode, or whose document is refused.

use crate::check::{Check, Step, Stop};
use crate::deviation::Signer;
use crate::fixed::{did_peer_4, did_peer_4_of, key_identity, multibase, peer_service, public, secret};
use crate::keys::{ED25519_CODEC, base64url};
use crate::negative::{Negative, negative};
use crate::peer::{JSON_CODEC, SHA2_256};
use crate::positives::peers::{input, key, x25519};
use crate::primitives::sha256;

const ED25519: &str = "initiator ed25519";

/// The initiator claims this DID and method, and signs with its real key.
fn named(id: &'static str, check: Check, change: &str, did: String, fragment: &str) -> Step<Negative> {
    let base = if did.starts_with("did:peer:4") { "p-peer-4" } else { "p-peer-2" };
    let signer = Signer { did, fragment: fragment.to_owned(), ..Signer::of(&key_identity(1, ED25519)?)? };
    Ok(negative(id, base, check).finish().signer(change, signer))
}

fn claimed(id: &'static str, check: Check, change: &str, did: String) -> Step<Negative> {
    named(id, check, change, did, "key-1")
}

fn forms() -> Step<Vec<Negative>> {
    let key = key(1, ED25519)?;
    let form = |id, change: &str, specific: &str| {
        let negative = claimed(id, Check::MethodSupported, change, format!("did:peer:{specific}"))?;
        Ok::<_, Stop>(negative.also(&["R-DID-11"]))
    };
    let hash = multibase(&SHA2_256, &secret("a document"));
    Ok(vec![
        form("n-peer-0", "form 0, which is a key", &format!("0{key}"))?,
        form("n-peer-1", "form 1, which is a hash", &format!("1{hash}"))?,
        form("n-peer-3", "form 3, which is the hash of a form 2", &format!("3{hash}"))?,
        form("n-peer-5", "a form that there is not", &format!("5.V{key}"))?,
        form("n-peer-no-form", "no form", &key)?,
    ])
}

fn elements() -> Step<Vec<Negative>> {
    let key = key(1, ED25519)?;
    let bare = key.get(1..).unwrap_or_default();
    let form = |id, change: &str, elements: String| {
        claimed(id, Check::DidPeerElements, change, format!("did:peer:2{elements}"))
    };
    Ok(vec![
        form("n-peer-2-nothing", "no element", String::new())?,
        form("n-peer-2-no-dot", "no dot before the first element", format!("V{key}"))?,
        form("n-peer-2-element-empty", "an empty element", format!(".V{key}."))?,
        form("n-peer-2-purpose", "a letter that is no purpose", format!(".V{key}.X{key}"))?,
        form("n-peer-2-purpose-case", "a purpose in small letters", format!(".v{key}"))?,
        form("n-peer-2-no-purpose", "a key without a purpose", format!(".{key}"))?,
        form("n-peer-2-no-multibase", "base58 without a multibase letter", format!(".V{bare}"))?,
        form("n-peer-2-base64url", "a key in base64url", {
            format!(".Vu{}", base64url(&[&ED25519_CODEC, public(1, ED25519)?.as_slice()].concat()))
        })?,
        form("n-peer-2-alphabet", "a character that base58btc does not have", format!(".V{key}.A{key}0"))?,
        form("n-peer-2-key-nothing", "nothing after the multibase letter", format!(".V{key}.Az"))?,
        form("n-peer-2-segment", "a second segment", format!(".V{key}:z"))?,
    ])
}

fn keys() -> Step<Vec<Negative>> {
    let good = key(1, ED25519)?;
    let did = |elements: String| format!("did:peer:2{elements}");
    let of_form = |id, change: &str, element: String| {
        let negative = claimed(id, Check::MethodKeyEncoding, change, did(format!(".V{element}.V{good}")))?;
        Ok::<_, Stop>(negative.also(&["R-DID-13"]))
    };
    let short = public(1, ED25519)?.get(..31).unwrap_or_default().to_vec();
    let bare = good.get(1..).unwrap_or_default().to_owned();
    let under = |id, change: &str, letter: char| {
        claimed(id, Check::MethodAuthentication, change, did(format!(".{letter}{good}.V{good}")))
    };
    Ok(vec![
        of_form("n-peer-2-x25519", "a key for agreement as one that signs", x25519())?,
        of_form("n-peer-2-secp256k1", "a key of secp256k1", multibase(&[0xe7, 0x01], &[2; 33]))?,
        of_form("n-peer-2-key-short", "an Ed25519 key of 31 bytes", multibase(&ED25519_CODEC, &short))?,
        of_form("n-peer-2-leading-one", "a leading 1: a zero byte before the multicodec", format!("z1{bare}"))?,
        claimed("n-peer-2-no-point", Check::Ed25519KeyPoint, "bytes that encode no point", {
            let no_point = [vec![2], vec![0; 31]].concat();
            did(format!(".V{}.V{good}", multibase(&ED25519_CODEC, &no_point)))
        })?,
        under("n-peer-2-assertion", "the named key asserts and does not authenticate", 'A')?,
        under("n-peer-2-agreement", "the named key is one for agreement", 'E')?,
        named("n-peer-2-key-0", Check::MethodPresent, "keys counted from 0", did(format!(".V{good}")), "key-0")?
            .also(&["R-DID-13"]),
        named("n-peer-2-key-name", Check::MethodPresent, "a key named by its text", did(format!(".V{good}")), &bare)?
            .also(&["R-DID-13"]),
    ])
}

fn services() -> Step<Vec<Negative>> {
    let key = key(1, ED25519)?;
    let did = |more: &str| format!("did:peer:2.V{key}{more}");
    let form = |id, check, change: &str, json: &str| claimed(id, check, change, did(&peer_service(json)));
    let encoded =
        |id, change: &str, text: &str| claimed(id, Check::DidPeerServiceEncoding, change, did(&format!(".S{text}")));
    let json = |id, change: &str, text: &str| form(id, Check::DidPeerServiceJson, change, text);
    let twice = |id, change: &str, text: &str| form(id, Check::DidPeerServiceDuplicate, change, text);
    let id_of = |id, change: &str, text: &str| form(id, Check::DidPeerServiceId, change, text);
    let deep = |levels: usize| format!(r#"{{"n":{}0{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    let many = claimed("n-peer-2-services", Check::DocumentLimits, "65 services", did(&peer_service("{}").repeat(65)));
    Ok(vec![
        encoded("n-peer-2-service-trailing-bits", "bits that the last character does not need are set", "e31")?,
        encoded("n-peer-2-service-length", "a length that is 1 modulo 4", "e30gI")?,
        encoded("n-peer-2-service-percent", "padding, percent-encoded", "e30%3D")?,
        json("n-peer-2-service-nothing", "a service of no bytes", "")?,
        json("n-peer-2-service-not-json", "text that is no JSON", "service")?,
        json("n-peer-2-service-list", "services as a list", "[{}]")?,
        json("n-peer-2-service-two", "two JSON objects", "{}{}")?,
        json("n-peer-2-service-number", "a number beyond a double", r#"{"n":1e400}"#)?,
        json("n-peer-2-service-depth", "17 levels of nesting", &deep(17))?,
        twice("n-peer-2-service-duplicate", "a member twice in an object inside", r#"{"s":{"n":1,"n":2}}"#)?,
        twice("n-peer-2-service-written-out", "type and its abbreviation", r#"{"type":"x","t":"x"}"#)?,
        twice("n-peer-2-service-written-out-deep", "accept and its abbreviation, inside", {
            r#"{"s":[{"a":[],"accept":[]}]}"#
        })?,
        id_of("n-peer-2-service-id-null", "a service whose id is null", r#"{"id":null}"#)?,
        id_of("n-peer-2-service-id-name", "an id without #", r#"{"id":"service"}"#)?,
        id_of("n-peer-2-service-id-absolute", "an absolute id", r#"{"id":"did:example:a#service"}"#)?,
        id_of("n-peer-2-service-id-characters", "an id with a space", r##"{"id":"#a b"}"##)?,
        id_of("n-peer-2-service-id-of-key", "the id of a key", r##"{"id":"#key-1"}"##)?,
        claimed("n-peer-2-service-id-twice", Check::DidPeerServiceId, "two services with one id", {
            did(&peer_service(r##"{"id":"#a"}"##).repeat(2))
        })?,
        claimed("n-peer-2-service-id-given", Check::DidPeerServiceId, "the id that another one is given", {
            did(&[peer_service("{}"), peer_service(r##"{"id":"#service"}"##)].concat())
        })?
        .also(&["R-DID-14"]),
        form(
            "n-peer-2-document-depth",
            Check::DocumentLimits,
            "17 levels in the document, 15 in the service",
            &deep(15),
        )?,
        many?,
    ])
}

fn hashes() -> Step<Vec<Negative>> {
    let json = input(1, ED25519, "")?;
    let encoded = multibase(&JSON_CODEC, json.as_bytes());
    let digest = sha256(&[encoded.as_bytes()]);
    let form =
        |id, change: &str, hash: String| claimed(id, Check::DidPeerHash, change, format!("did:peer:4{hash}:{encoded}"));
    let of = |digest: &[u8]| multibase(&SHA2_256, digest);
    let bytes = [&JSON_CODEC, json.as_bytes()].concat();
    let short_form = did_peer_4(&json).rsplit_once(':').map(|(short, _)| short.to_owned()).unwrap_or_default();
    let bare = of(&digest).get(1..).unwrap_or_default().to_owned();
    Ok(vec![
        form("n-peer-4-hash", "the hash of another document", of(&secret("another document")))?,
        form("n-peer-4-hash-of-json", "the hash of the JSON", of(&sha256(&[json.as_bytes()])))?,
        form("n-peer-4-hash-of-bytes", "the hash of the encoded bytes instead of their text", of(&sha256(&[&bytes])))?,
        form("n-peer-4-hash-without-base", "the hash of the encoded text without its multibase letter", {
            of(&sha256(&[encoded.get(1..).unwrap_or_default().as_bytes()]))
        })?,
        form("n-peer-4-hash-code", "a multihash of another function", multibase(&[0x16, 0x20], &digest))?,
        form("n-peer-4-hash-length", "a multihash of another length", multibase(&[0x12, 0x1f], &digest))?,
        form("n-peer-4-hash-leading-one", "a leading 1: a zero byte before the multihash", format!("z1{bare}"))?,
        form("n-peer-4-hash-base16", "the hash in base16", {
            format!("f{}", hex::encode([SHA2_256.as_slice(), &digest].concat()))
        })?,
        form("n-peer-4-hash-nothing", "no hash", "z".to_owned())?,
        claimed("n-peer-4-short", Check::DidPeerLong, "the short form", short_form)?,
    ])
}

fn encodings() -> Step<Vec<Negative>> {
    let good = input(1, ED25519, "")?;
    let encoded = |id, change: &str, text: String| claimed(id, Check::DidPeerEncoding, change, did_peer_4_of(&text));
    let codec = |codec: &[u8]| multibase(codec, good.as_bytes());
    let text = codec(&JSON_CODEC);
    let json = |id, change: &str, json: &str| claimed(id, Check::DidPeerJson, change, did_peer_4(json));
    let deep = format!(r#","n":{}0{}"#, "[".repeat(16), "]".repeat(16));
    let unterminated = good.strip_suffix('}').unwrap_or_default();
    Ok(vec![
        encoded(
            "n-peer-4-no-multibase",
            "base58 without a multibase letter",
            text.get(1..).unwrap_or_default().into(),
        )?,
        encoded("n-peer-4-alphabet", "a character that base58btc does not have", format!("{text}0"))?,
        encoded("n-peer-4-segment", "a third segment", format!("{text}:{text}"))?,
        encoded("n-peer-4-raw", "the multicodec of raw bytes", codec(&[0x55]))?,
        encoded("n-peer-4-varint-long", "the multicodec of JSON in an overlong varint", codec(&[0x80, 0x84, 0x00]))?,
        encoded("n-peer-4-big-endian", "the multicodec of JSON as two bytes of an integer", codec(&[0x02, 0x00]))?,
        encoded("n-peer-4-no-codec", "no multicodec", codec(&[]))?,
        encoded("n-peer-4-nothing", "nothing after the multibase letter", "z".to_owned())?,
        json("n-peer-4-not-json", "text that is no JSON", "document")?,
        json("n-peer-4-unterminated", "a JSON object without its end", unterminated)?,
        json("n-peer-4-array", "the document in an array", &format!("[{good}]"))?,
        json("n-peer-4-bom", "a byte order mark before the JSON", &format!("\u{feff}{good}"))?,
        json("n-peer-4-depth", "17 levels of nesting", &input(1, ED25519, &deep)?)?,
        claimed("n-peer-4-duplicate", Check::DidPeerDuplicate, "authentication twice", {
            did_peer_4(&input(1, ED25519, r##","authentication":["#key-1"]"##)?)
        })?,
        claimed("n-peer-4-duplicate-deep", Check::DidPeerDuplicate, "a member twice in an object inside", {
            did_peer_4(&input(1, ED25519, r#","n":[{"a":1,"\u0061":1}]"#)?)
        })?,
    ])
}

fn documents() -> Step<Vec<Negative>> {
    let with = |id, check, change: &str, more: &str| claimed(id, check, change, did_peer_4(&input(1, ED25519, more)?));
    let edited = |id, check, change: &str, from: &str, to: &str| {
        let good = input(1, ED25519, "")?;
        let bad = good.replacen(from, to, 1);
        if bad == good {
            Err(Stop::Broken("a document that was not changed"))
        } else {
            claimed(id, check, change, did_peer_4(&bad))
        }
    };
    let method = |more: &str| format!(r#""type":"Multikey",{more}"#);
    let typed = |id, check, change: &str, more: &str| edited(id, check, change, r#""type":"Multikey","#, &method(more));
    let second = r##",{"id":"#key-1","type":"Other"}],"authentication""##;
    Ok(vec![
        with("n-peer-4-id", Check::DidPeerMembers, "the document names an id", r#","id":"did:example:a""#)?,
        with("n-peer-4-id-null", Check::DidPeerMembers, "an id that is null", r#","id":null"#)?,
        with(
            "n-peer-4-also-known-as",
            Check::DidPeerMembers,
            "alsoKnownAs as a text",
            r#","alsoKnownAs":"did:example:a""#,
        )?,
        with(
            "n-peer-4-service-id-twice",
            Check::DidPeerIds,
            "two services with one id",
            r##","service":[{"id":"#a"},{"id":"#a"}]"##,
        )?,
        with(
            "n-peer-4-service-id-of-method",
            Check::DidPeerIds,
            "a service with the id of a method",
            r##","service":[{"id":"#key-1"}]"##,
        )?,
        with(
            "n-peer-4-service-id-absolute",
            Check::DidPeerIds,
            "a service with an absolute id",
            r#","service":[{"id":"did:example:a#s"}]"#,
        )?,
        edited(
            "n-peer-4-method-id-absolute",
            Check::DidPeerIds,
            "a method with an absolute id",
            r#""verificationMethod":["#,
            r#""verificationMethod":[{"id":"did:example:a#k","type":"Other"},"#,
        )?,
        edited(
            "n-peer-4-method-twice",
            Check::DocumentDuplicateId,
            "two methods with one id",
            r#"],"authentication""#,
            second,
        )?,
        typed(
            "n-peer-4-controller",
            Check::MethodController,
            "another controller",
            r#""controller":"did:example:a","#,
        )?
        .also(&["R-DID-18"]),
        with("n-peer-4-service-shape", Check::DocumentShape, "services that are no list", r#","service":{}"#)?,
        typed(
            "n-peer-4-expired",
            Check::MethodExpired,
            "a method that has expired",
            r#""expires":"2026-01-01T00:00:00Z","#,
        )?,
        edited(
            "n-peer-4-x25519",
            Check::MethodKeyEncoding,
            "a key for agreement as one that signs",
            &key(1, ED25519)?,
            &x25519(),
        )?,
        edited(
            "n-peer-4-authentication",
            Check::MethodAuthentication,
            "a method that does not authenticate",
            r#""authentication""#,
            r#""assertionMethod""#,
        )?,
        named(
            "n-peer-4-method",
            Check::MethodPresent,
            "a method that is not there",
            did_peer_4(&input(1, ED25519, "")?),
            "key-2",
        )?,
    ])
}

pub(super) fn all() -> Step<Vec<Negative>> {
    let all = [forms()?, elements()?, keys()?, services()?, hashes()?, encodings()?, documents()?];
    Ok(all.into_iter().flatten().collect())
}

//! Two faults in one message: the check that comes first decides. No vector shows that, because each has one fault; the
//! model says which one it is.

use std::rc::Rc;

use serde_json::json;

use super::case::{Case, Tier};
use super::dice::Dice;
use super::live::Live;
use super::statics::{Question, document_question};
use crate::channel::{CLOSE, RECORD_LIMIT};
use crate::check::{Check, Checks, Step, Stop};
use crate::config::Config;
use crate::document;
use crate::identity::Claim;
use crate::negative::{Fault, Negative, negative};
use crate::play::play;
use crate::positive::{Positive, Say};
use crate::vector::Role;
use crate::wire::Hello;

type HelloEdit = (&'static str, Rc<dyn Fn(&mut Hello)>);
type ClaimEdit = (&'static str, Rc<dyn Fn(&mut Claim)>);

/// Faults of Hello, each one field.
fn hellos() -> Vec<HelloEdit> {
    vec![
        ("version", Rc::new(|hello| hello.version = 2)),
        ("odd suites", Rc::new(|hello| hello.suites.push(0))),
        ("no protocol", Rc::new(|hello| hello.protocol.clear())),
        ("critical byte", Rc::new(|hello| hello.extensions = vec![0, 40, 2, 0, 0])),
        ("suite twice", Rc::new(|hello| hello.suites.extend([0, 1]))),
        ("unknown critical", Rc::new(|hello| hello.extensions = vec![0, 40, 1, 0, 0])),
        ("no common suite", Rc::new(|hello| hello.suites = vec![0x7f, 0x01])),
        ("other protocol", Rc::new(|hello| hello.protocol = b"nobody.example/1".to_vec())),
        ("unknown recipient", Rc::new(|hello| hello.extensions = [&[0, 1, 1, 0, 16][..], &[7; 16]].concat())),
        ("short share", Rc::new(|hello| hello.share.truncate(31))),
        ("zero share", Rc::new(|hello| hello.share = vec![0; 32])),
    ]
}

/// Faults of an Identity, each one field, made before it is signed; `own` is a DID of whoever reads it.
fn claims(own: &str) -> Vec<ClaimEdit> {
    let own = own.to_owned();
    vec![
        ("no DID", Rc::new(|claim| claim.did = b"example".to_vec())),
        ("own DID", Rc::new(move |claim| claim.did = own.clone().into_bytes())),
        ("algorithm 3", Rc::new(|claim| claim.algorithm = 3)),
        ("other algorithm", Rc::new(|claim| claim.algorithm = 2)),
        ("bad extensions", Rc::new(|claim| claim.extensions = vec![0, 40, 2, 0, 0])),
        ("unknown critical", Rc::new(|claim| claim.extensions = vec![0, 40, 1, 0, 0])),
        ("a fragment", Rc::new(|claim| claim.fragment = b"key-1".to_vec())),
        ("a bad fragment", Rc::new(|claim| claim.fragment = b"key 1".to_vec())),
        ("another DID", Rc::new(|claim| claim.did = b"did:key:zNoKeyAtAll".to_vec())),
    ]
}

/// A negative of two faults, refused as the model refuses it.
fn judged(mut two: Negative, config: &Config) -> Option<Negative> {
    two.check = play(config, Some(two.bad()), Checks::all()).ok()?.refused?;
    Some(two)
}

/// Every two of them.
fn pairs<T: Clone>(list: &[T]) -> Vec<(T, T)> {
    let after = |(at, first): (usize, &T)| {
        list.iter().skip(at + 1).map(move |second| (first.clone(), second.clone())).collect::<Vec<_>>()
    };
    list.iter().enumerate().flat_map(after).collect()
}

/// Negatives of two faults, with their requirements.
pub(crate) fn negatives(base: &Positive) -> Vec<(String, Negative)> {
    let mut all = Vec::new();
    for ((a, first), (b, second)) in pairs(&hellos()) {
        let two = negative("two faults", base.id, Check::Version).proves(&["R-RESP-1"]);
        let two = two.hello(&format!("{a}, and {b}"), move |hello| {
            first(hello);
            second(hello);
        });
        all.push((format!("hello: {a}, {b}"), two));
    }
    for reply in [true, false] {
        let config = &base.config;
        let responder = config.responder.identities.first().map(|own| own.did.as_str()).unwrap_or_default();
        let own = if reply { &config.initiator.identity.did } else { responder };
        let order: &[&str] = if reply { &["R-INIT-2"] } else { &["R-RESP-7"] };
        for ((a, first), (b, second)) in pairs(&claims(own)) {
            let two = negative("two faults", base.id, Check::DidSyntax).proves(order).also(&["R-ID-12", "R-CHECK-1"]);
            let two = if reply { two.reply() } else { two.finish() };
            let two = two.claim(&format!("{a}, and {b}"), move |claim| {
                first(claim);
                second(claim);
            });
            all.push((format!("{}: {a}, {b}", if reply { "reply" } else { "finish" }), two));
        }
    }
    all.extend(records(base));
    let judged = |(name, two)| judged(two, &base.config).map(|two| (name, two));
    let (records, messages): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, two)| matches!(two.fault, Fault::Record { .. }));
    messages.into_iter().filter_map(judged).chain(records).collect()
}

/// A record that is wrong in two ways, after a close.
fn records(base: &Positive) -> Vec<(String, Negative)> {
    let close = Say::new(Role::Initiator, CLOSE, b"");
    let keep = base.script.iter().position(|say| say.from == close.from && say.kind == CLOSE).map(|at| at + 1);
    let Some(keep) = keep else { return Vec::new() };
    let say = || Say::data(Role::Initiator, b"after the close");
    let row = |name: &str, check, edit: fn(&mut Vec<u8>)| {
        let two = negative("two faults", base.id, check).proves(&["R-CHAN-16"]);
        (format!("record: {name}"), two.record_wire(keep, say(), name, edit))
    };
    vec![
        row("too long, and after a close", Check::RecordLength, |wire| wire.resize(RECORD_LIMIT + 1, 0)),
        row("no record, and after a close", Check::IsRecord, |wire| wire.iter_mut().take(1).for_each(|kind| *kind = 3)),
        row("after a close, and does not open", Check::RecordAfterClose, |wire| wire.truncate(30)),
    ]
}

/// The cases of these negatives.
pub(crate) fn cases<'c>(negatives: &'c [(String, Negative)], base: &'c Positive, seed: u64) -> Vec<Live<'c>> {
    let case = |(name, two): &'c (String, Negative)| {
        let id = format!("live/order/{}", name.replace([':', ','], "").replace(' ', "-"));
        let mut config = base.config.clone();
        Dice::new(seed, &id).freshen(&mut config);
        let requirements = two.requirements.iter().map(|id| (*id).to_owned()).collect();
        let case = Case::new(id, Tier::Live, requirements, format!("the first check decides: {}", two.change));
        // Not `Live::new`: two faults are no single one.
        Live { case, role: two.role, config, base, negative: Some(two) }
    };
    negatives.iter().map(case).collect()
}

/// Documents with two faults (R-DOC-17).
pub(crate) fn documents() -> Step<Vec<Question>> {
    const DID: &str = "did:web:agents.example";
    let key = r#""type":"Multikey","publicKeyMultibase":"z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK""#;
    let method = format!(r##"{{"id":"#k","controller":"{DID}",{key}}}"##);
    let other = format!(r##"{{"id":"#k","controller":"did:web:other.example",{key},"revoked":"soon"}}"##);
    let whole = |id: &str, methods: &str, authentication: &str| {
        format!(r#"{{"id":"{id}","verificationMethod":[{methods}],"authentication":[{authentication}]}}"#)
    };
    let rows = [
        ("json-and-limits", format!("{}{}", "[".repeat(20), "x"), false),
        ("duplicate-member-and-id", format!(r#"{{"id":"did:web:other.example","id":"{DID}x"}}"#), false),
        ("shape-and-id", whole("did:web:other.example", "7", ""), false),
        ("duplicate-id-and-id", whole("did:web:other.example", &format!("{method},{method}"), r##""#k""##), false),
        ("id-and-deactivated", whole("did:web:other.example", &method, r##""#k""##), true),
        ("deactivated-and-absent", whole(DID, "", ""), true),
        ("absent-and-not-authentication", whole(DID, "", r##""#k""##), false),
        ("authentication-and-controller", whole(DID, &other, ""), false),
        ("controller-and-time", whole(DID, &other, r##""#k""##), false),
    ];
    let mut questions = Vec::new();
    for (name, text, deactivated) in rows {
        let asked = document::Question { did: DID, fragment: "k", deactivated, now: 1_767_225_600 };
        let code = match document::key(Checks::all(), &text, &asked) {
            Err(Stop::Refused(check)) => check.code().name(),
            _ => return Err(Stop::Broken("a document with two faults that the model takes")),
        };
        let inputs = json!({ "did": DID, "fragment": "k", "now": asked.now, "text": text, "deactivated": deactivated });
        questions.push(document_question(&format!("order-{name}"), "R-DOC-17", name, inputs, code));
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deviation::Deviation;

    #[test]
    fn two_faults_are_refused_by_the_first() -> Result<(), Stop> {
        let positives = crate::positives::all()?;
        let base = positives.iter().find(|positive| positive.id == super::super::catalogue::ORDER_BASE);
        let base = base.ok_or(Stop::Broken("no base"))?;
        let negatives = negatives(base);
        let named = |name: &str| negatives.iter().filter(|(other, _)| other.contains(name)).count();
        // 11 faults of Hello, 9 of an Identity in either direction: every two of them.
        assert_eq!([named("hello:"), named("reply:"), named("finish:"), named("record:")], [55, 36, 36, 3]);
        assert!(negatives.iter().all(|(_, two)| !matches!(two.deviation(), Deviation::Repeat)));
        documents().map(|questions| assert_eq!(questions.len(), 9))
    }
}

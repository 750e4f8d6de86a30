//! DIDComm's plaintext messages: what is read of them, and of whom.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics")]

use didshake::{Did, UnixTime};
use didshake_did::JsonFault;
use didshake_peer::didcomm::{CONTENT_TYPE, DidcommFault, DidcommMessage, DidcommMisuse, MAX_BYTES, Member, PROTOCOL};
use didshake_peer::mailbox::InboxLetter;
use didshake_peer::streams::{Settings, Streams};
use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions, accept, connect};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

mod peers;

const NOW: UnixTime = UnixTime(1_790_000_000);
const ASK: &str = "https://work.example/task/1.0/propose";

fn did(name: &str) -> Did {
    Did::parse(&format!("did:web:{name}.example")).unwrap()
}

fn read(content: &[u8]) -> Result<DidcommMessage, DidcommFault> {
    DidcommMessage::read(content, &did("alice"), &did("bob"), NOW)
}

/// A good message as members, for a change of one of them.
fn good() -> Map<String, Value> {
    let members = json!({
        "id": "1234567890", "typ": CONTENT_TYPE, "type": ASK, "from": did("alice").as_str(), "to": [did("bob").as_str()],
        "thid": "a-._~Z9", "created_time": 1_789_999_999, "expires_time": 1_790_000_001,
        "body": {"price": 12.5, "list": [null, true]}, "attachments": [],
    });
    members.as_object().unwrap().clone()
}

fn with(name: &str, value: Value) -> Vec<u8> {
    let mut members = good();
    members.insert(name.to_owned(), value);
    serde_json::to_vec(&members).unwrap()
}

fn without(names: &[&str]) -> Vec<u8> {
    let mut members = good();
    members.retain(|name, _| !names.contains(&name.as_str()));
    serde_json::to_vec(&members).unwrap()
}

// R-DCM-1
#[test]
fn a_message_is_read_with_what_it_has_and_without_what_it_need_not_have() {
    let message = read(&serde_json::to_vec(&good()).unwrap()).unwrap();
    assert_eq!((message.id.as_str(), message.kind.as_str(), message.thread()), ("1234567890", ASK, "a-._~Z9"));
    assert_eq!((message.from, message.to), (did("alice"), vec![did("bob")]));
    assert_eq!(message.created_time, Some(UnixTime(1_789_999_999)));
    assert_eq!(Value::Object(message.body), good()["body"]);
    let short = read(&without(&["typ", "thid", "created_time", "expires_time", "body", "attachments"])).unwrap();
    assert_eq!((short.thread(), short.created_time, short.expires_time), ("1234567890", None, None));
    assert!(short.body.is_empty());
    assert!(read(&with("typ", json!("didcomm-plain+json"))).is_ok());
    assert!(read(&with("id", json!("x".repeat(128)))).is_ok());
    assert!(read(&with("created_time", json!(9_007_199_254_740_991_u64))).is_ok());
}

// R-DCM-1
#[test]
fn a_member_that_has_not_its_form_is_named() {
    let many = vec![did("bob").as_str().to_owned(); 65];
    let cases = [
        (Member::Typ, vec![json!("application/didcomm-signed+json"), json!(1)]),
        (Member::Id, vec![json!(""), json!(7), json!("a b"), json!("a/b"), json!("ä"), json!("x".repeat(129))]),
        (Member::Type, vec![json!(""), json!([]), json!("a b"), json!("x".repeat(256))]),
        (Member::From, vec![json!("alice"), json!("did:web:alice.example#key-1"), json!("did:web:alice.example?v=1")]),
        (Member::To, vec![json!([]), json!(did("bob").as_str()), json!([did("bob").as_str(), "carol"]), json!(many)]),
        (Member::Thid, vec![json!(""), json!({})]),
        (Member::CreatedTime, vec![json!(-1), json!(1.5), json!("1"), json!(9_007_199_254_740_992_u64)]),
        (Member::ExpiresTime, vec![json!(true), json!(2e9)]),
        (Member::Body, vec![json!([]), json!("text"), json!(1)]),
    ];
    for (member, values) in cases {
        for value in values {
            assert_eq!(read(&with(member.as_str(), value.clone())), Err(DidcommFault::Member(member)), "{value}");
        }
    }
    for member in [Member::Id, Member::Type, Member::From, Member::To] {
        assert_eq!(read(&without(&[member.as_str()])), Err(DidcommFault::Member(member)));
        assert_eq!(read(&with(member.as_str(), Value::Null)), Err(DidcommFault::Member(member)));
    }
}

// R-DCM-1
#[test]
fn the_text_is_one_strict_object_of_bounded_length() {
    let good = String::from_utf8(serde_json::to_vec(&good()).unwrap()).unwrap();
    let twice = good.replacen('{', r#"{"from":"did:web:alice.example","#, 1);
    // What a reader of the last, or of the first, would take for somebody else's.
    let hidden = good.replacen('{', r#"{"\u0066rom":"did:web:mallory.example","#, 1);
    let inside = good.replacen(r#"{"list":"#, r#"{"list":1,"list":"#, 1);
    assert_ne!(inside, good);
    for bad in
        [twice, hidden, inside, format!("{good}{good}"), format!("\u{feff}{good}"), "[]".to_owned(), String::new()]
    {
        assert_eq!(read(bad.as_bytes()), Err(DidcommFault::Json(JsonFault::Malformed)), "{bad}");
    }
    let nested = (0..15).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(read(&with("x", json!([nested.clone()]))), Err(DidcommFault::Json(JsonFault::TooDeep)));
    assert!(read(&with("x", nested)).is_ok());

    let room = MAX_BYTES - with("x", json!("")).len();
    assert!(read(&with("x", json!("y".repeat(room)))).is_ok());
    assert_eq!(read(&with("x", json!("y".repeat(room + 1)))), Err(DidcommFault::TooLong));
}

// R-DCM-2
#[test]
fn what_a_message_says_of_itself_is_held_against_who_was_verified() {
    for from in ["mallory", "Alice", "alice.example"] {
        let from = format!("did:web:{from}.example");
        assert_eq!(read(&with("from", json!(from))), Err(DidcommFault::From), "{from}");
    }
    assert_eq!(read(&with("to", json!([did("carol").as_str()]))), Err(DidcommFault::To));
    assert!(read(&with("to", json!([did("carol").as_str(), did("bob").as_str()]))).is_ok());
    // A letter of Alice to Bob that somebody else received is none to them, though she signed it.
    let content = with("to", json!([did("bob").as_str()]));
    let elsewhere = DidcommMessage::read(&content, &did("alice"), &did("carol"), NOW);
    assert_eq!(elsewhere, Err(DidcommFault::To));
}

// R-DCM-3
#[test]
fn what_has_expired_is_not_taken() {
    assert!(read(&with("expires_time", json!(NOW.0 + 1))).is_ok());
    assert_eq!(read(&with("expires_time", json!(NOW.0))), Err(DidcommFault::Expired));
}

// R-DCM-1
#[test]
fn nothing_is_written_that_nobody_would_take() {
    let message = DidcommMessage::new(&did("alice"), &did("bob"), ASK).unwrap();
    let other = DidcommMessage::new(&did("alice"), &did("bob"), ASK).unwrap();
    assert_ne!(message.id, other.id);
    assert_eq!(read(&message.write().unwrap()), Ok(message.clone()));
    let refused = |changed: &dyn Fn(&mut DidcommMessage)| {
        let mut message = message.clone();
        changed(&mut message);
        message.write().unwrap_err()
    };
    assert_eq!(refused(&|message| message.to.clear()), DidcommMisuse(DidcommFault::Member(Member::To)));
    assert_eq!(refused(&|message| message.kind.clear()), DidcommMisuse(DidcommFault::Member(Member::Type)));
    let long = |message: &mut DidcommMessage| drop(message.body.insert("x".to_owned(), json!("y".repeat(MAX_BYTES))));
    assert_eq!(refused(&long), DidcommMisuse(DidcommFault::TooLong));
    let nested = |message: &mut DidcommMessage| {
        drop(message.body.insert("x".to_owned(), (0..15).fold(json!(1), |inner, _| json!([inner]))));
    };
    assert_eq!(refused(&nested), DidcommMisuse(DidcommFault::Json(JsonFault::TooDeep)));
}

// R-DCM-2, R-DCM-4
#[test]
fn a_letter_of_another_type_is_none_and_its_sender_is_whom_the_envelope_verified() {
    let letter = |content_type: &str, sender: &str| InboxLetter {
        number: 1,
        sender: did(sender),
        method: format!("{}#key-1", did(sender)),
        id: [1; 16],
        content_type: content_type.to_owned(),
        content: serde_json::to_vec(&good()).unwrap().into(),
        sent: NOW,
        taken: NOW,
        read: false,
    };
    let of = |letter: InboxLetter| DidcommMessage::of_letter(&letter, &did("bob"), NOW).map(|message| message.id);
    assert_eq!(of(letter(CONTENT_TYPE, "alice")), Ok("1234567890".to_owned()));
    assert_eq!(of(letter(CONTENT_TYPE, "mallory")), Err(DidcommFault::From));
    for other in ["application/json", "application/didcomm-plain+json;charset=utf-8", "APPLICATION/DIDCOMM-PLAIN+JSON"]
    {
        assert_eq!(of(letter(other, "alice")), Err(DidcommFault::ContentType), "{other}");
    }
}

// R-DCM-2, R-DCM-4
#[tokio::test]
async fn a_channel_carries_messages_of_its_own_peer_alone() {
    let (alice, bob) = (peers::identity(1), peers::identity(2));
    let bobs = ResponderOptions::new(bob.clone(), PROTOCOL, Admit::only(alice.did().clone()));
    let alices = InitiatorOptions::new(alice.clone(), PROTOCOL, Expect::Did(bob.did().clone()));
    let (near, far) = tokio::io::duplex(4096);
    let burned = MemoryBurnStore::default();
    let (near, far) = tokio::join!(connect(near, &alices), accept(far, &bobs, &burned));
    let (near, driver) = Streams::over(near.unwrap(), Settings::default());
    tokio::spawn(driver.run());
    let (mut far, driver) = Streams::over(far.unwrap(), Settings::default());
    tokio::spawn(driver.run());

    let mut asks = near.open().await.unwrap();
    let ask = DidcommMessage::new(alice.did(), bob.did(), ASK).unwrap();
    let in_anothers_name = DidcommMessage { from: did("carol"), ..ask.clone() };
    asks.send(&ask.write().unwrap()).await.unwrap();
    asks.send(&in_anothers_name.write().unwrap()).await.unwrap();

    let mut asked = far.accept().await.unwrap();
    let agreed = far.agreed().clone();
    let read = |content: Vec<u8>| DidcommMessage::read(&content, agreed.peer.did(), &agreed.identity.did, NOW);
    let came = read(asked.recv().await.unwrap().unwrap()).unwrap();
    assert_eq!(came, ask);
    assert_eq!(read(asked.recv().await.unwrap().unwrap()), Err(DidcommFault::From));
    let answer = came.answer("https://work.example/task/1.0/accept").unwrap();
    assert_eq!((answer.thread(), &answer.from, &answer.to[0]), (ask.id.as_str(), bob.did(), alice.did()));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[^$].{0,8}", inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    // R-DCM-1
    #[test]
    fn whatever_is_written_is_read_as_it_was(
        id in "[A-Za-z0-9._~-]{1,128}",
        kind in "[!-~]{1,255}",
        thid in prop::option::of("[A-Za-z0-9._~-]{1,128}"),
        created in prop::option::of(0..1_u64 << 53),
        expires in prop::option::of(NOW.0 + 1..1_u64 << 53),
        others in 0..63_usize,
        body in prop::collection::btree_map("[^$].{0,8}", value(), 0..6),
    ) {
        let mut to: Vec<Did> = (0..others).map(|number| did(&format!("peer{number}"))).collect();
        to.insert(others / 2, did("bob"));
        let message = DidcommMessage {
            id, kind, from: did("alice"), to, thid,
            created_time: created.map(UnixTime), expires_time: expires.map(UnixTime),
            body: Map::from_iter(body),
        };
        prop_assert_eq!(read(&message.write().unwrap()), Ok(message));
    }
}

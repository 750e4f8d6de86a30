//! DIDComm's plaintext messages.

use didshake::{Did, UnixTime};
use didshake_peer::didcomm::{DidcommMessage, MAX_BYTES, Map};

/// A message of Alice to Bob: whatever is taken names them, and is the same once written again.
pub(crate) fn didcomm(input: &[u8]) {
    let did = |text| Did::parse(text).expect("a DID");
    let (alice, bob, now) = (did("did:web:alice.example"), did("did:web:bob.example"), UnixTime(1_790_000_000));
    let Ok(message) = DidcommMessage::read(input, &alice, &bob, now) else { return };
    assert!(input.len() <= MAX_BYTES && message.from == alice && message.to.contains(&bob));
    assert!(message.expires_time.is_none_or(|expires| now < expires));
    assert!(DidcommMessage::read(input, &bob, &bob, now).is_err());
    // What is written may be longer than what was read, and a fraction in the body may come out rounded.
    if let Ok(written) = message.write() {
        let again = DidcommMessage::read(&written, &alice, &bob, now).expect("what was written is taken");
        let apart_from_body = |message| DidcommMessage { body: Map::new(), ..message };
        assert_eq!(apart_from_body(again), apart_from_body(message));
    }
}

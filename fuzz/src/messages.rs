//! The messages of the handshake. There is exactly one encoding of each: what decodes encodes to the same bytes.

use didshake::wire::{AcceptBody, Hello, Reply, Retry, Sealed};
use didshake::{AwaitingHello, AwaitingReply, Context, Fault, HelloRead, Identity, ReplyRead};
use didshake_vectors::{Kind, decode};

use crate::handshake::{ALICE, BOB, Counter, NOW};

/// Every decoder of a message, without any state.
pub(crate) fn messages(input: &[u8]) {
    match input.first() {
        Some(1) => same_verdict(input, Kind::Message, Hello::decode(input).err()),
        Some(2) => same_verdict(input, Kind::Message, Reply::decode(input).err()),
        Some(3) => same_verdict(input, Kind::Message, Sealed::decode_finish(input).err()),
        Some(4) => same_verdict(input, Kind::Message, Sealed::decode_accept(input).err()),
        Some(5) => same_verdict(input, Kind::Message, Retry::decode(input).err()),
        _ => assert_eq!(decode(input, Kind::Message).length, input.len()),
    }
    if let Ok(hello) = Hello::decode(input) {
        assert_eq!(hello.encode().as_deref(), Ok(input));
    }
    if let Ok(retry) = Retry::decode(input) {
        assert_eq!(retry.encode(), input);
    }
    if let Ok(reply) = Reply::decode(input) {
        assert_eq!(reply.clear.len() + 2 + reply.sealed.len(), input.len());
    }
    for sealed in [Sealed::decode_finish(input), Sealed::decode_accept(input)].into_iter().flatten() {
        assert_eq!(sealed.0.len() + 3, input.len());
    }
}

/// The decoder for people says what the protocol says.
fn same_verdict(input: &[u8], kind: Kind, fault: Option<Fault>) {
    assert_eq!(decode(input, kind).fault.map(|found| found.fault), fault);
}

/// A Hello as a responder reads it: in every outcome there is an answer or a fault with a code.
pub(crate) fn hello(input: &[u8]) {
    let responder = AwaitingHello::new(BOB.responder(), Context::stream()).expect("a good configuration");
    match responder.read(input, NOW, &mut Counter(0)) {
        Ok(HelloRead::Unsigned(unsigned)) => assert!(!unsigned.signature_input().is_empty()),
        Ok(HelloRead::Retry { retry, .. }) => assert!(Retry::decode(&retry).is_ok()),
        Err(error) => assert!(!error.code().is_empty()),
    }
}

/// A Reply or a Retry as an initiator reads it. Nobody can make a Reply that opens without the initiator's secret.
pub(crate) fn reply(input: &[u8]) {
    let mut random = Counter(0);
    let (_, initiator) =
        AwaitingReply::start(ALICE.initiator(&BOB), Context::stream(), &mut random).expect("a good configuration");
    match initiator.read(input, &mut random) {
        Ok(ReplyRead::Claimed(claimed)) => assert_eq!(*claimed.claim().did(), BOB.identity().did),
        Ok(ReplyRead::Retry { hello, .. }) => assert!(Hello::decode(&hello).is_ok()),
        Err(error) => assert!(!error.code().is_empty()),
    }
}

/// The plain text of an Identity.
pub(crate) fn identity(input: &[u8]) {
    same_verdict(input, Kind::Identity, Identity::decode(input).err());
    if let Ok(identity) = Identity::decode(input) {
        assert_eq!(identity.encode().as_deref(), Ok(input));
    }
}

/// The plain text of Accept.
pub(crate) fn accept_body(input: &[u8]) {
    same_verdict(input, Kind::AcceptBody, AcceptBody::decode(input).err());
    if let Ok(body) = AcceptBody::decode(input) {
        assert_eq!(body.encode().as_deref(), Ok(input));
    }
}

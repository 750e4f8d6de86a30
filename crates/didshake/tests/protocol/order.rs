//! The order of checks: a message with two faults is refused for the first of them.

use std::sync::Arc;

use didshake::wire::{Hello, Reply};
use didshake::{
    AwaitingHello, AwaitingReply, Context, Error, Extension, Extensions, Fault, Identity, ReplyRead, ResponderConfig,
    Suite,
};

use crate::pair::{Counting, NOW, Pair};

fn read(config: &ResponderConfig, hello: &[u8]) -> Result<(), Error> {
    let bob = AwaitingHello::new(Arc::new(config.clone()), Context::stream()).unwrap();
    bob.read(hello, NOW, &mut Counting(1)).map(|_| ())
}

fn good_hello() -> Hello {
    let pair = Pair::default();
    let (hello, _) = AwaitingReply::start(Arc::new(pair.initiator), Context::stream(), &mut Counting(1)).unwrap();
    Hello::decode(&hello).unwrap()
}

fn critical(id: u16) -> Extensions {
    Extensions::new(vec![Extension { id, critical: true, body: vec![0; 16] }]).unwrap()
}

// R-RESP-1: each Hello has the fault of its row and of every row below it that can stand beside it.
#[test]
fn hello_is_checked_in_order() {
    let config = Pair::default().responder;
    let mut hello = good_hello();
    let refused = |hello: &Hello| read(&config, &hello.encode().unwrap()).err();
    hello.key_share = vec![0; 31];
    assert_eq!(refused(&hello), Some(Fault::ShareInvalid.into()));
    hello.extensions = critical(1);
    assert_eq!(refused(&hello), Some(Fault::UnknownRecipient.into()));
    hello.application_protocol = b"didshake.chat/1".to_vec();
    assert_eq!(refused(&hello), Some(Fault::UnknownApplicationProtocol.into()));
    hello.suites = vec![3];
    assert_eq!(refused(&hello), Some(Fault::NoCommonSuite.into()));
    hello.extensions = critical(2);
    assert_eq!(refused(&hello), Some(Fault::UnknownCriticalExtension.into()));
    (hello.suites, hello.group) = (vec![1, 2], 0x0017);
    assert_eq!(refused(&hello), Some(Fault::SuiteListWithoutGroup.into()));
    hello.suites = vec![1, 1];
    assert_eq!(refused(&hello), Some(Fault::SuiteListDuplicate.into()));

    let mut wire = hello.encode().unwrap();
    wire.push(0);
    assert_eq!(read(&config, &wire), Err(Fault::TrailingBytes.into()));
    let recipient_at = wire.len() - 1 - 21;
    wire.splice(recipient_at.., [0, 1, 2, 0, 1, 7]);
    wire[recipient_at - 1] = 6;
    assert_eq!(read(&config, &wire), Err(Fault::ExtensionCriticalByte.into()));
    wire[recipient_at + 2] = 1;
    assert_eq!(read(&config, &wire), Err(Fault::RecipientMalformed.into()));
    wire[1] = 2;
    assert_eq!(read(&config, &wire), Err(Fault::UnsupportedVersion.into()));
    wire[0] = 9;
    assert_eq!(read(&config, &wire), Err(Fault::UnexpectedMessage.into()));
    wire.resize(4097, 0);
    assert_eq!(read(&config, &wire), Err(Fault::MessageTooLong.into()));
}

// R-INIT-2
#[test]
fn reply_is_checked_in_order() {
    let mut pair = Pair::default();
    pair.initiator.suites = vec![Suite::X25519_CHACHA20_POLY1305];
    let refused = |wire: &[u8]| {
        let (_, alice) =
            AwaitingReply::start(Arc::new(pair.initiator.clone()), Context::stream(), &mut Counting(1)).unwrap();
        alice.read(wire, &mut Counting(2)).err()
    };
    let mut wire = pair.run().unwrap().messages.reply;
    let last = wire.len() - 1;
    wire[last] ^= 1;
    assert_eq!(refused(&wire), Some(Fault::SealedPartNotOpened.into()));
    wire[5..37].fill(0);
    assert_eq!(refused(&wire), Some(Fault::ShareInvalid.into()));
    wire[2] = 2;
    assert_eq!(refused(&wire), Some(Fault::ReplySuiteNotOffered.into()));
    wire.push(0);
    assert_eq!(refused(&wire), Some(Fault::TrailingBytes.into()));
    wire[0] = 4;
    assert_eq!(refused(&wire), Some(Fault::UnexpectedMessage.into()));
    wire.resize(65_536, 0);
    assert_eq!(refused(&wire), Some(Fault::MessageTooLong.into()));
}

// R-ID-12
#[test]
fn an_identity_is_checked_in_order() {
    let pair = Pair::default();
    let identity = Identity {
        did: pair.alice.did().clone(),
        fragment: pair.alice.identity.fragment.clone(),
        algorithm: pair.alice.identity.algorithm,
        signature: [0; 64],
        extensions: critical(40),
    };
    let mut plain = identity.encode().unwrap();
    assert_eq!(Identity::decode(&plain), Err(Fault::IdentityUnknownCritical));
    let did_bytes = identity.did.as_str().len();
    // A fragment where did:key has none; the padding grows by one block less one byte.
    plain.splice(2 + did_bytes..3 + did_bytes, [1, b'x']);
    plain.truncate(plain.len() - 1);
    assert_eq!(Identity::decode(&plain), Err(Fault::FragmentRule));
    *plain.last_mut().unwrap() = 1;
    assert_eq!(Identity::decode(&plain), Err(Fault::IdentityPadding));
    let extension_at = 2 + did_bytes + 2 + 1 + 64 + 2;
    plain[extension_at + 2] = 2;
    assert_eq!(Identity::decode(&plain), Err(Fault::IdentityExtensions));
    plain[2 + did_bytes + 2] = 3;
    assert_eq!(Identity::decode(&plain), Err(Fault::UnknownAlgorithm));
    plain[2] = b'D';
    assert_eq!(Identity::decode(&plain), Err(Fault::DidSyntax));
    plain.truncate(40);
    assert_eq!(Identity::decode(&plain), Err(Fault::IdentityMalformed));
    plain[0] = 0xFF;
    assert_eq!(Identity::decode(&plain), Err(Fault::DidSyntax));
}

// R-CHAN-16: a record that does not open is refused for its length, its type, or the close before it, first.
#[test]
fn a_record_is_checked_in_order() {
    let finished = Pair::default().run().unwrap();
    let (mut alice, mut bob) = (finished.alice, finished.bob);
    let close = alice.channel.sealer().close().unwrap();
    assert!(bob.channel.opener().open(&close).is_ok());
    assert_eq!(bob.channel.opener().open(&[16; 40]), Err(Fault::RecordAfterClose.into()));
    assert_eq!(bob.channel.opener().open(&[17; 40]), Err(Fault::NotARecord.into()));
    assert_eq!(bob.channel.opener().open(&[17; 65_554]), Err(Fault::RecordTooLong.into()));
}

// R-RESP-6: whom a responder expects changes no byte of its Reply.
#[test]
fn reply_does_not_depend_on_who_is_expected() {
    let reply = |admission| {
        let mut pair = Pair::default();
        pair.responder.admission = admission;
        let hello = good_hello().encode().unwrap();
        let bob = AwaitingHello::new(Arc::new(pair.responder), Context::stream()).unwrap();
        let didshake::HelloRead::Unsigned(unsigned) = bob.read(&hello, NOW, &mut Counting(9)).unwrap() else {
            panic!("no Reply")
        };
        let signature = pair.bob.sign(unsigned.signature_input());
        unsigned.sign(signature).unwrap().0
    };
    let carol = didshake::Did::parse("did:web:carol.example").unwrap();
    assert_eq!(reply(didshake::Admission::only(carol)), reply(didshake::Admission::policy(|_| true)));
}

// R-SUITE-12: what a default configuration knows; to it the group of the test suite is one that it has never heard of.
#[test]
fn no_default_configuration_knows_the_test_suite() {
    let pair = Pair::default();
    let known = |config: &[Suite]| config.iter().any(|suite| suite.id() >= 0xFE00);
    assert!(!known(&Suite::ALL) && !known(&pair.initiator.suites) && !known(&pair.responder.suites));
    assert!(pair.responder.known_suites.is_empty());
    let mut hello = good_hello();
    (hello.suites, hello.group) = (vec![0xFE01], 0xFE00);
    assert_eq!(read(&pair.responder, &hello.encode().unwrap()), Err(Fault::NoCommonSuite.into()));
}

// R-EXT-8
#[test]
fn recipient_is_off_unless_asked_for() {
    assert_eq!(good_hello().extensions.iter().count(), 0);
}

// R-ALERT-6: a clear `denied` after Finish is a hint like any other, and says nothing more.
#[test]
fn denied_after_finish_is_only_an_alert() {
    let pair = Pair::default();
    let mut rng = Counting(1);
    let (_, alice) = AwaitingReply::start(Arc::new(pair.initiator.clone()), Context::stream(), &mut rng).unwrap();
    let denied = didshake::AlertCode::Denied.message();
    assert_eq!(alice.read(&denied, &mut rng).err(), Some(Fault::PeerAlert(didshake::AlertCode::Denied).into()));
    let reply = pair.run().unwrap().messages.reply;
    assert!(Reply::decode(&reply).is_ok());
    let mut rng = Counting(pair.seed);
    let (_, alice) = AwaitingReply::start(Arc::new(pair.initiator.clone()), Context::stream(), &mut rng).unwrap();
    let ReplyRead::Claimed(claimed) = alice.read(&reply, &mut rng).unwrap() else { panic!("no claim") };
    let unsigned = claimed.verify(&pair.bob, NOW).unwrap();
    let signature = pair.alice.sign(unsigned.signature_input());
    let (_, alice) = unsigned.sign(signature).unwrap();
    let refused = alice.read(&denied).unwrap_err();
    assert_eq!((refused.error, refused.record), (Fault::PeerAlert(didshake::AlertCode::Denied).into(), None));
}

//! What each side refuses, and with which error, where no vector can show it or where the API decides.

use std::sync::Arc;

use crate::pair::{Counting, NOW, PROTOCOL, Pair, Party};
use crate::steps::{before_accept, before_finish, finish};
use didshake::wire::Hello;
use didshake::{
    Admission, AlertCode, Algorithm, AwaitingHello, AwaitingReply, Binding, Burn, Context, Document, Error, Extension,
    Extensions, Fault, Group, HelloRead, LocalIdentity, Misuse, PublicKey, Received, ReplyRead, Secret, SigningKey,
    Suite, WaitingKeys,
};

fn error(pair: &Pair) -> Error {
    pair.run().err().expect("the handshake must fail")
}

/// A Hello of a suite of another group than the one that both accept.
fn needs_retry() -> Pair {
    let group = Group::private_use(0xFE00).unwrap();
    let test_suite = Suite::private_use(0xFE01, group, didshake::Aead::ChaCha20Poly1305).unwrap();
    let mut pair = Pair::default();
    pair.initiator.suites = vec![test_suite, Suite::X25519_CHACHA20_POLY1305];
    pair.initiator.first_group = group;
    pair.responder.known_suites = vec![test_suite];
    pair
}

// R-SIG-2, R-SIG-3
#[test]
fn a_signature_of_another_key_is_refused_on_each_side() {
    let other = |algorithm| Arc::new(SigningKey::from_secret(algorithm, &Secret::new([9; 32])).unwrap());
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256] {
        let honest = Pair::between(
            Party::new("did:web:alice.example", algorithm, 1),
            Party::new("did:web:bob.example", algorithm, 2),
        );
        let (unsigned, waiting) = before_finish(&honest);
        let forged = other(algorithm).sign(unsigned.signature_input()).unwrap();
        let (finish, _) = unsigned.sign(forged).unwrap();
        let refused = waiting.read(&finish, NOW).unwrap().verify(&honest.alice, NOW).err();
        assert_eq!(refused, Some(Fault::SignatureInvalid.into()));

        let mut rng = Counting(5);
        let (hello, alice) =
            AwaitingReply::start(Arc::new(honest.initiator.clone()), Context::stream(), &mut rng).unwrap();
        let bob = AwaitingHello::new(Arc::new(honest.responder.clone()), Context::stream()).unwrap();
        let HelloRead::Unsigned(unsigned) = bob.read(&hello, NOW, &mut rng).unwrap() else { panic!("no Reply") };
        let forged = other(algorithm).sign(unsigned.signature_input()).unwrap();
        let (reply, _) = unsigned.sign(forged).unwrap();
        let ReplyRead::Claimed(claimed) = alice.read(&reply, &mut rng).unwrap() else { panic!("no claim") };
        assert_eq!(claimed.verify(&honest.bob, NOW).err(), Some(Fault::SignatureInvalid.into()));
    }
}

// R-SIG-12
#[test]
fn the_algorithm_is_the_keys_and_not_the_messages() {
    let mut pair = Pair::default();
    pair.responder.identities[0].algorithm = Algorithm::Es256;
    assert_eq!(error(&pair), Fault::AlgorithmMismatch.into());
    let mut pair = Pair::default();
    pair.initiator.identity.algorithm = Algorithm::Es256;
    assert_eq!(error(&pair), Fault::AlgorithmMismatch.into());
}

// R-CHECK-7: not even a document that answers nonsense changes what the peer is told.
#[test]
fn a_document_cannot_choose_the_alert() {
    struct Odd(Fault);
    impl Document for Odd {
        fn authentication_key(
            &self,
            _: &didshake::Did,
            _: &didshake::Fragment,
            _: didshake::UnixTime,
        ) -> Result<PublicKey, Fault> {
            Err(self.0)
        }
    }
    let pair = Pair::default();
    let (finish, _, waiting) = finish(&pair);
    let odd = Odd(Fault::NoCommonSuite);
    let refused = waiting.read(&finish, NOW).unwrap().verify(&odd, NOW).err().unwrap();
    assert_eq!(refused, Fault::DidResolutionFailed.into());
    assert_eq!(refused.alert(), Some(AlertCode::Denied));

    let (finish, _, waiting) = crate::steps::finish(&pair);
    let revoked = Odd(Fault::MethodRevoked);
    let refused = waiting.read(&finish, NOW).unwrap().verify(&revoked, NOW).err();
    assert_eq!(refused, Some(Fault::MethodRevoked.into()), "the operator learns the cause");
}

// R-STATE-1
#[test]
fn a_late_finish_is_refused_on_a_stream_too() {
    let pair = Pair::default();
    let (finish, _, waiting) = finish(&pair);
    assert_eq!(waiting.read(&finish, NOW.plus(60)).err(), Some(Fault::WaitingStateExpired.into()));
}

// R-RESP-7: the message is looked at before the waiting state.
#[test]
fn a_finish_is_decoded_before_its_token_is_opened() {
    let pair = Pair::default();
    let keys = WaitingKeys::new(NOW, &mut Counting(8)).unwrap();
    let config = Arc::new(pair.responder.clone());
    let read = |finish: &[u8], token: Option<&[u8]>| {
        keys.read_finish(finish, token, config.clone(), Context::stream(), b"/", NOW).err()
    };
    assert_eq!(read(&[3, 0], Some(&[0; 64])), Some(Fault::MessageTruncated.into()));
    assert_eq!(read(&[1], None), Some(Fault::UnexpectedMessage.into()));
    assert_eq!(read(&[3, 0, 0], None), Some(Fault::WaitingStateInvalid.into()));
    assert_eq!(read(&[3, 0, 0], Some(&[0; 64])), Some(Fault::WaitingStateInvalid.into()));
    assert_eq!(read(&[3, 0, 0], Some(&[0; 4000])), Some(Fault::WaitingStateInvalid.into()));
}

// R-INIT-6, R-INIT-7, R-INIT-8, R-INIT-9, R-ALERT-5, R-EXP-3
#[test]
fn an_accept_that_opens_and_is_refused_is_answered_in_a_record() {
    let pair = Pair::default();
    let (alice, verified) = before_accept(&pair);
    let critical = Extensions::new(vec![Extension { id: 32, critical: true, body: Vec::new() }]).unwrap();
    let (accept, mut bob) = verified.accept(Burn::First, 60, critical).unwrap();
    let refused = alice.read(&accept).unwrap_err();
    assert_eq!(refused.error, Fault::UnknownCriticalExtension.into());
    let record = refused.record.expect("an alert in a record");
    assert_eq!(bob.channel.opener().open(&record), Ok(Received::Alert(AlertCode::UnknownCritical)));

    let (alice, verified) = before_accept(&pair);
    let (mut accept, _) = verified.accept(Burn::First, 60, Extensions::default()).unwrap();
    *accept.last_mut().unwrap() ^= 1;
    let refused = alice.read(&accept).unwrap_err();
    assert_eq!((refused.error, refused.record), (Fault::SealedPartNotOpened.into(), None));
}

// R-RETRY-4, R-RETRY-5, R-EXT-6
#[test]
fn the_second_hello_is_fresh_and_the_second_retry_is_the_last_word() {
    let mut pair = needs_retry();
    pair.initiator.recipient = true;
    let mut rng = Counting(5);
    let (first, alice) = AwaitingReply::start(Arc::new(pair.initiator.clone()), Context::stream(), &mut rng).unwrap();
    let ReplyRead::Retry { hello: second, next } = alice.read(&[5, 0, 1], &mut rng).unwrap() else {
        panic!("no Hello")
    };
    let (first, second) = (Hello::decode(&first).unwrap(), Hello::decode(&second).unwrap());
    assert_ne!(first.nonce, second.nonce);
    assert_ne!(first.key_share, second.key_share);
    assert_eq!((first.group, second.group), (0xFE00, 0x001D));
    assert_eq!(first.suites, second.suites);
    assert_eq!(first.application_protocol, second.application_protocol);
    for hello in [&first, &second] {
        assert!(hello.extensions.find(1).unwrap().critical);
    }
    assert_ne!(first.extensions.find(1).unwrap().body, second.extensions.find(1).unwrap().body);
    assert_eq!(next.read(&[5, 0xFE, 1], &mut rng).err(), Some(Fault::SecondRetry.into()));
}

// R-RETRY-6, R-RETRY-7
#[test]
fn a_stream_counts_retries_and_http_does_not() {
    for (binding, expected) in [
        (Binding::Stream, Some(Fault::SecondHelloNeedsRetry.into())),
        (Binding::WebSocket, Some(Fault::SecondHelloNeedsRetry.into())),
        (Binding::Relay, Some(Fault::SecondHelloNeedsRetry.into())),
        (Binding::Http, None),
    ] {
        let pair = needs_retry();
        let context = Context::new(binding, b"https://a.example".to_vec()).unwrap();
        let mut rng = Counting(5);
        let (hello, _) = AwaitingReply::start(Arc::new(pair.initiator.clone()), context.clone(), &mut rng).unwrap();
        let bob = AwaitingHello::new(Arc::new(pair.responder.clone()), context).unwrap();
        let HelloRead::Retry { next, retry } = bob.read(&hello, NOW, &mut rng).unwrap() else { panic!("no Retry") };
        assert_eq!(retry, [5, 0, 1]);
        assert_eq!(next.read(&hello, NOW, &mut rng).err(), expected);
    }
}

// R-SEC-1
#[test]
fn every_hello_and_every_reply_is_new() {
    let mut pair = Pair::default();
    let mut seen = std::collections::HashSet::new();
    for seed in 0..50 {
        pair.seed = seed;
        let messages = pair.run().unwrap().messages;
        let hello = Hello::decode(&messages.hello).unwrap();
        let reply = didshake::wire::Reply::decode(&messages.reply).unwrap();
        for random in [&hello.nonce[..], &hello.key_share, &reply.nonce, reply.key_share] {
            assert!(seen.insert(random.to_vec()), "a value came twice");
        }
    }
}

// R-SEC-1: no randomness, no handshake.
#[test]
fn a_failing_source_of_randomness_fails_the_handshake() {
    struct Broken;
    #[derive(Debug)]
    struct Failed;
    impl std::fmt::Display for Failed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("failed")
        }
    }
    impl std::error::Error for Failed {}
    impl rand_core::TryRng for Broken {
        type Error = Failed;
        fn try_next_u32(&mut self) -> Result<u32, Failed> {
            Err(Failed)
        }
        fn try_next_u64(&mut self) -> Result<u64, Failed> {
            Err(Failed)
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Failed> {
            Err(Failed)
        }
    }
    impl rand_core::TryCryptoRng for Broken {}
    let started = AwaitingReply::start(Arc::new(Pair::default().initiator), Context::stream(), &mut Broken);
    assert_eq!(started.err(), Some(didshake::Internal::Randomness.into()));
}

#[test]
fn an_identity_that_no_message_can_carry_is_refused_at_once() {
    let mut pair = Pair::default();
    let web = Party::new("did:web:a.example", Algorithm::Ed25519, 3);
    pair.initiator.identity = LocalIdentity { did: pair.alice.did().clone(), ..web.identity };
    assert_eq!(error(&pair), Misuse::IdentityFragment.into());
    let mut pair = Pair::default();
    pair.responder.reply_extensions =
        Extensions::new(vec![Extension { id: 40, critical: false, body: vec![0; 65_000] }]).unwrap();
    assert_eq!(error(&pair), Misuse::TooLong.into());
}

// R-CHECK-5: the application sees a verified peer, and its refusal is one of all that are `denied`.
#[test]
fn the_applications_policy_comes_last() {
    let pair = Pair::default();
    let (unsigned, _) = before_finish(&pair);
    assert_eq!(unsigned.responder().did(), pair.bob.did());
    assert_eq!(unsigned.refuse().alert(), Some(AlertCode::Denied));
    let (_, verified) = before_accept(&pair);
    assert_eq!(verified.initiator().did(), pair.alice.did());
    assert_eq!(verified.refuse(), Fault::PolicyRefused.into());
}

// R-ALERT-1: the table of the specification, read from it.
#[test]
fn every_error_code_has_the_alert_of_the_specification() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/didshake-1.md")).unwrap();
    let (_, table) = text.split_once("### 14.10").expect("section 14.10");
    let (table, _) = table.split_once("\n##").expect("its end");
    let rows: std::collections::BTreeMap<&str, Option<u8>> = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let code = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((code, cells.next()?.split_whitespace().next().and_then(|alert| alert.parse().ok())))
        })
        .collect();
    for fault in Fault::ALL {
        let expected = rows.get(fault.code()).unwrap_or_else(|| panic!("{} is not in 14.10", fault.code()));
        if !matches!(fault, Fault::IdentityUnknownCritical | Fault::RecordAfterAlert) {
            assert_eq!(fault.alert().map(|alert| alert as u8), *expected, "{}", fault.code());
        }
    }
    // Ours names two codes twice and `peer_alert` apart.
    assert_eq!(rows.len(), Fault::ALL.len() - 1);
}

// R-INIT-1: there is no configuration without it; the type has no default.
#[test]
fn an_initiator_states_whom_it_means() {
    let pair = Pair::default();
    let config = didshake::InitiatorConfig::new(
        pair.alice.identity.clone(),
        PROTOCOL,
        Admission::only(pair.alice.did().clone()),
    );
    assert_eq!(error(&Pair { initiator: config, ..pair }), Fault::NotAdmitted.into());
}

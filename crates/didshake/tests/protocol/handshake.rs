//! Two honest peers agree; whoever changes one bit of what they say makes them fail.

use std::sync::Arc;

use crate::pair::{Counting, NOW, Pair, Party, Tamper};
use crate::steps;
use didshake::wire::{Hello, Reply};
use didshake::{
    Admission, Aead, AlertCode, Algorithm, Binding, Burn, Context, Error, Extension, Extensions, Fault, Group, Misuse,
    Received, Suite, UnixTime, WaitingKeys,
};
use proptest::prelude::*;

fn error(result: Result<crate::pair::Finished, Error>) -> Error {
    result.err().expect("the handshake must fail")
}

// R-WIRE-1, R-ID-1
#[test]
fn sizes_with_did_key() {
    let messages = Pair::default().run().unwrap().messages;
    let sizes = [&messages.hello, &messages.reply, &messages.finish, &messages.accept].map(|message| message.len());
    assert_eq!(sizes, [94, 215, 147, 25]);
    assert_eq!(sizes.iter().sum::<usize>(), 481);
}

// R-CHECK-6
#[test]
fn both_sides_leave_with_the_same() {
    let pair = Pair::default();
    let mut finished = pair.run().unwrap();
    assert_eq!(finished.alice.session_id, finished.bob.session_id);
    assert_eq!(finished.alice.peer.did(), pair.bob.did());
    assert_eq!(finished.bob.peer.did(), pair.alice.did());
    assert_eq!(finished.bob.peer.verification_method(), pair.alice.did().as_str());
    assert_eq!(finished.bob.peer.key().as_bytes(), pair.alice.key.public_key().as_bytes());
    let export = |side: &didshake::Established| side.exporter.export(b"label", b"context", 48).unwrap();
    assert_eq!(export(&finished.alice), export(&finished.bob));
    let record = finished.alice.channel.sealer().data(b"hello", 3).unwrap();
    assert_eq!(finished.bob.channel.opener().open(&record).unwrap(), Received::Data(b"hello".to_vec()));
    let record = finished.bob.channel.sealer().data(b"", 0).unwrap();
    assert_eq!(finished.alice.channel.opener().open(&record).unwrap(), Received::Data(Vec::new()));
}

#[test]
fn a_verification_method_is_shown_as_its_did_url() {
    let bob = Party::new("did:web:b.example", Algorithm::Es256, 2);
    let finished = Pair::between(Pair::default().alice, bob).run().unwrap();
    assert_eq!(finished.alice.peer.verification_method(), "did:web:b.example#key-1");
}

// R-SIG-1
#[test]
fn every_pairing_of_algorithms_and_suites() {
    for (initiator, responder) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        for suite in Suite::ALL {
            let algorithm = |byte| Algorithm::from_byte(byte).unwrap();
            let mut pair = Pair::between(
                Party::new("did:web:alice.example", algorithm(initiator), 1),
                Party::new("did:web:bob.example", algorithm(responder), 2),
            );
            pair.responder.suites = vec![suite];
            assert_eq!(pair.run().unwrap().alice.suite, suite);
        }
    }
}

// R-RETRY-1, R-RETRY-5, R-SCHED-6
#[test]
fn retry_leads_to_a_fresh_hello() {
    let group = Group::private_use(0xFE00).unwrap();
    let test_suite = Suite::private_use(0xFE01, group, Aead::ChaCha20Poly1305).unwrap();
    let mut pair = Pair::default();
    pair.initiator.suites = vec![test_suite, Suite::X25519_CHACHA20_POLY1305];
    pair.initiator.first_group = group;
    pair.responder.known_suites = vec![test_suite];
    let finished = pair.run().unwrap();
    assert_eq!(finished.alice.suite, Suite::X25519_CHACHA20_POLY1305);
    assert_eq!(Hello::decode(&finished.messages.hello).unwrap().group, Group::X25519.id());
}

// R-CHECK-2
#[test]
fn a_reflection_is_refused() {
    let mut pair = Pair::default();
    pair.bob = pair.alice.clone();
    pair.responder.identities = vec![pair.alice.identity.clone()];
    pair.initiator.expected = Admission::policy(|_| true);
    assert_eq!(error(pair.run()), Fault::OwnDid.into());
    let mut pair = Pair::default();
    pair.responder.other_own_dids = vec![pair.alice.did().clone()];
    assert_eq!(error(pair.run()), Fault::OwnDid.into());
}

// R-CHECK-3, R-CHECK-7
#[test]
fn nobody_is_met_who_is_not_meant() {
    let mut pair = Pair::default();
    pair.initiator.expected = Admission::only(didshake::Did::parse("did:web:carol.example").unwrap());
    let refused = error(pair.run());
    assert_eq!(refused, Fault::NotAdmitted.into());
    assert_eq!(refused.alert(), Some(AlertCode::Denied));
    let mut pair = Pair::default();
    pair.responder.admission = Admission::policy(|claim| claim.did().method() == "web");
    assert_eq!(error(pair.run()), Fault::NotAdmitted.into());
}

// R-SCHED-1
#[test]
fn binding_and_prologue_must_agree() {
    let origin = |origin: &str| Context::new(Binding::Http, origin.as_bytes().to_vec()).unwrap();
    let bank = origin("https://bank.example");
    let mut pair = Pair { initiator_context: bank.clone(), responder_context: bank, ..Pair::default() };
    pair.run().unwrap();
    pair.initiator_context = origin("https://bank.example.evil");
    assert_eq!(error(pair.run()), Fault::SealedPartNotOpened.into());
    pair.initiator_context = Context::new(Binding::WebSocket, b"https://bank.example".to_vec()).unwrap();
    assert_eq!(error(pair.run()), Fault::SealedPartNotOpened.into());
}

// R-STATE-1, R-STATE-2, R-STATE-3
#[test]
fn the_waiting_state_travels_and_expires() {
    let pair = Pair::default();
    let (finish, _, waiting) = steps::finish(&pair);
    let config = Arc::new(pair.responder.clone());
    let mut rng = Counting(1);
    let mut keys = WaitingKeys::new(NOW, &mut rng).unwrap();
    let token = keys.seal(&waiting, b"/didshake", NOW, &mut rng).unwrap();

    let open = |keys: &WaitingKeys, token: &[u8], endpoint: &[u8], now: UnixTime| {
        keys.open(token, config.clone(), Context::stream(), endpoint, now).map(|_| ())
    };
    let last_second = NOW.plus(59);
    assert_eq!(open(&keys, &token, b"/didshake", last_second), Ok(()));
    assert_eq!(open(&keys, &token, b"/other", last_second), Err(Fault::WaitingStateInvalid.into()));
    assert_eq!(open(&keys, &token, b"/didshake", NOW.plus(60)), Err(Fault::WaitingStateExpired.into()));
    assert_eq!(open(&keys, &[], b"/didshake", NOW), Err(Fault::WaitingStateInvalid.into()));
    for at in 0..token.len() {
        let mut altered = token.clone();
        altered[at] ^= 1;
        assert_eq!(open(&keys, &altered, b"/didshake", NOW), Err(Fault::WaitingStateInvalid.into()), "byte {at}");
        assert_eq!(open(&keys, &token[..at], b"/didshake", NOW), Err(Fault::WaitingStateInvalid.into()));
    }
    let elsewhere = Context::new(Binding::Stream, b"p".to_vec()).unwrap();
    assert_eq!(
        keys.open(&token, config.clone(), elsewhere, b"/didshake", NOW).err(),
        Some(Fault::WaitingStateInvalid.into())
    );

    keys.rotate(last_second.plus(1), &mut rng).unwrap();
    let waiting = keys.open(&token, config.clone(), Context::stream(), b"/didshake", last_second).unwrap();
    let verified = waiting.read(&finish, last_second).unwrap().verify(&pair.alice, NOW).unwrap();
    assert!(verified.accept(Burn::First, 0, Extensions::default()).is_ok());
    keys.rotate(NOW.plus(120), &mut rng).unwrap();
    assert_eq!(open(&keys, &token, b"/didshake", NOW), Err(Fault::WaitingStateInvalid.into()));
}

// R-RESP-8, R-EXP-3
#[test]
fn a_burned_handshake_gives_no_channel() {
    let (_, verified) = steps::before_accept(&Pair::default());
    assert_eq!(verified.burned_until(), NOW.plus(60));
    let refused = verified.accept(Burn::Again, 0, Extensions::default()).err();
    assert_eq!(refused, Some(Fault::FinishReplayed.into()));
}

// R-RESP-8, R-EXP-3
#[test]
fn what_is_prepared_is_given_out_after_the_burn_alone() {
    let pair = Pair::default();
    let (alice, verified) = steps::before_accept(&pair);
    let (th3, until) = (*verified.th3(), verified.burned_until());
    let prepared = verified.prepare(3600, Extensions::default()).unwrap();
    assert_eq!((prepared.th3(), prepared.burned_until()), (&th3, until));
    assert_eq!(prepared.initiator().did(), pair.alice.did());
    let (id, keys) = (*prepared.session_id(), prepared.exporter().export(b"test", b"", 32).unwrap());
    let (accept, bob) = prepared.release(Burn::First).unwrap();
    let alice = alice.read(&accept).unwrap();
    assert_eq!((alice.session_id, alice.lifetime), (id, 3600));
    assert_eq!((bob.session_id, bob.lifetime), (id, 3600));
    assert_eq!(alice.exporter.export(b"test", b"", 32).unwrap(), keys);

    let (_, verified) = steps::before_accept(&pair);
    let refused = verified.prepare(3600, Extensions::default()).unwrap().release(Burn::Again).err();
    assert_eq!(refused, Some(Fault::FinishReplayed.into()));
}

// R-SUITE-3
#[test]
fn contradictory_configurations_are_refused() {
    let refused = |change: fn(&mut Pair)| {
        let mut pair = Pair::default();
        change(&mut pair);
        error(pair.run())
    };
    assert_eq!(refused(|pair| pair.initiator.suites.clear()), Misuse::NoSuite.into());
    assert_eq!(refused(|pair| pair.initiator.suites.push(Suite::ALL[0])), Misuse::DuplicateSuite.into());
    assert_eq!(
        refused(|pair| pair.initiator.first_group = Group::private_use(0xFE00).unwrap()),
        Misuse::GroupWithoutSuite.into()
    );
    assert_eq!(refused(|pair| pair.initiator.application_protocol.clear()), Misuse::ApplicationProtocolLength.into());
    for length in [0, 256] {
        let mut pair = Pair::default();
        pair.responder.application_protocols.push(vec![b'x'; length]);
        assert_eq!(error(pair.run()), Misuse::ApplicationProtocolLength.into(), "{length}");
        let mut pair = Pair::default();
        pair.initiator.application_protocol = vec![b'x'; length];
        assert_eq!(error(pair.run()), Misuse::ApplicationProtocolLength.into(), "{length}");
    }
    let mut pair = Pair::default();
    pair.responder.application_protocols.push(vec![b'x'; 255]);
    pair.initiator.application_protocol = vec![b'x'; 255];
    assert!(pair.run().is_ok());
    assert_eq!(refused(|pair| pair.responder.identities.clear()), Misuse::NoIdentity.into());
    assert_eq!(
        refused(|pair| {
            pair.initiator.recipient = true;
            pair.initiator.expected = Admission::policy(|_| true);
        }),
        Misuse::RecipientNeedsDid.into()
    );
}

// R-EXT-4, R-RESP-4
#[test]
fn recipient_finds_the_identity_that_is_meant() {
    let mut pair = Pair::default();
    let others = [3, 4].map(|seed| Party::new(&format!("did:web:other{seed}.example"), Algorithm::Es256, seed));
    pair.responder.identities.splice(0..0, others.iter().map(|party| party.identity.clone()));
    pair.initiator.hello_extensions =
        Extensions::new(vec![Extension { id: 0x4001, critical: false, body: b"ignored".to_vec() }]).unwrap();
    pair.initiator.recipient = true;
    assert_eq!(pair.run().unwrap().bob.identity, pair.bob.identity);
    pair.responder.identities.pop();
    assert_eq!(error(pair.run()), Fault::UnknownRecipient.into());
}

// R-EXP-1, R-EXP-2
#[test]
fn export_separates_its_inputs_and_bounds_them() {
    let exporter = Pair::default().run().unwrap().alice.exporter;
    let export = |label: &[u8], context: &[u8], length| exporter.export(label, context, length);
    let first = export(b"a", b"bc", 32).unwrap();
    for other in [export(b"ab", b"c", 32), export(b"a", b"bd", 32), export(b"a", b"bc", 33)] {
        assert_ne!(first[..], other.unwrap()[..32]);
    }
    assert_eq!(export(b"a", b"", 8160).unwrap().len(), 8160);
    let too_long = vec![0; 65_536];
    for (label, context, length) in
        [(&b""[..], &b""[..], 1), (&[1; 256], b"", 1), (b"a", &too_long, 1), (b"a", b"", 0), (b"a", b"", 8161)]
    {
        assert_eq!(export(label, context, length), Err(Misuse::ExportLength.into()));
    }
}

// R-SEC-4
#[test]
fn nothing_prints_a_secret() {
    let finished = Pair::default().run().unwrap();
    let shown = format!("{:?}", finished.alice);
    let exporter = finished.alice.exporter.secret().expose();
    let hex: String = exporter.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!shown.contains(&hex) && !shown.contains(&format!("{exporter:?}")));
    assert!(shown.contains("Exporter(redacted)") && shown.contains("Sealer(redacted"));
    let only = Admission::only(Pair::default().bob.did().clone());
    assert_eq!(format!("{only:?}"), format!("Admission::only({})", Pair::default().bob.did()));
    assert_eq!(format!("{:?}", Admission::policy(|_| true)), "Admission::policy(…)");
}

#[test]
fn the_clear_part_of_reply_ends_before_the_sealed_length() {
    let messages = Pair::default().run().unwrap().messages;
    let reply = Reply::decode(&messages.reply).unwrap();
    assert_eq!(reply.clear, &messages.reply[..69]);
    assert_eq!(reply.sealed.len(), 144);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn two_honest_peers_always_agree(seed: u64, alice in 1u8..=200, bob in 1u8..=200, prologue: Vec<u8>) {
        let mut pair = Pair::between(
            Party::new("did:web:alice.example", Algorithm::from_byte(1 + alice % 2).unwrap(), alice),
            Party::new("did:web:bob.example", Algorithm::from_byte(1 + bob % 2).unwrap(), bob),
        );
        pair.seed = seed;
        pair.initiator_context = Context::new(Binding::Stream, prologue).unwrap();
        pair.responder_context = pair.initiator_context.clone();
        let finished = pair.run().unwrap();
        prop_assert_eq!(finished.alice.session_id, finished.bob.session_id);
    }
}

// R-SCHED-1, R-SCHED-4: every single bit of every message.
#[test]
fn any_single_bit_flip_in_any_message_fails() {
    let pair = Pair::default();
    let honest = pair.run().unwrap().messages;
    let flips = [
        (honest.hello.len(), Tamper::Hello as fn(usize) -> Tamper),
        (honest.reply.len(), Tamper::Reply),
        (honest.finish.len(), Tamper::Finish),
        (honest.accept.len(), Tamper::Accept),
    ];
    for (bytes, tamper) in flips {
        for bit in 0..bytes * 8 {
            assert!(pair.run_tampered(tamper(bit)).is_err(), "{:?}", tamper(bit));
        }
    }
}

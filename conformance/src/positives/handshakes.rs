//! Suites, bindings, extensions, Retry.

use super::positive;
use crate::channel::{CLOSE, KEY_UPDATE};
use crate::check::Step;
use crate::config::{Admission, Extension, Hex};
use crate::fixed::{key_identity, secret};
use crate::initiator::{RECIPIENT, recipient};
use crate::positive::{Positive, Say};
use crate::primitives::TEST_SUITE;
use crate::vector::Role::{Initiator, Responder};

/// The first vector: everything once.
fn first() -> Step<Positive> {
    let mut first = positive(
        "p-key-ed25519",
        "handshake",
        "did:key with Ed25519 on both sides: 481 bytes, every intermediate value, records, key updates, exports",
    )?
    .proves(&[
        "R-WIRE-1",
        "R-SUITE-1",
        "R-SCHED-1",
        "R-SCHED-2",
        "R-SCHED-3",
        "R-SIG-2",
        "R-SIG-3",
        "R-CHAN-1",
        "R-EXP-1",
    ]);
    first.lengths = vec![94, 215, 147, 25];
    first.script = vec![
        Say::data(Initiator, b"hello"),
        Say::data(Responder, b"hello yourself").padded(18),
        Say::data(Initiator, b""),
        Say::new(Initiator, KEY_UPDATE, b""),
        Say::data(Initiator, b"under the next secret"),
        Say::data(Responder, b"still under the first"),
        Say::new(Responder, KEY_UPDATE, b""),
        Say::data(Responder, b"now under the next too"),
        Say::new(Initiator, CLOSE, b""),
        Say::data(Responder, b"the other direction stays open"),
        Say::new(Responder, CLOSE, b""),
    ];
    first.exports = vec![
        ("didshake test".to_owned(), Vec::new(), 32),
        ("didshake test".to_owned(), b"context".to_vec(), 32),
        ("didshake test".to_owned(), Vec::new(), 64),
    ];
    Ok(first)
}

fn suites() -> Step<Vec<Positive>> {
    let mut aes = positive("p-suite-2", "handshake", "suite 2: AES-256-GCM seals the handshake and the records")?
        .proves(&["R-SUITE-2", "R-SUITE-8"])
        .edit(|config| config.responder.suites = vec![2, 1]);
    aes.script = vec![Say::data(Initiator, b"AES-256-GCM"), Say::data(Responder, b"both ways")];
    let preference = positive(
        "p-suite-responder-prefers",
        "handshake",
        "the responder's order decides, not the initiator's: suite 1 although suite 2 is listed first",
    )?
    .proves(&["R-SUITE-3", "R-SUITE-8"])
    .edit(|config| config.initiator.suites = vec![2, 1]);
    let single = positive("p-suite-single", "handshake", "an initiator that accepts suite 1 only gets it")?
        .proves(&["R-SUITE-3", "R-SUITE-8"])
        .edit(|config| {
            config.initiator.suites = vec![1];
            config.responder.suites = vec![2, 1];
        });
    let listed = positive(
        "p-suite-not-accepted-listed",
        "handshake",
        "a listed suite that the responder does not accept is ignored, also one of another group",
    )?
    .proves(&["R-SUITE-7", "R-SUITE-8"])
    .edit(|config| config.initiator.suites = vec![TEST_SUITE, 2, 1]);
    let one = positive(
        "p-suite-accepts-one",
        "handshake",
        "a responder that knows suite 2 and accepts suite 1 only ignores suite 2",
    )?
    .proves(&["R-SUITE-7", "R-SUITE-8"])
    .edit(|config| {
        config.initiator.suites = vec![2, 1];
        config.responder.suites = vec![1];
    });
    Ok(vec![aes, preference, single, listed, one])
}

fn bindings() -> Step<Vec<Positive>> {
    let prologue = positive("p-prologue", "transcript", "a stream with a prologue that both sides configured")?
        .proves(&["R-SCHED-1", "R-BIND-2"])
        .edit(|config| config.prologue = Hex(b"a prologue of both".to_vec()));
    let socket = positive("p-binding-websocket", "transcript", "binding 2 with an origin of scheme https as prologue")?
        .proves(&["R-SCHED-1", "R-BIND-5"])
        .edit(|config| {
            config.binding = 2;
            config.prologue = Hex(b"https://chat.example".to_vec());
            config.initiator.application_protocol = "didshake.chat/1".to_owned();
        });
    let http = positive("p-binding-http", "transcript", "binding 3 with an origin as prologue")?
        .proves(&["R-SCHED-1", "R-BIND-5"])
        .edit(|config| {
            config.binding = 3;
            config.prologue = Hex(b"https://login.example:8443".to_vec());
        });
    let relay =
        positive("p-binding-relay", "transcript", "binding 4 with the URL of the responder's mailbox as prologue")?
            .proves(&["R-SCHED-1", "R-BIND-20"])
            .edit(|config| {
                config.binding = 4;
                config.prologue = Hex(b"https://relay.example/mailbox/4f2a".to_vec());
                config.initiator.application_protocol = "didshake.chat/1".to_owned();
            });
    Ok(vec![prologue, socket, http, relay])
}

fn ignored(id: u16, body: &[u8]) -> Extension {
    Extension { id, critical: false, body: Hex(body.to_vec()) }
}

fn extensions() -> Step<Vec<Positive>> {
    let everywhere = positive(
        "p-extensions-ignored",
        "wire",
        "unknown extensions that are not critical are ignored in Hello, Reply, Finish and Accept, and bound",
    )?
    .proves(&["R-EXT-1", "R-EXT-4", "R-EXT-5", "R-SIG-2", "R-SIG-3"])
    .edit(|config| {
        config.initiator.hello_extensions = vec![ignored(32, b""), ignored(40_000, b"hello")];
        config.responder.reply_extensions = vec![ignored(32, b"reply"), ignored(65_535, b"")];
        config.initiator.finish_extensions = vec![ignored(33, b"finish"), ignored(34, b"again")];
        config.responder.accept_extensions = vec![ignored(32, b"accept"), ignored(16_384, b"last")];
    });
    let mut chosen = positive("p-recipient", "handshake", "recipient selects the second of three identities")?
        .proves(&["R-EXT-6", "R-RESP-4"]);
    let second = key_identity(2, "responder p256")?;
    chosen.config.responder.identities.extend([second.clone(), key_identity(1, "third responder ed25519")?]);
    chosen.config.initiator.expect = Admission::Did { did: second.did.clone() };
    chosen.config.initiator.recipient = true;
    let mut optional = chosen.clone();
    optional.id = "p-recipient-not-critical";
    optional.about = "recipient sent as not critical selects as well";
    optional.config.initiator.recipient = false;
    let body = recipient(&secret("initiator nonce"), &second.did);
    optional.config.initiator.hello_extensions = vec![ignored(RECIPIENT, &body)];
    let mut default = chosen.clone();
    default.id = "p-default-identity";
    default.about = "without recipient the responder answers as its default identity";
    default = default.proves(&["R-RESP-5"]);
    default.config.initiator.recipient = false;
    default.config.responder.default_identity = 1;
    let elsewhere = positive(
        "p-extensions-recipient-elsewhere",
        "wire",
        "extension 1 is unknown outside Hello, and ignored where it is not critical, whatever its body",
    )?
    .proves(&["R-EXT-4", "R-EXT-5"])
    .edit(|config| {
        config.responder.reply_extensions = vec![ignored(RECIPIENT, b"no")];
        config.initiator.finish_extensions = vec![ignored(RECIPIENT, b"")];
        config.responder.accept_extensions = vec![ignored(RECIPIENT, b"no recipient either")];
    });
    Ok(vec![everywhere, elsewhere, chosen, optional, default])
}

fn retries() -> Step<Vec<Positive>> {
    let mut retry = positive("p-retry", "handshake", "Retry to another group; the transcript starts again from th0")?
        .proves(&["R-RETRY-1", "R-RETRY-5", "R-SCHED-6"]);
    retry.config = retry.config.with_retry();
    retry.script = vec![Say::data(Initiator, b"after a Retry"), Say::data(Responder, b"likewise")];
    let mut named = retry.clone();
    named.id = "p-retry-recipient";
    named.about = "after a Retry recipient is computed anew from the second nonce";
    named.config.initiator.recipient = true;
    let mut preferred = positive(
        "p-retry-suite-preferred",
        "handshake",
        "Retry to the suite that the responder prefers, although it accepts that of the first share too",
    )?
    .proves(&["R-SUITE-8", "R-RETRY-1"])
    .edit(|config| config.responder.suites = vec![1, TEST_SUITE]);
    preferred.config = preferred.config.with_retry();
    let other = positive("p-group-fe00", "handshake", "the responder accepts the first share's group: no Retry")?
        .proves(&["R-SUITE-8"])
        .edit(|config| config.responder.suites = vec![TEST_SUITE, 1]);
    let mut other = other;
    other.config = other.config.with_retry();
    Ok(vec![retry, named, preferred, other])
}

fn limits() -> Step<Vec<Positive>> {
    let lifetime = positive("p-lifetime-zero", "handshake", "lifetime 0: nothing outlives the connection")?
        .proves(&["R-INIT-10"])
        .edit(|config| config.responder.lifetime = 0);
    let protocol = positive("p-application-protocol-longest", "wire", "an application protocol of 255 bytes")?
        .proves(&["R-WIRE-1", "R-RESP-3"])
        .edit(|config| {
            let name = format!("x/{}", "a".repeat(253));
            config.initiator.application_protocol.clone_from(&name);
            config.responder.application_protocols = vec![name];
        });
    let policy = positive("p-expect-methods", "identity", "both sides admit by DID method instead of by DID")?
        .proves(&["R-CHECK-3", "R-INIT-1"])
        .edit(|config| {
            let methods = || Admission::Methods { methods: vec!["key".to_owned(), "jwk".to_owned(), "web".to_owned()] };
            config.initiator.expect = methods();
            config.responder.admit = methods();
        });
    Ok(vec![lifetime, protocol, policy])
}

pub(super) fn all() -> Step<Vec<Positive>> {
    Ok([vec![first()?], suites()?, bindings()?, extensions()?, retries()?, limits()?].concat())
}

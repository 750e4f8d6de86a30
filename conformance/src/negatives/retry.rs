//! Retry, refused by the initiator, and the second Hello, refused by the responder.

use super::FIRST;
use crate::check::Check;
use crate::negative::{Negative, negative};
use crate::primitives::{TEST_GROUP, TEST_SUITE};
use crate::vector::Role::{Initiator, Responder};
use crate::wire::suite_bytes;

/// A suite that nobody knows.
const UNKNOWN_SUITE: u16 = 0x1234;
const RETRY: &str = "p-retry";

/// A bad signature after a Retry that answered an odd first Hello: the Retry does not look at the share.
fn after_odd_hello(id: &'static str, odd: &str) -> Negative {
    negative(id, RETRY, Check::Signature)
        .at(4, Responder, "finish")
        .proves(&["R-RETRY-1", "R-SIG-7"])
        .signature(&format!("a bit of S; before that a Retry answered {odd}"), |signature| super::flip(signature, 32))
}

/// First Hellos that no honest initiator sends and that are answered with a Retry nevertheless.
fn odd_hellos() -> Vec<Negative> {
    let share = |id, odd: &str, share: Vec<u8>| {
        after_odd_hello(id, odd).after_hello(0, move |hello| hello.share.clone_from(&share))
    };
    let unknown = |hello: &mut crate::wire::Hello| hello.suites = suite_bytes(&[UNKNOWN_SUITE, 1]);
    vec![
        share("n-retry-share-empty", "a Hello with an empty share", Vec::new()),
        share("n-retry-share-short", "a Hello with a share of 31 bytes", vec![9; 31]),
        share("n-retry-share-long", "a Hello with a share of 33 bytes", vec![9; 33]),
        share("n-retry-share-zero", "a Hello with a share of zeros", vec![0; 32]),
        after_odd_hello("n-retry-group-unknown", "a Hello of an unknown group, with a suite that is unknown too")
            .also(&["R-SUITE-7"])
            .after_hello(0, move |hello| {
                unknown(hello);
                hello.group = 0x0017;
                hello.share = [vec![4], vec![9; 64]].concat();
            })
            .after_hello(2, unknown),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [retries(), odd_hellos()].into_iter().flatten().collect()
}

fn retries() -> Vec<Negative> {
    let first = |id, check| negative(id, RETRY, check).at(1, Initiator, "retry");
    vec![
        first("n-retry-truncated", Check::MessageTruncated)
            .wire("the message ends inside the suite", |wire| wire.truncate(2)),
        first("n-retry-type-only", Check::MessageTruncated)
            .wire("the message ends before the suite", |wire| wire.truncate(1)),
        first("n-retry-trailing", Check::TrailingBytes).wire("a byte after the suite", |wire| wire.push(1)),
        first("n-retry-not-offered", Check::RetryOffered).retry_for("suite 2, which was not offered", 2),
        first("n-retry-unknown", Check::RetryOffered).retry_for("suite 0x1234, which was not offered", 0x1234),
        first("n-retry-same-suite", Check::RetryGroup).retry_for("the suite of the share that was sent", TEST_SUITE),
        negative("n-retry-same-group", FIRST, Check::RetryGroup)
            .at(1, Initiator, "retry")
            .retry_for("another suite of the group that was sent", 2),
        negative("n-retry-second", RETRY, Check::RetryOnce)
            .at(3, Initiator, "retry")
            .retry_for("a Retry after a Retry, back to the first group", TEST_SUITE),
        negative("n-hello2-needs-retry", RETRY, Check::SecondHello)
            .at(2, Responder, "hello2")
            .hello("the Hello after a Retry has a share of the first group again", |hello| hello.group = TEST_GROUP),
        negative("n-hello2-truncated", RETRY, Check::MessageTruncated)
            .at(2, Responder, "hello2")
            .wire("the second Hello lacks its last byte", |wire| wire.truncate(wire.len().saturating_sub(1))),
        negative("n-hello2-recipient", "p-retry-recipient", Check::RecipientMatch).at(2, Responder, "hello2").hello(
            "the second Hello has the first one's recipient",
            |hello| {
                let nonce = crate::fixed::secret("initiator nonce");
                if let Ok(meant) = crate::fixed::key_identity(1, "responder ed25519") {
                    let body = crate::initiator::recipient(&nonce, &meant.did);
                    hello.extensions = super::extension(1, 1, &body);
                }
            },
        ),
        negative("n-reply-group-after-retry", RETRY, Check::ReplySuiteGroup)
            .at(3, Initiator, "reply")
            .reply_fields("after the Retry a Reply names a suite of the first group", |reply| reply.suite = TEST_SUITE),
        negative("n-reply-first-hello-transcript", RETRY, Check::TranscriptHelloNonce)
            .at(3, Initiator, "reply")
            .also(&["R-SCHED-6"])
            .inputs("the responder hashes the second Hello with the first one's nonce", |inputs| {
                if let Ok(mut hello) = crate::wire::Hello::split(&inputs.hello) {
                    hello.nonce = crate::fixed::secret("initiator nonce");
                    inputs.hello = hello.encode().unwrap_or_default();
                }
            }),
    ]
}

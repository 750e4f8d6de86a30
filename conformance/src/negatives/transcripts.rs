//! Two transcripts that differ: the sealed part does not open. With the check off the model takes the one element
//! that differs from the sender.

use super::FIRST;
use crate::check::Check;
use crate::fixed::secret;
use crate::negative::{Negative, negative};
use crate::primitives::{x25519, x25519_public};
use crate::schedule::Inputs;
use crate::wire::{Hello, suite_bytes};

/// The sender hashes another Hello than was sent: an altered one came to it, or it lies.
fn other_hello(edit: impl Fn(&mut Hello) + 'static) -> impl Fn(&mut Inputs) + 'static {
    move |inputs| {
        if let Ok(mut hello) = Hello::split(&inputs.hello) {
            edit(&mut hello);
            inputs.hello = hello.encode().unwrap_or_default();
        }
    }
}

fn reply(id: &'static str, check: Check) -> Negative {
    negative(id, FIRST, check).reply()
}

fn hellos() -> Vec<Negative> {
    vec![
        reply("n-reply-transcript-suites", Check::TranscriptSuites).inputs(
            "the Hello that the responder got lists suite 1 only",
            other_hello(|hello| hello.suites = suite_bytes(&[1])),
        ),
        reply("n-reply-transcript-suite-order", Check::TranscriptSuites).inputs(
            "the Hello that the responder got lists the suites in another order",
            other_hello(|hello| {
                hello.suites = suite_bytes(&[2, 1]);
            }),
        ),
        reply("n-reply-transcript-application-protocol", Check::TranscriptProtocol).inputs(
            "the Hello that the responder got names another application protocol",
            other_hello(|hello| {
                hello.protocol = b"didshake.chat/1".to_vec();
            }),
        ),
        reply("n-reply-transcript-hello-nonce", Check::TranscriptHelloNonce).inputs(
            "the Hello that the responder got has another nonce",
            other_hello(|hello| hello.nonce = secret("mallory nonce")),
        ),
        reply("n-reply-transcript-hello-extensions", Check::TranscriptHelloExtensions).inputs(
            "the Hello that the responder got has an extension more",
            other_hello(|hello| {
                hello.extensions = super::extension(40, 0, b"");
            }),
        ),
        negative("n-reply-transcript-recipient", "p-recipient", Check::TranscriptHelloExtensions).reply().inputs(
            "the Hello that the responder got had lost its recipient",
            other_hello(|hello| hello.extensions.clear()),
        ),
        reply("n-reply-transcript-hello-share", Check::TranscriptHelloShare).inputs(
            "the Hello that the responder got has the share of somebody in the middle",
            |inputs| {
                let share = x25519_public(&secret("mallory ephemeral")).unwrap_or_default();
                inputs.dh = x25519(&secret("responder ephemeral"), &share).unwrap_or_default();
                other_hello(move |hello| hello.share.clone_from(&share))(inputs);
            },
        ),
    ]
}

fn replies() -> Vec<Negative> {
    let replace = |range: std::ops::Range<usize>, with: Vec<u8>| {
        move |wire: &mut Vec<u8>| {
            if let Some(place) = wire.get_mut(range.clone()) {
                place.copy_from_slice(&with);
            }
        }
    };
    let share = x25519_public(&secret("mallory ephemeral")).unwrap_or_default();
    vec![
        reply("n-reply-nonce-altered", Check::TranscriptReplyNonce)
            .wire("Reply's nonce is replaced on the way", replace(37..69, secret("mallory nonce"))),
        reply("n-reply-share-altered", Check::TranscriptReplyShare)
            .wire("Reply's share is replaced by that of somebody in the middle", replace(5..37, share)),
        reply("n-reply-suite-altered", Check::TranscriptReplySuite)
            .wire("Reply's suite 1 is replaced by suite 2, which was offered too", replace(1..3, vec![0, 2])),
    ]
}

fn contexts() -> Vec<Negative> {
    let both = |reply: &'static str, finish: &'static str, check, change: &str, edit: fn(&mut Inputs)| {
        [
            negative(reply, FIRST, check).reply().inputs(change, edit),
            negative(finish, FIRST, check).finish().inputs(change, edit),
        ]
    };
    let mut all: Vec<Negative> = [
        both(
            "n-reply-transcript-binding",
            "n-finish-transcript-binding",
            Check::TranscriptBinding,
            "the sender hashes binding 2 instead of 1",
            |inputs| inputs.binding = 2,
        ),
        both(
            "n-reply-transcript-prologue",
            "n-finish-transcript-prologue",
            Check::TranscriptPrologue,
            "the sender hashes a prologue that nobody configured here",
            |inputs| inputs.prologue = b"another".to_vec(),
        ),
        both(
            "n-reply-transcript-label",
            "n-finish-transcript-label",
            Check::TranscriptLabel,
            "the sender starts th0 with didshake/2",
            |inputs| inputs.labels.protocol = "didshake/2",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.extend([
        negative("n-reply-transcript-origin", "p-binding-http", Check::TranscriptPrologue)
            .reply()
            .also(&["R-BIND-5", "R-BIND-6", "R-BIND-7"])
            .inputs("a relay: the responder's origin is another one", |inputs| {
                inputs.prologue = b"https://login.example".to_vec();
            }),
        negative("n-finish-transcript-origin", "p-binding-websocket", Check::TranscriptPrologue)
            .finish()
            .also(&["R-BIND-5", "R-BIND-6", "R-BIND-7"])
            .inputs("a relay: the initiator connected to another origin", |inputs| {
                inputs.prologue = b"https://relay.example".to_vec();
            }),
        negative("n-reply-transcript-prologue-missing", "p-prologue", Check::TranscriptPrologue)
            .reply()
            .inputs("the responder hashes no prologue", |inputs| inputs.prologue.clear()),
    ]);
    all.extend(through_relays());
    all
}

fn through_relays() -> [Negative; 5] {
    let to = |id, check| negative(id, "p-binding-relay", check).also(&["R-BIND-20"]);
    [
        to("n-reply-transcript-mailbox", Check::TranscriptPrologue)
            .reply()
            .inputs("the relay brought the initiator to another mailbox", |inputs| {
                inputs.prologue = b"https://relay.example/mailbox/4f2b".to_vec()
            }),
        to("n-reply-transcript-mailbox-slash", Check::TranscriptPrologue)
            .reply()
            .inputs("the responder's record of its mailbox ends in a slash", |inputs| inputs.prologue.push(b'/')),
        to("n-finish-transcript-mailbox-port", Check::TranscriptPrologue)
            .finish()
            .inputs("the initiator writes the default port into the mailbox's URL", |inputs| {
                inputs.prologue = b"https://relay.example:443/mailbox/4f2a".to_vec()
            }),
        to("n-finish-transcript-mailbox-origin", Check::TranscriptPrologue)
            .finish()
            .inputs("the initiator takes the relay's origin for the prologue", |inputs| {
                inputs.prologue = b"https://relay.example".to_vec()
            }),
        to("n-finish-transcript-relay", Check::TranscriptBinding).finish().inputs(
            "a relay: the initiator connected by binding 2 to the URL that is the responder's mailbox",
            |inputs| inputs.binding = 2,
        ),
    ]
}

fn unpadded(identity: &mut Vec<u8>) {
    while identity.last() == Some(&0) {
        identity.pop();
    }
}

fn later() -> Vec<Negative> {
    vec![
        negative("n-finish-transcript-suites", FIRST, Check::TranscriptSuites).finish().inputs(
            "the initiator hashes a Hello with suite 1 only",
            other_hello(|hello| hello.suites = suite_bytes(&[1])),
        ),
        negative("n-finish-transcript-reply-nonce", FIRST, Check::TranscriptReplyNonce).finish().inputs(
            "the initiator hashes another nonce of Reply",
            |inputs| {
                if let Some(nonce) = inputs.reply_prefix.get_mut(37..69) {
                    nonce.copy_from_slice(&secret("mallory nonce"));
                }
            },
        ),
        negative("n-finish-transcript-reply-identity", FIRST, Check::TranscriptReplyIdentity)
            .finish()
            .inputs("the initiator hashes the responder's Identity without its padding", |inputs| {
                unpadded(&mut inputs.reply_identity)
            }),
        negative("n-accept-transcript-finish-identity", FIRST, Check::TranscriptFinishIdentity)
            .accept()
            .inputs("the responder hashes the initiator's Identity without its padding", |inputs| {
                unpadded(&mut inputs.finish_identity)
            }),
        negative("n-accept-transcript-reply-identity", FIRST, Check::TranscriptReplyIdentity)
            .accept()
            .inputs("the responder hashes no Identity of its own", |inputs| inputs.reply_identity.clear()),
        reply("n-reply-label", Check::LabelReply)
            .inputs("k_reply is derived under k_finish's label", |inputs| inputs.labels.reply = inputs.labels.finish),
        negative("n-finish-label", FIRST, Check::LabelFinish)
            .finish()
            .inputs("k_finish is derived under k_reply's label", |inputs| inputs.labels.finish = inputs.labels.reply),
        negative("n-accept-label", FIRST, Check::LabelAccept)
            .accept()
            .inputs("k_accept is derived under another label", |inputs| inputs.labels.accept = "didshake/1 Accept"),
        negative("n-accept-derived-label", FIRST, Check::LabelDerived)
            .accept()
            .inputs("ms is derived under another label", |inputs| inputs.labels.derived = "derived"),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [hellos(), replies(), contexts(), later()].into_iter().flatten().collect()
}

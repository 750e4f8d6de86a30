//! Check 7, the waiting state, and check 8.

use super::{FIRST, WEB};
use crate::check::{Check, Step};
use crate::config::Policy;
use crate::deviation::Token;
use crate::fixed::key_identity;
use crate::negative::{Negative, negative};

pub(super) fn policies() -> Step<Vec<Negative>> {
    let initiator = key_identity(1, "initiator ed25519")?.did;
    let key_1 = || Policy::RefuseFragments { refuse_fragments: vec!["key-1".to_owned()] };
    Ok(vec![
        negative("n-reply-policy", FIRST, Check::Policy)
            .reply()
            .config("the initiator's policy refuses everyone", |config| {
                config.initiator.policy = Policy::Allow { allow: false }
            }),
        negative("n-finish-policy", FIRST, Check::Policy).finish().config(
            "the responder's policy refuses this DID",
            move |config| {
                config.responder.policy = Policy::RefuseDids { refuse_dids: vec![initiator.clone()] };
            },
        ),
        negative("n-reply-policy-fragment", WEB, Check::Policy)
            .reply()
            .config("the initiator's policy refuses this method of the DID", move |config| {
                config.initiator.policy = key_1()
            }),
        negative("n-finish-policy-fragment", WEB, Check::Policy)
            .finish()
            .config("the responder's policy refuses this method of the DID", move |config| {
                config.responder.policy = key_1()
            }),
    ])
}

pub(super) fn all() -> Vec<Negative> {
    vec![
        negative("n-state-missing", FIRST, Check::WaitingPresent)
            .token("no waiting state comes with Finish", Token::Missing),
        negative("n-state-altered", FIRST, Check::WaitingSeal).token("a bit of the waiting state", Token::Altered),
        negative("n-state-truncated", FIRST, Check::WaitingSeal)
            .token("the waiting state lacks its end", Token::Truncated),
        negative("n-state-other-key", FIRST, Check::WaitingSeal)
            .token("the waiting state is sealed under another key", Token::OtherKey),
        negative("n-state-other-endpoint", FIRST, Check::WaitingEndpoint)
            .token("the waiting state was made for another endpoint", Token::OtherEndpoint),
        negative("n-state-expired", FIRST, Check::WaitingExpiry).token("Finish comes 60 s after Reply", Token::Expired),
        negative("n-state-missing-http", "p-binding-http", Check::WaitingPresent)
            .token("no waiting state comes with Finish", Token::Missing),
        negative("n-state-expired-http", "p-binding-http", Check::WaitingExpiry)
            .token("Finish comes 60 s after Reply", Token::Expired),
        negative("n-state-replay", FIRST, Check::FinishOnce).repeat("Finish a second time, byte for byte"),
        negative("n-state-replay-http", "p-binding-http", Check::FinishOnce)
            .repeat("Finish a second time, byte for byte, with the same waiting state"),
    ]
}

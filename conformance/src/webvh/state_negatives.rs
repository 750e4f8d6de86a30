//! Logs whose states, hashes, commitments and moves are refused.

use super::canonical::hash_text;
use super::check::WebvhCheck as Check;
use super::edits::{at, second};
use super::negative::Negative;
use super::owner::{SCID, commitment, multikey};
use super::positives::state;

pub(super) fn all() -> Vec<Negative> {
    [states(), hashes(), moves()].into_iter().flatten().collect()
}

fn states() -> Vec<Negative> {
    use Negative as N;
    vec![
        N::plan("w-state-id-missing", Check::StateId, "a state without an `id`", |plan| {
            at(plan, 1, |entry| entry.state = "{}".to_owned())
        }),
        N::plan("w-state-id-list", Check::StateId, "an `id` that is a list", |plan| {
            at(plan, 1, |entry| entry.state = r#"{"id":["did:webvh:{SCID}:log.example"]}"#.to_owned())
        }),
        N::plan("w-state-id-web", Check::StateId, "a did:web", |plan| {
            at(plan, 1, |entry| entry.state = r#"{"id":"did:web:log.example"}"#.to_owned())
        }),
        N::plan("w-state-id-url", Check::StateId, "a DID URL", |plan| {
            at(plan, 1, |entry| entry.state = r#"{"id":"did:webvh:{SCID}:log.example#key-1"}"#.to_owned())
        }),
        N::plan("w-state-scid", Check::ScidState, "a state of another SCID, named as the one before it", |plan| {
            let other = hash_text("another");
            at(plan, 1, |entry| {
                entry.state = format!(
                    r#"{{"id":"did:webvh:{other}:log.example","alsoKnownAs":["did:webvh:{{SCID}}:old.example:a"]}}"#
                )
            });
            at(plan, 2, |entry| {
                entry.state = entry.state.replacen(
                    r#""authentication""#,
                    &format!(r#""alsoKnownAs":["did:webvh:{other}:log.example"],"authentication""#),
                    1,
                )
            });
        })
        .on("w-moved"),
    ]
}

fn hashes() -> Vec<Negative> {
    use Negative as N;
    vec![
        N::plan("w-scid-other", Check::Scid, "the SCID is the hash of something else", |plan| {
            plan.scid = Some(hash_text("something else"))
        }),
        N::plan("w-hash-first", Check::EntryHash, "the hash of the first entry is that of something else", |plan| {
            at(plan, 0, |entry| entry.hash = Some(hash_text("x")))
        }),
        N::plan("w-hash-second", Check::EntryHash, "the hash of the second entry is that of something else", |plan| {
            at(plan, 1, |entry| entry.hash = Some(hash_text("x")))
        }),
        N::plan("w-hash-last", Check::EntryHash, "the hash of the last entry is that of something else", |plan| {
            at(plan, 2, |entry| entry.hash = Some(hash_text(SCID)))
        }),
        N::plan("w-committed-keys", Check::PreRotationMembers, "`updateKeys` is left out in pre-rotation", |plan| {
            let hash = commitment("update 1").unwrap_or_default();
            at(plan, 1, |entry| entry.parameters = format!(r#"{{"nextKeyHashes":["{hash}"]}}"#));
        })
        .on("w-committed-again"),
        N::plan(
            "w-committed-hashes",
            Check::PreRotationMembers,
            "`nextKeyHashes` is left out in pre-rotation",
            |plan| {
                let key = multikey("update 2").unwrap_or_default();
                at(plan, 1, |entry| entry.parameters = format!(r#"{{"updateKeys":["{key}"]}}"#));
                plan.entries.truncate(2);
            },
        )
        .on("w-committed"),
        N::plan(
            "w-committed-nothing",
            Check::PreRotationMembers,
            "an entry that changes nothing, in pre-rotation",
            |plan| {
                at(plan, 1, |entry| entry.parameters = "{}".to_owned());
            },
        )
        .on("w-committed-again"),
        N::plan("w-committed-other", Check::PreRotationKeys, "a key that nobody committed to signs", |plan| {
            at(plan, 1, |entry| {
                entry.parameters = entry
                    .parameters
                    .replace(&multikey("update 2").unwrap_or_default(), &multikey("update 9").unwrap_or_default());
                entry.signers = vec!["update 9"];
            });
        })
        .on("w-committed"),
        N::plan(
            "w-committed-beside",
            Check::PreRotationKeys,
            "a key that nobody committed to beside the one that signs",
            |plan| {
                at(plan, 1, |entry| {
                    entry.parameters = entry.parameters.replacen(
                        "[\"",
                        &format!("[\"{}\",\"", multikey("update 9").unwrap_or_default()),
                        1,
                    )
                });
            },
        )
        .on("w-committed"),
        N::plan(
            "w-committed-old",
            Check::PreRotationKeys,
            "the key of the entry before, to which nobody committed again",
            |plan| {
                at(plan, 2, |entry| {
                    entry.parameters = entry
                        .parameters
                        .replace(&multikey("update 3").unwrap_or_default(), &multikey("update 2").unwrap_or_default());
                    entry.signers = vec!["update 2"];
                });
            },
        )
        .on("w-committed"),
    ]
}

fn moves() -> Vec<Negative> {
    use Negative as N;
    vec![
        N::plan("w-not-portable", Check::Portable, "the log is not portable", |plan| {
            at(plan, 0, |entry| entry.parameters = entry.parameters.replace(r#","portable":true"#, ""))
        })
        .on("w-moved"),
        N::plan("w-portable-ends", Check::Portable, "the entry that moves ends `portable`", |plan| {
            second(plan, r#"{"portable":false}"#)
        })
        .on("w-moved"),
        N::plan("w-portable-ended", Check::Portable, "`portable` ended one entry before", |plan| {
            let moved = plan.entries.get(1).map(|entry| entry.state.clone()).unwrap_or_default();
            let stays = plan.entries.first().map(|entry| entry.state.clone()).unwrap_or_default();
            second(plan, r#"{"portable":false}"#);
            at(plan, 1, |entry| entry.state = stays);
            at(plan, 2, |entry| entry.state = moved);
        })
        .on("w-moved"),
        N::plan("w-prior-missing", Check::PriorDid, "no `alsoKnownAs`", |plan| {
            at(plan, 1, |entry| entry.state = state("log.example", "login 1", "").unwrap_or_default())
        })
        .on("w-moved"),
        N::plan("w-prior-other", Check::PriorDid, "`alsoKnownAs` holds another path", |plan| {
            at(plan, 1, |entry| entry.state = entry.state.replace("old.example:a\"]", "old.example:b\"]"))
        })
        .on("w-moved"),
        N::plan("w-prior-text", Check::PriorDid, "`alsoKnownAs` is a text", |plan| {
            at(plan, 1, |entry| {
                entry.state =
                    entry.state.replace("[\"did:web:old.example\",", "").replace("old.example:a\"]", "old.example:a\"")
            });
        })
        .on("w-moved"),
    ]
}

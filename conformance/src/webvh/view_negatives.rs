//! Good logs that are not those of the DID, or not those that were seen before.

use super::canonical::hash_text;
use super::check::WebvhCheck as Check;
use super::negative::Negative;

pub(super) fn all() -> Vec<Negative> {
    [dids(), seen()].into_iter().flatten().collect()
}

fn place(did: &mut String, scid: &str, to: &str) {
    *did = format!("did:webvh:{scid}:{to}");
}

fn dids() -> Vec<Negative> {
    use Negative as N;
    vec![
        N::view("w-did-scid-short", Check::ScidForm, "an SCID of 45 characters", |view, made| {
            place(&mut view.did, made.scid.get(1..).unwrap_or_default(), "log.example")
        }),
        N::view("w-did-scid-zero", Check::ScidForm, "an SCID with a 0", |view, made| {
            place(&mut view.did, &format!("Qm0{}", made.scid.get(3..).unwrap_or_default()), "log.example")
        }),
        N::view("w-did-scid-sha3", Check::ScidForm, "an SCID of another hash function", |view, _| {
            let other = bs58::encode([vec![0x16, 0x20], vec![7; 32]].concat()).into_string();
            place(&mut view.did, &other, "log.example");
        }),
        N::view("w-did-scid-word", Check::ScidForm, "a word for an SCID", |view, _| {
            "did:webvh:agents:log.example".clone_into(&mut view.did)
        }),
        N::view("w-did-scid-other", Check::ScidDid, "another SCID", |view, _| {
            place(&mut view.did, &hash_text("another"), "log.example")
        }),
        N::view("w-did-host", Check::OtherDid, "another host", |view, made| {
            place(&mut view.did, &made.scid, "other.example")
        }),
        N::view("w-did-path", Check::OtherDid, "another path", |view, made| {
            place(&mut view.did, &made.scid, "log.example:agents")
        }),
        N::view("w-did-case", Check::OtherDid, "the host in capitals", |view, made| {
            place(&mut view.did, &made.scid, "LOG.example")
        }),
        N::view("w-did-moved", Check::Moved, "where the log was before it moved", |view, made| {
            place(&mut view.did, &made.scid, "old.example:a")
        })
        .on("w-moved"),
        N::plan("w-document", Check::Document, "the last state is no document", |plan| {
            plan.entries.iter_mut().skip(2).for_each(|entry| {
                entry.state = r#"{"id":"did:webvh:{SCID}:log.example","authentication":{}}"#.to_owned()
            });
        }),
    ]
}

fn seen() -> Vec<Negative> {
    use Negative as N;
    let (back, fork) = (Check::RolledBack, Check::Forked);
    vec![
        N::view("w-seen-next", back, "the fourth entry was seen", |view, _| {
            view.seen = Some(format!("4-{}", hash_text("fourth")))
        }),
        N::view("w-seen-far", back, "the entry 1,000 was seen", |view, _| {
            view.seen = Some(format!("1000-{}", hash_text("far")))
        }),
        N::view("w-seen-one", back, "the log was rolled back to its first entry", |view, _| {
            view.seen = Some(format!("2-{}", hash_text("second")))
        })
        .on("w-one"),
        N::view("w-seen-fork-last", fork, "another third entry was seen", |view, _| {
            view.seen = Some(format!("3-{}", hash_text("third")))
        }),
        N::view("w-seen-fork-first", fork, "another second entry was seen, and the log is longer", |view, _| {
            view.seen = Some(format!("2-{}", hash_text("second")))
        }),
        N::view(
            "w-seen-fork-deactivated",
            fork,
            "the log is deactivated, and another third entry was seen",
            |view, _| view.seen = Some(format!("3-{}", hash_text("third"))),
        )
        .on("w-deactivated"),
        N::view("w-seen-moved", back, "the log moved, and a longer one was seen", |view, _| {
            view.seen = Some(format!("9-{}", hash_text("ninth")))
        })
        .on("w-moved"),
    ]
}

//! The catalogue of negatives.

mod accept;
mod channels;
mod did_jwk;
mod did_key;
mod documents;
mod ed25519;
mod finish;
mod hello;
mod identities;
mod key_forms;
mod peers;
mod reply;
mod retry;
mod signatures;
mod states;
mod times;
mod transcripts;

use crate::bytes::Put;
use crate::check::Step;
use crate::negative::Negative;

/// The base of most negatives.
const FIRST: &str = "p-key-ed25519";
/// The base of those whose initiator admits by method.
const METHODS: &str = "p-expect-methods";
/// The base of those with did:web on both sides.
const WEB: &str = "p-web-multikey";

/// An extension as bytes, with any critical byte.
fn extension(id: u16, critical: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.u16(id);
    out.push(critical);
    out.u16(u16::try_from(body.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(body);
    out
}

/// Changes one byte; a place that does not exist changes nothing, which the proof then reports.
fn flip(bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
}

fn area(name: &'static str, negatives: Vec<Negative>) -> Vec<Negative> {
    negatives.into_iter().map(|negative| Negative { area: name, ..negative }).collect()
}

/// All negatives, in the order of the index.
pub(crate) fn all() -> Step<Vec<Negative>> {
    Ok([
        area("wire", hello::all()),
        area("wire", retry::all()),
        area("wire", reply::all()),
        area("wire", finish::all()),
        area("wire", accept::all()),
        area("transcript", transcripts::all()),
        area("identity", identities::all()?),
        area("identity", signatures::all()?),
        area("identity", ed25519::all()?),
        area("identity", did_key::all()?),
        area("identity", did_jwk::all()?),
        area("identity", peers::all()?),
        area("document", documents::all()),
        area("document", times::all()),
        area("document", key_forms::all()?),
        area("policy", states::policies()?),
        area("state", states::all()),
        area("channel", channels::all()),
    ]
    .into_iter()
    .flatten()
    .collect())
}

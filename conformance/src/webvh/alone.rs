//! Logs for somebody else: resolved from bytes alone, without what their owner had.

use super::check::{Checks, Judged};
use super::file::{Resolution, View};
use super::judge::{Sent, judge};
use super::owner::Made;

/// A byte that no JSON has.
const NO_JSON: &str = "\u{1}";

/// The resolver's checks of `did.jsonl`, and of `did-witness.json` where there is one.
pub(crate) fn resolve(checks: Checks, view: &View, log: &[u8], witness: Option<&[u8]>) -> Judged<Resolution> {
    let sent = Sent { log: readable(log), line_spaces: 0, witness: witness.map(readable) };
    judge(checks, view, &sent, &nobodys())
}

/// As long as before, and no JSON where it was no UTF-8.
fn readable(bytes: &[u8]) -> String {
    bytes.utf8_chunks().map(|chunk| chunk.valid().to_owned() + &NO_JSON.repeat(chunk.invalid().len())).collect()
}

/// What an owner had is borrowed where a check is off; whoever resolves alone has none.
fn nobodys() -> Made {
    Made { lines: Vec::new(), scid: String::new(), version_ids: Vec::new(), witness: None }
}

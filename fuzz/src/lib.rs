//! What the fuzz targets do with their input. `targets/` hands these functions to libFuzzer; the workspace's tests hand
//! them the checked-in corpus, on any machine. A panic is a finding: each function asserts what must hold.

mod bindings;
mod cards;
mod didcomm;
mod dids;
mod files;
mod handshake;
mod logs;
mod mailbox;
mod messages;
mod records;
mod relay;
mod streams;

/// A target by name: the name is that of its file in `targets/` and of its folder in `corpus/`.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("accept_body", messages::accept_body),
    ("card", cards::card),
    ("did", dids::did),
    ("did_jwk", dids::did_jwk),
    ("did_key", dids::did_key),
    ("did_peer", dids::did_peer),
    ("didcomm", didcomm::didcomm),
    ("document", dids::document),
    ("envelope", mailbox::envelope),
    ("frames", streams::frames),
    ("hello", messages::hello),
    ("http_state", bindings::http_state),
    ("identity", messages::identity),
    ("key_file", files::key_file),
    ("known_peers", files::known_peers),
    ("linkage", dids::linkage),
    ("mailbox_key", mailbox::mailbox_key),
    ("messages", messages::messages),
    ("origin", bindings::origin),
    ("record", records::record),
    ("relay", relay::relay),
    ("relay_answers", relay::relay_answers),
    ("reply", messages::reply),
    ("request_fields", bindings::request_fields),
    ("stream_messages", streams::stream_messages),
    ("vector_file", files::vector_file),
    ("waiting_state", records::waiting_state),
    ("webvh_log", logs::webvh_log),
    ("well_known", bindings::well_known),
];

/// Gives an input to the target of this name; a name that no target has is a fault of its caller.
pub fn run(target: &str, input: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, function) = found.unwrap_or_else(|| panic!("no target `{target}` in fuzz/src/lib.rs"));
    function(input);
}

//! Files: key files and known peers, which a user keeps, and vectors, which anybody may hand to the runner.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use didshake_did::{Passphrase, key_file};
use didshake_peer::KnownPeers;
use didshake_vectors::{RequestVector, Vector};

/// A key file, opened with the passphrase of the corpus. A header that can be read is what loading goes by.
pub(crate) fn key_file(input: &[u8]) {
    let file = PrivateFile::with(input);
    let passphrase = Passphrase::new(b"correct horse battery staple".to_vec()).expect("a good passphrase");
    let header = key_file::read_header(&file.0);
    if let Ok(identity) = key_file::load(&file.0, Some(&passphrase)) {
        let header = header.expect("a file that loads has a header");
        assert_eq!((identity.did(), identity.fragment()), (&header.did, &header.fragment));
    }
}

/// A file that only its user may read, as the parser demands. One per thread: tests run side by side.
struct PrivateFile(PathBuf);

impl PrivateFile {
    fn with(content: &[u8]) -> Self {
        let name = format!("didshake-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_file(&path);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(content)).expect("a temporary file");
        Self(path)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The text of known peers: what is written back has the same peers.
pub(crate) fn known_peers(input: &[u8]) {
    let Ok(peers) = std::str::from_utf8(input).map_err(drop).and_then(|text| KnownPeers::parse(text).map_err(drop))
    else {
        return;
    };
    let written = peers.to_string();
    let read = KnownPeers::parse(&written).expect("what we write, we read");
    assert!(read.iter().eq(peers.iter()));
    assert!(peers.iter().all(|peer| peers.find(&peer.name) == Some(peer)));
}

/// A vector file. Its handshake is run too; its channel is not, because a file may ask for any number of records. A
/// signed request is run whole.
pub(crate) fn vector_file(input: &[u8]) {
    if let Ok(vector) = serde_json::from_slice::<RequestVector>(input) {
        let _ = vector.verify();
    }
    if let Ok(vector) = serde_json::from_slice::<Vector>(input)
        && let Ok(example) = didshake_vectors::markdown(&vector)
    {
        assert!(example.contains(vector.id()));
    }
}

use std::path::Path;

use didshake::{Algorithm, Did, Fragment, LocalIdentity, Origin, Secret, SessionParts, UnixTime};
use didshake_did::IdentityName;
use tempfile::TempDir;

use super::*;

const NOW: UnixTime = UnixTime(1_000);

fn store() -> (TempDir, SessionStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SessionStore::at(directory.path().join("sessions"), directory.path().join("data").join("session.key"));
    (directory, store)
}

fn session(origin: &str, name: &str, expires: u64) -> StoredSession {
    let me = Did::parse(&format!("did:web:{name}.example")).unwrap();
    let service = Did::parse("did:web:service.example").unwrap();
    StoredSession {
        name: IdentityName::parse(name).unwrap(),
        origin: Origin::parse(origin).unwrap(),
        me: LocalIdentity { fragment: Fragment::of(&me, "key-1'/?").unwrap(), did: me, algorithm: Algorithm::Ed25519 },
        service: SessionParts {
            id: [7; 16],
            fragment: Fragment::of(&service, "key-2").unwrap(),
            did: service,
            algorithm: Algorithm::Es256,
            key: vec![2; 33],
            accepted: UnixTime(900),
            lifetime: u32::try_from(expires - 900).unwrap(),
            used: true,
        },
        request_key: Secret::new([0xA7; 32]),
    }
}

/// The same, of another handshake.
fn again(mut session: StoredSession, id: [u8; 16], accepted: u64) -> StoredSession {
    (session.service.id, session.service.accepted) = (id, UnixTime(accepted));
    session
}

fn only_file(store: &SessionStore) -> std::path::PathBuf {
    let files = store.files().unwrap();
    assert_eq!(files.len(), 1);
    files[0].clone()
}

fn wanted<'a>(origin: &'a Option<Origin>, identity: &'a Option<IdentityName>) -> Wanted<'a> {
    Wanted { origin: origin.as_ref(), identity: identity.as_ref() }
}

#[test]
fn a_session_survives_and_its_key_is_nowhere_in_clear() {
    let (directory, store) = store();
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    let found = store.all(NOW).unwrap();
    assert_eq!(found.sessions, [session("https://a.example", "alice", 2_000)]);
    let file = fs::read(only_file(&store)).unwrap();
    let contains = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(!contains(&[0xA7; 8]) && !contains(b"a7a7a7a7") && !contains(b"a.example"));
    let key = fs::read(directory.path().join("data").join("session.key")).unwrap();
    assert_eq!(key.len(), 32);
}

#[cfg(unix)]
#[test]
fn files_and_directories_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, store) = store();
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&only_file(&store)), mode(store.key.path())), (0o600, 0o600));
    assert_eq!((mode(&directory.path().join("sessions")), mode(&directory.path().join("data"))), (0o700, 0o700));
}

#[test]
fn whatever_is_in_a_file_it_is_named_and_the_others_still_count() {
    let (_directory, store) = store();
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    let (file, good) = (only_file(&store), fs::read(only_file(&store)).unwrap());
    store.keep(&session("https://b.example", "alice", 2_000)).unwrap();
    let mut changed: Vec<Vec<u8>> = vec![Vec::new(), b"{}".to_vec(), vec![b'x'; MAX_SESSION_BYTES + 1], vec![0; 400]];
    changed.extend((0..good.len()).map(|length| good[..length].to_vec()));
    changed.extend((0..good.len()).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    }));
    for bytes in changed {
        // In place, so that it stays private; waiting for the disk each time would take long.
        fs::write(&file, &bytes).unwrap();
        let found = store.all(NOW).unwrap();
        assert_eq!(found.sessions, [session("https://b.example", "alice", 2_000)]);
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.unreadable[0].message().contains(file.to_str().unwrap()));
    }
}

#[test]
fn a_session_is_bound_to_its_origin_and_our_did() {
    let (_directory, store) = store();
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    let file = only_file(&store);
    for other in [session("https://evil.example", "alice", 2_000), session("https://a.example", "bob", 2_000)] {
        let renamed = store.path(&other);
        fs::rename(&file, &renamed).unwrap();
        let found = store.all(NOW).unwrap();
        assert!(found.sessions.is_empty() && found.unreadable[0].message().contains("renamed"));
        fs::rename(&renamed, &file).unwrap();
    }
}

#[test]
fn another_key_opens_nothing_and_a_bad_one_is_named() {
    let (_directory, store) = store();
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    private_file::replace(store.key.path(), &[1; 32]).unwrap();
    assert!(store.all(NOW).unwrap().sessions.is_empty());
    fs::remove_file(store.key.path()).unwrap();
    assert!(store.all(NOW).unwrap().unreadable[0].message().contains("session.key is gone"));
    assert!(!store.key.path().exists(), "reading makes no key");
    for bytes in [&[1; 31][..], &[1; 33]] {
        private_file::replace(store.key.path(), bytes).unwrap();
        let refused = store.keep(&session("https://a.example", "alice", 2_000)).unwrap_err();
        assert_eq!((refused.exit(), refused.code()), (Exit::Storage, "session_key"));
    }
}

#[test]
fn sessions_that_are_over_are_removed() {
    let (_directory, store) = store();
    store.keep(&session("https://a.example", "alice", 1_001)).unwrap();
    assert_eq!(store.all(NOW).unwrap().sessions.len(), 1);
    assert!(store.all(UnixTime(1_001)).unwrap().sessions.is_empty());
    assert!(store.files().unwrap().is_empty());
}

#[test]
fn a_newer_session_is_not_forgotten_with_the_old_one() {
    let (_directory, store) = store();
    let old = session("https://a.example", "alice", 2_000);
    store.keep(&old).unwrap();
    let newer = again(session("https://a.example", "alice", 2_000), [8; 16], 950);
    store.keep(&newer).unwrap();
    store.forget(&old).unwrap();
    assert_eq!(store.all(NOW).unwrap().sessions, [newer]);
    store.forget(&again(old, [8; 16], 950)).unwrap();
    assert!(store.files().unwrap().is_empty());
}

#[test]
fn programs_that_log_in_at_once_share_one_key() {
    let (_directory, store) = store();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let store = &store;
            scope.spawn(move || store.keep(&session(&format!("https://{at}.example"), "alice", 2_000)).unwrap());
        }
    });
    let found = store.all(NOW).unwrap();
    assert_eq!((found.sessions.len(), found.unreadable.len()), (8, 0));
}

#[test]
fn the_session_that_is_meant() {
    let (_directory, store) = store();
    let chosen = |origin: &str, identity: &str| {
        let origin = Origin::parse(origin).ok();
        let identity = IdentityName::parse(identity).ok();
        choose(store.all(NOW).unwrap(), &wanted(&origin, &identity)).map_err(|failure| failure.code())
    };
    assert_eq!(chosen("", "").unwrap_err(), "no_session");
    store.keep(&session("https://a.example", "alice", 2_000)).unwrap();
    assert_eq!(chosen("", "").unwrap().name.as_str(), "alice");
    store.keep(&session("https://a.example", "bob", 2_000)).unwrap();
    assert_eq!(chosen("https://a.example", "").unwrap_err(), "several_sessions");
    assert_eq!(chosen("https://a.example", "bob").unwrap().name.as_str(), "bob");
    assert_eq!(chosen("https://a.example:444", "bob").unwrap_err(), "no_session");
    store.keep(&session("https://b.example", "bob", 2_000)).unwrap();
    assert_eq!(chosen("", "bob").unwrap_err(), "several_sessions");
    // Made anew under the same name: the newest counts.
    let mut newer = again(session("https://a.example", "bob", 2_000), [9; 16], 990);
    newer.me.did = Did::parse("did:web:bob-again.example").unwrap();
    store.keep(&newer).unwrap();
    assert_eq!(chosen("https://a.example", "bob").unwrap().me.did, newer.me.did);
}

//! The file: whose it is, what is wiped from it, and what it says when it is damaged.

use std::path::Path;

use didshake::mailbox::{GRACE_SECONDS, MailboxSecret};
use didshake::{Origin, Secret, UnixTime};
use didshake_peer::mailbox::{AgentStore, GivenToken, KeptKey, OwnMailbox, SqliteStore, StoreError};

use super::letters::{NOW, address, did, of_bob, open};

fn key(byte: u8, ends: UnixTime) -> KeptKey {
    let secret = MailboxSecret::from_secret(Secret::new([byte; 32]));
    KeptKey { id: [byte; 16], secret, begins: NOW, ends, signed: vec![byte; 200] }
}

/// Everything beside the file too: journals.
fn bytes_beside(path: &Path) -> Vec<u8> {
    let directory = std::fs::read_dir(path.parent().unwrap()).unwrap();
    directory.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(path: &Path, secret: &[u8]) -> bool {
    bytes_beside(path).windows(secret.len()).any(|window| window == secret)
}

// R-MBOX-6
#[tokio::test]
async fn a_destroyed_key_is_nowhere_in_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let store = open(&path).await;
    store.put_key(&key(0xA7, NOW.plus(10))).await.unwrap();
    store.put_key(&key(0xB8, NOW.plus(20))).await.unwrap();
    let ends: Vec<UnixTime> = store.keys().await.unwrap().iter().map(|key| key.ends).collect();
    assert_eq!(ends, [NOW.plus(20), NOW.plus(10)]);
    assert_eq!(store.destroy_keys(NOW.plus(10 + GRACE_SECONDS - 1)).await.unwrap(), 0);
    assert!(holds(&path, &[0xA7; 32]));
    assert_eq!(store.destroy_keys(NOW.plus(10 + GRACE_SECONDS)).await.unwrap(), 1);
    assert!(!holds(&path, &[0xA7; 32]), "not in the journal either");
    assert!(holds(&path, &[0xB8; 32]) && store.keys().await.unwrap()[0].secret.secret().expose() == &[0xB8; 32]);
}

#[tokio::test]
async fn of_keys_that_end_together_the_newest_is_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let store = open(&path).await;
    // Neither the order of ids nor its reverse.
    for byte in [5, 9, 7, 1] {
        store.put_key(&key(byte, NOW.plus(20))).await.unwrap();
    }
    store.put_key(&key(3, NOW.plus(30))).await.unwrap();
    let ids: Vec<u8> = open(&path).await.keys().await.unwrap().iter().map(|key| key.id[0]).collect();
    assert_eq!(ids, [3, 1, 7, 9, 5]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new").join("agent.sqlite");
    let store = open(&path).await;
    store.take(&[of_bob(1)], NOW).await.unwrap();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    store.close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = SqliteStore::open(&path, did("alice")).await.unwrap_err();
    assert!(matches!(refused, StoreError::OpenToOthers { mode: 0o640, .. }), "{refused}");
    assert!(refused.to_string().contains("chmod go="), "{refused}");
}

#[tokio::test]
async fn what_is_no_store_is_named_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let store = open(&path).await;
    store.take(&[of_bob(1)], NOW).await.unwrap();
    store.close().await;
    let good = std::fs::read(&path).unwrap();
    let mut damaged = good.clone();
    damaged[4096..8192].fill(0x55);
    std::fs::write(&path, &damaged).unwrap();
    assert!(matches!(SqliteStore::open(&path, did("alice")).await, Err(StoreError::Corrupt { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
    std::fs::write(&path, b"something else, and longer than sixteen bytes").unwrap();
    assert!(matches!(SqliteStore::open(&path, did("alice")).await, Err(StoreError::Corrupt { .. })));
    std::fs::write(&path, &good).unwrap();
    assert_eq!(open(&path).await.inbox(0, 10).await.unwrap().len(), 1);
    assert!(matches!(SqliteStore::open(directory.path(), did("alice")).await, Err(StoreError::File { .. })));
}

#[tokio::test]
async fn mailboxes_and_tokens_are_kept_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("agent.sqlite")).await;
    let origin = Origin::parse("https://relay.example").unwrap();
    let mailbox = OwnMailbox {
        origin: origin.clone(),
        relay: did("relay"),
        url: address(1).url,
        opened: NOW,
        shown: Some([7; 16]),
    };
    store.put_mailbox(&mailbox).await.unwrap();
    assert_eq!(store.mailboxes().await.unwrap(), [mailbox]);
    let given = GivenToken {
        token: address(9).token,
        origin: origin.clone(),
        label: "Bob".into(),
        given: NOW,
        expires: None,
        registered: false,
        revoked: false,
    };
    store.put_token(&given).await.unwrap();
    store.put_token(&GivenToken { registered: true, expires: Some(NOW), ..given }).await.unwrap();
    let tokens = store.tokens().await.unwrap();
    assert_eq!((tokens.len(), tokens[0].registered, tokens[0].expires), (1, true, Some(NOW)));
    assert_eq!(tokens[0].token, address(9).token);
    // With the mailbox go its tokens: nobody can deposit with them.
    store.remove_mailbox(&origin).await.unwrap();
    assert!(store.mailboxes().await.unwrap().is_empty() && store.tokens().await.unwrap().is_empty());
}

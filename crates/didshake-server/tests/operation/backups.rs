//! Backups while the service writes, and the way back.

use std::os::unix::fs::PermissionsExt;

use didshake_server::{StorageError, backup, restore};

use crate::service::{Service, identity, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_service_comes_back_with_its_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("backup"));
    let settings = settings(directory.path());
    let service = Service::start(&settings).await;
    let address = service.address;
    let client = service.login(&identity(1)).await.unwrap();
    let writing = async {
        for _ in 0..20 {
            assert_eq!(client.get("/v1/session").await.0, 200);
        }
    };
    let (made, ()) = tokio::join!(backup(&data, &out), writing);
    made.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // A name that SQLite would read as a URI.
    let named = std::env::current_dir().unwrap().join(format!("file:{}", std::process::id()));
    backup(&data, std::path::Path::new(named.file_name().unwrap())).await.unwrap();
    assert_eq!(mode(&named), 0o600);
    assert!(std::fs::metadata(&named).unwrap().len() > 4096, "a database");
    std::fs::remove_file(&named).unwrap();
    assert_eq!(mode(&out), 0o600);
    assert!(matches!(backup(&data, &out).await, Err(StorageError::Exists { .. })), "never replaced");
    assert!(matches!(restore(&data, &out, true).await, Err(StorageError::InUse { .. })));
    assert_eq!(client.delete("/v1/session").await, 204);
    service.end().await;

    assert!(matches!(restore(&data, &out, false).await, Err(StorageError::Exists { .. })));
    restore(&data, &out, true).await.unwrap();
    let again = didshake_server::Settings { listen: Some(address.to_string()), ..settings };
    let service = Service::start(&again).await;
    // What its holder signs now could have been burned before the restore; a session that is new has no past.
    assert_eq!(client.get("/v1/session").await.0, 401);
    let new = service.login(&identity(1)).await.unwrap();
    let (status, list) = new.get("/v1/sessions").await;
    let sessions = list["sessions"].as_array().map(Vec::len);
    assert_eq!((status, sessions), (200, Some(2)), "the session lives again");
    service.end().await;
}

#[tokio::test]
async fn what_is_no_backup_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let service = Service::start(&settings(directory.path())).await;
    service.end().await;
    let before = std::fs::read(data.join("didshake.sqlite3")).unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "no database").unwrap();
    assert!(matches!(restore(&data, &file, true).await, Err(StorageError::Corrupt { .. })));
    assert!(matches!(restore(&data, &directory.path().join("none"), true).await, Err(StorageError::Missing { .. })));
    assert_eq!(std::fs::read(data.join("didshake.sqlite3")).unwrap(), before);
    assert!(matches!(backup(&directory.path().join("none"), &file).await, Err(StorageError::Missing { .. })));
}

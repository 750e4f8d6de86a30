//! Files that are no database of ours, or not ours yet.

use std::os::unix::fs::PermissionsExt;

use sqlx::{ConnectOptions, Connection};

use super::*;
use crate::data::DataDirectory;

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let stores = open(&path).await;
    for id in 0..200 {
        stores.sessions.create(record(id, &format!("did:web:{id}.example"), NOW)).await.unwrap();
    }
    stores.database.close().await;
    let whole = std::fs::read(&path).unwrap();

    let mut damaged = whole.clone();
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 4096].fill(0xA5);
    for bytes in
        [damaged, b"this is no database, but it is long enough to be read as one".repeat(100), whole[..9000].to_vec()]
    {
        std::fs::write(&path, &bytes).unwrap();
        let error = Database::open(&path).await.unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
        assert!(matches!(check_file(&path).await, Err(StorageError::Corrupt { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "it can still be examined");
    }
    std::fs::write(&path, whole).unwrap();
    Database::open(&path).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let stores = open(&path).await;
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)")
        .execute(&mut *stores.database.write().await.unwrap())
        .await
        .unwrap();
    stores.database.close().await;
    assert!(matches!(Database::open(&path).await, Err(StorageError::Newer { .. })));
    assert!(matches!(check_file(&path).await, Err(StorageError::Newer { .. })));
}

#[tokio::test]
async fn a_database_of_somebody_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE sessions (a)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(Database::open(&path).await, Err(StorageError::Corrupt { .. })));
    assert!(matches!(check_file(&path).await, Err(StorageError::Corrupt { .. })));
}

#[tokio::test]
async fn nobody_else_can_read_what_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("a").join("data");
    let held = DataDirectory::take(&data).unwrap();
    let stores = open(&held.database()).await;
    stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }

    std::fs::set_permissions(held.database(), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Database::open(&held.database()).await, Err(StorageError::OpenToOthers { mode: 0o640, .. })));
    drop(held);
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(DataDirectory::take(&data), Err(StorageError::OpenToOthers { mode: 0o750, .. })));
}

#[test]
fn two_services_never_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let held = DataDirectory::take(&data).unwrap();
    assert!(matches!(DataDirectory::take(&data), Err(StorageError::InUse { .. })));
    drop(held);
    DataDirectory::take(&data).unwrap();
}

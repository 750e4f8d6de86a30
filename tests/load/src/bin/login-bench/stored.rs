//! A service that has so many sessions already: written into its database while it does not run, with indexes and counts as the
//! service itself would have them.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use didshake_tests::{Home, Service};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::SETTINGS;

/// Where sessions are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgresql,
}

/// It is gone, with its database, when it is dropped; a database of PostgreSQL with the process.
pub(crate) struct Stored {
    pub(crate) service: Service,
    /// From its start until it listened, with all of them there.
    pub(crate) started: Duration,
    home: Home,
}

impl Store {
    pub(crate) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgresql];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
        }
    }
}

impl Stored {
    pub(crate) async fn new(store: Store, count: u64) -> Self {
        let home = Home::new();
        let url = (store == Store::Postgresql).then(|| didshake_test_postgres::shared().database());
        let setting = url.as_ref().map(|url| format!("store = \"{url}\"\n")).unwrap_or_default();
        let file = home.write("serve.toml", format!("{SETTINGS}{setting}"));
        let mut service = Service::start(&home, &["--config", file.to_str().unwrap()]);
        service.stop();
        let begun = Instant::now();
        match url {
            None => fill_sqlite(&home.path("service/didshake.sqlite3"), count).await,
            Some(url) => fill_postgres(url.rsplit_once('/').unwrap().1, count),
        }
        eprintln!("      {}: {count} sessions written in {:.1} s", store.name(), begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        service.restart();
        Self { service, started: begun.elapsed(), home }
    }

    /// Of a file.
    pub(crate) fn database_bytes(&self) -> u64 {
        std::fs::metadata(self.home.path("service/didshake.sqlite3")).unwrap().len()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Without indexes and triggers, which come back when the rows are there, as they were.
async fn fill_sqlite(path: &Path, count: u64) {
    let options = SqliteConnectOptions::new().filename(path).disable_statement_logging();
    let mut on = options.connect().await.unwrap();
    let settings = ["journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -262144"];
    for setting in settings {
        run(format!("PRAGMA {setting}"), &mut on).await;
    }
    let around =
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'sessions' AND type <> 'table' AND sql IS NOT NULL";
    let around = sqlx::query(around).fetch_all(&mut on).await.unwrap();
    for row in &around {
        run(format!("DROP {} {}", row.get::<String, _>(0), row.get::<String, _>(1)), &mut on).await;
    }
    // Ids in order, as far apart as random ones; live for two hours at least.
    run(
        format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})
            INSERT INTO sessions (id, did, fragment, algorithm, public_key, accepted, lifetime, used, origin, request_key, client,
                last_used, ends)
            SELECT unhex(printf('%016x', n * {step}) || hex(randomblob(8))), 'did:key:z6Mk' || hex(randomblob(22)), '', 1,
                randomblob(32), {since} + n % 36000, 43200, 1, 'https://login.example.com', randomblob(32), '203.0.113.7',
                {since} + n % 36000, {since} + n % 36000 + 43200 FROM numbers",
            step = i64::MAX as u64 / count,
            since = now() - 36000
        ),
        &mut on,
    )
    .await;
    for row in &around {
        run(row.get::<String, _>(2), &mut on).await;
    }
    run(format!("UPDATE sizes SET row_count = row_count + {count} WHERE name = 'sessions'"), &mut on).await;
    on.close().await.unwrap();
    // Else what is measured waits until gigabytes are on the disk.
    std::fs::File::open(path).unwrap().sync_all().unwrap();
}

async fn run(statement: String, on: &mut SqliteConnection) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(on).await.unwrap();
}

fn fill_postgres(database: &str, count: u64) {
    let server = didshake_test_postgres::shared();
    let indexes =
        "SELECT indexdef || ';' FROM pg_indexes WHERE tablename = 'sessions' AND indexname <> 'sessions_pkey'";
    let indexes = server.run(indexes, database);
    let drop = "SELECT 'DROP INDEX ' || indexname || ';' FROM pg_indexes WHERE tablename = 'sessions' AND indexname <> 'sessions_pkey'";
    let drop = server.run(drop, database);
    let (step, since) = (i64::MAX as u64 / count, now() - 36000);
    let random = "uuid_send(gen_random_uuid())";
    server.run(
        &format!(
            "SET maintenance_work_mem = '256MB'; SET synchronous_commit = off; {drop}
            ALTER TABLE sessions DISABLE TRIGGER USER;
            INSERT INTO sessions (id, did, fragment, algorithm, public_key, accepted, lifetime, used, origin, request_key, client,
                last_used, ends)
            SELECT int8send(n * {step}) || substr({random}, 1, 8), 'did:key:z6Mk' || substr(encode({random} || {random}, 'hex'), 1, 44),
                '', 1, {random} || {random}, {since} + n % 36000, 43200, 1, 'https://login.example.com', {random} || {random},
                '203.0.113.7', {since} + n % 36000, {since} + n % 36000 + 43200 FROM generate_series(0, {count}::bigint - 1) AS n;
            ALTER TABLE sessions ENABLE TRIGGER USER;
            INSERT INTO sizes VALUES ('sessions', 64, {count}); {indexes}"
        ),
        database,
    );
    server.run("VACUUM ANALYZE sessions", database);
    server.run("CHECKPOINT", database);
}

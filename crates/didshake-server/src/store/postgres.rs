//! PostgreSQL: for several instances, which share everything that is kept.

use didshake::Did;
use sqlx::ConnectOptions;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;

use super::database::{BUSY, Database};
use super::error::{Place, StorageError};
use super::logins::LoginWriter;
use super::writing::Turns;
use crate::config::PostgresUrl;

/// Of one instance.
const CONNECTIONS: u32 = 16;

/// For every connection: nothing holds up others for longer, whatever becomes of this instance. Commits are durable, also
/// where the server's default is another.
pub(super) const SETTINGS: [&str; 4] = [
    "SET synchronous_commit = on",
    "SET lock_timeout = '5s'",
    "SET statement_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '10s'",
];

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

impl Database {
    /// Opens the database, making its tables if need be; of several instances that start at once one makes them.
    pub(crate) async fn connect(url: &PostgresUrl) -> Result<Self, StorageError> {
        let database = Self::of(url).await?;
        let refused = |error| StorageError::of_migration(database.place.clone(), error);
        MIGRATIONS.run(&database.writer).await.map_err(refused)?;
        Ok(database)
    }

    /// Whether it answers; nothing is changed there.
    pub(crate) async fn examine(url: &PostgresUrl) -> Result<(), StorageError> {
        let database = Self::of(url).await?;
        database.close().await;
        Ok(())
    }

    async fn of(url: &PostgresUrl) -> Result<Self, StorageError> {
        let place = Place::Postgres(url.to_string());
        let failed = |error| StorageError::of_database(place.clone(), error);
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = url.expose().parse().map_err(failed)?;
        // Each connection is asked before it is used: after the server was away all of them are gone.
        let pool = AnyPoolOptions::new().acquire_timeout(BUSY).max_connections(CONNECTIONS);
        let pool = pool.after_connect(|connection, _| {
            Box::pin(async move {
                for setting in SETTINGS {
                    sqlx::query(setting).execute(&mut *connection).await?;
                }
                Ok(())
            })
        });
        let pool = pool.connect_with(options.disable_statement_logging()).await.map_err(failed)?;
        let logins = LoginWriter::of_server(url.expose().parse().map_err(failed)?);
        Ok(Self { writer: pool.clone(), reader: pool, logins, turns: Turns::default(), place })
    }

    /// Takes the database for a service: its instances have one DID.
    pub(crate) async fn take_for(&self, service: &Did) -> Result<(), StorageError> {
        if !self.is_shared() {
            return Ok(());
        }
        let owner = async {
            let take = sqlx::query("INSERT INTO service (only_row, did) VALUES (1, $1) ON CONFLICT DO NOTHING");
            take.bind(service.as_str()).execute(&self.writer).await?;
            sqlx::query_scalar("SELECT did FROM service").fetch_one(&self.writer).await
        };
        let owner: String = owner.await.map_err(|error| StorageError::of_database(self.place.clone(), error))?;
        if owner == service.as_str() {
            return Ok(());
        }
        Err(StorageError::OtherService { place: self.place.clone(), did: owner })
    }
}

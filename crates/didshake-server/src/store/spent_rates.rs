//! What sources have spent of their rate, on its way from instance to instance.

use didshake::UnixTime;

use super::database::Database;
use super::row::sql_time;
use crate::id::Id;

/// Seconds after which an instance that says nothing is gone.
const SILENCE_SECONDS: u64 = 10;

/// Where it is until it is taken.
#[derive(Clone, Debug)]
pub(crate) struct SpentRates {
    database: Database,
}

impl SpentRates {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Says that an instance is there, and forgets those that are gone, with what is left for them.
    pub(crate) async fn present(&self, instance: Id, now: UnixTime) -> Result<(), sqlx::Error> {
        let gone = sqlx::query("DELETE FROM instances WHERE ends <= $1").bind(sql_time(now));
        gone.execute(&mut *self.database.write().await?).await?;
        sqlx::query(
            "INSERT INTO instances (id, ends) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET ends = excluded.ends",
        )
        .bind(instance.as_bytes())
        .bind(sql_time(now.plus(SILENCE_SECONDS)))
        .execute(&mut *self.database.write().await?)
        .await
        .map(|_| ())
    }

    /// Leaves something for every other instance.
    pub(crate) async fn tell(&self, own: Id, message: Id, spent: &str) -> Result<(), sqlx::Error> {
        let told = "INSERT INTO spent_rates (id, instance, spent) SELECT $1, id, $2 FROM instances WHERE id <> $3";
        let told = sqlx::query(told).bind(message.as_bytes()).bind(spent).bind(own.as_bytes());
        told.execute(&mut *self.database.write().await?).await.map(|_| ())
    }

    /// Takes out what is for an instance.
    pub(crate) async fn take(&self, own: Id) -> Result<Vec<String>, sqlx::Error> {
        let taken = sqlx::query_scalar("DELETE FROM spent_rates WHERE instance = $1 RETURNING spent");
        taken.bind(own.as_bytes()).fetch_all(&mut *self.database.write().await?).await
    }
}

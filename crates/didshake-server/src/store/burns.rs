//! Burned handshakes (R-STATE-5 to R-STATE-7).

use didshake::{Burn, UnixTime};
use didshake_did::BoxFuture;
use didshake_peer::{BurnError, BurnStore};

use super::Bounds;
use super::database::Database;
use super::row::sql_time;
use super::sweeper::{Table, fits};

/// [`BurnStore`] in the database.
#[derive(Clone, Debug)]
pub(crate) struct SqlBurns {
    database: Database,
    bounds: Bounds,
}

impl SqlBurns {
    pub(crate) fn new(database: Database, bounds: Bounds) -> Self {
        Self { database, bounds }
    }

    async fn burn_once(&self, th3: &[u8; 32], until: UnixTime, now: UnixTime) -> Result<Burn, BurnError> {
        if self.burn_new(th3, until).await? {
            return Ok(Burn::First);
        }
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        let burned = sqlx::query(
            "INSERT INTO burned_handshakes (th3, ends) VALUES ($1, $2)
                ON CONFLICT (th3) DO UPDATE SET ends = excluded.ends WHERE burned_handshakes.ends <= $3",
        )
        .bind(th3.as_slice())
        .bind(sql_time(until))
        .bind(sql_time(now))
        .execute(&mut *transaction)
        .await
        .map_err(unavailable)?;
        if burned.rows_affected() == 0 {
            return Ok(Burn::Again);
        }
        // It refuses rather than forget a burn that still counts.
        if !fits(Table::Burns, self.bounds.burns, now, &mut transaction).await.map_err(unavailable)? {
            return Err(BurnError::Full);
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(Burn::First)
    }

    /// What nearly always happens, in one statement that is its own transaction. `false`: it was burned before, or there is no room.
    async fn burn_new(&self, th3: &[u8; 32], until: UnixTime) -> Result<bool, BurnError> {
        let burned = sqlx::query(
            "INSERT INTO burned_handshakes (th3, ends) SELECT $1, $2
                WHERE COALESCE((SELECT sum(row_count) FROM sizes WHERE name = 'burned_handshakes'), 0) < $3
                ON CONFLICT DO NOTHING",
        )
        .bind(th3.as_slice())
        .bind(sql_time(until))
        .bind(i64::try_from(self.bounds.burns).unwrap_or(i64::MAX))
        .execute(&self.database.writer)
        .await
        .map_err(unavailable)?;
        Ok(burned.rows_affected() == 1)
    }
}

impl BurnStore for SqlBurns {
    fn burn<'a>(&'a self, th3: &'a [u8; 32], until: UnixTime, now: UnixTime) -> BoxFuture<'a, Result<Burn, BurnError>> {
        Box::pin(self.burn_once(th3, until, now))
    }
}

fn unavailable(error: sqlx::Error) -> BurnError {
    BurnError::Unavailable(Box::new(error))
}

//! Burned handshakes (R-STATE-5 to R-STATE-7).

use didshake::{Burn, UnixTime};
use didshake_did::BoxFuture;
use didshake_peer::{BurnError, BurnStore};
use sqlx::AnyConnection;

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
        let mut transaction = self.database.begin().await.map_err(unavailable)?;
        let burn = burn_within(th3, until, now, self.bounds, &mut transaction).await?;
        if burn == Burn::First {
            transaction.commit().await.map_err(unavailable)?;
        }
        Ok(burn)
    }
}

/// The same in a transaction of the caller.
pub(super) async fn burn_within(
    th3: &[u8; 32],
    until: UnixTime,
    now: UnixTime,
    bounds: Bounds,
    on: &mut AnyConnection,
) -> Result<Burn, BurnError> {
    let burned = sqlx::query(
        "INSERT INTO burned_handshakes (th3, ends) VALUES ($1, $2)
            ON CONFLICT (th3) DO UPDATE SET ends = excluded.ends WHERE burned_handshakes.ends <= $3",
    )
    .bind(th3.as_slice())
    .bind(sql_time(until))
    .bind(sql_time(now))
    .execute(&mut *on)
    .await
    .map_err(unavailable)?;
    if burned.rows_affected() == 0 {
        return Ok(Burn::Again);
    }
    // It refuses rather than forget a burn that still counts.
    if fits(Table::Burns, bounds.burns, now, on).await.map_err(unavailable)? {
        Ok(Burn::First)
    } else {
        Err(BurnError::Full)
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

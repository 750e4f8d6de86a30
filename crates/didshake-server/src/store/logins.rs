//! Logins over HTTP: who may come in, the burn and the session in one transaction; nearly always together with those of others.

mod postgres;
mod queue;
mod sqlite;

use std::sync::Arc;

use didshake::{Burn, UnixTime};
use didshake_axum::{Login, LoginError, LoginStore, SessionRecord};
use didshake_did::BoxFuture;

use super::Bounds;
use super::burns::burn_within;
use super::sessions::{SqlSessions, unavailable};
pub(super) use queue::LoginWriter;

/// [`LoginStore`] in the database.
#[derive(Clone, Debug)]
pub(crate) struct SqlLogins(SqlSessions);

/// A login as it is written.
#[derive(Debug)]
struct NewLogin {
    th3: [u8; 32],
    burned_until: UnixTime,
    now: UnixTime,
    record: SessionRecord,
    bounds: Bounds,
}

impl SqlLogins {
    /// What belongs to new sessions is decided as for all others.
    pub(crate) fn new(sessions: SqlSessions) -> Self {
        Self(sessions)
    }

    /// Burns `th3` until then and keeps the session, both or neither; neither for whoever may not come in.
    pub(super) async fn take(
        &self,
        th3: &[u8; 32],
        burned_until: UnixTime,
        record: SessionRecord,
        now: UnixTime,
    ) -> Result<Burn, LoginError> {
        let login = Arc::new(NewLogin { th3: *th3, burned_until, now, record, bounds: self.0.bounds });
        // Most logins are of somebody of whom nothing is known here, and whom the rules let in.
        let is_unknown = self.0.takes_unknown(login.record.session.did());
        if is_unknown && self.0.database.logins.write(Arc::clone(&login)).await {
            return Ok(Burn::First);
        }
        self.look_and_take(&login).await
    }

    /// Where more has to be looked at, deleted or noted, or something stands against it.
    async fn look_and_take(&self, login: &NewLogin) -> Result<Burn, LoginError> {
        let NewLogin { th3, burned_until, now, record, bounds } = login;
        // Whoever is refused here holds nobody up that writes.
        let mut reading = self.0.database.reader.acquire().await.map_err(unavailable)?;
        self.0.entry.enter(record.session.did(), *now, &mut reading).await?;
        drop(reading);
        let mut transaction = self.0.database.begin().await.map_err(unavailable)?;
        self.0.entry.enter(record.session.did(), *now, &mut transaction).await?;
        let burn = burn_within(th3, *burned_until, *now, *bounds, &mut transaction).await?;
        if burn == Burn::First {
            self.0.add_within(record, &mut transaction).await?;
            transaction.commit().await.map_err(unavailable)?;
        }
        Ok(burn)
    }
}

impl LoginStore for SqlLogins {
    fn log_in<'a>(&'a self, login: Login<'a>) -> BoxFuture<'a, Result<Burn, LoginError>> {
        Box::pin(self.take(login.th3, login.burned_until, login.record, login.now))
    }
}

//! PostgreSQL: one statement for all that wait, over a connection that is kept.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::timeout;

use super::NewLogin;
use super::queue::{LoginWriter, Queue};
use crate::policy::holder;
use crate::store::postgres::SETTINGS;
use crate::store::row::sql_time;

/// Only where there is room for all of them, and nothing is known of whose a login is. In the order of th3, so that two instances that
/// burn the same handshakes never wait for each other.
const LOG_IN: &str = "WITH asked AS (
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::bytea[],
                $8::bigint[], $9::bigint[], $10::text[], $11::bytea[], $12::text[], $13::bigint[], $14::text[])
            AS asked (th3, burned_until, id, did, fragment, algorithm, public_key, accepted, lifetime, origin, request_key,
                client, ends, holder)
    ), alone AS (
        SELECT * FROM asked
        WHERE COALESCE((SELECT sum(row_count) FROM sizes WHERE name = 'burned_handshakes'), 0) + $15 <= $16
            AND COALESCE((SELECT sum(row_count) FROM sizes WHERE name = 'sessions'), 0) + $15 <= $17
            AND (SELECT count(*) FROM sessions WHERE sessions.did = asked.did) < $18
            AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.holder = asked.holder)
            AND NOT EXISTS (SELECT 1 FROM account_keys WHERE account_keys.holder = asked.holder)
            AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.holder = asked.holder)
    ), burned AS (
        INSERT INTO burned_handshakes (th3, ends) SELECT th3, burned_until FROM alone ORDER BY th3
            ON CONFLICT DO NOTHING RETURNING th3
    ), kept AS (
        INSERT INTO sessions (id, did, fragment, algorithm, public_key, accepted, lifetime, used, origin, request_key, client, ends)
            SELECT id, did, fragment, algorithm, public_key, accepted, lifetime, 0, origin, request_key, client, ends
                FROM alone JOIN burned USING (th3)
    )
    SELECT th3 FROM burned";

/// How long a server may say nothing: it ends a statement of ours before.
const PATIENCE: Duration = Duration::from_secs(15);

impl LoginWriter {
    /// Starts the task; it ends with the last clone, or when it is closed.
    pub(in crate::store) fn of_server(options: PgConnectOptions) -> Self {
        let (writer, queue) = Self::new();
        tokio::spawn(Task { options: options.disable_statement_logging(), open: None }.run(queue));
        writer
    }
}

struct Task {
    options: PgConnectOptions,
    /// From the first login on.
    open: Option<PgConnection>,
}

impl Task {
    async fn run(mut self, mut queue: Queue) {
        while let Some(batch) = queue.next().await {
            let (written, is_last) = (self.commit(&batch.logins).await, batch.is_last());
            if let Some(open) = self.open.take_if(|_| is_last) {
                // It is over in any case.
                let _ = open.close().await;
            }
            batch.answer(written);
            if is_last {
                return;
            }
        }
    }

    /// A connection that is gone is opened anew with the next batch: this one is tried over others.
    async fn commit(&mut self, logins: &[Arc<NewLogin>]) -> Result<Vec<bool>, sqlx::Error> {
        let rows = Rows::of(logins);
        if rows.th3.is_empty() {
            return Ok(Vec::new());
        }
        let burned = self.write(&rows).await?;
        // Of two of the same handshake the other one was not asked for.
        let is_sent = |login: &Arc<NewLogin>| rows.logins.iter().any(|sent| Arc::ptr_eq(sent, login));
        Ok(logins.iter().map(|login| burned.contains(&login.th3) && is_sent(login)).collect())
    }

    async fn write(&mut self, rows: &Rows<'_>) -> Result<HashSet<[u8; 32]>, sqlx::Error> {
        // After an error it is not used again.
        let open = self.open.take();
        let writing = async {
            let mut open = match open {
                Some(open) => open,
                None => self.connect().await?,
            };
            Ok((rows.write(&mut open).await?, open))
        };
        let (burned, open) = timeout(PATIENCE, writing)
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))?;
        self.open = Some(open);
        Ok(burned)
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        for setting in SETTINGS {
            sqlx::query(setting).execute(&mut connection).await?;
        }
        Ok(connection)
    }
}

/// What goes into one statement: of those who come twice the first, since the statement does not see its own rows.
struct Rows<'a> {
    th3: Vec<&'a [u8]>,
    logins: Vec<&'a Arc<NewLogin>>,
}

impl<'a> Rows<'a> {
    fn of(logins: &'a [Arc<NewLogin>]) -> Self {
        let (mut dids, mut handshakes) = (HashSet::new(), HashSet::new());
        let is_first = |login: &&'a Arc<NewLogin>| {
            let is_new = handshakes.insert(login.th3);
            dids.insert(login.record.session.did()) && is_new
        };
        let logins: Vec<_> = logins.iter().filter(is_first).collect();
        Self { th3: logins.iter().map(|login| login.th3.as_slice()).collect(), logins }
    }

    fn column<T>(&self, column: impl Fn(&'a NewLogin) -> T) -> Vec<T> {
        self.logins.iter().map(|login| column(login)).collect()
    }

    /// Gives those that were burned.
    async fn write(&self, on: &mut PgConnection) -> Result<HashSet<[u8; 32]>, sqlx::Error> {
        let Some(bounds) = self.logins.first().map(|login| login.bounds) else { return Ok(HashSet::new()) };
        let sql_bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
        let burned: Vec<Vec<u8>> = sqlx::query_scalar(LOG_IN)
            .bind(&self.th3)
            .bind(self.column(|login| sql_time(login.burned_until)))
            .bind(self.column(|login| login.record.session.id().as_slice()))
            .bind(self.column(|login| login.record.session.did().as_str()))
            .bind(self.column(|login| login.record.session.fragment().as_str()))
            .bind(self.column(|login| i64::from(login.record.session.parts().algorithm as u8)))
            .bind(self.column(|login| login.record.session.parts().key.as_slice()))
            .bind(self.column(|login| sql_time(login.record.session.parts().accepted)))
            .bind(self.column(|login| i64::from(login.record.session.parts().lifetime)))
            .bind(self.column(|login| login.record.origin.as_str()))
            .bind(self.column(|login| login.record.request_key.secret().expose().as_slice()))
            .bind(self.column(|login| login.record.client.map(|address| address.to_string())))
            .bind(self.column(|login| sql_time(login.record.session.expires())))
            .bind(self.column(|login| holder(login.record.session.did())))
            .bind(i64::try_from(self.logins.len()).unwrap_or(i64::MAX))
            .bind(sql_bound(bounds.burns))
            .bind(sql_bound(bounds.sessions))
            .bind(i64::from(bounds.sessions_of_did))
            .fetch_all(on)
            .await?;
        Ok(burned.into_iter().filter_map(|th3| th3.try_into().ok()).collect())
    }
}

//! What came in meanwhile, in one transaction: deposits of many and answers of owners, of one mailbox in the order in which they came.
//! Of several relays on one database one at a time writes to a mailbox, so that its sequence numbers become visible in order.

use std::collections::{BTreeMap, HashMap};

use didshake::UnixTime;
use didshake::relay::{DepositName, DepositState, MailboxName, RelayCode, TokenHash};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{Deposits, NAMES, REFUSED, STATE_SECONDS, TAKEN, placeholders, states_of};
use crate::store::mailboxes::{MailboxBounds, Token, number, read_token, sql_number};
use crate::store::row::{self, sql_time};

/// Rows in one statement.
const ROWS: usize = 16;
/// Deposits after which it is looked which states are too old.
const FORGET: u64 = 256;

/// One envelope that somebody deposits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NewDeposit {
    pub(crate) name: DepositName,
    pub(crate) expires: UnixTime,
    pub(crate) envelope: Vec<u8>,
}

/// What an owner says to deposits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) taken: Vec<u64>,
    pub(crate) refused: Vec<u64>,
}

impl Answers {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.taken.len().saturating_add(self.refused.len())
    }
}

/// One request to a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BatchJob {
    Deposit(TokenHash, Vec<NewDeposit>),
    Answer(Answers),
}

/// Deposits that were placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    /// In the order of the request.
    pub(crate) states: Vec<DepositState>,
    /// How many were not there before.
    pub(crate) new: usize,
}

/// What became of a request. A refusal concerns all of it.
pub(crate) type BatchResult = Result<Placed, RelayCode>;

impl Deposits {
    /// Does what is asked, durably: results in the order of the jobs. An error concerns all of them, and nothing is done then.
    pub(crate) async fn commit(
        &self,
        jobs: Vec<(MailboxName, BatchJob)>,
        bounds: &MailboxBounds,
        now: UnixTime,
    ) -> Result<Vec<BatchResult>, sqlx::Error> {
        let mut results: Vec<BatchResult> = jobs.iter().map(|_| Err(RelayCode::Token)).collect();
        // Of one mailbox after the other in one order, so that two relays never wait for each other.
        let mut by_mailbox: BTreeMap<MailboxName, Vec<(usize, BatchJob)>> = BTreeMap::new();
        for (at, (mailbox, job)) in jobs.into_iter().enumerate() {
            by_mailbox.entry(mailbox).or_default().push((at, job));
        }
        let mut transaction = self.database.begin().await?;
        for (mailbox, jobs) in by_mailbox {
            let Some(mut open) = OpenMailbox::lock(mailbox, bounds, now, &mut transaction).await? else { continue };
            let last = open.last_sequence;
            for (at, job) in jobs {
                let result = open.apply(job, &mut transaction).await?;
                if let Some(place) = results.get_mut(at) {
                    *place = result;
                }
            }
            open.write_back(&mut transaction).await?;
            open.forget_old(last, &mut transaction).await?;
            if open.last_sequence > last && self.database.is_shared() {
                notify(&open.name, &mut transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(results)
    }
}

/// The channel on which relays of one PostgreSQL tell each other where something waits.
pub(crate) const CHANNEL: &str = "didshake_deposits";

async fn notify(mailbox: &MailboxName, on: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(mailbox.to_string());
    notify.execute(on).await.map(|_| ())
}

/// A mailbox that nobody else writes to until the transaction ends.
struct OpenMailbox<'a> {
    name: MailboxName,
    bounds: &'a MailboxBounds,
    now: UnixTime,
    last_sequence: u64,
    waiting: u64,
    bytes: u64,
    /// Those that were looked at; `None`: there is no such token.
    tokens: HashMap<TokenHash, Option<Token>>,
}

impl<'a> OpenMailbox<'a> {
    async fn lock(
        name: MailboxName,
        bounds: &'a MailboxBounds,
        now: UnixTime,
        on: &mut AnyConnection,
    ) -> Result<Option<Self>, sqlx::Error> {
        let lock = sqlx::query(
            "UPDATE mailboxes SET waiting = waiting WHERE name = $1 RETURNING last_sequence, waiting, bytes",
        );
        let Some(row) = lock.bind(name.0.as_slice()).fetch_optional(on).await? else { return Ok(None) };
        let (last_sequence, waiting) = (number(&row, "last_sequence")?, number(&row, "waiting")?);
        let bytes = number(&row, "bytes")?;
        Ok(Some(Self { name, bounds, now, last_sequence, waiting, bytes, tokens: HashMap::new() }))
    }

    async fn apply(&mut self, job: BatchJob, on: &mut AnyConnection) -> Result<BatchResult, sqlx::Error> {
        match job {
            BatchJob::Deposit(token, deposits) => self.deposit(&token, deposits, on).await,
            BatchJob::Answer(Answers { taken, refused }) => {
                self.answer(TAKEN, &taken, on).await?;
                self.answer(REFUSED, &refused, on).await?;
                Ok(Ok(Placed { states: Vec::new(), new: 0 }))
            }
        }
    }

    async fn deposit(
        &mut self,
        token: &TokenHash,
        deposits: Vec<NewDeposit>,
        on: &mut AnyConnection,
    ) -> Result<BatchResult, sqlx::Error> {
        let now = self.now;
        let counts = |token: &Token| token.limits.ends.is_none_or(|ends| ends > now);
        let Some(limits) = self.token(token, on).await?.filter(|token| counts(token)).map(|token| token.limits) else {
            return Ok(Err(RelayCode::Token));
        };
        let (mut states, mut known) = (vec![DepositState::Waiting; deposits.len()], HashMap::new());
        let bytes = deposits.iter().map(|deposit| deposit.envelope.len() as u64).sum();
        if !self.has_room(token, &limits, deposits.len() as u64, bytes) {
            // What is there already needs no room.
            known = self.states(token, &deposits, on).await?;
            let new: Vec<_> = deposits.iter().filter(|deposit| !known.contains_key(&deposit.name)).collect();
            let bytes = new.iter().map(|deposit| deposit.envelope.len() as u64).sum();
            if !self.has_room(token, &limits, new.len() as u64, bytes) {
                return Ok(Err(RelayCode::Full));
            }
        }
        let new: Vec<&NewDeposit> = deposits.iter().filter(|deposit| !known.contains_key(&deposit.name)).collect();
        let mut placed = 0;
        for some in new.chunks(ROWS) {
            placed += self.insert(token, some, on).await?;
        }
        if placed < deposits.len() {
            known = self.states(token, &deposits, on).await?;
            for (state, deposit) in states.iter_mut().zip(&deposits) {
                *state = known.get(&deposit.name).copied().unwrap_or(DepositState::Waiting);
            }
        }
        Ok(Ok(Placed { states, new: placed }))
    }

    async fn states(
        &self,
        token: &TokenHash,
        deposits: &[NewDeposit],
        on: &mut AnyConnection,
    ) -> Result<HashMap<DepositName, DepositState>, sqlx::Error> {
        let mut known = HashMap::new();
        for some in deposits.chunks(NAMES) {
            let names: Vec<DepositName> = some.iter().map(|deposit| deposit.name).collect();
            known.extend(states_of(&self.name, token, &names, self.now, on).await?);
        }
        Ok(known)
    }

    /// A token, looked up once.
    async fn token(&mut self, hash: &TokenHash, on: &mut AnyConnection) -> Result<Option<&Token>, sqlx::Error> {
        if !self.tokens.contains_key(hash) {
            let found = sqlx::query("SELECT * FROM deposit_tokens WHERE mailbox = $1 AND hash = $2");
            let found = found.bind(self.name.0.as_slice()).bind(hash.0.as_slice());
            let row = found.fetch_optional(on).await?;
            self.tokens.insert(*hash, row.as_ref().map(read_token).transpose()?);
        }
        Ok(self.tokens.get(hash).and_then(Option::as_ref))
    }

    fn has_room(
        &self,
        token: &TokenHash,
        limits: &crate::store::mailboxes::TokenLimits,
        deposits: u64,
        bytes: u64,
    ) -> bool {
        let of_token = self.bounds.of_token();
        let under = self.tokens.get(token).and_then(Option::as_ref);
        let (own, own_bytes) = under.map_or((0, 0), |token| (token.waiting, token.bytes));
        let fits = |now: u64, more: u64, most: u64| now.saturating_add(more) <= most;
        fits(self.waiting, deposits, self.bounds.waiting)
            && fits(self.bytes, bytes, self.bounds.bytes)
            && fits(own, deposits, limits.waiting.unwrap_or(of_token.0))
            && fits(own_bytes, bytes, limits.bytes.unwrap_or(of_token.1))
    }

    /// Inserts at most [`ROWS`] deposits; those that are there already stay as they are. Gives how many are new.
    async fn insert(
        &mut self,
        token: &TokenHash,
        deposits: &[&NewDeposit],
        on: &mut AnyConnection,
    ) -> Result<usize, sqlx::Error> {
        let rows: Vec<String> =
            (0..deposits.len()).map(|row| format!("({}, 0)", placeholders(1 + row * 7, 7))).collect();
        let insert = format!(
            "INSERT INTO deposits (mailbox, sequence, token, name, ends, size, envelope, state) VALUES {}
                ON CONFLICT (mailbox, token, name) DO NOTHING RETURNING size",
            rows.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(insert));
        for deposit in deposits {
            self.last_sequence = self.last_sequence.saturating_add(1);
            query = query
                .bind(self.name.0.to_vec())
                .bind(sql_number(self.last_sequence))
                .bind(token.0.to_vec())
                .bind(deposit.name.0.to_vec())
                .bind(sql_time(deposit.expires))
                .bind(sql_number(deposit.envelope.len() as u64))
                .bind(deposit.envelope.clone());
        }
        let inserted = query.fetch_all(on).await?;
        for row in &inserted {
            let size = number(row, "size")?;
            self.count(token, 1, size);
        }
        Ok(inserted.len())
    }

    fn count(&mut self, token: &TokenHash, deposits: u64, bytes: u64) {
        self.waiting = self.waiting.saturating_add(deposits);
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(token) = self.tokens.get_mut(token).and_then(Option::as_mut) {
            token.waiting = token.waiting.saturating_add(deposits);
            token.bytes = token.bytes.saturating_add(bytes);
        }
    }

    fn discount(&mut self, token: &TokenHash, bytes: u64) {
        self.waiting = self.waiting.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(token) = self.tokens.get_mut(token).and_then(Option::as_mut) {
            token.waiting = token.waiting.saturating_sub(1);
            token.bytes = token.bytes.saturating_sub(bytes);
        }
    }

    /// Decides deposits that wait; the others are ignored.
    async fn answer(&mut self, state: i64, sequences: &[u64], on: &mut AnyConnection) -> Result<(), sqlx::Error> {
        for some in sequences.chunks(NAMES) {
            let many = if some.len() == 1 { 1 } else { NAMES };
            let update = format!(
                "UPDATE deposits SET state = $2, ends = $3, envelope = NULL
                    WHERE mailbox = $1 AND state = 0 AND sequence IN ({}) RETURNING token, size",
                placeholders(4, many)
            );
            let mut query = sqlx::query(AssertSqlSafe(update))
                .bind(self.name.0.as_slice())
                .bind(state)
                .bind(sql_time(self.now.plus(STATE_SECONDS)));
            for at in 0..many {
                query = query.bind(some.get(at).or(some.last()).map(|sequence| sql_number(*sequence)));
            }
            for row in query.fetch_all(&mut *on).await? {
                let token = TokenHash(row::bytes(&row, "token")?);
                // Its count goes back, also where this transaction had nothing to do with it so far.
                self.token(&token, on).await?;
                self.discount(&token, number(&row, "size")?);
            }
        }
        Ok(())
    }

    /// Deletes states that are too old, however soon they were decided, each time that so many deposits have come.
    async fn forget_old(&self, last: u64, on: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self.last_sequence / FORGET == last / FORGET {
            return Ok(());
        }
        let newest = self.last_sequence.saturating_sub(self.bounds.states);
        let old = sqlx::query("DELETE FROM deposits WHERE mailbox = $1 AND state <> 0 AND sequence <= $2");
        old.bind(self.name.0.as_slice()).bind(sql_number(newest)).execute(on).await.map(|_| ())
    }

    async fn write_back(&self, on: &mut AnyConnection) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE mailboxes SET last_sequence = $1, waiting = $2, bytes = $3 WHERE name = $4")
            .bind(sql_number(self.last_sequence))
            .bind(sql_number(self.waiting))
            .bind(sql_number(self.bytes))
            .bind(self.name.0.as_slice())
            .execute(&mut *on)
            .await?;
        for token in self.tokens.values().flatten() {
            sqlx::query("UPDATE deposit_tokens SET waiting = $1, bytes = $2 WHERE mailbox = $3 AND hash = $4")
                .bind(sql_number(token.waiting))
                .bind(sql_number(token.bytes))
                .bind(self.name.0.as_slice())
                .bind(token.hash.0.as_slice())
                .execute(&mut *on)
                .await?;
        }
        Ok(())
    }
}

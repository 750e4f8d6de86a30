//! Accounts: who people are, whichever of their DIDs they come with.

use std::collections::BTreeMap;

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;

use super::database::Database;
use super::revocations::{end_sessions, revoke, take_back_invites};
use super::row::{self, sql_time, unix_time};
use super::sessions::unavailable;
use super::standing::Standing;
use super::sweeper::{Table, fits};
use super::writing::WriteTransaction;
use crate::id::Id;
use crate::policy::holder;

pub(super) type Connection = sqlx::AnyConnection;
pub(super) type Row = sqlx::any::AnyRow;

/// Whose accounts may do what only the operator could.
pub(crate) const ADMIN: &str = "admin";
pub(crate) const MAX_KEYS: i64 = 20;

/// Accounts, invites and revocations in the database.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(super) database: Database,
    pub(super) bounds: AccountBounds,
}

/// How much is kept at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AccountBounds {
    pub(crate) accounts: u64,
    pub(crate) invites: u64,
    pub(crate) revocations: u64,
}

impl Default for AccountBounds {
    fn default() -> Self {
        Self { accounts: 1_000_000, invites: 10_000, revocations: 1_000_000 }
    }
}

/// One person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Account {
    pub(crate) id: Id,
    /// The first DID that it had.
    pub(crate) subject: String,
    /// Empty where nobody gave one.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// In order.
    pub(crate) groups: Vec<String>,
    pub(crate) created: UnixTime,
    pub(crate) disabled: Option<UnixTime>,
    /// The first one first.
    pub(crate) keys: Vec<AccountKey>,
}

/// A DID of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AccountKey {
    pub(crate) did: String,
    /// Empty for the first one.
    pub(crate) label: String,
    pub(crate) added: UnixTime,
}

/// What an admin changes of an account; `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<Option<String>>,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) disabled: Option<bool>,
}

/// Why something about accounts is not done.
#[derive(Debug)]
pub(crate) enum Undone {
    /// There is no such thing.
    Unknown,
    /// It is used up, or its time is over.
    Over,
    /// It does not go together with what there is.
    Conflict,
    /// The account is disabled.
    Disabled,
    /// Whoever asks may not administer, or no more.
    NoAdmin,
    Store(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Undone {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(unavailable(error))
    }
}

impl Accounts {
    pub(crate) fn new(database: Database, bounds: AccountBounds) -> Self {
        Self { database, bounds }
    }

    /// The account that a DID belongs to.
    pub(crate) async fn of(&self, did: &Did) -> Result<Option<Account>, StoreError> {
        let mut on = self.database.reader.acquire().await.map_err(unavailable)?;
        let Some(id) = id_of(&holder(did), &mut on).await.map_err(unavailable)? else { return Ok(None) };
        load(id, &mut on).await.map_err(unavailable)
    }

    pub(crate) async fn find(&self, id: Id) -> Result<Option<Account>, StoreError> {
        let mut on = self.database.reader.acquire().await.map_err(unavailable)?;
        load(id, &mut on).await.map_err(unavailable)
    }

    /// The accounts after this one, in the order of their ids.
    pub(crate) async fn page(&self, after: Id, limit: u32) -> Result<Vec<Account>, StoreError> {
        let mut on = self.database.reader.acquire().await.map_err(unavailable)?;
        let ids = sqlx::query("SELECT account_id FROM accounts WHERE account_id > $1 ORDER BY account_id LIMIT $2");
        let ids = ids.bind(after.as_bytes()).bind(i64::from(limit)).fetch_all(&mut *on).await.map_err(unavailable)?;
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
        let (first, last) = (id(first).map_err(unavailable)?, id(last).map_err(unavailable)?);
        load_between(first, last, &mut on).await.map_err(unavailable)
    }

    /// Begins what only an admin may do. Of several who administer one goes first; who is no admin after it is refused.
    pub(super) async fn administer(&self, by: &Did, now: UnixTime) -> Result<WriteTransaction, Undone> {
        let mut transaction = self.database.begin().await?;
        lock_admins(&mut transaction).await?;
        let may = Standing::read(by, now, &mut transaction).await?.administers();
        if may { Ok(transaction) } else { Err(Undone::NoAdmin) }
    }

    /// Changes an account. Disabling it ends its sessions, and takes back its invites, as does taking it out of the admins.
    pub(crate) async fn change(&self, id: Id, change: &Change, by: &Did, now: UnixTime) -> Result<Account, Undone> {
        let mut transaction = self.administer(by, now).await?;
        let admins = admins(&mut transaction).await?;
        let Some(account) = load(id, &mut transaction).await? else { return Err(Undone::Unknown) };
        let disabled = match change.disabled {
            Some(true) => Some(account.disabled.unwrap_or(now)),
            Some(false) => None,
            None => account.disabled,
        };
        sqlx::query("UPDATE accounts SET name = $1, email = $2, disabled = $3 WHERE account_id = $4")
            .bind(change.name.as_ref().unwrap_or(&account.name))
            .bind(change.email.as_ref().unwrap_or(&account.email))
            .bind(disabled.map(sql_time))
            .bind(id.as_bytes())
            .execute(&mut *transaction)
            .await?;
        if let Some(groups) = &change.groups {
            let forget = sqlx::query("DELETE FROM account_groups WHERE account_id = $1").bind(id.as_bytes());
            forget.execute(&mut *transaction).await?;
            join_groups(id, groups, &mut transaction).await?;
        }
        keep_an_admin(admins, &mut transaction).await?;
        let changed = load(id, &mut transaction).await?.ok_or(Undone::Unknown)?;
        shut_out(&account, &changed, &mut transaction).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Removes an account, revokes its DIDs and ends their sessions: nobody comes in as it again.
    pub(crate) async fn remove(&self, id: Id, by: &Did, now: UnixTime) -> Result<Account, Undone> {
        let mut transaction = self.administer(by, now).await?;
        let admins = admins(&mut transaction).await?;
        let Some(account) = load(id, &mut transaction).await? else { return Err(Undone::Unknown) };
        for key in &account.keys {
            revoke(&key.did, "its account was removed", self.bounds.revocations, now, &mut transaction).await?;
        }
        let remove = sqlx::query("DELETE FROM accounts WHERE account_id = $1").bind(id.as_bytes());
        remove.execute(&mut *transaction).await?;
        keep_an_admin(admins, &mut transaction).await?;
        transaction.commit().await?;
        Ok(account)
    }

    /// Takes a DID out of the account of another of its DIDs, or of itself; it is revoked, and its sessions end.
    pub(crate) async fn remove_key(&self, owner: &Did, did: &Did, now: UnixTime) -> Result<Account, Undone> {
        let mut transaction = self.database.begin().await?;
        lock_admins(&mut transaction).await?;
        let admins = admins(&mut transaction).await?;
        let Some(id) = own_account(owner, now, &mut transaction).await? else { return Err(Undone::Unknown) };
        let key = sqlx::query("DELETE FROM account_keys WHERE holder = $1 AND account_id = $2");
        let key = key.bind(holder(did)).bind(id.as_bytes()).execute(&mut *transaction).await?;
        if key.rows_affected() == 0 {
            return Err(Undone::Unknown);
        }
        // A revoked one lets nobody in.
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM account_keys WHERE account_id = $1 AND NOT EXISTS
                (SELECT 1 FROM revocations WHERE revocations.holder = account_keys.holder)",
        )
        .bind(id.as_bytes())
        .fetch_one(&mut *transaction)
        .await?;
        if left == 0 {
            return Err(Undone::Conflict);
        }
        revoke(did.as_str(), "removed from its account", self.bounds.revocations, now, &mut transaction).await?;
        keep_an_admin(admins, &mut transaction).await?;
        let account = load(id, &mut transaction).await?.ok_or(Undone::Unknown)?;
        transaction.commit().await?;
        Ok(account)
    }

    /// Makes an account of a DID that has none, in a transaction of the caller.
    pub(super) async fn add(&self, account: &Account, on: &mut Connection) -> Result<Id, Undone> {
        let subject = Did::parse(&account.subject).map_err(|_| Undone::Conflict)?;
        sqlx::query(
            "INSERT INTO accounts (account_id, subject, holder, name, email, created) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(account.id.as_bytes())
        .bind(&account.subject)
        .bind(holder(&subject))
        .bind(&account.name)
        .bind(&account.email)
        .bind(sql_time(account.created))
        .execute(&mut *on)
        .await?;
        join_groups(account.id, &account.groups, on).await?;
        add_key(account.id, &subject, "", account.created, on).await?;
        let fits = fits(Table::Accounts, self.bounds.accounts, account.created, on).await?;
        if fits { Ok(account.id) } else { Err(StoreError::Full.into()) }
    }
}

impl Account {
    /// One that is about to be made, of its first DID.
    pub(super) fn of(did: &Did, now: UnixTime) -> Result<Self, StoreError> {
        let id = Id::generate().ok_or_else(no_randomness)?;
        let subject = did.as_str().to_owned();
        let (name, email, groups, keys) = (String::new(), None, Vec::new(), Vec::new());
        Ok(Self { id, subject, name, email, groups, created: now, disabled: None, keys })
    }
}

pub(super) fn no_randomness() -> StoreError {
    StoreError::Unavailable("there is no randomness".into())
}

pub(super) async fn add_key(
    account: Id,
    did: &Did,
    label: &str,
    now: UnixTime,
    on: &mut Connection,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO account_keys (holder, account_id, did, label, added) VALUES ($1, $2, $3, $4, $5)")
        .bind(holder(did))
        .bind(account.as_bytes())
        .bind(did.as_str())
        .bind(label)
        .bind(sql_time(now))
        .execute(on)
        .await
        .map(|_| ())
}

async fn join_groups(account: Id, groups: &[String], on: &mut Connection) -> Result<(), sqlx::Error> {
    for group in groups {
        sqlx::query("INSERT INTO account_groups (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(account.as_bytes())
            .bind(group)
            .execute(&mut *on)
            .await?;
    }
    Ok(())
}

/// The account that a holder's DID belongs to.
pub(super) async fn id_of(holder: &str, on: &mut Connection) -> Result<Option<Id>, sqlx::Error> {
    let row = sqlx::query("SELECT account_id FROM account_keys WHERE holder = $1").bind(holder);
    row.fetch_optional(on).await?.as_ref().map(id).transpose()
}

pub(super) fn id(row: &Row) -> Result<Id, sqlx::Error> {
    row::bytes(row, "account_id").map(Id::from_bytes)
}

/// Has others who change the same account wait, where there are several who write.
pub(super) async fn lock(account: Id, on: &mut Connection) -> Result<(), sqlx::Error> {
    let lock = sqlx::query("UPDATE accounts SET name = name WHERE account_id = $1").bind(account.as_bytes());
    lock.execute(on).await.map(|_| ())
}

pub(super) async fn key_count(account: Id, on: &mut Connection) -> Result<i64, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT count(*) FROM account_keys WHERE account_id = $1");
    count.bind(account.as_bytes()).fetch_one(on).await
}

/// The account of a DID, which waits for whoever changes it: who is no key of it afterwards, or a revoked one, has none.
pub(super) async fn own_account(did: &Did, now: UnixTime, on: &mut Connection) -> Result<Option<Id>, sqlx::Error> {
    let Some(id) = id_of(&holder(did), on).await? else { return Ok(None) };
    lock(id, on).await?;
    let standing = Standing::read(did, now, on).await?;
    Ok(standing.member().filter(|member| member.id == id).map(|member| member.id))
}

/// Of two who would each leave the other as the only admin, the second waits. Any row will do that everybody knows.
pub(super) async fn lock_admins(on: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE restored SET restored_at = restored_at").execute(on).await.map(|_| ())
}

/// How many accounts can administer: enabled, and with a DID that lets them in.
pub(super) async fn admins(on: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM accounts JOIN account_groups ON account_groups.account_id = accounts.account_id
            WHERE account_groups.name = $1 AND accounts.disabled IS NULL AND EXISTS (
                SELECT 1 FROM account_keys WHERE account_keys.account_id = accounts.account_id
                    AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.holder = account_keys.holder))",
    )
    .bind(ADMIN)
    .fetch_one(on)
    .await
}

/// What somebody keeps who may less than before: nothing.
async fn shut_out(before: &Account, after: &Account, on: &mut Connection) -> Result<(), sqlx::Error> {
    let is_admin = |account: &Account| account.groups.iter().any(|group| group == ADMIN);
    for key in &after.keys {
        // Also where it is enabled: a session that was made at the moment of disabling it must not live again.
        if after.disabled != before.disabled {
            end_sessions(&key.did, on).await?;
        }
        if after.disabled.is_some() || is_admin(before) && !is_admin(after) {
            take_back_invites(&key.did, on).await?;
        }
    }
    Ok(())
}

/// Refuses a change after which nobody could administer any more.
pub(super) async fn keep_an_admin(before: i64, on: &mut Connection) -> Result<(), Undone> {
    if before > 0 && admins(on).await? == 0 { Err(Undone::Conflict) } else { Ok(()) }
}

pub(super) async fn load(id: Id, on: &mut Connection) -> Result<Option<Account>, sqlx::Error> {
    Ok(load_between(id, id, on).await?.pop())
}

/// All accounts from one to another, in the order of their ids.
async fn load_between(first: Id, last: Id, on: &mut Connection) -> Result<Vec<Account>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM accounts WHERE account_id BETWEEN $1 AND $2");
    let rows = rows.bind(first.as_bytes()).bind(last.as_bytes()).fetch_all(&mut *on).await?;
    let mut accounts = BTreeMap::new();
    for row in &rows {
        accounts.insert(id(row)?, account(row)?);
    }
    let rows = sqlx::query("SELECT * FROM account_groups WHERE account_id BETWEEN $1 AND $2 ORDER BY name");
    for row in &rows.bind(first.as_bytes()).bind(last.as_bytes()).fetch_all(&mut *on).await? {
        if let Some(account) = accounts.get_mut(&id(row)?) {
            account.groups.push(row.try_get("name")?);
        }
    }
    let rows = sqlx::query("SELECT * FROM account_keys WHERE account_id BETWEEN $1 AND $2 ORDER BY added, holder");
    for row in &rows.bind(first.as_bytes()).bind(last.as_bytes()).fetch_all(&mut *on).await? {
        if let Some(account) = accounts.get_mut(&id(row)?) {
            let added = unix_time(row.try_get("added")?);
            account.keys.push(AccountKey { did: row.try_get("did")?, label: row.try_get("label")?, added });
        }
    }
    // Databases differ in how they order text.
    accounts.values_mut().for_each(|account| account.groups.sort());
    Ok(accounts.into_values().collect())
}

fn account(row: &Row) -> Result<Account, sqlx::Error> {
    let disabled: Option<i64> = row.try_get("disabled")?;
    Ok(Account {
        id: id(row)?,
        subject: row.try_get("subject")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        groups: Vec::new(),
        created: unix_time(row.try_get("created")?),
        disabled: disabled.map(unix_time),
        keys: Vec::new(),
    })
}

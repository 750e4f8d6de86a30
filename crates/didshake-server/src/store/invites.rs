//! Invites: secrets that admit a DID, and make an account of it, or a further key of one, once its holder accepts.

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;

use super::accounts::{
    ADMIN, Account, Accounts, Connection, MAX_KEYS, Row, Undone, add_key, admins, key_count, load, lock, lock_admins,
    no_randomness, own_account,
};
use super::row::{self, sql_time, unix_time};
use super::sessions::unavailable;
use super::standing::{Claim, Standing, account_of_invite, groups};
use super::sweeper::{Table, fits};
use crate::cookie::{CookieSecret, SecretHash};
use crate::id::Id;
use crate::policy::{Policy, holder};

/// Seconds for which a claim counts: a handshake and accepting take one.
pub(crate) const CLAIM_SECONDS: u64 = 600;
/// Seconds for which an invite to a further key counts: both devices are at hand.
pub(crate) const KEY_SECONDS: u64 = 600;
/// Whoever comes with an invite that is over is told so for a week.
const KEPT_SECONDS: u64 = 7 * 86_400;
const OWNER_SECONDS: u64 = 86_400;
/// Live ones to further keys of one account.
const MAX_KEY_INVITES: i64 = 5;

/// What an invite is good for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    Account { name: String, email: Option<String>, groups: Vec<String> },
    Key { account: Id, label: String },
}

/// A new invite; its secret is known to nobody else.
pub(crate) struct Made {
    pub(crate) id: Id,
    pub(crate) secret: CookieSecret,
    pub(crate) ends: UnixTime,
}

/// An invite, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Invite {
    pub(crate) id: Id,
    /// Of the account that it is for a further key of.
    pub(crate) account: Option<Id>,
    /// Of the account, which is there or will be.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) groups: Vec<String>,
    /// Of the further key.
    pub(crate) label: Option<String>,
    /// The first DID of the account that is there.
    pub(crate) subject: Option<String>,
    pub(crate) made: UnixTime,
    pub(crate) ends: UnixTime,
    pub(crate) claimed_by: Option<String>,
}

impl Accounts {
    /// Makes an invite that ends after so many seconds. `Unknown` where there is no such account, `Disabled`, `Conflict`
    /// where the account has as many keys or invites as it may.
    pub(crate) async fn invite(
        &self,
        purpose: &Purpose,
        by: &Did,
        seconds: u64,
        now: UnixTime,
    ) -> Result<Made, Undone> {
        let mut transaction = self.administer(by, now).await?;
        if let Purpose::Key { account, .. } = purpose {
            takes_a_key(*account, now, &mut transaction).await?;
        }
        let made = self.insert(purpose, Some(by), seconds, now, &mut transaction).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Makes an invite to a further key of a DID's own account; where it has none, it gets one, unless only a claim lets it
    /// in: one invite would make many accounts.
    pub(crate) async fn invite_own_key(
        &self,
        did: &Did,
        label: String,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<Made, Undone> {
        let mut transaction = self.database.begin().await?;
        let account = match own_account(did, now, &mut transaction).await? {
            Some(account) => account,
            None if Standing::read(did, now, &mut transaction).await?.can_found(did, policy) => {
                self.add(&Account::of(did, now)?, &mut transaction).await?
            }
            None => return Err(Undone::Conflict),
        };
        takes_a_key(account, now, &mut transaction).await?;
        let purpose = Purpose::Key { account, label };
        let made = self.insert(&purpose, Some(did), KEY_SECONDS, now, &mut transaction).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Makes the owner's invite, in place of the one before, where nobody can administer; `None` where somebody can. Of several
    /// instances each has its own.
    pub(crate) async fn invite_owner(&self, now: UnixTime) -> Result<Option<Made>, Undone> {
        let mut transaction = self.database.begin().await?;
        lock_admins(&mut transaction).await?;
        let is_needed = admins(&mut transaction).await? == 0;
        if !is_needed || !self.database.is_shared() {
            sqlx::query("DELETE FROM invites WHERE made_by IS NULL").execute(&mut *transaction).await?;
        }
        let made = if is_needed {
            let purpose = Purpose::Account { name: "owner".into(), email: None, groups: vec![ADMIN.into()] };
            Some(self.insert(&purpose, None, OWNER_SECONDS, now, &mut transaction).await?)
        } else {
            None
        };
        transaction.commit().await?;
        Ok(made)
    }

    /// What an invite is for. `Unknown`, or `Over` where it was used or its time is up.
    pub(crate) async fn look(&self, secret: &SecretHash, now: UnixTime) -> Result<Invite, Undone> {
        let mut on = self.database.reader.acquire().await.map_err(unavailable)?;
        usable(secret, now, &mut on).await
    }

    /// Says which DID may come in with an invite and accept it, in place of whom it was said before. `Conflict` where the DID has an
    /// account, is another's subject or is revoked, and where the account takes no further key.
    pub(crate) async fn claim(&self, secret: &SecretHash, did: &Did, now: UnixTime) -> Result<Invite, Undone> {
        // Whoever makes secrets up holds nobody up that writes.
        self.look(secret, now).await?;
        let mut transaction = self.database.begin().await?;
        let invite = usable(secret, now, &mut transaction).await?;
        if !Standing::read(did, now, &mut transaction).await?.can_join(invite.account) {
            return Err(Undone::Conflict);
        }
        if let Some(account) = invite.account
            && key_count(account, &mut transaction).await? >= MAX_KEYS
        {
            return Err(Undone::Conflict);
        }
        let claim =
            "UPDATE invites SET claimed = $1, holder = $2, claim_ends = $3 WHERE invite_id = $4 AND used IS NULL";
        let claimed = sqlx::query(claim)
            .bind(did.as_str())
            .bind(holder(did))
            .bind(sql_time(now.plus(CLAIM_SECONDS)))
            .bind(invite.id.as_bytes())
            .execute(&mut *transaction)
            .await?;
        if claimed.rows_affected() == 0 {
            return Err(Undone::Over);
        }
        transaction.commit().await?;
        Ok(Invite { claimed_by: Some(did.as_str().to_owned()), ..invite })
    }

    /// Uses an invite up for a DID that its holder has proved. `Over` also where no claim lives, `Conflict` where it is
    /// claimed for another DID, where the rules keep out what it leads to, and as for a claim.
    pub(crate) async fn accept(
        &self,
        secret: &SecretHash,
        did: &Did,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<(Invite, Account), Undone> {
        let mut transaction = self.database.begin().await?;
        let invite = usable(secret, now, &mut transaction).await?;
        let standing = Standing::read(did, now, &mut transaction).await?;
        let Some(claim) = standing.joins_with(invite.id, did, policy) else {
            return Err(if invite.claimed_by.is_some() { Undone::Conflict } else { Undone::Over });
        };
        let account = self.join(did, claim, now, &mut transaction).await?;
        let account = load(account, &mut transaction).await?.ok_or(Undone::Unknown)?;
        if account.groups.iter().any(|group| group == ADMIN) {
            // The owner is there; of several instances each has made an invite, perhaps.
            let others = sqlx::query("DELETE FROM invites WHERE made_by IS NULL AND used IS NULL");
            others.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok((invite, account))
    }

    /// The invites that can be used, the newest first.
    pub(crate) async fn invites(&self, now: UnixTime) -> Result<Vec<Invite>, StoreError> {
        let rows = sqlx::query(
            "SELECT invites.*, accounts.subject FROM invites
                LEFT JOIN accounts ON accounts.account_id = invites.account_id
                WHERE used IS NULL AND ends > $1 ORDER BY made DESC, invite_id",
        );
        let rows = rows.bind(sql_time(now)).fetch_all(&self.database.reader).await.map_err(unavailable)?;
        rows.iter().map(|row| read(row, now)).collect::<Result<_, _>>().map_err(unavailable)
    }

    /// Takes an invite back; `false` where there is none.
    pub(crate) async fn cancel(&self, invite: Id, by: &Did, now: UnixTime) -> Result<bool, Undone> {
        let mut transaction = self.administer(by, now).await?;
        let cancel = sqlx::query("DELETE FROM invites WHERE invite_id = $1 AND used IS NULL").bind(invite.as_bytes());
        let cancelled = cancel.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(cancelled.rows_affected() == 1)
    }

    async fn join(&self, did: &Did, claim: &Claim, now: UnixTime, on: &mut Connection) -> Result<Id, Undone> {
        // Of several at once one finds it unused.
        let used = sqlx::query(
            "UPDATE invites SET used = $1, holder = NULL WHERE invite_id = $2 AND holder = $3 AND used IS NULL",
        )
        .bind(sql_time(now))
        .bind(claim.invite.as_bytes())
        .bind(holder(did))
        .execute(&mut *on)
        .await?;
        if used.rows_affected() != 1 {
            return Err(Undone::Over);
        }
        let Some(account) = claim.account else { return self.add(&new_account(did, claim, now)?, on).await };
        lock(account, on).await?;
        if key_count(account, on).await? >= MAX_KEYS {
            return Err(Undone::Conflict);
        }
        add_key(account, did, &claim.name, now, on).await?;
        Ok(account)
    }

    async fn insert(
        &self,
        purpose: &Purpose,
        by: Option<&Did>,
        seconds: u64,
        now: UnixTime,
        on: &mut Connection,
    ) -> Result<Made, Undone> {
        let secret = CookieSecret::generate().ok_or_else(no_randomness)?;
        let made = Made { id: Id::generate().ok_or_else(no_randomness)?, secret, ends: now.plus(seconds) };
        let (account, name, email, groups) = match purpose {
            Purpose::Account { name, email, groups } => (None, name, email.as_deref(), groups.join(",")),
            Purpose::Key { account, label } => (Some(account.as_bytes()), label, None, String::new()),
        };
        sqlx::query(
            "INSERT INTO invites (invite_id, hash, account_id, name, email, group_names, made_by, made, ends, kept_until)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(made.id.as_bytes())
        .bind(made.secret.hash().as_bytes().as_slice())
        .bind(account)
        .bind(name)
        .bind(email)
        .bind(groups)
        .bind(by.map(holder))
        .bind(sql_time(now))
        .bind(sql_time(made.ends))
        .bind(sql_time(made.ends.plus(KEPT_SECONDS)))
        .execute(&mut *on)
        .await?;
        if self.has_room(now, on).await? { Ok(made) } else { Err(StoreError::Full.into()) }
    }

    /// Those that nobody can use any more make room for new ones.
    async fn has_room(&self, now: UnixTime, on: &mut Connection) -> Result<bool, sqlx::Error> {
        if fits(Table::Invites, self.bounds.invites, now, on).await? {
            return Ok(true);
        }
        let over = sqlx::query("DELETE FROM invites WHERE used IS NOT NULL OR ends <= $1").bind(sql_time(now));
        over.execute(&mut *on).await?;
        fits(Table::Invites, self.bounds.invites, now, on).await
    }
}

fn new_account(did: &Did, claim: &Claim, now: UnixTime) -> Result<Account, StoreError> {
    Ok(Account {
        name: claim.name.clone(),
        email: claim.email.clone(),
        groups: claim.groups.clone(),
        ..Account::of(did, now)?
    })
}

/// Whether an account may be given a further invite to a key.
async fn takes_a_key(account: Id, now: UnixTime, on: &mut Connection) -> Result<(), Undone> {
    lock(account, on).await?;
    let found = load(account, on).await?.ok_or(Undone::Unknown)?;
    if found.disabled.is_some() {
        return Err(Undone::Disabled);
    }
    let live = sqlx::query_scalar("SELECT count(*) FROM invites WHERE account_id = $1 AND used IS NULL AND ends > $2");
    let live: i64 = live.bind(account.as_bytes()).bind(sql_time(now)).fetch_one(&mut *on).await?;
    let full = key_count(account, on).await? >= MAX_KEYS || live >= MAX_KEY_INVITES;
    if full { Err(Undone::Conflict) } else { Ok(()) }
}

/// The invite of a secret, if it can be used.
async fn usable(secret: &SecretHash, now: UnixTime, on: &mut Connection) -> Result<Invite, Undone> {
    let row = sqlx::query(
        "SELECT invites.*, accounts.subject FROM invites
            LEFT JOIN accounts ON accounts.account_id = invites.account_id WHERE hash = $1",
    );
    let row = row.bind(secret.as_bytes().as_slice()).fetch_optional(&mut *on).await?.ok_or(Undone::Unknown)?;
    let used: Option<i64> = row.try_get("used")?;
    let mut invite = read(&row, now)?;
    if used.is_some() || invite.ends <= now {
        return Err(Undone::Over);
    }
    if let Some(account) = invite.account {
        let account = load(account, on).await?.ok_or(Undone::Unknown)?;
        if account.disabled.is_some() {
            return Err(Undone::Over);
        }
        (invite.name, invite.groups) = (account.name, account.groups);
    }
    Ok(invite)
}

fn read(row: &Row, now: UnixTime) -> Result<Invite, sqlx::Error> {
    let account = account_of_invite(row)?;
    let name: String = row.try_get("name")?;
    let (name, label) = if account.is_some() { (String::new(), Some(name)) } else { (name, None) };
    let claim_ends: Option<i64> = row.try_get("claim_ends")?;
    let claimed: Option<String> = row.try_get("claimed")?;
    Ok(Invite {
        id: Id::from_bytes(row::bytes(row, "invite_id")?),
        account,
        name,
        email: row.try_get("email")?,
        groups: groups(row)?,
        label,
        subject: row.try_get("subject")?,
        made: unix_time(row.try_get("made")?),
        ends: unix_time(row.try_get("ends")?),
        claimed_by: claimed.filter(|_| claim_ends.is_some_and(|ends| unix_time(ends) > now)),
    })
}

//! What the store knows of a DID that decides whether it may come in.

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;

use super::accounts::{Accounts, Connection, Row, id};
use super::row::{self, sql_time};
use super::sessions::unavailable;
use crate::id::Id;
use crate::policy::{Policy, holder};

/// How a DID stands here at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Standing {
    revoked: bool,
    account: Option<Member>,
    /// The account that knew this DID as its subject, and has it no more: it is nobody else's.
    reserved: Option<Id>,
    claim: Option<Claim>,
}

/// The account of a DID, as rules and applications see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) id: Id,
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) groups: Vec<String>,
    disabled: bool,
}

/// The invite that a DID may use, as whoever has the secret says. It admits the DID, and makes it nobody's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Claim {
    pub(super) invite: Id,
    /// For a further key of this account; `None`: for a new one.
    pub(super) account: Option<Id>,
    pub(super) name: String,
    pub(super) email: Option<String>,
    /// Of the account, which is there or will be.
    pub(super) groups: Vec<String>,
}

impl Accounts {
    /// How a DID stands; claims are looked at as of `now`.
    pub(crate) async fn standing(&self, did: &Did, now: UnixTime) -> Result<Standing, StoreError> {
        let mut on = self.database.reader.acquire().await.map_err(unavailable)?;
        Standing::read(did, now, &mut on).await.map_err(unavailable)
    }
}

impl Standing {
    /// The account, if it has one.
    pub(crate) fn account(&self) -> Option<&Member> {
        self.account.as_ref()
    }

    /// The groups of its account; `None` where it has none.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        self.account.as_ref().map(|account| account.groups.as_slice())
    }

    /// Whether a DID that stands like this may come in, under these rules.
    pub(crate) fn lets_in(&self, did: &Did, policy: &Policy) -> bool {
        if self.revoked {
            return false;
        }
        match &self.account {
            Some(account) => !account.disabled && policy.allows_with(did, Some(&account.groups)),
            None => self.joins(did, policy).is_some() || self.reserved.is_none() && policy.allows_with(did, None),
        }
    }

    /// The invite that it comes in with, and may accept: for the rules it counts as the account that it leads to.
    pub(super) fn joins(&self, did: &Did, policy: &Policy) -> Option<&Claim> {
        let claim = self.claim.as_ref().filter(|_| self.account.is_none() && !self.revoked)?;
        let free = self.reserved.is_none() || self.reserved == claim.account;
        (free && policy.allows_with(did, Some(&claim.groups))).then_some(claim)
    }

    /// Whether only the rules keep out somebody who was invited.
    pub(crate) fn is_invited(&self) -> bool {
        self.claim.is_some() && !self.revoked
    }

    /// Whether it may have an account that nobody invited it to.
    pub(super) fn can_found(&self, did: &Did, policy: &Policy) -> bool {
        self.can_join(None) && policy.allows_with(did, None)
    }

    /// Whether no account but this one can take the DID.
    pub(super) fn can_join(&self, account: Option<Id>) -> bool {
        !self.revoked && self.account.is_none() && (self.reserved.is_none() || self.reserved == account)
    }

    /// The same on a connection of the caller.
    pub(super) async fn read(did: &Did, now: UnixTime, on: &mut Connection) -> Result<Self, sqlx::Error> {
        let holder = holder(did);
        let revoked = sqlx::query_scalar("SELECT count(*) FROM revocations WHERE holder = $1").bind(&holder);
        let revoked: i64 = revoked.fetch_one(&mut *on).await?;
        let account = member(&holder, on).await?;
        if account.is_some() {
            return Ok(Self { revoked: revoked > 0, account, ..Self::default() });
        }
        let reserved = sqlx::query("SELECT account_id FROM accounts WHERE holder = $1").bind(&holder);
        let reserved = reserved.fetch_optional(&mut *on).await?.as_ref().map(id).transpose()?;
        let claim = claim(&holder, now, on).await?;
        Ok(Self { revoked: revoked > 0, account, reserved, claim })
    }
}

async fn member(holder: &str, on: &mut Connection) -> Result<Option<Member>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT accounts.* FROM account_keys JOIN accounts ON accounts.account_id = account_keys.account_id
            WHERE account_keys.holder = $1",
    );
    let Some(row) = row.bind(holder).fetch_optional(&mut *on).await? else { return Ok(None) };
    let disabled: Option<i64> = row.try_get("disabled")?;
    Ok(Some(Member {
        id: id(&row)?,
        subject: row.try_get("subject")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        groups: groups_of(id(&row)?, on).await?,
        disabled: disabled.is_some(),
    }))
}

pub(super) async fn groups_of(account: Id, on: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    let groups = sqlx::query_scalar("SELECT name FROM account_groups WHERE account_id = $1");
    let mut groups: Vec<String> = groups.bind(account.as_bytes()).fetch_all(on).await?;
    groups.sort();
    Ok(groups)
}

async fn claim(holder: &str, now: UnixTime, on: &mut Connection) -> Result<Option<Claim>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT invites.*, accounts.disabled FROM invites LEFT JOIN accounts ON accounts.account_id = invites.account_id
            WHERE invites.holder = $1 AND invites.used IS NULL AND invites.ends > $2 AND invites.claim_ends > $2
                AND accounts.disabled IS NULL",
    );
    let row = row.bind(holder).bind(sql_time(now)).fetch_optional(&mut *on).await?;
    let Some(row) = row else { return Ok(None) };
    let account = account_of_invite(&row)?;
    let groups = match account {
        Some(account) => groups_of(account, on).await?,
        None => groups(&row)?,
    };
    let invite = Id::from_bytes(row::bytes(&row, "invite_id")?);
    Ok(Some(Claim { invite, account, name: row.try_get("name")?, email: row.try_get("email")?, groups }))
}

/// The account that an invite is for, of a row of invites.
pub(super) fn account_of_invite(row: &Row) -> Result<Option<Id>, sqlx::Error> {
    let account: Option<Vec<u8>> = row.try_get("account_id")?;
    if account.is_some() { id(row).map(Some) } else { Ok(None) }
}

/// The groups that an invite gives, of a row of invites.
pub(super) fn groups(row: &Row) -> Result<Vec<String>, sqlx::Error> {
    let names: String = row.try_get("group_names")?;
    Ok(names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

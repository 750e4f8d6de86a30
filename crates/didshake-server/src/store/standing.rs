//! What the store knows of a DID that decides whether it may come in.

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;
use sqlx::Row as _;

use super::accounts::{ADMIN, Accounts, Connection, Row, id};
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
    /// Whoever claims one for another's DID takes nothing from it.
    claims: Vec<Claim>,
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
    /// Whether it may have a new session. Whoever was invited may.
    pub(crate) fn takes(&self, did: &Did, policy: &Policy) -> bool {
        let taken = self.lets_in(did, policy);
        if !taken && self.is_invited() {
            // The operator is who can mend that.
            tracing::warn!(did = did.as_str(), "the policy keeps out who was invited: it needs a rule for accounts");
        }
        taken
    }

    /// The account, if it has one.
    pub(crate) fn account(&self) -> Option<&Member> {
        self.account.as_ref()
    }

    /// The account, unless the DID is revoked.
    pub(super) fn member(&self) -> Option<&Member> {
        self.account.as_ref().filter(|_| !self.revoked)
    }

    /// Whether it may administer, as far as the policy lets it in.
    pub(super) fn administers(&self) -> bool {
        self.member().is_some_and(|member| !member.disabled && member.groups.iter().any(|group| group == ADMIN))
    }

    /// The groups of its account; `None` where it has none.
    pub(crate) fn groups(&self) -> Option<&[String]> {
        self.account.as_ref().map(|account| account.groups.as_slice())
    }

    /// Whether a DID that stands like this may come in, under these rules: as it is, or with an invite.
    pub(crate) fn lets_in(&self, did: &Did, policy: &Policy) -> bool {
        self.belongs(did, policy) || self.joins(did, policy).is_some()
    }

    /// The same without what an invite promises: who has not accepted it yet is nowhere but here.
    pub(crate) fn belongs(&self, did: &Did, policy: &Policy) -> bool {
        if self.revoked {
            return false;
        }
        match &self.account {
            Some(account) => !account.disabled && policy.allows_with(did, Some(&account.groups)),
            None => self.reserved.is_none() && policy.allows_with(did, None),
        }
    }

    /// The invite that it comes in with, and may accept: for the rules it counts as the account that it leads to.
    pub(super) fn joins(&self, did: &Did, policy: &Policy) -> Option<&Claim> {
        self.claims.iter().find(|claim| self.can_use(claim, did, policy))
    }

    /// The same of one invite.
    pub(super) fn joins_with(&self, invite: Id, did: &Did, policy: &Policy) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.invite == invite && self.can_use(claim, did, policy))
    }

    fn can_use(&self, claim: &Claim, did: &Did, policy: &Policy) -> bool {
        self.can_join(claim.account) && policy.allows_with(did, Some(&claim.groups))
    }

    /// Whether only the rules keep out somebody who was invited.
    pub(crate) fn is_invited(&self) -> bool {
        !self.claims.is_empty() && !self.revoked
    }

    /// Whether it may have an account that nobody invited it to.
    pub(super) fn can_found(&self, did: &Did, policy: &Policy) -> bool {
        self.can_join(None) && policy.allows_with(did, None)
    }

    /// Whether no account but this one can take the DID.
    pub(super) fn can_join(&self, account: Option<Id>) -> bool {
        !self.revoked && self.account.is_none() && (self.reserved.is_none() || self.reserved == account)
    }

    /// The same on a connection of the caller. What has an account is read in one statement.
    pub(super) async fn read(did: &Did, now: UnixTime, on: &mut Connection) -> Result<Self, sqlx::Error> {
        let holder = holder(did);
        let (known, is_invited) = Self::without_claims(&holder, now, on).await?;
        if known.account.is_some() || !is_invited {
            return Ok(known);
        }
        let claims = claims(&holder, now, on).await?;
        // Once more: who has accepted the invite in between has no claim left, and an account now.
        let (known, _) = Self::without_claims(&holder, now, on).await?;
        Ok(if known.account.is_some() { known } else { Self { claims, ..known } })
    }

    /// All but its claims, in one statement; and whether there may be any.
    async fn without_claims(holder: &str, now: UnixTime, on: &mut Connection) -> Result<(Self, bool), sqlx::Error> {
        // A row for each group; one without an account where there is none.
        let rows = sqlx::query(
            "SELECT accounts.*, revocations.holder AS revoked, account_groups.name AS group_name, reserving.account_id AS reserved,
                    CAST((SELECT count(*) FROM invites WHERE holder = who.asked AND claim_ends > $2) AS BIGINT) AS claims
                FROM (SELECT CAST($1 AS TEXT) AS asked) AS who
                LEFT JOIN revocations ON revocations.holder = who.asked
                LEFT JOIN account_keys ON account_keys.holder = who.asked
                LEFT JOIN accounts ON accounts.account_id = account_keys.account_id
                LEFT JOIN account_groups ON account_groups.account_id = accounts.account_id
                LEFT JOIN accounts AS reserving ON reserving.holder = who.asked",
        );
        let rows = rows.bind(holder).bind(sql_time(now)).fetch_all(on).await?;
        let Some(first) = rows.first() else { return Ok((Self::default(), false)) };
        let revoked: Option<String> = first.try_get("revoked")?;
        let mut account = member(first)?;
        if let Some(account) = &mut account {
            for row in &rows {
                account.groups.extend(row.try_get::<Option<String>, _>("group_name")?);
            }
            account.groups.sort();
        }
        let reserved: Option<Vec<u8>> = first.try_get("reserved")?;
        let is_reserved = account.is_none() && reserved.is_some();
        let reserved = if is_reserved { Some(Id::from_bytes(row::bytes(first, "reserved")?)) } else { None };
        let claims: i64 = first.try_get("claims")?;
        Ok((Self { revoked: revoked.is_some(), account, reserved, claims: Vec::new() }, claims > 0))
    }
}

/// The account of a row, without its groups.
fn member(row: &Row) -> Result<Option<Member>, sqlx::Error> {
    let account: Option<Vec<u8>> = row.try_get("account_id")?;
    if account.is_none() {
        return Ok(None);
    }
    let disabled: Option<i64> = row.try_get("disabled")?;
    Ok(Some(Member {
        id: id(row)?,
        subject: row.try_get("subject")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        groups: Vec::new(),
        disabled: disabled.is_some(),
    }))
}

pub(super) async fn groups_of(account: Id, on: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    let groups = sqlx::query_scalar("SELECT name FROM account_groups WHERE account_id = $1");
    let mut groups: Vec<String> = groups.bind(account.as_bytes()).fetch_all(on).await?;
    groups.sort();
    Ok(groups)
}

/// The last few are enough: each comes from whoever has an invite.
const MAX_CLAIMS: i64 = 20;

async fn claims(holder: &str, now: UnixTime, on: &mut Connection) -> Result<Vec<Claim>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT invites.* FROM invites LEFT JOIN accounts ON accounts.account_id = invites.account_id
            WHERE invites.holder = $1 AND invites.used IS NULL AND invites.ends > $2 AND invites.claim_ends > $2
                AND accounts.disabled IS NULL ORDER BY invites.claim_ends DESC LIMIT $3",
    );
    let rows = rows.bind(holder).bind(sql_time(now)).bind(MAX_CLAIMS).fetch_all(&mut *on).await?;
    let mut claims = Vec::new();
    for row in &rows {
        let account = account_of_invite(row)?;
        let groups = match account {
            Some(account) => groups_of(account, on).await?,
            None => groups(row)?,
        };
        let invite = Id::from_bytes(row::bytes(row, "invite_id")?);
        claims.push(Claim { invite, account, name: row.try_get("name")?, email: row.try_get("email")?, groups });
    }
    Ok(claims)
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

//! What happens with a new session in its own transaction: whoever may not come in any more gets none, and an invite that
//! was claimed becomes an account, or a further key of one.

use didshake::{Did, UnixTime};
use didshake_axum::StoreError;

use super::accounts::{Account, Accounts, Connection, MAX_KEYS, Undone, add_key, key_count, lock};
use super::row::sql_time;
use super::sessions::unavailable;
use super::standing::{Claim, Standing};
use crate::id::Id;
use crate::policy::{LivePolicy, holder};

/// Decides over new sessions.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) accounts: Accounts,
    pub(crate) policy: LivePolicy,
}

/// Who came in with an invite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Joined {
    did: String,
    invite: Id,
    account: Id,
    is_new: bool,
}

impl Entry {
    /// Called before the session is written, in the same transaction.
    pub(super) async fn enter(
        &self,
        did: &Did,
        now: UnixTime,
        on: &mut Connection,
    ) -> Result<Option<Joined>, StoreError> {
        let (standing, policy) =
            (Standing::read(did, Some(now), on).await.map_err(unavailable)?, self.policy.current());
        if !standing.lets_in(did, &policy) {
            return Err(StoreError::Refused);
        }
        let Some(claim) = standing.joins(did, &policy) else { return Ok(None) };
        match self.join(did, claim, now, on).await {
            Ok(joined) => Ok(Some(joined)),
            Err(Undone::Store(error)) => Err(error),
            Err(_) => Err(StoreError::Refused),
        }
    }

    async fn join(&self, did: &Did, claim: &Claim, now: UnixTime, on: &mut Connection) -> Result<Joined, Undone> {
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
        let (account, is_new) = match claim.account {
            Some(account) => {
                lock(account, on).await?;
                if key_count(account, on).await? >= MAX_KEYS {
                    return Err(Undone::Conflict);
                }
                add_key(account, did, &claim.name, now, on).await?;
                (account, false)
            }
            None => (self.accounts.add(&new_account(did, claim, now)?, on).await?, true),
        };
        Ok(Joined { did: did.as_str().to_owned(), invite: claim.invite, account, is_new })
    }
}

fn new_account(did: &Did, claim: &Claim, now: UnixTime) -> Result<Account, Undone> {
    Ok(Account {
        name: claim.name.clone(),
        email: claim.email.clone(),
        groups: claim.groups.clone(),
        ..Account::of(did, now)?
    })
}

impl Joined {
    /// Once it stands.
    pub(super) fn log(&self) {
        let Self { did, invite, account, is_new } = self;
        if *is_new {
            tracing::info!(did, %invite, %account, "an invite was used: a new account");
        } else {
            tracing::info!(did, %invite, %account, "an invite was used: a further key of an account");
        }
    }
}

//! For whom mailboxes are opened.

use didshake::Did;
use didshake_axum::StoreError;

use crate::access::Access;
use crate::config::{Config, ConfigError, MailboxOwners};
use crate::policy::{LivePolicy, holder};

/// Of those whom the service lets in.
#[derive(Clone, Debug)]
pub(crate) enum Admission {
    Everyone,
    Holders(Vec<String>),
    Policy(LivePolicy),
}

impl Admission {
    /// Reads the policy, where there is one.
    pub(crate) fn load(owners: &MailboxOwners, config: &Config) -> Result<Self, ConfigError> {
        Ok(match owners {
            MailboxOwners::Anyone => Self::Everyone,
            MailboxOwners::Dids(dids) => Self::Holders(dids.iter().map(holder).collect()),
            MailboxOwners::Policy(path) => Self::Policy(LivePolicy::new(config.policy_at("mailboxes", path)?)),
        })
    }

    pub(crate) fn policy(&self) -> Option<&LivePolicy> {
        if let Self::Policy(policy) = self { Some(policy) } else { None }
    }

    /// Whether it is one of them, now.
    pub(super) async fn admits(&self, did: &Did, access: &Access) -> Result<bool, StoreError> {
        match self {
            Self::Everyone => Ok(true),
            Self::Holders(holders) => Ok(holders.contains(&holder(did))),
            Self::Policy(policy) => {
                let standing = access.of_session(did).await?;
                Ok(standing.is_some_and(|standing| standing.belongs(did, &policy.current())))
            }
        }
    }
}

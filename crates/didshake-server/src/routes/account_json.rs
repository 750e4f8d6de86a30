//! Accounts and invites, as their holders and admins see them. Times are Unix seconds.

use didshake::Did;
use serde::Serialize;
use utoipa::ToSchema;

use crate::policy::holder;
use crate::store::{Account, Invite, Made};

/// Who asks, and the account that the DID belongs to.
#[derive(Serialize, ToSchema)]
pub(super) struct WhoJson {
    /// The DID of this request.
    did: String,
    /// Its account; `null` where it has none.
    account: Option<AccountJson>,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountJson {
    /// 32 hexadecimal digits.
    account_id: String,
    /// The first DID that it had: what applications know it by.
    subject: String,
    /// Empty where nobody gave one.
    name: String,
    email: Option<String>,
    groups: Vec<String>,
    created: u64,
    /// A disabled one is refused everywhere.
    disabled: bool,
    keys: Vec<KeyJson>,
}

/// A DID of an account.
#[derive(Serialize, ToSchema)]
struct KeyJson {
    did: String,
    /// Empty for the first one.
    label: String,
    added: u64,
    /// Whether it is the one of this request.
    current: bool,
}

/// Accounts, in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountsJson {
    pub(super) accounts: Vec<AccountJson>,
    /// What to ask for the next ones after; `null`: these are the last.
    pub(super) next: Option<String>,
}

/// A new invite. Its secret is shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct NewInviteJson {
    invite_id: String,
    secret: String,
    /// What is opened to use it.
    #[schema(example = "https://example.com/login#invite=…")]
    link: String,
    expires: u64,
}

/// What an invite is good for.
#[derive(Serialize, ToSchema)]
pub(super) struct OfferJson {
    /// `account`: a new one; `key`: a further DID of an account.
    kind: &'static str,
    /// The name of the account.
    name: String,
    groups: Vec<String>,
    /// Of the further key.
    label: Option<String>,
    /// The first DID of the account that gets a further key.
    subject: Option<String>,
    expires: u64,
}

/// An invite, as an admin sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct InviteJson {
    invite_id: String,
    #[serde(flatten)]
    offer: OfferJson,
    email: Option<String>,
    /// The account that gets a further key.
    account_id: Option<String>,
    made: u64,
    /// The DID that it admits for now, and that may accept it.
    claimed_by: Option<String>,
}

/// The invites that can be used, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitesJson {
    pub(super) invites: Vec<InviteJson>,
}

impl WhoJson {
    pub(super) fn of(account: Option<Account>, asking: &Did) -> Self {
        let account = account.map(|account| AccountJson::of(account, asking));
        Self { did: asking.as_str().to_owned(), account }
    }
}

impl AccountJson {
    pub(super) fn of(account: Account, asking: &Did) -> Self {
        let current = holder(asking);
        let is_current = |did: &str| Did::parse(did).is_ok_and(|did| holder(&did) == current);
        let keys = account.keys.into_iter().map(|key| KeyJson {
            current: is_current(&key.did),
            did: key.did,
            label: key.label,
            added: key.added.0,
        });
        Self {
            account_id: account.id.to_string(),
            subject: account.subject,
            name: account.name,
            email: account.email,
            groups: account.groups,
            created: account.created.0,
            disabled: account.disabled.is_some(),
            keys: keys.collect(),
        }
    }
}

impl NewInviteJson {
    pub(super) fn of(made: &Made, link: String) -> Self {
        let secret = (*made.secret.to_text()).clone();
        Self { invite_id: made.id.to_string(), secret, link, expires: made.ends.0 }
    }
}

impl OfferJson {
    pub(super) fn of(invite: Invite) -> Self {
        let kind = if invite.account.is_some() { "key" } else { "account" };
        let Invite { name, groups, label, subject, ends, .. } = invite;
        Self { kind, name, groups, label, subject, expires: ends.0 }
    }
}

impl InviteJson {
    pub(super) fn of(mut invite: Invite) -> Self {
        Self {
            invite_id: invite.id.to_string(),
            email: invite.email.take(),
            account_id: invite.account.map(|id| id.to_string()),
            made: invite.made.0,
            claimed_by: invite.claimed_by.take(),
            offer: OfferJson::of(invite),
        }
    }
}

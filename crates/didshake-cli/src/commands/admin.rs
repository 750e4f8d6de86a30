//! `didshake admin`.

mod asking;
mod show;

use clap::{Args, Subcommand};
use didshake::Did;
use didshake_did::IdentityName;
use serde_json::{Map, Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::web_access::WebAccess;
use asking::Asking;

const AFTER_HELP: &str = "\
Administers the accounts of a service that you are logged in to, with an identity whose account
is in the group admin. The first admin comes in with the link that `didshake serve` prints while
there is none:

  didshake login https://example.com --as me --invite -    then paste the link

An account is a person: a name, groups that the policies of the service and of its applications
know, and one or more DIDs. Nobody has a password; an invite is a link that works once, for whoever
proves a DID with it. Send it by a way that only the right person reads.

Examples:
  didshake admin invite 'Zoë Doe' --group staff            prints the link
  didshake admin invites                                   those that can still be used
  didshake admin accounts
  didshake admin account set ACCOUNT --group staff --group wiki
  didshake admin account disable ACCOUNT                   out at once; `enable` lets back in
  didshake admin invite phone --account ACCOUNT            for somebody who lost every key
  didshake admin revoke did:key:z6Mk… --reason 'lost phone'

Exit codes: 0 done, 1 not done (no such thing, or nobody could administer any more),
2 wrong usage, 4 no admin, no session, or one that is over, 5 network.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Admin {
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    command: AdminCommand,
}

/// At which service, and as whom.
#[derive(Args)]
pub(crate) struct At {
    /// The service; may be left out where there is one session
    #[arg(long, value_name = "URL", global = true)]
    url: Option<String>,
    /// The identity whose session it is, where there are several
    #[arg(long = "as", value_name = "NAME", global = true)]
    identity: Option<IdentityName>,
    #[command(flatten)]
    web: WebAccess,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Print a link that makes an account, once
    Invite(Invite),
    /// List the invites that can be used
    Invites,
    /// Take an invite back
    Cancel {
        /// Its id, as `invites` shows it
        invite: String,
    },
    /// List the accounts
    Accounts,
    /// Show, change or remove an account
    #[command(subcommand)]
    Account(AccountCommand),
    /// List the sessions of a DID, or the newest hundred of all
    Sessions {
        /// Of this DID alone
        #[arg(long)]
        did: Option<Did>,
    },
    /// End a session of whomever
    End {
        /// Its name, as `sessions` shows it
        #[arg(allow_hyphen_values = true)]
        session: String,
    },
    /// Refuse a DID from now on, whatever the policy says, and end its sessions
    Revoke {
        /// Whom
        did: Did,
        /// Why, for whoever asks later
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Refuse a DID no more
    Unrevoke {
        /// Whom
        did: Did,
    },
    /// List the revoked DIDs
    Revocations,
}

#[derive(Args)]
struct Invite {
    /// Of the person; with --account, of the further key
    name: String,
    /// Given to applications in Remote-Email
    #[arg(long, conflicts_with = "account")]
    email: Option<String>,
    /// A group that the account is in (repeatable)
    #[arg(long = "group", value_name = "GROUP", conflicts_with = "account")]
    groups: Vec<String>,
    /// How long the link works
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=720))]
    hours: u16,
    /// Make a further key of this account instead
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Show an account
    Show {
        /// Its id, as `accounts` shows it
        account: String,
    },
    /// Change an account; what is not said stays
    Set(Set),
    /// Refuse an account everywhere, and end its sessions
    Disable {
        /// Its id, as `accounts` shows it
        account: String,
    },
    /// Let an account in again
    Enable {
        /// Its id, as `accounts` shows it
        account: String,
    },
    /// Remove an account, and revoke its DIDs
    Remove {
        /// Its id, as `accounts` shows it
        account: String,
    },
}

#[derive(Args)]
struct Set {
    /// Its id, as `accounts` shows it
    account: String,
    #[command(flatten)]
    change: Change,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Change {
    /// What it is called
    #[arg(long)]
    name: Option<String>,
    /// Given to applications in Remote-Email
    #[arg(long, conflicts_with = "no_email")]
    email: Option<String>,
    /// Take the e-mail address away
    #[arg(long)]
    no_email: bool,
    /// All of its groups from now on (repeatable)
    #[arg(long = "group", value_name = "GROUP", conflicts_with = "no_groups")]
    groups: Vec<String>,
    /// Take all groups away
    #[arg(long)]
    no_groups: bool,
}

pub(crate) fn run(global: &Global, options: &Admin) -> Result<(), Failure> {
    let asking = Asking::new(global, &options.at)?;
    match &options.command {
        AdminCommand::Invite(invite) => {
            let made = asking.json("POST", "/v1/admin/invites", Some(&invite.as_json()))?;
            show::made(global, &made)
        }
        AdminCommand::Invites => show::list(global, &asking.json("GET", "/v1/admin/invites", None)?, "invites"),
        AdminCommand::Cancel { invite } => {
            asking.done("DELETE", &format!("/v1/admin/invites/{}", segment(invite)?), None)?;
            show::done(global, "nobody can use it any more", "invite_id", invite)
        }
        AdminCommand::Accounts => show::list(global, &asking.pages("/v1/admin/accounts", "accounts")?, "accounts"),
        AdminCommand::Account(command) => account(global, &asking, command),
        AdminCommand::Sessions { did } => {
            let query = did.as_ref().map(|did| format!("?did={}", in_url(did))).unwrap_or_default();
            let listed = asking.json("GET", &format!("/v1/admin/sessions{query}"), None)?;
            show::list(global, &listed, "sessions")
        }
        AdminCommand::End { session } => {
            asking.done("DELETE", &format!("/v1/admin/sessions/{}", segment(session)?), None)?;
            show::done(global, "ended", "session_id", session)
        }
        AdminCommand::Revoke { did, reason } => {
            let body = json!({"did": did.as_str(), "reason": reason});
            asking.done("POST", "/v1/admin/revocations", Some(&body))?;
            show::done(global, "refused from now on; its sessions have ended", "did", did.as_str())
        }
        AdminCommand::Unrevoke { did } => {
            asking.done("DELETE", &format!("/v1/admin/revocations/{}", in_url(did)), None)?;
            show::done(global, "revoked no more", "did", did.as_str())
        }
        AdminCommand::Revocations => {
            show::list(global, &asking.pages("/v1/admin/revocations", "revocations")?, "revocations")
        }
    }
}

fn account(global: &Global, asking: &Asking, command: &AccountCommand) -> Result<(), Failure> {
    let path = |account: &str| segment(account).map(|account| format!("/v1/admin/accounts/{account}"));
    let (account, change) = match command {
        AccountCommand::Show { account } => {
            return show::account(global, &asking.json("GET", &path(account)?, None)?);
        }
        AccountCommand::Remove { account } => {
            asking.done("DELETE", &path(account)?, None)?;
            return show::done(global, "removed; its DIDs are revoked", "account_id", account);
        }
        AccountCommand::Set(set) => (&set.account, set.change.as_json()),
        AccountCommand::Disable { account } => (account, json!({"disabled": true})),
        AccountCommand::Enable { account } => (account, json!({"disabled": false})),
    };
    show::account(global, &asking.json("PATCH", &path(account)?, Some(&change))?)
}

impl Invite {
    fn as_json(&self) -> Value {
        let mut new = Map::new();
        new.insert("name".into(), self.name.as_str().into());
        new.insert("hours".into(), self.hours.into());
        if let Some(account) = &self.account {
            new.insert("account_id".into(), account.as_str().into());
            return Value::Object(new);
        }
        if let Some(email) = &self.email {
            new.insert("email".into(), email.as_str().into());
        }
        new.insert("groups".into(), json!(self.groups));
        Value::Object(new)
    }
}

impl Change {
    fn as_json(&self) -> Value {
        let mut change = Map::new();
        if let Some(name) = &self.name {
            change.insert("name".into(), name.as_str().into());
        }
        if self.email.is_some() || self.no_email {
            change.insert("email".into(), json!(self.email));
        }
        if !self.groups.is_empty() || self.no_groups {
            change.insert("groups".into(), json!(self.groups));
        }
        Value::Object(change)
    }
}

/// An id as a part of a path.
fn segment(id: &str) -> Result<&str, Failure> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let wrong = || Failure::new(Exit::Usage, "id", format!("`{}` is no id", output::printable(id)));
    plain.then_some(id).ok_or_else(wrong)
}

/// Of all that a DID may have, only `%` means something else in a URL.
fn in_url(did: &Did) -> String {
    did.as_str().replace('%', "%25")
}

//! What the relay is told.

use std::path::PathBuf;

use didshake::Did;
use didshake_did::web::Rate;

use super::check::{Checked, Checks};
use super::error::ValueFault;
use super::{MailboxOwners, RelaySettings};

const ANYONE: &str = "anyone";
/// Requests with up to 64 deposits each.
const MAX_RATE: u32 = 10_000_000;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl Checks<'_> {
    /// The relay, if `mailboxes` says for whom.
    pub(super) fn relay(&self) -> Checked<Option<RelaySettings>> {
        let settings = self.settings;
        let relay = RelaySettings {
            owners: MailboxOwners::Anyone,
            max_mailboxes: self.number("max_mailboxes", settings.max_mailboxes, 100_000, (1, 10_000_000))?,
            mailbox_waiting: self.number("mailbox_waiting", settings.mailbox_waiting, 10_000, (1, 10_000_000))?,
            mailbox_bytes: self.number("mailbox_bytes", settings.mailbox_bytes, 64 * MIB, (131_138, 1024 * GIB))?,
            rate_deposits: self
                .one("rate_deposits", settings.rate_deposits.as_deref(), rate)?
                .unwrap_or(Rate { burst: 3000, per_minute: 6000 }),
            circuit_bytes: self.number("circuit_bytes", settings.circuit_bytes, GIB, (1, 1024 * GIB))?,
            disk_reserve: self.number("disk_reserve", settings.disk_reserve, 64 * MIB, (0, 1024 * 1024 * GIB))?,
        };
        Ok(self.owners()?.map(|owners| RelaySettings { owners, ..relay }))
    }

    fn owners(&self) -> Checked<Option<MailboxOwners>> {
        const KEY: &str = "mailboxes";
        let mut owners = self.all(KEY, self.settings.mailboxes.as_deref(), owner)?;
        if owners.len() < 2 {
            return Ok(owners.pop());
        }
        let dids =
            owners.into_iter().map(|owner| if let MailboxOwners::Dids(dids) = owner { Some(dids) } else { None });
        let dids: Option<Vec<Vec<Did>>> = dids.collect();
        let dids = dids.ok_or_else(|| self.combination(KEY, ValueFault::MailboxOwners))?;
        Ok(Some(MailboxOwners::Dids(dids.concat())))
    }
}

/// `anyone`, a DID, or the name of a policy file.
fn owner(text: &str) -> Result<MailboxOwners, ValueFault> {
    match text {
        ANYONE => Ok(MailboxOwners::Anyone),
        did if did.starts_with("did:") => {
            Did::parse(did).map(|did| MailboxOwners::Dids(vec![did])).map_err(ValueFault::Did)
        }
        path => Ok(MailboxOwners::Policy(PathBuf::from(path))),
    }
}

/// `N/min`, or `N` alone; half of a minute's requests may come at once.
fn rate(text: &str) -> Result<Rate, ValueFault> {
    let per_minute: u32 = text.strip_suffix("/min").unwrap_or(text).parse().map_err(|_| ValueFault::RateDeposits)?;
    if !(1..=MAX_RATE).contains(&per_minute) {
        return Err(ValueFault::RateDeposits);
    }
    Ok(Rate { burst: per_minute.div_ceil(2), per_minute })
}

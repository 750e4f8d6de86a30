//! What an identity of ours keeps between two commands: contacts, letters, mailboxes.

mod failure;
mod online;

use std::path::PathBuf;

use clap::Args;
use didshake::Did;
use didshake_did::{IdentityName, SigningIdentity};
use didshake_peer::mailbox::SqliteStore;
use etcetera::BaseStrategy;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::passphrase::PassphraseSource;
use crate::storage;

pub(crate) use failure::{of_agent, of_relay, of_store, trouble, trouble_exit};
pub(crate) use online::{Online, Post};

/// Which identity of ours a command is about.
#[derive(Args)]
pub(crate) struct Own {
    /// Who we are: an identity of ours [default: the only one]
    #[arg(long = "as", value_name = "NAME")]
    identity: Option<IdentityName>,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

impl Own {
    /// The one that is named, or the only one.
    pub(crate) fn name(&self, global: &Global) -> Result<IdentityName, Failure> {
        if let Some(name) = &self.identity {
            return Ok(name.clone());
        }
        let names = storage::identities(global)?.names().map_err(|error| storage::key_file_failure(&error))?;
        match names.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Failure::new(Exit::Storage, "no_identity", "there is no identity yet")
                .remedy("make one: `didshake id new NAME`")),
            several => {
                let list = several.iter().map(IdentityName::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("there are several identities: {list}");
                Err(Failure::new(Exit::Usage, "several_identities", message).remedy("say which with --as NAME"))
            }
        }
    }

    /// Its DID, which needs no passphrase.
    pub(crate) fn did(&self, global: &Global) -> Result<Did, Failure> {
        let name = self.name(global)?;
        let header = storage::identities(global)?.header(&name);
        header.map(|header| header.did).map_err(|error| storage::missing(&name, &error))
    }

    /// The identity, able to sign.
    pub(crate) fn load(&self, global: &Global) -> Result<SigningIdentity, Failure> {
        storage::load(global, &self.name(global)?, &self.passphrase)
    }
}

/// Where contacts and letters are.
pub(crate) fn store_path(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.agent_store {
        return Ok(path.clone());
    }
    let base = etcetera::choose_base_strategy().map_err(|_| {
        Failure::new(Exit::Storage, "store_file", "there is no home directory")
            .remedy("set HOME, or say with --agent-store where letters are kept")
    })?;
    Ok(base.data_dir().join("didshake").join("agent.sqlite"))
}

/// The contacts and letters of one of our identities.
pub(crate) async fn open_store(global: &Global, own: Did) -> Result<SqliteStore, Failure> {
    SqliteStore::open(&store_path(global)?, own).await.map_err(|error| of_store(&error))
}

//! `didshake backup` and `didshake restore`.

use std::path::PathBuf;

use clap::Args;
use didshake_server::{StorageError, default_directory};
use serde_json::json;

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::meeting::runtime;
use crate::output;

const AFTER_BACKUP: &str = "\
The copy is whole and consistent, also while the service runs. It holds the keys of sessions: keep it like a password.
The identity of the service is not in it: DIR/identities holds key files that do not change; copy them once.

Example:
  didshake backup --data /var/lib/didshake sessions.sqlite3";

const AFTER_RESTORE: &str = "\
Sessions that were ended after the backup live again. For a minute no request of a restored session counts, so that none
is taken twice.

Example:
  didshake restore --data /var/lib/didshake sessions.sqlite3";

/// Where a service keeps its data.
#[derive(Args)]
pub(crate) struct Data {
    /// Where the service keeps its data [default: $XDG_STATE_HOME/didshake/server]
    #[arg(long = "data", env = "DIDSHAKE_DATA", hide_env = true, value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Data {
    fn directory(&self) -> Result<PathBuf, Failure> {
        self.directory.clone().or_else(default_directory).ok_or_else(|| {
            Failure::new(Exit::Storage, "storage", "there is no home directory").remedy("say where: --data DIR")
        })
    }
}

#[derive(Args)]
#[command(after_help = AFTER_BACKUP)]
pub(crate) struct Backup {
    #[command(flatten)]
    data: Data,
    /// The file to write; it must not exist
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

#[derive(Args)]
#[command(after_help = AFTER_RESTORE)]
pub(crate) struct Restore {
    #[command(flatten)]
    data: Data,
    /// Replace the database that is there
    #[arg(long)]
    force: bool,
    /// A backup
    #[arg(value_name = "IN")]
    backup: PathBuf,
}

pub(crate) fn backup(global: &Global, options: &Backup) -> Result<(), Failure> {
    let data = options.data.directory()?;
    runtime()?.block_on(didshake_server::backup(&data, &options.out)).map_err(|error| failure(&error))?;
    let path = options.out.display().to_string();
    if global.json {
        output::json(&json!({"backup": path}));
    } else {
        output::note(&format!("written to {path}"));
    }
    Ok(())
}

pub(crate) fn restore(global: &Global, options: &Restore) -> Result<(), Failure> {
    let data = options.data.directory()?;
    let restored = runtime()?.block_on(didshake_server::restore(&data, &options.backup, options.force));
    restored.map_err(|error| {
        let replaces = matches!(error, StorageError::Exists { .. });
        let failure = failure(&error);
        if replaces { failure.remedy("replace it with --force") } else { failure }
    })?;
    let path = data.display().to_string();
    if global.json {
        output::json(&json!({"restored": path}));
    } else {
        output::note(&format!("restored in {path}"));
    }
    Ok(())
}

fn failure(error: &StorageError) -> Failure {
    Failure::new(Exit::Storage, "storage", chain(error)).remedy(error.remedy())
}

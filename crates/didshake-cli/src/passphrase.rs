//! Where passphrases come from: a file, a descriptor, or somebody at a terminal. Never the command line or the
//! environment, where others can read them.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use didshake_did::{IdentityName, Passphrase, PassphraseError};

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct PassphraseSource {
    /// Read the passphrase from a file of one line; a line break at its end does not count
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from an open file descriptor (a file or a pipe), like a file of one line
    #[arg(long, value_name = "N")]
    passphrase_fd: Option<u32>,
}

impl PassphraseSource {
    /// Whether the command line names one.
    pub(crate) fn is_given(&self) -> bool {
        self.passphrase_file.is_some() || self.passphrase_fd.is_some()
    }

    /// The passphrase of an existing identity.
    pub(crate) fn unlock(&self, global: &Global, name: &IdentityName) -> Result<Passphrase, Failure> {
        match self.read() {
            Some(passphrase) => passphrase,
            None if can_ask(global) => ask(&format!("Passphrase of {name}: ")),
            None => Err(nobody_to_ask(&format!("the key of {name} is encrypted"))),
        }
    }

    /// A new passphrase, asked for twice.
    pub(crate) fn choose(&self, global: &Global, name: &IdentityName) -> Result<Passphrase, Failure> {
        if let Some(passphrase) = self.read() {
            return passphrase;
        }
        if !can_ask(global) {
            return Err(nobody_to_ask("a new passphrase is wanted"));
        }
        let first = prompt(&format!("New passphrase for {name}: "))?;
        let same = *first == *prompt("The same again: ")?;
        if !same {
            return Err(Failure::new(Exit::Usage, "passphrase", "the two passphrases differ"));
        }
        passphrase(first)
    }

    fn read(&self) -> Option<Result<Passphrase, Failure>> {
        let read = match (&self.passphrase_file, self.passphrase_fd) {
            (Some(path), _) => Passphrase::from_file(path),
            (None, Some(fd)) => Passphrase::from_fd(fd),
            (None, None) => return None,
        };
        Some(read.map_err(|error| failure(&error)))
    }
}

/// Whether somebody sits there who can answer.
pub(crate) fn can_ask(global: &Global) -> bool {
    !global.json && !global.batch && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(text: &str) -> Result<Passphrase, Failure> {
    passphrase(prompt(text)?)
}

/// What somebody types unseen.
pub(crate) fn prompt(text: &str) -> Result<zeroize::Zeroizing<String>, Failure> {
    let read = rpassword::prompt_password(text);
    read.map(zeroize::Zeroizing::new)
        .map_err(|error| Failure::new(Exit::Usage, "passphrase", format!("cannot read what is typed: {error}")))
}

fn passphrase(mut text: zeroize::Zeroizing<String>) -> Result<Passphrase, Failure> {
    Passphrase::new(std::mem::take(&mut *text).into_bytes()).map_err(|error| failure(&error))
}

fn failure(error: &PassphraseError) -> Failure {
    let exit = if matches!(error, PassphraseError::Unreadable { .. }) { Exit::Storage } else { Exit::Usage };
    Failure::new(exit, "passphrase", chain(error))
}

fn nobody_to_ask(why: &str) -> Failure {
    Failure::new(Exit::Usage, "passphrase_needed", format!("{why}, and nobody can be asked for it here"))
        .remedy("give --passphrase-file FILE or --passphrase-fd N")
}

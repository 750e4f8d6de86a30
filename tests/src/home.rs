//! A user with a home of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use didshake::{Algorithm, Fragment, Secret};
use didshake_did::{IdentityName, IdentityStore, Passphrase, SecretKey, did_key, key_file};
use tempfile::TempDir;

use crate::program::{Output, didshake, finish};

/// A home directory, removed at the end.
pub struct Home(TempDir);

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes a file into it.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn write(&self, relative: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program, with this home and no other environment.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        command_in(self.0.path(), arguments)
    }

    /// Starts the program.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    /// Runs the program to its end, without input.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        finish(self.spawn(arguments), b"")
    }

    /// Runs the program to its end.
    #[must_use]
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        finish(self.spawn(arguments), input)
    }

    /// Makes an identity with the program and gives its DID.
    #[must_use]
    pub fn identity(&self, name: &str) -> String {
        self.run(&["id", "new", name]).expect(0).text().trim().to_owned()
    }

    /// Makes an identity of a secret that is known, as a user's key file, and gives its DID.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn identity_of(&self, name: &str, algorithm: Algorithm, secret: [u8; 32], passphrase: Option<&str>) -> String {
        let key = SecretKey::new(algorithm, Secret::new(secret)).unwrap();
        let did = did_key::encode(&key.public_key().unwrap()).unwrap();
        let fragment = Fragment::of(&did, "").unwrap();
        let passphrase = passphrase.map(|text| Passphrase::new(text.as_bytes().to_vec()).unwrap());
        let name = IdentityName::parse(name).unwrap();
        let file = key_file::NewKeyFile {
            name: Some(&name),
            did: &did,
            fragment: &fragment,
            key: &key,
            passphrase: passphrase.as_ref(),
        };
        let store = IdentityStore::at(self.path(".local/share/didshake/identities"));
        std::fs::create_dir_all(store.directory().parent().unwrap()).unwrap();
        store.create(&name, &file, &mut rand_core::UnwrapErr(getrandom::SysRng)).unwrap();
        did.as_str().to_owned()
    }
}

pub(crate) fn command_in(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(didshake());
    command.args(arguments).env_clear().current_dir(home);
    command.env("HOME", home).env("RUST_BACKTRACE", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

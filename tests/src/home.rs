//! A user with a home of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use didshake::{Algorithm, Fragment, Secret};
use didshake_did::{IdentityName, IdentityStore, Passphrase, SecretKey, did_key, key_file};
use tempfile::TempDir;

use crate::namespaces::Namespace;
use crate::program::{Output, built, didshake, finish};

/// A home directory, removed at the end.
pub struct Home {
    directory: TempDir,
    place: Place,
}

/// Where a program runs: its home, and its host where that is not this machine.
#[derive(Clone)]
pub(crate) struct Place {
    home: PathBuf,
    host: Option<Namespace>,
}

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        Self::on(None)
    }

    /// An empty one, whose programs run on this host.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn at(host: &Namespace) -> Self {
        Self::on(Some(host.clone()))
    }

    fn on(host: Option<Namespace>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let place = Place { home: directory.path().to_owned(), host };
        Self { directory, place }
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(relative)
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
        self.place.command(arguments)
    }

    /// A program of an example, with this home, and `didshake` in its path.
    ///
    /// # Panics
    /// Where it does not build.
    #[must_use]
    pub fn example(&self, program: &str, arguments: &[&str]) -> Command {
        let path = [didshake().parent().expect("a directory"), Path::new("/usr/bin"), Path::new("/bin")];
        let mut command = self.place.command_of(&built(program), arguments);
        command.env("PATH", std::env::join_paths(path).expect("a path"));
        command
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

impl Place {
    /// The program, with this home and no other environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(didshake(), arguments)
    }

    fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = match &self.host {
            Some(host) => host.command(program),
            None => Command::new(program),
        };
        command.args(arguments).env_clear().current_dir(&self.home);
        command.env("HOME", &self.home).env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

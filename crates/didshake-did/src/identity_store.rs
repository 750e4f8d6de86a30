//! The directory where the identities of a user are kept.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use etcetera::BaseStrategy;
use rand_core::CryptoRng;

use crate::key_file::{self, Header, KeyFileError, NewKeyFile};
use crate::passphrase::Passphrase;
use crate::private_file;
use crate::signer::SigningIdentity;

/// The name of an identity on this machine: 1 to 64 letters, digits, `.`, `_` and `-` of ASCII, the first a letter or a
/// digit.
///
/// ```
/// use didshake_did::IdentityName;
/// assert!(IdentityName::parse("alice-2").is_ok());
/// assert!(IdentityName::parse("../alice").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityName(String);

/// A text that is no name of an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a name is 1 to 64 letters, digits, `.`, `_` and `-`, and begins with a letter or a digit")]
pub struct NameError;

impl IdentityName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let first_ok = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest_ok = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if first_ok && rest_ok && text.len() <= 64 { Ok(Self(text.to_owned())) } else { Err(NameError) }
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdentityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for IdentityName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// Key files by name, `NAME.pem` in one directory.
///
/// ```
/// use didshake::{Algorithm, Fragment};
/// use didshake_did::{IdentityName, IdentityStore, SecretKey, did_key, key_file::NewKeyFile};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("identities");
/// # let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
/// let store = IdentityStore::at(path);
/// let name = IdentityName::parse("alice")?;
/// let key = SecretKey::generate(Algorithm::Ed25519, &mut rng)?;
/// let did = did_key::encode(&key.public_key()?)?;
/// let fragment = Fragment::of(&did, "")?;
/// store.create(&name, &NewKeyFile { name: None, did: &did, fragment: &fragment, key: &key, passphrase: None }, &mut rng)?;
/// assert_eq!(store.load(&name, None)?.did(), &did);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityStore {
    directory: PathBuf,
}

impl IdentityStore {
    /// The identities in a directory, which need not exist yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The identities of this user: `$XDG_DATA_HOME/didshake/identities`, which is
    /// `~/.local/share/didshake/identities` unless set otherwise (XDG Base Directory Specification).
    ///
    /// # Errors
    /// [`KeyFileError::NoHomeDirectory`].
    pub fn of_user() -> Result<Self, KeyFileError> {
        let base = etcetera::choose_base_strategy().map_err(|_| KeyFileError::NoHomeDirectory)?;
        Ok(Self::at(base.data_dir().join("didshake").join("identities")))
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the identity of this name is or would be.
    #[must_use]
    pub fn path(&self, name: &IdentityName) -> PathBuf {
        self.directory.join(format!("{name}.pem"))
    }

    /// Writes a new identity under a name, which also goes into the file; makes the directory, mode 0700, if need be.
    ///
    /// # Errors
    /// Those of [`key_file::create`]; [`KeyFileError::DirectoryOpenToOthers`].
    pub fn create(
        &self,
        name: &IdentityName,
        new: &NewKeyFile<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), KeyFileError> {
        self.make_directory()?;
        key_file::create(&self.path(name), &NewKeyFile { name: Some(name), ..*new }, rng)
    }

    fn make_directory(&self) -> Result<(), KeyFileError> {
        let path = || self.directory.clone();
        let made = private_file::create_directory(&self.directory).and_then(|()| fs::metadata(&self.directory));
        let mode =
            private_file::permissions(&made.map_err(|source| KeyFileError::Unwritable { path: path(), source })?);
        let is_open = mode & 0o022 != 0;
        if is_open { Err(KeyFileError::DirectoryOpenToOthers { path: path(), mode }) } else { Ok(()) }
    }

    /// Loads an identity by name.
    ///
    /// # Errors
    /// Those of [`key_file::load`].
    pub fn load(&self, name: &IdentityName, passphrase: Option<&Passphrase>) -> Result<SigningIdentity, KeyFileError> {
        key_file::load(&self.path(name), passphrase)
    }

    /// What an identity's file says of itself, without its passphrase.
    ///
    /// # Errors
    /// Those of [`key_file::read_header`].
    pub fn header(&self, name: &IdentityName) -> Result<Header, KeyFileError> {
        key_file::read_header(&self.path(name))
    }

    /// The names of all identities in alphabetical order; none where there is no directory yet. Other files are passed
    /// over.
    ///
    /// # Errors
    /// [`KeyFileError::Unreadable`].
    pub fn names(&self) -> Result<Vec<IdentityName>, KeyFileError> {
        let unreadable = |source| KeyFileError::Unreadable { path: self.directory.clone(), source };
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(unreadable)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".pem"));
            names.extend(name.and_then(|name| IdentityName::parse(name).ok()));
        }
        names.sort();
        Ok(names)
    }
}

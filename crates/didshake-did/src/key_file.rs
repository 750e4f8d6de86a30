//! Key files: one identity each, a PEM that OpenSSL reads, with the DID in plain lines above it.
//!
//! ```text
//! # didshake identity
//! # name: alice
//! # did: did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
//! -----BEGIN ENCRYPTED PRIVATE KEY-----
//! …
//! ```
//! The lines are for people and for finding the right file. Nothing that is verified rests on them: a did:key or did:jwk
//! must be the key's, a did:peer must carry it, and for any other DID the peer looks the key up in the document.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use didshake::{Did, Fault, Fragment};
use pkcs8::der::SecretDocument;
use pkcs8::der::pem::LineEnding;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::identity_store::IdentityName;
use crate::passphrase::Passphrase;
use crate::private_file::{self, Readers, Unread};
use crate::secret_key::{KeyFormFault, SecretKey};
use crate::signer::{LocalSigner, SigningIdentity, holds_other_key};

/// The longest key file, in bytes.
pub const MAX_KEY_FILE_BYTES: usize = 16_384;

const FIRST_LINE: &str = "# didshake identity";
const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// What a key file says of itself without its passphrase; the lines could have been edited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The name that its user gave it, if any.
    pub name: Option<IdentityName>,
    /// The DID.
    pub did: Did,
    /// The fragment of the verification method.
    pub fragment: Fragment,
    /// Whether a passphrase is needed to sign.
    pub encrypted: bool,
}

/// A key file to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewKeyFile<'a> {
    /// A name for people.
    pub name: Option<&'a IdentityName>,
    /// The DID that the key is for.
    pub did: &'a Did,
    /// The fragment of its verification method, empty for did:key and did:jwk.
    pub fragment: &'a Fragment,
    /// The key.
    pub key: &'a SecretKey,
    /// What encrypts it; nothing does if there is none.
    pub passphrase: Option<&'a Passphrase>,
}

/// Why a key file could not be read or written. Each says what to do about it; none shows what the file holds.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the path, its mode, and what the operating system said")]
pub enum KeyFileError {
    /// The file is missing, or the operating system does not let us read it.
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file or its directory cannot be written.
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// There is such a file already; it is never replaced.
    #[error("{} exists already: choose another name, or move it away", path.display())]
    AlreadyExists { path: PathBuf },
    /// Group or others have rights to the file.
    #[error("{} is open to other users (mode {mode:04o}): run `chmod 600 '{}'`", path.display(), path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    /// Group or others may write into the directory.
    #[error("{} can be written by other users (mode {mode:04o}): run `chmod 700 '{}'`", path.display(), path.display())]
    DirectoryOpenToOthers { path: PathBuf, mode: u32 },
    /// The file is longer than [`MAX_KEY_FILE_BYTES`].
    #[error("{} is longer than {MAX_KEY_FILE_BYTES} bytes: it is no key file", path.display())]
    TooLarge { path: PathBuf },
    /// Not the lines and the one PEM block of a key file.
    #[error("{} is no key file: lines that begin with `#`, one of them `# did: …`, then one PEM block are expected", path.display())]
    NotAKeyFile { path: PathBuf },
    /// The key is of another algorithm than Ed25519 and P-256, or a PKCS#8 of another version.
    #[error("{} holds a key of another kind than PKCS#8 version 1 with Ed25519 or P-256", path.display())]
    UnsupportedKey { path: PathBuf },
    /// Deriving the key from the passphrase would take unreasonable memory or time.
    #[error("{} would cost too much to decrypt: encrypt it again with `openssl pkcs8 -topk8 -scrypt`", path.display())]
    TooCostly { path: PathBuf },
    /// The file is encrypted and no passphrase was given.
    #[error("{} is encrypted: give its passphrase", path.display())]
    PassphraseNeeded { path: PathBuf },
    /// The passphrase does not decrypt the file.
    #[error("the passphrase does not decrypt {}", path.display())]
    WrongPassphrase { path: PathBuf },
    /// The DID in the lines is a key, and not the one in the file.
    #[error("{}: the key is not the one of the DID above it", path.display())]
    DidMismatch { path: PathBuf },
    /// The key could not be encoded.
    #[error("the key could not be encoded")]
    Encoding(#[source] pkcs8::Error),
    /// No home directory, so no default place for identities.
    #[error("there is no home directory: say where identities are kept")]
    NoHomeDirectory,
}

/// Reads the lines of a key file, without its passphrase.
///
/// # Errors
/// [`KeyFileError::Unreadable`], [`KeyFileError::OpenToOthers`], [`KeyFileError::TooLarge`],
/// [`KeyFileError::NotAKeyFile`].
pub fn read_header(path: &Path) -> Result<Header, KeyFileError> {
    let bytes = read(path)?;
    split(&bytes).map(|(header, _)| header).ok_or_else(|| KeyFileError::NotAKeyFile { path: path.to_owned() })
}

/// Loads the identity of a key file. A passphrase that is not needed is not looked at.
///
/// Decrypting takes about a third of a second of computing: call it outside an asynchronous executor.
///
/// # Errors
/// [`KeyFileError`], all but those of writing.
pub fn load(path: &Path, passphrase: Option<&Passphrase>) -> Result<SigningIdentity, KeyFileError> {
    let (header, key) = load_secret(path, passphrase)?;
    identity(header, &key).map_err(|_| KeyFileError::DidMismatch { path: path.to_owned() })
}

/// The same with the secret key itself: for [`SecretKey::key_agreement`]. That the DID is the key's is not looked at.
///
/// # Errors
/// Those of [`load`] but [`KeyFileError::DidMismatch`].
pub fn load_secret(path: &Path, passphrase: Option<&Passphrase>) -> Result<(Header, SecretKey), KeyFileError> {
    let not_a_key_file = || KeyFileError::NotAKeyFile { path: path.to_owned() };
    let bytes = read(path)?;
    let (header, pem) = split(&bytes).ok_or_else(not_a_key_file)?;
    let (_, der) = SecretDocument::from_pem(pem).map_err(|_| not_a_key_file())?;
    let key = match (header.encrypted, passphrase) {
        (false, _) => SecretKey::from_pkcs8(der.as_bytes()),
        (true, Some(passphrase)) => SecretKey::from_encrypted_pkcs8(der.as_bytes(), passphrase),
        (true, None) => return Err(KeyFileError::PassphraseNeeded { path: path.to_owned() }),
    };
    Ok((header, key.map_err(|fault| fault.at(path))?))
}

/// Writes a new key file, mode 0600, whole or not at all; never replaces a file.
///
/// # Errors
/// [`KeyFileError::AlreadyExists`]; [`KeyFileError::Unwritable`]; [`KeyFileError::DidMismatch`] where the DID is a key
/// and another one; [`KeyFileError::TooLarge`]; [`KeyFileError::Encoding`].
pub fn create(path: &Path, new: &NewKeyFile<'_>, rng: &mut impl CryptoRng) -> Result<(), KeyFileError> {
    let mismatch = |_| KeyFileError::DidMismatch { path: path.to_owned() };
    let public = new.key.public_key().map_err(mismatch)?;
    Fragment::of(new.did, new.fragment.as_str()).map_err(mismatch)?;
    if holds_other_key(new.did, new.fragment, &public).map_err(mismatch)? {
        return Err(KeyFileError::DidMismatch { path: path.to_owned() });
    }
    let (label, der) = match new.passphrase {
        Some(passphrase) => (ENCRYPTED, new.key.to_encrypted_pkcs8(passphrase, rng)),
        None => (PLAIN, new.key.to_pkcs8()),
    };
    let pem = der.and_then(|der| Ok(der.to_pem(label, LineEnding::LF)?)).map_err(KeyFileError::Encoding)?;
    let text = Zeroizing::new([lines(new).as_str(), pem.as_str()].concat());
    if text.len() > MAX_KEY_FILE_BYTES {
        return Err(KeyFileError::TooLarge { path: path.to_owned() });
    }
    private_file::create(path, text.as_bytes(), Readers::Owner).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::AlreadyExists { path: path.to_owned() },
        _ => KeyFileError::Unwritable { path: path.to_owned(), source },
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    private_file::read(path, MAX_KEY_FILE_BYTES).map_err(|why| {
        let path = path.to_owned();
        match why {
            Unread::Io(source) => KeyFileError::Unreadable { path, source },
            Unread::NotAFile => KeyFileError::NotAKeyFile { path },
            Unread::OpenToOthers(mode) => KeyFileError::OpenToOthers { path, mode },
            Unread::TooLong(_) => KeyFileError::TooLarge { path },
        }
    })
}

impl KeyFormFault {
    fn at(self, path: &Path) -> KeyFileError {
        let path = path.to_owned();
        match self {
            Self::Malformed => KeyFileError::NotAKeyFile { path },
            Self::Unsupported => KeyFileError::UnsupportedKey { path },
            Self::TooCostly => KeyFileError::TooCostly { path },
            Self::WrongPassphrase => KeyFileError::WrongPassphrase { path },
        }
    }
}

fn identity(header: Header, key: &SecretKey) -> Result<SigningIdentity, Fault> {
    let signer = Arc::new(LocalSigner::new(key.signing_key()?));
    SigningIdentity::new(header.did, header.fragment.as_str(), signer)
}

fn lines(new: &NewKeyFile<'_>) -> String {
    let name = new.name.map(|name| format!("# name: {name}\n")).unwrap_or_default();
    let fragment = match new.fragment.as_str() {
        "" => String::new(),
        fragment => format!("# fragment: {fragment}\n"),
    };
    format!("{FIRST_LINE}\n{name}# did: {}\n{fragment}", new.did)
}

/// The lines above the PEM block, read, and the block.
fn split(bytes: &[u8]) -> Option<(Header, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (lines, pem) = text.split_at_checked(text.find("-----BEGIN ")?)?;
    let label = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?.0;
    let encrypted = label == ENCRYPTED;
    if !(encrypted || label == PLAIN) {
        return None;
    }
    let mut fields = Fields::default();
    lines.lines().try_for_each(|line| fields.take(line))?;
    let did = Did::parse(fields.did?).ok()?;
    let fragment = Fragment::of(&did, fields.fragment.unwrap_or_default()).ok()?;
    let name = fields.name.map(IdentityName::parse).transpose().ok()?;
    Some((Header { name, did, fragment, encrypted }, pem))
}

#[derive(Default)]
struct Fields<'a> {
    name: Option<&'a str>,
    did: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Fields<'a> {
    // Each field once; other comments and blank lines are nobody's business.
    fn take(&mut self, line: &'a str) -> Option<()> {
        let line = line.trim_end();
        if line.is_empty() {
            return Some(());
        }
        let (field, value) = line.strip_prefix('#')?.trim_start().split_once(": ").unwrap_or_default();
        let place = match field {
            "name" => &mut self.name,
            "did" => &mut self.did,
            "fragment" => &mut self.fragment,
            _ => return Some(()),
        };
        place.replace(value.trim_start()).is_none().then_some(())
    }
}

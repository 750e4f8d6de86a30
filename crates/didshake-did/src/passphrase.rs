//! Passphrases, and the two places where a program reads one without a terminal.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The longest passphrase, in bytes: what OpenSSL reads from a file.
pub const MAX_PASSPHRASE_BYTES: usize = 1023;

/// The passphrase of a key file: wiped on drop, never printed.
///
/// ```
/// use didshake_did::Passphrase;
/// let passphrase = Passphrase::new(b"correct horse".to_vec())?;
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(redacted)");
/// assert!(Passphrase::new(Vec::new()).is_err());
/// # Ok::<(), didshake_did::PassphraseError>(())
/// ```
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing in it, or nothing before the end of the line.
    #[error("the passphrase is empty")]
    Empty,
    /// Over [`MAX_PASSPHRASE_BYTES`].
    #[error("the passphrase is longer than {MAX_PASSPHRASE_BYTES} bytes")]
    TooLong,
    /// A line break or a NUL inside, at which OpenSSL would stop reading.
    #[error("the passphrase holds a line break or a NUL; give it on one line")]
    ControlCharacter,
    /// The file or the descriptor cannot be read.
    #[error("cannot read the passphrase from {}", path.display())]
    Unreadable {
        /// The file; `/dev/fd/N` for a descriptor.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Passphrase {
    /// Takes the passphrase; the vector is wiped whatever happens.
    ///
    /// # Errors
    /// [`PassphraseError`], all but `Unreadable`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, PassphraseError> {
        let bytes = Zeroizing::new(bytes);
        match bytes.as_slice() {
            [] => Err(PassphraseError::Empty),
            long if long.len() > MAX_PASSPHRASE_BYTES => Err(PassphraseError::TooLong),
            text if text.iter().any(|byte| b"\n\r\0".contains(byte)) => Err(PassphraseError::ControlCharacter),
            _ => Ok(Self(bytes)),
        }
    }

    /// Reads a file of one line, without the line break at its end (`\n` or `\r\n`). Its permissions are not checked:
    /// container platforms mount secrets as they like.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        let read = File::open(path).and_then(read_bounded);
        let mut bytes = read.map_err(|source| PassphraseError::Unreadable { path: path.to_owned(), source })?;
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            } else {
                break;
            }
        }
        Self::new(std::mem::take(&mut *bytes))
    }

    /// Reads an open file descriptor (a file or a pipe, not a socket) to its end, like [`Passphrase::from_file`].
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn from_fd(fd: u32) -> Result<Self, PassphraseError> {
        Self::from_file(Path::new(&format!("/dev/fd/{fd}")))
    }

    /// The bytes, for the key derivation.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

// One buffer of full size, so that no copy is left behind by growing; one byte more than fits tells "too long".
fn read_bounded(source: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let limit = MAX_PASSPHRASE_BYTES + "\r\n".len() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    let mut chunk = Zeroizing::new([0; 256]);
    let mut source = source.take(limit as u64);
    loop {
        match source.read(chunk.as_mut_slice()) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

//! The file of known peers: read strictly, replaced in one step, by one program at a time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake_did::private_file;
use etcetera::BaseStrategy;

use crate::known_peers::{KnownPeers, LineFault};

/// The longest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 20;

const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The known peers of a user, in a file.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_peer::{KnownPeersFile, PeerName};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("known_peers");
/// let file = KnownPeersFile::at(path);
/// let (bob, did) = (PeerName::parse("bob")?, Did::parse("did:web:bob.example")?);
/// file.change(|peers| peers.add(bob.clone(), did.clone(), UnixTime(1_767_225_600)))?.ok();
/// assert_eq!(file.load()?.find(&bob).map(|peer| &peer.did), Some(&did));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownPeersFile {
    path: PathBuf,
}

/// Why the file could not be read or written. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are the path, the line, and what the operating system said")]
pub enum KnownPeersError {
    /// The operating system does not let us read it.
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file or its directory cannot be written.
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// Over [`MAX_FILE_BYTES`], or not UTF-8.
    #[error("{} is no list of known peers: it is not text of at most {MAX_FILE_BYTES} bytes; move it away", path.display())]
    NotAList { path: PathBuf },
    /// Others could have put a DID of theirs into it.
    #[error("{} can be written by others: `chmod go-w {}` after looking at what is in it", path.display(), path.display())]
    WritableByOthers { path: PathBuf },
    /// The change would make it longer than [`MAX_FILE_BYTES`], or than [`MAX_PEERS`](crate::MAX_PEERS); nothing was
    /// written.
    #[error("{} is full: remove a peer first", path.display())]
    Full { path: PathBuf },
    /// A line that cannot be read; nobody is known before it is mended.
    #[error("{} line {line}: {fault}; correct or delete the line", path.display())]
    BadLine { path: PathBuf, line: usize, fault: LineFault },
    /// Another program has held the lock for 5 seconds.
    #[error("another program is changing {}: try again", path.display())]
    Locked { path: PathBuf },
    /// No home directory, so no default place.
    #[error("there is no home directory: say where known peers are kept")]
    NoHomeDirectory,
}

impl KnownPeersFile {
    /// The list in this file, which need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The list of this user: `$XDG_CONFIG_HOME/didshake/known_peers`, which is `~/.config/didshake/known_peers` unless
    /// set otherwise (XDG Base Directory Specification).
    ///
    /// # Errors
    /// [`KnownPeersError::NoHomeDirectory`].
    pub fn of_user() -> Result<Self, KnownPeersError> {
        let base = etcetera::choose_base_strategy().map_err(|_| KnownPeersError::NoHomeDirectory)?;
        Ok(Self::at(base.config_dir().join("didshake").join("known_peers")))
    }

    /// Where the list is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The list; an empty one where there is no file yet.
    ///
    /// # Errors
    /// [`KnownPeersError::Unreadable`], [`KnownPeersError::NotAList`], [`KnownPeersError::BadLine`].
    pub fn load(&self) -> Result<KnownPeers, KnownPeersError> {
        let path = || self.path.clone();
        // Looked at before it is opened: opening a pipe would wait for whoever writes to it.
        let metadata = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KnownPeers::default()),
            metadata => metadata.map_err(|source| KnownPeersError::Unreadable { path: path(), source })?,
        };
        if !metadata.is_file() {
            return Err(KnownPeersError::NotAList { path: path() });
        }
        if is_writable_by_others(&metadata) {
            return Err(KnownPeersError::WritableByOthers { path: path() });
        }
        let file = File::open(&self.path).map_err(|source| KnownPeersError::Unreadable { path: path(), source })?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| KnownPeersError::Unreadable { path: path(), source })?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(KnownPeersError::NotAList { path: path() });
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| KnownPeersError::NotAList { path: path() })?;
        KnownPeers::parse(text).map_err(|(line, fault)| KnownPeersError::BadLine { path: path(), line, fault })
    }

    /// Reads the list, changes it, and puts it in place of the old one (mode 0600) in one step, while no other program
    /// does the same. Nothing is written where the change left the list as it was.
    ///
    /// # Errors
    /// Those of [`KnownPeersFile::load`]; [`KnownPeersError::Unwritable`]; [`KnownPeersError::Locked`].
    pub fn change<T>(&self, change: impl FnOnce(&mut KnownPeers) -> T) -> Result<T, KnownPeersError> {
        let unwritable = |source| KnownPeersError::Unwritable { path: self.path.clone(), source };
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        private_file::create_directory(directory).map_err(unwritable)?;
        let _lock = self.lock()?;
        let mut peers = self.load()?;
        let before = peers.to_string();
        let outcome = change(&mut peers);
        let after = peers.to_string();
        if after != before {
            // What could not be read again is not written.
            if after.len() > MAX_FILE_BYTES || KnownPeers::parse(&after).is_err() {
                return Err(KnownPeersError::Full { path: self.path.clone() });
            }
            self.replace(after.as_bytes()).map_err(unwritable)?;
        }
        Ok(outcome)
    }

    fn lock(&self) -> Result<File, KnownPeersError> {
        let path = self.beside("lock");
        private_file::lock(&path, LOCK_WAIT).map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => KnownPeersError::Locked { path: self.path.clone() },
            _ => KnownPeersError::Unwritable { path, source },
        })
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        // Behind a link it is the file that changes, not the link that goes.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        private_file::replace(&target, text)
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        PathBuf::from(name)
    }
}

#[cfg(unix)]
fn is_writable_by_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o022 != 0
}

#[cfg(not(unix))]
fn is_writable_by_others(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known_peers::PeerName;
    use didshake::{Did, UnixTime};

    fn add(file: &KnownPeersFile, name: &str) -> Result<(), KnownPeersError> {
        let did = Did::parse("did:web:bob").unwrap();
        let added = file.change(|peers| peers.add(PeerName::parse(name).unwrap(), did, UnixTime(0)))?;
        assert!(added.is_ok());
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn private_and_replaced_in_one_step() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = KnownPeersFile::at(directory.path().join("didshake").join("known_peers"));
        assert_eq!(file.load().unwrap().iter().count(), 0);
        add(&file, "a").unwrap();
        fs::write(file.beside("new"), "left behind").unwrap();
        add(&file, "b").unwrap();
        assert_eq!(file.load().unwrap().iter().count(), 2);
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(file.path().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn programs_do_not_lose_each_others_changes() {
        let directory = tempfile::tempdir().unwrap();
        let file = KnownPeersFile::at(directory.path().join("known_peers"));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let file = &file;
                scope.spawn(move || (0..10).for_each(|at| add(file, &format!("peer-{thread}-{at}")).unwrap()));
            }
        });
        assert_eq!(file.load().unwrap().iter().count(), 40);
    }

    #[test]
    fn a_bad_file_is_named_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = KnownPeersFile::at(directory.path().join("known_peers"));
        fs::write(file.path(), "a did:web:a\nb\n").unwrap();
        let error = add(&file, "c").unwrap_err();
        assert!(error.to_string().contains("known_peers line 2: expected"), "{error}");
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "a did:web:a\nb\n");
        fs::write(file.path(), vec![b'#'; MAX_FILE_BYTES + 1]).unwrap();
        assert!(matches!(file.load(), Err(KnownPeersError::NotAList { .. })));
        fs::write(file.path(), [0xFF]).unwrap();
        assert!(matches!(file.load(), Err(KnownPeersError::NotAList { .. })));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let file = KnownPeersFile::at(directory.path().join("known_peers"));
        let full: String = (0..crate::MAX_PEERS).map(|at| format!("peer-{at} did:web:a\n")).collect();
        fs::write(file.path(), &full).unwrap();
        assert!(matches!(add(&file, "one-more"), Err(KnownPeersError::Full { .. })));
        let comments = format!("{}\n", "#".repeat(63)).repeat(MAX_FILE_BYTES / 64);
        fs::write(file.path(), comments).unwrap();
        assert!(matches!(add(&file, "one-more"), Err(KnownPeersError::Full { .. })));
        assert_eq!(file.load().unwrap().iter().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_a_file_of_ones_own_is_believed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let file = KnownPeersFile::at(directory.path().join("known_peers"));
        add(&file, "a").unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o666)).unwrap();
        let refused = file.load().unwrap_err();
        assert!(refused.to_string().contains("chmod go-w"), "{refused}");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();

        let link = KnownPeersFile::at(directory.path().join("link"));
        symlink(file.path(), link.path()).unwrap();
        add(&link, "b").unwrap();
        assert!(fs::symlink_metadata(link.path()).unwrap().is_symlink());
        assert_eq!(file.load().unwrap().iter().count(), 2);
        assert!(matches!(KnownPeersFile::at(directory.path()).load(), Err(KnownPeersError::NotAList { .. })));
    }
}

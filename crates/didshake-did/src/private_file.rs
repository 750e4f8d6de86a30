//! Files that are there whole or not at all, and of which nobody else reads what is secret.
//!
//! ```
//! use std::io::ErrorKind;
//! use didshake_did::private_file::{self, Readers, Unread};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("new").join("secret");
//! # let directory = directory.path().join("new");
//! private_file::create_directory(&directory)?;
//! private_file::create(&path, b"one", Readers::Owner)?;
//! assert_eq!(private_file::create(&path, b"two", Readers::Owner).unwrap_err().kind(), ErrorKind::AlreadyExists);
//! private_file::replace(&path, b"three")?;
//! assert_eq!(**private_file::read(&path, 100)?, *b"three");
//! assert!(matches!(private_file::read(&path, 4), Err(Unread::TooLong(4))));
//! private_file::remove(&path)?;
//! private_file::remove(&path)?;
//! assert!(private_file::read_public(&path, 100).unwrap_err().is_absence());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// Who waits for a lock looks again after it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Who else may read a new file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Mode 0600.
    Owner,
    /// Mode 0644.
    Everyone,
}

/// Why a private file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The operating system does not let us read it, or it is not there.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A directory, a pipe, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// Group or others have rights to it; the mode.
    #[error("others may read or change it (mode {0:o}): `chmod 600` it after looking at who could")]
    OpenToOthers(u32),
    /// Longer than so many bytes.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
}

impl Unread {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == ErrorKind::NotFound)
    }
}

/// The lock of a file or directory, which is this file, made if need be: held until it is dropped; the operating system releases it
/// where a program dies. Waits up to `patience`, blocking the thread.
///
/// ```
/// use std::io::ErrorKind;
/// use std::time::Duration;
/// use didshake_did::private_file;
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("lock");
/// let held = private_file::lock(&path, Duration::ZERO)?;
/// let busy = private_file::lock(&path, Duration::from_millis(1)).map(drop);
/// assert_eq!(busy.unwrap_err().kind(), ErrorKind::WouldBlock);
/// drop(held);
/// assert!(private_file::lock(&path, Duration::ZERO).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::WouldBlock`] where another one holds it all the while; otherwise what the operating system says.
pub fn lock(path: &Path, patience: Duration) -> io::Result<File> {
    let mut new = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let file = new.create(true).truncate(false).write(true).open(path)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(source),
            Err(TryLockError::WouldBlock) if start.elapsed() >= patience => return Err(ErrorKind::WouldBlock.into()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK_AGAIN),
        }
    }
}

/// The whole of a regular file of at most `limit` bytes that neither group nor others may touch. Symbolic links are
/// followed: what counts is the file behind them.
///
/// # Errors
/// [`Unread`].
pub fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Unread> {
    read_of(path, limit, Readers::Owner)
}

/// The same of a file that others may read, or change too.
///
/// # Errors
/// [`Unread`] but [`Unread::OpenToOthers`].
pub fn read_public(path: &Path, limit: usize) -> Result<Vec<u8>, Unread> {
    read_of(path, limit, Readers::Everyone).map(|mut bytes| std::mem::take(&mut *bytes))
}

fn read_of(path: &Path, limit: usize, readers: Readers) -> Result<Zeroizing<Vec<u8>>, Unread> {
    // Opening a pipe would wait for a writer, so look before; what counts is the second look, at what was opened.
    if !fs::metadata(path)?.is_file() {
        return Err(Unread::NotAFile);
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unread::NotAFile);
    }
    if readers == Readers::Owner && permissions(&metadata) & 0o077 != 0 {
        return Err(Unread::OpenToOthers(permissions(&metadata)));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.saturating_add(1)));
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(Unread::TooLong(limit)) } else { Ok(bytes) }
}

/// Puts a file, mode 0600, in place of whatever is there, in one step.
///
/// # Errors
/// Those of the operating system.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_for(path, bytes, Readers::Owner)
}

/// The same with a file that others may read.
///
/// # Errors
/// Those of the operating system.
pub fn replace_for(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let temporary = written(path, bytes, readers)?;
    fs::rename(&temporary.0, path)?;
    sync_directory(directory_of(path))
}

/// Makes a new file; one that is there stays, which is [`ErrorKind::AlreadyExists`].
///
/// # Errors
/// Those of the operating system.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let temporary = written(path, bytes, readers)?;
    // A link fails where the name is taken, which renaming would not.
    fs::hard_link(&temporary.0, path)?;
    drop(temporary);
    sync_directory(directory_of(path))
}

/// Removes a file, which does not come back after a power failure; one that is not there is removed already.
///
/// # Errors
/// Those of the operating system.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_directory(directory_of(path)),
    }
}

/// Makes a directory with those above it, mode 0700 where they are new.
///
/// # Errors
/// Those of the operating system.
pub fn create_directory(path: &Path) -> io::Result<()> {
    make_directory(path, Readers::Owner)
}

/// The same with a directory that others may read, as the user's mask has it.
///
/// # Errors
/// Those of the operating system.
pub fn create_public_directory(path: &Path) -> io::Result<()> {
    make_directory(path, Readers::Everyone)
}

fn make_directory(path: &Path, readers: Readers) -> io::Result<()> {
    let new: Vec<&Path> =
        path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    #[cfg(not(unix))]
    let _ = readers;
    builder.create(path)?;
    // What is in a new directory is there after a power failure only if the directory is.
    new.iter().try_for_each(|made| sync_directory(directory_of(made)))
}

/// Removed when dropped, unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn written(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<Temporary> {
    let (temporary, mut file) = temporary(directory_of(path), readers)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(temporary)
}

/// A file beside the one to be, under a name that nobody has: one that a crash left behind is passed over.
fn temporary(directory: &Path, readers: Readers) -> io::Result<(Temporary, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!(".didshake-{}-{number}.tmp", process::id()));
        match create_new(&path, readers) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (Temporary(path), file)),
        }
    }
}

fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match readers {
            Readers::Owner => 0o600,
            Readers::Everyone => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The permission bits of a file or directory.
#[cfg(unix)]
#[must_use]
pub fn permissions(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

/// Other systems have no such bits; the user's profile directory is private there.
#[cfg(not(unix))]
#[must_use]
pub fn permissions(_: &fs::Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nothing_is_overwritten_and_nothing_is_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        create(&path, b"one", Readers::Owner).unwrap();
        assert_eq!(create(&path, b"two", Readers::Owner).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"three").unwrap();
        assert_eq!(**read(&path, 5).unwrap(), *b"three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn directories_of_ours_are_private_and_public_ones_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| permissions(&fs::metadata(path).unwrap()) & 0o755;
        for (make, expected) in
            [(create_directory as fn(&Path) -> io::Result<()>, 0o700), (create_public_directory, 0o755)]
        {
            let path = directory.path().join(format!("{expected:o}/below"));
            make(&path).unwrap();
            make(&path).unwrap();
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (expected, expected));
        }
    }

    #[test]
    fn only_private_regular_files_of_bounded_length_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(read(&path, 5).unwrap_err().is_absence());
        create(&path, b"longer", Readers::Owner).unwrap();
        assert!(matches!(read(&path, 5), Err(Unread::TooLong(5))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path, 6), Err(Unread::OpenToOthers(0o640))));
        assert_eq!(read_public(&path, 6).unwrap(), b"longer");
        assert!(matches!(read_public(&path, 5), Err(Unread::TooLong(5))));
        assert!(matches!(read(directory.path(), 5), Err(Unread::NotAFile)));
    }
}

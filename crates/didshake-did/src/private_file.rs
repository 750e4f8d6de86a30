//! Files that only their owner reads.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::key_file::KeyFileError;

/// The whole of a regular file of at most `limit` bytes that neither group nor others may touch. Symbolic links are
/// followed: what counts is the file behind them.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: path.to_owned(), source };
    // Opening a pipe would wait for a writer, so look before; what counts is the second look, at what was opened.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(KeyFileError::NotAKeyFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAKeyFile { path: path.to_owned() });
    }
    if permissions(&metadata) & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode: permissions(&metadata) });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(KeyFileError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Writes a new file, mode 0600, that is there whole or not at all and never replaces another. `unique` names the
/// temporary file beside it.
pub(crate) fn create(path: &Path, bytes: &[u8], unique: u64) -> Result<(), KeyFileError> {
    let unwritable = |source| KeyFileError::Unwritable { path: path.to_owned(), source };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = Temporary(directory.join(format!(".didshake-{unique:016x}.tmp")));
    let mut file = create_new(&temporary.0).map_err(unwritable)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
    // A link fails where the name is taken, which renaming would not.
    fs::hard_link(&temporary.0, path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::AlreadyExists { path: path.to_owned() },
        _ => unwritable(source),
    })?;
    drop(temporary);
    sync_directory(directory).map_err(unwritable)
}

/// Makes a directory, mode 0700, with those above it; an existing one must not be writable for others.
pub(crate) fn create_directory(path: &Path) -> Result<(), KeyFileError> {
    let unwritable = |source| KeyFileError::Unwritable { path: path.to_owned(), source };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(unwritable)?;
    let mode = permissions(&fs::metadata(path).map_err(unwritable)?);
    if mode & 0o022 != 0 {
        return Err(KeyFileError::DirectoryOpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Removed when dropped: the file it was linked to stays.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn permissions(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777
}

// Other systems have no such bits; the user's profile directory is private there.
#[cfg(not(unix))]
fn permissions(_: &fs::Metadata) -> u32 {
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

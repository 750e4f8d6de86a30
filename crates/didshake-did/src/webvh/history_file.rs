//! What was seen of each log, in a file: a line for each, `SCID versionId seconds`, the seconds of when it was used last.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use didshake::UnixTime;
use etcetera::BaseStrategy;

use super::history::{Heads, HistoryFull, HistoryUnavailable, LogHead, LogHistory};
use super::scid;
use crate::private_file::{self, Unread};
use crate::resolver::BoxFuture;

/// Logs that are kept; a line has at most 160 bytes.
const MAX_LOGS: usize = 4096;
const MAX_FILE_BYTES: usize = 1 << 20;
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Keeps the newest entries that were seen in a file that only its owner reads, for 4,096 logs: beyond that, the log is
/// forgotten that was used longest ago. Each change replaces the file in one step, by one program at a time; it is read
/// and written where it is called, without a thread of its own: for programs, not for services.
///
/// ```
/// use didshake::UnixTime;
/// use didshake_did::webvh::{LogHead, LogHistory, LogHistoryFile};
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("webvh_seen");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let scid = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE";
/// let head = LogHead::parse(&format!("1-{scid}")).unwrap();
/// assert!(LogHistoryFile::at(&path).advance(scid, None, &head, UnixTime(1_767_225_600)).await?);
/// assert_eq!(LogHistoryFile::at(&path).seen(scid).await?, Some(head));
/// # Ok::<(), didshake_did::webvh::HistoryUnavailable>(())
/// # }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogHistoryFile {
    path: PathBuf,
}

/// What is wrong with the file. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
enum FileFault {
    #[error("cannot read {}: {source}", path.display())]
    Unread { path: PathBuf, source: Unread },
    #[error("{} line {line} is not `SCID versionId seconds`: correct or delete the line", path.display())]
    BadLine { path: PathBuf, line: usize },
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Full(#[from] HistoryFull),
    #[error("another program is changing {}: try again", path.display())]
    Locked { path: PathBuf },
}

impl LogHistoryFile {
    /// In this file, which need not exist yet.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// In the file of this user: `$XDG_DATA_HOME/didshake/webvh_seen`, which is `~/.local/share/didshake/webvh_seen`
    /// unless set otherwise (XDG Base Directory Specification); `None` without a home directory.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(Self::at(base.data_dir().join("didshake").join("webvh_seen")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn load(&self) -> Result<Heads, FileFault> {
        let mut heads = Heads::new(MAX_LOGS);
        let bytes = match private_file::read(&self.path, MAX_FILE_BYTES) {
            Err(unread) if unread.is_absence() => return Ok(heads),
            bytes => bytes.map_err(|source| FileFault::Unread { path: self.path.clone(), source })?,
        };
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())) {
            let read = std::str::from_utf8(text).ok().and_then(parse);
            let (scid, head, since) = read.ok_or_else(|| FileFault::BadLine { path: self.path.clone(), line })?;
            heads.put(scid, head, since);
        }
        Ok(heads)
    }

    fn change(&self, change: impl FnOnce(&mut Heads) -> Result<bool, HistoryFull>) -> Result<bool, FileFault> {
        let unwritable = |source| FileFault::Unwritable { path: self.path.clone(), source };
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        private_file::create_directory(directory).map_err(unwritable)?;
        let _lock = self.lock()?;
        let mut heads = self.load()?;
        let changed = change(&mut heads)?;
        if changed {
            let lines = heads.iter().map(|(scid, head, since)| format!("{scid} {} {}\n", head.version_id(), since.0));
            private_file::replace(&self.path, lines.collect::<String>().as_bytes()).map_err(unwritable)?;
        }
        Ok(changed)
    }

    fn lock(&self) -> Result<File, FileFault> {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        private_file::lock(&path, LOCK_WAIT).map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => FileFault::Locked { path: self.path.clone() },
            _ => FileFault::Unwritable { path, source },
        })
    }
}

impl LogHistory for LogHistoryFile {
    fn seen<'a>(&'a self, scid: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>> {
        let seen = self.load().map(|heads| heads.seen(scid).cloned());
        Box::pin(async move { seen.map_err(HistoryUnavailable::because) })
    }

    fn advance<'a>(
        &'a self,
        scid: &'a str,
        from: Option<&'a LogHead>,
        to: &'a LogHead,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>> {
        let advanced = self.change(|heads| heads.advance(scid, from, to, now));
        Box::pin(async move { advanced.map_err(HistoryUnavailable::because) })
    }

    fn used<'a>(&'a self, scid: &'a str, now: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>> {
        // Most often there is nothing to write, so that nobody has to be kept out.
        let noted = self.load().and_then(|mut heads| {
            if heads.used(scid, now) { self.change(|heads| Ok(heads.used(scid, now))) } else { Ok(false) }
        });
        Box::pin(async move { noted.map(drop).map_err(HistoryUnavailable::because) })
    }
}

fn parse(line: &str) -> Option<(&str, LogHead, UnixTime)> {
    let mut words = line.split(' ');
    let (scid, version, since) = (words.next()?, words.next()?, words.next()?);
    let good = words.next().is_none() && scid::is_hash(scid);
    let since = since.parse().ok().filter(|_| good)?;
    Some((scid, LogHead::parse(version)?, UnixTime(since)))
}

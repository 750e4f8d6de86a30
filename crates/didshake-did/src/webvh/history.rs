//! What was seen of each log before, so that nobody can go back on it.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use didshake::UnixTime;

use super::entry::split_version_id;
use super::fault::{LogFault, LogRefusal};
use super::log::Log;
use crate::resolver::BoxFuture;

/// The newest entry of a log that was seen.
///
/// ```
/// use didshake_did::webvh::LogHead;
/// let head = LogHead::parse("2-QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE").unwrap();
/// assert_eq!(head.number(), 2);
/// assert!(LogHead::parse("2-Qm").is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogHead {
    number: u32,
    version_id: String,
}

impl LogHead {
    /// Reads a versionId: a number, a dash and a hash.
    #[must_use]
    pub fn parse(version_id: &str) -> Option<Self> {
        let (number, _) = split_version_id(version_id)?;
        let number = number.parse().ok()?;
        Some(Self { number, version_id: version_id.to_owned() })
    }

    /// The number of the entry, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The versionId: the number, a dash and the entry's hash.
    #[must_use]
    pub fn version_id(&self) -> &str {
        &self.version_id
    }
}

/// What was seen before cannot be looked up or kept.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what was seen of this log before cannot be looked up: {0}")]
pub struct HistoryUnavailable(Arc<dyn Error + Send + Sync>);

impl HistoryUnavailable {
    /// Because of what the file or the database said.
    ///
    /// ```
    /// use didshake_did::webvh::HistoryUnavailable;
    /// let gone = HistoryUnavailable::because(std::io::Error::other("the disk is gone"));
    /// assert!(gone.to_string().ends_with("the disk is gone"));
    /// ```
    pub fn because(cause: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(cause))
    }
}

/// Others advanced the same log again and again while we did.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("others change it all the time")]
struct Contended;

/// Seconds in which a log that was used is never forgotten for another one.
pub const RECENTLY_USED_SECONDS: u64 = 3600;
/// Seconds after which it is noted once more that a log is used.
pub const NOTED_AGAIN_SECONDS: u64 = 600;

/// As many logs are kept as there may be, and each was used a moment ago: a new one is not taken in the place of any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no more logs are kept than {most}, and each was used within the hour: try again later")]
#[allow(missing_docs, reason = "the field says itself what it is")]
pub struct HistoryFull {
    pub most: usize,
}

/// Holds a log against what was seen of it, and keeps its newest entry if it goes on from there.
///
/// # Errors
/// [`LogRefusal`](super::LogRefusal) with [`RolledBack`](super::LogFault::RolledBack) or
/// [`Forked`](super::LogFault::Forked); [`HistoryUnavailable`].
pub async fn keep_up<E>(log: &Log, history: &dyn LogHistory, now: UnixTime) -> Result<(), E>
where
    E: From<LogRefusal> + From<HistoryUnavailable>,
{
    let Some(head) = log.head() else { return Err(LogRefusal::from(LogFault::Empty).into()) };
    for _ in 0..8 {
        let seen = history.seen(log.scid()).await?;
        log.check_seen(seen.as_ref())?;
        if seen.as_ref() == Some(&head) {
            return Ok(history.used(log.scid(), now).await?);
        }
        if history.advance(log.scid(), seen.as_ref(), &head, now).await? {
            return Ok(());
        }
    }
    Err(HistoryUnavailable::because(Contended).into())
}

/// Keeps the newest entry that was seen of each log, by its SCID (R-WEBVH-10). Whoever resolves did:webvh without one that
/// outlives the process cannot tell a log that was rolled back while it was away.
///
/// ```
/// use didshake::UnixTime;
/// use didshake_did::webvh::{LogHead, LogHistory, MemoryLogHistory};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let scid = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE";
/// let head = LogHead::parse(&format!("1-{scid}")).unwrap();
/// let history = MemoryLogHistory::default();
/// assert!(history.advance(scid, None, &head, UnixTime(1_767_225_600)).await?);
/// assert_eq!(history.seen(scid).await?, Some(head));
/// # Ok::<(), didshake_did::webvh::HistoryUnavailable>(())
/// # }).unwrap();
/// ```
pub trait LogHistory: Send + Sync {
    /// The newest entry that was seen of the log.
    ///
    /// # Errors
    /// [`HistoryUnavailable`]; the DID is not resolved then.
    fn seen<'a>(&'a self, scid: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>>;

    /// Keeps `to` in one step if `from` is still what is kept; whether it was. Where there is no room the log goes that was used
    /// longest ago, and none that was within [`RECENTLY_USED_SECONDS`].
    ///
    /// # Errors
    /// [`HistoryUnavailable`], with [`HistoryFull`] where there is no room.
    fn advance<'a>(
        &'a self,
        scid: &'a str,
        from: Option<&'a LogHead>,
        to: &'a LogHead,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>>;

    /// Notes that the log was resolved and has not changed, so that one that is steady is not forgotten before one that is
    /// new; to within [`NOTED_AGAIN_SECONDS`].
    ///
    /// # Errors
    /// [`HistoryUnavailable`]; the DID is not resolved then.
    fn used<'a>(&'a self, scid: &'a str, now: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>>;
}

/// The newest entries of many logs, a bounded number: beyond it, that log is forgotten which was used longest ago.
#[derive(Clone, Debug)]
pub(super) struct Heads {
    most: usize,
    heads: BTreeMap<String, (LogHead, UnixTime)>,
}

impl Heads {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), heads: BTreeMap::new() }
    }

    pub(super) fn seen(&self, scid: &str) -> Option<&LogHead> {
        self.heads.get(scid).map(|(head, _)| head)
    }

    pub(super) fn advance(
        &mut self,
        scid: &str,
        from: Option<&LogHead>,
        to: &LogHead,
        now: UnixTime,
    ) -> Result<bool, HistoryFull> {
        if self.seen(scid) != from {
            return Ok(false);
        }
        if from.is_none() {
            self.make_room(now)?;
        }
        self.put(scid, to.clone(), now);
        Ok(true)
    }

    /// Whether that had to be noted.
    pub(super) fn used(&mut self, scid: &str, now: UnixTime) -> bool {
        let Some((_, used)) = self.heads.get_mut(scid).filter(|(_, used)| age(*used, now) >= NOTED_AGAIN_SECONDS)
        else {
            return false;
        };
        *used = now;
        true
    }

    pub(super) fn put(&mut self, scid: &str, head: LogHead, used: UnixTime) {
        self.heads.insert(scid.to_owned(), (head, used));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &LogHead, UnixTime)> {
        self.heads.iter().map(|(scid, (head, used))| (scid, head, *used))
    }

    fn make_room(&mut self, now: UnixTime) -> Result<(), HistoryFull> {
        while self.heads.len() >= self.most {
            let oldest = self.heads.iter().max_by_key(|(_, (_, used))| age(*used, now));
            let oldest = oldest.filter(|(_, (_, used))| age(*used, now) >= RECENTLY_USED_SECONDS);
            let scid = oldest.map(|(scid, _)| scid.clone()).ok_or(HistoryFull { most: self.most })?;
            self.heads.remove(&scid);
        }
        Ok(())
    }
}

/// Seconds since then. What a clock that was set back puts into the future is older than everything.
fn age(used: UnixTime, now: UnixTime) -> u64 {
    now.0.checked_sub(used.0).unwrap_or(u64::MAX)
}

/// Keeps them in memory, for 65,536 logs: for whoever lives shorter than a log.
#[derive(Debug)]
pub struct MemoryLogHistory(Mutex<Heads>);

impl Default for MemoryLogHistory {
    fn default() -> Self {
        Self(Mutex::new(Heads::new(65_536)))
    }
}

impl LogHistory for MemoryLogHistory {
    fn seen<'a>(&'a self, scid: &'a str) -> BoxFuture<'a, Result<Option<LogHead>, HistoryUnavailable>> {
        let heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = heads.seen(scid).cloned();
        Box::pin(async move { Ok(seen) })
    }

    fn advance<'a>(
        &'a self,
        scid: &'a str,
        from: Option<&'a LogHead>,
        to: &'a LogHead,
        now: UnixTime,
    ) -> BoxFuture<'a, Result<bool, HistoryUnavailable>> {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let advanced = heads.advance(scid, from, to, now);
        Box::pin(async move { advanced.map_err(HistoryUnavailable::because) })
    }

    fn used<'a>(&'a self, scid: &'a str, now: UnixTime) -> BoxFuture<'a, Result<(), HistoryUnavailable>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).used(scid, now);
        Box::pin(async { Ok(()) })
    }
}

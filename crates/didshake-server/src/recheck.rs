//! Continuous authentication of sessions: the documents of those who are logged in are looked at again, and sessions whose key
//! is gone end (R-CONT-7).

use std::sync::Arc;
use std::time::Duration;

use didshake::UnixTime;
use didshake_axum::session_name;
use didshake_did::{Clock as _, Resolver, SystemClock};
use didshake_peer::{KeyGone, Look, VerifiedKey, Watch};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use crate::audit::Audit;
use crate::metrics::Metrics;
use crate::store::{Database, DueLook, SqlLooks};

const TURN: Duration = Duration::from_millis(500);
/// Looks of this instance at one time: half of what the resolver fetches at one time, so that handshakes have the other.
const AT_ONCE: usize = 32;
/// A resolution may take so long.
const LIMIT: Duration = Duration::from_secs(15);
/// Seconds after which another instance takes over what one that died had taken: longer than looks at all keys of a DID.
const LEASE_SECONDS: u64 = 60;

/// Looks at documents until it is dropped; `None`: at none. The database away: nobody is logged in meanwhile either.
pub(crate) async fn look_again(
    watch: Option<Watch>,
    database: &Database,
    resolver: &Arc<dyn Resolver>,
    metrics: &Metrics,
    audit: &Audit,
) {
    let Some(watch) = watch else { return std::future::pending().await };
    Recheck { watch, looks: SqlLooks::new(database.clone()), resolver, metrics, audit }.run().await;
}

struct Recheck<'a> {
    watch: Watch,
    looks: SqlLooks,
    resolver: &'a Arc<dyn Resolver>,
    metrics: &'a Metrics,
    audit: &'a Audit,
}

impl Recheck<'_> {
    async fn run(&self) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut looking, mut began, mut failing, mut more) = (FuturesUnordered::new(), false, false, false);
        loop {
            tokio::select! {
                _ = turns.tick() => {}
                Some(()) = looking.next() => if !more { continue },
            }
            let room = AT_ONCE.saturating_sub(looking.len());
            match self.claim(&mut began, room).await {
                Ok(due) => {
                    (failing, more) = (false, due.len() == room);
                    looking.extend(due.into_iter().map(|look| self.look(look)));
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(error = &error as &dyn std::error::Error, "no document can be looked at again");
                    }
                }
            }
        }
    }

    async fn claim(&self, began: &mut bool, room: usize) -> Result<Vec<DueLook>, sqlx::Error> {
        let now = SystemClock.now();
        if !*began {
            self.looks.take_up(now).await?;
            *began = true;
        }
        self.looks.claim(now, now.plus(LEASE_SECONDS), room).await
    }

    /// What fails here is taken up again when the lease is over.
    async fn look(&self, look: DueLook) {
        if let Err(error) = self.look_at(&look).await {
            let error: &dyn std::error::Error = &error;
            tracing::error!(did = look.did.as_str(), error, "what a look at a document found was not written down");
        }
    }

    async fn look_at(&self, look: &DueLook) -> Result<(), sqlx::Error> {
        let keys = self.looks.keys(&look.did, SystemClock.now()).await?;
        let (mut seen, mut unseen, mut standing) = (look.seen, None, 0_usize);
        for key in &keys {
            match self.look_for(key, look.seen).await {
                Look::Stands(as_of) => (seen, standing) = (as_of.max(seen), standing.saturating_add(1)),
                Look::Unseen(fault) => {
                    (unseen, standing) = (Some(fault), standing.saturating_add(1));
                    // The others are in the same document.
                    break;
                }
                Look::Gone(gone) => self.end(key, gone).await?,
            }
        }
        if standing == 0 {
            return self.looks.forget(look).await;
        }
        let now = SystemClock.now();
        let due = if unseen.is_some() { self.another_try(seen, now) } else { self.next(seen, now) };
        self.looks.note(&look.did, seen, due).await
    }

    /// One look, at a document that is not older than half of the interval.
    async fn look_for(&self, key: &VerifiedKey, seen: UnixTime) -> Look {
        let now = SystemClock.now();
        let oldest = UnixTime(now.0.saturating_sub(self.every() / 2));
        let look = match key.look(self.resolver.as_ref(), &SystemClock, oldest, LIMIT).await {
            Look::Unseen(fault) if now.0.saturating_sub(seen.0) >= self.watch.bound.as_secs() => {
                Look::Gone(KeyGone::Unseen(fault))
            }
            look => look,
        };
        self.metrics.looked(match look {
            Look::Stands(_) => "stands",
            Look::Unseen(_) => "unseen",
            Look::Gone(gone) => gone.code(),
        });
        look
    }

    async fn end(&self, key: &VerifiedKey, gone: KeyGone) -> Result<(), sqlx::Error> {
        let ended = self.looks.end_sessions(key).await?;
        let (did, code) = (key.did.as_str(), gone.code());
        let method = format!("{did}#{}", key.fragment.as_str());
        tracing::warn!(did, method, code, sessions = ended.len(), "sessions ended: {gone}");
        self.metrics.sessions_ended(code, ended.len());
        let sessions: Vec<String> = ended.iter().map(session_name).collect();
        self.audit.note("key_gone", json!({"did": did, "method": method, "cause": code, "sessions": sessions}));
        Ok(())
    }

    fn every(&self) -> u64 {
        self.watch.every.min(self.watch.bound).as_secs().max(1)
    }

    /// Up to a fifth earlier than the interval says, so that not everybody is looked at together.
    fn next(&self, seen: UnixTime, now: UnixTime) -> UnixTime {
        let every = self.every();
        let earlier = getrandom::u64().unwrap_or_default() % (every / 5).saturating_add(1);
        seen.plus(every.saturating_sub(earlier)).max(now.plus(1))
    }

    /// Soon, and in time for the bound.
    fn another_try(&self, seen: UnixTime, now: UnixTime) -> UnixTime {
        let bound = seen.plus(self.watch.bound.as_secs());
        now.plus((self.every() / 5).max(1)).min(bound).max(now.plus(1))
    }
}

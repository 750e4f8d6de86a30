//! Continuous authentication of a channel: the peer's DID document is looked at again for as long as the channel lives
//! (R-CONT).

use std::sync::Arc;
use std::time::Duration;

use didshake::UnixTime;
use didshake_did::{Clock, Resolver};
use getrandom::SysRng;
use rand_core::TryRng as _;
use tokio::time::{Instant, sleep};

use crate::halves::Link;
use crate::key_gone::{KeyGone, Look, VerifiedKey};
use crate::options::Surroundings;
use crate::transport::Transport;

/// How often the document of a peer is looked at, and how old what was seen may become.
///
/// ```
/// use std::time::Duration;
/// use didshake_peer::Watch;
/// let watch = Watch { every: Duration::from_secs(60), ..Watch::default() };
/// assert_eq!(watch.bound, Duration::from_secs(900));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
    /// From one look to the next at most; each is up to a fifth earlier, so that many channels do not look together. 300 s;
    /// less than 1 s counts as 1 s.
    pub every: Duration,
    /// How old the document that was seen last may become where no other can be fetched: the channel ends then, a last
    /// look (up to [`Timeouts::resolve`](crate::Timeouts::resolve)) later. 900 s; less than 1 s counts as 1 s.
    pub bound: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self { every: Duration::from_secs(300), bound: Duration::from_secs(900) }
    }
}

impl Watch {
    // A document's age is told in seconds.
    const LEAST: Duration = Duration::from_secs(1);

    fn bound(&self) -> Duration {
        self.bound.max(Self::LEAST)
    }

    /// An interval longer than the bound would look too late.
    fn every(&self) -> Duration {
        self.every.max(Self::LEAST).min(self.bound())
    }
}

/// Watches over the key that proved the peer of one channel. [`Vigil::keep`] does so until the channel is over,
/// [`Vigil::look`] once, on demand; a channel may have several.
///
/// Where the key is gone the channel ends in both directions: the peer is told `denied` in a record, and both halves give
/// [`ChannelError::KeyGone`](crate::ChannelError::KeyGone). It keeps no channel open that its owner has dropped.
///
/// ```
/// # use didshake::{Algorithm, Secret, SigningKey};
/// # use didshake_did::{LocalSigner, SigningIdentity};
/// # use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions, Watch, accept, connect};
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let identity = |seed| -> Result<_, Box<dyn std::error::Error>> {
/// #     let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32]))?;
/// #     Ok(SigningIdentity::of_did_key(LocalSigner::new(key))?)
/// # };
/// # let (alice, bob) = (identity(1)?, identity(2)?);
/// # let bobs = ResponderOptions::new(bob.clone(), b"didshake.chat/1", Admit::only(alice.did().clone()));
/// # let options = InitiatorOptions::new(alice, b"didshake.chat/1", Expect::Did(bob.did().clone()));
/// # let (stream, far) = tokio::io::duplex(4096);
/// # let burned = MemoryBurnStore::default();
/// # let (connection, far) = tokio::join!(connect(stream, &options), accept(far, &bobs, &burned));
/// # let mut far = far?;
/// let mut connection = connection?;
/// let watching = tokio::spawn(connection.vigil(&options.surroundings, Watch::default()).keep());
/// connection.send(b"hello").await?;
/// # assert_eq!(far.recv().await?, Some(b"hello".to_vec()));
/// drop(connection);
/// assert_eq!(watching.await?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Vigil<S: Transport> {
    key: VerifiedKey,
    watch: Watch,
    resolver: Arc<dyn Resolver>,
    clock: Arc<dyn Clock>,
    limit: Duration,
    link: Link<S>,
    seen: Seen,
}

/// Which document was seen last.
struct Seen {
    as_of: UnixTime,
    age_then: Duration,
    then: Instant,
}

impl Seen {
    fn new(as_of: UnixTime, now: UnixTime) -> Self {
        Self { as_of, age_then: Duration::from_secs(now.0.saturating_sub(as_of.0)), then: Instant::now() }
    }

    /// By the clock, which goes on while the machine sleeps, or by the time that passed, which nobody sets back.
    fn age(&self, now: UnixTime) -> Duration {
        let by_clock = Duration::from_secs(now.0.saturating_sub(self.as_of.0));
        by_clock.max(self.age_then.saturating_add(self.then.elapsed()))
    }
}

impl<S: Transport> Vigil<S> {
    pub(crate) fn new(key: VerifiedKey, link: Link<S>, surroundings: &Surroundings, watch: Watch) -> Self {
        let now = surroundings.clock.now();
        Self {
            key,
            watch,
            resolver: Arc::clone(&surroundings.resolver),
            clock: Arc::clone(&surroundings.clock),
            limit: surroundings.timeouts.resolve,
            link,
            seen: Seen::new(now, now),
        }
    }

    /// Looks now, past every cache, and ends the channel where the key is gone.
    ///
    /// A document that cannot be fetched ends it only where the one seen last is past the bound. did:key and did:jwk
    /// cannot change and are not looked up.
    pub async fn look(&mut self) -> Look {
        let look = match self.look_since(self.clock.now()).await {
            Look::Unseen(fault) if self.is_past_bound() => Look::Gone(KeyGone::Unseen(fault)),
            look => look,
        };
        if let Look::Gone(gone) = look {
            self.link.end(gone).await;
        }
        look
    }

    /// Looks again and again until the channel is over: `None` where it ended otherwise, or its owner has dropped it.
    /// Dropping the future ends the watch, not the channel.
    pub async fn keep(mut self) -> Option<KeyGone> {
        let over = self.link.over();
        let gone = tokio::select! {
            biased;
            () = over => return None,
            gone = self.watch() => gone,
        };
        self.link.end(gone).await;
        Some(gone)
    }

    async fn watch(&mut self) -> KeyGone {
        if self.key.is_fixed() {
            return std::future::pending().await;
        }
        // What the handshake took from a cache will do at first: its age says when the next look is due.
        let mut oldest = self.watch.every();
        loop {
            let since = UnixTime(self.clock.now().0.saturating_sub(oldest.as_secs()));
            let pause = match self.look_since(since).await {
                Look::Gone(gone) => return gone,
                Look::Unseen(fault) if self.is_past_bound() => return KeyGone::Unseen(fault),
                Look::Unseen(_) => self.until_another_try(),
                Look::Stands(_) => jittered(self.watch.every()).saturating_sub(self.age()),
            };
            oldest = self.watch.every() / 2;
            sleep(pause).await;
        }
    }

    async fn look_since(&mut self, oldest: UnixTime) -> Look {
        if self.key.is_fixed() {
            return Look::Stands(self.clock.now());
        }
        let look = self.key.look(self.resolver.as_ref(), self.clock.as_ref(), oldest, self.limit).await;
        match look {
            Look::Stands(as_of) => self.seen = Seen::new(as_of, self.clock.now()),
            Look::Unseen(fault) => {
                tracing::warn!(did = %self.key.did, code = fault.code(), age = ?self.age(), "a watched peer's DID document was not seen");
            }
            Look::Gone(_) => {}
        }
        look
    }

    fn age(&self) -> Duration {
        self.seen.age(self.clock.now())
    }

    fn is_past_bound(&self) -> bool {
        self.age() >= self.watch.bound()
    }

    /// Soon, but not at once, and in time for the bound.
    fn until_another_try(&self) -> Duration {
        let soon = jittered(self.watch.every() / 5);
        soon.min(self.watch.bound().saturating_sub(self.age())).max(Watch::LEAST / 10)
    }
}

impl<S: Transport> std::fmt::Debug for Vigil<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vigil").field("key", &self.key).field("watch", &self.watch).finish_non_exhaustive()
    }
}

/// Up to a fifth shorter.
fn jittered(interval: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness everybody looks at the same time, which is no fault.
    let _ = SysRng.try_fill_bytes(&mut random);
    let fifth = interval / 5;
    interval.saturating_sub(fifth * u32::from(u16::from_be_bytes(random)) / u32::from(u16::MAX))
}

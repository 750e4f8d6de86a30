//! How often anybody may make this machine work: resolve a DID, or begin a handshake. Pure: the time is an argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use didshake::{Did, UnixTime};

use crate::resolver::carries_document;

/// A bucket of tokens: so many at once, and so many more a minute.
///
/// ```
/// use didshake_did::Rate;
/// let one_every_ten_seconds = Rate { burst: 3, per_minute: 6 };
/// assert_eq!(Rate::default(), Rate { burst: 20, per_minute: 60 });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Tokens of a full bucket; 0 refuses everything.
    pub burst: u32,
    /// Tokens that flow in within a minute.
    pub per_minute: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { burst: 20, per_minute: 60 }
    }
}

/// Who makes us resolve. IPv6 addresses of one /64 are one source, because one machine has them all.
///
/// ```
/// use didshake_did::Source;
/// assert_eq!(Source::of("2001:db8::1".parse()?), Source::of("2001:db8::2".parse()?));
/// assert_ne!(Source::of("192.0.2.1".parse()?), Source::of("192.0.2.2".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Source(IpAddr);

/// Whose budget is spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Spent {
    /// The source has asked for too much.
    #[error("the source has made too many resolutions")]
    BySource,
    /// The host that would be asked has been asked for too much, by whomever.
    #[error("too many resolutions lead to this host")]
    ByTarget,
}

/// Bounds resolutions by who causes them and by whom they hit; asked before a resolver is, as part of admission. DIDs
/// that carry their document cost nothing. Memory is bounded: sources or targets beyond the limit share one bucket among
/// themselves.
///
/// ```
/// use didshake::{Did, UnixTime};
/// use didshake_did::{Rate, ResolutionBudget, Source, Spent};
/// let mut budget = ResolutionBudget::new(Rate { burst: 1, per_minute: 60 }, Rate::default(), 4096);
/// let (source, did) = (Source::of("192.0.2.1".parse()?), Did::parse("did:web:example.com")?);
/// assert_eq!(budget.spend(source, &did, UnixTime(1000)), Ok(()));
/// assert_eq!(budget.spend(source, &did, UnixTime(1000)), Err(Spent::BySource));
/// assert_eq!(budget.spend(source, &did, UnixTime(1001)), Ok(()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResolutionBudget {
    sources: Buckets<Source>,
    targets: Buckets<String>,
}

impl ResolutionBudget {
    /// With a rate for each source and one for each target, and at most `entries` of either that are told apart.
    #[must_use]
    pub fn new(by_source: Rate, by_target: Rate, entries: usize) -> Self {
        Self { sources: Buckets::new(by_source, entries), targets: Buckets::new(by_target, entries) }
    }

    /// Takes what one resolution costs, from both or from neither: who has spent its own budget cannot spend a
    /// target's.
    ///
    /// # Errors
    /// [`Spent`], the source first.
    pub fn spend(&mut self, source: Source, did: &Did, now: UnixTime) -> Result<(), Spent> {
        if carries_document(did) {
            return Ok(());
        }
        let from_source = self.sources.bucket(source, now);
        if !from_source.has_token() {
            return Err(Spent::BySource);
        }
        let from_target = self.targets.bucket(target(did), now);
        if !from_target.has_token() {
            return Err(Spent::ByTarget);
        }
        from_source.take();
        from_target.take();
        Ok(())
    }

    /// How many sources and targets are told apart now.
    #[must_use]
    pub fn entries(&self) -> (usize, usize) {
        (self.sources.buckets.len(), self.targets.buckets.len())
    }
}

/// Bounds how often a source may begin something, whatever that leads to. Memory is bounded: sources beyond the limit
/// share one bucket among themselves.
///
/// ```
/// use didshake::UnixTime;
/// use didshake_did::{Rate, Source, SourceBudget, Wait};
/// let mut budget = SourceBudget::new(Rate { burst: 1, per_minute: 6 }, 4096);
/// let source = Source::of("192.0.2.1".parse()?);
/// assert_eq!(budget.spend(source, UnixTime(1000)), Ok(()));
/// assert_eq!(budget.spend(source, UnixTime(1004)), Err(Wait { seconds: 6 }));
/// assert_eq!(budget.spend(source, UnixTime(1010)), Ok(()));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SourceBudget(Buckets<Source>);

/// The source has spent its budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the source has to wait for {seconds} s")]
pub struct Wait {
    /// Seconds until it has a token again, if nobody spends it before: for `Retry-After`. A source whose rate is 0 is
    /// told a minute.
    pub seconds: u64,
}

impl SourceBudget {
    /// With a rate for each source, and at most `entries` sources that are told apart.
    #[must_use]
    pub fn new(rate: Rate, entries: usize) -> Self {
        Self(Buckets::new(rate, entries))
    }

    /// Takes one token of the source's.
    ///
    /// # Errors
    /// [`Wait`] where it has none; nothing is taken then.
    pub fn spend(&mut self, source: Source, now: UnixTime) -> Result<(), Wait> {
        let rate = self.0.rate;
        let bucket = self.0.bucket(source, now);
        if !bucket.has_token() {
            return Err(Wait { seconds: bucket.seconds_to_token(rate) });
        }
        bucket.take();
        Ok(())
    }

    /// Takes tokens that the source has spent at another place, where the same rate counts. It owes none that it has not got.
    ///
    /// ```
    /// # use didshake::UnixTime;
    /// # use didshake_did::{Rate, Source, SourceBudget, Wait};
    /// let mut budget = SourceBudget::new(Rate { burst: 2, per_minute: 6 }, 4096);
    /// let source = Source::of("192.0.2.1".parse()?);
    /// budget.spent_elsewhere(source, 5, UnixTime(1000));
    /// assert_eq!(budget.spend(source, UnixTime(1000)), Err(Wait { seconds: 10 }));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn spent_elsewhere(&mut self, source: Source, tokens: u32, now: UnixTime) {
        self.0.bucket(source, now).take_up_to(tokens);
    }

    /// How many sources are told apart now.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.0.buckets.len()
    }
}

impl Source {
    /// The source behind an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(prefix)))
            }
            address => Self(address),
        }
    }

    /// An address of it: of IPv6 the first one of its /64.
    ///
    /// ```
    /// use didshake_did::Source;
    /// let source = Source::of("2001:db8::1".parse()?);
    /// assert_eq!(source.address().to_string(), "2001:db8::");
    /// assert_eq!(Source::of(source.address()), source);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }
}

// The host, whatever its port and path. Of a method that we know nothing about, everything up to the first colon.
fn target(did: &Did) -> String {
    let id = did.method_specific_id();
    // An SCID is free to whoever means to hide which host is hit.
    let id = if did.method() == "webvh" { id.split_once(':').map_or(id, |(_, place)| place) } else { id };
    let host = id.split([':', '%']).next().unwrap_or_default();
    host.chars().take(253).collect::<String>().to_ascii_lowercase()
}

// Sixty units are a token, so that a minute's tokens are a whole number of units each second.
const UNITS: u64 = 60;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    units: u64,
    since: u64,
}

impl Bucket {
    fn full(rate: Rate, now: u64) -> Self {
        Self { units: u64::from(rate.burst) * UNITS, since: now }
    }

    // A clock that was set back gives nothing, and counts from there.
    fn refill(&mut self, rate: Rate, now: u64) {
        let flowed = now.saturating_sub(self.since).saturating_mul(u64::from(rate.per_minute));
        self.units = self.units.saturating_add(flowed).min(u64::from(rate.burst) * UNITS);
        self.since = now;
    }

    fn has_token(&self) -> bool {
        self.units >= UNITS
    }

    fn take(&mut self) {
        self.take_up_to(1);
    }

    fn take_up_to(&mut self, tokens: u32) {
        self.units = self.units.saturating_sub(u64::from(tokens).saturating_mul(UNITS));
    }

    fn seconds_to_token(self, rate: Rate) -> u64 {
        let missing = UNITS.saturating_sub(self.units);
        if rate.per_minute == 0 || rate.burst == 0 { 60 } else { missing.div_ceil(rate.per_minute.into()) }
    }
}

#[derive(Clone, Debug)]
struct Buckets<K> {
    rate: Rate,
    entries: usize,
    buckets: HashMap<K, Bucket>,
    // Of everybody for whom there is no room.
    shared: Bucket,
    swept: Option<u64>,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(rate: Rate, entries: usize) -> Self {
        Self { rate, entries, buckets: HashMap::new(), shared: Bucket::full(rate, 0), swept: None }
    }

    fn bucket(&mut self, key: K, now: UnixTime) -> &mut Bucket {
        let (rate, now) = (self.rate, now.0);
        let known = self.buckets.contains_key(&key);
        if !known && self.buckets.len() >= self.entries {
            self.sweep(now);
        }
        let bucket = if known || self.buckets.len() < self.entries {
            self.buckets.entry(key).or_insert_with(|| Bucket::full(rate, now))
        } else {
            &mut self.shared
        };
        bucket.refill(rate, now);
        bucket
    }

    // A full bucket says no more than a missing one. At most once a second: a flood must not buy a walk over all of
    // them.
    fn sweep(&mut self, now: u64) {
        if self.swept != Some(now) {
            self.swept = Some(now);
            let full = u64::from(self.rate.burst) * UNITS;
            self.buckets.retain(|_, bucket| {
                bucket.refill(self.rate, now);
                bucket.units < full
            });
        }
    }
}

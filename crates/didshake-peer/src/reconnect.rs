//! Connecting again after a connection was lost: with patience where the network failed, and not at all where the peer
//! was refused or refuses.

use std::io;
use std::time::Duration;

use didshake::{AlertCode, Error, Fault};
use rand_core::TryCryptoRng;
use tokio::time::{Instant, sleep};

use crate::error::{Cause, HandshakeError};
use crate::failure::{HttpFailure, WebSocketFailure};

/// How long to wait between attempts: it doubles with each failure, and a random part of up to a half is taken off, so
/// that many peers of one that was restarted do not come at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait of all; a connection that stood longer than this makes the next failure the first again.
    pub most: Duration,
    /// So many attempts in a row may fail; `None`: for ever.
    pub attempts: Option<u32>,
}

impl Default for Backoff {
    /// From 500 ms to 60 s, for ever.
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(60), attempts: None }
    }
}

impl Backoff {
    /// The wait after so many failures in a row, from 1: between a half of the doubled time and all of it. Without
    /// randomness it is all of it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use didshake_peer::Backoff;
    /// use getrandom::SysRng;
    /// let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10), attempts: None };
    /// let third = backoff.wait(3, &mut SysRng);
    /// assert!(third >= Duration::from_secs(2) && third <= Duration::from_secs(4));
    /// assert!(backoff.wait(1000, &mut SysRng) <= Duration::from_secs(10));
    /// ```
    pub fn wait(&self, failures: u32, rng: &mut impl TryCryptoRng) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.most);
        let random = rng.try_next_u32().unwrap_or(u32::MAX);
        whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// Why there was no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The transport could not be opened.
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    /// The handshake failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl DialError {
    /// Whether another attempt can end otherwise: the network failed, or the peer is not well. A peer that is not the one
    /// that was meant, one that does not prove who it is, one that refuses us, and a fault of ours stay what they are.
    #[must_use]
    pub fn is_worth_another_attempt(&self) -> bool {
        match self {
            Self::Connect(error) => error.kind() != io::ErrorKind::InvalidInput,
            Self::Handshake(error) => passes(&error.cause),
        }
    }
}

fn passes(cause: &Cause) -> bool {
    match cause {
        Cause::Network(_) | Cause::Closed | Cause::TimedOut(_) => true,
        Cause::Protocol(Error::Peer(Fault::DidResolutionFailed | Fault::PeerAlert(AlertCode::Internal))) => true,
        Cause::Protocol(_) | Cause::Signer(_) | Cause::Burn(_) | Cause::Keep(_) => false,
        Cause::Http(failure) => match failure {
            HttpFailure::Connect | HttpFailure::TimedOut(_) | HttpFailure::Broken | HttpFailure::AcceptLost(_) => true,
            HttpFailure::Answer { status, .. } => is_for_now(*status),
            HttpFailure::PlainHttp | HttpFailure::Url | HttpFailure::Tls | HttpFailure::TooLong => false,
        },
        Cause::WebSocket(WebSocketFailure::Refused(status)) => is_for_now(*status),
        Cause::WebSocket(_) => false,
    }
}

fn is_for_now(status: u16) -> bool {
    status == 429 || (500..=599).contains(&status)
}

/// Gives connections, one after the other: each call of [`Reconnect::next`] is for a caller whose last one was lost.
///
/// ```no_run
/// use didshake_peer::{Backoff, DialError, InitiatorOptions, Reconnect, connect};
/// use getrandom::SysRng;
/// use tokio::net::TcpStream;
/// # async fn f(options: InitiatorOptions) -> Result<(), DialError> {
/// let mut reconnect = Reconnect::new(Backoff::default(), async || -> Result<_, DialError> {
///     Ok(connect(TcpStream::connect("127.0.0.1:7007").await?, &options).await?)
/// });
/// loop {
///     let mut connection = reconnect.next(&mut SysRng).await?;
///     while let Ok(Some(message)) = connection.recv().await {
///         println!("{} bytes", message.len());
///     }
/// }
/// # }
/// ```
pub struct Reconnect<D> {
    backoff: Backoff,
    dial: D,
    failures: u32,
    connected: Option<Instant>,
}

impl<D> Reconnect<D> {
    /// Connections that `dial` makes. The first attempt is made at once.
    #[must_use]
    pub fn new(backoff: Backoff, dial: D) -> Self {
        Self { backoff, dial, failures: 0, connected: None }
    }

    /// The next connection. Where one was given before, that counts as lost: after a short life it is waited for.
    ///
    /// # Errors
    /// The first [`DialError`] that is not worth another attempt; the last one where [`Backoff::attempts`] have failed.
    pub async fn next<C>(&mut self, rng: &mut impl TryCryptoRng) -> Result<C, DialError>
    where
        D: AsyncFnMut() -> Result<C, DialError>,
    {
        if let Some(connected) = self.connected.take() {
            let lasted = connected.elapsed() >= self.backoff.most;
            self.failures = if lasted { 0 } else { self.failures.saturating_add(1) };
        }
        loop {
            if self.failures > 0 {
                sleep(self.backoff.wait(self.failures, rng)).await;
            }
            match (self.dial)().await {
                Ok(connection) => {
                    self.connected = Some(Instant::now());
                    return Ok(connection);
                }
                Err(error) => {
                    self.failures = self.failures.saturating_add(1);
                    let spent = self.backoff.attempts.is_some_and(|most| self.failures >= most);
                    if spent || !error.is_worth_another_attempt() {
                        return Err(error);
                    }
                    tracing::info!(failures = self.failures, "no connection, and another attempt follows: {error}");
                }
            }
        }
    }
}

impl<D> std::fmt::Debug for Reconnect<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reconnect")
            .field("backoff", &self.backoff)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

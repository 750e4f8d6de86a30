//! The two directions of a channel over a transport (R-CHAN).

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use didshake::{AlertCode, Channel, Error, Fault, MAX_CONTENT_BYTES, Misuse, Opener, Received, Sealer};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::error::ChannelError;
use crate::key_gone::KeyGone;
use crate::stream::Frame;
use crate::transport::{MessageReader, MessageWriter, ReadError, Transport};

// The last alert may take this long to leave.
const FAREWELL: Duration = Duration::from_secs(2);
// What the peer had sent already is read away up to here after that: closing with unread bytes would reset the
// connection, and the alert might be lost with it.
const DRAIN: Duration = Duration::from_millis(500);
const DRAIN_BYTES: usize = 4 * MAX_CONTENT_BYTES;

/// The two halves over the two halves of a transport.
pub(crate) fn halves<S: Transport>(
    (reader, writer): (S::Reader, S::Writer),
    channel: Channel,
) -> (SendHalf<S>, ReceiveHalf<S>) {
    let (sealer, opener) = channel.split();
    let (state, seen) = watch::channel(State::Open);
    let writer = Arc::new(Mutex::new(Writer { transport: writer, sealer, closed: false }));
    let gone = Gone::default();
    let send = SendHalf { writer: writer.clone(), state: seen, gone: gone.clone() };
    (send, ReceiveHalf { reader, opener, writer, state, gone, outcome: None })
}

/// Says to both halves that the peer's key is gone.
#[derive(Clone)]
struct Gone(Arc<watch::Sender<Option<KeyGone>>>);

impl Default for Gone {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Gone {
    /// The cause, once there is one. The first stays.
    async fn cause(&self) -> KeyGone {
        let mut seen = self.0.subscribe();
        loop {
            if let Some(cause) = *seen.borrow_and_update() {
                return cause;
            }
            // This is a sender of its own, so that there always is one.
            let _ = seen.changed().await;
        }
    }

    fn say(&self, gone: KeyGone) {
        self.0.send_if_modified(|cause| {
            let first = cause.is_none();
            *cause = cause.or(Some(gone));
            first
        });
    }
}

/// What ends a channel from outside its halves, and does not keep it open.
pub(crate) struct Link<S: Transport> {
    writer: Weak<Mutex<Writer<S::Writer>>>,
    state: watch::Receiver<State>,
    gone: Gone,
}

impl<S: Transport> Link<S> {
    /// Once both directions are over, or the receiving half is dropped.
    pub(crate) fn over(&self) -> impl Future<Output = ()> + Send + use<S> {
        let (mut state, gone) = (self.state.clone(), self.gone.clone());
        async move {
            tokio::select! {
                _ = state.wait_for(|state| *state == State::Ended) => {}
                _ = gone.cause() => {}
            }
        }
    }

    /// Ends both directions; the peer is told `denied` (R-CONT-4).
    pub(crate) async fn end(&self, gone: KeyGone) {
        let Some(writer) = self.writer.upgrade() else { return };
        tracing::warn!(code = gone.code(), "the channel ended: {gone}");
        // A sender in the middle of a write lets go of the transport.
        self.gone.say(gone);
        let _ = timeout(FAREWELL, async { writer.lock().await.end(Some(AlertCode::Denied)).await }).await;
    }
}

/// How far the receiving half is, for the sending one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The peer has closed its direction in order.
    PeerClosed,
    /// Both directions are over.
    Ended,
}

/// Sends to the peer.
pub struct SendHalf<S: Transport> {
    writer: Arc<Mutex<Writer<S::Writer>>>,
    state: watch::Receiver<State>,
    gone: Gone,
}

impl<S: Transport> SendHalf<S> {
    pub(crate) fn link(&self) -> Link<S> {
        Link { writer: Arc::downgrade(&self.writer), state: self.state.clone(), gone: self.gone.clone() }
    }

    /// Sends one message of at most [`MAX_CONTENT_BYTES`], as one record. Where the 2^20th record under a secret is due,
    /// a key_update goes first. A dropped send may still reach the peer: its record was sealed, and leaves with the next.
    ///
    /// # Errors
    /// [`Misuse::TooLong`] for a longer message (nothing is sent); [`Misuse::Closed`] after close, or once the channel
    /// has ended; [`ChannelError::Network`]; [`ChannelError::KeyGone`].
    pub async fn send(&mut self, content: &[u8]) -> Result<(), ChannelError> {
        if content.len() > MAX_CONTENT_BYTES {
            return Err(Error::from(Misuse::TooLong).into());
        }
        self.write(|sealer| sealer.data(content, 0)).await
    }

    /// Half-close: says that nothing more comes this way, and ends our side of the transport. The peer still may send. A
    /// WebSocket has no sides: it is closed by whoever closes last.
    ///
    /// # Errors
    /// As for [`SendHalf::send`].
    pub async fn close(&mut self) -> Result<(), ChannelError> {
        self.write(Sealer::close).await?;
        let mut writer = self.writer.lock().await;
        writer.closed = true;
        let last = *self.state.borrow() == State::PeerClosed;
        let closing = if last { writer.transport.close().await } else { writer.transport.finish().await };
        closing.map_err(ChannelError::Network)
    }

    /// Changes the secret of our direction now, before it is due.
    ///
    /// # Errors
    /// As for [`SendHalf::send`].
    pub async fn key_update(&mut self) -> Result<(), ChannelError> {
        self.unless_ended(async |writer| writer.write_record(Sealer::key_update).await).await
    }

    async fn write(&mut self, seal: impl FnOnce(&mut Sealer) -> Result<Vec<u8>, Error>) -> Result<(), ChannelError> {
        self.unless_ended(async |writer| writer.write(seal).await).await
    }

    /// Lets go of the stream as soon as the receiving half has ended the channel, even in the middle of a write that
    /// the peer does not take.
    async fn unless_ended<W>(&mut self, write: W) -> Result<(), ChannelError>
    where
        W: AsyncFnOnce(&mut Writer<S::Writer>) -> Result<(), ChannelError>,
    {
        let writing = async { write(&mut *self.writer.lock().await).await };
        tokio::select! {
            biased;
            gone = self.gone.cause() => Err(gone.into()),
            _ = self.state.wait_for(|state| *state == State::Ended) => Err(Error::from(Misuse::Closed).into()),
            written = writing => written,
        }
    }
}

impl<S: Transport> std::fmt::Debug for SendHalf<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SendHalf")
    }
}

/// The sealing side of the transport. A record that was sealed leaves whole and in order, also when a write was dropped.
struct Writer<W> {
    transport: W,
    sealer: Sealer,
    closed: bool,
}

impl<W: MessageWriter> Writer<W> {
    /// Seals and writes one record, after the key_update that is due.
    async fn write(&mut self, seal: impl FnOnce(&mut Sealer) -> Result<Vec<u8>, Error>) -> Result<(), ChannelError> {
        if self.sealer.key_update_due() {
            // A closed direction answers with Misuse::Closed.
            self.write_record(Sealer::key_update).await?;
        }
        self.write_record(seal).await
    }

    async fn write_record(
        &mut self,
        seal: impl FnOnce(&mut Sealer) -> Result<Vec<u8>, Error>,
    ) -> Result<(), ChannelError> {
        self.transport.flush().await.map_err(ChannelError::Network)?;
        self.transport.put(&seal(&mut self.sealer)?);
        self.transport.flush().await.map_err(ChannelError::Network)
    }

    /// The last thing that leaves: an alert in a record where our direction is still open (R-ALERT-5).
    async fn end(&mut self, alert: Option<AlertCode>) {
        if let Some(alert) = alert
            && self.write(|sealer| sealer.alert(alert)).await.is_err()
        {
            tracing::debug!("no alert could be sent");
        }
        let _ = self.transport.close().await;
    }
}

/// Receives from the peer.
pub struct ReceiveHalf<S: Transport> {
    reader: S::Reader,
    opener: Opener,
    writer: Arc<Mutex<Writer<S::Writer>>>,
    state: watch::Sender<State>,
    gone: Gone,
    outcome: Option<Outcome>,
}

/// How this direction ended; every later call gives the same.
#[derive(Clone, Copy)]
enum Outcome {
    Closed,
    Refused(Error),
    Network(io::ErrorKind),
    KeyGone(KeyGone),
}

impl<S: Transport> ReceiveHalf<S> {
    /// The peer's next message; `None` once the peer has closed its direction in order. Cancel-safe: a dropped call
    /// loses nothing.
    ///
    /// A record that is refused ends both directions: the peer gets the alert in a record, if ours is still open, and
    /// the stream is closed. So does an alert of the peer, unanswered.
    ///
    /// # Errors
    /// [`Fault::Truncated`] or [`Fault::NotARecord`] where the stream ended without close: what came may be cut short;
    /// [`Fault::PeerAlert`]; the fault of a refused record; [`ChannelError::Network`]; [`ChannelError::KeyGone`] where a
    /// [`Vigil`](crate::Vigil) says so. They stay.
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, ChannelError> {
        loop {
            match self.outcome {
                None => {}
                Some(Outcome::Closed) => return Ok(None),
                Some(Outcome::Refused(error)) => return Err(error.into()),
                Some(Outcome::Network(kind)) => return Err(ChannelError::Network(kind.into())),
                Some(Outcome::KeyGone(gone)) => return Err(gone.into()),
            }
            if let Some(content) = self.next().await {
                return Ok(Some(content));
            }
        }
    }

    /// After [`ReceiveHalf::recv`] gave `None`: waits until the peer has ended its side of the transport, and refuses
    /// whatever still comes (R-CHAN-12).
    ///
    /// # Errors
    /// [`Fault::RecordAfterClose`] where something came; otherwise as for [`ReceiveHalf::recv`].
    pub async fn ended(&mut self) -> Result<(), ChannelError> {
        while self.recv().await?.is_some() {}
        self.close_after_both().await;
        match self.reader.next(Frame::Record).await {
            Ok(None) => Ok(()),
            Ok(Some(record)) => match self.opener.open(&record) {
                Ok(_) => Ok(()),
                Err(error) => Err(self.refuse(error).await),
            },
            Err(error) => Err(self.cut(error).await),
        }
    }

    /// Reads one record: its data, or nothing where it was of another type or the channel ended.
    async fn next(&mut self) -> Option<Vec<u8>> {
        let read = tokio::select! {
            biased;
            gone = self.gone.cause() => return self.end(gone).await,
            read = self.reader.next(Frame::Record) => read,
        };
        let opened = match read {
            Ok(Some(record)) => self.opener.open(&record),
            Ok(None) => self.opener.end().map(|()| Received::Close),
            Err(error) => {
                self.cut(error).await;
                return None;
            }
        };
        match opened {
            Ok(Received::Data(content)) => return Some(content),
            Ok(Received::KeyUpdate) => tracing::debug!("the peer's direction has a new secret"),
            Ok(Received::Close) => {
                tracing::debug!("the peer closed its direction");
                self.outcome = Some(Outcome::Closed);
                self.state.send_replace(State::PeerClosed);
            }
            Ok(Received::Alert(code)) => {
                self.refuse(Fault::PeerAlert(code).into()).await;
            }
            Err(error) => {
                self.refuse(error).await;
            }
        }
        None
    }

    /// The peer's key is gone: nothing more is taken from it, and it hears why there is no more.
    async fn end(&mut self, gone: KeyGone) -> Option<Vec<u8>> {
        self.outcome = Some(Outcome::KeyGone(gone));
        self.finish(Some(AlertCode::Denied)).await;
        let _ = timeout(DRAIN, self.reader.drain(DRAIN_BYTES)).await;
        None
    }

    /// Where both directions are closed, and one end of the transport serves both, somebody has to end it.
    async fn close_after_both(&mut self) {
        let ending = async {
            let mut writer = self.writer.lock().await;
            if writer.closed {
                let _ = writer.transport.close().await;
            }
        };
        let _ = timeout(FAREWELL, ending).await;
    }

    /// The transport gave no whole message.
    async fn cut(&mut self, error: ReadError) -> ChannelError {
        match error {
            ReadError::TooLong => self.refuse(Fault::RecordTooLong.into()).await,
            ReadError::Cut | ReadError::Malformed => self.refuse(Fault::Truncated.into()).await,
            ReadError::Text => self.refuse(Fault::NotARecord.into()).await,
            ReadError::Io(error) => {
                self.outcome = Some(Outcome::Network(error.kind()));
                self.finish(None).await;
                ChannelError::Network(error)
            }
        }
    }

    /// Both directions are over.
    async fn refuse(&mut self, error: Error) -> ChannelError {
        self.outcome = Some(Outcome::Refused(error));
        let alert = error.alert();
        tracing::warn!(code = error.code(), alert = alert.map(AlertCode::name), "the channel ended: {error}");
        self.finish(alert).await;
        error.into()
    }

    async fn finish(&mut self, alert: Option<AlertCode>) {
        // A sender in the middle of a write lets go of the transport.
        self.state.send_replace(State::Ended);
        let ending = async { self.writer.lock().await.end(alert).await };
        let _ = timeout(FAREWELL, ending).await;
    }
}

impl<S: Transport> std::fmt::Debug for ReceiveHalf<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiveHalf")
    }
}

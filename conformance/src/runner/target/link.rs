//! A connection to an endpoint, message by message.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::endpoint::{Endpoint, Transport};
use super::http::Request;
use crate::channel::{self, Channel};
use crate::runner::attempt::{Party, Reaction, Refusal, Try};
use crate::runner::case::{Failure, Outcome};
use crate::runner::live::{Stands, read};
use crate::vector::Role;
use crate::wire;

/// How long an answer may take: more than the delay of `denied`, less than anybody waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// The alert that must not come early, and how late it may come at the earliest.
const DENIED: u8 = 49;
const DENIED_DELAY: Duration = Duration::from_millis(100);
/// Longest frame that is read.
const FRAME_LIMIT: usize = 70_000;

enum Carrier {
    Stream(TcpStream),
    WebSocket(Box<WebSocket<TcpStream>>),
    /// One connection a request.
    Http,
}

pub(crate) struct Link<'e> {
    endpoint: &'e Endpoint,
    carrier: Carrier,
    /// The waiting state that came with Reply over HTTP.
    state: Option<String>,
}

/// A fault of the network is a failure of the case.
pub(crate) fn network(what: &str, cause: &dyn std::fmt::Display) -> Outcome {
    Outcome::Failed(Failure {
        what: what.to_owned(),
        expected: "an answer, or an orderly end".to_owned(),
        actual: cause.to_string(),
        crash: true,
        ..Failure::default()
    })
}

pub(crate) fn connect(endpoint: &Endpoint) -> Try<TcpStream> {
    let stream = TcpStream::connect(&endpoint.authority).map_err(|cause| network("connecting", &cause))?;
    let limits = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_nodelay(true));
    limits.map_err(|cause| network("connecting", &cause))?;
    Ok(stream)
}

impl<'e> Link<'e> {
    pub(crate) fn open(endpoint: &'e Endpoint) -> Try<Self> {
        let carrier = match endpoint.transport {
            Transport::Stream => Carrier::Stream(connect(endpoint)?),
            Transport::Http => Carrier::Http,
            Transport::WebSocket => Carrier::WebSocket(Box::new(upgrade(endpoint, Some("didshake.1"))?)),
        };
        Ok(Self { endpoint, carrier, state: None })
    }

    /// Sends a message; gives what comes back, or None where the other side ends without a word.
    pub(crate) fn exchange(&mut self, message: &[u8], state: Option<&str>) -> Try<Option<Vec<u8>>> {
        match &mut self.carrier {
            Carrier::Stream(stream) => {
                // Whoever has ended already has said why, or will be found to have said nothing.
                let _ = send_framed(stream, message);
                read_framed(stream).map_err(|cause| network("reading", &cause))
            }
            Carrier::WebSocket(socket) => {
                let _ = socket.send(Message::Binary(message.to_vec().into()));
                read_frame(socket)
            }
            Carrier::Http => {
                let response = Request::post(self.endpoint, message).state(state).exchange(self.endpoint)?;
                self.state = response.state()?;
                response.message()
            }
        }
    }
}

impl Link<'_> {
    /// Ends a channel in order: a close, and then whatever the other side says until it ends too.
    pub(crate) fn part(&mut self, stands: &Stands) -> Try<()> {
        let channel = Channel::new(stands.suite, &stands.keys.ms);
        let mut close = channel.next(Role::Initiator, channel::inner(channel::CLOSE, &[], 0));
        read("close", channel.seal(&mut close))?;
        let mut answer = match &self.carrier {
            Carrier::Http => None,
            _ => self.exchange(&close.whole, None)?,
        };
        while answer.is_some() {
            answer = match &mut self.carrier {
                Carrier::Stream(stream) => read_framed(stream).map_err(|cause| network("reading", &cause))?,
                Carrier::WebSocket(socket) => read_frame(socket)?,
                Carrier::Http => None,
            };
        }
        Ok(())
    }
}

impl Party for Link<'_> {
    fn receive(&mut self, message: &[u8], beside: Map<String, Value>) -> Try<Reaction> {
        let token = beside.get("token").and_then(Value::as_str).map(|token| hex::decode(token).unwrap_or_default());
        let state = token.map(|token| String::from_utf8_lossy(&token).into_owned()).filter(|state| !state.is_empty());
        let start = Instant::now();
        let answer = self.exchange(message, state.as_deref())?;
        let refused = |alert| Ok(Reaction::Refused(Refusal { error: None, alert, send: Vec::new() }));
        match answer.as_deref() {
            None | Some([]) => refused(None),
            Some([wire::ALERT, DENIED]) if start.elapsed() < DENIED_DELAY => {
                let expected = "`denied` no earlier than 100 ms after the message (R-CHECK-8)";
                Err(Outcome::differs("the delay", expected, format!("{:?}", start.elapsed())))
            }
            Some([wire::ALERT, code]) => refused(Some(*code)),
            Some([wire::ALERT, ..]) => {
                Err(Outcome::differs("an alert", "two bytes", hex::encode(answer.unwrap_or_default())))
            }
            Some(message) => {
                let done = if message.first() == Some(&wire::ACCEPT) { json!({ "done": true }) } else { json!({}) };
                let said = done.as_object().cloned().unwrap_or_default();
                Ok(Reaction::Went { send: vec![message.to_vec()], said })
            }
        }
    }

    fn token(&self) -> Option<Value> {
        self.state.as_ref().map(|state| json!(hex::encode(state)))
    }

    fn codes(&self) -> bool {
        false
    }
}

/// Opens a WebSocket with this subprotocol.
pub(crate) fn upgrade(endpoint: &Endpoint, subprotocol: Option<&str>) -> Try<WebSocket<TcpStream>> {
    let url = format!("ws://{}{}", endpoint.authority, endpoint.path);
    let mut request = url.into_client_request().map_err(|cause| network("the URL", &cause))?;
    if let Some(Ok(name)) = subprotocol.map(str::parse) {
        request.headers_mut().insert("Sec-WebSocket-Protocol", name);
    }
    let (socket, _) =
        tungstenite::client(request, connect(endpoint)?).map_err(|cause| network("the upgrade", &cause))?;
    Ok(socket)
}

/// The next binary frame; None at an end of any kind.
pub(crate) fn read_frame(socket: &mut WebSocket<TcpStream>) -> Try<Option<Vec<u8>>> {
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => return Ok(Some(bytes.to_vec())),
            Ok(Message::Ping(_) | Message::Pong(_)) => (),
            Ok(Message::Text(_)) => return Err(Outcome::differs("a frame", "binary", "text")),
            Err(tungstenite::Error::Io(cause)) if is_timeout(&cause) => return Err(network("reading", &cause)),
            Ok(_) | Err(_) => return Ok(None),
        }
    }
}

fn is_timeout(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

pub(crate) fn send_framed(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let framed = [length.get(1..).unwrap_or_default(), message].concat();
    stream.write_all(&framed)
}

/// The next message of a stream; None at its end.
pub(crate) fn read_framed(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 3];
    let ended = |cause: io::Error| if is_timeout(&cause) { Err(cause) } else { Ok(None) };
    if let Err(cause) = stream.read_exact(&mut length) {
        return ended(cause);
    }
    let length = length.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    if length > FRAME_LIMIT {
        return Err(io::Error::other("a frame over every limit"));
    }
    let mut message = vec![0; length];
    match stream.read_exact(&mut message) {
        Ok(()) => Ok(Some(message)),
        Err(cause) => ended(cause),
    }
}

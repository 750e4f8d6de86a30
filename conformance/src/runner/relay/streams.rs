//! Mailbox sockets and server-sent events.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::{Message, WebSocket};

use super::owner::{Owner, u64_of};
use super::scene::{MAILBOX, Scene, Shown};
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::target::Endpoint;
use crate::runner::target::link::{connect, network};
use crate::runner::target::trials::expect;

const SUBPROTOCOL: &str = "didshake.relay.1";
pub(super) const DEPOSIT: u8 = 1;
pub(super) const CIRCUIT: u8 = 2;
const TAKEN: u8 = 3;
const REFUSED: u8 = 4;
const DURABLE: u8 = 5;
pub(super) const NO_CIRCUIT: u8 = 6;

pub(super) type Socket = WebSocket<TcpStream>;

/// A WebSocket of a relay; or the status with which it was refused.
pub(super) fn upgrade(endpoint: &Endpoint, path: &str, fields: &[(&'static str, String)]) -> Try<Result<Socket, u16>> {
    let url = format!("ws://{}{path}", endpoint.authority);
    let mut request = url.into_client_request().map_err(|cause| network("the URL", &cause))?;
    for (name, value) in fields.iter().chain([&("Sec-WebSocket-Protocol", SUBPROTOCOL.to_owned())]) {
        let value = value.parse().map_err(|_| Outcome::differs("the model", "a field", value.clone()))?;
        request.headers_mut().insert(*name, value);
    }
    match tungstenite::client(request, connect(endpoint)?) {
        Ok((socket, response)) => {
            let named = response.headers().get("sec-websocket-protocol").is_some_and(|name| name == SUBPROTOCOL);
            expect(named, "the subprotocol of the answer", SUBPROTOCOL, response.headers())?;
            Ok(Ok(socket))
        }
        Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => Ok(Err(response.status().as_u16())),
        Err(cause) => Err(network("the upgrade", &cause)),
    }
}

/// A WebSocket of the owner; a query stands after `?`.
pub(super) fn of_owner(endpoint: &Endpoint, owner: &mut Owner<'_>, path: &str) -> Try<Result<Socket, u16>> {
    let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
    let fields = owner.fields("GET", bare, query, &[])?;
    upgrade(endpoint, path, &fields)
}

pub(super) fn opened(socket: Result<Socket, u16>) -> Try<Socket> {
    socket.map_err(|status| Outcome::differs("the upgrade", "101", status.to_string()))
}

/// The next binary frame, or the code with which the socket is closed.
pub(super) fn next(socket: &mut Socket) -> Try<Result<Vec<u8>, Option<u16>>> {
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => return Ok(Ok(bytes.to_vec())),
            Ok(Message::Ping(_) | Message::Pong(_)) => (),
            Ok(Message::Close(frame)) => return Ok(Err(frame.map(|frame| frame.code.into()))),
            Ok(other) => return Err(Outcome::differs("a frame", "a binary one", format!("{other:?}"))),
            Err(tungstenite::Error::Io(cause)) => return Err(network("reading", &cause)),
            Err(_) => return Ok(Err(None)),
        }
    }
}

pub(super) fn send(socket: &mut Socket, frame: Vec<u8>) -> Try<()> {
    socket.send(Message::Binary(frame.into())).map_err(|cause| network("sending", &cause))
}

/// A frame of this kind, without its first byte.
pub(super) fn expected(socket: &mut Socket, kind: u8) -> Try<Vec<u8>> {
    let frame = next(socket)?;
    match frame.as_deref() {
        Ok([first, rest @ ..]) if *first == kind => Ok(rest.to_vec()),
        _ => Err(Outcome::differs("the frame", format!("one of type {kind}"), format!("{frame:?}"))),
    }
}

fn deposit(socket: &mut Socket) -> Try<Shown> {
    let frame = expected(socket, DEPOSIT)?;
    let number = |at: usize| frame.get(at..at + 8).and_then(u64_of);
    let shown = number(0).zip(number(8)).zip(frame.get(16..));
    let wrong = || Outcome::differs("a deposit", "u64 sequence · u64 expires · envelope", hex::encode(&frame));
    let ((sequence, expires), envelope) = shown.ok_or_else(wrong)?;
    Ok(Shown { sequence, expires, envelope: envelope.to_vec() })
}

fn numbers(kind: u8, numbers: &[u64]) -> Vec<u8> {
    numbers.iter().fold(vec![kind], |mut frame, number| {
        frame.extend_from_slice(&number.to_be_bytes());
        frame
    })
}

pub(super) fn socket(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelopes = scene.envelopes(4);
    let path = format!("{MAILBOX}/socket");
    scene.deposit(&token, &envelopes.iter().take(2).map(Vec::as_slice).collect::<Vec<_>>())?;
    let mut socket = opened(of_owner(scene.endpoint, &mut scene.owner, &path)?)?;
    let mut shown = vec![deposit(&mut socket)?, deposit(&mut socket)?];
    for envelope in envelopes.iter().skip(2) {
        scene.deposit(&token, &[envelope])?;
        shown.push(deposit(&mut socket)?);
    }
    let same = shown.iter().map(|shown| &shown.envelope).eq(&envelopes);
    expect(same, "what a socket shows", "each deposit once, in order", shown.len())?;
    expect(scene.shown("")? == shown, "the list beside the socket", "the same deposits", "others")?;
    let sequences: Vec<u64> = shown.iter().map(|shown| shown.sequence).collect();
    let [one, two, three, four] = sequences.as_slice() else { return Ok(()) };
    for (kind, answered) in [(TAKEN, vec![*one, *two]), (REFUSED, vec![*three])] {
        send(&mut socket, numbers(kind, &answered))?;
        let mut durable: Vec<u64> = expected(&mut socket, DURABLE)?.chunks(8).filter_map(u64_of).collect();
        durable.sort_unstable();
        expect(durable == answered, "the answers that are durable", &format!("{answered:?}"), durable)?;
    }
    let all: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    let states = scene.states(&token, &all)?;
    expect(states == ["taken", "taken", "refused", "waiting"], "the states", "as the socket answered", states)?;
    let mut second = opened(of_owner(scene.endpoint, &mut scene.owner, &path)?)?;
    let shown = deposit(&mut second)?.sequence;
    expect(shown == *four, "what a second socket shows", &format!("{four}"), shown)
}

pub(super) fn frames(scene: &mut Scene<'_>) -> Try<()> {
    let path = format!("{MAILBOX}/socket");
    let too_many: Vec<u64> = (1..=1_025).collect();
    for frame in [vec![], vec![9], vec![TAKEN], vec![TAKEN, 0], vec![DURABLE; 9], numbers(TAKEN, &too_many)] {
        let mut socket = opened(of_owner(scene.endpoint, &mut scene.owner, &path)?)?;
        let what = format!("what follows a frame that begins {}", hex::encode(frame.get(..2).unwrap_or(&frame)));
        send(&mut socket, frame)?;
        let end = next(&mut socket)?;
        expect(end == Err(Some(1008)), &what, "1008", end)?;
    }
    let nobody = upgrade(scene.endpoint, &path, &[])?;
    expect(nobody.as_ref().err() == Some(&401), "a socket without signature", "401", nobody.err())
}

/// A stream of events.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(scene: &mut Scene<'_>, after: u64) -> Try<Self> {
        let (path, query) = (format!("{MAILBOX}/events"), format!("after={after}"));
        let fields = scene.owner.fields("GET", &path, Some(&query), &[])?;
        // HTTP/1.0: what arrives are the events, without chunks.
        let mut head = format!("GET {path}?{query} HTTP/1.0\r\nHost: {}\r\n", scene.endpoint.authority);
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = connect(scene.endpoint)?;
        stream.write_all(format!("{head}\r\n").as_bytes()).map_err(|cause| network("sending", &cause))?;
        let mut events = Self(BufReader::new(stream));
        let head = events.block()?.to_ascii_lowercase();
        let begun = head.contains(" 200 ") && head.contains("content-type: text/event-stream");
        expect(begun, "the answer", "200 with `text/event-stream`", head)?;
        Ok(events)
    }

    /// Lines up to an empty one.
    fn block(&mut self) -> Try<String> {
        let mut block = String::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).map_err(|cause| network("reading", &cause))?;
            if read == 0 || line.trim_end().is_empty() {
                return Ok(block);
            }
            block.push_str(&line);
        }
    }

    /// The next deposit, which names itself by its sequence number.
    fn deposit(&mut self) -> Try<Shown> {
        let mut block = self.block()?;
        while block.lines().all(|line| line.starts_with(':')) && !block.is_empty() {
            block = self.block()?;
        }
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let shown = field("data:").and_then(|data| serde_json::from_str::<Value>(data).ok());
        let shown = shown.as_ref().and_then(Shown::of);
        let named = |shown: &Shown| field("id:") == Some(&shown.sequence.to_string());
        let event = shown.filter(|shown| field("event:") == Some("deposit") && named(shown));
        event.ok_or_else(|| Outcome::differs("an event", "`deposit` with `id` and `data`", block.clone()))
    }
}

pub(super) fn events(scene: &mut Scene<'_>) -> Try<()> {
    let token = scene.token()?;
    let envelopes = scene.envelopes(3);
    scene.deposit(&token, &envelopes.iter().take(2).map(Vec::as_slice).collect::<Vec<_>>())?;
    let mut events = Events::open(scene, 0)?;
    let mut shown = vec![events.deposit()?, events.deposit()?];
    scene.deposit(&token, &envelopes.iter().skip(2).map(Vec::as_slice).collect::<Vec<_>>())?;
    shown.push(events.deposit()?);
    expect(scene.shown("")? == shown, "the events", "the deposits that wait, in order", shown.len())?;
    let second = shown.get(1).map_or(0, |shown| shown.sequence);
    let last = Events::open(scene, second)?.deposit()?;
    expect(Some(&last) == shown.last(), "the events after the second", "the third", last.sequence)
}

//! What no vector shows: how an endpoint bears a binding misused, slow bytes, storms, forged headers.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Map;
use tungstenite::Message;

use super::endpoint::{Endpoint, Transport};
use super::http::{Request, Response};
use super::link::{Link, connect, network, read_frame, read_framed, upgrade};
use crate::check::{Check, Checks, Stop};
use crate::config::{Admission, Config};
use crate::fixed;
use crate::initiator::Initiator;
use crate::play::HONEST;
use crate::receive::{Incoming, Outgoing};
use crate::runner::attempt::{Party, Reaction, Try};
use crate::runner::case::{Case, Outcome, Tier};
use crate::runner::dice::Dice;
use crate::runner::live::{Stands, read};
use crate::sender::Sender;
use crate::wire;

/// How many attempts a storm leaves half open.
const STORM: usize = 200;
/// Into how many pieces slow bytes are cut, and the pause between two.
const PIECES: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    SlowBytes,
    Storm,
    TestSuite,
    Garbage,
    MediaType,
    Method,
    TwoStates,
    ForwardedHeaders,
    OtherOrigin,
    BodyLimit,
    Unsolicited,
    TextFrame,
    Subprotocol,
    FrameLength,
}

type Row = (Trial, &'static str, &'static [Transport], &'static [&'static str], &'static str);

const ALL: &[Transport] = &[Transport::Stream, Transport::WebSocket, Transport::Http];
const WEB: &[Transport] = &[Transport::WebSocket, Transport::Http];

const ROWS: &[Row] = &[
    (
        Trial::SlowBytes,
        "slow-bytes",
        ALL,
        &["R-LIMIT-2"],
        "bytes that trickle for a second are a good message in the end",
    ),
    (Trial::Storm, "half-open-storm", WEB, &["R-STATE-6"], "200 attempts without Finish keep nobody out"),
    (Trial::TestSuite, "test-suite", ALL, &["R-SUITE-12"], "suite 0xFE01 is unknown"),
    (Trial::Garbage, "garbage", ALL, &["R-WIRE-5", "R-ALERT-1"], "random bytes get one alert and an end"),
    (Trial::MediaType, "media-type", &[Transport::Http], &["R-BIND-8"], "another media type is no Hello"),
    (Trial::Method, "method", &[Transport::Http], &["R-BIND-8"], "a Hello in a PUT is none"),
    (Trial::TwoStates, "two-states", &[Transport::Http], &["R-BIND-12"], "Finish with two waiting states is refused"),
    (
        Trial::ForwardedHeaders,
        "forwarded-headers",
        &[Transport::Http],
        &["R-BIND-7"],
        "forwarded headers change no origin",
    ),
    (
        Trial::OtherOrigin,
        "other-origin",
        WEB,
        &["R-BIND-5", "R-BIND-7"],
        "an initiator that asked another origin cannot open Reply",
    ),
    (
        Trial::BodyLimit,
        "body-limit",
        &[Transport::Http],
        &["R-BIND-18", "R-WIRE-2"],
        "4,097 bytes that begin as Hello are too long",
    ),
    (
        Trial::Unsolicited,
        "alert",
        &[Transport::Http],
        &["R-BIND-13", "R-ALERT-2"],
        "an alert to a responder is not answered by one",
    ),
    (Trial::TextFrame, "text-frame", &[Transport::WebSocket], &["R-BIND-3"], "a text frame ends the attempt"),
    (
        Trial::Subprotocol,
        "subprotocol",
        &[Transport::WebSocket],
        &["R-BIND-4"],
        "without the subprotocol there is no attempt",
    ),
    (
        Trial::FrameLength,
        "frame-length",
        &[Transport::Stream],
        &["R-BIND-1"],
        "a length over the limit is refused before its bytes come",
    ),
];

/// The trials of a transport, as cases.
pub(crate) fn of(transport: Transport) -> Vec<(Case, Trial)> {
    let here = ROWS.iter().filter(|(_, _, transports, ..)| transports.contains(&transport));
    let case = |(trial, name, _, requirements, about): &Row| {
        let requirements = requirements.iter().map(|id| (*id).to_owned()).collect();
        let id = format!("live/{}/{name}", transport.name());
        (Case::new(id, Tier::Live, requirements, (*about).to_owned()), *trial)
    };
    here.map(case).collect()
}

/// An initiator that means the endpoint, and its Hello.
pub(crate) fn meeting(endpoint: &Endpoint, seed: u64) -> Try<Config> {
    let base = read("the model", fixed::config())?;
    let fits = endpoint.adapt(&base);
    let mut config = fits.ok_or_else(|| Outcome::differs("the model", "a configuration that fits", "none"))?;
    Dice::new(seed, &format!("{} {}", endpoint.transport.name(), endpoint.authority)).freshen(&mut config);
    config.initiator.expect = Admission::Did { did: endpoint.did.clone() };
    Ok(config)
}

fn hello(model: &mut Initiator<'_>) -> Try<Outgoing> {
    read("hello", model.hello(HONEST))
}

/// Reads a Reply; gives Finish.
fn finish(model: &mut Initiator<'_>, reply: &[u8]) -> Try<Outgoing> {
    let nobody = Sender::default();
    let message = Incoming { wire: reply, sender: &nobody, checks: Checks::all() };
    read("reply", model.read_answer(message, HONEST))?
        .ok_or_else(|| Outcome::differs("reply", "a Reply", hex::encode(reply)))
}

/// A whole handshake; what it is refused with is a failure.
fn honest(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let (mut link, stands) = shaken(endpoint, &meeting(endpoint, seed)?)?;
    link.part(&stands)
}

/// What stands after an honest handshake in this configuration.
pub(crate) fn shaken<'e>(endpoint: &'e Endpoint, config: &Config) -> Try<(Link<'e>, Stands)> {
    let (mut model, mut link) = (Initiator::new(config), Link::open(endpoint)?);
    let mut message = hello(&mut model)?.wire;
    loop {
        let beside: Map<_, _> = link.token().into_iter().map(|token| ("token".to_owned(), token)).collect();
        match link.receive(&message, beside)? {
            Reaction::Refused(refusal) => {
                return Err(Outcome::differs("an honest handshake", "Accept", refusal.to_string()));
            }
            Reaction::Went { send, said } if said.is_empty() => message = finish(&mut model, &send.concat())?.wire,
            Reaction::Went { send, .. } => {
                let nobody = Sender::default();
                let accept = send.concat();
                read("accept", model.read_accept(Incoming { wire: &accept, sender: &nobody, checks: Checks::all() }))?;
                return Ok((link, Stands::of(model)));
            }
        }
    }
}

/// The alert that comes back, if any.
fn alert(answer: Option<Vec<u8>>) -> Option<u8> {
    match answer.as_deref() {
        Some([wire::ALERT, code]) => Some(*code),
        _ => None,
    }
}

fn expect_alert(expected: u8, answer: Option<Vec<u8>>) -> Try<()> {
    let shown = answer.as_ref().map_or_else(|| "nothing".to_owned(), hex::encode);
    if alert(answer) == Some(expected) {
        Ok(())
    } else {
        Err(Outcome::differs("the alert", expected.to_string(), shown))
    }
}

pub(crate) fn expect(holds: bool, what: &str, expected: &str, actual: impl std::fmt::Debug) -> Try<()> {
    if holds { Ok(()) } else { Err(Outcome::differs(what, expected, format!("{actual:?}"))) }
}

impl Trial {
    pub(crate) fn run(self, endpoint: &Endpoint, seed: u64) -> Try<()> {
        match self {
            Trial::SlowBytes => slow_bytes(endpoint, seed),
            Trial::Storm => storm(endpoint, seed),
            Trial::TestSuite => test_suite(endpoint, seed),
            Trial::Garbage => garbage(endpoint, seed),
            Trial::MediaType => {
                refused_plainly(endpoint, seed, |request| request.with("Content-Type", "application/json"))
            }
            Trial::Method => refused_plainly(endpoint, seed, |mut request| {
                request.method = "PUT";
                request
            }),
            Trial::TwoStates => two_states(endpoint, seed),
            Trial::ForwardedHeaders => forwarded_headers(endpoint, seed),
            Trial::OtherOrigin => other_origin(endpoint, seed),
            Trial::BodyLimit => {
                let mut long = vec![0; 4_097];
                long.iter_mut().take(1).for_each(|kind| *kind = wire::HELLO);
                expect_alert(50, Request::post(endpoint, &long).exchange(endpoint)?.message()?)
            }
            Trial::Unsolicited => {
                let response = Request::post(endpoint, &[wire::ALERT, 40]).exchange(endpoint)?;
                let answer = response.message()?;
                expect(
                    answer.is_none() && response.status >= 400,
                    "the answer",
                    "no message, and an error",
                    response.status,
                )
            }
            Trial::TextFrame => text_frame(endpoint),
            Trial::Subprotocol => subprotocol(endpoint, seed),
            Trial::FrameLength => frame_length(endpoint),
        }
    }
}

fn pieces(bytes: &[u8], mut write: impl FnMut(&[u8]) -> std::io::Result<()>) -> Try<()> {
    for piece in bytes.chunks(bytes.len().div_ceil(PIECES).max(1)) {
        write(piece).map_err(|cause| network("slow bytes", &cause))?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Hello, cut into pieces: framed on a stream, a request over HTTP, the opening handshake of a WebSocket.
fn slow_bytes(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let message = hello(&mut Initiator::new(&config))?.wire;
    let mut stream = connect(endpoint)?;
    let answer = match endpoint.transport {
        Transport::Stream => {
            let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
            pieces(&[length.get(1..).unwrap_or_default(), &message].concat(), |piece| stream.write_all(piece))?;
            read_framed(&mut stream).map_err(|cause| network("reading", &cause))?
        }
        Transport::Http => {
            pieces(&Request::post(endpoint, &message).bytes(), |piece| stream.write_all(piece))?;
            Response::read(&mut stream)?.message()?
        }
        Transport::WebSocket => {
            let head = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: didshake.1\r\n\r\n",
                endpoint.path, endpoint.authority
            );
            pieces(head.as_bytes(), |piece| stream.write_all(piece))?;
            let mut start = [0; 12];
            std::io::Read::read_exact(&mut stream, &mut start).map_err(|cause| network("the upgrade", &cause))?;
            return expect(start.ends_with(b"101"), "the upgrade", "101", String::from_utf8_lossy(&start));
        }
    };
    let first = answer.as_ref().and_then(|answer| answer.first().copied());
    expect(first == Some(wire::REPLY), "the answer", "a Reply", answer)
}

/// Half-open attempts: over HTTP nothing but the Hellos, on a WebSocket as many connections as it takes.
fn storm(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let message = hello(&mut Initiator::new(&config))?.wire;
    let mut open = Vec::new();
    for _ in 0..STORM {
        // A peer that refuses more of them defends itself: what counts is the honest one afterwards.
        if let Ok(mut link) = Link::open(endpoint) {
            let _ = link.exchange(&message, None);
            open.push(link);
        }
    }
    drop(open);
    honest(endpoint, seed)
}

fn test_suite(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let mut config = meeting(endpoint, seed)?;
    config.initiator.suites = vec![crate::primitives::TEST_SUITE];
    let message = hello(&mut Initiator::new(&config))?.wire;
    expect_alert(40, Link::open(endpoint)?.exchange(&message, None)?)
}

fn garbage(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let mut dice = Dice::new(seed, "garbage");
    for length in [1usize, 2, 31, 94, 512, 4_000] {
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| dice.bytes()).take(length.div_ceil(32)).flatten().collect();
        bytes.truncate(length);
        bytes.iter_mut().take(1).for_each(|kind| *kind = 0x7f);
        expect_alert(10, Link::open(endpoint)?.exchange(&bytes, None)?)?;
    }
    honest(endpoint, seed)
}

/// What is no Hello at all gets an error of HTTP, and no Reply.
fn refused_plainly(endpoint: &Endpoint, seed: u64, change: impl Fn(Request) -> Request) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let message = hello(&mut Initiator::new(&config))?.wire;
    let response = change(Request::post(endpoint, &message)).exchange(endpoint)?;
    expect((400..500).contains(&response.status), "the status", "4xx", response.status)
}

fn two_states(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let mut model = Initiator::new(&config);
    let first = hello(&mut model)?.wire;
    let response = Request::post(endpoint, &first).exchange(endpoint)?;
    let (state, reply) = (response.state()?, response.message()?.unwrap_or_default());
    let last = finish(&mut model, &reply)?.wire;
    let twice = Request::post(endpoint, &last).state(state.as_deref()).state(state.as_deref());
    expect_alert(49, twice.exchange(endpoint)?.message()?)
}

fn forwarded_headers(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let mut model = Initiator::new(&config);
    let message = hello(&mut model)?.wire;
    let request = Request::post(endpoint, &message)
        .with("X-Forwarded-Host", "evil.example")
        .with("X-Forwarded-Proto", "https")
        .with("Forwarded", "host=evil.example;proto=https")
        .with("Origin", "https://evil.example");
    let reply = request.exchange(endpoint)?.message()?.unwrap_or_default();
    finish(&mut model, &reply).map(drop)
}

fn other_origin(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let mut config = meeting(endpoint, seed)?;
    config.prologue.0 = b"https://evil.example".to_vec();
    let mut model = Initiator::new(&config);
    let message = hello(&mut model)?.wire;
    let reply = Link::open(endpoint)?.exchange(&message, None)?.unwrap_or_default();
    let nobody = Sender::default();
    let read = model.read_answer(Incoming { wire: &reply, sender: &nobody, checks: Checks::all() }, HONEST);
    let stopped = read.map(|_| ()).err();
    expect(stopped == Some(Stop::Refused(Check::SealedTag)), "Reply", "one that does not open", stopped)
}

fn text_frame(endpoint: &Endpoint) -> Try<()> {
    let mut socket = upgrade(endpoint, Some("didshake.1"))?;
    socket.send(Message::Text("hello".into())).map_err(|cause| network("sending", &cause))?;
    let answer = read_frame(&mut socket)?;
    expect(answer.as_ref().is_none_or(|answer| answer.first() == Some(&wire::ALERT)), "the answer", "an end", &answer)
}

/// Either the opening handshake is refused, or a Hello after it; and who names the subprotocol is served.
fn subprotocol(endpoint: &Endpoint, seed: u64) -> Try<()> {
    let config = meeting(endpoint, seed)?;
    let message = hello(&mut Initiator::new(&config))?.wire;
    if let Ok(mut socket) = upgrade(endpoint, None) {
        let _ = socket.send(Message::Binary(message.into()));
        let answer = read_frame(&mut socket)?;
        expect(answer.is_none(), "the answer", "an end", &answer)?;
    }
    honest(endpoint, seed)
}

/// Three bytes that promise 16 MiB: the alert comes although nothing else does.
fn frame_length(endpoint: &Endpoint) -> Try<()> {
    let mut stream = connect(endpoint)?;
    stream.write_all(&[0xff; 3]).map_err(|cause| network("sending", &cause))?;
    let start = Instant::now();
    let answer = read_framed(&mut stream).map_err(|cause| network("reading", &cause))?;
    expect_alert(50, answer)?;
    expect(start.elapsed() < Duration::from_secs(5), "the answer", "at once", start.elapsed())
}

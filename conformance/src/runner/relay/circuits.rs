//! Circuits: bytes between a depositor and an owner who are both here.

use std::thread;
use std::time::{Duration, Instant};

use tungstenite::Message;

use super::owner::Owner;
use super::scene::{MAILBOX, Scene, Token};
use super::streams::{CIRCUIT, DEPOSIT, NO_CIRCUIT, Socket, expected, next, of_owner, opened, send, upgrade};
use crate::keys::base64url;
use crate::runner::attempt::Try;
use crate::runner::case::Outcome;
use crate::runner::target::link::network;
use crate::runner::target::trials::expect;

/// The longest frame.
const LONGEST: usize = 131_072;
/// How long an owner may take to answer: whoever is told of `away` at once is told before.
const WAIT: Duration = Duration::from_secs(9);

/// The depositor asks, while `owner` does something with the ID that its mailbox socket is told.
fn ask<T>(
    scene: &mut Scene<'_>,
    token: &Token,
    socket: &mut Socket,
    owner: impl FnOnce(&mut Owner<'_>, &mut Socket, Vec<u8>) -> Try<T>,
) -> Try<(Result<Socket, u16>, T)> {
    let (endpoint, path) = (scene.endpoint, format!("{}/circuit", scene.path));
    let fields = [("Authorization", format!("DIDShake-Deposit {}", token.text))];
    let own = &mut scene.owner;
    let (asked, done) = thread::scope(|scope| {
        let asked = scope.spawn(move || upgrade(endpoint, &path, &fields));
        let done = expected(socket, CIRCUIT).and_then(|id| owner(own, socket, id));
        (asked.join(), done)
    });
    let asked = asked.map_err(|_| Outcome::differs("the depositor's end", "an answer", "none"))??;
    Ok((asked, done?))
}

fn mailbox_socket(scene: &mut Scene<'_>) -> Try<Socket> {
    opened(of_owner(scene.endpoint, &mut scene.owner, &format!("{MAILBOX}/socket"))?)
}

fn end_of(id: &[u8]) -> String {
    format!("{MAILBOX}/circuits/{}", base64url(id))
}

pub(super) fn passes(scene: &mut Scene<'_>) -> Try<()> {
    let (token, endpoint) = (scene.token()?, scene.endpoint);
    let mut socket = mailbox_socket(scene)?;
    let (depositor, owner) =
        ask(scene, &token, &mut socket, |own, _, id| opened(of_owner(endpoint, own, &end_of(&id))?))?;
    let (mut depositor, mut owner) = (opened(depositor)?, owner);
    let frames = [vec![], vec![0], scene.envelope(), scene.owner.draw().repeat(LONGEST / 32)];
    for frame in &frames {
        send(&mut depositor, frame.clone())?;
    }
    for frame in &frames {
        let came = next(&mut owner)?;
        expect(came.as_ref() == Ok(frame), "a frame to the owner", &hex::encode(frame), came)?;
        send(&mut owner, frame.iter().rev().copied().collect())?;
    }
    for frame in &frames {
        let sent: Vec<u8> = frame.iter().rev().copied().collect();
        let came = next(&mut depositor)?;
        expect(came.as_ref() == Ok(&sent), "a frame to the depositor", &hex::encode(&sent), came)?;
    }
    // Where one side closes, the other is closed.
    depositor.close(None).map_err(|cause| network("closing", &cause))?;
    let end = next(&mut owner)?;
    expect(end.is_err(), "the owner's end after the depositor's", "closed", end)?;
    scene.nothing_waits()
}

pub(super) fn once(scene: &mut Scene<'_>) -> Try<()> {
    let (token, endpoint) = (scene.token()?, scene.endpoint);
    let mut other = scene.somebody()?;
    let mut socket = mailbox_socket(scene)?;
    let (depositor, mut owner) = ask(scene, &token, &mut socket, |own, _, id| {
        let path = end_of(&id);
        let stranger = of_owner(endpoint, &mut other, &path)?;
        expect(stranger.is_err(), "a circuit of another owner", "refused", "opened")?;
        let nobody = upgrade(endpoint, &path, &[])?;
        expect(nobody.is_err(), "a circuit without signature", "refused", "opened")?;
        let owner = opened(of_owner(endpoint, own, &path)?)?;
        let again = of_owner(endpoint, own, &path)?;
        expect(again.is_err(), "the same circuit again", "refused", "opened")?;
        Ok(owner)
    })?;
    let mut depositor = opened(depositor)?;
    send(&mut depositor, vec![1])?;
    let came = next(&mut owner)?;
    expect(came == Ok(vec![1]), "a frame of the circuit", "01", came)?;
    depositor.send(Message::text("text")).map_err(|cause| network("sending", &cause))?;
    let ends = [next(&mut depositor)?, next(&mut owner)?];
    expect(ends == [Err(Some(1003)), Err(Some(1003))], "both ends after a text frame", "1003", ends)
}

pub(super) fn several(scene: &mut Scene<'_>) -> Try<()> {
    let (token, endpoint) = (scene.token()?, scene.endpoint);
    let path = |query: &str| format!("{MAILBOX}/socket?circuits={query}");
    let other = of_owner(endpoint, &mut scene.owner, &path("2"))?.err();
    expect(other == Some(400), "a socket of which it is not known whether it takes circuits", "400", other)?;
    let mut deaf = opened(of_owner(endpoint, &mut scene.owner, &path("0"))?)?;
    let fields = [("Authorization", format!("DIDShake-Deposit {}", token.text))];
    let asked = upgrade(endpoint, &format!("{}/circuit", scene.path), &fields)?.err();
    expect(asked == Some(404), "a circuit where no socket takes circuits", "404", asked)?;

    let mut one = mailbox_socket(scene)?;
    let mut two = opened(of_owner(endpoint, &mut scene.owner, &path("1"))?)?;
    let (depositor, mut owner) = ask(scene, &token, &mut one, |own, one, id| {
        let told = expected(&mut two, CIRCUIT)?;
        expect(told == id, "what the other socket is told", &hex::encode(&id), hex::encode(&told))?;
        send(one, [&[NO_CIRCUIT], id.as_slice()].concat())?;
        heard(one)?;
        opened(of_owner(endpoint, own, &end_of(&id))?)
    })?;
    send(&mut opened(depositor)?, vec![1])?;
    let came = next(&mut owner)?;
    expect(came == Ok(vec![1]), "a frame of the circuit", "01", came)?;
    // What the first one is told comes after whatever was announced.
    let envelope = scene.envelope();
    scene.deposit(&token, &[&envelope])?;
    expected(&mut deaf, DEPOSIT).map(drop)
}

/// Until the relay has heard all that was sent: it answers a ping.
fn heard(socket: &mut Socket) -> Try<()> {
    socket.send(Message::Ping(Vec::new().into())).map_err(|cause| network("sending", &cause))?;
    while !matches!(socket.read().map_err(|cause| network("reading", &cause))?, Message::Pong(_)) {}
    Ok(())
}

pub(super) fn away(scene: &mut Scene<'_>) -> Try<()> {
    let (token, unknown) = (scene.token()?, scene.unknown_token());
    let path = format!("{}/circuit", scene.path);
    for (token, status, what) in [(&token, 404, "without a socket of the owner"), (&unknown, 401, "without a token")] {
        let fields = [("Authorization", format!("DIDShake-Deposit {}", token.text))];
        let begun = Instant::now();
        let asked = upgrade(scene.endpoint, &path, &fields)?.err();
        let soon = begun.elapsed() < WAIT;
        expect(asked == Some(status) && soon, &format!("a circuit {what}"), &format!("{status}, at once"), asked)?;
    }
    let mut socket = mailbox_socket(scene)?;
    let begun = Instant::now();
    let (asked, ()) =
        ask(scene, &token, &mut socket, |_, socket, id| send(socket, [&[NO_CIRCUIT], id.as_slice()].concat()))?;
    let soon = begun.elapsed() < WAIT;
    expect(asked.as_ref().err() == Some(&404) && soon, "a circuit that is not wanted", "404, at once", asked.err())
}

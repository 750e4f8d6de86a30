//! The attacks of the demonstration: real handshakes that must fail.

use std::pin::Pin;

use didshake::{AlertCode, Binding, Context, Error, Fault};
use didshake_peer::{Cause, HandshakeError, MemoryBurnStore, Message, accept, connect};
use serde_json::{Value, json};

use crate::demo::cast::{Cast, dial, incoming, listener, network};
use crate::demo::impostor::answer_as_bob;
use crate::demo::narrator::{Told, say};
use crate::demo::relay::relay;
use crate::demo::replay::replay;
use crate::failure::{Exit, Failure};
use crate::output::{BAD, GOOD};

/// How an attack ended.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Who noticed.
    victim: &'static str,
    /// The alert on the wire.
    alert: Option<AlertCode>,
    /// What the log of whoever noticed says.
    cause: Option<&'static str>,
    text: String,
    pub(crate) succeeded: bool,
}

impl Attack {
    fn refused(name: &'static str, victim: &'static str, alert: Option<AlertCode>, error: Option<Error>) -> Self {
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        Self { name, victim, alert, cause: error.map(|error| error.code()), text, succeeded: error.is_none() }
    }

    /// What an attack must lead to; anything else is a success of the attacker, or a fault of ours.
    fn must_be(self, fault: Fault, alert: AlertCode) -> Self {
        let succeeded = self.succeeded || self.cause != Some(fault.code()) || self.alert != Some(alert);
        Self { succeeded, ..self }
    }

    pub(crate) fn tell(&self, told: Told) {
        let alert =
            self.alert.map_or_else(|| String::from("nothing"), |code| format!("alert {} {}", code as u8, code.name()));
        say(told, &format!("   on the wire   {alert}"));
        say(told, &format!("   {:<5} logs    {}", self.victim, self.cause.unwrap_or("nothing")));
        if !self.text.is_empty() {
            say(told, &format!("                 {}", self.text.trim_start_matches("the peer is at fault: ")));
        }
        match self.succeeded {
            false => say(told, &format!("   {GOOD}The attack failed.{GOOD:#}")),
            true => say(told, &format!("   {BAD}THE ATTACK SUCCEEDED.{BAD:#}")),
        }
    }

    pub(crate) fn as_json(&self) -> Value {
        json!({
            "name": self.name, "noticedBy": self.victim, "alert": self.alert.map(|code| code as u8),
            "cause": self.cause, "succeeded": self.succeeded,
        })
    }
}

type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Attack, Failure>> + 'a>>;

/// Every attack with its story.
pub(crate) fn all(cast: &Cast) -> Vec<(&'static str, Attempt<'_>)> {
    vec![
        (
            "1. Replay. Mallory recorded Alice's Finish, and Bob's sealed waiting state\n   that came with it. She sends both again.",
            Box::pin(replayed_finish(cast)),
        ),
        (
            "2. Impostor. Mallory answers in Bob's place: she claims Bob's DID and signs\n   with a key of her own.",
            Box::pin(impostor(cast)),
        ),
        ("3. Tampering. Mallory stands between them and flips one bit of Alice's Finish.", Box::pin(tampered(cast))),
        (
            "4. Relay. Alice is at https://evil.example, which passes every byte on to Bob\n   at https://bob.example, to be logged in as Alice.",
            Box::pin(relayed(cast)),
        ),
    ]
}

async fn replayed_finish(cast: &Cast) -> Result<Attack, Failure> {
    let tries = replay(cast).await?;
    if tries.first != Message::Accept {
        return Err(Failure::new(Exit::Check, "demo", "the first Finish was not accepted"));
    }
    let accepted = tries.second == Message::Accept;
    let attack = Attack::refused("replayed Finish", "Bob", tries.alert, tries.cause.filter(|_| !accepted));
    Ok(attack.must_be(Fault::FinishReplayed, AlertCode::Denied))
}

async fn impostor(cast: &Cast) -> Result<Attack, Failure> {
    let (listener, address) = listener().await?;
    let options = cast.alices_options();
    let stream = dial(&address).await?;
    let (alice, alert) = tokio::join!(connect(stream, &options), answer_as_bob(cast, &listener));
    let attack = Attack::refused("impostor", "Alice", alert?, protocol_error(alice.err())?);
    Ok(attack.must_be(Fault::SignatureInvalid, AlertCode::Denied))
}

async fn tampered(cast: &Cast) -> Result<Attack, Failure> {
    let outcome = through_relay(cast, b"", b"", Some(Message::Finish)).await?;
    let attack = Attack::refused("tampered message", "Bob", outcome.alert, outcome.bob);
    Ok(attack.must_be(Fault::SealedPartNotOpened, AlertCode::BadRecord))
}

async fn relayed(cast: &Cast) -> Result<Attack, Failure> {
    let outcome = through_relay(cast, b"https://evil.example", b"https://bob.example", None).await?;
    let attack = Attack::refused("relay at another origin", "Alice", outcome.alert, outcome.alice);
    Ok(attack.must_be(Fault::SealedPartNotOpened, AlertCode::BadRecord))
}

/// What each side found, and the alert that the relay saw. No error means that the side has a channel.
struct Outcome {
    alice: Option<Error>,
    bob: Option<Error>,
    alert: Option<AlertCode>,
}

/// A handshake through Mallory's relay, each side with the prologue that it believes in.
async fn through_relay(
    cast: &Cast,
    alices_prologue: &[u8],
    bobs_prologue: &[u8],
    change: Option<Message>,
) -> Result<Outcome, Failure> {
    let prologue = |text: &[u8]| {
        Context::new(Binding::Stream, text.to_vec())
            .map_err(|misuse| Failure::new(Exit::Check, "demo", misuse.to_string()))
    };
    let ((bobs_listener, bobs_address), (relays_listener, relays_address)) = (listener().await?, listener().await?);
    let (mut alice, mut bob) = (cast.alices_options(), cast.bobs_options());
    alice.surroundings.context = prologue(alices_prologue)?;
    bob.surroundings.context = prologue(bobs_prologue)?;
    let responding = async {
        let stream = incoming(&bobs_listener).await?;
        Ok::<_, Failure>(accept(stream, &bob, &MemoryBurnStore::default()).await.err())
    };
    let relaying = tokio::spawn(relay(relays_listener, bobs_address, change));
    let stream = dial(&relays_address).await?;
    let (alice, bob) = tokio::join!(async { connect(stream, &alice).await.err() }, responding);
    let alerts = relaying.await.map_err(|error| network(&error))??;
    let alert = alerts.first().copied().and_then(AlertCode::from_byte);
    Ok(Outcome { alice: protocol_error(alice)?, bob: protocol_error(bob?)?, alert })
}

/// The error of a handshake as the protocol sees it; that the network broke is no attack's end.
fn protocol_error(error: Option<HandshakeError>) -> Result<Option<Error>, Failure> {
    match error.map(|error| error.cause) {
        None => Ok(None),
        Some(Cause::Protocol(error)) => Ok(Some(error)),
        Some(cause) => Err(Failure::new(Exit::Network, cause.code(), format!("an attack could not be run: {cause}"))),
    }
}

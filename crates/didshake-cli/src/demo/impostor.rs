//! Mallory answers as Bob, with a key of her own: the protocol itself would not let her name Bob's DID through the
//! ordinary identity, so she drives the states by hand.

use std::sync::Arc;

use didshake::{
    Admission, AlertCode, Algorithm, AwaitingHello, Context, HelloRead, ResponderConfig, Secret, SigningKey,
};
use didshake_did::{Clock, SystemClock};
use didshake_peer::Message;
use getrandom::SysRng;
use rand_core::TryRng;
use tokio::net::TcpListener;

use crate::demo::cast::{Cast, incoming, network};
use crate::demo::relay::{read, write};
use crate::failure::{Exit, Failure};
use crate::meeting::CHAT;

/// Answers one Hello as Bob. Gives the alert that came back, or nothing where Alice went on.
pub(crate) async fn answer_as_bob(cast: &Cast, listener: &TcpListener) -> Result<Option<AlertCode>, Failure> {
    let broken = |error: didshake::Error| Failure::new(Exit::Check, error.code(), error.to_string());
    let mut secret = [0; 32];
    SysRng.try_fill_bytes(&mut secret).map_err(|error| network(&error))?;
    let mallorys_key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new(secret));
    let mallorys_key = mallorys_key.map_err(|fault| broken(fault.into()))?;

    let mut stream = incoming(listener).await?;
    let config = Arc::new(ResponderConfig::new(cast.bob.local(), CHAT, Admission::policy(|_| true)));
    let awaiting = AwaitingHello::new(config, Context::stream()).map_err(broken)?;
    let hello = read(&mut stream).await?;
    let HelloRead::Unsigned(unsigned) = awaiting.read(&hello, SystemClock.now(), &mut SysRng).map_err(broken)? else {
        return Err(Failure::new(Exit::Check, "demo", "Alice's Hello needs a Retry"));
    };
    let signature = mallorys_key.sign(unsigned.signature_input()).map_err(|error| broken(error.into()))?;
    let (reply, _) = unsigned.sign(signature).map_err(broken)?;
    write(&mut stream, &reply).await?;
    let answer = read(&mut stream).await?;
    match (Message::of(&answer), answer.as_slice()) {
        (Message::Alert, [_, code]) => Ok(AlertCode::from_byte(*code)),
        _ => Ok(None),
    }
}

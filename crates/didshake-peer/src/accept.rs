//! The responder over a stream.

use std::sync::Arc;

use didshake::{AwaitingHello, Established, Extensions, HelloRead, UnsignedReply};
use didshake_did::SigningIdentity;
use getrandom::SysRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::attempt::{Attempt, Claimed};
use crate::burn::{BurnStore, SKEW_SECONDS};
use crate::connection::PeerConnection;
use crate::error::{Cause, HandshakeError, Step};
use crate::observer::Event;
use crate::options::ResponderOptions;
use crate::stream::Frame;

/// Runs a handshake as responder and gives the channel to an initiator that may be met.
///
/// `burned` is shared by every attempt, and by every instance, that answers for these identities. Dropping the future
/// abandons the attempt and closes the stream.
///
/// # Errors
/// [`HandshakeError`]: the stream is closed then, and the peer was told one alert at most. `denied` goes out no earlier
/// than [`Timeouts::denied_delay`](crate::Timeouts::denied_delay) after the message came, so a failure takes that long.
pub async fn accept<S>(
    stream: S,
    options: &ResponderOptions,
    burned: &dyn BurnStore,
) -> Result<PeerConnection<S>, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let claimed = Claimed::default();
    let mut attempt = Attempt::new(stream, &options.surroundings, claimed.clone(), Step::ReadHello);
    let limit = options.surroundings.timeouts.attempt;
    let outcome = timeout(limit, drive(&mut attempt, options, &claimed, burned)).await;
    attempt.conclude(outcome.unwrap_or(Err(Cause::TimedOut(limit)))).await
}

async fn drive<S>(
    attempt: &mut Attempt<'_, S>,
    options: &ResponderOptions,
    claimed: &Claimed,
    burned: &dyn BurnStore,
) -> Result<Established, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let surroundings = &options.surroundings;
    let unsigned = read_hello(attempt, options, claimed).await?;
    attempt.at(Step::SendReply);
    let local = unsigned.identity();
    let ours = |identity: &&SigningIdentity| identity.did() == &local.did && identity.fragment() == &local.fragment;
    let identity = options.identities.iter().find(ours).ok_or(didshake::Misuse::NoIdentity)?;
    let signature = attempt.sign(identity, unsigned.signature_input()).await?;
    let (reply, waiting) = unsigned.sign(signature)?;
    attempt.send(&reply).await?;

    let finish = attempt.receive(Frame::Message, Step::ReadFinish, surroundings.timeouts.message).await?;
    let initiator = waiting.read(&finish, surroundings.clock.now())?;
    let claim = initiator.claim();
    attempt.claims(&claim);
    let document = attempt.resolve(&claim).await?;
    let verified = initiator.verify(&document, surroundings.clock.now())?;
    attempt.ask_policy(verified.initiator()).await?;

    attempt.at(Step::Burn);
    let until = verified.burned_until().plus(SKEW_SECONDS);
    let burn = burned.burn(verified.th3(), until, surroundings.clock.now()).await.map_err(Cause::Burn)?;
    let (accept, established) = verified.accept(burn, options.lifetime, Extensions::default())?;
    attempt.observe(&Event::Burned);
    attempt.at(Step::SendAccept);
    attempt.send(&accept).await?;
    Ok(established)
}

/// Reads Hello, and a second one where the first needs a Retry.
async fn read_hello<S>(
    attempt: &mut Attempt<'_, S>,
    options: &ResponderOptions,
    claimed: &Claimed,
) -> Result<UnsignedReply, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let surroundings = &options.surroundings;
    let mut state = AwaitingHello::new(Arc::new(options.config(claimed)), surroundings.context.clone())?;
    loop {
        let hello = attempt.receive(Frame::Hello, Step::ReadHello, surroundings.timeouts.hello).await?;
        match state.read(&hello, surroundings.clock.now(), &mut SysRng)? {
            HelloRead::Unsigned(unsigned) => return Ok(unsigned),
            HelloRead::Retry { retry, next } => {
                attempt.send(&retry).await?;
                state = next;
            }
        }
    }
}

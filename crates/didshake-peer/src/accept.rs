//! The responder over a transport of whole messages.

use std::sync::Arc;

use didshake::{AwaitingHello, Channel, Context, Extensions, HelloRead, UnsignedReply, VerifiedInitiator};
use didshake_did::SigningIdentity;
use getrandom::SysRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::agreed::Agreed;
use crate::attempt::{Attempt, Claimed, Progress};
use crate::burn::{BurnStore, SKEW_SECONDS};
use crate::connection::{PeerConnection, Role};
use crate::error::{Cause, HandshakeError, Step};
use crate::observer::Event;
use crate::options::ResponderOptions;
use crate::stream::Frame;
use crate::transport::Transport;

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
    respond(stream, options.surroundings.context.clone(), options, burned).await
}

/// The same over any transport and in any context.
pub(crate) async fn respond<T: Transport>(
    transport: T,
    context: Context,
    options: &ResponderOptions,
    burned: &dyn BurnStore,
) -> Result<PeerConnection<T>, HandshakeError> {
    let claimed = Claimed::default();
    let progress = Progress::new(&options.surroundings, claimed.clone(), Step::ReadHello);
    let mut attempt = Attempt::new(transport, progress);
    let limit = options.surroundings.timeouts.attempt;
    let hello = AwaitingHello::new(Arc::new(options.config(&claimed)), context);
    let driving = async { drive(&mut attempt, hello?, options, burned).await };
    let outcome = timeout(limit, driving).await;
    attempt.conclude(outcome.unwrap_or(Err(Cause::TimedOut(limit))), Role::Responder).await
}

async fn drive<T: Transport>(
    attempt: &mut Attempt<'_, T>,
    state: AwaitingHello,
    options: &ResponderOptions,
    burned: &dyn BurnStore,
) -> Result<(Agreed, Channel), Cause> {
    let surroundings = &options.surroundings;
    let unsigned = read_hello(attempt, state, options).await?;
    attempt.progress.at(Step::SendReply);
    let local = unsigned.identity();
    let ours = |identity: &&SigningIdentity| identity.did() == &local.did && identity.fragment() == &local.fragment;
    let identity = options.identities.iter().find(ours).ok_or(didshake::Misuse::NoIdentity)?;
    let signature = attempt.progress.sign(identity, unsigned.signature_input()).await?;
    let (reply, waiting) = unsigned.sign(signature)?;
    attempt.send(&reply).await?;

    let finish = attempt.receive(Frame::Message, Step::ReadFinish, surroundings.timeouts.message).await?;
    let initiator = waiting.read(&finish, surroundings.clock.now())?;
    let claim = initiator.claim();
    attempt.progress.claims(&claim);
    let document = attempt.progress.resolve(&claim).await?;
    let verified = initiator.verify(&document, surroundings.clock.now())?;
    attempt.progress.ask_policy(verified.initiator()).await?;
    let (accept, agreed, channel) = conclude(&mut attempt.progress, verified, options, burned).await?;
    attempt.send(&accept).await?;
    Ok((agreed, channel))
}

/// Burns th3, makes Accept, and has kept what Accept stands for before it leaves.
async fn conclude(
    progress: &mut Progress<'_>,
    verified: VerifiedInitiator,
    options: &ResponderOptions,
    burned: &dyn BurnStore,
) -> Result<(Vec<u8>, Agreed, Channel), Cause> {
    progress.at(Step::Burn);
    let now = options.surroundings.clock.now();
    let until = verified.burned_until().plus(SKEW_SECONDS);
    let burn = burned.burn(verified.th3(), until, now).await.map_err(Cause::Burn)?;
    let (accept, established) = verified.accept(burn, options.lifetime, Extensions::default())?;
    progress.observe(&Event::Burned);
    let (agreed, channel) = Agreed::of(established);
    progress.at(Step::Keep);
    if let Some(keep) = &options.keep {
        keep.keep(&agreed).await.map_err(Cause::Keep)?;
    }
    progress.at(Step::SendAccept);
    Ok((accept, agreed, channel))
}

/// Reads Hello, and a second one where the first needs a Retry.
async fn read_hello<T: Transport>(
    attempt: &mut Attempt<'_, T>,
    mut state: AwaitingHello,
    options: &ResponderOptions,
) -> Result<UnsignedReply, Cause> {
    let surroundings = &options.surroundings;
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

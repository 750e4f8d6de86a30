//! The initiator over a transport of whole messages.

use std::sync::Arc;

use didshake::{
    AwaitingReply, Channel, ClaimedResponder, Context, InitiatorConfig, ReplyRead, Signature, UnsignedFinish,
};
use getrandom::SysRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::agreed::Agreed;
use crate::attempt::{Attempt, Claimed, Progress};
use crate::connection::{PeerConnection, Role};
use crate::error::{Cause, HandshakeError, Step};
use crate::options::InitiatorOptions;
use crate::stream::Frame;
use crate::transport::Transport;

/// Runs a handshake as initiator and gives the channel to the responder that was meant.
///
/// Our identity leaves only after the responder was verified and the policy said yes (R-INIT-5). Dropping the future
/// abandons the attempt and closes the stream.
///
/// # Errors
/// [`HandshakeError`]: the stream is closed then, and the peer was told one alert at most. `denied` goes out no earlier
/// than [`Timeouts::denied_delay`](crate::Timeouts::denied_delay) after the message came, so a failure takes that long.
pub async fn connect<S>(stream: S, options: &InitiatorOptions) -> Result<PeerConnection<S>, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    initiate(stream, options.surroundings.context.clone(), options).await
}

/// The same over any transport and in any context.
pub(crate) async fn initiate<T: Transport>(
    transport: T,
    context: Context,
    options: &InitiatorOptions,
) -> Result<PeerConnection<T>, HandshakeError> {
    let claimed = Claimed::default();
    let progress = Progress::new(&options.surroundings, claimed.clone(), Step::SendHello);
    let mut attempt = Attempt::new(transport, progress);
    let limit = options.surroundings.timeouts.attempt;
    let config = Arc::new(options.config(&claimed));
    let outcome = timeout(limit, drive(&mut attempt, config, context, options)).await;
    attempt.conclude(outcome.unwrap_or(Err(Cause::TimedOut(limit))), Role::Initiator).await
}

async fn drive<T: Transport>(
    attempt: &mut Attempt<'_, T>,
    config: Arc<InitiatorConfig>,
    context: Context,
    options: &InitiatorOptions,
) -> Result<(Agreed, Channel), Cause> {
    let responder = find_responder(attempt, config, context).await?;
    let unsigned = verify_responder(&mut attempt.progress, responder).await?;
    let signature = sign_finish(&mut attempt.progress, options, &unsigned).await?;
    let (finish, awaiting) = unsigned.sign(signature)?;
    attempt.send(&finish).await?;
    let limit = options.surroundings.timeouts.message;
    let accept = attempt.receive(Frame::Message, Step::ReadAccept, limit).await?;
    let established = awaiting.read(&accept).map_err(|refused| {
        attempt.say_farewell_with(refused.record);
        refused.error
    })?;
    Ok(Agreed::of(established))
}

/// Sends Hello, a second one where a Retry asks for it, and reads the Reply.
async fn find_responder<T: Transport>(
    attempt: &mut Attempt<'_, T>,
    config: Arc<InitiatorConfig>,
    context: Context,
) -> Result<ClaimedResponder, Cause> {
    let limit = attempt.progress.surroundings().timeouts.message;
    let (mut hello, mut state) = AwaitingReply::start(config, context, &mut SysRng)?;
    loop {
        attempt.progress.at(Step::SendHello);
        attempt.send(&hello).await?;
        let answer = attempt.receive(Frame::Message, Step::ReadReply, limit).await?;
        match state.read(&answer, &mut SysRng)? {
            ReplyRead::Claimed(responder) => return Ok(responder),
            ReplyRead::Retry { hello: second, next } => (hello, state) = (second, next),
        }
    }
}

/// What stands between Reply and Finish over every binding: the responder is resolved, verified and allowed (R-INIT-5).
pub(crate) async fn verify_responder(
    progress: &mut Progress<'_>,
    responder: ClaimedResponder,
) -> Result<UnsignedFinish, Cause> {
    let claim = responder.claim();
    progress.claims(&claim);
    let document = progress.resolve(&claim).await?;
    let unsigned = responder.verify(&document, progress.surroundings().clock.now())?;
    progress.ask_policy(unsigned.responder()).await?;
    Ok(unsigned)
}

/// Our signature, after all that.
pub(crate) async fn sign_finish(
    progress: &mut Progress<'_>,
    options: &InitiatorOptions,
    unsigned: &UnsignedFinish,
) -> Result<Signature, Cause> {
    progress.at(Step::SendFinish);
    progress.sign(&options.identity, unsigned.signature_input()).await
}

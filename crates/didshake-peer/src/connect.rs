//! The initiator over a stream.

use std::sync::Arc;

use didshake::{AwaitingReply, ClaimedResponder, Established, ReplyRead};
use getrandom::SysRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::attempt::{Attempt, Claimed};
use crate::connection::PeerConnection;
use crate::error::{Cause, HandshakeError, Step};
use crate::options::InitiatorOptions;
use crate::stream::Frame;

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
    let claimed = Claimed::default();
    let mut attempt = Attempt::new(stream, &options.surroundings, claimed.clone(), Step::SendHello);
    let limit = options.surroundings.timeouts.attempt;
    let outcome = timeout(limit, drive(&mut attempt, options, &claimed)).await;
    attempt.conclude(outcome.unwrap_or(Err(Cause::TimedOut(limit)))).await
}

async fn drive<S>(
    attempt: &mut Attempt<'_, S>,
    options: &InitiatorOptions,
    claimed: &Claimed,
) -> Result<Established, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let surroundings = &options.surroundings;
    let responder = find_responder(attempt, options, claimed).await?;
    let claim = responder.claim();
    attempt.claims(&claim);
    let document = attempt.resolve(&claim).await?;
    let unsigned = responder.verify(&document, surroundings.clock.now())?;
    attempt.ask_policy(unsigned.responder()).await?;
    attempt.at(Step::SendFinish);
    let signature = attempt.sign(&options.identity, unsigned.signature_input()).await?;
    let (finish, awaiting) = unsigned.sign(signature)?;
    attempt.send(&finish).await?;
    let accept = attempt.receive(Frame::Message, Step::ReadAccept, surroundings.timeouts.message).await?;
    awaiting.read(&accept).map_err(|refused| {
        attempt.say_farewell_with(refused.record);
        refused.error.into()
    })
}

/// Sends Hello, a second one where a Retry asks for it, and reads the Reply.
async fn find_responder<S>(
    attempt: &mut Attempt<'_, S>,
    options: &InitiatorOptions,
    claimed: &Claimed,
) -> Result<ClaimedResponder, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = Arc::new(options.config(claimed));
    let (mut hello, mut state) = AwaitingReply::start(config, options.surroundings.context.clone(), &mut SysRng)?;
    loop {
        attempt.at(Step::SendHello);
        attempt.send(&hello).await?;
        let answer = attempt.receive(Frame::Message, Step::ReadReply, options.surroundings.timeouts.message).await?;
        match state.read(&answer, &mut SysRng)? {
            ReplyRead::Claimed(responder) => return Ok(responder),
            ReplyRead::Retry { hello: second, next } => (hello, state) = (second, next),
        }
    }
}

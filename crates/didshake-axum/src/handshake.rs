//! The two messages of a handshake over HTTP. Nothing is kept between them (R-STATE): what is needed for the second goes
//! out sealed with the answer to the first.

use std::sync::Arc;

use didshake::http::{Answer, Refusal};
use didshake::{
    Admission, AwaitingHello, Context, Extensions, Fault, HelloRead, Misuse, ResponderConfig, VerifiedInitiator,
};
use didshake_did::Resolver as _;
use didshake_peer::{Agreed, SKEW_SECONDS};
use getrandom::SysRng;
use tokio::time::timeout;

use crate::attempt::{Answered, Attempt};
use crate::client;
use crate::failure::Failure;
use crate::outcome::{ACCEPTED, REPLIED, RETRIED};

impl Attempt {
    /// Reads a Hello, and answers with Reply and the sealed waiting state, or with Retry.
    pub(crate) async fn hello(&mut self, message: &[u8], context: Context) -> Result<Answered, Failure> {
        let responder = &self.responder;
        if responder.is_draining() {
            return Err(Failure::Draining);
        }
        let identities = responder.answering.now();
        let hello = AwaitingHello::new(Arc::clone(&identities.config), context)?;
        let unsigned = match hello.read(message, responder.clock.now(), &mut SysRng)? {
            HelloRead::Retry { retry, .. } => {
                return Ok((Answer::retry(retry).map_err(|_| Misuse::TooLong)?, RETRIED));
            }
            HelloRead::Unsigned(unsigned) => unsigned,
        };
        let signing = identities.signer(unsigned.identity())?.sign(unsigned.signature_input());
        let signed = timeout(responder.limits.sign, signing).await.map_err(|_| Failure::TimedOut)?;
        let (reply, waiting) = unsigned.sign(signed.map_err(Failure::Signer)?)?;
        let (endpoint, now) = (responder.site.path().as_bytes(), responder.clock.now());
        let state = responder.keys.lock().seal(&waiting, endpoint, now, &mut SysRng)?;
        Ok((Answer::reply(reply, &state).map_err(|_| Misuse::TooLong)?, REPLIED))
    }

    /// Reads a Finish, checks whom it claims in the order of the protocol, and makes the session (R-RESP-7, R-RESP-8).
    pub(crate) async fn finish(
        &mut self,
        message: &[u8],
        token: Option<&[u8]>,
        context: Context,
    ) -> Result<Answered, Failure> {
        let responder = Arc::clone(&self.responder);
        let (endpoint, now) = (responder.site.path().as_bytes(), responder.clock.now());
        let config = Arc::new(self.admitting());
        let claimed = responder.keys.lock().read_finish(message, token, config, context, endpoint, now)?;
        let claim = claimed.claim();
        tracing::debug!(did = %claim.did(), fragment = claim.fragment().as_str(), "a client claims an identity");
        let resolving = responder.resolver.resolve_method(claim.did(), claim.fragment());
        let document = timeout(responder.limits.resolve, resolving).await.map_err(|_| Fault::DidResolutionFailed)??;
        let verified = claimed.verify(&document, responder.clock.now())?;
        if !responder.policy.allows(verified.initiator()).await? {
            return Err(verified.refuse().into());
        }
        let (accept, agreed) = self.burn_and_accept(verified).await?;
        self.keep_session(&agreed).await?;
        Ok((Answer::accept(accept).map_err(|_| Misuse::TooLong)?, ACCEPTED))
    }

    /// The configuration with an admission that knows where the claim comes from (check 3).
    fn admitting(&self) -> ResponderConfig {
        let (responder, claimed) = (Arc::clone(&self.responder), self.claimed.clone());
        let source = client::source(self.report.client);
        let admission = Admission::policy(move |claim| {
            claimed.note(claim);
            responder.admits(source, claim)
        });
        ResponderConfig { admission, ..(*self.responder.answering.now().config).clone() }
    }

    /// Check 8: th3 is burned, and whoever burned it gets the one Accept.
    async fn burn_and_accept(&self, verified: VerifiedInitiator) -> Result<(Vec<u8>, Agreed), Failure> {
        let until = verified.burned_until().plus(SKEW_SECONDS);
        let burning = self.responder.burned.burn(verified.th3(), until, self.responder.clock.now());
        let burn = burning.await.map_err(Failure::Burned)?;
        let (accept, established) = verified.accept(burn, self.responder.lifetime, Extensions::default())?;
        Ok((accept, Agreed::of(established).0))
    }

    /// The provisional session stands before Accept goes out: the client may use it at once.
    async fn keep_session(&mut self, agreed: &Agreed) -> Result<(), Failure> {
        let origin = self.report.origin.as_ref().ok_or(Refusal::Host)?;
        let record = self.responder.session(agreed, origin, self.report.client)?;
        self.responder.sessions.create(record).await?;
        (self.report.did, self.report.session_id) = (Some(agreed.peer.did().clone()), Some(agreed.session_id));
        Ok(())
    }
}

//! The two messages of a handshake over HTTP. Nothing is kept between them (R-STATE): what is needed for the second goes
//! out sealed with the answer to the first.

use std::sync::Arc;

use didshake::http::{Answer, Refusal};
use didshake::{
    Admission, AwaitingHello, Burn, Context, Extensions, Fault, HelloRead, Misuse, PreparedAccept, ResponderConfig,
};
use didshake_did::Resolver as _;
use didshake_peer::SKEW_SECONDS;
use getrandom::SysRng;
use tokio::time::timeout;

use crate::attempt::{Answered, Attempt};
use crate::client;
use crate::failure::Failure;
use crate::logins::Login;
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
        let prepared = verified.prepare(responder.lifetime, Extensions::default())?;
        let burn = self.log_in(&prepared).await?;
        let session_id = *prepared.session_id();
        let (accept, established) = prepared.release(burn)?;
        (self.report.did, self.report.session_id) = (Some(established.peer.did().clone()), Some(session_id));
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

    /// Checks 7 and 8, and the provisional session, which stands before Accept goes out: the client may use it at once. Whoever burned th3
    /// gets the one Accept.
    async fn log_in(&self, prepared: &PreparedAccept) -> Result<Burn, Failure> {
        let responder = &self.responder;
        let origin = self.report.origin.as_ref().ok_or(Refusal::Host)?;
        let (id, peer, client) = (prepared.session_id(), prepared.initiator(), self.report.client);
        let record = responder.session(id, peer, prepared.exporter(), origin, client)?;
        let login = Login {
            peer,
            th3: prepared.th3(),
            burned_until: prepared.burned_until().plus(SKEW_SECONDS),
            now: responder.clock.now(),
            record,
        };
        Ok(responder.logins.log_in(login).await?)
    }
}

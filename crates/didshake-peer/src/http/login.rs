//! The handshake in two requests.

use std::sync::Arc;
use std::time::Duration;

use didshake::Endpoint;
use didshake::http::{
    AttemptError, CONTENT_TYPE, DIDSHAKE_STATE, FinishSlot, GaveUp, HelloAnswer, HelloSent, Request, Response,
    ResponseBody,
};
use didshake::{ClaimedResponder, InitiatorConfig};
use getrandom::SysRng;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use super::client::{WebClient, values};
use super::response::chunk;
use crate::agreed::Agreed;
use crate::attempt::{Claimed, Progress};
use crate::connect::{sign_finish, verify_responder};
use crate::error::{Cause, HandshakeError, Step};
use crate::failure::{HttpFailure, Lost};
use crate::options::InitiatorOptions;

impl WebClient {
    /// Runs a handshake as initiator over the HTTP binding. The channel cannot be used over HTTP: what comes of it is the
    /// exporter, and with [`ClientSession`](super::ClientSession) a session.
    ///
    /// Binding and origin are those of the endpoint that is asked (R-BIND-6); the context of `options` is not used. Our
    /// identity leaves only after the responder was verified and the policy said yes (R-INIT-5). No Alert is ever sent
    /// (R-BIND-13).
    ///
    /// # Errors
    /// [`HandshakeError`]. With [`HttpFailure::AcceptLost`] the service may have a session that nobody will use.
    pub async fn login(&self, endpoint: &Endpoint, options: &InitiatorOptions) -> Result<Agreed, HandshakeError> {
        let claimed = Claimed::default();
        let mut progress = Progress::new(&options.surroundings, claimed.clone(), Step::SendHello);
        let limit = options.surroundings.timeouts.attempt;
        let exchange = Exchange { client: self, endpoint, deadline: Instant::now() + limit, limit };
        let config = Arc::new(options.config(&claimed));
        let driving = exchange.drive(&mut progress, config, options);
        let outcome = timeout_at(exchange.deadline, driving).await.unwrap_or(Err(Cause::TimedOut(limit)));
        outcome.map_err(|cause| progress.fail(cause, None))
    }
}

/// The requests of one attempt.
struct Exchange<'a> {
    client: &'a WebClient,
    endpoint: &'a Endpoint,
    deadline: Instant,
    limit: Duration,
}

impl Exchange<'_> {
    async fn drive(
        &self,
        progress: &mut Progress<'_>,
        config: Arc<InitiatorConfig>,
        options: &InitiatorOptions,
    ) -> Result<Agreed, Cause> {
        let (responder, slot) = self.find_responder(progress, config).await?;
        let unsigned = verify_responder(progress, responder).await?;
        let signature = sign_finish(progress, options, &unsigned).await?;
        let (request, sent) = slot.sign(unsigned, signature)?;
        let answer = self.post(progress, &request, Step::ReadAccept).await.map_err(lost)?;
        let (agreed, _channel) = Agreed::of(answer.judge(|response| sent.read(response))?);
        Ok(agreed)
    }

    /// Posts Hello, a second one where a Retry asks for it, and reads the Reply.
    async fn find_responder(
        &self,
        progress: &mut Progress<'_>,
        config: Arc<InitiatorConfig>,
    ) -> Result<(ClaimedResponder, FinishSlot), Cause> {
        let started = HelloSent::start(config, self.endpoint, &mut SysRng);
        let (mut hello, mut sent) = started.map_err(|error| cause(error, None))?;
        loop {
            progress.at(Step::SendHello);
            let answer = self.post(progress, &hello, Step::ReadReply).await?;
            match answer.judge(|response| sent.read(response, &mut SysRng))? {
                HelloAnswer::Claimed { responder, finish } => return Ok((responder, finish)),
                HelloAnswer::Retry { request, next } => (hello, sent) = (request, next),
            }
        }
    }

    /// Posts one message and reads the answer whole.
    async fn post(&self, progress: &mut Progress<'_>, request: &Request, then: Step) -> Result<Answer, Cause> {
        let message = progress.surroundings().timeouts.message;
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        let (limit, until) =
            if message < remaining { (message, Instant::now() + message) } else { (self.limit, self.deadline) };
        let request = self.prepare(request)?;
        progress.sending(request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default());
        let asking = async {
            let answered = self.client.execute(request).await;
            if !matches!(answered, Err(HttpFailure::Connect | HttpFailure::Tls)) {
                progress.at(then);
            }
            Answer::read(answered?).await
        };
        let answer = timeout_at(until, asking).await.map_err(|_| HttpFailure::TimedOut(limit))??;
        progress.received(answer.body.as_bytes());
        Ok(answer)
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::Request, HttpFailure> {
        let url = self.client.url(request.url(), self.endpoint.origin())?;
        let mut prepared = reqwest::Request::new(Method::POST, url);
        for (name, value) in request.headers() {
            let value = HeaderValue::from_str(value).map_err(|_| HttpFailure::Url)?;
            prepared.headers_mut().insert(HeaderName::from_static(name), value);
        }
        *prepared.body_mut() = Some(request.body().to_vec().into());
        Ok(prepared)
    }
}

/// What came back, the whole of it.
struct Answer {
    response: reqwest::Response,
    body: ResponseBody,
}

impl Answer {
    async fn read(mut response: reqwest::Response) -> Result<Self, Cause> {
        let mut body = ResponseBody::default();
        while let Some(chunk) = chunk(&mut response).await? {
            body.push(&chunk)?;
        }
        Ok(Self { response, body })
    }

    /// Lets the protocol judge it.
    fn judge<T>(&self, read: impl FnOnce(&Response<'_>) -> Result<T, AttemptError>) -> Result<T, Cause> {
        let headers = self.response.headers();
        let (content_type, state) = (values(headers, CONTENT_TYPE), values(headers, DIDSHAKE_STATE));
        let status = self.response.status().as_u16();
        let response = Response { status, content_type: &content_type, state: &state, body: self.body.as_bytes() };
        read(&response).map_err(|error| cause(error, Some(self)))
    }

    fn gave_up(&self, why: GaveUp) -> HttpFailure {
        let value = self.response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = value.and_then(|text| text.parse().ok());
        HttpFailure::Answer { status: self.response.status().as_u16(), why, retry_after }
    }
}

fn cause(error: AttemptError, answer: Option<&Answer>) -> Cause {
    match (error, answer) {
        (AttemptError::Protocol(error), _) => error.into(),
        (AttemptError::GaveUp(why), Some(answer)) => answer.gave_up(why).into(),
        (AttemptError::NotHttp | AttemptError::GaveUp(_), _) => HttpFailure::Url.into(),
    }
}

/// Whatever became of a Finish that may have left: there is no session (R-BIND-14).
fn lost(cause: Cause) -> Cause {
    match cause {
        Cause::Http(HttpFailure::Broken) => HttpFailure::AcceptLost(Lost::Broken).into(),
        Cause::Http(HttpFailure::TimedOut(limit)) => HttpFailure::AcceptLost(Lost::TimedOut(limit)).into(),
        cause => cause,
    }
}

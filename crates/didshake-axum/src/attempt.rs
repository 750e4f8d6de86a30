//! One request of a handshake: from the head of the request to the answer, the right number of milliseconds later.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use didshake::http::{Answer, CONTENT_TYPE, DIDSHAKE_STATE, Posted, RequestBody, RequestHead};
use didshake::{AlertCode, Claim, Did};
use didshake_peer::Message;
use http::HeaderName;
use http::request::Parts;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, sleep_until, timeout};

use crate::failure::{Failure, response};
use crate::outcome::{Doing, Report};
use crate::responder::Responder;
use crate::{client, target};

/// Answers one request to the endpoint.
pub(crate) async fn answer(responder: Arc<Responder>, request: Request) -> Response {
    let report = Report::begin(&responder.observer, Doing::Hello, client::address(request.extensions()));
    let limit = responder.limits.attempt;
    let mut attempt = Attempt { responder, report, received_at: Instant::now(), claimed: Claimed::default() };
    let outcome = timeout(limit, attempt.run(request)).await.unwrap_or(Err(Failure::TimedOut));
    attempt.conclude(outcome).await
}

/// What is known while a request is being answered, and survives where that fails or takes too long.
pub(crate) struct Attempt {
    pub(crate) responder: Arc<Responder>,
    pub(crate) report: Report,
    pub(crate) claimed: Claimed,
    received_at: Instant,
}

/// An answer, and its name in the outcome.
pub(crate) type Answered = (Answer, &'static str);

impl Attempt {
    async fn run(&mut self, request: Request) -> Result<Answered, Failure> {
        let posted = self.receive(request).await?;
        let responder = Arc::clone(&self.responder);
        // Given back before `denied` waits for its time.
        let _turn = responder.handshakes.try_acquire().map_err(|_| Failure::Busy)?;
        match posted {
            Posted::Hello { message, context } => self.hello(&message, context).await,
            Posted::Finish { message, token, context } => self.finish(&message, token.as_deref(), context).await,
        }
    }

    async fn receive(&mut self, request: Request) -> Result<Posted, Failure> {
        let responder = Arc::clone(&self.responder);
        let (parts, body) = request.into_parts();
        self.report.origin = responder.origins.select(&target::hosts(&parts)).cloned();
        let into = admit(&responder, &parts)?;
        responder.spend_request(self.report.client)?;
        let _place = responder.bodies.try_acquire().map_err(|_| Failure::Busy)?;
        let reading = read(body, into, &mut self.report.doing);
        let posted = timeout(responder.limits.body, reading).await.map_err(|_| Failure::BodyTimedOut)?;
        self.received_at = Instant::now();
        posted
    }

    /// Tells the outcome and gives the answer; `denied` no earlier than the fixed delay (R-CHECK-8).
    async fn conclude(mut self, outcome: Result<Answered, Failure>) -> Response {
        let failure = match outcome {
            Ok((answer, code)) => {
                self.report.end(code, answer.status());
                return response(answer);
            }
            Err(failure) => failure,
        };
        let claimed = self.claimed.take();
        // Admission has looked: the Identity is open.
        let opened = claimed.is_some();
        self.report.did = claimed;
        let response = failure.response(opened);
        self.report.end(failure.code(), response.status().as_u16());
        failure.log();
        if failure.alert(opened) == Some(AlertCode::Denied) {
            sleep_until(self.received_at + self.responder.limits.denied_delay).await;
        }
        response
    }
}

/// The last claim that admission looked at. **Not verified.**
#[derive(Clone, Default)]
pub(crate) struct Claimed(Arc<Mutex<Option<Did>>>);

impl Claimed {
    pub(crate) fn note(&self, claim: &Claim) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim.did().clone());
    }

    fn take(&self) -> Option<Did> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What the protocol looks at of the head, and nothing else: no forwarded header has any influence (R-BIND-7).
fn admit(responder: &Responder, parts: &Parts) -> Result<RequestBody, Failure> {
    let field = |name| target::values(&parts.headers, &HeaderName::from_static(name));
    let (host, content_type, state) = (target::hosts(parts), field(CONTENT_TYPE), field(DIDSHAKE_STATE));
    let head = RequestHead {
        method: parts.method.as_str(),
        path: target::uri(parts).path(),
        host: &host,
        content_type: &content_type,
        state: &state,
    };
    Ok(responder.site.admit(&head)?)
}

/// Reads a body as it arrives, and no byte more than the message that it begins may have (R-BIND-18).
async fn read(mut body: Body, mut into: RequestBody, doing: &mut Doing) -> Result<Posted, Failure> {
    let mut begun = false;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::BodyFailed)?;
        let Some(chunk) = frame.data_ref() else { continue };
        if !begun && Message::of(chunk) == Message::Finish {
            *doing = Doing::Finish;
        }
        begun |= !chunk.is_empty();
        into.push(chunk)?;
    }
    Ok(into.finish()?)
}

//! Whether a request is one of a session (specification, section 15.6): the checks in their order, the cheap ones first,
//! and nothing of the body in memory before the head is proved.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use didshake::request::{
    CONTENT_DIGEST, ClaimedRequest, ProvenRequest, ReceivedFields, RequestFault, SIGNATURE, SIGNATURE_INPUT, Target,
};
use didshake_peer::SKEW_SECONDS;
use http::HeaderName;
use http::request::Parts;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::extract::{Authenticated, Unproved};
use crate::outcome::{Doing, PROVEN, Report};
use crate::request_failure::RequestFailure;
use crate::responder::Responder;
use crate::store::{SessionRecord, Use};
use crate::{client, target};

/// What becomes of a request.
pub(crate) enum Verdict {
    /// The app sees it, proved or unsigned.
    Passed(Box<Request>),
    /// The app does not see it.
    Refused(Box<Response>),
}

/// Proves a signed request; an unsigned one passes, and says of itself that it is.
pub(crate) async fn judge(responder: &Arc<Responder>, request: Request) -> Verdict {
    let (mut parts, body) = request.into_parts();
    let client = client::address(&parts.extensions);
    let claimed = read_fields(&parts);
    if claimed == Err(RequestFault::Unsigned) {
        parts.extensions.insert(Unproved::new(responder, client));
        return Verdict::Passed(Box::new(Request::from_parts(parts, body)));
    }
    let mut report = Report::begin(&responder.observer, Doing::Request, client);
    match prove(responder, claimed, &parts, body, &mut report).await {
        Ok((session, body)) => {
            report.end(PROVEN, 200);
            parts.extensions.insert(session);
            Verdict::Passed(Box::new(Request::from_parts(parts, Body::from(body))))
        }
        Err(failure) => {
            let response = failure.response();
            report.end(failure.code(), response.status().as_u16());
            failure.log();
            Verdict::Refused(Box::new(response))
        }
    }
}

fn read_fields(parts: &Parts) -> Result<ClaimedRequest, RequestFault> {
    let field = |name| target::values(&parts.headers, &HeaderName::from_static(name));
    let (signature_input, signature, content_digest) =
        (field(SIGNATURE_INPUT), field(SIGNATURE), field(CONTENT_DIGEST));
    ClaimedRequest::read(&ReceivedFields {
        signature_input: &signature_input,
        signature: &signature,
        content_digest: &content_digest,
    })
}

async fn prove(
    responder: &Responder,
    claimed: Result<ClaimedRequest, RequestFault>,
    parts: &Parts,
    body: Body,
    report: &mut Report,
) -> Result<(Authenticated, Bytes), RequestFailure> {
    let claimed = claimed?;
    // Before the proof: who has recorded a request must not learn from the answer whether its session still lives.
    if is_longer(&body, responder.limits.request_body) {
        return Err(RequestFailure::BodyTooLong);
    }
    report.session_id = Some(*claimed.session_id());
    claimed.check_time(responder.clock.now())?;
    let record = find(responder, claimed.session_id(), parts).await?;
    report.did = Some(record.session.did().clone());
    report.origin = Some(record.origin.clone());
    let uri = target::uri(parts);
    let target = Target { method: parts.method.as_str(), origin: &record.origin, path: uri.path(), query: uri.query() };
    let head = claimed.verify(&record.request_key, &target)?;
    let body = buffer(responder, body).await?;
    let proven = head.with_body(&body)?;
    if !responder.policy.honours(&record.session).await? {
        responder.sessions.end(proven.session_id()).await?;
        return Err(RequestFailure::Policy);
    }
    Ok((use_session(responder, &proven, record).await?, body))
}

/// The live session of this id that was made at the origin which the request is for (R-REQ-7).
async fn find(responder: &Responder, id: &[u8; 16], parts: &Parts) -> Result<SessionRecord, RequestFailure> {
    let origin = responder.origins.select(&target::hosts(parts)).ok_or(RequestFault::Session)?;
    let record = responder.sessions.find(id).await?.ok_or(RequestFault::Session)?;
    let counts = record.session.is_live(responder.clock.now()) && record.origin == *origin;
    if counts { Ok(record) } else { Err(RequestFault::Session.into()) }
}

/// Burns the nonce, the last step before the app sees the request (R-REQ-8).
async fn use_session(
    responder: &Responder,
    proven: &ProvenRequest,
    mut record: SessionRecord,
) -> Result<Authenticated, RequestFailure> {
    let now = responder.clock.now();
    // A body that takes its time must not carry a request past the moment until which its nonce stays burned.
    if now >= proven.burned_until() {
        return Err(RequestFault::Time.into());
    }
    let until = proven.burned_until().plus(SKEW_SECONDS);
    match responder.sessions.use_once(proven.session_id(), proven.nonce(), until, now).await? {
        Use::First => {}
        Use::Replayed => return Err(RequestFault::Replayed.into()),
        Use::Over => return Err(RequestFault::Session.into()),
    }
    record.session.use_at(now).map_err(|_| RequestFault::Session)?;
    Ok(Authenticated::new(record))
}

/// The body, within its limits of time, length, and how many there are at one time.
async fn buffer(responder: &Responder, body: Body) -> Result<Bytes, RequestFailure> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let _place = responder.request_bodies.try_acquire().map_err(|_| RequestFailure::Busy)?;
    let reading = read(body, responder.limits.request_body);
    timeout(responder.limits.request_body_time, reading).await.map_err(|_| RequestFailure::BodyTimedOut)?
}

/// Whether the body says of itself that it is longer.
fn is_longer(body: &Body, limit: usize) -> bool {
    usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit)
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, RequestFailure> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| RequestFailure::BodyFailed)?;
        let Some(chunk) = frame.data_ref() else { continue };
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Err(RequestFailure::BodyTooLong);
        }
        bytes.extend_from_slice(chunk);
    }
    Ok(bytes.freeze())
}

//! The tower layer around everything whose requests may be signed.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use didshake_did::BoxFuture;
use tower::{Layer, Service};

use crate::proof::{self, Verdict};
use crate::responder::Responder;

/// Proves requests of sessions before the app sees them. A request without a signature passes, one with a signature that
/// fails is answered with 401 (R-REQ-10).
#[derive(Clone)]
pub struct DidshakeLayer(Arc<Responder>);

impl DidshakeLayer {
    pub(crate) fn new(responder: Arc<Responder>) -> Self {
        Self(responder)
    }
}

impl<S> Layer<S> for DidshakeLayer {
    type Service = DidshakeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DidshakeService { responder: Arc::clone(&self.0), inner }
    }
}

impl fmt::Debug for DidshakeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DidshakeLayer")
    }
}

/// What [`DidshakeLayer`] makes of a service.
#[derive(Clone)]
pub struct DidshakeService<S> {
    responder: Arc<Responder>,
    inner: S,
}

impl<S> Service<Request> for DidshakeService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was found ready is the one to call.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let responder = Arc::clone(&self.responder);
        Box::pin(async move {
            match proof::judge(&responder, request).await {
                Verdict::Passed(request) => inner.call(*request).await,
                Verdict::Refused(response) => Ok(*response),
            }
        })
    }
}

impl<S> fmt::Debug for DidshakeService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DidshakeService")
    }
}

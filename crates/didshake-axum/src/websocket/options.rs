//! What the driver of `didshake-peer` is told of the service.

use std::net::IpAddr;
use std::sync::Arc;

use didshake::{Origin, VerifiedPeer};
use didshake_did::BoxFuture;
use didshake_peer::{Admit, Agreed, KeepAgreed, KeepError, PeerPolicy, ResponderOptions, Surroundings, Timeouts};

use crate::client;
use crate::responder::Responder;

pub(super) fn of(responder: &Arc<Responder>, origin: &Origin, client: Option<IpAddr>) -> ResponderOptions {
    let answering = responder.answering.now();
    let config = &answering.config;
    let (admitting, source) = (Arc::clone(responder), client::source(client));
    ResponderOptions {
        identities: answering.active.clone(),
        admit: Admit::rule(move |claim| admitting.admits(source, claim)),
        other_own_dids: config.other_own_dids.clone(),
        application_protocols: config.application_protocols.clone(),
        suites: config.suites.clone(),
        lifetime: responder.lifetime,
        keep: Some(Arc::new(Keeper { responder: Arc::clone(responder), origin: origin.clone(), client })),
        surroundings: surroundings(responder),
    }
}

fn surroundings(responder: &Arc<Responder>) -> Surroundings {
    let limits = responder.limits;
    Surroundings {
        resolver: Arc::clone(&responder.resolver),
        policy: Some(Arc::new(Allowing(Arc::clone(responder)))),
        clock: Arc::clone(&responder.clock),
        timeouts: Timeouts {
            attempt: limits.attempt,
            hello: limits.body,
            message: limits.attempt,
            resolve: limits.resolve,
            sign: limits.sign,
            denied_delay: limits.denied_delay,
        },
        ..Surroundings::default()
    }
}

/// Check 7, by the service's policy.
struct Allowing(Arc<Responder>);

impl PeerPolicy for Allowing {
    fn allows<'a>(&'a self, peer: &'a VerifiedPeer) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            self.0.policy.allows(peer).await.unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "nobody can tell who may come in");
                false
            })
        })
    }
}

/// Keeps the session before Accept goes out.
struct Keeper {
    responder: Arc<Responder>,
    origin: Origin,
    client: Option<IpAddr>,
}

impl KeepAgreed for Keeper {
    fn keep<'a>(&'a self, agreed: &'a Agreed) -> BoxFuture<'a, Result<(), KeepError>> {
        Box::pin(async move {
            let (id, peer) = (&agreed.session_id, &agreed.peer);
            let record = self.responder.session(id, peer, &agreed.exporter, &self.origin, self.client);
            let record = record.map_err(|error| KeepError(Box::new(error)))?;
            self.responder.sessions.create(record).await.map_err(|error| KeepError(Box::new(error)))
        })
    }
}

//! A session as its client has it.

use std::fmt;

use didshake::request::RequestKey;
use didshake::{Error, LocalIdentity, Origin, Secret, Session, SessionParts, UnixTime};

use super::LOGIN_PROTOCOL;
use crate::agreed::Agreed;

/// A login that lasts: at which origin, with whom, and the key that proves requests. The key never leaves it but for
/// [`ClientSession::parts`].
pub struct ClientSession {
    origin: Origin,
    identity: LocalIdentity,
    service: Session,
    key: RequestKey,
}

/// What a session consists of, for whoever keeps it: [`ClientSession::from_parts`] gives it back.
#[derive(Debug)]
pub struct ClientSessionParts {
    /// The origin of the handshake: signed requests go there and nowhere else.
    pub origin: Origin,
    /// Who we are there.
    pub identity: LocalIdentity,
    /// The session, with the identity that the service proved.
    pub service: SessionParts,
    /// What proves a request. Who has it is the client.
    pub request_key: Secret<32>,
}

impl ClientSession {
    /// The session that a handshake led to. `origin` is that of the endpoint, `now` when Accept was opened.
    ///
    /// # Errors
    /// [`ClientSessionError`].
    pub fn new(agreed: &Agreed, origin: &Origin, now: UnixTime) -> Result<Self, ClientSessionError> {
        if agreed.application_protocol != LOGIN_PROTOCOL {
            return Err(ClientSessionError::ApplicationProtocol);
        }
        if agreed.lifetime == 0 {
            return Err(ClientSessionError::NothingOutlives);
        }
        let service = SessionParts {
            id: agreed.session_id,
            did: agreed.peer.did().clone(),
            fragment: agreed.peer.fragment().clone(),
            algorithm: agreed.peer.key().algorithm(),
            key: agreed.peer.key().as_bytes().to_vec(),
            accepted: now,
            lifetime: agreed.lifetime,
            used: false,
        };
        Ok(Self {
            origin: origin.clone(),
            identity: agreed.identity.clone(),
            service: Session::from_parts(service),
            key: RequestKey::of(&agreed.exporter)?,
        })
    }

    /// A session that was kept.
    #[must_use]
    pub fn from_parts(parts: ClientSessionParts) -> Self {
        let ClientSessionParts { origin, identity, service, request_key } = parts;
        let (service, key) = (Session::from_parts(service), RequestKey::from_secret(request_key));
        Self { origin, identity, service, key }
    }

    /// What is to be kept, where nobody else can read it.
    #[must_use]
    pub fn parts(&self) -> ClientSessionParts {
        ClientSessionParts {
            origin: self.origin.clone(),
            identity: self.identity.clone(),
            service: self.service.parts().clone(),
            request_key: Secret::new(*self.key.secret().expose()),
        }
    }

    /// The origin of the handshake.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The session's name: public, never a credential.
    #[must_use]
    pub fn id(&self) -> &[u8; 16] {
        self.service.id()
    }

    /// The session with the identity that the service proved.
    #[must_use]
    pub fn service(&self) -> &Session {
        &self.service
    }

    /// Who we are there.
    #[must_use]
    pub fn identity(&self) -> &LocalIdentity {
        &self.identity
    }

    /// When it is over at the latest. The service may end it before, and does where it is not used within
    /// [`PROVISIONAL_SECONDS`](didshake::PROVISIONAL_SECONDS).
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        let parts = self.service.parts();
        parts.accepted.plus(parts.lifetime.into())
    }

    /// Whether it is over at `now`, as far as is known here (R-INIT-10).
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        now >= self.expires()
    }

    pub(super) fn key(&self) -> &RequestKey {
        &self.key
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("origin", &self.origin)
            .field("identity", &self.identity)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// Why a handshake led to no session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClientSessionError {
    /// Another application protocol than [`LOGIN_PROTOCOL`]: the caller's fault.
    #[error("only handshakes of didshake.login/1 lead to sessions")]
    ApplicationProtocol,
    /// The lifetime of Accept is 0: the service's decision.
    #[error("the service lets nothing outlive the connection")]
    NothingOutlives,
    /// The request key could not be derived.
    #[error(transparent)]
    Protocol(#[from] Error),
}

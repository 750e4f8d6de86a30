//! A service's record of a finished handshake.

use alloc::vec::Vec;

use crate::crypto::Algorithm;
use crate::did::{Did, Fragment};
use crate::document::UnixTime;
use crate::established::Established;

/// Seconds after Accept within which a session must be used for the first time.
pub const PROVISIONAL_SECONDS: u64 = 60;

/// Who finished a handshake, with which verification method and key bytes, and until when that counts. What proves it
/// later is a key from the exporter; the id is a name and no credential.
///
/// ```no_run
/// # fn f(established: &didshake::Established, now: didshake::UnixTime) -> Result<(), didshake::SessionOver> {
/// let mut session = didshake::Session::new(established, now);
/// session.use_at(now.plus(30))?; // no longer provisional
/// assert!(session.is_live(now.plus(90)));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session(SessionParts);

/// What a session consists of, for stores that keep it: [`Session::from_parts`] gives it back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionParts {
    /// The session's name.
    pub id: [u8; 16],
    /// Whose it is.
    pub did: Did,
    /// The fragment of the verification method.
    pub fragment: Fragment,
    /// The algorithm of its key.
    pub algorithm: Algorithm,
    /// The bytes of its key: 32 for Ed25519, 33 (compressed) for P-256.
    pub key: Vec<u8>,
    /// When Accept was sent, or opened.
    pub accepted: UnixTime,
    /// Seconds from then on for which it counts.
    pub lifetime: u32,
    /// Whether it was used, so that it is provisional no longer.
    pub used: bool,
}

/// The session is over, or was never used in time: the peer has to authenticate again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the session is over: authenticate again")]
pub struct SessionOver;

impl Session {
    /// The provisional session of a handshake whose Accept was sent, or opened, at `now`.
    #[must_use]
    pub fn new(established: &Established, now: UnixTime) -> Self {
        let peer = &established.peer;
        Self(SessionParts {
            id: established.session_id,
            did: peer.did().clone(),
            fragment: peer.fragment().clone(),
            algorithm: peer.key().algorithm(),
            key: peer.key().as_bytes().to_vec(),
            accepted: now,
            lifetime: established.lifetime,
            used: false,
        })
    }

    /// A session that was kept.
    #[must_use]
    pub fn from_parts(parts: SessionParts) -> Self {
        Self(parts)
    }

    /// What is to be kept.
    #[must_use]
    pub fn parts(&self) -> &SessionParts {
        &self.0
    }

    /// The session's name, 16 bytes.
    #[must_use]
    pub fn id(&self) -> &[u8; 16] {
        &self.0.id
    }

    /// Whose session it is.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.0.did
    }

    /// The fragment of the verification method that proved it; empty for did:key and did:jwk.
    #[must_use]
    pub fn fragment(&self) -> &Fragment {
        &self.0.fragment
    }

    /// The algorithm and the bytes of the key that proved it.
    #[must_use]
    pub fn key(&self) -> (Algorithm, &[u8]) {
        (self.0.algorithm, &self.0.key)
    }

    /// From when on it no longer counts, if nothing happens.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        let provisional = if self.0.used { u64::MAX } else { PROVISIONAL_SECONDS };
        self.0.accepted.plus(provisional.min(self.0.lifetime.into()))
    }

    /// Whether it still counts at `now`: within its lifetime, and used within [`PROVISIONAL_SECONDS`] of Accept. With a
    /// lifetime of 0 it never does (R-RESP-9, R-INIT-10).
    #[must_use]
    pub fn is_live(&self, now: UnixTime) -> bool {
        now < self.expires()
    }

    /// Uses it: the first time within [`PROVISIONAL_SECONDS`] of Accept makes it last for its lifetime.
    ///
    /// # Errors
    /// [`SessionOver`] where it no longer counts.
    pub fn use_at(&mut self, now: UnixTime) -> Result<(), SessionOver> {
        if !self.is_live(now) {
            return Err(SessionOver);
        }
        self.0.used = true;
        Ok(())
    }
}

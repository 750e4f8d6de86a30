//! What the origins of the service say of its did:web or did:webvh: the other half of the link that its document makes to them
//! (DIF, Well Known DID Configuration).

use didshake::{Did, Fragment, Origin, PublicKey, UnixTime};
use didshake_did::{SignerError, SigningIdentity, linkage};
use tokio::sync::Mutex;

/// Seconds for which a credential is good. Readers keep it as long as they like, up to here.
const LIFETIME: u64 = 172_800;
/// Seconds after which it is made anew.
const KEPT: u64 = 43_200;

/// The DID configuration of all origins of the service: readers look for their own in it.
pub(crate) struct DidConfiguration {
    did: Did,
    origins: Vec<Origin>,
    kept: Mutex<Option<Kept>>,
}

/// What was signed, when and with what.
struct Kept {
    made: UnixTime,
    fragment: Fragment,
    key: PublicKey,
    body: String,
}

impl DidConfiguration {
    pub(crate) fn new(did: Did, origins: Vec<Origin>) -> Self {
        Self { did, origins, kept: Mutex::new(None) }
    }

    /// The DID that the origins vouch for.
    pub(crate) fn did(&self) -> &Did {
        &self.did
    }

    /// The body that is served at `now`, signed by the key that the DID has now. It is signed twice a day and when the key
    /// is another one, however often it is asked for.
    pub(crate) async fn body(&self, identity: &SigningIdentity, now: UnixTime) -> Result<String, SignerError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_good(identity, now)) {
            return Ok(kept.body.clone());
        }
        let mut credentials = Vec::new();
        for origin in &self.origins {
            credentials.push(linkage::issue(identity, origin, now, now.plus(LIFETIME)).await?);
        }
        let body = linkage::configuration(&credentials);
        let (fragment, key) = (identity.fragment().clone(), identity.public_key().clone());
        *kept = Some(Kept { made: now, fragment, key, body: body.clone() });
        Ok(body)
    }
}

impl Kept {
    fn is_good(&self, identity: &SigningIdentity, now: UnixTime) -> bool {
        let is_young = (self.made.0..self.made.0.saturating_add(KEPT)).contains(&now.0);
        is_young && self.fragment == *identity.fragment() && self.key == *identity.public_key()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use didshake::{Algorithm, Secret, SigningKey};
    use didshake_did::LocalSigner;

    use super::*;

    #[tokio::test]
    async fn it_is_signed_anew_long_before_it_ends() {
        let (did, identity) = (Did::parse("did:web:a.example").unwrap(), identity("key-1", 7));
        let configuration = DidConfiguration::new(did, vec![Origin::parse("https://a.example").unwrap()]);
        let at = |now| configuration.body(&identity, UnixTime(now));
        let first = at(1_767_225_600).await.unwrap();
        assert_eq!(at(1_767_225_600 + KEPT - 1).await.unwrap(), first);
        let second = at(1_767_225_600 + KEPT).await.unwrap();
        assert_ne!(second, first);
        // A clock that was set back.
        assert_ne!(at(1_767_225_600).await.unwrap(), second);
    }

    fn identity(fragment: &str, seed: u8) -> SigningIdentity {
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap();
        let did = Did::parse("did:web:a.example").unwrap();
        SigningIdentity::new(did, fragment, Arc::new(LocalSigner::new(key))).unwrap()
    }

    #[tokio::test]
    async fn another_key_signs_at_once() {
        let did = Did::parse("did:web:a.example").unwrap();
        let configuration = DidConfiguration::new(did, vec![Origin::parse("https://a.example").unwrap()]);
        let mut bodies = Vec::new();
        for (fragment, seed) in [("key-1", 7), ("key-2", 7), ("key-2", 8)] {
            bodies.push(configuration.body(&identity(fragment, seed), UnixTime(1_767_225_600)).await.unwrap());
        }
        assert!(bodies[0] != bodies[1] && bodies[1] != bodies[2], "{bodies:?}");
    }
}

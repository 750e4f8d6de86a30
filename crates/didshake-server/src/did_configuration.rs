//! What the origins of the service say of its did:web: the other half of the link that its document makes to them (DIF, Well
//! Known DID Configuration).

use didshake::{Origin, UnixTime};
use didshake_did::{SignerError, SigningIdentity, linkage};
use tokio::sync::Mutex;

/// Seconds for which a credential is good. Readers keep it as long as they like, up to here.
const LIFETIME: u64 = 172_800;
/// Seconds after which it is made anew.
const KEPT: u64 = 43_200;

/// The DID configuration of all origins of the service: readers look for their own in it.
pub(crate) struct DidConfiguration {
    identity: SigningIdentity,
    origins: Vec<Origin>,
    kept: Mutex<Option<(UnixTime, String)>>,
}

impl DidConfiguration {
    pub(crate) fn new(identity: SigningIdentity, origins: Vec<Origin>) -> Self {
        Self { identity, origins, kept: Mutex::new(None) }
    }

    /// The body that is served at `now`. It is signed twice a day, however often it is asked for.
    pub(crate) async fn body(&self, now: UnixTime) -> Result<String, SignerError> {
        let mut kept = self.kept.lock().await;
        if let Some((made, body)) = kept.as_ref()
            && (made.0..made.0.saturating_add(KEPT)).contains(&now.0)
        {
            return Ok(body.clone());
        }
        let mut credentials = Vec::new();
        for origin in &self.origins {
            credentials.push(linkage::issue(&self.identity, origin, now, now.plus(LIFETIME)).await?);
        }
        let body = linkage::configuration(&credentials);
        *kept = Some((now, body.clone()));
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use didshake::{Algorithm, Secret, SigningKey};
    use didshake_did::LocalSigner;

    use super::*;

    #[tokio::test]
    async fn it_is_signed_anew_long_before_it_ends() {
        let key = SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([7; 32])).unwrap();
        let identity = SigningIdentity::of_did_key(LocalSigner::new(key)).unwrap();
        let configuration = DidConfiguration::new(identity, vec![Origin::parse("https://a.example").unwrap()]);
        let at = |now| configuration.body(UnixTime(now));
        let first = at(1_767_225_600).await.unwrap();
        assert_eq!(at(1_767_225_600 + KEPT - 1).await.unwrap(), first);
        let second = at(1_767_225_600 + KEPT).await.unwrap();
        assert_ne!(second, first);
        // A clock that was set back.
        assert_ne!(at(1_767_225_600).await.unwrap(), second);
    }
}

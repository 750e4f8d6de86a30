//! A host of did:web documents over real HTTPS, whose mood a test changes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use didshake::{Algorithm, Did, Secret, SigningKey};
use didshake_did::web::{LocalHost, WebOptions, WebResolver};
use didshake_did::{
    CacheLimits, CachedResolver, Lifetimes, LocalSigner, MethodRegistry, Resolver, SigningIdentity, SystemClock,
    did_key,
};

use crate::server::{Conduct, Handler, Server, response};
use crate::tls::Authority;

/// What the host does with every request.
#[derive(Clone)]
pub(crate) enum Mood {
    /// Serves this.
    Document(String),
    /// Says this status and nothing more.
    Status(u16),
    /// Drops the connection without a word.
    Down,
    /// Takes the request and says nothing.
    Silent,
}

pub(crate) struct DocumentHost {
    server: Server,
    authority: Authority,
    mood: Arc<Mutex<Mood>>,
    pub(crate) did: Did,
}

impl DocumentHost {
    /// One that serves the key of `seed` under `#key-1`.
    pub(crate) async fn start(seed: u8) -> Self {
        let authority = Authority::new();
        let mood = Arc::new(Mutex::new(Mood::Down));
        let current = Arc::clone(&mood);
        let handler: Handler = Arc::new(move |_| {
            let mood = current.lock().unwrap().clone();
            Box::pin(async move {
                match mood {
                    Mood::Document(text) => {
                        let headers = [("Content-Type", "application/did+json"), ("Connection", "close")];
                        Conduct::Drop(response(200, &headers, text.as_bytes()))
                    }
                    Mood::Status(status) => Conduct::Drop(response(status, &[("Connection", "close")], b"")),
                    Mood::Down => Conduct::Drop(Vec::new()),
                    Mood::Silent => Conduct::Stall(Vec::new()),
                }
            })
        });
        let server = Server::start(Some(authority.tls("localhost")), |_| handler).await;
        let did = Did::parse(&format!("did:web:localhost%3A{}", server.port)).unwrap();
        let host = Self { server, authority, mood, did };
        host.serve(host.document(seed, ""));
        host
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn serve(&self, text: String) {
        self.set(Mood::Document(text));
    }

    /// With the key of `seed`, and more members of its method.
    pub(crate) fn document(&self, seed: u8, more: &str) -> String {
        self.document_of("key-1", seed, "authentication", more)
    }

    pub(crate) fn document_of(&self, fragment: &str, seed: u8, purpose: &str, more: &str) -> String {
        let did = &self.did;
        let key = did_key::encode(&key(seed).public_key()).unwrap();
        let key = key.as_str().trim_start_matches("did:key:");
        format!(
            r##"{{"id":"{did}","{purpose}":["#{fragment}"],"verificationMethod":[{{"id":"#{fragment}",
                "type":"Multikey","controller":"{did}","publicKeyMultibase":"{key}"{more}}}]}}"##
        )
    }

    pub(crate) fn identity(&self, seed: u8) -> SigningIdentity {
        SigningIdentity::new(self.did.clone(), "key-1", Arc::new(LocalSigner::new(key(seed)))).unwrap()
    }

    /// As an application would have it: a guarded fetch behind a cache.
    pub(crate) fn resolver(&self) -> Arc<dyn Resolver> {
        let local: LocalHost = format!("https://localhost:{}", self.server.port).parse().unwrap();
        let options = WebOptions::default().with_roots(self.authority.pem().as_bytes()).unwrap().allow_local(local);
        let web = WebResolver::new(&options.with_deadline(Duration::from_secs(5))).unwrap();
        let web = CachedResolver::new(web, SystemClock, Lifetimes::default(), CacheLimits::default());
        Arc::new(MethodRegistry::offline().with("web", Arc::new(web)))
    }

    pub(crate) fn asked(&self) -> usize {
        self.server.requests().len()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked_times(&self, times: usize) {
        while self.asked() < times {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap()
}

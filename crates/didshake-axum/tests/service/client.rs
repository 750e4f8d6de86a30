//! A client built from the protocol's own types: what it sends is the protocol's, how it is sent is the test's.

use std::sync::Arc;

use didshake::http::{FinishSent, HelloAnswer, HelloSent, Request, Response};
use didshake::request::{RequestKey, Target};
use didshake::{
    Admission, Algorithm, Did, Endpoint, Established, InitiatorConfig, Origin, Secret, SigningKey, UnixTime,
};
use didshake_did::{DidDocument, LocalSigner, Resolved, SigningIdentity, StaticDocuments, did_key};
use getrandom::SysRng;

use crate::service::Service;
use crate::wire::{Answer, Raw};

pub(crate) fn signer(seed: u8) -> LocalSigner {
    LocalSigner::new(SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([seed; 32])).unwrap())
}

pub(crate) fn identity(seed: u8) -> SigningIdentity {
    SigningIdentity::of_did_key(signer(seed)).unwrap()
}

/// A did:web identity, and the documents that have it.
pub(crate) fn web_identity(did: &str, seed: u8) -> (SigningIdentity, StaticDocuments) {
    let key = identity(seed);
    let multikey = key.did().as_str().strip_prefix("did:key:").unwrap();
    let document = format!(
        r#"{{"id":"{did}","verificationMethod":[{{"id":"{did}#key-1","type":"Multikey","controller":"{did}",
        "publicKeyMultibase":"{multikey}"}}],"authentication":["{did}#key-1"]}}"#
    );
    let mut documents = StaticDocuments::new();
    let did = documents.add(document.as_bytes()).unwrap();
    (SigningIdentity::new(did, "key-1", Arc::new(signer(seed))).unwrap(), documents)
}

/// Who logs in, and whom it means.
pub(crate) struct Client {
    pub(crate) identity: SigningIdentity,
    pub(crate) means: Did,
}

impl Client {
    pub(crate) fn new(seed: u8, service: &Service) -> Self {
        Self::of(identity(seed), service)
    }

    pub(crate) fn of(identity: SigningIdentity, service: &Service) -> Self {
        Self { identity, means: service.identity.did().clone() }
    }

    /// The request with Hello, at an origin.
    pub(crate) fn hello(&self, origin: &Origin) -> (Raw, HelloSent) {
        let means = Admission::only(self.means.clone());
        let config = Arc::new(InitiatorConfig::new(self.identity.local(), b"didshake.login/1", means));
        let endpoint = Endpoint::parse(&format!("{origin}/didshake")).unwrap();
        let (request, sent) = HelloSent::start(config, &endpoint, &mut SysRng).unwrap();
        (raw(&request, origin), sent)
    }

    /// Reads Reply, verifies the service, and signs Finish.
    pub(crate) async fn finish(&self, reply: &Answer, sent: HelloSent, origin: &Origin) -> (Raw, FinishSent) {
        let read = received(reply, |response| sent.read(response, &mut SysRng)).unwrap();
        let HelloAnswer::Claimed { responder, finish } = read else { panic!("no Retry with these suites") };
        let document: DidDocument = did_key::resolve(responder.claim().did()).unwrap();
        let unsigned = responder.verify(&Resolved::fetched(document), UnixTime(0)).unwrap();
        let signature = self.identity.sign(unsigned.signature_input()).await.unwrap();
        let (request, sent) = finish.sign(unsigned, signature).unwrap();
        (raw(&request, origin), sent)
    }

    /// Everything up to Finish, which is not sent yet.
    pub(crate) async fn begin(&self, service: &Service) -> (Raw, FinishSent) {
        let origin = service.origin();
        let (hello, sent) = self.hello(&origin);
        let reply = hello.send(service.address).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.finish(&reply, sent, &origin).await
    }

    pub(crate) async fn login(&self, service: &Service) -> Login {
        let (finish, sent) = self.begin(service).await;
        let accept = finish.send(service.address).await;
        Login::of(&accept, sent, service)
    }
}

/// A session, at the client.
pub(crate) struct Login {
    pub(crate) key: RequestKey,
    pub(crate) id: [u8; 16],
    pub(crate) lifetime: u32,
    pub(crate) origin: Origin,
}

impl Login {
    pub(crate) fn of(accept: &Answer, sent: FinishSent, service: &Service) -> Self {
        let established: Established = received(accept, |response| sent.read(response)).unwrap();
        let key = RequestKey::of(&established.exporter).unwrap();
        Self { key, id: established.session_id, lifetime: established.lifetime, origin: service.origin() }
    }

    /// A signed request.
    pub(crate) fn request(&self, method: &str, target: &str, body: &[u8], now: UnixTime) -> Raw {
        self.request_at(&self.origin, method, target, body, now)
    }

    pub(crate) fn request_at(&self, origin: &Origin, method: &str, target: &str, body: &[u8], now: UnixTime) -> Raw {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let signed = Target { method, origin, path, query };
        let fields = self.key.sign(&signed, body, &self.id, now, &mut SysRng).unwrap();
        let plain = Raw::new(method, target, origin.authority()).body(body);
        fields.headers().fold(plain, |raw, (name, value)| raw.with(name, value))
    }
}

fn raw(request: &Request, origin: &Origin) -> Raw {
    let target = request.url().strip_prefix(origin.as_str()).unwrap();
    let plain = Raw::new(request.method(), target, origin.authority()).body(request.body());
    request.headers().fold(plain, |raw, (name, value)| raw.with(name, value))
}

fn received<T>(answer: &Answer, read: impl FnOnce(&Response<'_>) -> T) -> T {
    let values = |wanted: &str| -> Vec<&[u8]> {
        let of_name = answer.headers.iter().filter(|(name, _)| name == wanted);
        of_name.map(|(_, value)| value.as_bytes()).collect()
    };
    let (content_type, state) = (values("content-type"), values("didshake-state"));
    read(&Response { status: answer.status, content_type: &content_type, state: &state, body: &answer.body })
}

//! A host with the log of a did:webvh, an owner that makes it, and a resolver that asks.

use std::sync::Arc;
use std::time::Instant;

use didshake::{Algorithm, Did, Fault, Secret, SigningKey, UnixTime};
use didshake_did::web::WebvhResolver;
use didshake_did::webvh::{
    Change, Log, LogHistory, MemoryLogHistory, UnwitnessedLog, Witnesses, first_entry, multikey, next_entry,
    witness_proof,
};

use crate::attack::{DEADLINE, options, response};
use crate::server::{Conduct, Files, Reserved, Server};

pub(crate) const NOW: UnixTime = UnixTime(1_767_225_600);
pub(crate) const LOG: &str = "/agents/did.jsonl";
pub(crate) const PROOFS: &str = "/agents/did-witness.json";

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_secret(Algorithm::Ed25519, &Secret::new([number; 32])).unwrap()
}

pub(crate) fn name(number: u8) -> String {
    multikey(&key(number).public_key())
}

/// The owner of a log on a server of this machine.
pub(crate) struct Owner {
    pub(crate) place: String,
    pub(crate) log: String,
    pub(crate) version: u8,
}

impl Owner {
    pub(crate) fn begin(port: u16, change: Change) -> Self {
        let mut owner = Self { place: format!("127.0.0.1%3A{port}:agents"), log: String::new(), version: 1 };
        let change = Change { update_keys: Some(vec![name(1)]), ..change };
        owner.log =
            first_entry(owner.document("{SCID}").as_bytes(), &change, &key(1), UnixTime(NOW.0 - 1000)).unwrap() + "\n";
        owner
    }

    pub(crate) fn document(&self, scid: &str) -> String {
        let (did, key) = (format!("did:webvh:{scid}:{}", self.place), name(100 + self.version));
        format!(
            r##"{{"id":"{did}","verificationMethod":[{{"id":"#k","type":"Multikey","controller":"{did}","publicKeyMultibase":"{key}"}}],"authentication":["#k"]}}"##
        )
    }

    pub(crate) fn read(&self) -> Log {
        // Nobody witnesses what is read here.
        UnwitnessedLog::read(self.log.as_bytes(), None, NOW).unwrap().witnessed(None).unwrap()
    }

    /// One more version, with another key in the document.
    pub(crate) fn update(&mut self, change: &Change) -> &mut Self {
        let log = self.read();
        self.version += 1;
        let document = self.document(log.scid());
        self.log +=
            &(next_entry(&log, Some(document.as_bytes()), change, &key(1), UnixTime(NOW.0 - 500)).unwrap() + "\n");
        self
    }

    pub(crate) fn did(&self) -> Did {
        self.read().did().clone()
    }
}

/// A server with a log, and a resolver that may ask it.
pub(crate) struct Host {
    pub(crate) server: Server,
    pub(crate) files: Files,
    pub(crate) resolver: WebvhResolver,
}

impl Host {
    pub(crate) fn of(reserved: Reserved, history: Arc<dyn LogHistory>) -> Self {
        let (files, local) = (Files::default(), format!("127.0.0.1:{}", reserved.port()));
        let server = reserved.start(Conduct::Files(files.clone()), None);
        let options = options().allow_local(local.parse().unwrap());
        let resolver = WebvhResolver::new(&options, history, || NOW).unwrap();
        Self { server, files, resolver }
    }

    pub(crate) fn serves(&self, log: &str) -> &Self {
        self.files.put(LOG, Conduct::Answer(response("Content-Type: text/jsonl\r\n", log.as_bytes())));
        self
    }

    pub(crate) async fn fails(&self, did: &Did) -> (&'static str, Fault) {
        let begun = Instant::now();
        let failure = self.resolver.fetch(did).await.map(drop).unwrap_err();
        assert!(begun.elapsed() < DEADLINE * 5 / 2, "took {:?}", begun.elapsed());
        (failure.code(), failure.fault())
    }
}

pub(crate) async fn host() -> (Host, Owner) {
    let reserved = Server::reserve().await;
    let owner = Owner::begin(reserved.port(), Change::default());
    (Host::of(reserved, Arc::new(MemoryLogHistory::default())), owner)
}

/// Two of two witnesses, from the first entry on.
pub(crate) async fn witnessed() -> (Host, Owner) {
    let reserved = Server::reserve().await;
    let witnesses = Witnesses::new(2, vec![name(50), name(51)]);
    let owner = Owner::begin(reserved.port(), Change { witnesses: Some(witnesses), ..Change::default() });
    (Host::of(reserved, Arc::new(MemoryLogHistory::default())), owner)
}

fn first_of(owner: &Owner) -> serde_json::Value {
    serde_json::from_str(owner.log.lines().next().unwrap()).unwrap()
}

pub(crate) fn witnessed_did(owner: &Owner) -> Did {
    Did::parse(first_of(owner)["state"]["id"].as_str().unwrap()).unwrap()
}

pub(crate) fn proofs(owner: &Owner, keys: &[u8]) -> String {
    let version = first_of(owner)["versionId"].as_str().unwrap().to_owned();
    let proofs: Vec<String> = keys.iter().map(|number| witness_proof(&version, &key(*number), NOW).unwrap()).collect();
    format!(r#"[{{"versionId":"{version}","proof":[{}]}}]"#, proofs.join(","))
}

//! Who takes part: Alice and Bob, with key files in a temporary directory, and Mallory.

use didshake::{Algorithm, Fragment};
use didshake_did::{IdentityName, IdentityStore, SecretKey, SigningIdentity, did_key, key_file};
use didshake_peer::{Admit, Expect, InitiatorOptions, ResponderOptions};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::demo::narrator::{Told, say};
use crate::failure::{Exit, Failure};
use crate::meeting::CHAT;
use crate::storage::key_file_failure;

pub(crate) struct Cast {
    pub(crate) alice: SigningIdentity,
    pub(crate) bob: SigningIdentity,
    // Removed with everything in it when the demonstration ends.
    directory: TempDir,
}

impl Cast {
    pub(crate) fn new() -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("didshake-demo-").tempdir()?;
        let store = IdentityStore::at(directory.path().join("identities"));
        let (alice, bob) = (identity(&store, "alice")?, identity(&store, "bob")?);
        Ok(Self { alice, bob, directory })
    }

    pub(crate) fn introduce(&self, told: Told) {
        say(told, &format!("Alice  {}", self.alice.did()));
        say(told, &format!("Bob    {}", self.bob.did()));
        say(told, &format!("Key files in {}, removed at the end.", self.directory.path().display()));
    }

    /// Where the service of the demonstration keeps what it keeps.
    pub(crate) fn service_data(&self) -> std::path::PathBuf {
        self.directory.path().join("service")
    }

    /// Alice means Bob, exactly.
    pub(crate) fn alices_options(&self) -> InitiatorOptions {
        InitiatorOptions::new(self.alice.clone(), CHAT, Expect::Did(self.bob.did().clone()))
    }

    /// Bob lets Alice in, exactly.
    pub(crate) fn bobs_options(&self) -> ResponderOptions {
        ResponderOptions::new(self.bob.clone(), CHAT, Admit::only(self.alice.did().clone()))
    }
}

fn identity(store: &IdentityStore, name: &str) -> Result<SigningIdentity, Failure> {
    let fault = |fault: didshake::Fault| Failure::new(Exit::Check, fault.code(), fault.to_string());
    let name = IdentityName::parse(name).map_err(|error| Failure::new(Exit::Check, "name", error.to_string()))?;
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let key = SecretKey::generate(Algorithm::Ed25519, &mut rng).map_err(fault)?;
    let did = did_key::encode(&key.public_key().map_err(fault)?).map_err(fault)?;
    let fragment = Fragment::of(&did, "").map_err(fault)?;
    let file = key_file::NewKeyFile { name: Some(&name), did: &did, fragment: &fragment, key: &key, passphrase: None };
    store.create(&name, &file, &mut rng).map_err(|error| key_file_failure(&error))?;
    store.load(&name, None).map_err(|error| key_file_failure(&error))
}

/// A listener on a free port of this machine, and its address.
pub(crate) async fn listener() -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| network(&error))?;
    let address = listener.local_addr().map_err(|error| network(&error))?.to_string();
    Ok((listener, address))
}

pub(crate) async fn dial(address: &str) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await.map_err(|error| network(&error))?;
    stream.set_nodelay(true).map_err(|error| network(&error))?;
    Ok(stream)
}

pub(crate) async fn incoming(listener: &TcpListener) -> Result<TcpStream, Failure> {
    let (stream, _) = listener.accept().await.map_err(|error| network(&error))?;
    stream.set_nodelay(true).map_err(|error| network(&error))?;
    Ok(stream)
}

pub(crate) fn network(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Network, "network", format!("TCP on 127.0.0.1 failed: {error}"))
}

//! Agents that write to each other through a relay in this process.

mod calling;
mod delivering;
mod killed;
mod live;
mod lying;
mod receiving;
mod unlinked;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use didshake::{Did, Fault, Origin, UnixTime};
use didshake_did::{BoxFuture, Clock, MethodRegistry, Resolved, Resolver, SigningIdentity};
use didshake_peer::mailbox::{Agent, AgentOptions, InboxLetter, MailboxAddress, SentState, SqliteStore};
use tempfile::TempDir;

use crate::relay::relay_settings;
use crate::service::{Service, identity, now};

const PATIENCE: Duration = Duration::from_secs(60);
const DAY: u64 = 86_400;

/// A relay, and where everybody keeps their stores.
struct World {
    directory: TempDir,
    relay: Service,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let relay = Service::start(&relay_settings(directory.path())).await;
        Self { directory, relay }
    }

    fn origin(&self) -> Origin {
        Origin::parse(&format!("http://{}", self.relay.address)).unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(format!("{name}.sqlite"))
    }

    /// An agent with a mailbox.
    async fn agent(&self, seed: u8) -> Agent {
        let agent = agent(&self.path(&seed.to_string()), identity(seed), AgentOptions::default()).await;
        agent.open_mailbox(&self.origin(), &self.relay.did).await.unwrap();
        agent
    }

    /// Two who are contacts of each other.
    async fn friends(&self) -> (Agent, Agent) {
        let (alice, bob) = (self.agent(1).await, self.agent(2).await);
        self.introduce(&alice, &bob).await;
        self.introduce(&bob, &alice).await;
        (alice, bob)
    }

    /// Lets the first write to the second, who takes letters of the first.
    async fn introduce(&self, writer: &Agent, reader: &Agent) {
        let address = self.address_of(reader, writer.identity().did()).await;
        writer.add_contact(reader.identity().did(), Some(address)).await.unwrap();
        if reader.store().contact(writer.identity().did()).await.unwrap().is_none() {
            reader.add_contact(writer.identity().did(), None).await.unwrap();
        }
    }

    async fn address_of(&self, reader: &Agent, label: &Did) -> MailboxAddress {
        reader.give_token(&self.origin(), label.as_str(), None).await.unwrap()
    }
}

async fn agent(path: &Path, identity: SigningIdentity, options: AgentOptions) -> Agent {
    let store = SqliteStore::open(path, identity.did().clone()).await.unwrap();
    Agent::new(identity, store, options).unwrap()
}

async fn write(from: &Agent, to: &Agent, text: &str) -> [u8; 16] {
    from.write(to.identity().did(), "text/plain", text.as_bytes(), now().plus(DAY)).await.unwrap()
}

async fn state(agent: &Agent, id: &[u8; 16]) -> SentState {
    agent.store().sent(id).await.unwrap().unwrap().state
}

async fn inbox(agent: &Agent) -> Vec<InboxLetter> {
    agent.store().inbox(0, 100_000).await.unwrap()
}

async fn texts(agent: &Agent) -> Vec<String> {
    inbox(agent).await.iter().map(|letter| String::from_utf8(letter.content.to_vec()).unwrap()).collect()
}

/// Waits until it holds, however long the machine takes.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what}");
}

/// Options with another time, for whatever is not a request.
fn at(clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> AgentOptions {
    let mut options = AgentOptions::default();
    options.surroundings.clock = Arc::new(clock) as Arc<dyn Clock>;
    options
}

/// Resolves offline, but for one DID while it is said not to.
struct Flaky {
    did: Did,
    broken: Arc<AtomicBool>,
}

impl Resolver for Flaky {
    fn resolve<'a>(&'a self, did: &'a Did) -> BoxFuture<'a, Result<Resolved, Fault>> {
        Box::pin(async move {
            if *did == self.did && self.broken.load(Ordering::SeqCst) {
                return Err(Fault::DidResolutionFailed);
            }
            MethodRegistry::offline().resolve(did).await
        })
    }
}

//! What both agents have: an identity and a mailbox that the program `didshake` has made, and a few types of messages.

use std::error::Error;
use std::fmt;

use didshake::{Did, UnixTime};
use didshake_did::{Clock, IdentityStore, SigningIdentity, SystemClock};
use didshake_peer::didcomm::DidcommMessage;
use didshake_peer::mailbox::{Agent, AgentOptions, SqliteStore};
use didshake_peer::{KnownPeers, KnownPeersFile, PeerName};

/// Whatever goes wrong.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The buyer wants a task done for a price.
pub const PROPOSE: &str = "https://didshake.example/task/1.0/propose";
/// The seller would do it for another price.
pub const COUNTER: &str = "https://didshake.example/task/1.0/counter";
/// The price is agreed on; either says it of the other's.
pub const ACCEPT: &str = "https://didshake.example/task/1.0/accept";

/// Seconds for which a letter is worth delivering: a week.
const LETTER_SECONDS: u64 = 7 * 86_400;

/// Who we are, and whom we know.
pub struct Me {
    /// Our DID and key.
    pub identity: SigningIdentity,
    /// Our letters, in the same file in which `didshake inbox` looks.
    pub agent: Agent,
    /// The names of others.
    pub peers: KnownPeers,
}

impl Me {
    /// An identity of this user, made by `didshake id new NAME`, and what the program keeps for it.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read.
    pub async fn of_user(name: &str) -> Result<Self, Failure> {
        let identities = IdentityStore::of_user()?;
        let identity = identities.load(&name.parse()?, None)?;
        let letters = identities.directory().with_file_name("agent.sqlite");
        let store = SqliteStore::open(&letters, identity.did().clone()).await?;
        let agent = Agent::new(identity.clone(), store, AgentOptions::default())?;
        Ok(Self { identity, agent, peers: KnownPeersFile::of_user()?.load()? })
    }

    /// The DID of somebody whom `didshake peer add` has given this name.
    ///
    /// # Errors
    /// Where nobody has it.
    pub fn peer(&self, name: &str) -> Result<Did, Failure> {
        let peer = self.peers.find(&PeerName::parse(name)?);
        Ok(peer.ok_or("nobody is known by this name: `didshake peer add`")?.did.clone())
    }

    /// The time after which a letter of now is delivered no more.
    #[must_use]
    pub fn letter_expires(&self) -> UnixTime {
        now().plus(LETTER_SECONDS)
    }
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Me({})", self.identity.did())
    }
}

/// The time.
#[must_use]
pub fn now() -> UnixTime {
    SystemClock.now()
}

/// The price that a message names.
///
/// # Errors
/// Where it names none.
pub fn price_of(message: &DidcommMessage) -> Result<u64, Failure> {
    Ok(message.body.get("price").and_then(|price| price.as_u64()).ok_or("a message without a price")?)
}

/// The message with a price.
#[must_use]
pub fn with_price(mut message: DidcommMessage, price: u64) -> DidcommMessage {
    message.body.insert("price".to_owned(), price.into());
    message
}

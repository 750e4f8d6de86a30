//! Letters to and from agents that are away (`spec/mailbox-1.md`, `spec/relay-1.md`). Feature `mailbox`.
//!
//! An [`Agent`] is one identity with a store. It opens a mailbox at a relay, gives each contact a deposit token for it, writes
//! letters and takes those of others. The relay keeps envelopes that it cannot open. Everything that was confirmed is durable:
//! a program may be killed at any point, and goes on where it was.
//!
//! ```no_run
//! use didshake::{Did, Origin, UnixTime};
//! use didshake_did::{Clock as _, SigningIdentity, SystemClock};
//! use didshake_peer::mailbox::{Agent, AgentOptions, SqliteStore};
//!
//! # async fn f(identity: SigningIdentity, relay: Did, bob: Did, bobs: didshake_peer::mailbox::MailboxAddress)
//! #     -> Result<(), Box<dyn std::error::Error>> {
//! let store = SqliteStore::open("agent.sqlite".as_ref(), identity.did().clone()).await?;
//! let agent = Agent::new(identity, store, AgentOptions::default())?;
//! let mailbox = agent.open_mailbox(&Origin::parse("https://relay.example")?, &relay).await?;
//! let ours = agent.give_token(&mailbox.origin, bob.as_str(), None).await?; // for Bob's contact card of us
//! agent.add_contact(&bob, Some(bobs)).await?; // what his card says
//!
//! agent.write(&bob, "text/plain", b"hello", SystemClock.now().plus(7 * 86_400)).await?;
//! agent.deliver().await?; // or `agent.run()`, which delivers and receives until it is dropped
//!
//! agent.fetch(20).await?;
//! for letter in agent.store().unread(0, 100).await? {
//!     println!("{}: {}", letter.sender, String::from_utf8_lossy(&letter.content));
//!     agent.mark_read(&[letter]).await?;
//! }
//! # drop(ours);
//! # Ok(()) }
//! ```
//!
//! **Exactly once.** Each letter in the inbox has a number that ascends and is never given twice. An application that keeps the
//! last number that it has handled, in the transaction in which it handles it, and asks for what comes
//! [after](AgentStore::inbox) that, handles each letter once, whatever is killed when.
//!
//! **Order.** Letters of one sender to one recipient are taken in the order of writing. Those that a recipient refused because
//! it had lost the secret of an older mailbox key go once more under a new one, in order among themselves.
//!
//! **Names and pins** are in the file of [known peers](crate::KnownPeersFile), and nowhere else: the store knows contacts by DID.

mod agent;
pub mod circuit;
pub mod live;
mod receipt;
mod records;
pub mod relay;
mod sighting;
mod sqlite;
mod store;

pub use agent::{
    Agent, AgentError, AgentOptions, Connection, Connections, Delivery, KEY_PERIOD_SECONDS, KEY_ROTATION_SECONDS,
};
pub use circuit::CircuitOffer;
pub use receipt::{MAX_RECEIPT_IDS, RECEIPT_TYPE};
pub use records::{
    Arrived, Body, Contact, Deposited, GivenToken, InboxLetter, KeptKey, MailboxAddress, NewLetter, OwnMailbox, Sealed,
    SentLetter, SentState, Taken,
};
pub use sighting::{MAX_SIGHTINGS, Sighted, Sighting};
pub use sqlite::{InboxBounds, SqliteStore};
pub use store::{AgentStore, Change, StoreError, Stored};

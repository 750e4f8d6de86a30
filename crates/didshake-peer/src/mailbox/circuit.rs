//! Circuits: a live channel through a relay, between two who cannot reach each other (`spec/relay-1.md`, section 5).
//!
//! The relay passes bytes; the handshake is of binding 4, with the mailbox URL as its prologue, so that it cannot be carried to
//! another mailbox, and the relay is nobody in it.
//!
//! ```no_run
//! use didshake::Did;
//! use didshake_peer::mailbox::Agent;
//! use didshake_peer::{Admit, Expect, InitiatorOptions, MemoryBurnStore, ResponderOptions};
//!
//! # async fn call(agent: Agent, bob: Did) -> Result<(), Box<dyn std::error::Error>> {
//! let options = InitiatorOptions::new(agent.identity().clone(), b"didshake.chat/1", Expect::Did(bob.clone()));
//! let mut channel = agent.call(&bob, &options).await?;
//! channel.send(b"are you there?").await?;
//! # Ok(()) }
//!
//! # async fn answer(agent: Agent, alice: Did) -> Result<(), Box<dyn std::error::Error>> {
//! let mut offers = agent.offers(); // while `agent.run()` runs
//! let options = ResponderOptions::new(agent.identity().clone(), b"didshake.chat/1", Admit::only(alice));
//! let burned = MemoryBurnStore::default();
//! while let Some(offer) = offers.recv().await {
//!     let mut channel = agent.answer(&offer, &options, &burned).await?;
//!     let said = channel.recv().await?;
//!     println!("{} says {said:?}", channel.peer().did());
//! }
//! # Ok(()) }
//! ```

use didshake::relay::{CircuitId, MailboxUrl};
use didshake::{Context, Did, Origin};
use tokio::sync::mpsc;

use super::agent::{Agent, AgentError};
use crate::accept::respond;
use crate::burn::BurnStore;
use crate::connect::initiate;
use crate::options::{InitiatorOptions, ResponderOptions};
use crate::websocket::{ClientConnection, Tungstenite, WebSocket};

/// Offers that wait for the application; further ones are declined.
pub(super) const MAX_OFFERS: usize = 16;

/// Somebody asks for a circuit to one of our mailboxes. Who that is, the handshake tells. The relay waits 10 s.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CircuitOffer {
    pub(super) origin: Origin,
    pub(super) url: MailboxUrl,
    pub(super) id: CircuitId,
}

impl CircuitOffer {
    /// Through which mailbox of ours.
    #[must_use]
    pub fn mailbox(&self) -> &MailboxUrl {
        &self.url
    }
}

impl Agent {
    /// Asks a contact for a circuit, and runs a handshake as initiator over it. The context of `options` is not used.
    ///
    /// # Errors
    /// [`AgentError::NoAddress`]; [`AgentError::Relay`], with `away` where the contact is not connected or does not answer;
    /// [`AgentError::Handshake`].
    pub async fn call(&self, to: &Did, options: &InitiatorOptions) -> Result<ClientConnection, AgentError> {
        let contact = self.store().contact(to).await?;
        let address = contact.and_then(|contact| contact.address).ok_or_else(|| AgentError::NoAddress(to.clone()))?;
        let socket = self.depositor().circuit(&address).await?;
        let transport = WebSocket::new(Tungstenite::new(socket));
        let connected = initiate(transport, Context::relay(&address.url), options).await;
        connected.map_err(|error| AgentError::Handshake(Box::new(error)))
    }

    /// What others ask for, while [`run`](Self::run) runs. Whoever asked before gets no more of them. While nobody asks,
    /// calls go to other programs of ours, if they take them; while 16 wait, circuits are declined.
    #[must_use]
    pub fn offers(&self) -> mpsc::Receiver<CircuitOffer> {
        let (sender, receiver) = mpsc::channel(MAX_OFFERS);
        self.offer_to(sender);
        receiver
    }

    /// Takes an offer, and runs a handshake as responder over it. The context of `options` is not used.
    ///
    /// # Errors
    /// [`AgentError::NoMailbox`]; [`AgentError::Relay`], with `away` where the asker waits no more;
    /// [`AgentError::Handshake`].
    pub async fn answer(
        &self,
        offer: &CircuitOffer,
        options: &ResponderOptions,
        burned: &dyn BurnStore,
    ) -> Result<ClientConnection, AgentError> {
        let socket = self.owner_of(&offer.origin).await?.circuit(&offer.id).await?;
        let transport = WebSocket::new(Tungstenite::new(socket));
        let connected = respond(transport, Context::relay(&offer.url), options, burned).await;
        connected.map_err(|error| AgentError::Handshake(Box::new(error)))
    }
}

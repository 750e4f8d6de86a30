//! An identity of ours that writes letters and takes them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use didshake::Did;
use didshake_did::{Clock, Resolver, SigningIdentity, SystemClock};
use didshake_peer::http::WebClientOptions;
use didshake_peer::mailbox::{Agent, AgentError, AgentOptions, AgentStore, Contact};
use didshake_peer::{Admit, KnownPeers, Surroundings, Timeouts};
use tokio::task::JoinSet;

use super::{Own, of_agent, of_store, open_store};
use crate::cards;
use crate::cli::Global;
use crate::failure::Failure;
use crate::resolver::{Documents, Resolution};
use crate::service::client_options;
use crate::storage;
use crate::web_access::WebAccess;
use crate::web_failures::WebFailures;

/// Who we are, and how others are found.
#[derive(Args)]
pub(crate) struct Online {
    #[command(flatten)]
    pub(crate) own: Own,
    #[command(flatten)]
    documents: Documents,
    /// Seconds that a relay or a peer may take for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) patience: u64,
}

/// An agent, and what explains its failures.
pub(crate) struct Post {
    pub(crate) agent: Agent,
    pub(crate) web: WebClientOptions,
    pub(crate) surroundings: Surroundings,
    pub(crate) failures: WebFailures,
    pub(crate) peers: KnownPeers,
}

/// An agent that runs.
pub(crate) struct Runs(JoinSet<Result<Infallible, AgentError>>);

impl Runs {
    /// Why it runs no more. Cancel-safe.
    pub(crate) async fn over(&mut self) -> AgentError {
        match self.0.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(never))) => match never {},
            Some(Err(ended)) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            // It was told before.
            Some(Err(_)) | None => std::future::pending().await,
        }
    }
}

impl Online {
    /// Opens the store of the identity; nothing is sent yet. `anyone`: takes letters of those who are no known peers too.
    pub(crate) async fn open(&self, global: &Global, anyone: bool) -> Result<Post, Failure> {
        let Resolution { resolver, failures } = self.documents.resolution()?;
        let identity = self.own.load(global)?;
        let limit = Duration::from_secs(self.patience);
        let timeouts = Timeouts { attempt: limit, message: limit, ..Timeouts::default() };
        let surroundings = Surroundings { resolver, timeouts, ..Surroundings::default() };
        Post::open(global, identity, &self.documents.web, (surroundings, failures), anyone).await
    }
}

impl Post {
    /// The same for an identity that is loaded.
    pub(crate) async fn open(
        global: &Global,
        identity: SigningIdentity,
        web: &WebAccess,
        (surroundings, failures): (Surroundings, WebFailures),
        anyone: bool,
    ) -> Result<Self, Failure> {
        let store = open_store(global, identity.did().clone()).await?;
        forget_what_is_over(&store).await?;
        let web = client_options(web, surroundings.timeouts.attempt)?;
        let peers = storage::known_peers(global)?;
        let file = storage::known_peers_file(global)?;
        let admit = if anyone {
            Admit::anyone()
        } else {
            // Read for each letter: who is added while this runs counts at once. Contacts are known peers too.
            Admit::rule(move |claim| file.load().is_ok_and(|peers| peers.iter().any(|peer| peer.did == *claim.did())))
        };
        let options = AgentOptions {
            web: web.clone(),
            surroundings: surroundings.clone(),
            admit: Some(admit),
            ..AgentOptions::default()
        };
        let agent = Agent::new(identity, store, options).map_err(|error| of_agent(&error, &failures))?;
        Ok(Self { agent, web, surroundings, failures, peers })
    }

    /// What we call somebody: a name, not the address at which they were met; else the DID.
    pub(crate) fn name_of(&self, did: &Did) -> Option<&str> {
        let named = self.peers.iter().find(|peer| peer.did == *did && !peer.name.as_str().contains(':'));
        named.map(|peer| peer.name.as_str())
    }

    /// The agent, delivering and receiving by itself until this is dropped: whoever waits for the store elsewhere does not hold it
    /// up in the middle of something that has a connection to the store.
    pub(crate) fn runs(&self) -> Runs {
        let (agent, mut tasks) = (self.agent.clone(), JoinSet::new());
        tasks.spawn(async move { agent.run().await });
        Runs(tasks)
    }

    pub(crate) fn resolution(&self) -> Resolution {
        let resolver: Arc<dyn Resolver> = self.surroundings.resolver.clone();
        Resolution { resolver, failures: self.failures.clone() }
    }

    /// The contact of this name or DID.
    pub(crate) async fn contact(&self, text: &str) -> Result<(Did, Option<Contact>), Failure> {
        let did = storage::did_or_name(text, &self.peers)?;
        let contact = self.agent.store().contact(&did).await.map_err(|error| of_store(&error))?;
        Ok((did, contact))
    }
}

/// The mailbox of a card that is over is used no more (R-CARD-3): letters to it wait for another card.
async fn forget_what_is_over(store: &dyn AgentStore) -> Result<(), Failure> {
    let now = SystemClock.now();
    for contact in store.contacts().await.map_err(|error| of_store(&error))? {
        if contact.address.is_some() && cards::is_over(&contact, now) {
            let contact = Contact { address: None, ..contact };
            store.put_contact(&contact).await.map_err(|error| of_store(&error))?;
        }
    }
    Ok(())
}

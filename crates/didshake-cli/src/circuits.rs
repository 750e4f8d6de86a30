//! Where peers come in: a place of this machine, or our own mailboxes.

use std::convert::Infallible;
use std::time::Duration;

use didshake_peer::mailbox::{Agent, AgentError, CircuitOffer, Connection};
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinError, JoinHandle};

use crate::agent::{Post, of_agent, of_store};
use crate::failure::{Exit, Failure};
use crate::output;
use crate::web_failures::WebFailures;
use crate::wire::{Caller, Entrance, Wire};

/// A place where peers come in.
pub(crate) enum Gate {
    Here(Entrance),
    Relay(Circuits),
}

/// Somebody who wants to come in.
pub(crate) enum Knock {
    Wire(Wire),
    Circuit(Agent, CircuitOffer),
}

/// Our mailboxes, through which others ask for circuits.
pub(crate) struct Circuits {
    agent: Agent,
    failures: WebFailures,
    mailboxes: Vec<String>,
    offers: Mutex<mpsc::Receiver<CircuitOffer>>,
    running: Mutex<JoinHandle<Result<Infallible, AgentError>>>,
}

impl Gate {
    /// Where it is.
    pub(crate) fn at(&self) -> Result<String, Failure> {
        match self {
            Self::Here(entrance) => Ok(entrance.at()?.to_string()),
            Self::Relay(circuits) => Ok(circuits.mailboxes.join(", ")),
        }
    }

    /// The next one. Cancel-safe.
    pub(crate) async fn next(&self) -> Result<(Knock, Caller), Failure> {
        let entrance = match self {
            Self::Here(entrance) => entrance,
            Self::Relay(circuits) => {
                let offer = circuits.next().await?;
                return Ok((Knock::Circuit(circuits.agent.clone(), offer), Caller::Relay));
            }
        };
        loop {
            match entrance.accept().await {
                Ok((wire, from)) => return Ok((Knock::Wire(wire), from)),
                Err(error) => cannot_take(&error).await,
            }
        }
    }
}

impl Circuits {
    /// Keeps the mailboxes connected. Once this returns, whoever calls through one is heard; a relay that is not there is told.
    pub(crate) async fn open(post: Post) -> Result<Self, Failure> {
        let Post { agent, failures, .. } = post;
        let mailboxes = agent.store().mailboxes().await.map_err(|error| of_store(&error))?;
        if mailboxes.is_empty() {
            let message = format!("{} has no mailbox, through which others could reach it", agent.identity().did());
            return Err(
                Failure::new(Exit::Policy, "no_mailbox", message).remedy("open one: `didshake mailbox open RELAY_URL`")
            );
        }
        let mailboxes = mailboxes.iter().map(|mailbox| mailbox.url.to_string()).collect();
        let offers = Mutex::new(agent.offers());
        let runs = agent.clone();
        let running = Mutex::new(tokio::spawn(async move { runs.run().await }));
        let circuits = Self { agent, failures, mailboxes, offers, running };
        circuits.connected().await?;
        Ok(circuits)
    }

    /// Until each mailbox is connected, or cannot be now.
    async fn connected(&self) -> Result<(), Failure> {
        let mut connections = self.agent.connections();
        let mut running = self.running.lock().await;
        let settled = tokio::select! {
            Ok(settled) = connections.wait_for(|connections| connections.are_settled()) => settled.clone(),
            ended = &mut *running => return Err(self.ended(ended)),
        };
        let lost = settled.iter().find_map(|(relay, connection)| match connection {
            Connection::Lost(why) => Some((relay, why)),
            Connection::Open { .. } | Connection::Connecting => None,
        });
        match lost {
            None => Ok(()),
            Some((_, Some(error))) => Err(of_agent(error, &self.failures)),
            Some((relay, None)) => {
                let message = format!("the relay {relay} has ended the connection of the mailbox");
                Err(Failure::new(Exit::Network, "network", message).remedy("it is stopping, perhaps: try again"))
            }
        }
    }

    async fn next(&self) -> Result<CircuitOffer, Failure> {
        let (mut offers, mut running) = (self.offers.lock().await, self.running.lock().await);
        tokio::select! {
            Some(offer) = offers.recv() => Ok(offer),
            ended = &mut *running => Err(self.ended(ended)),
        }
    }

    fn ended(&self, ended: Result<Result<Infallible, AgentError>, JoinError>) -> Failure {
        match ended {
            Ok(Ok(never)) => match never {},
            Ok(Err(error)) => of_agent(&error, &self.failures),
            Err(ended) => Failure::new(Exit::Check, "agent", format!("the mailboxes are watched no more: {ended}")),
        }
    }
}

/// Too many open files, for instance: it passes when attempts end.
async fn cannot_take(error: &std::io::Error) {
    output::warning(&format!("cannot take a connection: {error}"));
    tokio::time::sleep(Duration::from_millis(100)).await;
}
